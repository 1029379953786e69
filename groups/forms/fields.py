"""Fields and widgets that the forms of every app use."""

from __future__ import annotations

import re
import uuid
from datetime import date
from decimal import Decimal
from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import F, Model, QuerySet
from django.http import QueryDict
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from groups.forms.rows import MORE_ROWS
from groups.identity import clean_nik, clean_phone
from groups.models import Group, Member
from groups.shared.clock import refuse_to_come
from groups.shared.days import read_day, read_month
from groups.shared.numbers import read_count, read_percent


class DateInput(forms.DateInput):
    """The browser's own date picker, which speaks ISO dates whatever the language.

    A day that came as text, from an old browser or a file, is shown again as text: the picker would hide it.
    """

    input_type = "date"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs=attrs, format="%Y-%m-%d")

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        """Show as text what no picker can show."""
        context = super().get_context(name, value, attrs)
        if isinstance(value, str) and value.strip() and not self._is_shown(value.strip()):
            context["widget"]["type"] = "text"
        return context

    def _is_shown(self, text: str) -> bool:
        """Say whether the picker shows a text: `2025-02-30` is no day."""
        try:
            date.fromisoformat(text + self.REST)
        except ValueError:
            return False
        return self.SHOWN.fullmatch(text) is not None

    SHOWN = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
    REST = ""
    """What a text lacks to be a day."""


class PastDateInput(DateInput):
    """A date picker that ends today."""

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        """Add the last day that can be picked."""
        return super().get_context(name, value, {"max": timezone.localdate().isoformat(), **(attrs or {})})


class MonthInput(DateInput):
    """The browser's own month picker, which speaks `2026-11` whatever the language."""

    input_type = "month"
    SHOWN = re.compile(r"[0-9]{4}-[0-9]{2}")
    REST = "-01"

    def __init__(self) -> None:
        super().__init__(attrs={"placeholder": "2026-11"})
        self.format = "%Y-%m"


LONGEST_ID = 18
"""Digits; a number of more does not fit a column of the database."""


class DayField(forms.DateField):
    """A day, from the browser's picker or as people write it: see `groups.shared.days.read_day`."""

    widget = DateInput
    may_lack_year = True

    def to_python(self, value: Any) -> date | None:
        """Return the day, None for nothing."""
        if not isinstance(value, str):
            return super().to_python(value)
        if not value.strip():
            return None
        return read_day(value, today=timezone.localdate(), may_lack_year=self.may_lack_year)


class ComingDayField(DayField):
    """A day that may be to come: without its year it could be two."""

    may_lack_year = False


class MonthField(forms.DateField):
    """A month, given as its first day."""

    widget = MonthInput

    def to_python(self, value: Any) -> date | None:
        """Return the first day of the month, None for nothing."""
        if not isinstance(value, str):
            return super().to_python(value)
        return read_month(value) if value.strip() else None


class PastDateField(DayField):
    """A day up to today, on which something happened."""

    widget = PastDateInput

    def validate(self, value: date | None) -> None:
        """Refuse a day to come."""
        super().validate(value)
        if value is not None:
            refuse_to_come(value, timezone.localdate())


class KeyField(forms.UUIDField):
    """The hidden idempotency key of a form: sent twice, it is recorded once."""

    widget = forms.HiddenInput

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"initial": uuid.uuid4, **kwargs})


class MemberField(forms.ModelChoiceField):  # type: ignore[type-arg]  # not subscriptable at run time
    """A member of the group; whoever left since stands last, for what was before is recorded late.

    Whether the member belonged to the group on the day it is about is for the service to say.
    """

    def __init__(self, members: QuerySet[Member] | None = None, **kwargs: Any) -> None:
        super().__init__(Member.objects.none() if members is None else members, **kwargs)

    def offer(self, group: Group) -> None:
        """Let everybody who is or was a member of the group be chosen."""
        self.queryset = group.members.order_by(F("left_on").desc(nulls_first=True), "number")

    def label_from_instance(self, obj: Model) -> str:
        """Return the name, and when somebody left."""
        assert isinstance(obj, Member)
        return member_label(obj)


def member_label(member: Member) -> str:
    """Return the name for a list to choose from, and when somebody left."""
    if member.left_on is None:
        return str(member)
    return _("%(member)s, left on %(day)s") % {"member": member, "day": date_format(member.left_on)}


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


class TickedField(forms.ModelMultipleChoiceField):  # type: ignore[type-arg]  # not subscriptable at run time
    """Rows to tick; a number larger than any id is no choice, where Django would ask the database for it."""

    widget = forms.CheckboxSelectMultiple

    def clean(self, value: Any) -> Any:
        """Refuse what cannot be an id, then as for any choice."""
        for pk in value if isinstance(value, (list, tuple)) else ():
            if len(str(pk)) > LONGEST_ID:
                raise ValidationError(self.error_messages["invalid_choice"], "invalid_choice", {"value": pk})
        return super().clean(value)


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


class CountField(forms.IntegerField):
    """A whole number, read by `groups.shared.numbers.read_count`: `10.000` is ten thousand, not ten."""

    widget = forms.TextInput

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        """Ask phones for the number keyboard."""
        return {"inputmode": "numeric", "autocomplete": "off", "maxlength": 20}

    def to_python(self, value: Any) -> int | None:
        """Return the number, None for nothing."""
        if not isinstance(value, str):
            return super().to_python(value)
        return read_count(value) if value.strip() else None


class YearField(CountField):
    """A year of birth; which years can be is the model's to say, beyond four digits there is nothing to ask it."""

    def to_python(self, value: Any) -> int | None:
        """Return the year, 0 for a number that is none."""
        year = super().to_python(value)
        return year if year is None or 0 <= year <= 9999 else 0


class ShareField(forms.DecimalField):
    """Per cent as per cent, read by `groups.shared.numbers.read_percent`: `12,5` is `Decimal("12.5")`."""

    widget = forms.TextInput

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"min_value": 0, "max_value": 100, "decimal_places": 2, "localize": True, **kwargs})

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        """Ask phones for a keyboard that has a decimal mark."""
        return {"inputmode": "decimal", "autocomplete": "off", "maxlength": 20}

    def prepare_value(self, value: Any) -> Any:
        """Show a number without idle zeros; what a person typed stays as typed."""
        return Decimal(f"{value.normalize():f}") if isinstance(value, Decimal) else value

    def to_python(self, value: Any) -> Decimal | None:  # type: ignore[override]  # of IntegerField, its base
        """Return the per cent, None for nothing."""
        if not isinstance(value, str):
            return super().to_python(value)
        return read_percent(value) if value.strip() else None


class PercentField(ShareField):
    """A fraction shown and typed as per cent: `0.015` is `1,5`."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"max_value": 99, "decimal_places": 4, **kwargs})

    def prepare_value(self, value: Any) -> Any:
        """Show a fraction as per cent; what a person typed stays as typed."""
        return super().prepare_value(value * 100 if isinstance(value, Decimal) else value)

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Compare per cent with per cent."""
        return super().has_changed(initial * 100 if isinstance(initial, Decimal) else initial, data)

    def clean(self, value: Any) -> Decimal | None:
        """Return the fraction."""
        percent = super().clean(value)
        return None if percent is None else percent / 100


def more_rows(data: QueryDict, prefix: str, *, most: int, by: int = MORE_ROWS) -> QueryDict:
    """Return what was posted with `by` rows more in the formset `prefix`, up to `most`: the button without script."""
    data, name = data.copy(), f"{prefix}-TOTAL_FORMS"
    total = data.get(name, "")
    rows = int(total) if total.isdecimal() and len(total) < 6 else 0
    data[name] = str(min(most, rows + by))
    return data


def renew_key(form: forms.BaseForm) -> None:
    """Give a form that is shown again another key, so that its fields are sent as something new."""
    change_data(form, "key", str(uuid.uuid4()))


def change_data(form: forms.BaseForm, name: str, value: str) -> None:
    """Show another value in a field of a form than the one that was sent."""
    data = cast(QueryDict, form.data).copy()
    data[form.add_prefix(name)] = value
    form.data = data
