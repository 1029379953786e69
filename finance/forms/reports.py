"""What people ask of a report: a day, a period, an account. What is wrong gets a message, and the report a default."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from finance.ledger.chart import CHART
from finance.models import Account, AccountKind
from finance.selectors import account_name
from groups.forms import PastDateField, PlainSelect

Options = list[tuple[str, str | list[tuple[str, str]]]]
"""The choices of a field, some of them under a heading."""
EARLIEST = date(1900, 1, 2)
"""Days before it are slips of the finger, and there must be a day before the first of a period."""


class QueryForm(forms.Form):
    """What a reader asks of a page in its address; what was left out is filled in with what the page shows."""

    def fill(self, **values: object) -> None:
        """Show `values` in the fields, unless what was typed is wrong and has a message."""
        if not self.errors:
            self.initial, self.is_bound = {**self.initial, **values}, False


class DayForm(QueryForm):
    """As at which day, up to today: nobody knows yet what will be paid."""

    on = PastDateField(label=_("As on"), required=False)

    def clean_on(self) -> date | None:
        """Refuse a day long before any group."""
        return _since_earliest(self.cleaned_data["on"])

    def day(self, otherwise: date) -> date:
        """Return the day asked for, and show it."""
        self.is_valid()
        on: date = self.cleaned_data.get("on") or otherwise
        self.fill(on=on)
        return on

    def refuse(self, message: str) -> None:
        """Say why nothing can be shown as at the day asked for, which stands there again."""
        self.is_bound = True
        self.add_error("on", message)


class LoansForm(DayForm):
    """Which loans, as at which day."""

    show = forms.ChoiceField(
        label=_("Which loans"), choices=[("", _("Running")), ("all", _("All"))], required=False, initial=""
    )

    def asked(self, otherwise: date) -> tuple[date, bool]:
        """Return the day asked for, and whether loans that are over are asked for too, and show both."""
        as_of, shows_all = self.day(otherwise), self.cleaned_data.get("show") == "all"
        self.fill(show="all" if shows_all else "")
        return as_of, shows_all


class SpanForm(QueryForm):
    """From which day to which, up to today; days left out are those of the year so far."""

    start = PastDateField(label=_("From"), required=False)
    end = PastDateField(label=_("To"), required=False)

    def clean_start(self) -> date | None:
        """Refuse a day long before any group."""
        return _since_earliest(self.cleaned_data["start"])

    def clean_end(self) -> date | None:
        """Refuse a day long before any group."""
        return _since_earliest(self.cleaned_data["end"])

    def clean(self) -> dict[str, Any]:
        """Refuse a period that ends before it starts."""
        cleaned = super().clean() or {}
        start, end = cleaned.get("start"), cleaned.get("end")
        if start and end and end < start:
            self.add_error("end", ValidationError(_("The period ends before it starts.")))
        return cleaned

    def span(self, today: date) -> tuple[date, date]:
        """Return the first and the last day asked for, and show them; one of them alone stands for its year."""
        self.is_valid()
        start, end = (self.cleaned_data.get(name) for name in ("start", "end"))
        if end is None:
            end = today if start is None or start.year == today.year else start.replace(month=12, day=31)
        start, end = start or end.replace(month=1, day=1), max(end, start or end)
        self.fill(start=start, end=end)
        return start, end


class BalancesForm(SpanForm):
    """As at a day, or for a period when it has a start."""

    def days(self, today: date) -> tuple[date | None, date]:
        """Return the first day, None for a balance as at the last, and the last, and show them."""
        self.is_valid()
        start, end = (self.cleaned_data.get(name) for name in ("start", "end"))
        end = max(end or today, start or end or today)
        self.fill(start=start, end=end)
        return start, end


class TrialBalanceForm(BalancesForm):
    """As at a day or for a period; a line for each kind of account or for each account."""

    accounts = forms.BooleanField(label=_("Each member and each loan"), required=False)


class LedgerForm(SpanForm):
    """Which account or kind of account, from which day to which."""

    account = forms.ChoiceField(label=_("Account"), required=False, widget=PlainSelect)

    field_order = ("account", "start", "end")

    def __init__(self, data: Any, *, options: Options) -> None:
        super().__init__(data)
        field = self.fields["account"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = options

    @property
    def choice(self) -> str:
        """The code of the account or the kind that was chosen, the cash box if nothing was."""
        self.is_valid()
        return self.cleaned_data.get("account") or AccountKind.CASH.value


def ledger_options(accounts: Sequence[Account]) -> Options:
    """Return the kinds of account, those nobody used yet too, to which reports lead; then those of members and loans.

    `accounts` come from `selectors.accounts_of`.
    """
    kinds: Options = [(kind, f"{line.code} {AccountKind(kind).label}") for kind, line in CHART.items()]
    single = [(account.code, f"{account.code} {account_name(account)}") for account in accounts if "." in account.code]
    return [*kinds, *([(str(_("Members and loans")), single)] if single else [])]


def _since_earliest(day: date | None) -> date | None:
    if day is not None and day < EARLIEST:
        raise ValidationError(_("This day is too long ago."))
    return day
