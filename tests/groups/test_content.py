"""The mark of what a form says."""

from __future__ import annotations

import pytest

from groups.shared.content import content_of


def mark(*fields, **kwargs):
    return content_of(fields, **kwargs)


@pytest.mark.parametrize("written", ["10.000", "Rp 10.000", "Rp. 10.000,-", " 10000 ", "10 000", "10rb"])
def test_an_amount_is_the_same_however_it_is_written(written):
    assert mark(("amount", written)) == mark(("amount", "10000"))


@pytest.mark.parametrize("other", ["1.000", "10,5", "10.000.000", "sepuluh ribu", "", "-10000"])
def test_another_amount_is_another_content(other):
    assert mark(("amount", other)) != mark(("amount", "10000"))


def test_order_spaces_empty_fields_and_rows_say_nothing():
    plain = mark(("a", "ya saja"), ("b", "1"))
    assert mark(("b", "1"), ("c", "  "), ("a", " ya  saja "), ("agenda-TOTAL_FORMS", "4"), ("key", "x")) == plain


def test_what_is_counted_as_nothing_is_not_left_open():
    assert mark(("counted", "0")) != mark(("counted", ""))


def test_the_name_of_a_field_and_what_it_is_about_count():
    assert mark(("a", "1")) != mark(("b", "1"))
    assert mark(("a", "1"), about="/loans/1/") != mark(("a", "1"), about="/loans/2/")
