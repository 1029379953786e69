"""When a group agreed to meet: pure arithmetic on dates, without ORM or clock."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from itertools import pairwise

DAY = timedelta(days=1)
PASARAN_DAYS = 5
SELAPAN_DAYS = 35
"""A weekday and a pasaran meet again after 7 x 5 days."""
LAST_WEEK = 5
"""The week of the month that is the last one, the fourth or the fifth."""


def pasaran_of(day: date) -> int:
    """Return the market day of the Javanese week: 0 Legi, 1 Pahing, 2 Pon, 3 Wage, 4 Kliwon.

    17 August 1945, a Jumat Legi, is day 710,260 of the calendar, which 5 divides.
    """
    return day.toordinal() % PASARAN_DAYS


@dataclass(frozen=True, slots=True)
class Rhythm:
    """One agreed rhythm, which counts from the day `agreed_from` on; of its parts it has those that `every` asks for.

    | every | parts |
    | --- | --- |
    | WEEK | `weekday`, 0 is Monday |
    | FORTNIGHT | `weekday`; the first such day from `counted_from` on is one of the days |
    | DAYS | `days` between two meetings, counted from the day `counted_from` |
    | MONTH | `weekday` and `week` of the month, 1 to 4, 5 is the last |
    | DATE | `day_of_month`, 1 to 31; a shorter month has it on its last day |
    | SELAPAN | `weekday` and `pasaran`, 0 is Legi: every 35 days |

    Where `counted_from` is None, the days are counted from `agreed_from`.
    """

    every: str
    agreed_from: date
    weekday: int = 0
    week: int = 1
    days: int = 0
    day_of_month: int = 1
    pasaran: int = 0
    counted_from: date | None = None

    def on_or_after(self, day: date) -> date:
        """Return the first day of the rhythm from `day` on, whenever the rhythm was agreed."""
        step = {"WEEK": 7, "FORTNIGHT": 14, "DAYS": self.days, "SELAPAN": SELAPAN_DAYS}.get(self.every)
        if step is not None:
            return day + timedelta((self._first() - day.toordinal()) % step)
        found = self._in_month(day.year, day.month)
        if found >= day:
            return found
        return self._in_month(day.year + day.month // 12, day.month % 12 + 1)

    def _first(self) -> int:
        """Return one of the days that come at equal distances, as its number in the calendar."""
        start = (self.counted_from or self.agreed_from).toordinal()
        if self.every == "DAYS":
            return start
        # Day 1 of the calendar is a Monday.
        first = start + (self.weekday + 1 - start) % 7
        if self.every == "SELAPAN":
            # Five weeks bring each weekday together with every pasaran, each once.
            first = next(day for day in range(first, first + SELAPAN_DAYS, 7) if day % PASARAN_DAYS == self.pasaran)
        return first

    def _in_month(self, year: int, month: int) -> date:
        first = date(year, month, 1)
        if self.every == "DATE":
            following = (first + timedelta(31)).replace(day=1)
            return min(first + timedelta(self.day_of_month - 1), following - DAY)
        nth = first + timedelta((self.weekday - first.weekday()) % 7 + 7 * (self.week - 1))
        # A fifth weekday that the month does not have is its last one.
        return nth if nth.month == month else nth - timedelta(7)


@dataclass(frozen=True, slots=True)
class Move:
    """The meeting of the agreed day `planned_on` is on `moved_to` instead; None: it does not take place."""

    planned_on: date
    moved_to: date | None


@dataclass(frozen=True)
class MeetingCalendar:
    """All days on which a group agreed to meet: its rhythms, one after the other, and the meetings that were moved.

    Each rhythm counts from its day until the next one does. Before the first nothing is agreed, and without one there
    is no day at all. A move of a day that no rhythm gives moves nothing.
    """

    rhythms: tuple[Rhythm, ...] = ()
    moves: tuple[Move, ...] = ()

    @property
    def has_pasaran(self) -> bool:
        """Whether the group meets, or ever met, by the market days of the Javanese week."""
        return any(rhythm.every == "SELAPAN" for rhythm in self.rhythms)

    def dates(self, start: date, end: date) -> Iterator[date]:
        """Yield the agreed days from `start` to `end`, both included, each once and in order."""
        if not self.moves:
            return self.planned(start, end)
        days = {day for day in self.planned(start, end) if day not in self.moved}
        days.update(day for day in self.moved.values() if day is not None and start <= day <= end)
        return iter(sorted(days))

    def planned(self, start: date, end: date) -> Iterator[date]:
        """Yield the days that the rhythms give from `start` to `end`, as if no meeting had been moved."""
        for rhythm, until in self._terms:
            day, last = max(start, rhythm.agreed_from), min(end, until)
            while day <= last and (day := rhythm.on_or_after(day)) <= last:
                yield day
                day += DAY

    def expected(self, start: date, end: date) -> int:
        """Return on how many days from `start` to `end`, both included, the group agreed to meet."""
        return sum(1 for _day in self.dates(start, end))

    def on_or_after(self, day: date) -> date | None:
        """Return the first agreed day from `day` on, None for a group without a rhythm."""
        if not self.rhythms:
            return None
        start = max(day, self._first)
        while True:  # the last rhythm goes on for ever, and only so many of its days are moved
            end = start + timedelta(_FAR)
            if (found := next(self.dates(start, end), None)) is not None:
                return found
            start = end

    def next_after(self, day: date) -> date | None:
        """Return the first agreed day later than `day`, None for a group without a rhythm."""
        return self.on_or_after(day + DAY)

    def on_or_before(self, day: date) -> date | None:
        """Return the last agreed day up to `day`, None where nothing was agreed by then."""
        while self.rhythms and day >= self._first:
            start = day - timedelta(_FAR)
            if days := list(self.dates(start, day)):
                return days[-1]
            day = start
        return None

    def day_of(self, held_on: date) -> date | None:
        """Return the agreed day that a meeting held on `held_on` counts for: the nearest, half way the later one.

        None for a group without a rhythm.
        """
        before, after = self.on_or_before(held_on), self.on_or_after(held_on)
        if before is None or after is None:
            return after
        return before if held_on - before < after - held_on else after

    def counts_from(self, agreed: date) -> date:
        """Return the first day on which a meeting counts for the day `agreed`, as `day_of` says; the first has none."""
        before = self.on_or_before(agreed - timedelta(1))
        return agreed if before is None else agreed - timedelta((agreed - before).days // 2)

    def due_after(self, held_on: date | None) -> date | None:
        """Return the agreed day the group meets next after a meeting on `held_on`, or its first one for None.

        A meeting held a day early counts for the agreed day nearest to it and does not leave that day open.
        """
        if held_on is None:
            return self.on_or_after(date.min)
        counted_for = self.day_of(held_on)
        return None if counted_for is None else self.next_after(counted_for)

    @cached_property
    def _terms(self) -> list[tuple[Rhythm, date]]:
        """The rhythms with the last day of each."""
        ordered = sorted(self.rhythms, key=lambda rhythm: rhythm.agreed_from)
        terms = [(rhythm, following.agreed_from - DAY) for rhythm, following in pairwise(ordered)]
        return [*terms, (ordered[-1], date.max)] if ordered else []

    @cached_property
    def moved(self) -> dict[date, date | None]:
        """The days that were moved and that a rhythm gives, with the day they were moved to."""
        return {
            move.planned_on: move.moved_to
            for move in self.moves
            if next(self.planned(move.planned_on, move.planned_on), None) is not None
        }

    @cached_property
    def _first(self) -> date:
        """The first day on which anything is agreed; a meeting may have been moved to before the first rhythm."""
        rhythm = self._terms[0][0].agreed_from
        return min([rhythm, *(day for day in self.moved.values() if day is not None)])


_FAR = 100
"""Days that are looked at together; most rhythms have a meeting in them."""
