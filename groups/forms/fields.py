"""Fields and widgets that the forms of every app use."""

from __future__ import annotations

import uuid
from datetime import date
from decimal import Decimal
from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from groups.identity import clean_nik, clean_phone


class DateInput(forms.DateInput):
    """The browser's own date picker, which speaks ISO dates whatever the language."""

    input_type = "date"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs=attrs, format="%Y-%m-%d")


class PastDateInput(DateInput):
    """A date picker that ends today."""

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        """Add the last day that can be picked."""
        return super().get_context(name, value, {"max": timezone.localdate().isoformat(), **(attrs or {})})


class PastDateField(forms.DateField):
    """A day up to today, on which something happened."""

    widget = PastDateInput
    default_error_messages = {"future": _("This date is in the future.")}

    def validate(self, value: date | None) -> None:
        """Refuse a day to come."""
        super().validate(value)
        if value is not None and value > timezone.localdate():
            raise ValidationError(self.error_messages["future"], code="future")


class KeyField(forms.UUIDField):
    """The hidden idempotency key of a form: sent twice, it is recorded once."""

    widget = forms.HiddenInput

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"initial": uuid.uuid4, **kwargs})


class PlainSelect(forms.Select):
    """A select of many options in one template: Django's own renders a template for each of them."""

    template_name = "groups/plain_select.html"

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        """Give the options as (heading, [(value, label)]), without a dictionary for each."""
        sections: list[tuple[str, list[tuple[str, Any]]]] = []
        for key, label in self.choices:
            if isinstance(label, list | tuple):
                sections.append((key, [(str(value), text) for value, text in label]))
            elif not sections or sections[-1][0]:
                sections.append(("", [(str(key), label)]))
            else:
                sections[-1][1].append((str(key), label))
        widget = {"name": name, "attrs": self.build_attrs(self.attrs, attrs), "sections": sections}
        return {"widget": {**widget, "chosen": [str(one) for one in self.format_value(value)]}}


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


def more_rows(data: QueryDict, prefix: str, *, most: int) -> QueryDict:
    """Return what was posted with two rows more in the formset `prefix`, up to `most`: the button without script."""
    data, name = data.copy(), f"{prefix}-TOTAL_FORMS"
    total = data.get(name, "")
    data[name] = str(min(most, int(total) + 2)) if total.isdecimal() else "2"
    return data


def renew_key(form: forms.BaseForm) -> None:
    """Give a form that is shown again another key, so that its fields are sent as something new."""
    change_data(form, "key", str(uuid.uuid4()))


def change_data(form: forms.BaseForm, name: str, value: str) -> None:
    """Show another value in a field of a form than the one that was sent."""
    data = cast(QueryDict, form.data).copy()
    data[form.add_prefix(name)] = value
    form.data = data
