"""What people type about money; the rules themselves are kept by `finance.services`."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from finance.forms.reports import QueryForm
from finance.models import AccountKind, CashCount
from groups.forms import DayField, KeyField, PastDateField

EARLIEST = date(1945, 1, 1)
"""The first day a book can be asked for: groups are as old as the republic at most."""


class PeriodForm(QueryForm):
    """Which book of money, from which day to which; days left out are those of the month of `latest`."""

    book = forms.ChoiceField(
        label=_("Book"),
        choices=[(AccountKind.CASH, AccountKind.CASH.label), (AccountKind.BANK, AccountKind.BANK.label)],
        required=False,
    )
    start = DayField(label=_("From"), required=False)
    end = DayField(label=_("To"), required=False)

    def clean(self) -> dict[str, Any]:
        """Refuse a period that ends before it starts, years no group can have, and days to come.

        The month that is running is asked for whole, and goes as far as today.
        """
        cleaned = super().clean() or {}
        today = timezone.localdate()
        for name in ("start", "end"):
            day = cleaned.get(name)
            if day and day < EARLIEST:
                self.add_error(name, ValidationError(_("Write a day of our time.")))
            elif day and day > (month_of(today)[1] if name == "end" else today):
                self.add_error(name, ValidationError(_("This date is in the future.")))
        if cleaned.get("end"):
            cleaned["end"] = min(cleaned["end"], today)
        start, end = cleaned.get("start"), cleaned.get("end")
        if start and end and end < start:
            self.add_error("end", ValidationError(_("The period ends before it starts.")))
        return cleaned

    @property
    def kind(self) -> AccountKind:
        """The account whose book is asked for, the cash box unless it is the bank."""
        return AccountKind(self.cleaned_data.get("book") or AccountKind.CASH)

    @property
    def is_whole(self) -> bool:
        """Whether both days are given."""
        return bool(self.cleaned_data.get("start") and self.cleaned_data.get("end"))

    def period(self, latest: date) -> tuple[date, date]:
        """Return the first and the last day asked for; one of them alone stands for its month."""
        start, end = (self.cleaned_data.get(name) for name in ("start", "end"))
        last = min(month_of(start or latest)[1], timezone.localdate())
        return (start or month_of(end or latest)[0], end or last)


class SettleForm(forms.Form):
    """How an open cash difference was settled."""

    key = KeyField()
    how = forms.CharField(
        label=_("How it was settled"),
        max_length=200,
        help_text=_("For example: the money was found, a receipt was missing, the treasurer paid it back."),
    )
    on = PastDateField(label=_("Settled on"), initial=timezone.localdate)
    post_difference = forms.TypedChoiceField(
        label=_("The books"),
        choices=[
            ("no", _("stay as they are: the money is back, or a correction explained it")),
            ("yes", _("follow the money: what is missing becomes an expense, what is over other income")),
        ],
        coerce=lambda choice: choice == "yes",
        widget=forms.RadioSelect,
    )

    def __init__(self, *args: Any, count: CashCount, **kwargs: Any) -> None:
        self.count = count
        super().__init__(*args, **kwargs)

    def clean_on(self) -> date:
        """Refuse a day before the count."""
        on: date = self.cleaned_data["on"]
        if on < self.count.counted_on:
            raise ValidationError(_("A difference cannot be settled before the day of the count."))
        return on


def month_of(day: date) -> tuple[date, date]:
    """Return the first and the last day of the month of `day`."""
    first = day.replace(day=1)
    return first, (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
