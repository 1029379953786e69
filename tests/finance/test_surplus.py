"""Division of the surplus: a worked case, its properties and what it refuses."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finance.surplus import apportion, divide_surplus, month_ends

bases = st.dictionaries(st.integers(1, 20), st.integers(0, 10**10), max_size=20)


@st.composite
def shares(draw):
    cuts = sorted(draw(st.lists(st.integers(0, 10_000), min_size=3, max_size=3)))
    parts = [b - a for a, b in zip([0, *cuts], [*cuts, 10_000], strict=True)]
    return dict(zip(["savings", "borrowing", "reserve", "social"], (Decimal(p) / 100 for p in parts), strict=True))


def test_a_worked_division():
    division = divide_surplus(
        surplus=1_000_000,
        shares={"savings": Decimal(40), "borrowing": Decimal(20), "reserve": Decimal(30), "officers": Decimal(10)},
        savings={1: 300_000, 2: 100_000},
        borrowing={2: 1_000_000, 3: 2_000_000},
    )
    assert {pk: (m.by_savings, m.by_borrowing) for pk, m in division.members.items()} == {
        1: (300_000, 0), 2: (100_000, 66_666), 3: (0, 133_333),
    }  # fmt: skip
    assert division.purposes == {"reserve": 300_000, "officers": 100_000}
    assert division.rounding == 1


def test_a_part_nobody_has_a_claim_to_stays_undivided():
    division = divide_surplus(surplus=100, shares={"savings": Decimal(100)}, savings={1: 0}, borrowing={})
    assert division.members[1].total == 0
    assert division.rounding == 100


@pytest.mark.parametrize("missing", ["savings", "borrowing"])
def test_rules_may_give_nothing_by_savings_or_by_borrowing(missing):
    given = {"savings": "borrowing", "borrowing": "savings"}[missing]
    division = divide_surplus(
        surplus=1_000, shares={given: Decimal(60), "reserve": Decimal(40)}, savings={1: 300_000}, borrowing={1: 500_000}
    )
    share = division.members[1]
    assert (getattr(share, f"by_{missing}"), getattr(share, f"by_{given}")) == (0, 600)
    assert (division.purposes, division.rounding) == ({"reserve": 400}, 0)


def test_rules_may_give_members_nothing():
    division = divide_surplus(surplus=1_000, shares={"reserve": Decimal(100)}, savings={1: 300}, borrowing={2: 500})
    assert [share.total for share in division.members.values()] == [0, 0]
    assert (division.purposes, division.rounding) == ({"reserve": 1_000}, 0)


@given(st.integers(0, 10**12), shares(), bases, bases)
def test_everything_adds_up_to_the_surplus(surplus, shares, savings, borrowing):
    division = divide_surplus(surplus=surplus, shares=shares, savings=savings, borrowing=borrowing)
    members = sum(share.total for share in division.members.values())
    assert members + sum(division.purposes.values()) + division.rounding == surplus
    assert division.rounding >= 0
    if sum(savings.values()) and sum(borrowing.values()):
        # Each amount loses less than a rupiah.
        assert division.rounding <= len(savings) + len(borrowing) + len(shares)


@given(st.integers(0, 10**12), shares(), bases)
def test_who_saved_more_never_gets_less(surplus, shares, savings):
    division = divide_surplus(surplus=surplus, shares=shares, savings=savings, borrowing={})
    ranked = sorted(savings, key=lambda member: savings[member])
    parts = [division.members[member].by_savings for member in ranked]
    assert parts == sorted(parts)


@pytest.mark.parametrize(
    "wrong",
    [
        {"surplus": -1},
        {"shares": {"savings": Decimal(99)}},
        {"shares": {"savings": Decimal(110), "reserve": Decimal(-10)}},
        {"savings": {1: -1}},
        {"borrowing": {1: -1}},
    ],
)
def test_what_cannot_be_divided_is_refused(wrong):
    given = {"surplus": 100, "shares": {"savings": Decimal(100)}, "savings": {1: 1}, "borrowing": {}}
    with pytest.raises(ValueError, match=r"negative|100 percent"):
        divide_surplus(**{**given, **wrong})


def test_a_surplus_of_nothing_divides_into_nothing():
    division = divide_surplus(
        surplus=0, shares={"savings": Decimal(60), "reserve": Decimal(40)}, savings={1: 5, 2: 0}, borrowing={}
    )
    assert [share.total for share in division.members.values()] == [0, 0]
    assert (division.purposes, division.rounding) == ({"reserve": 0}, 0)


def test_thirds_are_exact():
    """Percentages with decimals that no binary fraction holds: 33.33 % of 10,000 is 3,333, not 3,332."""
    shares = {"savings": Decimal("33.33"), "borrowing": Decimal("33.33"), "reserve": Decimal("33.34")}
    division = divide_surplus(surplus=10_000, shares=shares, savings={1: 7}, borrowing={1: 9})
    assert (division.members[1].by_savings, division.members[1].by_borrowing) == (3_333, 3_333)
    assert (division.purposes, division.rounding) == ({"reserve": 3_334}, 0)


@given(st.integers(0, 10**12), shares(), bases, bases)
def test_each_part_is_the_exact_part_rounded_down(surplus, shares, savings, borrowing):
    division = divide_surplus(surplus=surplus, shares=shares, savings=savings, borrowing=borrowing)
    for member, base in savings.items():
        exact = surplus * shares["savings"].scaleb(2) * base
        whole = 10_000 * sum(savings.values())
        got = division.members[member].by_savings
        assert got * whole <= exact < (got + 1) * whole or (whole == 0 and got == 0)
    for purpose in ("reserve", "social"):
        exact = surplus * shares[purpose].scaleb(2)
        assert division.purposes[purpose] * 10_000 <= exact < (division.purposes[purpose] + 1) * 10_000


@given(st.integers(0, 10**12), bases.filter(bool))
def test_apportioning_leaves_nothing_and_takes_less_than_a_rupiah_from_anybody(amount, bases):
    parts = apportion(amount, bases)
    weights = bases if any(bases.values()) else dict.fromkeys(bases, 1)
    whole = sum(weights.values())
    assert sum(parts.values()) == amount
    assert list(parts) == list(bases)
    for who, base in weights.items():
        assert abs(parts[who] * whole - amount * base) < whole


def test_rupiah_left_over_go_to_the_first():
    assert apportion(8, {"a": 1, "b": 1, "c": 1}) == {"a": 3, "b": 3, "c": 2}
    assert apportion(10, {"a": 0, "b": 0, "c": 0}) == {"a": 4, "b": 3, "c": 3}
    assert apportion(0, {}) == {}


@pytest.mark.parametrize(("amount", "bases"), [(-1, {1: 1}), (1, {1: -1}), (1, {})])
def test_what_cannot_be_apportioned_is_refused(amount, bases):
    with pytest.raises(ValueError, match=r"negative|nobody"):
        apportion(amount, bases)


def test_month_ends_of_a_period():
    assert month_ends(date(2024, 1, 15), date(2024, 3, 10)) == [date(2024, 1, 31), date(2024, 2, 29), date(2024, 3, 10)]
    assert month_ends(date(2025, 5, 5), date(2025, 5, 5)) == [date(2025, 5, 5)]


@given(st.dates(date(2000, 1, 1), date(2030, 1, 1)), st.integers(0, 1500))
def test_month_ends_go_up_to_the_end_one_a_month(start, days):
    end = start + timedelta(days)
    ends = month_ends(start, end)
    assert ends[-1] == end
    assert all(start <= day <= end for day in ends)
    assert all((day + timedelta(1)).day == 1 for day in ends[:-1])
    assert len({(day.year, day.month) for day in ends}) == len(ends)
