"""What people type about loans from outside; the rules themselves are kept by `finance.services`."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from finance.forms.covers import open_day
from finance.forms.source import MONEY
from finance.models import AccountKind, LoanEvery, RateSaid
from finance.selectors import ExternalRow
from finance.services import ExternalTerms
from groups.forms import ComingDayField, CountField, KeyField, PastDateField, PercentField
from groups.models import Group, Method
from groups.shared.money import RupiahField, rupiah


class ReceiveForm(forms.Form):
    """A loan as the lender grants it."""

    key = KeyField()
    lender = forms.CharField(
        label=_("Lender"), max_length=120, help_text=_("For example: UPK Dolopo, BRI Unit Madiun.")
    )
    principal = RupiahField(label=_("Amount received"), min_value=1)
    into = forms.TypedChoiceField(label=_("Received into"), choices=MONEY, coerce=AccountKind, widget=forms.RadioSelect)
    received_on = PastDateField(label=_("Received on"), initial=timezone.localdate)
    rate = PercentField(label=_("Service fee (jasa), %"))
    rate_per = forms.ChoiceField(label=_("Fee rate for"), choices=RateSaid, initial=RateSaid.PERIOD, required=False)
    method = forms.ChoiceField(label=_("Fee method"), choices=Method)
    periods = CountField(label=_("Number of instalments"), validators=[MinValueValidator(1), MaxValueValidator(240)])
    every = forms.ChoiceField(label=_("One instalment every"), choices=LoanEvery, initial=LoanEvery.MONTH)
    round_up_to = RupiahField(label=_("Instalments rounded up to"), min_value=1, initial=1000)
    first_due = ComingDayField(label=_("First instalment due"))
    purpose = forms.CharField(label=_("Purpose"), max_length=120, required=False)

    def __init__(self, *args: Any, group: Group, **kwargs: Any) -> None:
        self.group = group
        super().__init__(*args, **kwargs)

    def clean_received_on(self) -> date:
        """Refuse a day to come, one before the group was, and one on which the books are closed."""
        on: date = self.cleaned_data["received_on"]
        if on < self.group.founded_on:
            raise ValidationError(_("The group did not exist yet on this date."))
        return open_day(on, self.group)

    def clean(self) -> dict[str, Any]:
        """Refuse a first instalment on the day of receipt or before it."""
        cleaned = super().clean() or {}
        received_on, first_due = cleaned.get("received_on"), cleaned.get("first_due")
        if received_on and first_due and first_due <= received_on:
            self.add_error("first_due", _("The first instalment is due after the day the loan is received."))
        return cleaned

    @property
    def terms(self) -> ExternalTerms:
        """The loan as it was typed."""
        typed = self.cleaned_data
        names = ("lender", "principal", "periods", "method", "round_up_to", "received_on", "first_due", "purpose")
        return ExternalTerms(
            **{name: typed[name] for name in names},
            rate=Decimal(typed["rate"]),
            rate_per=typed["rate_per"] or RateSaid.PERIOD,
            every=str(typed["every"]),
        )


class RepayForm(forms.Form):
    """A payment to a lender."""

    key = KeyField()
    amount = RupiahField(label=_("Amount paid"), min_value=1)
    source = forms.TypedChoiceField(label=_("Paid from"), choices=MONEY, coerce=AccountKind, widget=forms.RadioSelect)
    on = PastDateField(label=_("Paid on"), initial=timezone.localdate)

    def __init__(self, data: Any, *, row: ExternalRow) -> None:
        self.loan = row.loan
        self.asked = row.asked
        super().__init__(data, initial={"amount": row.due_now or row.arrears.next_due})

    def clean_amount(self) -> int:
        """Refuse more than the lender still asks for."""
        amount: int = self.cleaned_data["amount"]
        if amount > self.asked:
            raise ValidationError(_("The lender still asks for %(amount)s only.") % {"amount": rupiah(self.asked)})
        return amount

    def clean_on(self) -> date:
        """Refuse a day to come, one before the loan, and one on which the books are closed."""
        on: date = self.cleaned_data["on"]
        if on < self.loan.received_on:
            raise ValidationError(_("The loan was not received yet on this day."))
        return open_day(on, self.loan.group)
