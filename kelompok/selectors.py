"""Reads that draw on several apps, each through the selectors of the app that keeps the records."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import finance.selectors
import groups.selectors
import meetings.selectors
from groups.models import Group, GroupStatus, Member, User

AHEAD = timedelta(days=7)
"""How far the facilitator's day looks ahead."""


@dataclass(frozen=True, slots=True)
class Visit:
    """A group that meets on `due_on` by its own agreement; `last_held_on` is None before the first meeting."""

    group: Group
    due_on: date
    last_held_on: date | None
    days_late: int


def visits(actor: User, *, as_of: date) -> list[Visit]:
    """Return the active groups whose agreed day is past, today or in the week ahead of `as_of`, longest due first."""
    active = Group.objects.visible_to(actor).filter(status=GroupStatus.ACTIVE)
    last = meetings.selectors.last_held_on(active, as_of=as_of)
    calendars = groups.selectors.meeting_calendars(active)
    due = []
    for group in active.select_related("village"):
        last_held_on = last.get(group.pk)
        due_on = calendars[group.pk].due_after(last_held_on) if group.pk in calendars else None
        if due_on is not None and due_on <= as_of + AHEAD:
            due.append(Visit(group, due_on, last_held_on, max(0, (as_of - due_on).days)))
    return sorted(due, key=lambda visit: (visit.due_on, visit.group.name))


def last_record_of(member: Member) -> date | None:
    """Return the last day on which the minute book or the ledger knows the member, None if neither does."""
    days = (meetings.selectors.last_attended_on(member), finance.selectors.last_entry_on(member))
    return max((day for day in days if day is not None), default=None)
