"""Compulsory savings (wajib) that members owe by the rules of each day, paid or not. Pure calculation, whole rupiah."""

from __future__ import annotations

import calendar
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from itertools import groupby

from groups.models import Constitution, MissedWajib, WajibEvery

RulesOn = Callable[[date], Constitution | None]
"""What gives the rules in force on a day, None before the first were agreed."""


@dataclass(frozen=True, slots=True)
class Due:
    """Wajib of `amount` rupiah that every member of the day owes since it."""

    on: date
    amount: int


@dataclass(frozen=True, slots=True)
class Dues:
    """What fell due from the day `since` on, oldest first; what was missed before was let go, and so was what was paid.

    What a member has paid counts for the oldest. `brought` is what members, by id, had missed before the books began.
    """

    since: date
    dues: tuple[Due, ...]
    brought: Mapping[int, Due] = field(default_factory=dict)

    def of_member(self, pk: int, joined_on: date) -> list[Due]:
        """Return those of the member with the id `pk` who joined on a day."""
        before = [self.brought[pk]] if pk in self.brought else []
        return [*before, *(due for due in self.dues if due.on >= joined_on)]

    def before(self, day: date) -> Dues:
        """Return them without what falls due on the day, or after it."""
        return replace(self, dues=tuple(due for due in self.dues if due.on < day))


def unpaid(dues: Iterable[Due], paid: int) -> list[Due]:
    """Return what is left of `dues` when `paid` rupiah went to the oldest first."""
    left = []
    for due in dues:
        part = min(paid, due.amount)
        paid -= part
        if part < due.amount:
            left.append(Due(due.on, due.amount - part))
    return left


def wajib_dues(rules_on: RulesOn, meetings: Iterable[date], *, start: date, end: date) -> Dues:
    """Return the wajib due from `start` to `end`, by the rules of each day; `meetings` are the agreed days.

    By meeting it falls due on each agreed day, held or not; by month on the first agreed day of the month, or on its
    last day where there is none. `meetings` are those of whole months from that of `start` to that of `end`. Where the
    rules let missed wajib go, everything before is settled.
    """
    days = {month: list(found) for month, found in groupby(meetings, _month)}
    since, dues = start, list[Due]()
    for year, month in _months(start, end):
        agreed = days.get((year, month), ())
        of_month = agreed[0] if agreed else date(year, month, calendar.monthrange(year, month)[1])
        for day in agreed or [of_month]:
            if not start <= day <= end or (rules := rules_on(day)) is None:
                continue
            if rules.missed_wajib == MissedWajib.LET_GO:
                since, dues = day + timedelta(1), []
            elif rules.wajib and (day == of_month if rules.wajib_every == WajibEvery.MONTH else day in agreed):
                dues.append(Due(day, rules.wajib))
    last = rules_on(end)
    if last is not None and last.missed_wajib == MissedWajib.LET_GO:
        since, dues = date.max, []
    return Dues(since, tuple(dues))


def _month(day: date) -> tuple[int, int]:
    return day.year, day.month


def _months(start: date, end: date) -> Iterable[tuple[int, int]]:
    """Yield the months from that of `start` to that of `end`, as year and month."""
    for count in range(start.year * 12 + start.month - 1, end.year * 12 + end.month):
        yield count // 12, count % 12 + 1
