"""What the surplus may become by the end of the year. Whole rupiah."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from finance.selectors.loan_positions import fees_due
from finance.selectors.surplus import period_surplus
from groups.models import Group


@dataclass(frozen=True, slots=True)
class SurplusProjection:
    """What the surplus may be on `end`: so far, plus fees still due by then, less expenses as they were.

    `months_gone` and `months_left` are calendar months from the start, the one of today among those gone.
    """

    start: date
    today: date
    end: date
    so_far: int
    fees_due: int
    expenses_so_far: int
    months_gone: int
    months_left: int

    @property
    def monthly_expenses(self) -> int:
        """The average expenses of a month so far, rounded down."""
        return self.expenses_so_far // self.months_gone

    @property
    def expenses_to_come(self) -> int:
        """The average for each month left."""
        return self.monthly_expenses * self.months_left

    @property
    def projected(self) -> int:
        """Surplus so far + fees due − expenses to come."""
        return self.so_far + self.fees_due - self.expenses_to_come


def surplus_projection(group: Group, *, after: date | None, today: date) -> SurplusProjection:
    """Return the projection of the year of `today`, of what comes after the day `after` (`divided_through`).

    Fees due are those of the running loans' instalments up to the end of the year, late ones among them, less what
    was paid on each loan.
    """
    start, end = today.replace(month=1, day=1), today.replace(month=12, day=31)
    if after is not None:
        start = min(max(start, after + timedelta(days=1)), today)
    sofar = period_surplus(group, start=start, end=today)
    return SurplusProjection(
        start=start,
        today=today,
        end=end,
        so_far=sofar.surplus,
        fees_due=fees_due(group, as_of=end),
        expenses_so_far=sofar.total_expenses,
        months_gone=today.month - start.month + 1,
        months_left=12 - today.month,
    )
