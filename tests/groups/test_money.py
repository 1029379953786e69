"""Whole rupiah as people read and type them."""

import pytest
from django.core.exceptions import ValidationError
from django.utils import translation

from groups.shared.money import MAX_RUPIAH, RupiahField, rupiah


@pytest.mark.parametrize(
    ("amount", "text"),
    [(0, "Rp\xa00"), (999, "Rp\xa0999"), (1_500_000, "Rp\xa01.500.000"), (-20_000, "−Rp\xa020.000"), (-1, "−Rp\xa01")],
)
def test_an_amount_is_written_with_its_thousands_and_its_sign(amount, text):
    assert rupiah(amount) == text


@pytest.mark.parametrize(
    "text", ["1500000", "1.500.000", "1,500,000", "Rp 1.500.000", "Rp\xa01.500.000", " Rp1500000 ", 1_500_000]
)
def test_an_amount_is_read_as_people_write_it(text):
    assert RupiahField().clean(text) == 1_500_000


@pytest.mark.parametrize("text", ["", "  ", "Rp", None])
def test_an_empty_field_is_zero_where_it_is_not_required(text):
    assert RupiahField(required=False).clean(text) == 0


@pytest.mark.parametrize("text", ["", "  ", "Rp", None])
def test_an_empty_field_is_refused_where_it_is_required(text):
    assert code_of(RupiahField(), text) == "required"


def test_zero_is_an_amount_that_satisfies_a_required_field():
    assert RupiahField().clean("0") == 0


def code_of(field, text):
    with pytest.raises(ValidationError) as refused:
        field.clean(text)
    return refused.value.error_list[0].code


def test_the_largest_amount_is_just_under_a_trillion_and_accepted():
    assert RupiahField().clean("999.999.999.999") == MAX_RUPIAH == 999_999_999_999


@pytest.mark.parametrize("text", ["1.000.000.000.000", "1" + "0" * 12, "9" * 31, "1" * 5_000])
def test_a_larger_amount_is_refused(text):
    assert code_of(RupiahField(), text) == "too_large"


@pytest.mark.parametrize("text", ["-1", "−1", "Rp -1", "-", "-x"])
def test_a_negative_amount_is_told_from_an_unreadable_one(text):
    assert code_of(RupiahField(), text) == "negative"


@pytest.mark.parametrize("text", ["1.5", "1.50.000", "1.500.00", "1500.000", "15rb", "x", "١٥", "²", "1 500", "."])
def test_what_is_no_whole_amount_is_refused(text):
    assert code_of(RupiahField(), text) == "invalid"


@pytest.mark.parametrize(("amount", "code"), [("0", "too_small"), ("1", None)])
def test_the_least_amount_is_accepted_and_a_smaller_one_refused(amount, code):
    field = RupiahField(min_value=1)
    if code is None:
        assert field.clean(amount) == 1
    else:
        assert code_of(field, amount) == code


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x", "Write whole rupiah with digits only, for example 10.000."),
        ("-5000", "An amount cannot be negative."),
        ("9" * 13, "This amount is too large."),
        ("0", "The amount must be more than zero."),
    ],
)
def test_each_refusal_says_what_is_wrong(text, message):
    with translation.override("en"), pytest.raises(ValidationError) as refused:
        RupiahField(min_value=1).clean(text)
    assert refused.value.messages == [message]


def test_a_number_is_shown_with_its_thousands_and_typed_text_as_typed():
    assert [RupiahField().prepare_value(value) for value in (1_500_000, "1500000", None)] == [
        "1.500.000", "1500000", None,
    ]  # fmt: skip


def test_phones_are_asked_for_the_number_keyboard():
    assert RupiahField().widget.attrs == {"inputmode": "numeric", "autocomplete": "off", "maxlength": 24}
