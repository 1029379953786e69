"""Reads that draw on several apps: the facilitator's day and the page of one group."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import F, Max, QuerySet

from finance.models import CashCount, Transfer
from groups.models import Group, GroupStatus, Member, User
from meetings.models import Attendance, Meeting, MeetingStatus

AHEAD = timedelta(days=7)
"""How far the facilitator's day looks ahead."""


@dataclass(frozen=True, slots=True)
class Visit:
    """A group that meets on `due_on` by its own agreement; `last_held_on` is None before the first meeting."""

    group: Group
    due_on: date
    last_held_on: date | None
    days_late: int


def visits(actor: User, *, today: date) -> list[Visit]:
    """Return the active groups whose agreed day is past, today or in the week ahead, longest due first."""
    groups = Group.objects.visible_to(actor).filter(status=GroupStatus.ACTIVE)
    held = Meeting.objects.filter(group__in=groups, status=MeetingStatus.CLOSED).order_by().values("group")
    last = {row["group"]: row["last"] for row in held.annotate(last=Max("held_on"))}
    due = []
    for group in groups.select_related("village"):
        last_held_on = last.get(group.pk)
        due_on = group.schedule.due_after(last_held_on)
        if due_on <= today + AHEAD:
            due.append(Visit(group, due_on, last_held_on, max(0, (today - due_on).days)))
    return sorted(due, key=lambda visit: (visit.due_on, visit.group.name))


def differences_open(actor: User) -> QuerySet[CashCount]:
    """Return the cash differences nobody has settled, in the groups `actor` may see, the oldest first."""
    return (
        CashCount.objects.filter(group__in=Group.objects.visible_to(actor), settled_on__isnull=True)
        .exclude(counted=F("expected"))
        .select_related("group")
        .order_by("counted_on", "pk")
    )


def last_record_of(member: Member) -> date | None:
    """Return the last day on which the minute book or the ledger knows the member, None if neither does."""
    attended = Attendance.objects.filter(member=member, meeting__status=MeetingStatus.CLOSED)
    days = (
        attended.aggregate(last=Max("meeting__held_on"))["last"],
        Transfer.objects.filter(member=member).aggregate(last=Max("entry__effective_on"))["last"],
    )
    return max((day for day in days if day is not None), default=None)
