"""The days of which other apps hold records of a group or a member.

Imports point one way, so this app asks without knowing them: whoever keeps records adds a reader when it is loaded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from groups.models import Group, Member


class RecordedDays(NamedTuple):
    """The first and the last day that something was recorded of; None where nothing was."""

    first: date | None = None
    last: date | None = None


MEMBER_READERS: list[Callable[[Member], RecordedDays]] = []
"""What gives the days on which an app knows a member."""
GROUP_READERS: list[Callable[[Group], RecordedDays]] = []
"""What gives the days on which an app knows a group."""
MEETING_READERS: list[Callable[[Group, date, date], list[date]]] = []
"""What gives the days, from one to another, on which an app knows a meeting of a group."""


def recorded_days_of_member(member: Member) -> RecordedDays:
    """Return the first and the last day on which books or minutes know the member."""
    return spanning(read(member) for read in MEMBER_READERS)


def recorded_days_of_group(group: Group) -> RecordedDays:
    """Return the first and the last day on which books or minutes know the group."""
    return spanning(read(group) for read in GROUP_READERS)


def recorded_meetings(group: Group, *, start: date, end: date) -> list[date]:
    """Return the days from `start` to `end`, both included, on which a meeting of the group is recorded."""
    return sorted(day for read in MEETING_READERS for day in read(group, start, end))


def spanning(days: Iterable[RecordedDays]) -> RecordedDays:
    """Return the days from the first to the last of all of `days`."""
    spans = list(days)
    return RecordedDays(
        min((first for first, _last in spans if first is not None), default=None),
        max((last for _first, last in spans if last is not None), default=None),
    )
