"""How good the data of many groups are: how late meetings are recorded, and what is left open."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction

from django.db import connection
from django.db.models import Count, Exists, F, Max, Min, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce, TruncDate
from django.utils import timezone

from assessment.metrics import CLOSING_DAYS
from assessment.months import LATENESS, Counts, counted, month_end, months_between
from finance.models import CashCount
from groups.models import Constitution, Group, OfficerRole, OfficerTerm, person_name
from groups.selectors import people_named
from groups.shared.sql import as_day, days_between, local_time, run_over
from meetings.models import Meeting, MeetingStatus

LATE_DAYS = 30
"""A meeting that is closed later than this is very late; from `CLOSING_DAYS` on it is late."""
OLD_DRAFT_DAYS = 7
"""A draft that stands longer was probably forgotten."""
EVERYTHING = 10**9

# The first closing counts: a correction later on is no late entry.
_FIRST_CLOSINGS = """
WITH chosen (id) AS ({groups}),
closings AS (
    SELECT f.group_id, f.number, f.held_on, f.saved_by_id, {closed} AS closed, {days} AS days
    FROM meetings_meeting f
    WHERE f.group_id IN (SELECT id FROM chosen) AND f.version = 1 AND f.status <> 'DRAFT'
        AND f.held_on >= %(start)s AND f.held_on <= %(end)s
)
"""
_LATENESS_SQL = """
SELECT {month} AS month, saved_by_id,
    SUM(CASE WHEN days <= %(closing)s THEN 1 ELSE 0 END),
    SUM(CASE WHEN days > %(closing)s AND days <= %(late)s THEN 1 ELSE 0 END),
    SUM(CASE WHEN days > %(late)s THEN 1 ELSE 0 END)
FROM closings
GROUP BY 1, saved_by_id
"""
_LATE_SQL = """
SELECT g.code, g.name, c.number, c.held_on, {closed_day}, c.days, u.first_name, u.last_name, u.username
FROM closings c JOIN groups_group g ON g.id = c.group_id JOIN groups_user u ON u.id = c.saved_by_id
WHERE c.days > %(closing)s AND (%(person)s = 0 OR c.saved_by_id = %(person)s)
ORDER BY c.days DESC, g.code, c.number
LIMIT %(limit)s OFFSET %(offset)s
"""


@dataclass(frozen=True, slots=True)
class Lateness:
    """How many meetings were closed within a week, within thirty days, and later."""

    in_time: int = 0
    late: int = 0
    very_late: int = 0

    def __add__(self, other: Lateness) -> Lateness:
        return Lateness(self.in_time + other.in_time, self.late + other.late, self.very_late + other.very_late)

    @property
    def counts(self) -> tuple[int, int, int]:
        """The three numbers, in time first."""
        return self.in_time, self.late, self.very_late

    @property
    def not_in_time(self) -> int:
        """Meetings closed after more than a week."""
        return self.late + self.very_late

    @property
    def total(self) -> int:
        """All meetings."""
        return sum(self.counts)

    @property
    def share(self) -> Fraction | None:
        """The part closed within a week, None without meetings."""
        return Fraction(self.in_time, self.total) if self.total else None


@dataclass(frozen=True, slots=True)
class LateEntry:
    """Lateness by the month of the meeting, and by who closed it (id and name), the latest recorders first."""

    by_month: dict[date, Lateness]
    by_person: list[tuple[int, str, Lateness]]

    @property
    def total(self) -> Lateness:
        """Of all meetings."""
        return sum(self.by_month.values(), Lateness())

    def of(self, person: int) -> Lateness:
        """Of the meetings that a person closed, of all for 0."""
        if not person:
            return self.total
        return next((lateness for pk, _name, lateness in self.by_person if pk == person), Lateness())


@dataclass(frozen=True, slots=True)
class LateMeeting:
    """A meeting that was first closed more than a week after it was held."""

    code: str
    group: str
    number: int
    held_on: date
    closed_on: date
    days: int
    person: str


@dataclass(frozen=True, slots=True)
class OpenDifferences:
    """Open cash differences: how many, rupiah missing and rupiah too much, and the day of the oldest."""

    count: int
    missing: int
    too_much: int
    oldest: date | None


def late_entry(groups: QuerySet[Group], start: date, end: date, *, organisation: int | None = None) -> LateEntry:
    """Return how late the meetings held from month `start` to month `end` were first closed, in three statements.

    `organisation` is the one whose groups they all are; months kept of it are not counted again.
    """
    by_month: dict[date, Lateness] = {}
    of_people: dict[int, Lateness] = {}
    months = months_between(start, end)
    for month, found in counted(LATENESS, months, groups, count_lateness, organisation=organisation).items():
        for person, counts in found.items():
            lateness = Lateness(*counts)
            by_month[month] = by_month.get(month, Lateness()) + lateness
            of_people[int(person)] = of_people.get(int(person), Lateness()) + lateness
    names = people_named(of_people)
    by_person = [(pk, names[pk], lateness) for pk, lateness in of_people.items()]
    return LateEntry(by_month, sorted(by_person, key=lambda row: (row[2].share or 0, row[1], row[0])))


def count_lateness(groups: QuerySet[Group], months: list[date]) -> dict[date, Counts]:
    """Return by person the meetings held in each of `months`, which follow each other, by how late they were closed."""
    values = _period(months[0], month_end(months[-1]))
    found: dict[date, Counts] = {}
    for month, person, *counts in run_over(_FIRST_CLOSINGS + _LATENESS_SQL, groups, values, **_words()):
        found.setdefault(as_day(month), {})[str(person)] = [int(number) for number in counts]
    return found


def late_meetings(
    groups: QuerySet[Group], start: date, end: date, *, person: int = 0, offset: int = 0, limit: int = EVERYTHING
) -> list[LateMeeting]:
    """Return meetings held in a period and closed late, the latest first; those one person closed, or all for 0."""
    values = _period(start, end) | {"person": person, "offset": offset, "limit": limit}
    return [
        LateMeeting(code, group, number, as_day(held_on), as_day(closed_on), int(days), person_name(*names))
        for code, group, number, held_on, closed_on, days, *names in run_over(
            _FIRST_CLOSINGS + _LATE_SQL, groups, values, **_words()
        )
    ]


def open_differences(groups: QuerySet[Group]) -> QuerySet[CashCount]:
    """Return the counts of cash with a difference nobody has settled, the oldest first."""
    counts = CashCount.objects.differing().filter(settled_on__isnull=True, group__in=groups.order_by())
    return counts.select_related("group").order_by("counted_on", "pk")


def differences_summary(groups: QuerySet[Group]) -> OpenDifferences:
    """Return how many cash differences are open, how much they are, and since when, in one statement."""
    difference = F("counted") - F("expected")
    found = open_differences(groups).aggregate(
        count=Count("counted_on"),  # its id is in no index
        missing=Coalesce(Sum(-difference, filter=Q(counted__lt=F("expected"))), 0),
        too_much=Coalesce(Sum(difference, filter=Q(counted__gt=F("expected"))), 0),
        oldest=Min("counted_on"),
    )
    return OpenDifferences(**found)


def old_drafts(groups: QuerySet[Group]) -> QuerySet[Meeting]:
    """Return the drafts of meetings held more than a week ago and never closed, the oldest first.

    `since` is the date of the meeting, or of the first saving where the draft has no date.
    """
    drafts = Meeting.objects.filter(status=MeetingStatus.DRAFT, group__in=groups.order_by())
    limit = timezone.localdate() - timedelta(OLD_DRAFT_DAYS)
    drafts = drafts.annotate(since=Coalesce("held_on", TruncDate("recorded_at"))).filter(since__lt=limit)
    return drafts.select_related("group", "saved_by").order_by("since", "pk")


def without_rules(groups: QuerySet[Group]) -> QuerySet[Group]:
    """Return the groups whose members have agreed no rules yet."""
    return groups.filter(_no_rules()).order_by("name", "pk")


def without_officers(groups: QuerySet[Group]) -> QuerySet[Group]:
    """Return the groups with an office nobody holds, with `has_ketua`, `has_sekretaris` and `has_bendahara`."""
    offices = {f"has_{role.lower()}": Exists(_holders(role)) for role in OfficerRole}
    return groups.annotate(**offices).filter(_office_empty()).order_by("name", "pk")


def gaps(groups: QuerySet[Group]) -> tuple[int, int, int]:
    """Return how many groups are without rules, with an office nobody holds, and how many old drafts they have.

    One statement.
    """
    drafts = old_drafts(groups).order_by().values("status").annotate(count=Count("pk")).values("count")
    # An office has one holder at a time, so counting all holders once tells as much as asking for each office.
    held = OfficerTerm.objects.filter(ended_on__isnull=True).order_by().values("group")
    full = held.annotate(holders=Count("role")).filter(holders=len(OfficerRole))
    found = groups.order_by().aggregate(
        rules=Count("pk", filter=_no_rules()),
        officers=Count("pk", filter=~Q(pk__in=full.values("group"))),
        drafts=Coalesce(Max(Subquery(drafts)), 0),
    )
    return found["rules"], found["officers"], found["drafts"]


def _no_rules() -> Q:
    """As `Group.has_rules` says of one group."""
    empty = {rule.name: rule.get_default() for rule in Constitution.rule_fields()}
    # Not joined to each group: the empty ones are few, and their rows wide.
    return Q(rules__isnull=True) | Q(rules__in=Constitution.objects.filter(version=1, **empty))


def _office_empty() -> Q:
    missing = Q()
    for role in OfficerRole:
        missing |= ~Q(Exists(_holders(role)))
    return missing


def _holders(role: OfficerRole) -> QuerySet[OfficerTerm]:
    return OfficerTerm.objects.filter(group=OuterRef("pk"), role=role, ended_on__isnull=True)


def _period(start: date, end: date) -> dict[str, int | str | date]:
    return {"start": start, "end": end, "closing": CLOSING_DAYS, "late": LATE_DAYS}


def _words() -> dict[str, str]:
    closed = local_time("f.closed_at")
    sqlite = connection.vendor == "sqlite"
    return {
        "closed": closed,
        "days": days_between("f.held_on", closed),
        "month": "date(held_on, 'start of month')" if sqlite else "date_trunc('month', held_on)::date",
        "closed_day": "date(c.closed)" if sqlite else "c.closed::date",
    }
