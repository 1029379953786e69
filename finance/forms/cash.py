"""Counting cash and ticking off a statement, as people type it."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from finance import selectors
from finance.forms.other_money import DatedForm
from finance.services import PECAHAN
from groups.forms import CountField, PastDateField
from groups.shared.money import rupiah

MOST_PIECES = 100_000
"""More pieces of one kind in a group's cash box are a slip of the finger."""


class CountForm(DatedForm):
    """The cash box by notes and coins (pecahan)."""

    explanation = forms.CharField(
        label=_("Explanation of the difference"), max_length=200, required=False, help_text=_("Only if there is one.")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for worth in PECAHAN:
            self.fields[f"p{worth}"] = CountField(
                label=rupiah(worth), required=False, min_value=0, max_value=MOST_PIECES
            )
        self.order_fields(["key", "on", *(f"p{worth}" for worth in PECAHAN), "explanation"])

    def clean_on(self) -> date:
        """Refuse a day that the books cannot be held against."""
        on = super().clean_on()
        opening = selectors.opening_of(self.group)
        if opening is not None and on < opening.effective_on:
            raise ValidationError(gettext("The books of the group begin on %s.") % date_format(opening.effective_on))
        return on

    @property
    def pieces(self) -> dict[int, int]:
        """How many of each worth, without those there are none of; what cannot be read counts as none."""
        found = {worth: self.cleaned_data.get(f"p{worth}") or 0 for worth in PECAHAN}
        return {worth: number for worth, number in found.items() if number}

    @property
    def counted(self) -> int:
        """Rupiah counted so far."""
        return sum(worth * number for worth, number in self.pieces.items())

    @property
    def rows(self) -> list[forms.BoundField]:
        """The fields of notes and coins, the largest first."""
        return [self[f"p{worth}"] for worth in PECAHAN]


class LinesField(forms.TypedMultipleChoiceField):
    """Ids of lines; whether they are lines of the book is for the service to know."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(coerce=int, **kwargs)

    def valid_value(self, value: Any) -> bool:
        """Take any id a line could have."""
        return str(value).isascii() and str(value).isdecimal() and len(str(value)) < 19


class StatementForm(forms.Form):
    """Which lines of the bank book stand on the statement of a day."""

    statement_on = PastDateField(label=_("Date of the statement"), initial=timezone.localdate)
    lines = LinesField(error_messages={"required": _("Choose the lines that stand on the statement.")})
