"""The figures of the operating standard of UPKs, by hand."""

from datetime import date
from fractions import Fraction

import pytest

from finance.performance import (
    Collectability,
    Performance,
    Slice,
    UpkClass,
    collectability,
    months_before,
    months_so_far,
    together,
    upk_class_of_cost_coverage,
    upk_class_of_repayment,
    upk_class_of_return,
    upk_class_of_risk,
)

ON = date(2026, 11, 21)


@pytest.mark.parametrize(
    ("late_since", "expected"),
    [
        (None, Collectability.LANCAR),
        (date(2026, 11, 20), Collectability.PERHATIAN),
        (date(2026, 8, 22), Collectability.PERHATIAN),
        (date(2026, 8, 21), Collectability.KURANG_LANCAR),
        (date(2026, 7, 22), Collectability.KURANG_LANCAR),
        (date(2026, 7, 21), Collectability.DIRAGUKAN),
        (date(2026, 5, 22), Collectability.DIRAGUKAN),
        (date(2026, 5, 21), Collectability.MACET),
        (date(2020, 1, 1), Collectability.MACET),
    ],
)
def test_collectability_changes_on_the_day_the_months_are_full(late_since, expected):
    assert collectability(late_since, ON) == expected


@pytest.mark.parametrize(
    ("day", "months", "before"),
    [
        (date(2026, 5, 31), 3, date(2026, 2, 28)),
        (date(2024, 5, 31), 3, date(2024, 2, 29)),
        (date(2026, 2, 10), 3, date(2025, 11, 10)),
        (date(2026, 12, 31), 6, date(2026, 6, 30)),
    ],
)
def test_months_before_a_day(day, months, before):
    assert months_before(day, months) == before


def part(age, level, balance, *, loans=1, borrowers=1, late_principal=0, late_fee=0):
    return Slice(age, level, loans, borrowers, balance, late_principal, late_fee)


PORTFOLIO = Performance(
    slices=(
        part(0, 1, 600, loans=6, borrowers=5),
        part(1, 2, 100, late_principal=10, late_fee=1),
        part(2, 2, 100, late_principal=20, late_fee=2),
        part(4, 3, 150, late_principal=50, late_fee=5),
        part(5, 5, 50, late_principal=40, late_fee=4),
    ),
    due=1000,
    paid=868,
    income=250,
    costs=200,
    capital=2000,
    months=6,
)


@pytest.mark.parametrize(
    ("day", "months"),
    [
        (date(2026, 1, 31), 1), (date(2026, 2, 1), Fraction(29, 28)), (date(2026, 2, 28), 2),
        (date(2024, 2, 29), 2), (date(2026, 11, 15), Fraction(21, 2)), (date(2026, 12, 31), 12),
    ],
)  # fmt: skip
def test_the_month_that_runs_counts_by_its_days(day, months):
    assert months_so_far(day) == months


def test_par_counts_whole_balances_not_what_is_late():
    assert PORTFOLIO.balance == 1000
    assert (PORTFOLIO.par_30, PORTFOLIO.par_60, PORTFOLIO.par_90) == (Fraction(3, 10), Fraction(2, 10), Fraction(2, 10))
    assert PORTFOLIO.late == 132


def test_the_upk_counts_from_three_months():
    assert PORTFOLIO.lar == Fraction(2, 9)
    assert PORTFOLIO.upk_par == Fraction(2, 10)
    assert PORTFOLIO.upk_repayment_rate == Fraction(910, 1000)


def test_rates_of_payment_and_of_money():
    assert PORTFOLIO.repayment_rate == Fraction(868, 1000)
    assert PORTFOLIO.cost_coverage == Fraction(125, 100)
    assert PORTFOLIO.return_on_investment == Fraction(50 * 12, 2000 * 6)


def test_nothing_to_divide_by_is_no_figure():
    empty = Performance()
    assert {empty.par_30, empty.lar, empty.repayment_rate, empty.cost_coverage, empty.return_on_investment} == {None}
    assert upk_class_of_risk(empty.lar) is None


def test_the_ageing_table_has_every_row_and_the_whole_portfolio():
    rows = PORTFOLIO.ageing()
    assert [row.balance for row in rows] == [600, 100, 100, 0, 150, 50]
    assert [row.loans for row in PORTFOLIO.by_collectability()] == [6, 2, 1, 0, 1]
    assert [(row.age, row.collectability) for row in PORTFOLIO.ageing()] == [(age, 0) for age in range(6)]
    assert [(row.age, row.collectability) for row in PORTFOLIO.by_collectability()] == [(0, n) for n in range(1, 6)]


def test_many_groups_together_are_their_sums():
    both = together([PORTFOLIO, PORTFOLIO], months=6)
    assert (both.balance, both.borrowers, both.due, both.capital) == (2000, 18, 2000, 4000)
    assert (both.par_30, both.lar, both.cost_coverage) == (PORTFOLIO.par_30, PORTFOLIO.lar, PORTFOLIO.cost_coverage)


GOOD, MINIMUM, SUSPEND = UpkClass


@pytest.mark.parametrize(
    ("classify", "percent", "expected"),
    [
        (upk_class_of_risk, 10, GOOD),
        (upk_class_of_risk, Fraction(1001, 100), MINIMUM),
        (upk_class_of_risk, 20, MINIMUM),
        (upk_class_of_risk, Fraction(2001, 100), SUSPEND),
        (upk_class_of_cost_coverage, 125, GOOD),
        (upk_class_of_cost_coverage, Fraction(12499, 100), MINIMUM),
        (upk_class_of_cost_coverage, 100, MINIMUM),
        (upk_class_of_cost_coverage, Fraction(9999, 100), SUSPEND),
        (upk_class_of_return, 10, GOOD),
        (upk_class_of_return, Fraction(999, 100), MINIMUM),
        (upk_class_of_return, 0, MINIMUM),
        (upk_class_of_return, Fraction(-1, 100), SUSPEND),
        (upk_class_of_repayment, 90, GOOD),
        (upk_class_of_repayment, Fraction(8999, 100), MINIMUM),
        (upk_class_of_repayment, 80, MINIMUM),
        (upk_class_of_repayment, Fraction(7999, 100), SUSPEND),
    ],
)
def test_classes_change_at_their_bounds(classify, percent, expected):
    assert classify(Fraction(percent) / 100) == expected
