"""The figures of many groups, added up from those that are kept of each (`finance.services.figures`)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any, NamedTuple

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import BigIntegerField, Count, Exists, FilteredRelation, OuterRef, Q, QuerySet, Sum
from django.db.models.functions import Coalesce

from finance.models import CLASSES, GroupFigures
from finance.performance import Performance, Slice, UpkClass, together
from groups.models import Group
from groups.shared.sql import as_day, run_over

SUMS = ("savings", "due", "paid", "income", "costs", "capital")
Parts = Callable[[str], dict[str, Any]]
"""What groups are told apart by: annotations, one of them `part`, given the path that leads to a group."""


@dataclass(frozen=True, slots=True)
class Figures:
    """The figures of some groups together; `kept` says of how many of them any are there.

    `classes` are how many groups are good, minimum and to suspend by each ratio of a UPK.
    """

    groups: int
    kept: int
    savings: int
    loans: Performance
    classes: tuple[tuple[int, ...], ...]


def added(figures: Iterable[Figures], *, months: int) -> Figures:
    """Return the figures of groups that are counted once as one; `months` are those of the year so far."""
    found = list(figures)
    return Figures(
        groups=sum(part.groups for part in found),
        kept=sum(part.kept for part in found),
        savings=sum(part.savings for part in found),
        loans=together((part.loans for part in found), months=months),
        classes=tuple(
            tuple(sum(part.classes[column][place] for part in found) for place in range(len(UpkClass)))
            for column in range(len(CLASSES))
        ),
    )


def figures_on(on: date, path: str = "") -> Q:
    """Return the condition that figures are those of the end of `on`, and true; `path` leads to them."""
    wanted = {"month": on.replace(day=1), "as_of": on, "is_stale": False}
    return Q(**{f"{path}{name}": value for name, value in wanted.items()})


def lacking_figures(groups: QuerySet[Group], on: date) -> QuerySet[Group]:
    """Return those of `groups` whose figures at the end of `on` are not kept, or stale."""
    kept = GroupFigures.objects.filter(figures_on(on), group=OuterRef("pk"))
    return Group.objects.filter(~Exists(kept), pk__in=groups.order_by().values("pk"))


def figures_by(groups: QuerySet[Group], on: date, parts: Parts) -> dict[Any, Figures]:
    """Return the figures of `groups` at the end of `on` by part, in two statements.

    A group of several parts, such as facilitators, counts with each.
    """
    kept = groups.order_by().annotate(of_day=FilteredRelation("figures", condition=figures_on(on, "figures__")))
    sums = {name: Coalesce(Sum(f"of_day__{name}"), 0, output_field=BigIntegerField()) for name in SUMS}
    counts = {
        f"{column}_{upk_class}": Count("pk", filter=Q(**{f"of_day__{column}": upk_class}))
        for column in CLASSES
        for upk_class in UpkClass
    }
    columns = sums | counts
    rows = kept.annotate(**parts("")).values_list("part").annotate(Count("pk"), Count("of_day"), **columns)
    slices = _slices_by(groups, on, parts)
    found: dict[Any, Figures] = {}
    for part, count, counted, savings, due, paid, income, costs, capital, *classes in rows:
        of_part = tuple(slices.get(part, ()))
        loans = Performance(of_part, int(due), int(paid), int(income), int(costs), int(capital), months=on.month)
        of_class = [tuple(classes[at : at + len(UpkClass)]) for at in range(0, len(classes), len(UpkClass))]
        found[part] = Figures(count, counted, int(savings), loans, tuple(of_class))
    return found


def figures_listed(groups: QuerySet[Group], on: date) -> QuerySet[GroupFigures]:
    """Return the kept figures of each of `groups` with its group and its slices, those most at risk first."""
    kept = GroupFigures.objects.filter(figures_on(on), group__in=groups.order_by().values("pk"))
    shown = ("as_of", *SUMS, "group__code", "group__name")
    return (
        kept.select_related("group")
        .only(*shown)
        .prefetch_related("slices")
        .order_by("-at_risk", "group__name", "group")
    )


class Month(NamedTuple):
    """The portfolio of the groups there were at the end of `as_of`, the last day of a month or the newest in it."""

    month: date
    as_of: date
    groups: int
    savings: int
    balance: int
    risk_30: int

    @property
    def par_30(self) -> Fraction | None:
        """Balances of loans more than 30 days late / all balances."""
        return Fraction(self.risk_30, self.balance) if self.balance > 0 else None


def figures_by_month(groups: QuerySet[Group], start: date, end: date) -> list[Month]:
    """Return the months from `start` to `end`, first days both, of which the figures of all groups are kept.

    In one statement.
    """
    founded: list[tuple[date, int]] = []
    found = []
    for month, as_of, count, *amounts in run_over(_MONTHS_SQL, groups, {"start": start, "end": end}):
        if month is None:
            founded.append((as_day(as_of), count))
        else:
            found.append(Month(as_day(month), as_day(as_of), count, *map(int, amounts)))
    return [month for month in found if month.groups == sum(count for day, count in founded if day <= month.as_of)]


# The kept months, and after them how many groups were founded on each day.
_MONTHS_SQL = """
WITH chosen (id, founded_on) AS (SELECT g.id, g.founded_on FROM groups_group g WHERE g.id IN ({groups}))
SELECT f.month, f.as_of, COUNT(*), SUM(f.savings), SUM(f.balance), SUM(f.risk_30)
FROM finance_groupfigures f JOIN chosen g ON g.id = f.group_id AND g.founded_on <= f.as_of
WHERE f.month BETWEEN %(start)s AND %(end)s AND NOT f.is_stale
GROUP BY f.month, f.as_of
UNION ALL
SELECT NULL, founded_on, COUNT(*), 0, 0, 0 FROM chosen GROUP BY founded_on
ORDER BY 1, 2
"""


def _slices_by(groups: QuerySet[Group], on: date, parts: Parts) -> dict[Any, list[Slice]]:
    kept = groups.filter(figures_on(on, "figures__")).order_by().annotate(**parts(""))
    found: dict[Any, list[Slice]] = {}
    try:
        chosen, values = kept.values("figures", "part").query.sql_with_params()  # type: ignore[misc]  # annotated
    except EmptyResultSet:
        return found
    with connection.cursor() as cursor:
        cursor.execute(_SLICES_SQL.format(chosen=chosen), values)
        for part, *numbers in cursor.fetchall():
            found.setdefault(part, []).append(Slice(*map(int, numbers)))
    return found


# With a limit PostgreSQL first joins groups to figures and then, once, to the slices, which are many more.
_SLICES_SQL = """
SELECT k.part, s.age, s.collectability, SUM(s.loans), SUM(s.borrowers), SUM(s.balance), SUM(s.late_principal),
    SUM(s.late_fee)
FROM ({chosen} LIMIT 1000000000) k JOIN finance_figuresslice s ON s.figures_id = k.figures
GROUP BY 1, 2, 3 ORDER BY 2, 3
"""
