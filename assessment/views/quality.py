"""The dashboard of data quality: how late meetings are recorded, what is left open, and the records of each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpResponse
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from assessment.charts.bars import BarChart, Line, bars
from assessment.months import month_end
from assessment.selectors import quality as selectors
from assessment.selectors.dashboard import at_stage
from assessment.views.frame import DATE, GROUPS_ON_A_PAGE, MONEY, NUMBER, PERCENT, Frame
from finance.tables.table import Column, Row, Table
from groups.http import UserRequest
from groups.models import Group, OfficerRole
from groups.permissions import Capability, requires

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
    """Records behind a number: how many, the columns, and the rows from one place for a number of them."""

    key: str
    title: str
    count: int
    columns: list[Column]
    rows: Callable[[int, int], list[Row]]


@requires(Capability.ASSESS)
def quality(request: UserRequest) -> HttpResponse:
    """Late entry, open cash differences, forgotten drafts, groups without rules or officers, each with its list."""
    frame = Frame(request, "dashboard-quality")
    groups = at_stage(frame.groups, frame.filters)
    start, end = frame.filters.start, month_end(frame.filters.end)
    lateness = selectors.late_entry(groups, start, end, organisation=frame.organisation)
    differences = selectors.differences_summary(groups)
    without_rules, without_officers, draft_count = selectors.gaps(groups)
    person = _person(request.GET.get("person", ""), lateness)

    def late(offset: int, limit: int) -> list[Row]:
        found = selectors.late_meetings(groups, start, end, person=person, offset=offset, limit=limit)
        return [_late_row(meeting) for meeting in found]

    lists = {
        "late": Listed("late", _("Meetings closed late"), lateness.of(person).not_in_time, _late_columns(), late),
        "cash": _cash(groups, differences.count),
        "drafts": _drafts(groups, draft_count),
        "rules": _no_rules(groups, without_rules),
        "officers": _no_officers(groups, without_officers),
    }
    listed = lists.get(request.GET.get("list", ""))
    page = Paginator(range(listed.count if listed else 0), GROUPS_ON_A_PAGE).get_page(request.GET.get("page"))
    offset = page.start_index() - 1 if listed and listed.count else 0
    return frame.show(
        "assessment/quality.html",
        {
            "lateness": lateness,
            "months": [
                (month, found, _address(frame, "late", start=f"{month:%Y-%m}", end=f"{month:%Y-%m}"))
                for month, found in lateness.by_month.items()
            ],
            "people": [
                (name, found, _address(frame, "late", person=str(pk))) for pk, name, found in lateness.by_person
            ],
            "month_chart": _month_chart(lateness),
            "people_chart": _people_chart(lateness),
            "differences": differences,
            "numbers": [(found.title, found.count, _address(frame, found.key)) for found in lists.values()],
            "listed": listed,
            "person": person,
            "page": page,
            "table": _table(frame, listed, listed.rows(offset, GROUPS_ON_A_PAGE)) if listed and listed.count else None,
        },
        lambda: _table(frame, listed, listed.rows(0, selectors.EVERYTHING)) if listed else _people(frame, lateness),
    )


def _address(frame: Frame, key: str, **more: str) -> str:
    return f"{frame.address(list=key, **more)}#list"


def _person(asked: str, lateness: selectors.LateEntry) -> int:
    """Return the id of a person who closed some of these meetings, 0 for anything else."""
    return next((pk for pk, _name, _lateness in lateness.by_person if str(pk) == asked), 0)


def _month_chart(lateness: selectors.LateEntry) -> BarChart | None:
    lines = [
        Line(date_format(month, "F Y"), _in_time(found), "", found.counts) for month, found in lateness.by_month.items()
    ]
    return bars(_("Meetings by how late they were closed, month by month"), lines, _parts()) if lines else None


def _people_chart(lateness: selectors.LateEntry) -> BarChart | None:
    lines = [Line(name, _in_time(found), "", found.counts) for _pk, name, found in lateness.by_person[:CHARTED_PEOPLE]]
    return bars(_("Meetings by how late they were closed, by who closed them"), lines, _parts()) if lines else None


def _parts() -> list[tuple[int, str]]:
    return [(rank, str(label)) for rank, label in CLASSES]


def _in_time(found: selectors.Lateness) -> str:
    return _("%(in_time)d of %(total)d in time") % {"in_time": found.in_time, "total": found.total}


def _table(frame: Frame, listed: Listed, rows: Sequence[Row]) -> Table:
    return frame.table(listed.title, f"mutu-{listed.key}", listed.columns, rows)


def _people(frame: Frame, lateness: selectors.LateEntry) -> Table:
    columns = [
        Column(_("Recorded by")),
        *(Column(str(label), NUMBER) for _rank, label in CLASSES),
        Column(_("In time"), PERCENT),
    ]
    rows = (Row([name, *found.counts, found.share]) for _pk, name, found in lateness.by_person)
    return frame.table(_("Data quality"), "mutu-data", columns, rows)


def _group_columns() -> list[Column]:
    return [Column(_("Group")), Column(_("Code"), on_phone=False)]


def _late_columns() -> list[Column]:
    return [
        *_group_columns(),
        Column(_("Meeting"), NUMBER),
        Column(_("Held on"), DATE, on_phone=False, is_named=True),
        Column(_("Closed on"), DATE, on_phone=False, is_named=True),
        Column(_("Days"), NUMBER),
        Column(_("Recorded by"), on_phone=False),
    ]


def _late_row(meeting: selectors.LateMeeting) -> Row:
    days = (meeting.held_on, meeting.closed_on, meeting.days)
    return Row(
        [meeting.group, meeting.code, meeting.number, *days, meeting.person],
        reverse("meeting", args=[meeting.code, meeting.number]),
    )


def _cash(groups: QuerySet[Group], count: int) -> Listed:
    columns = [*_group_columns(), Column(_("Counted on"), DATE), Column(_("Difference"), MONEY)]
    columns.append(Column(_("Explanation"), on_phone=False))

    def rows(offset: int, limit: int) -> list[Row]:
        return [
            Row(
                [found.group.name, found.group.code, found.counted_on, found.difference, found.explanation],
                reverse("cash-differences", args=[found.group.code]),
            )
            for found in selectors.open_differences(groups)[offset : offset + limit]
        ]

    return Listed("cash", _("Open cash differences"), count, columns, rows)


def _drafts(groups: QuerySet[Group], count: int) -> Listed:
    columns = [*_group_columns(), Column(_("Meeting"), NUMBER), Column(_("Since"), DATE), Column(_("Saved by"))]

    def rows(offset: int, limit: int) -> list[Row]:
        return [
            Row(
                [found.group.name, found.group.code, found.number, found.since, str(found.saved_by)],  # type: ignore[attr-defined]  # annotated
                reverse("meeting-list", args=[found.group.code]),
            )
            for found in selectors.old_drafts(groups)[offset : offset + limit]
        ]

    return Listed("drafts", _("Drafts never closed"), count, columns, rows)


def _no_rules(groups: QuerySet[Group], count: int) -> Listed:
    def rows(offset: int, limit: int) -> list[Row]:
        return [
            Row([group.name, group.code, group.founded_on], reverse("constitution", args=[group.code]))
            for group in selectors.without_rules(groups)[offset : offset + limit]
        ]

    return Listed("rules", _("Groups without rules"), count, [*_group_columns(), Column(_("Founded on"), DATE)], rows)


def _no_officers(groups: QuerySet[Group], count: int) -> Listed:
    def rows(offset: int, limit: int) -> list[Row]:
        found = selectors.without_officers(groups)[offset : offset + limit]
        return [
            Row([group.name, group.code, _empty_offices(group)], reverse("officers", args=[group.code]))
            for group in found
        ]

    title = _("Groups with an office nobody holds")
    return Listed("officers", title, count, [*_group_columns(), Column(_("Offices nobody holds"))], rows)


def _empty_offices(group: Group) -> str:
    return ", ".join(str(role.label) for role in OfficerRole if not getattr(group, f"has_{role.lower()}"))
