"""Whole numbers and per cents as people write them."""

from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from groups.forms import CountField, PercentField, ShareField
from groups.shared.numbers import read_count, read_percent


@pytest.mark.parametrize(
    ("text", "number"), [("12", 12), ("1.500", 1500), ("10 000", 10_000), ("10.000", 10_000), ("0", 0)]
)
def test_a_number_is_read_as_people_write_it(text, number):
    assert CountField().clean(text) == read_count(f" {text} ") == number


@pytest.mark.parametrize(
    "text", ["1.5", "1,5", "12.0", "1,000", "1_000", "٣", "３", "-1", "+1", "1e3", "x", "9" * 21, "1 50"]
)
def test_any_other_number_is_refused(text):
    with translation.override("en"), pytest.raises(ValidationError, match="whole number"):
        CountField().clean(text)


@pytest.mark.parametrize(
    ("text", "percent"),
    [
        ("1,5", "1.5"), ("1.5", "1.5"), ("0.015", "0.015"), ("0,015", "0.015"), ("1,5%", "1.5"), ("1,5 %", "1.5"),
        ("1.500", "1.5"), ("2 persen", "2"), ("100", "100"), ("07,50", "7.5"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("language", ["id", "en"])
def test_a_dot_and_a_comma_are_the_decimal_mark_in_any_language(text, percent, language):
    with translation.override(language):
        assert ShareField(decimal_places=3).clean(text) == Decimal(percent)
        assert PercentField(max_value=100).clean(text) == Decimal(percent) / 100


@pytest.mark.parametrize(
    "text", ["1.500,5", "1,5,5", "1.", ".5", ",5", "%", "1 5", "١,٥", "１", "-1", "1e1", "NaN", "inf", "1,5‰"]
)
def test_any_other_per_cent_is_refused(text):
    with translation.override("en"), pytest.raises(ValidationError, match="per cent in digits"):
        ShareField().clean(text)


def test_more_decimals_than_are_kept_are_refused():
    with pytest.raises(ValidationError):
        PercentField().clean("1,55555")
    assert PercentField().clean("1,5555") == Decimal("0.015555")


@given(st.decimals(0, 99, places=3))
def test_what_is_shown_as_per_cent_is_read_as_the_same_fraction(percent):
    field = PercentField()
    for language in ("id", "en"):
        with translation.override(language):
            shown = field.widget.format_value(field.prepare_value(percent / 100))
            assert field.clean(shown) == percent / 100
            assert not field.has_changed(percent / 100, shown)


@given(st.text("0123456789.,% ", max_size=10))
def test_no_text_is_read_as_another_per_cent(text):
    try:
        percent = read_percent(text)
    except ValidationError:
        return
    assert Decimal(text.replace("%", "").strip().replace(",", ".")) == percent


@given(st.integers(0, 10**12), st.sampled_from(["{:d}", "{:,}"]), st.sampled_from([".", " "]))
def test_every_writing_of_a_number_is_read_as_that_number(number, how, mark):
    assert read_count(how.format(number).replace(",", mark)) == number
