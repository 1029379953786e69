"""When a group agreed to meet: pure arithmetic on dates, without ORM or clock."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

DAYS_BETWEEN = {"WEEK": 7, "FORTNIGHT": 14}
_HALF_RHYTHM = {"WEEK": 3, "FORTNIGHT": 7}


@dataclass(frozen=True, slots=True)
class MeetingSchedule:
    """An agreed rhythm: `every` week, fortnight or month on `weekday` (0 is Monday).

    `week` is the week of the month (1–4, 5 is the last) and counts for months only; `anchor` is a day from
    which fortnights are counted, the founding of the group.
    """

    every: str
    weekday: int
    week: int
    anchor: date

    def dates(self, start: date, end: date) -> Iterator[date]:
        """Yield the agreed meeting days from `start` to `end`, both included."""
        if self.every in DAYS_BETWEEN:
            step = DAYS_BETWEEN[self.every]
            first = self.anchor + timedelta((self.weekday - self.anchor.weekday()) % 7)
            day = first + timedelta(-(-(start - first).days // step) * step)
            while day <= end:
                yield day
                day += timedelta(step)
        else:
            year, month = start.year, start.month
            while (day := self._in_month(year, month)) <= end:
                if day >= start:
                    yield day
                year, month = (year + month // 12, month % 12 + 1)

    def next_after(self, day: date) -> date:
        """Return the first agreed meeting day later than `day`."""
        return next(self.dates(day + timedelta(1), day + timedelta(70)))

    def due_after(self, held_on: date | None) -> date:
        """Return the agreed day the group meets next, after a meeting on `held_on` or, for None, its founding.

        A meeting counts for the agreed day nearest to it: one held a day early does not leave that day open.
        """
        if held_on is None:
            return self.next_after(self.anchor - timedelta(1))
        return self.next_after(held_on + timedelta(_HALF_RHYTHM.get(self.every, 15)))

    def _in_month(self, year: int, month: int) -> date:
        first = date(year, month, 1)
        nth = first + timedelta((self.weekday - first.weekday()) % 7 + 7 * (self.week - 1))
        # A fifth weekday that the month does not have is its last one.
        return nth if nth.month == month else nth - timedelta(7)


def expected_meetings(every: str, days: int) -> int:
    """Return how many meetings a rhythm promises in `days` days, at least one (a month is 30.44 days)."""
    return max(1, int(days / DAYS_BETWEEN.get(every, 30.44)))
