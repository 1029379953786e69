"""The agreed meeting days of a group, and what became of each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import QuerySet

from groups.models import Group, MeetingMove
from groups.selectors import meeting_calendar, meeting_moves
from groups.shared.schedule import MeetingCalendar
from meetings.models import Meeting, MeetingStatus


@dataclass(frozen=True, slots=True)
class HeldMeeting:
    """A meeting that counts for an agreed day; `days_late` is below 0 for one held before it."""

    number: int
    held_on: date
    days_late: int

    @property
    def days_early(self) -> int:
        """Days that it was held before the agreed day, 0 for none."""
        return max(0, -self.days_late)


@dataclass(frozen=True, slots=True)
class AgreedDay:
    """A day on which the group agreed to meet, with the meetings that count for it.

    `move` is there where the meeting was moved to this day, or, with `move.moved_to` None, does not take place on it.
    """

    day: date
    move: MeetingMove | None
    held: list[HeldMeeting]
    is_past: bool
    is_today: bool

    @property
    def is_cancelled(self) -> bool:
        """Whether the meeting of this day does not take place."""
        return self.move is not None and self.move.moved_to is None

    @property
    def is_missing(self) -> bool:
        """Whether the day is past and no meeting is recorded for it."""
        return self.is_past and not self.held and not self.is_cancelled

    @property
    def can_move(self) -> bool:
        """Whether the meeting may be moved from here: it is no moved one, and none was held."""
        return self.move is None and not self.held


def agreed_days(group: Group, *, start: date, end: date, as_of: date) -> list[AgreedDay]:
    """Return the agreed days of a group from `start` to `end`, both included, as known on the day `as_of`.

    A meeting counts for the agreed day nearest to it. Three statements, whatever the length.
    """
    calendar = meeting_calendar(group)
    moves = [move for move in meeting_moves(group) if move.planned_on in calendar.moved]
    by_target = {move.moved_to: move for move in moves if move.moved_to is not None}
    cancelled = {move.planned_on: move for move in moves if move.moved_to is None}
    held = _held_by_day(group, calendar, start, end, as_of)
    shown = [*calendar.dates(start, end), *(day for day in calendar.planned(start, end) if day in cancelled)]
    return [
        AgreedDay(
            day=day,
            move=cancelled.get(day) or by_target.get(day),
            held=held.get(day, []),
            is_past=day < as_of,
            is_today=day == as_of,
        )
        for day in sorted(set(shown))
    ]


def _held_by_day(
    group: Group, calendar: MeetingCalendar, start: date, end: date, as_of: date
) -> dict[date, list[HeldMeeting]]:
    """Return the closed meetings by the agreed day that each counts for."""
    first = calendar.on_or_before(start - timedelta(1)) or start
    following = calendar.next_after(end) or end
    by_day: dict[date, list[HeldMeeting]] = {}
    for number, held_on in closed_meetings(group, first, min(following, as_of)).values_list("number", "held_on"):
        if held_on is not None and (day := calendar.day_of(held_on)) is not None:
            by_day.setdefault(day, []).append(HeldMeeting(number, held_on, (held_on - day).days))
    return by_day


def closed_meetings(group: Group, start: date, end: date) -> QuerySet[Meeting]:
    """Return the closed meetings held from `start` to `end`, both included, in order."""
    held = Meeting.objects.filter(group=group, status=MeetingStatus.CLOSED, held_on__gte=start, held_on__lte=end)
    return held.order_by("held_on", "number")
