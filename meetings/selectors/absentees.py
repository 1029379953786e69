"""Who stays away from meetings again and again."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date

from groups.models import Group
from meetings.models import Attendance, AttendanceStatus, Meeting, MeetingStatus

LATEST, AGAIN = 4, 2
"""Of how many of the last meetings somebody must have missed how many, to be named."""

AWAY = (AttendanceStatus.ABSENT, AttendanceStatus.EXCUSED)


@dataclass(frozen=True, slots=True)
class Missed:
    """How many meetings were looked at, and how many of them members missed, with word or without, by their ids.

    `held_on` are the days of those meetings.
    """

    meetings: int
    by_member: dict[int, int]
    held_on: frozenset[date] = frozenset()


def missed_of_late(group: Group, *, as_of: date) -> Missed:
    """Return which members missed two or more of the last four meetings up to a day; one statement."""
    closed = Meeting.objects.filter(group=group, status=MeetingStatus.CLOSED, held_on__lte=as_of)
    latest = closed.order_by("-held_on", "-of_day", "-number").values("pk")[:LATEST]
    rows = Attendance.objects.filter(group=group, meeting__in=latest).values_list(
        "meeting", "meeting__held_on", "member", "status"
    )
    away = Counter(member for _meeting, _day, member, status in rows if status in AWAY)
    again = {member: count for member, count in away.items() if count >= AGAIN}
    days = frozenset(day for _meeting, day, _member, _status in rows if day is not None)
    return Missed(len({meeting for meeting, *_rest in rows}), again, days)
