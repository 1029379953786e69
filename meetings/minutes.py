"""What happened at one meeting, as plain values: what the sheet gives and what closing posts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from finance.ledger.reading import Balances, Line
from finance.models import AccountKind, Loan
from finance.rules.lines import (
    CASH_SIGN,
    OtherMoney,
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
from groups.shared.money import rupiah
from meetings.models import AttendanceStatus

WITH_MONEY = (AttendanceStatus.PRESENT, AttendanceStatus.LATE, AttendanceStatus.REPRESENTED)
"""Attendance that can bring money: in person, or through somebody else."""


@dataclass(frozen=True, slots=True)
class Repayment:
    """`amount` rupiah paid on a loan, and `rest` beside it that goes to the member's voluntary savings (sukarela).

    `fine` is charged for late instalments; `waived` says why one was not.
    """

    loan: Loan
    instalments: tuple[Due, ...]
    amount: int
    fine: LateFine | None = None
    waived: str = ""
    rest: int = 0


@dataclass(frozen=True, slots=True)
class MemberRow:
    """One member at the meeting, in whole rupiah; `waiver` says why a fine by the rules was not charged."""

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
    repayments: tuple[Repayment, ...] = ()

    @property
    def saved(self) -> int:
        """Voluntary savings brought, as such or as the rest of an instalment."""
        return self.sukarela_in + sum(paid.rest for paid in self.repayments)

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
                fine_memo=paid.fine.memo if paid.fine else "",
                memo=paid.waived,
            )
            # Right after its loan's lines, by which a correction knows it from savings brought as such.
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

    def lines(self, books: Balances, loans: list[Loan]) -> list[Line]:
        """Return what the meeting posts; `loans` are the `new_loans` as written."""
        return [
            *(line for row in self.members for line in row.lines(books, self.held_on)),
            *(line for row in self.other for line in other_money(books, row.kind, row.amount, row.memo)),
            *(line for loan in (*self.kept_loans, *loans) for line in disbursement(books, loan)),
        ]

    def cash_moved(self) -> int:
        """Return by how many rupiah the meeting changes the cash box."""
        members = sum(
            row.pokok + row.wajib + row.social + row.sukarela_in + row.fine - row.sukarela_out
            + sum(paid.amount + paid.rest for paid in row.repayments)
            for row in self.members
        )  # fmt: skip
        other = sum(row.amount * CASH_SIGN[row.kind] for row in self.other)
        loans = sum(terms.principal for terms in self.new_loans) + sum(loan.principal for loan in self.kept_loans)
        return members + other - loans

    def tallies(self) -> dict[str, int]:
        """Return the counts kept on the meeting, by field name."""
        by_status = dict.fromkeys(AttendanceStatus.values, 0)
        for row in self.members:
            by_status[row.attendance] += 1
        critical = [row for row in self.agenda if row.is_critical]
        return {
            "member_count": len(self.members),
            **{f"{status.lower()}_count": count for status, count in by_status.items()},
            "saver_count": sum(1 for row in self.members if row.wajib),
            "agenda_count": len(self.agenda),
            "decision_count": sum(1 for row in self.agenda if row.decision),
            "critical_count": len(critical),
            "critical_decided_count": sum(1 for row in critical if row.decision),
        }


@dataclass(frozen=True, slots=True)
class Change:
    """One thing a correction changes, in words."""

    what: str
    before: str
    after: str


@dataclass
class _Facts:
    facts: dict[str, str] = field(default_factory=dict)

    def note(self, what: str, value: Any, of: str = "") -> None:
        if value not in ("", 0, None, False):
            self.facts[f"{of}: {what}" if of else what] = _text(value)


def _text(value: Any) -> str:
    if isinstance(value, date):
        return date_format(value)
    return rupiah(value) if isinstance(value, int) else str(value)


def changes(before: Minutes, after: Minutes) -> list[Change]:
    """Return what differs between two versions of a meeting, in the order of the sheet."""
    old, new = _facts(before), _facts(after)
    names = [*old, *(name for name in new if name not in old)]
    return [
        Change(what=name, before=old.get(name, "–"), after=new.get(name, "–"))
        for name in names
        if old.get(name) != new.get(name)
    ]


def _facts(minutes: Minutes) -> dict[str, str]:
    noted = _Facts()
    noted.note(_("Date"), minutes.held_on)
    noted.note(_("Place"), minutes.place)
    noted.note(_("Led by"), minutes.leader)
    noted.note(_("Minutes by"), minutes.note_taker)
    # Texts stand outside f-strings: xgettext does not look into them.
    for row in minutes.members:
        who = row.member.name
        noted.note(_("attendance"), AttendanceStatus(row.attendance).label, of=who)
        noted.note(_("initial savings"), row.pokok, of=who)
        noted.note(_("compulsory savings"), row.wajib, of=who)
        noted.note(_("social fund"), row.social, of=who)
        noted.note(_("voluntary savings in"), row.sukarela_in, of=who)
        noted.note(_("voluntary savings out"), row.sukarela_out, of=who)
        noted.note(_("fine"), row.fine, of=who)
        noted.note(_("reason for the fine"), row.fine_reason, of=who)
        noted.note(_("why the fine by the rules is waived"), row.waiver, of=who)
        for paid in row.repayments:
            noted.note(_("instalment of loan %d") % paid.loan.number, paid.amount, of=who)
            noted.note(_("rest to voluntary savings, loan %d") % paid.loan.number, paid.rest, of=who)
            noted.note(_("fine for a late instalment"), paid.fine.amount if paid.fine else 0, of=who)
            noted.note(_("why the fine is waived"), paid.waived, of=who)
    for number, item in enumerate(minutes.agenda, start=1):
        which = _("Agenda %d") % number
        noted.note(which, item.title)
        noted.note(_("discussed"), item.discussion, of=which)
        noted.note(_("decision"), item.decision, of=which)
        noted.note(_("who does it"), item.responsible, of=which)
        noted.note(_("by when"), item.due_on, of=which)
        noted.note(_("critical matter"), _("yes") if item.is_critical else "", of=which)
    for loan in minutes.kept_loans:
        noted.note(loan.member.name, loan.principal, of=_("Loan %d") % loan.number)
    for number, terms in enumerate(minutes.new_loans, start=1):
        noted.note(terms.member.name, terms.principal, of=_("New loan %d") % number)
        noted.note(_("passed on from"), terms.funded_by, of=_("New loan %d") % number)
    for number, other in enumerate(minutes.other, start=1):
        noted.note(f"{OtherMoney(other.kind).label} {other.memo}", other.amount, of=_("Other money %d") % number)
    if minutes.cash is not None:
        noted.note(_("Cash counted"), rupiah(minutes.cash.counted))
        noted.note(_("Explanation of the difference"), minutes.cash.explanation)
    return noted.facts
