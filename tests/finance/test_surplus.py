"""Division of the surplus: a worked case, its properties and what it refuses."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finance.surplus import divide_surplus

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
