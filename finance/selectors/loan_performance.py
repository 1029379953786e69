"""How healthy the loans and the money of one group or of thousands are, as of any day.

Each function takes one statement or two, whatever the number of groups and loans. Balances come from the columns of the
accounts less what moved after the day, so a recent day costs little. Whole rupiah.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any, NamedTuple

from django.db.models import QuerySet

from finance.ledger.chart import EQUITY, EXPENSES, INCOME, SAVINGS
from finance.models import AccountKind
from finance.performance import Performance, Slice, months_so_far
from finance.selectors.loan_positions import AGED_LOANS, ageing_values
from finance.selectors.relations import MONEY
from groups.models import Group
from groups.shared.sql import Relation, quoted, sums_of

CAPITAL = tuple(kind for kind in EQUITY if kind != AccountKind.SURPLUS_DIVIDED)
"""What the operating standard calls capital (modal): opening capital, grants, reserve."""

_NO_MONEY = {"income": 0, "costs": 0, "capital": 0}


def performance(groups: QuerySet[Group], *, as_of: date) -> Performance:
    """Return the figures of all `groups` together on a day, in two statements: the loans, and the money."""
    return _figures(groups, as_of, by_group=False).get(0, Performance(months=months_so_far(as_of)))


def performance_by_group(groups: QuerySet[Group], *, as_of: date) -> dict[int, Performance]:
    """Return the figures of each of `groups` that has any, by the group's id, in the same two statements."""
    return _figures(groups, as_of, by_group=True)


def savings_by_group(groups: QuerySet[Group], *, as_of: date) -> dict[int, int]:
    """Return the savings of all members of each of `groups` that has accounts for them, in one statement."""
    # Only what moved after the day matters.
    values = {"as_of": as_of, "since": as_of + timedelta(1)}
    rows = sums_of(MONEY, ["balance"], groups, values, by=["group_id"], kinds=quoted(*SAVINGS))
    return {group_id: int(balance) for group_id, balance in rows}


class _Loans(NamedTuple):
    """The loans of a group, or of all together; `due` and `paid` as `Performance` has them."""

    slices: tuple[Slice, ...] = ()
    due: int = 0
    paid: int = 0


def _sums(
    relation: Relation,
    columns: Sequence[str],
    groups: QuerySet[Group],
    values: Mapping[str, date],
    *,
    by: Sequence[str],
    by_group: bool,
    **words: str,
) -> list[tuple[Any, ...]]:
    """Return sums as `sums_of` does, each behind the id of its group, or behind 0 for all groups together."""
    if by_group:
        return sums_of(relation, columns, groups, values, by=["group_id", *by], **words)
    return [(0, *row) for row in sums_of(relation, columns, groups, values, by=by, **words)]


_OF_SLICE = ("is_running", "borrower", "balance", "late_principal", "late_fee", "fell_due", "fell_due_paid")


def _loans(groups: QuerySet[Group], as_of: date, *, by_group: bool) -> dict[int, _Loans]:
    """Return the loans by group, or under 0 those of all groups together."""
    loans: dict[int, _Loans] = {}
    by = ("age", "collectability")
    for key, age, level, *sums in _sums(AGED_LOANS, _OF_SLICE, groups, ageing_values(as_of), by=by, by_group=by_group):
        *amounts, fell_due, paid = map(int, sums)
        so_far = loans.get(key, _Loans())
        part = (Slice(age, level, *amounts),) if amounts[0] else ()
        loans[key] = _Loans(so_far.slices + part, so_far.due + fell_due, so_far.paid + paid)
    return loans


def _figures(groups: QuerySet[Group], as_of: date, *, by_group: bool) -> dict[int, Performance]:
    """Return all figures by group, or under 0 those of all groups together."""
    loans = _loans(groups, as_of, by_group=by_group)
    money: dict[int, dict[str, int]] = {}
    values, kinds = {"as_of": as_of, "since": as_of.replace(month=1, day=1)}, quoted(*INCOME, *EXPENSES, *CAPITAL)
    rows = _sums(MONEY, ("moved", "balance"), groups, values, by=["kind"], by_group=by_group, kinds=kinds)
    for key, kind, this_year, balance in rows:
        sums = money.setdefault(key, dict(_NO_MONEY))
        if kind in CAPITAL:
            sums["capital"] += int(balance)
        elif kind in INCOME:
            sums["income"] += int(this_year)
        else:
            sums["costs"] -= int(this_year)
    return {
        key: Performance(
            *loans.get(key, _Loans()),
            income=of_money["income"],
            costs=of_money["costs"],
            capital=of_money["capital"],
            months=months_so_far(as_of),
        )
        for key in {*loans, *money}
        for of_money in (money.get(key, _NO_MONEY),)
    }
