"""What somebody should know of a group before visiting it, on one page. Whole rupiah.

Each figure comes from the selector that the group's own pages use.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Generic, TypeVar

import finance.selectors
import meetings.selectors
from assessment.selectors.lacking import Lacking, lacking
from finance.models import CashCount
from finance.selectors import LoanArrears
from groups.models import Group, Member
from meetings.models import AgendaItem, FollowUp, Training, Visit

T = TypeVar("T")

MOST_LINES = 6
"""So many lines of each kind stand on the page, the most urgent first; it says how many more there are."""


@dataclass(frozen=True, slots=True)
class Lines(Generic[T]):
    """The first lines of a kind, and how many there are."""

    shown: list[T]
    count: int

    @property
    def more(self) -> int:
        """How many lines are not shown."""
        return self.count - len(self.shown)


@dataclass(frozen=True, slots=True)
class Brief:
    """A group before a visit on the day `as_of`.

    `absent` are members with how many of the last `meetings` they missed, `late` and `owed` members with what is late
    of a loan and what they owe besides, the totals of all of them. `lacking` is by the latest score.
    """

    group: Group
    as_of: date
    meetings: int
    absent: Lines[tuple[Member, int]]
    late: Lines[tuple[Member, LoanArrears]]
    late_total: int
    owed: Lines[tuple[Member, int]]
    owed_total: int
    decisions: Lines[AgendaItem]
    differences: Lines[CashCount]
    last_visit: Visit | None
    follow_ups: list[FollowUp]
    last_training: Training | None
    lacking: Lacking | None


def brief(group: Group, *, as_of: date) -> Brief:
    """Return what to know before a visit; a page of it takes fifteen statements at most, for any group."""
    own = Group.objects.filter(pk=group.pk)
    missed = meetings.selectors.missed_of_late(group, as_of=as_of)
    people = {member.pk: member for member in group.members.all()}
    names = {pk: str(member) for pk, member in people.items()}
    late = [loan for loan in finance.selectors.loan_arrears(own, as_of=as_of, names=names) if loan.late]
    owed = finance.selectors.owed_totals(group, everybody=people.values(), as_of=as_of, latest=missed.held_on)
    last = meetings.selectors.last_visit(group, as_of=as_of)
    absent = sorted(((people[pk], count) for pk, count in missed.by_member.items() if pk in people),
                    key=lambda pair: (-pair[1], pair[0].number))  # fmt: skip
    owing = sorted(((people[pk], one) for pk, one in owed.items()), key=lambda pair: (-pair[1], pair[0].number))
    return Brief(
        group=group,
        as_of=as_of,
        meetings=missed.meetings,
        absent=_lines(absent),
        late=_lines((people[loan.member_id], loan) for loan in late),
        late_total=sum(loan.late for loan in late),
        owed=_lines(owing),
        owed_total=sum(owed.values()),
        decisions=_lines(meetings.selectors.decisions_open([group], until=as_of)),
        differences=_lines(finance.selectors.open_differences(own)),
        last_visit=last.visit,
        follow_ups=last.follow_ups,
        last_training=last.training,
        lacking=lacking(group, as_of=as_of),
    )


def _lines(found: Iterable[T]) -> Lines[T]:
    every = list(found)
    return Lines(every[:MOST_LINES], len(every))
