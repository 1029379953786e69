"""The portfolio by month, whose months are kept of whole organisations."""

from __future__ import annotations

from datetime import date

from django.db.models import QuerySet

from assessment.months import PORTFOLIO, Counts, counted, months_between
from finance.selectors.figures import Month, figures_by_month
from groups.models import Group


def portfolio_by_month(
    groups: QuerySet[Group], start: date, end: date, *, organisation: int | None = None
) -> list[Month]:
    """Return the months from `start` to `end` of which the figures of all groups are kept, in two statements.

    `organisation` is the one whose groups they all are; months kept of it are not added up again.
    """
    found = counted(PORTFOLIO, months_between(start, end), groups, count_portfolio, organisation=organisation)
    return [Month(month, date.fromisoformat(of_month["as_of"]), *of_month["sums"]) for month, of_month in found.items()]


def count_portfolio(groups: QuerySet[Group], months: list[date]) -> dict[date, Counts]:
    """Return the sums of each of `months`, which follow each other, as JSON keeps them."""
    return {
        month: {"as_of": as_of.isoformat(), "sums": sums}
        for month, as_of, *sums in figures_by_month(groups, months[0], months[-1])
    }
