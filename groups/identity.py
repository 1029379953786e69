"""Phone numbers and NIK as people write them, and as they are stored: digits only, checked by `lokal`."""

from __future__ import annotations

import re

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from lokal import parse_nik, parse_phone

EARLIEST_BIRTH_YEAR = 1900
_BETWEEN_DIGITS = re.compile("[\\s().\u2010-\u2014\u2212-]")
_HOME_NUMBER = re.compile(r"(?:\+62|0062|62(?=[0-9]{8}))?0?([2-9][0-9]+)")
"""What is dialled after the 0; `0062` is `+62`, not a town whose code is 062."""


def clean_phone(text: str) -> str:
    """Return an Indonesian number as it is dialled at home, `081234567890`; "" stays "".

    Takes `0812-3456-7890`, `+62 812 3456 7890`, `0062812…`, `(021) 555-1234`; raises `ValidationError` for what is
    no number, for two of them, and for numbers of other countries.
    """
    if not text.strip():
        return ""
    match = _HOME_NUMBER.fullmatch(_BETWEEN_DIGITS.sub("", text))
    parsed = parse_phone(f"0{match[1]}" if match else "")
    if not parsed.valid or parsed.e164 is None:
        raise ValidationError(_("This is not an Indonesian phone number. Example: 0812-3456-7890."), code="phone")
    return "0" + parsed.e164.removeprefix("+62")


def clean_nik(text: str) -> str:
    """Return the 16 digits of a NIK without separators; "" stays "".

    Raises `ValidationError` for a number that cannot be a NIK: wrong length, province or date of birth.
    """
    if not text.strip():
        return ""
    parsed = parse_nik(text)
    if parsed.nik is None:
        raise ValidationError(_("A NIK has 16 digits."), code="nik")
    if not parsed.valid:
        raise ValidationError(_("This cannot be a NIK: its region or date of birth does not exist."), code="nik")
    return parsed.nik


def mask(digits: str) -> str:
    """Hide all but the last four digits of a number: `••••••••7890`."""
    return f"{'•' * (len(digits) - 4)}{digits[-4:]}"


def validate_phone(value: str) -> None:
    """Refuse a phone number that is not stored as `clean_phone` writes it."""
    if clean_phone(value) != value:
        raise ValidationError(_("Write the phone number with digits only."), code="phone")


def validate_nik(value: str) -> None:
    """Refuse a NIK that is not stored as `clean_nik` writes it."""
    if clean_nik(value) != value:
        raise ValidationError(_("Write the NIK with digits only."), code="nik")
