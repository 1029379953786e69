"""Whole rupiah as people write and read them: `Rp 1.500.000`."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from groups.shared.numbers import one_line

MAX_RUPIAH = 999_999_999_999
"""The largest amount a form accepts, just under Rp 1 trillion: more digits are a slip of the finger."""

_CURRENCY = re.compile(r"^rp\.?\s*", re.IGNORECASE)
_DASH = re.compile(r"[.,]-$")
"""`1.500.000,-`: the dash of a receipt, where sen would stand."""
_WHOLE = re.compile(r"(0+|[1-9][0-9]*|[1-9][0-9]{0,2}(?:\.[0-9]{3})+|[1-9][0-9]{0,2}(?: [0-9]{3})+)(?:,00?)?")
_USUAL = re.compile(r"0|[1-9][0-9]*|[1-9][0-9]{0,2}(?:\.[0-9]{3})+")
"""What nearly all amounts are written like, and looked for first: a sheet has two hundred."""
_COMMAS = re.compile(r"[1-9][0-9]{0,2}(?:,[0-9]{3}){2,}(?:\.00?)?")
"""`1,500,000`, as calculators print it: two commas can only be thousands."""
_WORDED = re.compile(r"([1-9][0-9]*|0(?=[.,]))(?:[.,]([0-9]{1,2}))? ?(rb|ribu|jt|juta|miliar|milyar)", re.IGNORECASE)
_ZEROS = {"rb": 3, "ribu": 3, "jt": 6, "juta": 6, "miliar": 9, "milyar": 9}

_INVALID = _("Write whole rupiah in digits, for example 10.000, 1.500.000 or 1,5 juta.")
_MIXED = _("It is not sure which amount is meant. Write it with dots only, for example 1.500.000.")
_DOTS = _("A dot stands before every three digits: write 1.500, or 1,5 juta for 1.500.000.")
_SEN = _("Rupiah are whole: leave out what stands after the comma.")


def rupiah(amount: int) -> str:
    """Write whole rupiah in the Indonesian way: `Rp 1.500.000`, `−Rp 20.000`."""
    text = f"Rp\N{NO-BREAK SPACE}{abs(amount):,}".replace(",", ".")
    return f"−{text}" if amount < 0 else text


def read_rupiah(text: str) -> int:
    """Return the whole rupiah that `text` certainly means.

    Takes `1500000`, `1.500.000`, `10 000`, `Rp. 1.500.000,-`, `1.500.000,00`, `1,5 juta`, `15rb`. Raises
    `ValidationError` with the reason for everything else: an amount is never guessed.
    """
    if _USUAL.fullmatch(text):
        return int(text.replace(".", "")[:40])
    text = _DASH.sub("", _without_currency(text))
    if _WHOLE.fullmatch(text):
        return int(re.sub(r",.*|\D", "", text)[:40])
    if _COMMAS.fullmatch(text):
        return int(re.sub(r"\..*|\D", "", text)[:40])
    if worded := _WORDED.fullmatch(text):
        whole, part, word = worded[1][:40], worded[2] or "", worded[3].lower()
        return int(whole + part.ljust(_ZEROS[word], "0"))
    raise ValidationError(_why_unsure(text), code="invalid")


def _without_currency(text: str) -> str:
    return _CURRENCY.sub("", one_line(text), count=1)


def _why_unsure(text: str) -> Any:
    """Return the reason why no amount was read from `text`."""
    if not re.fullmatch(r"[0-9][0-9., ]*", text):
        return _INVALID
    if re.fullmatch(r"[1-9][0-9]{0,2}((\.[0-9]{3})+|[0-9]*),[0-9]{1,2}", text):
        return _SEN
    if "," in text or " " in text:
        return _MIXED
    return _DOTS if "." in text else _INVALID


class RupiahField(forms.Field):
    """A form field for whole rupiah from 0 (or `min_value`) to `MAX_RUPIAH`, read by `read_rupiah`.

    An empty field is 0 unless required.
    """

    widget = forms.TextInput
    default_error_messages = {
        "negative": _("An amount cannot be negative."),
        "too_large": _("This amount is too large."),
        "too_small": _("The amount must be more than zero."),
    }

    def __init__(self, *, min_value: int = 0, **kwargs: Any) -> None:
        self.min_value = min_value
        super().__init__(**kwargs)

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        """Ask phones for the number keyboard."""
        return {"inputmode": "numeric", "autocomplete": "off", "maxlength": 24}

    def prepare_value(self, value: Any) -> Any:
        """Show numbers with their thousands; what a person typed stays as typed."""
        return f"{value:,}".replace(",", ".") if isinstance(value, int) else value

    def to_python(self, value: Any) -> int | None:
        """Return whole rupiah, None for nothing."""
        typed = str(value if value is not None else "").strip()
        if not typed or (not _USUAL.fullmatch(typed) and not (typed := _without_currency(typed))):
            return None
        if typed[0] in "-−":
            raise ValidationError(self.error_messages["negative"], code="negative")
        read = read_rupiah(typed)
        if read > MAX_RUPIAH:
            raise ValidationError(self.error_messages["too_large"], code="too_large")
        return read

    def validate(self, value: int | None) -> None:
        """Refuse an amount below the least one."""
        super().validate(value)
        if value is not None and value < self.min_value:
            raise ValidationError(self.error_messages["too_small"], code="too_small")

    def clean(self, value: Any) -> int:
        """Return the amount, 0 for an empty field that is not required."""
        return super().clean(value) or 0
