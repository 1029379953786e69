"""What happened at one meeting, as plain values: what the sheet gives and what closing posts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from finance.ledger.fines import Charge
from finance.ledger.reading import Balances, Line
from finance.models import AccountKind, Loan, ObligationKind
from finance.rules.lines import (
    CASH_SIGN,
    deposit,
    disbursement,
    fine,
    other_money,
    overpaid,
    repayment,
    social_contribution,
    withdrawal,
)
from finance.rules.loan_position import LateFine
from finance.schedules import Due
from finance.services import LoanTerms
from groups.models import Member
from meetings.models import AttendanceStatus

WITH_MONEY = (AttendanceStatus.PRESENT, AttendanceStatus.LATE, AttendanceStatus.REPRESENTED)
"""Attendance that can bring money: in person, or through somebody else."""
FINED = (AttendanceStatus.LATE, AttendanceStatus.ABSENT)
"""Attendance that the rules may have a fine for."""


@dataclass(frozen=True, slots=True)
class Repayment:
    """`amount` rupiah paid on a loan, and `rest` beside it that goes to the member's voluntary savings (sukarela).

    `put_by` comes to the deposit for joint liability. `fine` is charged for late instalments; `waived` says why one was
    not. With `principal_alone` no fee is paid. A payment that ends the loan brings a `rebate` to the savings where it
    was never late; `returned` are this and the deposit, as far as they go to the savings. `paid_through` is the day of
    the last payment on the loan that is recorded without the meeting.
    """

    loan: Loan
    instalments: tuple[Due, ...]
    amount: int
    fine: LateFine | None = None
    waived: str = ""
    rest: int = 0
    principal_alone: bool = False
    rebate: int = 0
    put_by: int = 0
    returned: int = 0
    paid_through: date | None = None


@dataclass(frozen=True, slots=True)
class MemberRow:
    """One member at the meeting, in whole rupiah.

    `charged` is the fine set at the meeting, owed from then on, `fine_reason` what it is for, and `fine` what was paid
    of this and earlier ones. `waiver` says why a fine by the rules was not charged. `wajib_was_paid` says that the
    wajib of the month was paid before.
    """

    member: Member
    attendance: str
    pokok: int = 0
    wajib: int = 0
    social: int = 0
    sukarela_in: int = 0
    sukarela_out: int = 0
    fine: int = 0
    fine_reason: str = ""
    waiver: str = ""
    charged: int = 0
    wajib_was_paid: bool = False
    repayments: tuple[Repayment, ...] = ()

    @property
    def saved(self) -> int:
        """Voluntary savings brought, as such or as the rest of an instalment."""
        return self.sukarela_in + sum(paid.rest for paid in self.repayments)

    @property
    def to_savings(self) -> int:
        """What the meeting adds to the voluntary savings: what was brought, and what loans that ended gave back."""
        return self.saved + sum(paid.returned for paid in self.repayments)

    @property
    def money(self) -> tuple[object, ...]:
        """What of the row stands in the ledger."""
        paid = tuple(
            (p.loan, p.amount, p.rest, p.fine.amount if p.fine else 0, p.waived, p.principal_alone, p.rebate, p.put_by)
            for p in self.repayments
        )
        savings = (self.pokok, self.wajib, self.social, self.sukarela_in, self.sukarela_out)
        return (*savings, self.fine, self.fine_reason if self.fine else "", paid)

    def charges(self, meeting: int) -> Iterator[Charge]:
        """Yield the fines that the member owes from the meeting with this number on."""
        if self.charged:
            kind = ObligationKind.ATTENDANCE if self.attendance in FINED else ObligationKind.OTHER
            yield Charge(self.member, kind, self.charged, self.fine_reason, meeting=meeting)
        yield from (paid.fine.charge(paid.loan, meeting=meeting) for paid in self.repayments if paid.fine)

    def lines(self, books: Balances, on: date) -> Iterator[Line]:
        """Yield what the member's row posts; money in comes before money out."""
        member = self.member
        yield from deposit(books, AccountKind.POKOK, member, self.pokok)
        yield from deposit(books, AccountKind.WAJIB, member, self.wajib)
        yield from deposit(books, AccountKind.SUKARELA, member, self.sukarela_in)
        yield from social_contribution(books, member, self.social)
        yield from fine(books, member, self.fine, self.fine_reason)
        for paid in self.repayments:
            yield from repayment(
                books,
                paid.loan,
                paid.instalments,
                paid.amount,
                on,
                fine=paid.fine.amount if paid.fine else 0,
                memo=paid.waived,
                principal_alone=paid.principal_alone,
                rebate=paid.rebate,
                put_by=paid.put_by,
                paid_through=paid.paid_through,
            )
            yield from overpaid(books, paid.loan, paid.rest)
        yield from withdrawal(books, member, self.sukarela_out)


@dataclass(frozen=True, slots=True)
class AgendaRow:
    """One row of the minute book."""

    title: str
    discussion: str = ""
    decision: str = ""
    responsible: Member | None = None
    due_on: date | None = None
    is_critical: bool = False


@dataclass(frozen=True, slots=True)
class OtherRow:
    """Money in or out that belongs to no member."""

    kind: str
    amount: int
    memo: str


@dataclass(frozen=True, slots=True)
class CashCounted:
    """`counted` rupiah found in the cash box; `explanation` of the difference from the books, if there is one."""

    counted: int
    explanation: str = ""


@dataclass(frozen=True, slots=True)
class Minutes:
    """A whole meeting. `new_loans` are decided and paid out; `kept_loans` were, before a correction."""

    held_on: date
    place: str
    leader: Member
    note_taker: Member
    members: tuple[MemberRow, ...]
    agenda: tuple[AgendaRow, ...] = ()
    new_loans: tuple[LoanTerms, ...] = ()
    kept_loans: tuple[Loan, ...] = ()
    cancelled_loans: tuple[Loan, ...] = ()
    other: tuple[OtherRow, ...] = ()
    cash: CashCounted | None = None

    def charges(self, number: int) -> list[Charge]:
        """Return the fines that the meeting, whose number is given, brings."""
        return [charge for row in self.members for charge in row.charges(number)]

    @property
    def fines_paid(self) -> bool:
        """Whether a fine was paid that no loan asks for."""
        return any(row.fine for row in self.members)

    def lines(self, books: Balances, loans: list[Loan]) -> list[Line]:
        """Return what the meeting posts; `loans` are the `new_loans` as written."""
        return [
            *(line for row in self.members for line in row.lines(books, self.held_on)),
            *(line for row in self.other for line in other_money(books, row.kind, row.amount, row.memo)),
            *(line for loan in (*self.kept_loans, *loans) for line in disbursement(books, loan)),
        ]

    @property
    def money(self) -> tuple[object, ...]:
        """What of the minutes stands in the ledger, to hold two versions against each other."""
        rows = {row.member: row.money for row in self.members if any(row.money)}
        return rows, self.other, self.new_loans, self.kept_loans

    def cash_moved(self) -> int:
        """Return by how many rupiah the meeting changes the cash box."""
        members = sum(
            row.pokok + row.wajib + row.social + row.sukarela_in + row.fine - row.sukarela_out
            + sum(paid.amount + paid.rest + paid.put_by for paid in row.repayments)
            for row in self.members
        )  # fmt: skip
        other = sum(row.amount * CASH_SIGN[row.kind] for row in self.other)
        loans = sum(terms.cash_paid_out for terms in self.new_loans)
        loans += sum(loan.cash_paid_out for loan in self.kept_loans)
        return members + other - loans

    def people(self) -> set[Member]:
        """Return everybody the minutes name."""
        return {
            self.leader,
            self.note_taker,
            *(row.member for row in self.members),
            *(item.responsible for item in self.agenda if item.responsible is not None),
            *(terms.member for terms in self.new_loans),
            *(loan.member for loan in (*self.kept_loans, *self.cancelled_loans)),
        }

    def tallies(self) -> dict[str, int]:
        """Return the counts kept on the meeting, by field name."""
        by_status = dict.fromkeys(AttendanceStatus.values, 0)
        for row in self.members:
            by_status[row.attendance] += 1
        critical = [row for row in self.agenda if row.is_critical]
        return {
            "member_count": len(self.members),
            **{f"{status.lower()}_count": count for status, count in by_status.items()},
            "saver_count": sum(1 for row in self.members if row.wajib or row.wajib_was_paid),
            "agenda_count": len(self.agenda),
            "decision_count": sum(1 for row in self.agenda if row.decision),
            "critical_count": len(critical),
            "critical_decided_count": sum(1 for row in critical if row.decision),
        }
