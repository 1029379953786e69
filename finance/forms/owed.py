"""What members owe besides loans, as people set it and let it go."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from finance.forms.other_money import DatedForm
from finance.selectors.owed import OwedLine
from groups.shared.money import RupiahField, rupiah


class FineForm(DatedForm):
    """A fine that a member owes from a day on."""

    amount = RupiahField(label=_("Amount"), min_value=1)
    reason = forms.CharField(label=_("What the fine is for"), max_length=200)

    field_order = ("key", "on", "amount", "reason")


class WaiveForm(DatedForm):
    """One thing that a member owes and does not have to pay any more."""

    what = forms.ChoiceField(label=_("What is let go"), widget=forms.RadioSelect)
    reason = forms.CharField(label=_("Why"), max_length=200)

    field_order = ("key", "on", "what", "reason")

    def __init__(self, *args: Any, lines: Sequence[OwedLine], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(line.key, f"{line.what}, {date_format(line.since)}: {rupiah(line.amount)}") for line in lines]
        self.fields["what"].choices = choices  # type: ignore[attr-defined]
        if len(choices) == 1:
            self.fields["what"].initial = choices[0][0]


class TakeBackForm(DatedForm):
    """Something that a member was let off is owed again."""

    reason = forms.CharField(label=_("Why it is owed again"), max_length=200)
