"""Numbers and per cents as people write them. What is not certain is refused with the reason, never guessed."""

from __future__ import annotations

import re
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

_SPACES = re.compile(r"\s+")
_COUNT = re.compile(r"[0-9]+|[1-9][0-9]{0,2}(?:\.[0-9]{3})+|[1-9][0-9]{0,2}(?: [0-9]{3})+")
_DECIMAL = re.compile(r"([0-9]+)(?:[.,]([0-9]+))? ?(?:%|persen)?", re.IGNORECASE)


def one_line(text: str) -> str:
    """Return `text` without spaces around it, and with one plain space for any run of them: no-break ones too."""
    return _SPACES.sub(" ", text).strip()


def read_count(text: str) -> int:
    """Return the whole number that `text` certainly means: `12`, `1.500`, `10 000`.

    Raises `ValidationError` for anything else. Only the digits 0 to 9 count: those of other scripts look alike.
    """
    text = one_line(text)
    if not _COUNT.fullmatch(text) or len(text) > 20:
        raise ValidationError(_("Write a whole number in digits, for example 12."), code="invalid")
    return int(re.sub(r"\D", "", text))


def read_percent(text: str) -> Decimal:
    """Return the per cent that `text` means, `Decimal("1.5")` for `1,5`, `1.5` or `1,5%`.

    A dot is always the decimal mark, as a comma is: `0.015` is fifteen thousandths of one per cent. Raises
    `ValidationError` for anything else.
    """
    match = _DECIMAL.fullmatch(one_line(text))
    if match is None or len(text) > 40:
        raise ValidationError(_("Write per cent in digits, for example 1,5."), code="invalid")
    return Decimal(f"{match[1]}.{match[2] or 0}")
