"""Rows ticked on one page of a list are kept on the next."""

import pytest
from django.http import QueryDict

from groups.shared.ticks import kept, read_ticked


@pytest.mark.parametrize(
    ("query", "ticked"),
    [
        ("", []),
        ("row=3&row=12", [3, 12]),
        ("row=3&ticked=12-5", [3, 12, 5]),
        ("row=3&ticked=3-12", [3, 12]),
        ("row=x&row=-4&ticked=-7--8-", [7, 8]),
        ("row=\u0663", []),  # a digit, but not of ASCII
        ("row=" + "9" * 18, [10**18 - 1]),
        ("row=" + "9" * 19, []),  # more than a column of the database holds
    ],
)
def test_ids_are_read_from_boxes_and_address(query, ticked):
    assert read_ticked(QueryDict(query), "row") == ticked


def test_what_is_kept_is_read_again():
    assert kept([3, 12, 5]) == "3-12-5"
    assert read_ticked(QueryDict(f"ticked={kept(range(1, 500))}"), "row") == list(range(1, 301))
