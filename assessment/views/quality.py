"""The dashboard of data quality: how late meetings are recorded, what is left open, and the records of each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cache, partial
from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from assessment.charts.bars import BarChart, Line, bars, of_whole
from assessment.selectors import quality as selectors
from assessment.selectors.dashboard import at_stage
from assessment.selectors.needs import facilitators_of
from assessment.views.frame import DATE, MONEY, NOWHERE, NUMBER, PERCENT, Frame, Places, place_columns, places
from finance.models import CashCount
from finance.selectors import LeftToSettle, left_to_settle
from finance.tables.table import Column, Row, Table
from groups.http import UserRequest
from groups.models import Dissolution, Group, OfficerRole
from groups.permissions import Capability, requires
from groups.selectors import steps_left

CHARTED_PEOPLE = 12
"""Those who are late most; the table has everybody."""
CLASSES: tuple[tuple[int, Promise], ...] = (
    (2, gettext_lazy("within 7 days")),
    (1, gettext_lazy("8 to 30 days")),
    (0, gettext_lazy("later")),
)
"""The classes of lateness with the pattern each is drawn with."""


@dataclass(frozen=True, slots=True)
class Listed:
    """Records behind a number: how many, the columns, and what gives the records as they are known now, as rows."""

    key: str
    title: str
    count: int
    columns: list[Column]
    records: Callable[[], QuerySet[Any]]
    row: Callable[[Any], Row]


@requires(Capability.ASSESS)
def quality(request: UserRequest) -> HttpResponse:
    """Late entry, open cash differences, forgotten drafts, groups without rules or officers, each with its list."""
    frame = Frame(request, "dashboard-quality")
    groups = at_stage(frame.groups, frame.filters)
    lateness = selectors.late_entry(at_stage(frame.of_months, frame.filters), frame.filters)
    left_open = selectors.left_open(at_stage(frame.with_dissolved, frame.filters), frame.filters.month, frame.day)
    lists = _lists(frame, groups, lateness, left_open)
    listed = lists.get(frame.choice("list", lists))
    context = {
        "left_open": left_open,
        "numbers": [(of.title, of.count, _address(frame, of.key)) for of in lists.values()],
        **_lateness(frame, lateness),
        **_list(frame, listed),
    }
    return frame.show(
        "assessment/quality.html",
        context,
        lambda: _table(frame, listed, listed.records(), places(frame)) if listed else _people(frame, lateness),
    )


def _lateness(frame: Frame, lateness: selectors.LateEntry) -> dict[str, Any]:
    """Return what the page shows of late entry: by month and by person, as numbers that lead to lists and as charts."""
    months = [
        (month, of, _address(frame, "late", start=f"{month:%Y-%m}", end=f"{month:%Y-%m}"))
        for month, of in lateness.by_month.items()
    ]
    people = [(name, of, _address(frame, "late", person=str(pk))) for pk, name, of in lateness.by_person]
    return {
        "lateness": lateness,
        "months": months,
        "people": people,
        "month_chart": _chart(
            _("Meetings by how late they were closed, month by month"),
            [(date_format(month, "F Y"), of) for month, of, _url in months],
        ),
        "people_chart": _chart(
            _("Meetings by how late they were closed, by who closed them"),
            [(name, of) for name, of, _url in people[:CHARTED_PEOPLE]],
        ),
    }


def _list(frame: Frame, listed: Listed | None) -> dict[str, Any]:
    """Return what the page shows of the list asked for, if one is."""
    page = frame.page(listed.records()) if listed else None
    return {"listed": listed, "page": page, "table": _table(frame, listed, page) if listed and page else None}


def _lists(
    frame: Frame, groups: QuerySet[Group], lateness: selectors.LateEntry, left_open: selectors.LeftOpen
) -> dict[str, Listed]:
    """Return what can be listed, by the key of its address."""
    day, person = frame.day, int(frame.choice("person", {str(pk) for pk, _name, _of in lateness.by_person}) or 0)
    is_past = frame.filters.month is not None
    late = partial(selectors.late_meetings, at_stage(frame.of_months, frame.filters), frame.filters, person=person)
    differences = partial(selectors.open_differences, groups, day)
    drafts = partial(selectors.old_drafts, groups, day, closed_since=is_past)
    unaccompanied = partial(selectors.without_facilitator, groups, day, is_past=is_past)
    in_group = [Column(_("Group")), Column(_("Group number"), on_phone=False)]
    cash = [Column(_("Counted on"), DATE), Column(_("Difference"), MONEY), Column(_("Explanation"), on_phone=False)]
    drafted = [Column(_("Since"), DATE), Column(_("Saved by"))]
    rules, officers = [Column(_("Founded on"), DATE)], [Column(_("Offices nobody holds"))]
    cases = partial(selectors.open_cases, at_stage(frame.with_dissolved, frame.filters), day)
    forming = partial(selectors.forming_long, groups, frame.filters.month, day)
    without_rules = partial(selectors.without_rules, groups, day)
    without_officers = partial(selectors.without_officers, groups, day)
    lists = [
        Listed("late", _("Meetings closed late"), lateness.of(person).not_in_time, _late_columns(), late, _late_row),
        Listed("cash", _("Open cash differences"), left_open.differences, cash, differences, _cash_row),
        Listed("drafts", _("Drafts never closed"), left_open.drafts, drafted, drafts, _draft_row),
        Listed("rules", _("Groups without rules"), left_open.without_rules, rules, without_rules, _rules_row),
        Listed(
            "officers", _("Groups with an office nobody holds"), left_open.without_officers, officers,
            without_officers, _officers_row,
        ),
        Listed(
            "facilitators", _("Groups without a working facilitator"), left_open.without_facilitator,
            [Column(_("Facilitator"))], unaccompanied, _facilitator_row_of(unaccompanied, day),
        ),
        Listed(
            "forming", _("Being formed for more than half a year"), left_open.forming_long,
            [Column(_("Being formed since"), DATE), Column(_("Steps left"))], forming, _forming_row_of(forming, day),
        ),
        Listed("cases", _("Dissolved, not settled"), left_open.cases, _case_columns(), cases, _case_row_of(cases)),
    ]  # fmt: skip
    regency, facilitator = place_columns()
    return {
        listed.key: replace(
            listed,
            columns=[*in_group, *listed.columns, regency, *([facilitator] if listed.key != "facilitators" else [])],
        )
        for listed in lists
    }


def _address(frame: Frame, key: str, **more: str) -> str:
    return f"{frame.address(list=key, **more)}#list"


def _chart(title: str, rows: Sequence[tuple[str, selectors.Lateness]]) -> BarChart | None:
    lines = [Line(name, _in_time(lateness), lateness.counts) for name, lateness in rows]
    return bars(title, lines, [(rank, str(label)) for rank, label in CLASSES]) if lines else None


def _in_time(lateness: selectors.Lateness) -> str:
    return _("%(part)s in time") % {"part": of_whole(lateness.in_time, lateness.total)}


def _table(frame: Frame, listed: Listed, records: Iterable[Any], known: Places = NOWHERE) -> Table:
    rows = [_placed(listed, record, known) for record in records]
    table = frame.table(listed.title, f"mutu-{listed.key}", listed.columns, rows)
    if listed.key == "late":
        return table
    # What is left open is so on one day, not in the months up to it.
    then = _("as on %(day)s") % {"day": date_format(frame.day)}
    return replace(table, period=" · ".join([then, *frame.form.words()]), until=frame.day)


def _placed(listed: Listed, record: Any, known: Places) -> Row:
    """Return the row of a record, and last where its group is and who accompanies it."""
    row, group = listed.row(record), record if isinstance(record, Group) else record.group
    place = (known.regency(group.village_id), known.facilitator(group.pk))
    return replace(row, cells=[*row.cells, *place[: len(listed.columns) - len(row.cells)]])


def _people(frame: Frame, lateness: selectors.LateEntry) -> Table:
    columns = [
        Column(_("Recorded by")),
        *(Column(str(label), NUMBER) for _rank, label in CLASSES),
        Column(_("In time"), PERCENT),
    ]
    rows = (Row([name, *found.counts, found.share]) for _pk, name, found in lateness.by_person)
    return frame.table(_("Data quality"), "mutu-data", columns, rows)


def _late_columns() -> list[Column]:
    return [
        Column(_("Meeting"), NUMBER),
        Column(_("Held on"), DATE, on_phone=False, is_named=True),
        Column(_("Closed on"), DATE, on_phone=False, is_named=True),
        Column(_("Days"), NUMBER),
        Column(_("Recorded by"), on_phone=False),
    ]


def _late_row(meeting: Any) -> Row:
    group = meeting.group
    days = (meeting.held_on, meeting.closed_on, meeting.after.days)
    return Row(
        [group.name, group.number_shown, meeting.number_by_date, *days, str(meeting.saved_by)],
        reverse("meeting", args=[group.code, meeting.number]),
    )


def _cash_row(count: CashCount) -> Row:
    group = count.group
    return Row(
        [group.name, group.number_shown, count.counted_on, count.difference, count.explanation],
        reverse("cash-differences", args=[group.code]),
    )


def _draft_row(draft: Any) -> Row:
    group = draft.group
    return Row(
        [group.name, group.number_shown, draft.since, str(draft.saved_by)],
        reverse("meeting-list", args=[group.code]),
    )


def _rules_row(group: Group) -> Row:
    return Row([group.name, group.number_shown, group.founded_on], reverse("constitution", args=[group.code]))


def _forming_row_of(groups: Callable[[], QuerySet[Group]], day: date) -> Callable[[Any], Row]:
    """Return what makes a row of a group that is being formed; what is left to do is read once, with the first."""
    left = cache(lambda: steps_left(list(groups()), as_of=day))

    def row(group: Group) -> Row:
        steps = "; ".join(str(step.label) for step in left().get(group.pk, ()))
        return Row(
            [group.name, group.number_shown, group.founded_on, steps or _("none: declare it founded")],
            reverse("formation", args=[group.code]),
        )

    return row


def _case_columns() -> list[Column]:
    return [
        Column(_("Dissolved on"), DATE),
        Column(_("Cash box (kas)"), MONEY),
        Column(_("Bank"), MONEY, on_phone=False),
        Column(_("Savings (simpanan)"), MONEY),
        Column(_("Loans outstanding"), MONEY),
        Column(_("Loans from outside (utang)"), MONEY, on_phone=False),
        Column(_("Why"), on_phone=False),
    ]


def _case_row_of(cases: Callable[[], QuerySet[Dissolution]]) -> Callable[[Any], Row]:
    """Return what makes a row of a case; what the books hold is read once, when the first row is made."""

    @cache
    def left() -> dict[int, LeftToSettle]:
        return left_to_settle(Group.objects.filter(pk__in=cases().order_by().values("group")))

    def row(case: Dissolution) -> Row:
        group, held = case.group, left().get(case.group_id, LeftToSettle())
        amounts = (held.cash, held.bank, held.savings, held.loans, held.external_loans)
        return Row(
            [group.name, group.number_shown, case.ended_on, *amounts, case.unsettled_why],
            reverse("dissolution", args=[group.code]),
        )

    return row


def _facilitator_row_of(groups: Callable[[], QuerySet[Group]], day: date) -> Callable[[Any], Row]:
    """Return what makes a row of a group with who accompanies it and works no more; they are read with the first."""
    with_whom = cache(lambda: facilitators_of(groups().order_by(), day))
    return lambda group: Row(
        [group.name, group.number_shown, with_whom().get(group.pk, _("nobody"))],
        reverse("facilitators", args=[group.code]),
    )


def _officers_row(group: Group) -> Row:
    return Row([group.name, group.number_shown, _empty_offices(group)], reverse("officers", args=[group.code]))


def _empty_offices(group: Group) -> str:
    return ", ".join(str(role.label) for role in OfficerRole if not getattr(group, f"has_{role.lower()}"))
