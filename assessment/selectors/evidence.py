"""The very records an indicator counted, each with what it contributed: one function for each metric.

Meetings and loans come from the same SQL rows that the metrics add up, so that a page cannot show others.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any, NamedTuple

from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from assessment.metrics import (
    CLOSING_DAYS,
    LATE_DAYS,
    LOAN_ROWS_SQL,
    MEETING_ROWS_SQL,
    RECENT_COUNTS,
    WINDOW_DAYS,
    Facts,
    run_sql,
)
from finance.models import AccountKind, CashCount, EntryKind, Transfer
from finance.selectors import loan_rows, loans_on, savings_book
from finance.tables.table import Cell, Column, ColumnKind, Row, Table
from groups.models import Constitution, Group, Member, OfficerTerm
from groups.shared.schedule import expected_meetings
from meetings.models import AgendaItem, Meeting, MeetingStatus

TEXT, MONEY, NUMBER, DATE = ColumnKind.TEXT, ColumnKind.MONEY, ColumnKind.NUMBER, ColumnKind.DATE


@dataclass(frozen=True, slots=True)
class Evidence:
    """The records behind one measured value.

    `facts` are the sums over them, the same that the metric gives; `records` are their numbers by kind, as a final
    assessment keeps them.
    """

    facts: Facts
    tables: list[Table]
    records: dict[str, list[int]]


class CountedMeeting(NamedTuple):
    """One meeting as the metrics count it; what is 0 or 1 says whether it counts."""

    number: int
    held_on: date
    members: int
    attended: int
    represented: int
    savers: int
    critical: int
    critical_decided: int
    is_recent: int
    with_agenda: int
    with_books: int


class CountedLoan(NamedTuple):
    """One loan as the repayment rate counts it, in rupiah: what of it was due, and what was paid towards that."""

    number: int
    due: int
    paid: int
    is_late: bool


_COUNTED_MEETINGS_SQL = f"""
SELECT number, held_on, member_count, present_count + late_count, represented_count, saver_count, critical_count,
    critical_decided_count, recent, with_agenda, with_books
FROM ({MEETING_ROWS_SQL}) counted ORDER BY held_on DESC, number DESC
"""  # noqa: S608 - no input
_COUNTED_LOANS_SQL = f"""
SELECT number, due, paid, is_paid_off FROM ({LOAN_ROWS_SQL}) counted ORDER BY number
"""  # noqa: S608 - no input


def meetings_counted(group: Group, as_of: date) -> list[CountedMeeting]:
    """Return the closed meetings of the last `WINDOW_DAYS`, the newest first."""
    rows = run_sql(_COUNTED_MEETINGS_SQL, [group.pk], as_of)
    return [CountedMeeting(number, _day(held_on), *counts) for number, held_on, *counts in rows]


def loans_counted(group: Group, as_of: date) -> list[CountedLoan]:
    """Return the loans of which an instalment fell due by the day."""
    counted = []
    for number, due, paid, is_paid_off in run_sql(_COUNTED_LOANS_SQL, [group.pk], as_of):
        towards = min(int(due), int(paid))
        # Paid off early with the fee waived: nothing more was due than was paid.
        counted.append(
            CountedLoan(number, towards if is_paid_off else int(due), towards, paid < due and not is_paid_off)
        )
    return counted


def evidence(metric: str, group: Group, as_of: date) -> Evidence:
    """Return the records that `metric` counts of the group as of a day."""
    return EVIDENCE[metric](group, as_of)


def _regularity(group: Group, as_of: date) -> Evidence:
    held = meetings_counted(group, as_of)
    days = min(WINDOW_DAYS, max(0, (as_of - group.founded_on).days))
    facts = {"held": len(held), "expected": expected_meetings(group.meeting_every, max(days, 1)), "days": days}
    table = _meetings(group, as_of, held, [Column(_("Held"), NUMBER)], lambda _meeting: [1])
    agreed = Row([_("Agreed for %(days)d days") % {"days": days}, None, facts["expected"]], is_total=True)
    return Evidence(facts, [replace(table, rows=[*table.rows, agreed])], _numbers(held))


def _attendance(group: Group, as_of: date) -> Evidence:
    recent = _recent(group, as_of)
    facts = _shares(recent, sum(m.attended for m in recent), sum(m.members for m in recent)) | {
        "represented": sum(m.represented for m in recent)
    }
    columns = [Column(label, NUMBER) for label in (_("Members"), _("Present"), _("Represented"))]
    table = _meetings(group, as_of, recent, columns, lambda m: [m.members, m.attended, m.represented])
    return Evidence(facts, [table], _numbers(recent))


def _agenda(group: Group, as_of: date) -> Evidence:
    recent = _recent(group, as_of)
    without = set(_minutes(group, recent).filter(agenda_count=0).values_list("number", flat=True))

    def missing(meeting: CountedMeeting) -> str:
        if meeting.with_agenda:
            return ""
        return _("no agenda item") if meeting.number in without else _("no decision")

    columns = [Column(_("What is missing"), on_phone=False), Column(_("Agenda and decision"), NUMBER)]
    table = _meetings(group, as_of, recent, columns, lambda m: [missing(m), m.with_agenda])
    return Evidence(_shares(recent, sum(m.with_agenda for m in recent), len(recent)), [table], _numbers(recent))


def _savings(group: Group, as_of: date) -> Evidence:
    recent = _recent(group, as_of)
    columns = [Column(_("Members"), NUMBER), Column(_("Who saved"), NUMBER)]
    table = _meetings(group, as_of, recent, columns, lambda m: [m.members, m.savers])
    facts = _shares(recent, sum(m.savers for m in recent), sum(m.members for m in recent))
    return Evidence(facts, [table], _numbers(recent))


def _rules(group: Group, as_of: date) -> Evidence:
    version = Constitution.objects.filter(group=group, agreed_on__lte=as_of).order_by("-version").first()
    if version is None or version.is_empty:
        return Evidence({"level": 0}, [], {})
    level = 2 if version.agreed_in_meeting else 1
    how = _("agreed in a meeting of the members") if version.agreed_in_meeting else _("written down")
    row = Row([_("Version %d") % version.version, version.agreed_on, how], reverse("constitution", args=[group.code]))
    columns = [Column(_("Rules")), Column(_("Agreed on"), DATE), Column(_("How"))]
    return Evidence(
        {"level": level}, [_table(group, as_of, _("Rules"), columns, [row])], {"constitutions": [version.version]}
    )


def _repayment(group: Group, as_of: date) -> Evidence:
    counted = loans_counted(group, as_of)
    due, paid, late = (
        sum(loan.due for loan in counted), sum(loan.paid for loan in counted), sum(loan.is_late for loan in counted)
    )  # fmt: skip
    columns = [
        Column(_("Loan")), Column(_("Due"), MONEY, on_phone=False), Column(_("Paid"), MONEY, on_phone=False),
        Column(_("Late"), MONEY),
    ]  # fmt: skip
    rows = [
        Row([_loan_name(loan.number), loan.due, loan.paid, loan.due - loan.paid], _loan_url(group, loan.number))
        for loan in counted
    ]
    rows.append(Row([_("Total"), due, paid, due - paid], is_total=True))
    facts = {"paid": paid, "due": due, "loans": len(counted), "late": late}
    table = _table(group, as_of, _("Loans"), columns, rows)
    return Evidence(facts, [table], {"loans": [loan.number for loan in counted]})


def _books(group: Group, as_of: date) -> Evidence:
    recent = _recent(group, as_of)
    counts = {
        meeting.number: meeting.cash_count
        for meeting in _minutes(group, recent).filter(cash_count__isnull=False).select_related("cash_count")
        if meeting.cash_count is not None
    }
    found = sorted(counts.values(), key=lambda count: (count.counted_on, count.pk), reverse=True)

    def missing(meeting: CountedMeeting) -> str:
        if meeting.with_books:
            return ""
        if meeting.number not in counts:
            return _("cash not counted")
        if not _is_settled(counts[meeting.number], as_of):
            return _("cash difference open")
        return _("closed after more than %(days)d days") % {"days": CLOSING_DAYS}

    columns = [Column(_("What is missing"), on_phone=False), Column(_("Books complete"), NUMBER)]
    table = _meetings(group, as_of, recent, columns, lambda m: [missing(m), m.with_books])
    facts = _shares(recent, sum(m.with_books for m in recent), len(recent))
    return Evidence(
        facts,
        [table, _counts_table(group, as_of, found)],
        _numbers(recent) | {"cash_counts": [count.pk for count in found]},
    )


def _account(group: Group, as_of: date) -> Evidence:
    has_account = bool(group.bank_account_number)
    level = 2 if has_account and group.bank_signatories >= 2 else 1 if has_account else 0
    account = f"{group.bank_name} {group.bank_account_number}".strip() if has_account else _("no bank account")
    columns = [Column(_("Bank account")), Column(_("Signatories"), NUMBER)]
    row = Row([account, group.bank_signatories], reverse("group", args=[group.code]))
    facts = {"level": level, "signatories": group.bank_signatories}
    return Evidence(facts, [_table(group, as_of, _("Profile"), columns, [row])], {})


def _critical(group: Group, as_of: date) -> Evidence:
    held = meetings_counted(group, as_of)
    raised = [meeting for meeting in held if meeting.critical]
    titles: dict[int, list[str]] = {}
    items = AgendaItem.objects.filter(group=group, is_critical=True, meeting__status=MeetingStatus.CLOSED)
    for number, title in items.filter(meeting__number__in=[m.number for m in raised]).values_list(
        "meeting__number", "title"
    ):
        titles.setdefault(number, []).append(title)
    columns = [
        Column(_("Critical matters"), on_phone=False), Column(_("Raised"), NUMBER), Column(_("Decided"), NUMBER)
    ]  # fmt: skip
    table = _meetings(
        group, as_of, raised, columns,
        lambda m: ["; ".join(titles.get(m.number, [])), m.critical, m.critical_decided],
    )  # fmt: skip
    facts = {
        "decided": sum(m.critical_decided for m in held),
        "raised": sum(m.critical for m in held),
        "meetings": len(held),
    }
    return Evidence(facts, [table], _numbers(held))


def _decisions(group: Group, as_of: date) -> Evidence:
    due = list(
        AgendaItem.objects.filter(
            group=group,
            due_on__gt=as_of - timedelta(WINDOW_DAYS),
            due_on__lte=as_of,
            meeting__status=MeetingStatus.CLOSED,
            meeting__held_on__lte=as_of,
        )
        .select_related("meeting")
        .order_by("due_on", "pk")
    )
    done = [item.done_on if item.done_on is not None and item.done_on <= as_of else None for item in due]
    columns = [
        Column(_("Decision")),
        Column(_("By when"), DATE, on_phone=False, is_named=True),
        Column(_("Done on"), DATE, on_phone=False, is_named=True),
        Column(_("Done"), NUMBER),
    ]
    rows = [
        Row([item.decision, item.due_on, on, int(on is not None)], _meeting_url(group, item.meeting.number))
        for item, on in zip(due, done, strict=True)
    ]
    count = sum(on is not None for on in done)
    rows.append(Row([_("%(count)d in all") % {"count": len(due)}, None, None, count], is_total=True))
    table = _table(group, as_of, _("Decisions"), columns, rows)
    return Evidence({"done": count, "due": len(due)}, [table], {"decisions": [item.pk for item in due]})


def _growth(group: Group, as_of: date) -> Evidence:
    before = as_of - timedelta(WINDOW_DAYS)
    now, then = (
        {row.member: row.total for row in savings_book(group, end=day).rows} for day in (as_of, before)
    )  # fmt: skip
    members = sorted(now.keys() | then.keys(), key=lambda member: member.number)
    columns = [
        Column(_("Member")), Column(_("Savings"), MONEY), Column(_("A member now"), NUMBER, on_phone=False),
        Column(_("182 days before"), MONEY, on_phone=False), Column(_("A member then"), NUMBER, on_phone=False),
    ]  # fmt: skip
    cells: list[list[int]] = [
        [now.get(m, 0), int(_is_member(m, as_of)), then.get(m, 0), int(_is_member(m, before))] for m in members
    ]
    rows = [
        Row([member.name, *values], reverse("member", args=[group.code, member.pk]))
        for member, values in zip(members, cells, strict=True)
    ]
    totals = [sum(column) for column in zip(*cells, strict=True)] if cells else [0, 0, 0, 0]
    rows.append(Row([_("Total"), *totals], is_total=True))
    facts = {"now": totals[0], "then": totals[2], "members": totals[1], "members_then": totals[3]}
    table = _table(group, as_of, _("Savings"), columns, rows)
    return Evidence(facts, [table], {"members": [member.number for member in members]})


def _portfolio(group: Group, as_of: date) -> Evidence:
    running = loan_rows(loans_on(group, as_of=as_of, only_running=True).filter(cancelled_at__isnull=True), as_of=as_of)
    late = [row.outstanding if row.arrears.days_late > LATE_DAYS else 0 for row in running]
    columns = [
        Column(_("Loan")), Column(_("Member"), on_phone=False), Column(_("Days late"), NUMBER, on_phone=False),
        Column(_("Balance"), MONEY), Column(_("More than 30 days late"), MONEY, on_phone=False),
    ]  # fmt: skip
    rows = [
        Row(
            [_loan_name(row.loan.number), row.loan.member.name, row.arrears.days_late, row.outstanding, at_risk],
            _loan_url(group, row.loan.number),
        )
        for row, at_risk in zip(running, late, strict=True)
    ]
    balance = sum(row.outstanding for row in running)
    rows.append(Row([_("Total"), "", None, balance, sum(late)], is_total=True))
    table = _table(group, as_of, _("Running loans"), columns, rows)
    return Evidence({"late": sum(late), "balance": balance}, [table], {"loans": [row.loan.number for row in running]})


def _lending(group: Group, as_of: date) -> Evidence:
    running = loans_on(group, as_of=as_of, only_running=True).filter(cancelled_at__isnull=True)
    loans: dict[int, list[int]] = {}
    for number, member_id in running.order_by("number").values_list("number", "member_id"):
        loans.setdefault(member_id, []).append(number)
    members = list(Member.objects.filter(_member_on(as_of) | Q(pk__in=loans), group=group).order_by("number"))
    columns = [
        Column(_("Member")), Column(_("Running loans"), on_phone=False, is_named=True),
        Column(_("With a loan"), NUMBER), Column(_("A member now"), NUMBER),
    ]  # fmt: skip
    rows = [
        Row(
            [
                member.name,
                ", ".join(map(str, loans.get(member.pk, []))),
                int(member.pk in loans),
                int(_is_member(member, as_of)),
            ],
            reverse("member", args=[group.code, member.pk]),
        )
        for member in members
    ]
    count = sum(_is_member(member, as_of) for member in members)
    rows.append(Row([_("Total"), "", len(loans), count], is_total=True))
    table = _table(group, as_of, _("Members"), columns, rows)
    numbers = sorted(number for of_member in loans.values() for number in of_member)
    return Evidence({"borrowers": len(loans), "members": count}, [table], {"loans": numbers})


def _officers(group: Group, as_of: date) -> Evidence:
    terms = list(
        OfficerTerm.objects.filter(Q(ended_on__isnull=True) | Q(ended_on__gt=as_of), group=group, started_on__lte=as_of)
        .select_related("member")
        .order_by("role")
    )
    columns = [Column(_("Office")), Column(_("Member")), Column(_("Since"), DATE)]
    url = reverse("officers", args=[group.code])
    rows = [Row([term.get_role_display(), term.member.name, term.started_on], url) for term in terms]
    table = _table(group, as_of, _("Officers"), columns, rows)
    held = len({term.role for term in terms})
    return Evidence({"held": held}, [table], {"officer_terms": [term.pk for term in terms]})


def _cash(group: Group, as_of: date) -> Evidence:
    counts = CashCount.objects.filter(
        group=group, counted_on__gt=as_of - timedelta(WINDOW_DAYS), counted_on__lte=as_of
    ).exclude(meetings__status=MeetingStatus.CORRECTED)
    found = list(counts.order_by("-counted_on", "-pk")[:RECENT_COUNTS])
    settled = sum(_is_settled(count, as_of) for count in found)
    facts = {"settled": settled, "counts": len(found)}
    return Evidence(facts, [_counts_table(group, as_of, found)], {"cash_counts": [count.pk for count in found]})


def _social(group: Group, as_of: date) -> Evidence:
    lines = (
        Transfer.objects.filter(
            Q(debit_account__kind=AccountKind.SOCIAL_FUND) | Q(credit_account__kind=AccountKind.SOCIAL_FUND),
            group=group,
            entry__effective_on__gt=as_of - timedelta(WINDOW_DAYS),
            entry__effective_on__lte=as_of,
            entry__reversed_by__isnull=True,
        )
        .exclude(entry__kind__in=[EntryKind.REVERSAL, EntryKind.OPENING])
        .select_related("entry", "debit_account")
        .order_by("entry__effective_on", "pk")
    )
    found = list(lines)
    gave = [line.debit_account.kind == AccountKind.SOCIAL_FUND for line in found]
    columns = [
        Column(_("Entry")), Column(_("Date"), DATE, on_phone=False), Column(_("Received"), MONEY),
        Column(_("Given"), MONEY),
    ]  # fmt: skip
    rows = [
        Row(
            [
                _("Voucher %d") % line.entry.number,
                line.entry.effective_on,
                0 if is_given else line.amount,
                line.amount if is_given else 0,
            ],
            reverse("entry", args=[group.code, line.entry.number]),
        )
        for line, is_given in zip(found, gave, strict=True)
    ]
    given = sum(line.amount for line, is_given in zip(found, gave, strict=True) if is_given)
    received = sum(line.amount for line in found) - given
    rows.append(Row([_("Total"), None, received, given], is_total=True))
    table = _table(group, as_of, _("Social fund (dana sosial)"), columns, rows)
    numbers = sorted({line.entry.number for line in found})
    return Evidence({"received": received, "given": given}, [table], {"entries": numbers})


EVIDENCE: dict[str, Callable[[Group, date], Evidence]] = {
    "meeting_regularity": _regularity,
    "attendance": _attendance,
    "agenda": _agenda,
    "savings_regularity": _savings,
    "rules_in_force": _rules,
    "repayment_rate": _repayment,
    "books_complete": _books,
    "bank_account": _account,
    "critical_matters": _critical,
    "decisions_followed_up": _decisions,
    "savings_growth": _growth,
    "portfolio_quality": _portfolio,
    "internal_lending": _lending,
    "officers_in_place": _officers,
    "cash_settled": _cash,
    "social_fund_used": _social,
}
"""What each metric counted, by its name."""


def _recent(group: Group, as_of: date) -> list[CountedMeeting]:
    return [meeting for meeting in meetings_counted(group, as_of) if meeting.is_recent]


def _shares(recent: Sequence[CountedMeeting], counted: int, of: int) -> Facts:
    return {"counted": counted, "of": of, "meetings": len(recent)}


def _minutes(group: Group, meetings: Sequence[CountedMeeting]) -> QuerySet[Meeting]:
    """Return the closed minutes of `meetings`."""
    return Meeting.objects.filter(
        group=group, status=MeetingStatus.CLOSED, number__in=[meeting.number for meeting in meetings]
    )


def _numbers(meetings: Sequence[CountedMeeting]) -> dict[str, list[int]]:
    return {"meetings": sorted(meeting.number for meeting in meetings)}


def _meetings(
    group: Group,
    as_of: date,
    meetings: Sequence[CountedMeeting],
    columns: Sequence[Column],
    cells: Callable[[CountedMeeting], list[Any]],
) -> Table:
    """Meetings with what each contributed, and the sums of the numbers below them."""
    values = [cells(meeting) for meeting in meetings]
    rows = [
        Row([_("Meeting %d") % meeting.number, meeting.held_on, *contributed], _meeting_url(group, meeting.number))
        for meeting, contributed in zip(meetings, values, strict=True)
    ]
    sums: list[Cell] = [
        sum(contributed[place] for contributed in values) if column.kind == NUMBER else ""
        for place, column in enumerate(columns)
    ]
    rows.append(Row([_("Total"), None, *sums], is_total=True))
    return _table(
        group, as_of, _("Meetings"), [Column(_("Meeting")), Column(_("Date"), DATE, on_phone=False), *columns], rows
    )


def _counts_table(group: Group, as_of: date, counts: Sequence[CashCount]) -> Table:
    columns = [
        Column(_("Cash count")), Column(_("Date"), DATE, on_phone=False), Column(_("Expected"), MONEY, on_phone=False),
        Column(_("Counted"), MONEY), Column(_("Without an open difference"), NUMBER),
    ]  # fmt: skip
    url = reverse("cash-differences", args=[group.code])
    rows = [
        Row(
            [
                count.explanation or _("agrees"),
                count.counted_on,
                count.expected,
                count.counted,
                int(_is_settled(count, as_of)),
            ],
            url,
        )
        for count in counts
    ]
    settled = sum(_is_settled(count, as_of) for count in counts)
    rows.append(Row([_("%(count)d in all") % {"count": len(counts)}, None, None, None, settled], is_total=True))
    return _table(group, as_of, _("Cash counts"), columns, rows)


def _table(group: Group, as_of: date, title: str, columns: Sequence[Column], rows: Sequence[Row]) -> Table:
    return Table(
        title=title,
        name="bukti",
        code=group.code,
        owner=group.name,
        period=_("As on %(day)s") % {"day": date_format(as_of)},
        until=as_of,
        columns=columns,
        rows=rows,
    )


def _is_settled(count: CashCount, as_of: date) -> bool:
    return count.difference == 0 or (count.settled_on is not None and count.settled_on <= as_of)


def _member_on(day: date) -> Q:
    return Q(Q(left_on__isnull=True) | Q(left_on__gt=day), joined_on__lte=day)


def _is_member(member: Member, day: date) -> bool:
    return member.joined_on <= day and (member.left_on is None or member.left_on > day)


def _loan_name(number: int) -> str:
    return _("Loan %d") % number


def _loan_url(group: Group, number: int) -> str:
    return reverse("loan", args=[group.code, number])


def _meeting_url(group: Group, number: int) -> str:
    return reverse("meeting", args=[group.code, number])


def _day(value: date | str) -> date:
    """SQLite gives days as text."""
    return value if isinstance(value, date) else date.fromisoformat(value)
