"""The stages of all groups somebody may see, their trend, and who needs help most."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any

from django.db.models import Count, F, FilteredRelation, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from assessment.models import Need, SnapshotScore
from assessment.selectors.snapshots import in_months, latest, month_of, of_months, placed, total
from groups.models import Group, Region, User
from groups.selectors import groups_within

VILLAGE_NAME = Subquery(Region.objects.filter(pk=OuterRef("village")).values("name"))
"""PostgreSQL looks it up for the rows of the page alone; a join would do so before they are chosen."""


@dataclass(frozen=True, slots=True)
class Filters:
    """What a dashboard is narrowed to; an empty value narrows nothing. `stage` may be NONE: never assessed.

    `scheme` says whose stages it shows, `start` and `end` are the first days of the first and the last month;
    `ends_now` says that the last is this month, which the latest snapshots stand for, even those of yesterday.
    """

    scheme: str
    start: date
    end: date
    ends_now: bool = False
    organisation: int | None = None
    region: str = ""
    facilitator: int | None = None
    kind: str = ""
    stage: str = ""

    def placed(self, path: str = "") -> Q:
        """Return the condition that a snapshot, to which `path` leads, was within the filters on its day."""
        return placed(region=self.region, kind=self.kind, facilitator=self.facilitator, path=path)

    @property
    def is_narrow(self) -> bool:
        """Whether region, kind or facilitator narrow the groups, which may have been others in another month."""
        return bool(self.region or self.kind or self.facilitator is not None)


def groups_of_months(actor: User, filters: Filters) -> QuerySet[Group]:
    """Return the groups `actor` may see of the organisation, wherever they are now: for snapshots of earlier months.

    Dissolved ones belong to them. `Filters.placed` says of each snapshot whether its group was within the filters.
    """
    return groups_within(actor, as_of=filters.end, organisation=filters.organisation, with_dissolved=True)


def dashboard_groups(actor: User, filters: Filters, as_of: date, *, with_dissolved: bool = False) -> QuerySet[Group]:
    """Return the groups `actor` may see that are within the filters now, all stages; dissolved ones only if asked for.

    Who accompanies them is of the day `as_of`.
    """
    return groups_within(
        actor,
        as_of=as_of,
        organisation=filters.organisation,
        region=filters.region,
        facilitator=filters.facilitator,
        kind=filters.kind,
        with_dissolved=with_dissolved,
    )


@dataclass(frozen=True, slots=True)
class StageCounts:
    """How many groups stand at each stage: as given, at NONE those never assessed, and as measured, by rank."""

    given: Counter[str]
    measured: Counter[int]

    @property
    def total(self) -> int:
        """All groups."""
        return self.given.total()


def stage_counts(groups: QuerySet[Group], scheme: str) -> StageCounts:
    """Return how many groups stand at each stage, in one statement."""
    rows = with_score(groups, scheme).order_by().values_list("now__stage", "now__measured_rank")
    counts = StageCounts(Counter(), Counter())
    for stage, measured_rank, count in rows.annotate(count=Count("pk")):
        counts.given[stage or "NONE"] += count
        if measured_rank is not None:
            counts.measured[measured_rank] += count
    return counts


@dataclass(frozen=True, slots=True)
class People:
    """How many members some groups had, and how many of them were women."""

    members: int
    women: int

    @property
    def share(self) -> Fraction | None:
        """Women / members, None without members."""
        return Fraction(self.women, self.members) if self.members else None


@dataclass(frozen=True, slots=True)
class TrendMonth:
    """How many groups stood at each stage at the end of a month, by rank, and the `people` in all groups then."""

    month: date
    counts: tuple[int, ...]
    people: People = People(0, 0)

    @property
    def total(self) -> int:
        """All groups assessed in the month."""
        return sum(self.counts)


def trend(groups: QuerySet[Group], filters: Filters, *, stages: int) -> list[TrendMonth]:
    """Return how many groups stood at each of `stages` in the months of the filters, in two statements."""
    rows = (
        SnapshotScore.objects.filter(
            in_months(filters.start, filters.end),
            filters.placed("snapshot__"),
            scheme=filters.scheme,
            group__in=groups.order_by(),
        )
        .order_by()
        .annotate(of_month=month_of())
        .values_list("of_month", "rank")
        .annotate(count=Count("*"))
    )
    found: dict[date, list[int]] = {}
    for month, rank, count in rows:
        counts = found.setdefault(month, [0] * stages)
        counts[min(rank, stages - 1)] += count  # an earlier version may have had more stages
    people = people_by_month(groups, filters) if found else {}
    return [
        TrendMonth(month, tuple(counts), people.get(month, People(0, 0))) for month, counts in sorted(found.items())
    ]


def people_by_month(groups: QuerySet[Group], filters: Filters) -> dict[date, People]:
    """Return the people in the groups that were within the filters at the end of each month, in one statement."""
    snapshots = of_months(groups, filters.start, filters.end).filter(filters.placed())
    sums = {f"{name}_sum": total(name) for name in ("members", "women")}
    rows = snapshots.order_by().values_list("of_month").annotate(**sums)
    return {month: People(int(members), int(women)) for month, members, women in rows}


def people_by_group(groups: QuerySet[Group], filters: Filters) -> dict[int, People]:
    """Return by group its people at the end of the last month of the filters, in one statement."""
    shown = latest(groups) if filters.ends_now else of_months(groups, filters.end, filters.end)
    return {group: People(*counts) for group, *counts in shown.values_list("group", "members", "women")}


def scored_in(groups: QuerySet[Group], filters: Filters, month: date, rank: int, *, is_last: bool) -> Any:
    """Return the groups that `trend` counts at a rank at the end of a month, by name, as rows.

    They are of code, name, village_name and of that score's score and as_of. `is_last` says that no stage is higher.
    """
    wanted = Q(snapshot_scores__scheme=filters.scheme) & in_months(month, month, "snapshot_scores__")
    if filters.is_narrow:
        there = SnapshotScore.objects.filter(
            in_months(month, month), filters.placed("snapshot__"), scheme=filters.scheme
        )
        groups = groups.filter(pk__in=there.values("group"))
    at_rank = {"of_month__rank__gte": rank} if is_last else {"of_month__rank": rank}
    return (
        groups.annotate(of_month=FilteredRelation("snapshot_scores", condition=wanted))
        .filter(**at_rank)
        .annotate(village_name=VILLAGE_NAME, score=F("of_month__score"), as_of=F("of_month__as_of"))
        .order_by("name", "pk")
        .values_list("code", "name", "village_name", "score", "as_of", named=True)
    )


def by_need(groups: QuerySet[Group], filters: Filters, reason: Need | None = None) -> Any:
    """Return the groups at the stage of the filters, those that need help most first, as rows.

    They are of pk, code, name, village_name and their latest score, whose columns are `stage`, `rank`, `score`,
    `measured_rank`, `measured_score`, `as_of` and `arrears`, None before the first, and `need`. With `reason` only
    those that need help for it, or for any of several.
    """
    rows = at_stage(groups, filters).annotate(
        stage=F("now__stage"),
        rank=F("now__rank"),
        measured_rank=F("now__measured_rank"),
        measured_score=F("now__measured_score"),
        score=F("now__score"),
        as_of=F("now__as_of"),
        arrears=F("now__arrears"),
        need=Coalesce("now__need", Need.NEVER_ASSESSED.value),
        village_name=VILLAGE_NAME,
    )
    if reason is not None:
        rows = rows.alias(for_reason=F("need").bitand(reason.value)).filter(for_reason__gt=0)
    return rows.order_by("-need", F("score").asc(nulls_first=True), "name", "pk").values_list(
        "pk",
        "code",
        "name",
        "village_name",
        "stage",
        "rank",
        "score",
        "measured_rank",
        "measured_score",
        "as_of",
        "arrears",
        "need",
        named=True,
    )


def with_score(groups: QuerySet[Group], scheme: str) -> Any:
    """Join to each group as `now` its latest score by `scheme`, if it has one."""
    latest = Q(snapshot_scores__month__isnull=True, snapshot_scores__scheme=scheme)
    return groups.annotate(now=FilteredRelation("snapshot_scores", condition=latest))


def at_stage(groups: QuerySet[Group], filters: Filters) -> Any:
    """Return the groups at the stage of the filters by their newest score; all of them where no stage is chosen.

    They are joined to that score as by `with_score`.
    """
    joined = with_score(groups, filters.scheme)
    if not filters.stage:
        return joined
    return joined.filter(**{"now__rank__isnull": True} if filters.stage == "NONE" else {"now__stage": filters.stage})
