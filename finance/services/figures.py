"""Keeping the figures of groups, so that a page over thousands of them adds up rows instead of their ledgers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from datetime import date

from django.db.models import QuerySet

from finance.models import CLASSES, FiguresSlice, GroupFigures
from finance.performance import Performance
from finance.selectors.figures import lacking_figures
from finance.selectors.loan_performance import performance_by_group, savings_by_group
from finance.wording import UPK_STANDARD
from groups.models import Group
from groups.shared.batches import BATCH_GROUPS, work_through


def figures_keep(groups: QuerySet[Group], *, on: date, report: Callable[[int], object] | None = None) -> int:
    """Work out the figures at the end of `on` of those of `groups` that lack them; return how many did.

    They take the place of others of the same month. A batch of groups takes the same number of statements whatever its
    size.
    """
    return work_through(lacking_figures(groups, on), lambda ids: _keep(ids, on), report)


def _keep(ids: list[int], on: date) -> None:
    groups, month = Group.objects.filter(pk__in=ids), on.replace(day=1)
    found, savings = performance_by_group(groups, as_of=on), savings_by_group(groups, as_of=on)
    nothing = Performance(months=on.month)
    GroupFigures.objects.filter(group__in=ids, month=month).delete()
    kept = GroupFigures.objects.bulk_create(
        [_row(pk, on, found.get(pk, nothing), savings.get(pk, 0)) for pk in ids], batch_size=BATCH_GROUPS
    )
    FiguresSlice.objects.bulk_create(
        [FiguresSlice(figures=row, **asdict(part)) for row in kept for part in found.get(row.group_id, nothing).slices],
        batch_size=BATCH_GROUPS,
    )


def _row(group_id: int, on: date, figures: Performance, savings: int) -> GroupFigures:
    classed = [standard.classed(standard.of(figures)) for standard in UPK_STANDARD]
    return GroupFigures(
        group_id=group_id,
        month=on.replace(day=1),
        as_of=on,
        savings=savings,
        balance=figures.balance,
        risk_30=figures.balance_later_than(30),
        at_risk=figures.at_risk_balance,
        due=figures.due,
        paid=figures.paid,
        income=figures.income,
        costs=figures.costs,
        capital=figures.capital,
        **dict(zip(CLASSES, (found or "" for found in classed), strict=True)),
    )
