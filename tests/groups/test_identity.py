"""Phone numbers as people write them."""

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from groups.identity import clean_phone


@pytest.mark.parametrize(
    "text",
    [
        "081234567890", "0812-3456-7890", "0812 3456 7890", "0812.3456.7890", "+62 812 3456 7890",
        "+62 (0)812 3456 7890",
        "6281234567890", "62 812-3456-7890", "0062 812 3456 7890", "81234567890",
        "0812–3456–7890", "0812\xa03456\xa07890",
    ],
)  # fmt: skip
def test_a_mobile_number_is_read_as_people_write_it(text):
    assert clean_phone(text) == "081234567890"


@pytest.mark.parametrize("text", ["(021) 555-1234", "021 5551234", "+62 21 555 1234", "0062 21 5551234"])
def test_a_number_of_a_town_is_read_as_people_write_it(text):
    assert clean_phone(text) == "0215551234"


@pytest.mark.parametrize(
    "text",
    [
        "0812345", "08123456789012345", "+1 212 555 1234", "0044 20 7946 0958", "0812 3456 7890 / 0813 1111 2222",
        "0812-3456-789O", "٠٨١٢٣٤٥٦٧٨٩٠", "０８１２３４５６７８９０", "telepon", "0812 3456 7890 ext 5",
        "1234567890", "000", "000812345678",
    ],
)  # fmt: skip
def test_what_is_no_indonesian_number_is_refused(text):
    with pytest.raises(ValidationError):
        clean_phone(text)


@given(st.text("0123456789 -.()+", max_size=20))
def test_no_text_is_read_as_other_digits(text):
    try:
        number = clean_phone(text)
    except ValidationError:
        return
    digits = "".join(filter(str.isdecimal, text))
    home = number.removeprefix("0")
    assert not number or digits in {f"{before}{home}" for before in ("0", "", "62", "620", "0062", "00620")}


@given(st.from_regex(r"08[1-9][0-9]{7,10}", fullmatch=True))
def test_what_is_stored_is_read_as_itself(number):
    assert clean_phone(number) == number
