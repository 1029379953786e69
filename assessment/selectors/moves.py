"""Who moved from where to where: the stage of each group in two months."""

from __future__ import annotations

from collections import Counter
from datetime import date
from enum import IntEnum, StrEnum
from typing import Any

from django.db.models import (
    Case,
    Count,
    Exists,
    F,
    FilteredRelation,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Coalesce, Least

from assessment.models import GroupSnapshot
from assessment.selectors.dashboard import NAMED, Filters, with_names, with_score
from assessment.selectors.snapshots import month_end, next_month, shown_at
from groups.models import FacilitatorAssignment, Group, GroupStatus, GroupStatusChange, in_regions


class Place(IntEnum):
    """Where a group can be besides at a stage, whose rank is 0 and more."""

    NONE = -1
    """Not assessed so far."""
    NEW = -2
    """Founded after the first month."""
    DORMANT = -3
    DISSOLVED = -4


class Way(StrEnum):
    """What can be asked of a move: a stage higher or lower than before, the same one, or none in one of the months."""

    UP = "up"
    DOWN = "down"
    SAME = "same"
    OTHER = "other"


WAYS = {
    Way.UP: Q(was__gte=0, became__gt=F("was")),
    Way.DOWN: Q(became__gte=0, was__gt=F("became")),
    Way.SAME: Q(was__gte=0, became=F("was")),
    Way.OTHER: Q(was__lt=0) | Q(became__lt=0),
}

Moves = Counter[tuple[int, int]]
"""How many groups went from a rank or `Place` to another."""


def moves(groups: QuerySet[Group], filters: Filters, *, stages: int) -> Moves:
    """Return how many groups moved from where to where between the months of the filters, in one statement."""
    rows = _placed(groups, filters, stages).order_by().values_list("was", "became").annotate(count=Count("pk"))
    return Counter({(was, became): count for was, became, count in rows})


def way_of(was: int, became: int) -> Way:
    """Return which of the `WAYS` a move from one rank or `Place` to another is."""
    if min(was, became) < 0:
        return Way.OTHER
    return Way.SAME if was == became else Way.UP if became > was else Way.DOWN


def moved(groups: QuerySet[Group], filters: Filters, which: Q, *, stages: int) -> Any:
    """Return the groups whose `was` and `became`, each a rank or a `Place`, are as `which` says, by name, as rows.

    They are of `NAMED`, was, became, of the score at the end of the period score and as_of, None without one, and of
    the newest change of status up to the end to_status, changed_on and reason, None without one.
    """
    placed = with_score(_placed(groups, filters, stages).filter(which), filters)
    changes = GroupStatusChange.objects.filter(group=OuterRef("pk"), changed_on__lt=next_month(filters.end))
    newest = changes.order_by("-changed_on", "-pk")
    return (
        with_names(placed, filters.month)
        .annotate(
            score=F("now__score"),
            as_of=F("now__as_of"),
            to_status=Subquery(newest.values("to_status")[:1]),
            changed_on=Subquery(newest.values("changed_on")[:1]),
            reason=Subquery(newest.values("reason")[:1]),
        )
        .order_by("name", "pk")
        .values_list(
            *NAMED, "was", "became", "score", "as_of", "to_status", "changed_on", "reason", named=True
        )
    )  # fmt: skip


def _placed(groups: QuerySet[Group], filters: Filters, stages: int) -> Any:
    """Annotate where each group `was` and what it `became` at the end of both months, by its snapshots of them.

    Dormant, dissolved, or else the stage.
    """
    groups = (
        _within(groups, filters)
        .filter(founded_on__lt=next_month(filters.end))
        .annotate(**_joined("first", filters.start, filters), **_joined("last", filters.end, filters))
    )
    is_new = When(founded_on__gte=next_month(filters.start), then=Value(int(Place.NEW)))
    # The newest snapshot may not know yet that its group was dissolved.
    is_over = [When(status=GroupStatus.DISSOLVED, then=Value(int(Place.DISSOLVED)))] if filters.ends_now else []
    was_over = is_over if filters.start == filters.end else []
    return groups.annotate(was=_place("first", stages, is_new, *was_over), became=_place("last", stages, *is_over))


def _within(groups: QuerySet[Group], filters: Filters) -> QuerySet[Group]:
    """Return those of `groups` that were within the filters at the end of the last month.

    Of those without a snapshot of it, those that are within them now.
    """
    if not filters.is_narrow:
        return groups
    of_end = GroupSnapshot.objects.filter(shown_at(filters.month))
    now = Q()
    if filters.region:
        now &= in_regions([filters.region])
    if filters.kind:
        now &= Q(kind=filters.kind)
    if filters.facilitator is not None:
        assigned = FacilitatorAssignment.objects.effective(month_end(filters.end)).filter(
            facilitator=filters.facilitator
        )
        now &= Q(pk__in=assigned.values("group"))
    unknown = ~Exists(of_end.filter(group=OuterRef("pk")))
    return groups.filter(Q(pk__in=of_end.filter(filters.placed()).values("group")) | (Q(unknown) & now))


def _joined(name: str, month: date, filters: Filters) -> dict[str, FilteredRelation]:
    """Join as `name` the snapshot of a month, and as `name_score` the score of it by the scheme."""

    def of_month(path: str) -> Q:
        return shown_at(None if filters.ends_now and month == filters.end else month, path)

    score = of_month("snapshot_scores__") & Q(snapshot_scores__scheme=filters.scheme)
    return {
        name: FilteredRelation("snapshots", condition=of_month("snapshots__")),
        f"{name}_score": FilteredRelation("snapshot_scores", condition=score),
    }


def _place(name: str, stages: int, *first: When) -> Case:
    inactive = {GroupStatus.DISSOLVED: Place.DISSOLVED, GroupStatus.DORMANT: Place.DORMANT}
    asleep = [When(**{f"{name}__status": status}, then=Value(int(place))) for status, place in inactive.items()]
    # An earlier version may have had more stages.
    rank = Least(Coalesce(F(f"{name}_score__rank"), Value(int(Place.NONE))), Value(max(0, stages - 1)))
    return Case(*first, *asleep, default=rank, output_field=IntegerField())
