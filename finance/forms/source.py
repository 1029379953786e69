"""Where money is taken from or put: the cash box, or the bank where the group has one."""

from __future__ import annotations

from django import forms

from finance.models import Account, AccountKind
from groups.models import Group

MONEY = [(AccountKind.CASH, AccountKind.CASH.label), (AccountKind.BANK, AccountKind.BANK.label)]


def offer_bank(form: forms.Form, group: Group, name: str, label: str) -> None:
    """Let `form` ask for the cash box or the bank in its field `name`, if the group ever had money in a bank.

    Without the field it is the cash box, as the services take it. The cleaned value is an `AccountKind`.
    """
    if Account.objects.filter(group=group, kind=AccountKind.BANK).exists():
        form.fields[name] = forms.TypedChoiceField(
            label=label, choices=MONEY, coerce=AccountKind, widget=forms.RadioSelect, initial=AccountKind.CASH
        )
