"""Visits to groups: made, planned, and what is to follow from them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVar

from django.db.models import F, FilteredRelation, Max, Model, Q, QuerySet, Subquery

from groups.models import Group
from groups.models.withdrawable import WithdrawableQuerySet
from groups.records import RecordedDays
from meetings.models import FollowUp, PlannedVisit, Training, Visit
from meetings.selectors.trainings import trainings_held

M = TypeVar("M", bound=Model)


def visits_of(group: Group) -> WithdrawableQuerySet[Visit]:
    """Return the visits to a group, the latest first, those withdrawn among them."""
    return Visit.objects.filter(group=group).select_related("visitor").order_by("-visited_on", "-pk")


def visits_made(group: Group, *, as_of: date) -> WithdrawableQuerySet[Visit]:
    """Return the visits to a group up to a day, the latest first, without those recorded by mistake."""
    return visits_of(group).valid().filter(visited_on__lte=as_of)


@dataclass(frozen=True, slots=True)
class LastVisit:
    """The last visit by somebody of the organisation with what was to follow from it, and the last training."""

    visit: Visit | None
    follow_ups: list[FollowUp]
    training: Training | None


_FOLLOW_UP = ("pk", "number", "what", "who", "due_on", "done_on")
_TRAINING = ("pk", "held_on", "subject", "trainer", "trainer_office")


def last_visit(group: Group, *, as_of: date) -> LastVisit:
    """Return the last visit and the last training up to a day; one statement."""
    latest = visits_made(group, as_of=as_of).filter(visitor__isnull=False).values("pk")[:1]
    trainings = trainings_held([group], end=as_of)
    of_next = {f"next_{name}": F(f"last__follow_ups__{name}") for name in _FOLLOW_UP}
    of_training = {f"training_{name}": Subquery(trainings.values(name)[:1]) for name in _TRAINING}
    # From the group on, for there may be no visit; a row for each thing that is to follow.
    one: Any = Group.objects.filter(pk=group.pk).annotate(
        last=FilteredRelation("visits", condition=Q(visits__pk=Subquery(latest)))
    )
    rows = list(
        one.select_related("last__visitor").annotate(**of_next, **of_training).order_by("last__follow_ups__number")
    )
    first = rows[0]
    return LastVisit(
        getattr(first, "last", None),  # Django leaves it out where there is none
        [_joined(FollowUp, row, "next", _FOLLOW_UP) for row in rows if row.next_pk is not None],
        _joined(Training, first, "training", _TRAINING) if first.training_pk is not None else None,
    )


def _joined(model: type[M], row: Any, prefix: str, names: tuple[str, ...]) -> M:
    return model(**{name: getattr(row, f"{prefix}_{name}") for name in names})


def planned_visits(groups: QuerySet[Group] | list[Group], *, until: date | None = None) -> QuerySet[PlannedVisit]:
    """Return the open plans to visit `groups`, up to a day if there is one, the earliest first."""
    plans = PlannedVisit.objects.open().filter(group__in=groups)
    if until is not None:
        plans = plans.filter(planned_on__lte=until)
    return plans.select_related("group__village", "visitor").order_by("planned_on", "pk")


def follow_ups_open(groups: QuerySet[Group] | list[Group], *, until: date | None = None) -> QuerySet[FollowUp]:
    """Return what is to follow from visits to `groups` and nobody marked as done, the earliest due first."""
    open_ones = FollowUp.objects.filter(group__in=groups, done_on__isnull=True, visit__withdrawn_at__isnull=True)
    if until is not None:
        open_ones = open_ones.filter(due_on__lte=until)
    return open_ones.select_related("visit", "group").order_by("due_on", "pk")


def last_visited_on(groups: QuerySet[Group], *, as_of: date) -> dict[int, date]:
    """Return by group the day of the last visit by somebody of the organisation up to a day, in one statement."""
    made = Visit.objects.valid().filter(group__in=groups, visited_on__lte=as_of, visitor__isnull=False)
    return dict(made.order_by().values_list("group").annotate(last=Max("visited_on")))


def days_of_visits(group: Group) -> RecordedDays:
    """Return the day of the last visit; the first says nothing about a group, which may be visited before it is one."""
    return RecordedDays(last=Visit.objects.valid().filter(group=group).aggregate(last=Max("visited_on"))["last"])
