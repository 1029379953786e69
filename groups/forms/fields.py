"""Fields and widgets that the forms of every app use."""

from __future__ import annotations

import uuid
from decimal import Decimal
from html import escape
from typing import Any, cast

from django import forms
from django.forms.utils import flatatt
from django.http import QueryDict
from django.utils.safestring import SafeString, mark_safe

from groups.identity import clean_nik, clean_phone


class DateInput(forms.DateInput):
    """The browser's own date picker, which speaks ISO dates whatever the language."""

    input_type = "date"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs=attrs, format="%Y-%m-%d")


class PlainSelect(forms.Select):
    """A select of many options, written in Python: Django renders a template for each of them."""

    def render(self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: Any = None) -> SafeString:
        """Return the select with its options, those under a heading in an `optgroup`."""
        chosen = {str(one) for one in self.format_value(value)}

        def option(key: Any, label: Any) -> str:
            selected = " selected" if str(key) in chosen else ""
            return f'<option value="{escape(str(key))}"{selected}>{escape(str(label))}</option>'

        written = [
            f'<optgroup label="{escape(str(key))}">{"".join(option(*one) for one in label)}</optgroup>'
            if isinstance(label, list | tuple)
            else option(key, label)
            for key, label in self.choices
        ]
        shown = flatatt(self.build_attrs(self.attrs, attrs))
        return mark_safe(f'<select name="{escape(name)}"{shown}>{"".join(written)}</select>')  # noqa: S308 - escaped


class PhoneField(forms.CharField):
    """An Indonesian phone number written in any common way; gives `081234567890`."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"max_length": 30, **kwargs})

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        """Ask phones for the number keyboard."""
        return {**super().widget_attrs(widget), "inputmode": "tel", "autocomplete": "off"}

    def clean(self, value: Any) -> str:
        """Return the digits of the number."""
        return clean_phone(super().clean(value))


class NikField(forms.CharField):
    """A NIK with or without separators; gives its 16 digits."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"max_length": 30, **kwargs})

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        """Ask phones for the number keyboard."""
        return {**super().widget_attrs(widget), "inputmode": "numeric", "autocomplete": "off"}

    def clean(self, value: Any) -> str:
        """Return the 16 digits."""
        return clean_nik(super().clean(value))


class PercentField(forms.DecimalField):
    """A fraction shown and typed as per cent: `0.015` is `1,5`."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"min_value": 0, "max_value": 99, "decimal_places": 3, "localize": True, **kwargs})

    def prepare_value(self, value: Any) -> Any:
        """Show a fraction as per cent; what a person typed stays as typed."""
        if isinstance(value, Decimal):
            return Decimal(f"{(value * 100).normalize():f}")
        return value

    def clean(self, value: Any) -> Decimal | None:
        """Return the fraction."""
        percent = super().clean(value)
        return None if percent is None else percent / 100


class YearField(forms.IntegerField):
    """A year of birth; which years can be is the model's to say, beyond four digits there is nothing to ask it."""

    def to_python(self, value: Any) -> int | None:
        """Return the year, 0 for a number that is none."""
        year = super().to_python(value)
        return year if year is None or 0 <= year <= 9999 else 0


def renew_key(form: forms.BaseForm) -> None:
    """Give a form that is shown again another key, so that what stands in it is sent as something new."""
    data = cast(QueryDict, form.data).copy()
    data[form.add_prefix("key")] = str(uuid.uuid4())
    form.data = data
