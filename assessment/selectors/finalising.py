"""Which scores of many groups can be made final, and which are left out for what reason."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Left

from assessment.models import Assessment, AssessmentStatus, FinalOutcome, FinalRun, FinalRunScore, SnapshotScore
from assessment.selectors.current_score import points_kept
from assessment.selectors.dashboard import REGENCY_CODE, Filters
from assessment.selectors.snapshots import alive, in_months, month_end
from groups.models import ChangedGroup, Group, Region, User


def scores_of_month(groups: QuerySet[Group], filters: Filters) -> Any:
    """Return the scores at the end of the last month of the filters, this month those of the newest snapshots, as rows.

    They are of group, code, number, group_prefix, name, of village_name and regency of that day, stage, rank, score,
    measured_rank, measured_score, as_of, of `is_final`, and of `is_newer`: there are records up to that day which the
    score does not know. Groups dissolved by then are left out.
    """
    of_month = Q(month=None) if filters.ends_now else in_months(filters.end, filters.end)
    scores = SnapshotScore.objects.filter(
        of_month,
        filters.placed("snapshot__"),
        alive("snapshot__"),
        scheme=filters.scheme,
        group__in=groups.order_by(),
    )
    if filters.stage:
        scores = scores.filter(stage=filters.stage)
    final = Assessment.objects.filter(
        group=OuterRef("group"), scheme=OuterRef("scheme"), as_of=OuterRef("as_of"), status=AssessmentStatus.FINAL
    )
    changed = ChangedGroup.objects.filter(group=OuterRef("group"), changed_from__lte=OuterRef("as_of"))
    village = Region.objects.filter(pk=OuterRef("snapshot__village")).values("name")
    return (
        scores.annotate(is_final=Exists(final), is_newer=Exists(changed))
        .annotate(
            code=F("group__code"),
            number=F("group__number"),
            group_prefix=F("group__organisation__group_prefix"),
            name=F("group__name"),
            village_name=Subquery(village),
            regency=Left("snapshot__village_id", REGENCY_CODE),
        )
        .order_by("name", "group")
        .values_list(
            "group", "code", "number", "group_prefix", "name", "village_name", "regency", "stage", "rank", "score",
            "measured_rank", "measured_score", "as_of", "is_final", "is_newer", named=True,
        )
    )  # fmt: skip


def without_score(groups: QuerySet[Group], filters: Filters) -> QuerySet[Group]:
    """Return those of `groups`, as they are now, that have no score for the last month of the filters."""
    of_month = Q(month=None) if filters.ends_now else in_months(filters.end, filters.end)
    scores = SnapshotScore.objects.filter(of_month, scheme=filters.scheme, group=OuterRef("pk"))
    unscored = groups.filter(~Exists(scores), founded_on__lte=month_end(filters.end))
    return unscored.annotate(group_prefix=F("organisation__group_prefix")).order_by("name", "pk")


def finals_of(rows: Iterable[Any], scheme: str) -> dict[int, Assessment]:
    """Return by group the final assessments of rows of `scores_of_month`, with who made them final."""
    days = {row.group: row.as_of for row in rows if row.is_final}
    finals = Assessment.objects.filter(group__in=list(days), scheme=scheme, as_of__in=set(days.values()))
    found = finals.filter(status=AssessmentStatus.FINAL).defer("indicators", "evidence").select_related("finalised_by")
    return {final.group_id: final for final in found if final.as_of == days[final.group_id]}


def points_of(rows: Iterable[Any], scheme: str) -> dict[int, str]:
    """Return by group the points of the indicators in the scores of rows of `scores_of_month`, in one word each."""
    days = {row.group: row.as_of for row in rows}
    stored = Assessment.objects.filter(group__in=list(days), scheme=scheme, as_of__in=set(days.values()))
    found = stored.values_list("group", "as_of", "indicators")
    return {group: points_kept(indicators) for group, as_of, indicators in found if as_of == days[group]}


def seen_mark(rows: Iterable[Any], points: Mapping[int, str]) -> str:
    """Return in one word which scores are to be made final, to notice that they are no longer those that were seen.

    `points` are theirs by `points_of`.
    """
    said = sorted((row.group, row.as_of.isoformat(), row.stage, row.score, points.get(row.group, "")) for row in rows)
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class ChosenScores:
    """Rows of `scores_of_month` that a person chose to make final; those `ready` can be, and have these `points`."""

    rows: list[Any]
    ready: list[Any]
    points: dict[int, str]

    @property
    def mark(self) -> str:
        """Say in one word which scores are to be made final: `seen_mark`."""
        return seen_mark(self.ready, self.points)


def chosen_scores(groups: QuerySet[Group], filters: Filters, ticked: Collection[int] | None) -> ChosenScores:
    """Return the scores of the month that can be made final and those that cannot; of all groups where none is ticked.

    Two statements.
    """
    scores = scores_of_month(groups, filters)
    rows = list(scores if ticked is None else scores.filter(group__in=ticked))
    ready = [row for row in rows if not row.is_final and not row.is_newer]
    return ChosenScores(rows, ready, points_of(ready, filters.scheme))


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is: how many scores it has, and how many had each outcome."""

    total: int
    outcomes: dict[FinalOutcome, int]

    @property
    def done(self) -> int:
        """Scores that were looked at."""
        return self.total - self.waiting

    @property
    def waiting(self) -> int:
        """Scores that were not looked at yet."""
        return self.outcomes.get(FinalOutcome.WAITING, 0)


def run_of(actor: User, key: UUID | None) -> FinalRun | None:
    """Return the run with a key that `actor` started, None where there is none."""
    return FinalRun.objects.filter(key=key, started_by=actor).first() if key is not None else None


def unfinished_runs(actor: User) -> QuerySet[FinalRun]:
    """Return the runs that `actor` started and that still have scores waiting, the newest first."""
    waiting = FinalRunScore.objects.filter(run=OuterRef("pk"), outcome=FinalOutcome.WAITING)
    return FinalRun.objects.filter(Exists(waiting), started_by=actor)


def progress(run: FinalRun) -> Progress:
    """Return how far a run is, in one statement."""
    counts = dict(run.scores.order_by().values_list("outcome").annotate(Count("pk")))
    return Progress(sum(counts.values()), {FinalOutcome(outcome): count for outcome, count in counts.items()})


def run_scores(run: FinalRun, actor: User) -> QuerySet[FinalRunScore]:
    """Return the scores of a run of groups that `actor` may see, those left out first."""
    seen = run.scores.filter(group__in=Group.objects.visible_to(actor).values("pk")).select_related(
        "group__organisation"
    )
    return seen.annotate(is_done=Q(outcome=FinalOutcome.DONE)).order_by("is_done", "group__name", "group")
