"""When groups agreed to meet: the rhythm of a day, and the calendar of all rhythms and moves."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Prefetch, QuerySet

from groups.models import Group, MeetingMove, MeetingRhythm
from groups.selectors.relations import AGREED_CALENDARS
from groups.shared.schedule import MeetingCalendar, Move, Rhythm
from groups.shared.sql import rows_of

DAYS_SHOWN = 5
"""Days of a new rhythm that are shown before it is recorded."""


def meeting_rhythm(group: Group, *, as_of: date) -> MeetingRhythm | None:
    """Return the rhythm in force on the day `as_of`, None before the first was agreed."""
    return MeetingRhythm.objects.valid().filter(group=group, agreed_from__lte=as_of).first()


def with_rhythms(groups: QuerySet[Group], *, as_of: date) -> QuerySet[Group]:
    """Give each of `groups` the list `rhythms_agreed`: the rhythms agreed by the day, the one in force first."""
    agreed = MeetingRhythm.objects.valid().filter(agreed_from__lte=as_of)
    return groups.prefetch_related(Prefetch("rhythms", agreed, to_attr="rhythms_agreed"))


def rhythm_versions(group: Group) -> QuerySet[MeetingRhythm]:
    """Return the rhythms of a group, the newest first."""
    return MeetingRhythm.objects.valid().filter(group=group).select_related("recorded_by")


def meeting_moves(group: Group) -> QuerySet[MeetingMove]:
    """Return the moved meetings of a group, the latest first."""
    return MeetingMove.objects.valid().filter(group=group).select_related("recorded_by")


def meeting_calendar(group: Group) -> MeetingCalendar:
    """Return when the group agreed to meet, in one statement; without a rhythm the calendar has no day."""
    return meeting_calendars([group.pk])[group.pk]


def meeting_calendars(groups: QuerySet[Group] | Collection[int]) -> dict[int, MeetingCalendar]:
    """Return when groups agreed to meet, by group, in one statement; `groups` is a query or the ids.

    A group without a rhythm is there where it was asked for by its id.
    """
    parts: dict[int, list[str]] = {} if isinstance(groups, QuerySet) else {pk: [] for pk in groups}
    chosen = groups if isinstance(groups, QuerySet) else list(groups)
    for group_id, agreed in rows_of(AGREED_CALENDARS, ["group_id", "agreed"], chosen, {}):
        parts.setdefault(group_id, []).append(agreed)
    return {group_id: calendar_of(agreed) for group_id, agreed in parts.items()}


@dataclass(frozen=True, slots=True)
class DaysAround:
    """The agreed days on both sides of a day from which a new rhythm is to count."""

    before: list[date]
    after: list[date]


def days_around(group: Group, rhythm: MeetingRhythm) -> DaysAround:
    """Return the last agreed day before an unsaved rhythm, and the first five that it gives."""
    calendar, start = meeting_calendar(group), rhythm.agreed_from
    before = calendar.on_or_before(start - timedelta(1))
    days = [rhythm.rhythm.on_or_after(start)]
    while len(days) < DAYS_SHOWN:
        days.append(rhythm.rhythm.on_or_after(days[-1] + timedelta(1)))
    return DaysAround([] if before is None else [before], days)


def calendar_of(agreed: Iterable[str]) -> MeetingCalendar:
    """Return the calendar that rows of `AGREED_CALENDARS` make together, in any order."""
    rhythms: list[Rhythm] = []
    moves: list[Move] = []
    for text in agreed:
        first, *rest = text.split(",")
        if len(rest) == 1:
            moves.append(Move(date.fromisoformat(first), _day(rest[0])))
        else:
            every, *numbers, counted_from = rest
            weekday, week, day_of_month, pasaran, days = (int(number or 0) for number in numbers)
            rhythms.append(
                Rhythm(
                    every, date.fromisoformat(first), weekday=weekday, week=week, days=days,
                    day_of_month=day_of_month, pasaran=pasaran, counted_from=_day(counted_from),
                )
            )  # fmt: skip
    return MeetingCalendar(tuple(rhythms), tuple(moves))


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None
