"""The agreed meeting days of a group, and what became of each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from groups.models import Group, GroupStatus, MeetingMove, Pasaran
from groups.selectors import meeting_calendar, meeting_moves
from groups.shared.schedule import MeetingCalendar, pasaran_of
from meetings.models import Meeting, MeetingStatus


@dataclass(frozen=True, slots=True)
class HeldMeeting:
    """A meeting that counts for an agreed day, and by how many days it was held before or after it."""

    number: int
    held_on: date
    days_early: int
    days_late: int


@dataclass(frozen=True, slots=True)
class AgreedDay:
    """A day on which the group agreed to meet, with the meetings that count for it.

    `moved_from` is there where the meeting was moved to this day, `moved_away` where it was moved away or called off.
    `pasaran` is empty in a group that does not meet by it.
    """

    day: date
    pasaran: str
    moved_from: MeetingMove | None
    moved_away: MeetingMove | None
    held: list[HeldMeeting]
    is_past: bool
    is_today: bool

    @property
    def is_missing(self) -> bool:
        """Whether the day is past and no meeting is recorded for it."""
        return self.is_past and not self.held and self.moved_away is None

    @property
    def can_move(self) -> bool:
        """Whether the meeting can be moved: it was not yet, and none was held."""
        return not self.held and self.moved_from is None and self.moved_away is None


def agreed_days(group: Group, *, start: date, end: date, as_of: date) -> list[AgreedDay]:
    """Return the agreed days of a group from `start` to `end`, both included, as known on the day `as_of`.

    A meeting counts for the agreed day nearest to it. A dissolved group agreed to no meeting after its end. Three
    statements, whatever the length, and one for a dissolved group.
    """
    if group.status == GroupStatus.DISSOLVED and (last := group.status_changes.first()) is not None:
        end = min(end, last.changed_on)
    calendar = meeting_calendar(group)
    moves = [move for move in meeting_moves(group) if move.planned_on in calendar.moved]
    moved_from = {move.moved_to: move for move in moves if move.moved_to is not None}
    moved_away = {move.planned_on: move for move in moves}
    held = _held_by_day(group, calendar, start, end, as_of)
    days = {*calendar.dates(start, end), *(day for day in moved_away if start <= day <= end)}
    names = calendar.has_pasaran
    return [
        AgreedDay(
            day=day,
            pasaran=Pasaran(pasaran_of(day)).label if names else "",
            moved_from=moved_from.get(day),
            moved_away=moved_away.get(day) if day not in moved_from else None,
            held=held.get(day, []),
            is_past=day < as_of,
            is_today=day == as_of,
        )
        for day in sorted(days)
    ]


def _held_by_day(
    group: Group, calendar: MeetingCalendar, start: date, end: date, as_of: date
) -> dict[date, list[HeldMeeting]]:
    """Return the closed meetings by the agreed day that each counts for."""
    first = calendar.on_or_before(start - timedelta(1)) or start
    last = min(calendar.next_after(end) or end, as_of)
    held = Meeting.objects.filter(group=group, status=MeetingStatus.CLOSED, held_on__range=(first, last))
    by_day: dict[date, list[HeldMeeting]] = {}
    for number, held_on in held.order_by("held_on", "number").values_list("number", "held_on"):
        if held_on is not None and (day := calendar.day_of(held_on)) is not None:
            late = (held_on - day).days
            by_day.setdefault(day, []).append(HeldMeeting(number, held_on, max(0, -late), max(0, late)))
    return by_day
