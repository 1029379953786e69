"""Whole rupiah as people read and type them."""

import re

import pytest
from django.core.exceptions import ValidationError
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from groups.shared.money import MAX_RUPIAH, RupiahField, read_rupiah, rupiah


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


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("1500000", 1_500_000), ("1.500.000", 1_500_000), ("Rp 1.500.000", 1_500_000), ("rp1.500.000", 1_500_000),
        ("Rp. 1.500.000,-", 1_500_000), ("1.500.000.-", 1_500_000), ("1.500.000,00", 1_500_000), ("500,0", 500),
        ("10 000", 10_000), ("1\xa0500\u202f000", 1_500_000), ("1,500,000", 1_500_000), ("1,500,000.00", 1_500_000),
        ("1,5 juta", 1_500_000), ("1.5 juta", 1_500_000), ("0,75 jt", 750_000), ("2JUTA", 2_000_000),
        ("15rb", 15_000), ("15 ribu", 15_000), ("Rp 1,25 miliar", 1_250_000_000), ("000", 0),
    ],
)  # fmt: skip
def test_what_people_write_is_understood(text, amount):
    assert RupiahField().clean(text) == read_rupiah(text) == amount


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("1.500,000", "not sure which amount"), ("1,500.000", "not sure which amount"),
        ("1,500", "not sure which amount"),
        ("1 500.000", "not sure which amount"), ("10 00", "not sure which amount"),
        ("1.5", "before every three digits"), ("1.50.000", "before every three digits"),
        ("1500.000", "before every three digits"), ("0.015", "before every three digits"), ("1.", "before every three"),
        ("1.500.000,50", "Rupiah are whole"), ("1500,5", "Rupiah are whole"),
        ("x", "whole rupiah in digits"), ("١٥٠٠", "whole rupiah in digits"), ("１５００", "whole rupiah in digits"),
        ("²", "whole rupiah in digits"), (".", "whole rupiah in digits"), ("0812345", "whole rupiah in digits"),
        ("1.500 juta", "whole rupiah in digits"), ("1,500 juta", "whole rupiah in digits"),
        ("1 juta 500 ribu", "whole rupiah in digits"), ("1_000", "whole rupiah in digits"), ("1e6", "whole rupiah"),
        ("5+5", "whole rupiah in digits"), ("1'500", "whole rupiah in digits"), ("15m", "whole rupiah in digits"),
    ],
)  # fmt: skip
def test_what_is_not_certain_is_refused_with_the_reason(text, why):
    with translation.override("en"), pytest.raises(ValidationError, match=why):
        RupiahField().clean(text)


AMOUNTS = st.integers(0, MAX_RUPIAH)


def writings(amount):
    """Every writing of an amount that is understood, without Rp and the dash of receipts."""
    dotted = f"{amount:,}".replace(",", ".")
    for whole in {str(amount), dotted, dotted.replace(".", " ")}:
        yield from (whole, f"{whole},0", f"{whole},00")
    if amount >= 1_000_000:
        yield from (f"{amount:,}", f"{amount:,}.0", f"{amount:,}.00")
    for word, zeros in {"rb": 3, "ribu": 3, "jt": 6, "juta": 6, "miliar": 9, "milyar": 9}.items():
        whole, rest = divmod(amount, 10**zeros)
        hundredths, rest = divmod(rest, 10 ** (zeros - 2))
        if rest or not amount:
            continue
        shown = {str(whole)} if whole and not hundredths else set()
        shown |= {f"{whole}{mark}{hundredths:02}" for mark in ",."}
        shown |= {f"{whole}{mark}{hundredths // 10}" for mark in ",." if hundredths % 10 == 0}
        yield from (f"{number}{space}{word}" for number in shown for space in ("", " "))


@given(AMOUNTS, st.sampled_from(["", "Rp", "Rp ", "Rp. "]), st.sampled_from(["", ",-"]), st.data())
def test_every_writing_of_an_amount_is_read_as_that_amount(amount, currency, dash, data):
    text = data.draw(st.sampled_from(sorted(writings(amount))))
    assert read_rupiah(f" {currency}{text}{dash} ") == amount


@given(AMOUNTS)
def test_what_the_program_writes_it_reads(amount):
    assert read_rupiah(rupiah(amount)) == RupiahField().clean(RupiahField().prepare_value(amount)) == amount


@given(st.text("0123456789., -rbjtujaRp", max_size=12) | st.text(max_size=12))
def test_no_text_is_read_as_another_amount(text):
    try:
        amount = read_rupiah(text)
    except ValidationError:
        return
    written = re.sub(r"[.,]-$", "", re.sub(r"^rp\.?\s*", "", " ".join(text.lower().split())))
    assert written in set(writings(amount)) | {"0" * len(written), "0" * len(written.split(",")[0]) + ",0"} | {
        "0" * len(written.split(",")[0]) + ",00"
    }


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
        ("x", "Write whole rupiah in digits, for example 10.000, 1.500.000 or 1,5 juta."),
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
