"""Whole rupiah as people write and read them: `Rp 1.500.000`."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

MAX_RUPIAH = 999_999_999_999
"""The largest amount a form accepts, just under Rp 1 trillion: more digits are a slip of the finger."""
_GROUPED = re.compile(r"\d{1,3}([.,]\d{3})+")


def rupiah(amount: int) -> str:
    """Write whole rupiah in the Indonesian way: `Rp 1.500.000`, `−Rp 20.000`."""
    text = f"Rp\N{NO-BREAK SPACE}{abs(amount):,}".replace(",", ".")
    return f"−{text}" if amount < 0 else text


class RupiahField(forms.Field):
    """A form field for whole rupiah from 0 (or `min_value`) to `MAX_RUPIAH`.

    Takes `1500000`, `1.500.000`, `Rp 1.500.000`; an empty field is 0 unless required.
    """

    widget = forms.TextInput
    default_error_messages = {
        "invalid": _("Write whole rupiah with digits only, for example 10.000."),
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
        text = str(value if value is not None else "").strip().removeprefix("Rp").strip().replace("\u00a0", "")
        if text == "":
            return None
        if text[0] in "-−":
            raise ValidationError(self.error_messages["negative"], code="negative")
        if _GROUPED.fullmatch(text):
            text = re.sub("[.,]", "", text)
        if not (text.isascii() and text.isdigit()):
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        if int(text[:30]) > MAX_RUPIAH:
            raise ValidationError(self.error_messages["too_large"], code="too_large")
        return int(text)

    def validate(self, value: int | None) -> None:
        """Refuse an amount below the least one."""
        super().validate(value)
        if value is not None and value < self.min_value:
            raise ValidationError(self.error_messages["too_small"], code="too_small")

    def clean(self, value: Any) -> int:
        """Return the amount, 0 for an empty field that is not required."""
        return super().clean(value) or 0
