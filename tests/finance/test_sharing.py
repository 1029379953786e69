"""Sharing an amount: examples by hand, and what holds for every amount."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finance.sharing import chosen_shares, equal_shares, lay_over

people = st.integers(1, 40)
amounts = st.integers(0, 10**12)
rows = st.lists(st.integers(0, 10**9), min_size=1, max_size=8)


def test_what_divides_evenly():
    assert equal_shares(300, ["Ani", "Budi", "Cici"]) == {"Ani": 100, "Budi": 100, "Cici": 100}


def test_the_first_pay_the_rupiah_left_over():
    assert equal_shares(302, ["Ani", "Budi", "Cici"]) == {"Ani": 101, "Budi": 101, "Cici": 100}


def test_less_than_a_rupiah_each():
    assert equal_shares(1, ["Ani", "Budi"]) == {"Ani": 1, "Budi": 0}


@pytest.mark.parametrize(("amount", "sharers"), [(-1, ["Ani"]), (5, []), (5, ["Ani", "Ani"])])
def test_what_cannot_be_shared_equally(amount, sharers):
    with pytest.raises(ValueError, match="each of them once"):
        equal_shares(amount, sharers)


@given(amount=amounts, number=people)
def test_equal_shares_sum_and_differ_by_a_rupiah_at_most(amount, number):
    shares = equal_shares(amount, range(number))
    assert sum(shares.values()) == amount
    assert max(shares.values()) - min(shares.values()) <= 1
    assert list(shares.values()) == sorted(shares.values(), reverse=True)


def test_chosen_shares_leave_out_who_pays_nothing():
    assert chosen_shares(300, {"Ani": 200, "Budi": 0, "Cici": 100}) == {"Ani": 200, "Cici": 100}


@pytest.mark.parametrize("shares", [{"Ani": 299}, {"Ani": 301}, {"Ani": 400, "Budi": -100}, {}])
def test_chosen_shares_must_sum(shares):
    with pytest.raises(ValueError, match="sum to the amount"):
        chosen_shares(300, shares)


def test_the_first_share_pays_the_first_part_first():
    assert lay_over({"Ani": 30, "Budi": 70}, [40, 60]) == {"Ani": [30, 0], "Budi": [10, 60]}


@pytest.mark.parametrize(("shares", "parts"), [({"Ani": 1}, [2]), ({"Ani": -1, "Budi": 2}, [1]), ({"Ani": 1}, [2, -1])])
def test_shares_that_do_not_fit_the_parts(shares, parts):
    with pytest.raises(ValueError, match="same sum"):
        lay_over(shares, parts)


@given(amounts=rows, cuts=st.lists(st.integers(0, 10**10), max_size=3))
def test_rows_are_the_shares_and_columns_the_parts(amounts, cuts):
    whole = sum(amounts)
    ends = sorted(min(cut, whole) for cut in cuts)
    parts = [end - start for start, end in zip([0, *ends], [*ends, whole], strict=True)]
    laid = lay_over(dict(enumerate(amounts)), parts)
    assert [sum(row) for row in laid.values()] == amounts
    assert [sum(column) for column in zip(*laid.values(), strict=True)] == parts
    assert all(amount >= 0 for row in laid.values() for amount in row)
