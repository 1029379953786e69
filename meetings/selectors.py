"""Every read of the minute book."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from finance.models import AccountKind, Loan, Transfer
from groups.models import Group, Member, User
from meetings.models import AgendaItem, Meeting, MeetingStatus


def minute_book(group: Group) -> QuerySet[Meeting]:
    """Return the group's meetings, drafts first and then the latest, each in its valid version."""
    return (
        Meeting.objects.filter(group=group)
        .exclude(status=MeetingStatus.CORRECTED)
        .select_related("cash_count", "leader", "note_taker")
        .order_by("-status", "-held_on", "-number")
    )


def with_agenda(meetings: QuerySet[Meeting]) -> QuerySet[Meeting]:
    """Add the agenda rows, in one statement for all meetings."""
    return meetings.prefetch_related("agenda__responsible")


def meeting_version(group: Group, number: int, version: int | None = None) -> Meeting | None:
    """Return a meeting in one version, the valid one without `version`; None if there is none."""
    meetings = Meeting.objects.filter(group=group, number=number).select_related(
        "leader", "note_taker", "saved_by", "recorded_by", "cash_count", "entry", "corrects", "corrected_by"
    )
    if version is None:
        return meetings.exclude(status=MeetingStatus.CORRECTED).first()
    return meetings.filter(version=version).exclude(status=MeetingStatus.DRAFT).first()


def versions(meeting: Meeting) -> list[Meeting]:
    """Return all versions of a meeting, the newest first, with who wrote them."""
    found = Meeting.objects.filter(group_id=meeting.group_id, number=meeting.number)
    return list(found.select_related("saved_by", "entry").order_by("-version"))


def drafts(actor: User) -> QuerySet[Meeting]:
    """Return the drafts not closed in the groups `actor` may see, the oldest first."""
    return (
        Meeting.objects.filter(group__in=Group.objects.visible_to(actor), status=MeetingStatus.DRAFT)
        .select_related("group", "saved_by")
        .order_by("saved_at")
    )


def decisions_open(groups: QuerySet[Group] | list[Group], *, until: date | None = None) -> QuerySet[AgendaItem]:
    """Return decisions of closed meetings that nobody has marked as done, the earliest due first."""
    items = AgendaItem.objects.filter(
        group__in=groups, meeting__status=MeetingStatus.CLOSED, due_on__isnull=False, done_on__isnull=True
    )
    if until is not None:
        items = items.filter(due_on__lte=until)
    return items.select_related("meeting", "responsible", "group").order_by("due_on", "pk")


@dataclass
class MemberMoney:
    """What one member brought and took at a meeting, in rupiah."""

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


MONEY_COLUMNS = (_("Savings"), _("Instalment"), _("Fine"), _("Social fund"), _("Taken"))
"""What the columns of money in the minutes are called."""


@dataclass(frozen=True)
class MinutesRow:
    """One member in the minutes: attendance, why a fine was waived, and amounts in the order of the columns."""

    member: Member
    attendance: str
    waiver: str
    amounts: tuple[int, int, int, int, int]

    @property
    def moved(self) -> list[tuple[str, int]]:
        """The amounts that are not zero, each with the name of its column."""
        return [(str(name), amount) for name, amount in zip(MONEY_COLUMNS, self.amounts, strict=True) if amount]


_BROUGHT = {
    **dict.fromkeys((AccountKind.POKOK, AccountKind.WAJIB, AccountKind.SUKARELA), "savings"),
    **dict.fromkeys((AccountKind.LOAN, AccountKind.SERVICE_FEE), "instalment"),
    **dict.fromkeys((AccountKind.FINE, AccountKind.FINE_DUE), "fine"),
    AccountKind.SOCIAL_FUND: "social",
}


def money(meeting: Meeting) -> MeetingMoney:
    """Return what a closed meeting posted, in one statement."""
    found = MeetingMoney()
    rows: dict[int, MemberMoney] = {}
    lines = Transfer.objects.filter(entry_id=meeting.entry_id) if meeting.entry_id else Transfer.objects.none()
    lines = lines.select_related(
        "debit_account__loan__member", "debit_account__loan__funded_by", "credit_account", "member"
    )
    for line in lines.order_by("member__number", "pk"):
        came = line.debit_account.kind == AccountKind.CASH
        if came:
            found.cash_in += line.amount
        elif line.credit_account.kind == AccountKind.CASH:
            found.cash_out += line.amount
        if line.member is None:
            found.other.append(line)
            continue
        if line.debit_account.loan is not None and not came and line.credit_account.kind == AccountKind.CASH:
            found.loans.append(line.debit_account.loan)
        row = rows.setdefault(line.member.pk, MemberMoney(line.member))
        if not came and line.credit_account.kind != AccountKind.CASH:
            continue  # a fine that was charged; what was paid of it is a line of its own
        column = _BROUGHT[AccountKind(line.credit_account.kind)] if came else "taken"
        setattr(row, column, getattr(row, column) + line.amount)
    found.members = list(rows.values())
    return found


def member_rows(meeting: Meeting, moved: MeetingMoney) -> list[MinutesRow]:
    """Return a row for each member of the meeting with savings, instalment, fine, social fund and money taken."""
    by_member = {row.member.pk: row for row in moved.members}
    rows = []
    for attendance in meeting.attendances.select_related("member").order_by("member__number"):
        money = by_member.get(attendance.member_id, MemberMoney(attendance.member))
        amounts = (money.savings, money.instalment, money.fine, money.social, money.taken)
        rows.append(MinutesRow(attendance.member, attendance.get_status_display(), attendance.waiver, amounts))
    return rows
