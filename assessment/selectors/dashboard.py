"""The stages of all groups somebody may see, their trend, and who needs help most."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any

from django.db.models import Count, F, FilteredRelation, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from assessment.models import Assessment, Need
from assessment.months import Counts, counted, months_between, stages_of
from groups.models import Group, Region, User
from groups.selectors import groups_within

VILLAGE_NAME = Subquery(Region.objects.filter(pk=OuterRef("village")).values("name"))
"""PostgreSQL looks it up for the rows of the page alone; a join would do so before they are chosen."""


@dataclass(frozen=True, slots=True)
class Filters:
    """What a dashboard is narrowed to; an empty value narrows nothing. `stage` may be NONE: never assessed.

    `scheme` says whose stages it shows, `start` and `end` are the first days of the first and the last month.
    """

    scheme: str
    start: date
    end: date
    organisation: int | None = None
    region: str = ""
    facilitator: int | None = None
    kind: str = ""
    stage: str = ""


def dashboard_groups(actor: User, filters: Filters, *, with_dissolved: bool = False) -> QuerySet[Group]:
    """Return the groups `actor` may see within the filters, all stages; dissolved ones only if asked for."""
    return groups_within(
        actor,
        as_of=timezone.localdate(),
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
    rows = with_latest(groups, scheme).order_by().values_list(F("now__stage"), F("now__measured_rank"))
    counts = StageCounts(Counter(), Counter())
    for stage, measured_rank, count in rows.annotate(count=Count("pk")):
        counts.given[stage or "NONE"] += count
        if measured_rank is not None:
            counts.measured[measured_rank] += count
    return counts


@dataclass(frozen=True, slots=True)
class TrendMonth:
    """How many groups stood at each stage at the end of a month, by rank."""

    month: date
    counts: tuple[int, ...]

    @property
    def total(self) -> int:
        """All groups assessed in the month."""
        return sum(self.counts)


def trend(
    groups: QuerySet[Group], filters: Filters, *, stages: int, organisation: int | None = None
) -> list[TrendMonth]:
    """Return how many groups stood at each of `stages` in the months of the filters, in two statements.

    `organisation` is the one whose groups they all are; months kept of it are not counted again.
    """
    count = partial(count_stages, scheme=filters.scheme)
    months = months_between(filters.start, filters.end)
    found = []
    for month, by_rank in counted(stages_of(filters.scheme), months, groups, count, organisation=organisation).items():
        counts = [0] * stages
        for rank, number in by_rank.items():
            counts[min(int(rank), stages - 1)] += number  # an earlier version may have had more stages
        found.append(TrendMonth(month, tuple(counts)))
    return found


def count_stages(groups: QuerySet[Group], months: list[date], *, scheme: str) -> dict[date, Counts]:
    """Return how many groups stood at each rank at the end of each of `months`, which follow each other."""
    rows = (
        Assessment.objects.filter(
            scheme=scheme, closes_month=True, month__range=(months[0], months[-1]), group__in=groups.order_by()
        )
        .order_by()
        .values_list("month", "rank")
        .annotate(count=Count("*"))
    )
    found: dict[date, Counts] = {}
    for month, rank, count in rows:
        found.setdefault(month, {})[str(rank)] = count
    return found


def scored_in(groups: QuerySet[Group], scheme: str, month: date, rank: int, *, is_last: bool) -> QuerySet[Group, Any]:
    """Return the groups that `trend` counts at a rank at the end of a month, by name, as rows.

    They are of code, name, village_name and of that score's score and as_of. `is_last` says that no stage is higher.
    """
    wanted = Q(assessments__scheme=scheme, assessments__closes_month=True, assessments__month=month)
    at_rank = {"of_month__rank__gte": rank} if is_last else {"of_month__rank": rank}
    return (
        groups.annotate(of_month=FilteredRelation("assessments", condition=wanted))
        .filter(**at_rank)
        .annotate(village_name=VILLAGE_NAME, score=F("of_month__score"), as_of=F("of_month__as_of"))
        .order_by("name", "pk")
        .values_list("code", "name", "village_name", "score", "as_of", named=True)
    )


def by_need(groups: QuerySet[Group], filters: Filters, reason: Need | None = None) -> QuerySet[Group, Any]:
    """Return the groups at the stage of the filters, those that need help most first, as rows.

    They are of pk, code, name, village_name and their newest score, whose columns are `stage`, `rank`, `score`,
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


def with_latest(groups: QuerySet[Group], scheme: str) -> QuerySet[Group]:
    """Join to each group as `now` its newest stored assessment by `scheme`, if it has one."""
    newest = Q(assessments__latest=True, assessments__scheme=scheme)
    return groups.annotate(now=FilteredRelation("assessments", condition=newest))


def at_stage(groups: QuerySet[Group], filters: Filters) -> QuerySet[Group]:
    """Return the groups at the stage of the filters by their newest score; all of them where no stage is chosen.

    They are joined to that score as by `with_latest`.
    """
    joined = with_latest(groups, filters.scheme)
    if not filters.stage:
        return joined
    return joined.filter(**{"now__pk__isnull": True} if filters.stage == "NONE" else {"now__stage": filters.stage})
