"""What comes after a meeting: when the group meets next, and who owes what by then. Whole rupiah."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from finance.selectors import LoanRow, group_summary
from finance.selectors.owed import owed
from groups.models import Member
from groups.selectors import meeting_calendar
from meetings.models import Meeting, MeetingStatus


@dataclass(frozen=True, slots=True)
class Owing:
    """A member with instalments late by `arrears`, and with `other` owed besides loans."""

    member: Member
    arrears: int
    other: int


@dataclass(frozen=True, slots=True)
class NextSteps:
    """What follows the latest meeting of a group; `meets_on` is None where no rhythm was agreed."""

    meets_on: date | None
    cash: int
    owing: list[Owing]


def next_steps(meeting: Meeting, late: Iterable[LoanRow]) -> NextSteps | None:
    """Return what comes after a closed meeting, None where a later one is recorded; `late` are the loans in arrears."""
    assert meeting.held_on is not None, "a closed meeting has a date"
    group, held_on = meeting.group, meeting.held_on
    later = Meeting.objects.filter(group=group, status=MeetingStatus.CLOSED, held_on__gt=held_on)
    if meeting.status != MeetingStatus.CLOSED or later.exists():
        return None
    arrears: dict[int, int] = defaultdict(int)
    for row in late:
        arrears[row.loan.member_id] += row.arrears.late
    other = {pk: row.total for pk, row in owed(group, as_of=held_on).items()}
    people = Member.objects.filter(pk__in={*arrears, *other}).order_by("number")
    owing = [Owing(member, arrears.get(member.pk, 0), other.get(member.pk, 0)) for member in people]
    return NextSteps(meeting_calendar(group).next_after(held_on), group_summary(group).cash, owing)
