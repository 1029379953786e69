"""Who moved from where to where: the stage of each group in two months."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
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
from django.utils import timezone

from assessment.models import Assessment
from assessment.selectors.dashboard import VILLAGE_NAME, Filters, with_latest
from groups.models import Group, GroupStatus, GroupStatusChange


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


def moved(groups: QuerySet[Group], filters: Filters, which: Q, *, stages: int) -> QuerySet[Group, Any]:
    """Return the groups whose `was` and `became`, each a rank or a `Place`, are as `which` says, by name, as rows.

    They are of code, name, village_name, was, became, of their newest assessment score and as_of, None without one,
    and of the newest change of status up to the end to_status, changed_on and reason, None without one.
    """
    placed = with_latest(_placed(groups, filters, stages).filter(which), filters.scheme)
    changes = GroupStatusChange.objects.filter(group=OuterRef("pk"), changed_on__lt=_next_month(filters.end))
    newest = changes.order_by("-changed_on", "-pk")
    return (
        placed.annotate(
            village_name=VILLAGE_NAME,
            score=F("now__score"),
            as_of=F("now__as_of"),
            to_status=Subquery(newest.values("to_status")[:1]),
            changed_on=Subquery(newest.values("changed_on")[:1]),
            reason=Subquery(newest.values("reason")[:1]),
        )
        .order_by("name", "pk")
        .values_list(
            "code", "name", "village_name", "was", "became", "score", "as_of", "to_status", "changed_on", "reason",
            named=True,
        )
    )  # fmt: skip


def _placed(groups: QuerySet[Group], filters: Filters, stages: int) -> Any:
    """Annotate where each group `was` and what it `became`: asleep or ended at the end of each month, else its stage.

    The stage is that of the newest score up to then.
    """
    groups = groups.filter(founded_on__lt=_next_month(filters.end)).annotate(
        first=_scored_in(filters.start, filters.scheme), last=_scored_in(filters.end, filters.scheme)
    )
    is_new = When(founded_on__gte=_next_month(filters.start), then=Value(int(Place.NEW)))
    return groups.annotate(
        was=Case(is_new, *_inactive(filters.start), default=_rank("first", filters.start, filters.scheme, stages)),
        became=Case(*_inactive(filters.end), default=_rank("last", filters.end, filters.scheme, stages)),
    )


def _inactive(month: date) -> list[When]:
    """Return when a group slept or had ended at the end of a month.

    Before its first written change it counts as active: nobody knows since when a status holds that was never written
    down, so that one is known for this month only. The changes are few and looked through once, not for each group.
    """
    places = {GroupStatus.DISSOLVED: Place.DISSOLVED, GroupStatus.DORMANT: Place.DORMANT}
    if month == timezone.localdate().replace(day=1):
        return [When(status=status, then=Value(int(place))) for status, place in places.items()]
    known = GroupStatusChange.objects.filter(changed_on__lt=_next_month(month))
    later = known.filter(
        Q(changed_on__gt=OuterRef("changed_on")) | Q(changed_on=OuterRef("changed_on"), pk__gt=OuterRef("pk")),
        group=OuterRef("group"),
    )
    newest = known.filter(~Exists(later)).order_by()
    return [
        When(pk__in=newest.filter(to_status=status).values("group"), then=Value(int(place)))
        for status, place in places.items()
    ]


def _scored_in(month: date, scheme: str) -> FilteredRelation:
    closing = Q(assessments__closes_month=True, assessments__scheme=scheme, assessments__month=month)
    return FilteredRelation("assessments", condition=closing)


def _rank(joined: str, month: date, scheme: str, stages: int) -> Any:
    """Return the rank of the score that closes `month`, joined as `joined`, else that of the newest one before it.

    Most groups are scored every month, and joining those is many times faster than looking for each group's newest.
    """
    before = Assessment.objects.filter(group=OuterRef("pk"), scheme=scheme, closes_month=True, month__lt=month)
    newest = Subquery(before.order_by("-month").values("rank")[:1], output_field=IntegerField())
    rank = Coalesce(F(f"{joined}__rank"), newest, Value(int(Place.NONE)), output_field=IntegerField())
    # An earlier version may have had more stages.
    return Least(rank, Value(max(0, stages - 1)))


def _next_month(month: date) -> date:
    return (month + timedelta(31)).replace(day=1)
