"""The stages of all groups somebody may see, their trend, and who needs help most."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any

from django.db.models import Count, F, FilteredRelation, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce, Left

from assessment.models import GroupSnapshot, Need, SnapshotScore
from assessment.selectors.snapshots import (
    alive,
    in_months,
    month_end,
    month_of,
    next_month,
    of_months,
    placed,
    shown_at,
    total,
)
from groups.models import Group, GroupStatus, Region, User
from groups.selectors import groups_within

NAMED = ("pk", "code", "number", "group_prefix", "name", "village_name", "regency", "status_then")
"""What rows about groups say of each; see `with_names`."""
REGENCY_CODE = 5
"""Characters of the code of a regency, with which those of its villages begin."""


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
    def month(self) -> date | None:
        """The month that is shown, None for the newest figures."""
        return None if self.ends_now else self.end

    @property
    def is_narrow(self) -> bool:
        """Whether region, kind or facilitator narrow the groups, which may have been others in another month."""
        return bool(self.region or self.kind or self.facilitator is not None)


def groups_of_months(actor: User, filters: Filters) -> QuerySet[Group]:
    """Return the groups `actor` may see of the organisation, wherever they are now: for snapshots of earlier months.

    Dissolved ones belong to them. `Filters.placed` says of each snapshot whether its group was within the filters.
    """
    return groups_within(actor, as_of=filters.end, organisation=filters.organisation, with_dissolved=True)


def groups_at_end(actor: User, filters: Filters, *, with_dissolved: bool = False) -> QuerySet[Group]:
    """Return the groups `actor` may see that were within the filters at the end of the last month.

    Of those without any snapshot, those that are within them now. Dissolved ones belong to them only if asked for.
    """
    then = GroupSnapshot.objects.filter(shown_at(filters.end), filters.placed())
    if not with_dissolved:
        then = then.exclude(status=GroupStatus.DISSOLVED)
    unwritten = dashboard_groups(actor, filters, month_end(filters.end), with_dissolved=with_dissolved)
    unwritten = unwritten.filter(snapshots=None, founded_on__lt=next_month(filters.end))
    of_month = Q(pk__in=then.values("group")) | Q(pk__in=unwritten.order_by().values("pk"))
    return groups_of_months(actor, filters).filter(of_month)


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


def stage_counts(groups: QuerySet[Group], filters: Filters) -> StageCounts:
    """Return how many groups stood at each stage at the end of the period, in one statement."""
    rows = with_score(groups, filters).order_by().values_list("now__stage", "now__measured_rank")
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
    """Return how many groups stood at each of `stages` in the months of the filters, in two statements.

    A group dissolved by the end of a month is not counted in it, even if its score of the month is final.
    """
    rows = (
        SnapshotScore.objects.filter(
            in_months(filters.start, filters.end),
            filters.placed("snapshot__"),
            alive("snapshot__"),
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
    shown = GroupSnapshot.objects.filter(shown_at(filters.month), group__in=groups.order_by())
    return {group: People(*counts) for group, *counts in shown.values_list("group", "members", "women")}


def scored_in(groups: QuerySet[Group], filters: Filters, month: date, rank: int, *, is_last: bool) -> Any:
    """Return the groups that `trend` counts at a rank at the end of a month, by name, as rows.

    They are of `NAMED` and of that score's score and as_of. `is_last` says that no stage is higher.
    """
    wanted = Q(snapshot_scores__scheme=filters.scheme) & in_months(month, month, "snapshot_scores__")
    there = SnapshotScore.objects.filter(
        in_months(month, month), filters.placed("snapshot__"), alive("snapshot__"), scheme=filters.scheme
    )
    groups = groups.filter(pk__in=there.values("group"))
    at_rank = {"of_month__rank__gte": rank} if is_last else {"of_month__rank": rank}
    return (
        with_names(groups.annotate(of_month=FilteredRelation("snapshot_scores", condition=wanted)), month)
        .filter(**at_rank)
        .annotate(score=F("of_month__score"), as_of=F("of_month__as_of"))
        .order_by("name", "pk")
        .values_list(*NAMED, "score", "as_of", named=True)
    )


def by_need(groups: QuerySet[Group], filters: Filters, reason: Need | None = None) -> Any:
    """Return the groups at the stage of the filters, those that need help most first, as rows.

    They are of `NAMED` and their score at the end of the period, whose columns are `stage`, `rank`, `score`,
    `measured_rank`, `measured_score`, `as_of` and `arrears`, None before the first, and `need`. With `reason` only
    those that need help for it, or for any of several.
    """
    rows = with_names(at_stage(groups, filters), filters.month).annotate(
        stage=F("now__stage"),
        rank=F("now__rank"),
        measured_rank=F("now__measured_rank"),
        measured_score=F("now__measured_score"),
        score=F("now__score"),
        as_of=F("now__as_of"),
        arrears=F("now__arrears"),
        need=Coalesce("now__need", Need.NEVER_ASSESSED.value),
    )
    if reason is not None:
        rows = rows.alias(for_reason=F("need").bitand(reason.value)).filter(for_reason__gt=0)
    return rows.order_by("-need", F("score").asc(nulls_first=True), "name", "pk").values_list(
        *NAMED,
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


def with_names(groups: QuerySet[Group], month: date | None) -> Any:
    """Annotate the prefix of each group's number, and at the end of a month, or now, its village and its status.

    `regency` is the code of the regency of that village.
    """
    prefix = F("organisation__group_prefix")
    # PostgreSQL looks a village up for the rows of the page alone; a join would do so before they are chosen.
    if month is None:
        village = Region.objects.filter(pk=OuterRef("village")).values("name")
        regency = Left("village_id", REGENCY_CODE)
        return groups.annotate(
            group_prefix=prefix, village_name=Subquery(village), regency=regency, status_then=F("status")
        )
    then = GroupSnapshot.objects.filter(shown_at(month), group=OuterRef("pk"))
    names = ("village__name", "village_id", "status")
    village_then, village_code, status = (Subquery(then.values(name)[:1]) for name in names)
    return groups.annotate(
        group_prefix=prefix,
        village_name=village_then,
        regency=Left(village_code, REGENCY_CODE),
        status_then=Coalesce(status, "status"),
    )


def with_score(groups: QuerySet[Group], filters: Filters) -> Any:
    """Join to each group as `now` its score at the end of the period by the scheme, if it has one."""
    condition = shown_at(filters.month, "snapshot_scores__") & Q(snapshot_scores__scheme=filters.scheme)
    return groups.annotate(now=FilteredRelation("snapshot_scores", condition=condition))


def with_newest_score(groups: QuerySet[Group], scheme: str) -> Any:
    """Annotate each group with the stage, the score and the day (`scored_on`) of its newest score by a scheme."""
    newest = Q(snapshot_scores__month__isnull=True, snapshot_scores__scheme=scheme)
    joined = groups.annotate(now=FilteredRelation("snapshot_scores", condition=newest))
    return joined.annotate(stage=F("now__stage"), score=F("now__score"), scored_on=F("now__as_of"))


def at_stage(groups: QuerySet[Group], filters: Filters) -> Any:
    """Return the groups at the stage of the filters at the end of the period; all of them where no stage is chosen.

    They are joined to that score as by `with_score`.
    """
    joined = with_score(groups, filters)
    if not filters.stage:
        return joined
    return joined.filter(**{"now__rank__isnull": True} if filters.stage == "NONE" else {"now__stage": filters.stage})
