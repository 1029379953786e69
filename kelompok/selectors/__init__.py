"""Reads that draw on several apps, each through the selectors of the app that keeps the records."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from django.utils.translation import gettext as _

import finance.selectors
import groups.selectors
import meetings.selectors
from groups.models import Group, GroupStatus, User
from groups.shared.schedule import MeetingCalendar
from meetings.models import Meeting
from meetings.selectors import GroupMet

MEETING = (GroupStatus.FORMING, GroupStatus.ACTIVE)
"""Groups that are expected to meet."""
AHEAD = timedelta(days=7)
"""How far the facilitator's day looks ahead."""


@dataclass(frozen=True, slots=True)
class DueMeeting:
    """A group that meets on `due_on` by its own agreement; `last_held_on` is None before the first meeting.

    `draft` is the number of the sheet begun since, if one was.
    """

    group: Group
    due_on: date
    last_held_on: date | None
    days_late: int
    draft: int | None = None


def due_meetings(actor: User, *, as_of: date, met: Iterable[GroupMet] | None = None) -> list[DueMeeting]:
    """Return the groups, active or being formed, whose agreed day is past or within a week of `as_of`, by that day.

    `met` is what `groups_met` found, where it was read already.
    """
    seen = meetings.selectors.groups_met(actor, as_of=as_of) if met is None else met
    active = [one for one in seen if one.group.status in MEETING]
    calendars = groups.selectors.meeting_calendars([one.group.pk for one in active])
    due = []
    for one in active:
        due_on = calendars[one.group.pk].due_after(one.last_held_on)
        if due_on is not None and due_on <= as_of + AHEAD:
            number = _since(one.last_held_on, one.drafts)
            due.append(DueMeeting(one.group, due_on, one.last_held_on, max(0, (as_of - due_on).days), number))
    return sorted(due, key=lambda meeting: (meeting.due_on, meeting.group.name))


def _since(last_held_on: date | None, drafts: Iterable[Meeting]) -> int | None:
    """Return the number of the last saved of `drafts` that is of a later day than the last meeting, or of none yet."""
    later = [
        draft.number
        for draft in drafts
        if draft.held_on is None or last_held_on is None or draft.held_on > last_held_on
    ]
    return later[-1] if later else None


def overdue_since(group: Group, *, as_of: date) -> date | None:
    """Return the agreed day on which a group that meets should have met and nothing is recorded, None for none."""
    if group.status not in MEETING:
        return None
    return overdue_by(group, groups.selectors.meeting_calendar(group), last_meeting(group, as_of=as_of), as_of=as_of)


def overdue_by(group: Group, calendar: MeetingCalendar, last_held_on: date | None, *, as_of: date) -> date | None:
    """Return what `overdue_since` does, where it was read already when the group meets and when it last met."""
    due_on = calendar.due_after(last_held_on) if group.status in MEETING else None
    return due_on if due_on is not None and due_on < as_of else None


def last_meeting(group: Group, *, as_of: date) -> date | None:
    """Return the day of the last meeting recorded up to a day, None before the first."""
    return meetings.selectors.last_held_on(Group.objects.filter(pk=group.pk), as_of=as_of).get(group.pk)


@dataclass(frozen=True, slots=True)
class MovableMeeting:
    """An agreed meeting of a group that could be moved from `planned_on` to `moved_to`, None: called off.

    `instalments` fall due on the agreed day. `problem` says why the meeting cannot be moved, "" where it can.
    """

    group: Group
    planned_on: date
    moved_to: date | None
    instalments: int
    problem: str

    @property
    def choice(self) -> str:
        """The meeting as a form sends it."""
        return f"{self.group.pk}:{self.planned_on.isoformat()}"


def movable_meetings(actor: User, *, start: date, end: date, by: timedelta | None) -> list[MovableMeeting]:
    """Return the agreed meetings from `start` to `end` of the groups `actor` may see, each moved by as much.

    Without `by` they are called off. Four statements, whatever the number of groups.
    """
    active = Group.objects.visible_to(actor).filter(status__in=MEETING)
    calendars = groups.selectors.meeting_calendars(active)
    last = meetings.selectors.last_held_on(active, as_of=date.max)
    due = finance.selectors.instalments_due(active, start, end)
    movable = []
    for group in active.select_related("organisation", "village"):
        calendar = calendars.get(group.pk, MeetingCalendar())
        days = list(calendar.dates(start, end))
        leaving: set[date] = set()
        # The day that another one comes to is looked at first.
        for day in days if by is None or by < timedelta(0) else reversed(days):
            moved_to = None if by is None else day + by
            problem = _problem(calendar, day, moved_to, leaving=leaving, held_on=last.get(group.pk))
            if not problem:
                leaving.add(day)
            movable.append(MovableMeeting(group, day, moved_to, due.get((group.pk, day), 0), problem))
    return sorted(movable, key=lambda meeting: (meeting.planned_on, meeting.group.name, meeting.group.pk))


def _problem(
    calendar: MeetingCalendar, day: date, moved_to: date | None, *, leaving: set[date], held_on: date | None
) -> str:
    """Return why the meeting of `day` cannot be moved while those of the days `leaving` are, "" for nothing."""
    if next(calendar.planned(day, day), None) is None:
        return _("Moved to this day already.")
    if moved_to is None:
        return ""
    if moved_to not in leaving and calendar.expected(moved_to, moved_to):
        return _("The group has another agreed meeting on this day. Call this meeting off, or choose another day.")
    if held_on is not None and moved_to < held_on:
        return _("A later meeting is recorded already.")
    return ""
