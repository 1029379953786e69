"""Visits to groups: made, planned, and what is to follow from them."""

from __future__ import annotations

from datetime import date

from django.db.models import Max, QuerySet

from groups.models import Group
from groups.records import RecordedDays
from meetings.models import FollowUp, PlannedVisit, Visit
from meetings.models.visit import VisitQuerySet


def visits_of(group: Group) -> VisitQuerySet:
    """Return the visits to a group, the latest first, those withdrawn among them."""
    return Visit.objects.filter(group=group).select_related("visitor").order_by("-visited_on", "-pk")


def visits_made(group: Group, *, as_of: date) -> VisitQuerySet:
    """Return the visits to a group up to a day, the latest first, without those recorded by mistake."""
    return visits_of(group).valid().filter(visited_on__lte=as_of)


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
