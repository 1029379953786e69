"""Decisions that somebody has to carry out."""

from __future__ import annotations

from datetime import date

from django.db.models import QuerySet

from groups.models import Group
from meetings.models import AgendaItem, MeetingStatus


def decisions_made(group: Group, *, start: date, end: date) -> QuerySet[AgendaItem]:
    """Return the decisions of closed meetings held from `start` to `end`, in their order."""
    items = AgendaItem.objects.filter(
        group=group, meeting__status=MeetingStatus.CLOSED, meeting__held_on__range=(start, end)
    )
    return items.exclude(decision="").select_related("meeting", "responsible").order_by("meeting__held_on", "pk")


def decisions_open(groups: QuerySet[Group] | list[Group], *, until: date | None = None) -> QuerySet[AgendaItem]:
    """Return decisions of closed meetings that nobody has marked as done, the earliest due first."""
    items = AgendaItem.objects.filter(
        group__in=groups, meeting__status=MeetingStatus.CLOSED, due_on__isnull=False, done_on__isnull=True
    )
    if until is not None:
        items = items.filter(due_on__lte=until)
    return items.select_related("meeting", "responsible", "group").order_by("due_on", "pk")
