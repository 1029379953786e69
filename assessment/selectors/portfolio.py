"""The portfolio by region and by month, both kept of the months of whole organisations."""

from __future__ import annotations

from dataclasses import astuple, dataclass
from datetime import date
from typing import Any

from django.db.models import QuerySet

from assessment.months import PORTFOLIO, Counts, counted, months_between
from assessment.selectors.comparison import regions_below
from finance.performance import Performance, Slice
from finance.selectors.figures import Figures, Month, figures_by, figures_by_month
from groups.models import Group

MONEY = ("due", "paid", "income", "costs", "capital")
"""What `Performance` has besides the slices and the months of the year."""


@dataclass(frozen=True, slots=True)
class Portfolio:
    """The portfolio at the end of a day by the region just below the one asked for, and of the months up to it."""

    by_region: dict[str, Figures]
    months: list[Month]

    @property
    def is_whole(self) -> bool:
        """Whether the figures of every group are in it."""
        return all(part.kept == part.groups for part in self.by_region.values())


def portfolio_find(
    groups: QuerySet[Group], start: date, on: date, region: str, *, organisation: int | None = None
) -> Portfolio:
    """Return the portfolio of `groups`, those there were on the day `on`, in one statement to four.

    Of the months from that of `start` to that of `on` it has those of which the figures of all groups are kept.
    `organisation` is the one whose groups they all are, in any region; what is kept of it is not added up again.
    """
    found = counted(PORTFOLIO, months_between(start, on), groups, count_months, organisation=organisation)
    months = [Month(month, date.fromisoformat(of["as_of"]), *of["sums"]) for month, of in found.items()]
    kept = found.get(on.replace(day=1), {})
    if kept.get("as_of") == on.isoformat() and "regions" in kept:
        by_region = {key: _from_json(part, on.month) for key, part in kept["regions"].items()}
    else:
        by_region = figures_by(groups, on, regions_below(region))
    return Portfolio(by_region, months)


def count_months(groups: QuerySet[Group], months: list[date]) -> dict[date, Counts]:
    """Return the sums of each of `months`, which follow each other, as JSON keeps them; one statement."""
    return {
        month: {"as_of": as_of.isoformat(), "sums": sums}
        for month, as_of, *sums in figures_by_month(groups, months[0], months[-1])
    }


def count_portfolio(groups: QuerySet[Group], months: list[date]) -> dict[date, Counts]:
    """Return the sums of each of `months` and its figures by province; two more statements a month."""
    found = count_months(groups, months)
    for counts in found.values():
        on = date.fromisoformat(counts["as_of"])
        by_province = figures_by(groups.filter(founded_on__lte=on), on, regions_below(""))
        counts["regions"] = {key: _as_json(part) for key, part in by_province.items()}
    return found


def _as_json(figures: Figures) -> Counts:
    loans = figures.loans
    return {
        "groups": figures.groups,
        "savings": figures.savings,
        "money": {name: getattr(loans, name) for name in MONEY},
        "slices": [astuple(part) for part in loans.slices],
        "classes": figures.classes,
    }


def _from_json(kept: dict[str, Any], months: int) -> Figures:
    slices = tuple(Slice(*part) for part in kept["slices"])
    return Figures(
        groups=kept["groups"],
        kept=kept["groups"],
        savings=kept["savings"],
        loans=Performance(slices, **kept["money"], months=months),
        classes=tuple(tuple(counts) for counts in kept["classes"]),
    )
