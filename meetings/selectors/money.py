"""The money of one meeting, as the minutes show it."""

from __future__ import annotations

from dataclasses import dataclass, field

from django.utils.translation import gettext_lazy as _

from finance.models import AccountKind, Loan, Transfer
from groups.models import Member
from meetings.minutes_json import fines_set
from meetings.models import Meeting


@dataclass
class MemberMoney:
    """What one member brought and took at a meeting in cash, in rupiah."""

    member: Member
    savings: int = 0
    instalment: int = 0
    fine: int = 0
    social: int = 0
    taken: int = 0


@dataclass
class MeetingMoney:
    """The money of a meeting: a row a member, the other lines, the loans paid out, and what it did to the cash box."""

    members: list[MemberMoney] = field(default_factory=list)
    other: list[Transfer] = field(default_factory=list)
    loans: list[Loan] = field(default_factory=list)
    cash_in: int = 0
    cash_out: int = 0


MONEY_COLUMNS = (_("Savings"), _("Instalment"), _("Fine"), _("Social fund"), _("Paid to the member"))
"""What the columns of money in the minutes are called."""


@dataclass(frozen=True)
class MinutesRow:
    """One member in the minutes: attendance, why a fine was waived, and amounts in the order of the columns.

    `charged` are the fines set at the meeting, in rupiah, paid there or not.
    """

    member: Member
    attendance: str
    waiver: str
    charged: int
    amounts: tuple[int, int, int, int, int]

    @property
    def moved(self) -> list[tuple[str, int]]:
        """The amounts that are not zero, each with the name of its column."""
        return [(str(name), amount) for name, amount in zip(MONEY_COLUMNS, self.amounts, strict=True) if amount]


_BROUGHT = {
    **dict.fromkeys((AccountKind.POKOK, AccountKind.WAJIB, AccountKind.SUKARELA, AccountKind.DEPOSIT), "savings"),
    **dict.fromkeys((AccountKind.LOAN, AccountKind.SERVICE_FEE), "instalment"),
    **dict.fromkeys((AccountKind.FINE, AccountKind.LOAN_FINE), "fine"),
    AccountKind.SOCIAL_FUND: "social",
}


def money(meeting: Meeting) -> MeetingMoney:
    """Return what a closed meeting posted, in one statement."""
    moved = MeetingMoney()
    rows: dict[int, MemberMoney] = {}
    lines = Transfer.objects.filter(entry_id=meeting.entry_id) if meeting.entry_id else Transfer.objects.none()
    lines = lines.select_related(
        "debit_account__loan__member", "debit_account__loan__funded_by", "credit_account", "member"
    )
    for line in lines.order_by("member__number", "pk"):
        came, went = (a.kind == AccountKind.CASH for a in (line.debit_account, line.credit_account))
        moved.cash_in += line.amount if came else 0
        moved.cash_out += line.amount if went else 0
        if line.member is None:
            moved.other.append(line)
            continue
        if not came and not went:
            continue  # withheld or given back within the books: no money passed from hand to hand
        if went and line.debit_account.loan is not None:
            moved.loans.append(line.debit_account.loan)
        row = rows.setdefault(line.member.pk, MemberMoney(line.member))
        column = _BROUGHT[AccountKind(line.credit_account.kind)] if came else "taken"
        setattr(row, column, getattr(row, column) + line.amount)
    moved.members = list(rows.values())
    return moved


def member_rows(meeting: Meeting, moved: MeetingMoney) -> list[MinutesRow]:
    """Return a row for each member of the meeting with savings, instalment, fine, social fund and money taken."""
    by_member = {row.member.pk: row for row in moved.members}
    charged = fines_set(meeting.minutes) if meeting.minutes is not None else {}
    rows = []
    for attendance in meeting.attendances.select_related("member").order_by("member__number"):
        money = by_member.get(attendance.member_id, MemberMoney(attendance.member))
        amounts = (money.savings, money.instalment, money.fine, money.social, money.taken)
        rows.append(
            MinutesRow(
                attendance.member,
                attendance.get_status_display(),
                attendance.waiver,
                charged.get(attendance.member.number, 0),
                amounts,
            )
        )
    return rows
