"""How good the data of many groups are: how late meetings are recorded, and what is left open."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from django.db.models import (
    Count,
    DateField,
    DurationField,
    Exists,
    ExpressionWrapper,
    F,
    FilteredRelation,
    Min,
    OuterRef,
    Q,
    QuerySet,
    Sum,
)
from django.db.models.functions import Cast, Coalesce, TruncDate, TruncMonth

from assessment.metrics import CLOSING_DAYS
from assessment.models import GroupSnapshot, SnapshotLateness
from assessment.selectors.dashboard import Filters
from assessment.selectors.snapshots import in_months, month_end, month_of, with_snapshot
from finance.models import CashCount
from finance.models.cash import EXPECTED
from groups.models import Constitution, Dissolution, FacilitatorAssignment, Group, GroupStatus, OfficerRole, OfficerTerm
from groups.selectors import people_named
from meetings.models import Meeting, MeetingStatus
from meetings.selectors import numbered

LATE_DAYS = 30
"""A meeting that is closed later than this is very late; from `CLOSING_DAYS` on it is late."""
LONG_FORMING_DAYS = 183
"""A group that is being formed for longer probably comes to nothing, or nobody has written down that it is founded."""
OLD_DRAFT_DAYS = 7
"""A draft that stands longer was probably forgotten."""


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
class LeftOpen:
    """What is left open in the snapshots of some groups.

    `differences` are open cash differences with the rupiah missing and too much, and the day of the oldest.
    """

    differences: int
    missing: int
    too_much: int
    oldest: date | None
    drafts: int
    without_rules: int
    without_officers: int
    without_facilitator: int
    forming_long: int
    cases: int


def late_entry(groups: QuerySet[Group], filters: Filters) -> LateEntry:
    """Return how late the meetings held in the months of the filters were first closed, in two statements."""
    of_period = SnapshotLateness.objects.filter(
        in_months(filters.start, filters.end, "snapshot__"),
        filters.placed("snapshot__"),
        snapshot__group__in=groups.order_by(),
    )
    sums = {f"{name}_sum": Sum(name) for name in ("in_time", "late", "very_late")}
    rows = of_period.annotate(of_month=month_of("snapshot__")).order_by("of_month").values_list("of_month", "person")
    by_month: dict[date, Lateness] = {}
    of_people: dict[int, Lateness] = {}
    for month, person, *counts in rows.annotate(**sums):
        lateness = Lateness(*map(int, counts))
        by_month[month] = by_month.get(month, Lateness()) + lateness
        of_people[person] = of_people.get(person, Lateness()) + lateness
    names = people_named(of_people)
    by_person = [(pk, names[pk], lateness) for pk, lateness in of_people.items()]
    return LateEntry(by_month, sorted(by_person, key=lambda row: (row[2].share or 0, row[1], row[0])))


def lateness_by_group(group_ids: Collection[int], start: date, end: date) -> list[tuple[int, ...]]:
    """Return by group and person, ids both, the meetings held in a period: closed in time, late, very late."""
    rows = _first_closings(start, end).filter(group__in=group_ids).order_by().values_list("group", "saved_by")
    in_time, very_late = Q(after__lte=_CLOSING), Q(after__gt=_LATE)
    return list(
        rows.annotate(
            in_time=Count("pk", filter=in_time),
            late=Count("pk", filter=~in_time & ~very_late),
            very_late=Count("pk", filter=very_late),
        )
    )


def late_meetings(groups: QuerySet[Group], filters: Filters, *, person: int = 0) -> Any:
    """Return meetings of the months of the filters closed late, the latest first; of one person, or of all for 0.

    Each has its `number_by_date`, and the time `after` which it was closed, in whole days.
    """
    held = numbered(_first_closings(filters.start, month_end(filters.end)))
    late = held.filter(after__gt=_CLOSING, group__in=groups.order_by())
    if filters.is_narrow:
        of_month = GroupSnapshot.objects.filter(filters.placed(), group=OuterRef("group")).alias(of_month=month_of())
        late = late.alias(month=Cast(TruncMonth("held_on"), DateField()))
        late = late.filter(Exists(of_month.filter(of_month=OuterRef("month"))))
    if person:
        late = late.filter(saved_by=person)
    return late.select_related("group__organisation", "saved_by").order_by("-after", "group__code", "number")


_CLOSING, _LATE = timedelta(CLOSING_DAYS), timedelta(LATE_DAYS)


def _first_closings(start: date, end: date) -> Any:
    """The first closing counts: a correction later on is no late entry."""
    closed = Meeting.objects.filter(version=1, held_on__gte=start, held_on__lte=end).exclude(status=MeetingStatus.DRAFT)
    after = ExpressionWrapper(TruncDate("closed_at") - F("held_on"), output_field=DurationField())
    return closed.annotate(closed_on=TruncDate("closed_at"), after=after)


def left_open(groups: QuerySet[Group], month: date | None, as_of: date) -> LeftOpen:
    """Return what was left open in the snapshots of `groups` of a month, or the latest, in one statement.

    Of dissolved ones only the cases count: those whose books were not settled on the day `as_of`.
    """
    alive = Q(shown__isnull=False) & ~Q(shown__status=GroupStatus.DISSOLVED)
    if month is None:
        alive &= ~Q(status=GroupStatus.DISSOLVED)
    case = Dissolution.objects.open_case_on(as_of, "dissolutions__")
    sums = {
        f"{name}_sum": Coalesce(Sum(f"shown__{name}", filter=alive), 0)
        for name in ("differences", "missing", "too_much")
    }
    joined = with_snapshot(groups, month).annotate(open_case=FilteredRelation("dissolutions", condition=case))
    found = joined.order_by().aggregate(
        **sums,
        oldest=Min("shown__oldest_difference_on", filter=alive),
        drafts_sum=Coalesce(Sum("shown__drafts", filter=alive), 0),
        without_rules=Count("pk", filter=alive & Q(shown__has_rules=False)),
        without_officers=Count("pk", filter=alive & Q(shown__offices_held__lt=len(OfficerRole))),
        without_facilitator=Count("pk", filter=alive & _nobody_accompanies(as_of, is_past=month is not None)),
        forming_long=Count("pk", filter=alive & Q(shown__status=GroupStatus.FORMING) & _began_long_ago(as_of)),
        cases=Count("open_case"),
    )
    return LeftOpen(*found.values())


def forming_long(groups: QuerySet[Group], month: date | None, as_of: date) -> Any:
    """Return the groups that were being formed in the snapshots of a month, or the latest, for half a year, by then."""
    forming = with_snapshot(groups, month).filter(_began_long_ago(as_of), shown__status=GroupStatus.FORMING)
    return forming.select_related("organisation").order_by("founded_on", "pk")


def _began_long_ago(as_of: date) -> Q:
    return Q(founded_on__lt=as_of - timedelta(LONG_FORMING_DAYS))


def open_cases(groups: QuerySet[Group], as_of: date) -> QuerySet[Dissolution]:
    """Return the dissolutions of `groups` whose books were not settled on a day, the oldest first."""
    cases = Dissolution.objects.filter(Dissolution.objects.open_case_on(as_of), group__in=groups.order_by())
    return cases.select_related("group__organisation").order_by("ended_on", "pk")


def open_differences(groups: QuerySet[Group], as_of: date) -> QuerySet[CashCount]:
    """Return the counts of cash up to a day with a difference nobody had settled by then, the oldest first."""
    counts = CashCount.objects.differing().filter(
        Q(settled_on__isnull=True) | Q(settled_on__gt=as_of), group__in=groups.order_by(), counted_on__lte=as_of
    )
    return counts.select_related("group__organisation").order_by("counted_on", "pk")


def differences_by_group(groups: QuerySet[Group], as_of: date) -> dict[int, tuple[int, int, int, date]]:
    """Return by group how many cash differences are open, rupiah missing and too much, and the day of the oldest."""
    difference = F("counted") - EXPECTED
    rows = (
        open_differences(groups, as_of)
        .order_by()
        .values_list("group")
        .annotate(
            Count("pk"),
            missing=Coalesce(Sum(-difference, filter=Q(counted__lt=EXPECTED)), 0),
            too_much=Coalesce(Sum(difference, filter=Q(counted__gt=EXPECTED)), 0),
            oldest=Min("counted_on"),
        )
    )
    return {group: (count, int(missing), int(too_much), oldest) for group, count, missing, too_much, oldest in rows}


def old_drafts(groups: QuerySet[Group], as_of: date, *, closed_since: bool) -> QuerySet[Meeting]:
    """Return the drafts of meetings held more than a week before a day and never closed, the oldest first.

    `since` is the date of the meeting, or of the first saving where the draft has no date. With `closed_since` those
    too that were drafts on the day and are closed now.
    """
    draft = Q(status=MeetingStatus.DRAFT)
    if closed_since:
        draft |= Q(version=1, closed_at__date__gt=as_of)
    drafts = Meeting.objects.filter(draft, recorded_at__date__lte=as_of, group__in=groups.order_by())
    drafts = drafts.annotate(since=Coalesce("held_on", TruncDate("recorded_at")))
    return (
        drafts.filter(since__lt=as_of - timedelta(OLD_DRAFT_DAYS))
        .select_related("group__organisation", "saved_by")
        .order_by("since", "pk")
    )


def old_drafts_by_group(groups: QuerySet[Group], as_of: date, *, closed_since: bool) -> dict[int, int]:
    """Return by group how many such drafts it had."""
    drafts = old_drafts(groups, as_of, closed_since=closed_since)
    return dict(drafts.order_by().values_list("group").annotate(Count("pk")))


def without_rules(groups: QuerySet[Group], as_of: date) -> QuerySet[Group]:
    """Return the groups whose members had agreed no rules on a day; the empty ones of registering are none."""
    empty = {rule.name: rule.get_default() for rule in Constitution.rule_fields()}
    agreed = Constitution.objects.filter(group=OuterRef("pk"), agreed_on__lte=as_of).exclude(version=1, **empty)
    return groups.filter(~Exists(agreed)).select_related("organisation").order_by("name", "pk")


def without_facilitator(groups: QuerySet[Group], as_of: date, *, is_past: bool) -> QuerySet[Group]:
    """Return the groups that nobody accompanied on a day.

    Who may not sign in any more counts as nobody now, but not on a past day: nobody knows since when that is so.
    """
    nobody = _nobody_accompanies(as_of, is_past=is_past)
    return groups.filter(nobody).select_related("organisation").order_by("name", "pk")


def _nobody_accompanies(as_of: date, *, is_past: bool) -> Q:
    working = FacilitatorAssignment.objects.effective(as_of)
    if not is_past:
        working = working.filter(facilitator__is_active=True)
    # As a set that is read once, not for each group.
    return ~Q(pk__in=working.values("group"))


def without_officers(groups: QuerySet[Group], as_of: date) -> QuerySet[Group]:
    """Return the groups with an office nobody holds on a day, with `has_ketua`, `has_sekretaris`, `has_bendahara`."""
    in_office = OfficerTerm.objects.effective(as_of).filter(group=OuterRef("pk"))
    offices = {f"has_{role.lower()}": Exists(in_office.filter(role=role)) for role in OfficerRole}
    empty = ~Q(**dict.fromkeys(offices, True))
    return groups.annotate(**offices).filter(empty).select_related("organisation").order_by("name", "pk")
