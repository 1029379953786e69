"""When the instalments of a loan fall due: at the meetings the group agreed, or on a fixed day. Pure calculation."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import NamedTuple, Protocol

from finance.schedules import USUAL_DAYS, Every, anchor_of, days_apart, days_at_meetings, due_date, late_after_days
from groups.models import LoanDue

_LONG_ENOUGH = 800
"""Days of meetings to look at, at the least, to see how often a group meets."""
_TOO_SELDOM = 1.3
"""How much longer than between instalments it is between meetings of a group that meets too seldom for them."""


class Meetings(Protocol):
    """The agreed meeting days of a group."""

    def dates(self, start: date, end: date) -> Iterator[date]:
        """Yield the agreed days from `start` to `end`, both included."""


class DueDays(NamedTuple):
    """For each instalment the day it falls due, and the last day on which it is paid in time; `due_at` says which."""

    due_on: list[date]
    late_after: list[date]
    due_at: str


def due_days(
    calendar: Meetings, *, due_at: str, every: Every, periods: int, paid_out_on: date, first_due: date | None = None
) -> DueDays:
    """Return the due days of a loan; without `first_due` the first one follows from the day of paying out.

    At meetings an instalment is late the day after; one that falls due on a fixed day can still be paid in time at the
    first meeting on or after it. A group without agreed meetings has fixed days, late the day after, and so has one
    that meets too seldom for the instalments.
    """
    begin = first_due or paid_out_on
    far = begin + timedelta(_LONG_ENOUGH + int(2 * periods * USUAL_DAYS[every]))
    meetings = list(calendar.dates(paid_out_on + timedelta(1), far))
    apart = days_apart(meetings) if len(meetings) > 1 else 0
    far_apart = timedelta(_TOO_SELDOM * apart)
    is_regular = 0 < apart < _TOO_SELDOM * USUAL_DAYS[every]
    if due_at == LoanDue.MEETING and is_regular and meetings[0] - far_apart <= begin:
        days = days_at_meetings(meetings, periods=periods, every=every, paid_out_on=paid_out_on, first_due=first_due)
        return DueDays(days, late_after_days(days, meetings), LoanDue.MEETING)
    first = first_due or due_date(paid_out_on, 1, every)
    days = [due_date(first, step, every, anchor_of(paid_out_on, first)) for step in range(periods)]
    return _in_time(days, meetings, far_apart)


def _in_time(days: list[date], meetings: list[date], far_apart: timedelta) -> DueDays:
    """Return fixed days, each in time until the next meeting; late at once before anything was agreed."""
    agreed = [day for day in days if meetings and meetings[0] - far_apart <= day]
    return DueDays(days, [*days[: len(days) - len(agreed)], *late_after_days(agreed, meetings)], LoanDue.DAY)


def harvest_days(
    calendar: Meetings, *, due_at: str, months: int, paid_out_on: date, harvest_on: date, first_due: date | None = None
) -> DueDays:
    """Return the due days of a loan that is repaid on `harvest_on`, with the fee of `months` due before it or then.

    `months` are those whose fee is due, the last one with the harvest: 1 where all the fee waits for it.
    """
    fees = DueDays([], [], due_at)
    if months > 1:
        fees = due_days(
            calendar,
            due_at=due_at,
            every="month",
            periods=months - 1,
            paid_out_on=paid_out_on,
            first_due=first_due,
        )
    harvest = due_days(
        calendar, due_at=LoanDue.DAY, every="month", periods=1, paid_out_on=paid_out_on, first_due=harvest_on
    )
    before = [(day, late) for day, late in zip(fees.due_on, fees.late_after, strict=True) if day < harvest_on]
    at_harvest = months - len(before)
    return DueDays(
        [*(day for day, _late in before), *[harvest_on] * at_harvest],
        [*(late for _day, late in before), *harvest.late_after * at_harvest],
        fees.due_at,
    )
