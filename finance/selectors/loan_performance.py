"""How healthy the loans and the money of one group or of thousands are, as of any day.

Each function takes one statement or two, whatever the number of groups and loans. Balances come from the columns of the
accounts less what moved after the day, so a recent day costs little. Whole rupiah.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any, NamedTuple

from django.db.models import QuerySet

from finance.ledger.chart import EQUITY, EXPENSES, INCOME, SAVINGS
from finance.models import AccountKind
from finance.performance import (
    AGEING_DAYS,
    COLLECTABILITY_MONTHS,
    Collectability,
    Performance,
    Slice,
    ageing_bounds,
    collectability_bounds,
)
from finance.selectors.loan_positions import LOAN_POSITIONS
from groups.models import Group
from groups.shared.sql import Relation, read_relations, run_over

CAPITAL = tuple(kind for kind in EQUITY if kind != AccountKind.SURPLUS_DIVIDED)
"""What the operating standard calls capital (modal): opening capital, grants, reserve."""

_AGES = " ".join(f"WHEN late_since < %(age{number})s THEN {number + 1}" for number in reversed(range(len(AGEING_DAYS))))
_LEVELS = " ".join(
    f"WHEN late_since <= %(level{level})s THEN {level}" for level in sorted(COLLECTABILITY_MONTHS, reverse=True)
)
AGED_LOANS = Relation(
    "aged_loans",
    f"""
    SELECT id, group_id, balance, late_principal, late_fee, fell_due, fell_due_paid,
        CASE WHEN late_since IS NULL THEN 0 {_AGES} ELSE 0 END AS age,
        CASE WHEN late_since IS NULL THEN {Collectability.LANCAR} {_LEVELS} ELSE {Collectability.PERHATIAN} END
            AS collectability,
        CASE WHEN balance > 0 AND 1 = ROW_NUMBER() OVER (
            PARTITION BY member_id, balance > 0
            ORDER BY CASE WHEN late_since IS NULL THEN 1 ELSE 0 END, late_since, id
        ) THEN 1 ELSE 0 END AS borrower
    FROM loan_positions
    """,  # noqa: S608 - no input
    ("id", "group_id", "balance", "late_principal", "late_fee", "fell_due", "fell_due_paid", "age", "collectability",
     "borrower"),
    uses=(LOAN_POSITIONS,),
)  # fmt: skip
"""Loans with their row in the ageing table and their collectability, as `Slice` has them; values: `ageing_values`.

`borrower` is 1 for the loan that is late the longest among the running loans of a member.
"""

_SLICES_SQL = """
SELECT {group_id}, age, collectability,
    SUM(CASE WHEN balance > 0 THEN 1 ELSE 0 END), SUM(borrower),
    SUM(balance), SUM(late_principal), SUM(late_fee), SUM(fell_due), SUM(fell_due_paid)
FROM aged_loans
GROUP BY 1, 2, 3
ORDER BY 1, 2, 3
"""

_MONEY_SQL = """
WITH chosen (id) AS ({groups}),
moves AS (
    SELECT account_id,
        SUM(CASE WHEN effective_on <= %(as_of)s THEN amount ELSE 0 END) AS this_year,
        SUM(CASE WHEN effective_on > %(as_of)s THEN amount ELSE 0 END) AS later
    FROM (
        SELECT t.credit_account_id AS account_id, t.amount, e.effective_on
        FROM finance_entry e JOIN finance_transfer t ON t.entry_id = e.id
        WHERE e.group_id IN (SELECT id FROM chosen) AND e.effective_on >= %(year)s
        UNION ALL
        SELECT t.debit_account_id, -t.amount, e.effective_on
        FROM finance_entry e JOIN finance_transfer t ON t.entry_id = e.id
        WHERE e.group_id IN (SELECT id FROM chosen) AND e.effective_on >= %(year)s
    ) moved
    GROUP BY account_id
)
SELECT {group_id}, a.kind, SUM(COALESCE(m.this_year, 0)),
    SUM(a.credits_posted - a.debits_posted - COALESCE(m.later, 0))
FROM finance_account a LEFT JOIN moves m ON m.account_id = a.id
WHERE a.group_id IN (SELECT id FROM chosen) AND a.kind IN ({kinds})
GROUP BY 1, 2
"""


_NO_MONEY = {"income": 0, "costs": 0, "capital": 0}


def performance(groups: QuerySet[Group], *, as_of: date) -> Performance:
    """Return the figures of all `groups` together on a day, in two statements: the loans, and the money."""
    return _figures(groups, as_of, "0").get(0, Performance(months=as_of.month))


def performance_by_group(groups: QuerySet[Group], *, as_of: date) -> dict[int, Performance]:
    """Return the figures of each of `groups` that has any, by the group's id, in the same two statements."""
    return _figures(groups, as_of, "group_id")


def savings_by_group(groups: QuerySet[Group], *, as_of: date) -> dict[int, int]:
    """Return the savings of all members of each of `groups` that has accounts for them, in one statement."""
    found: dict[int, int] = {}
    # Only what moved after the day matters, so the year begins there.
    for group_id, _kind, _moved, balance in _money(groups, as_of, as_of + timedelta(1), "a.group_id", SAVINGS):
        found[group_id] = found.get(group_id, 0) + int(balance)
    return found


def ageing_values(as_of: date) -> dict[str, date]:
    """Return the values that `AGED_LOANS` reads: the day, and the bounds of ages and collectabilities."""
    ages = {f"age{number}": bound for number, bound in enumerate(ageing_bounds(as_of))}
    levels = {f"level{level}": bound for level, bound in collectability_bounds(as_of).items()}
    return {"as_of": as_of, **ages, **levels}


class _Loans(NamedTuple):
    """The loans of a group, or of all together; `due` and `paid` as `Performance` has them."""

    slices: tuple[Slice, ...] = ()
    due: int = 0
    paid: int = 0


def _loans(groups: QuerySet[Group], as_of: date, group_id: str) -> dict[int, _Loans]:
    """Return the loans by `group_id`, a column or the constant 0 for all groups together."""
    found: dict[int, _Loans] = {}
    for key, age, level, loans, *amounts in read_relations(
        _SLICES_SQL, [AGED_LOANS], groups, ageing_values(as_of), group_id=group_id
    ):
        borrowers, balance, late_principal, late_fee, fell_due, paid = map(int, amounts)
        so_far = found.get(key, _Loans())
        part = (Slice(age, level, loans, borrowers, balance, late_principal, late_fee),) if loans else ()
        found[key] = _Loans(so_far.slices + part, so_far.due + fell_due, so_far.paid + paid)
    return found


def _figures(groups: QuerySet[Group], as_of: date, group_id: str) -> dict[int, Performance]:
    """Return all figures by `group_id`, as `_loans` takes it."""
    loans = _loans(groups, as_of, group_id)
    money: dict[int, dict[str, int]] = {}
    kinds = (*INCOME, *EXPENSES, *CAPITAL)
    owner = "a.group_id" if group_id == "group_id" else group_id
    for key, kind, this_year, balance in _money(groups, as_of, as_of.replace(month=1, day=1), owner, kinds):
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
            months=as_of.month,
        )
        for key in {*loans, *money}
        for of_money in (money.get(key, _NO_MONEY),)
    }


def _money(
    groups: QuerySet[Group], as_of: date, since: date, group_id: str, kinds: Iterable[str]
) -> list[tuple[Any, ...]]:
    """Return by `group_id` and kind of account what moved from `since` to the day, and the balance; credits count."""
    named = ", ".join(f"'{kind}'" for kind in kinds)
    return run_over(_MONEY_SQL, groups, {"as_of": as_of, "year": since}, group_id=group_id, kinds=named)
