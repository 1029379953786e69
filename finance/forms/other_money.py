"""Money that moves between two meetings, as people type it."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from finance.forms.source import offer_bank
from finance.models import InventoryItem
from finance.rules.lines import OtherMoney
from groups.forms import KeyField, MemberField, PastDateField
from groups.models import Group
from groups.shared.money import RupiahField, rupiah


class MemberMoney(models.TextChoices):
    """Money of one member that moves outside a meeting."""

    POKOK = "POKOK", _("In: initial savings (pokok)")
    WAJIB = "WAJIB", _("In: compulsory savings (wajib)")
    SUKARELA = "SUKARELA", _("In: voluntary savings (sukarela)")
    SOCIAL = "SOCIAL", _("In: contribution to the social fund")
    FINE = "FINE", _("In: fine (denda)")
    WITHDRAWAL = "WITHDRAWAL", _("Out: voluntary savings")
    HELP = "HELP", _("Out: help to a member from the social fund")


class DatedForm(forms.Form):
    """Something that happened to a group's money on a day."""

    key = KeyField()
    on = PastDateField(label=_("Date"), initial=timezone.localdate)

    def __init__(self, *args: Any, group: Group, **kwargs: Any) -> None:
        self.group = group
        super().__init__(*args, **kwargs)

    def clean_on(self) -> date:
        """Refuse a day before the group."""
        on: date = self.cleaned_data["on"]
        if on < self.group.founded_on:
            raise ValidationError(gettext("The group did not exist yet on this date."))
        return on


class MoneyForm(DatedForm):
    """Money in or out outside a meeting; a member where it is a member's."""

    kind = forms.ChoiceField(
        label=_("What it is"),
        choices=[
            ("", "—"),
            (_("Of a member"), MemberMoney.choices),
            (_("Of the group"), [(f"OTHER_{kind}", label) for kind, label in OtherMoney.choices]),
        ],
    )
    member = MemberField(label=_("Member"), required=False)
    amount = RupiahField(label=_("Amount"), min_value=1)
    memo = forms.CharField(label=_("What for"), max_length=200, required=False)

    field_order = ("key", "on", "kind", "member", "amount", "memo")
    NEEDS_MEMO = (MemberMoney.FINE, MemberMoney.HELP)

    def __init__(self, *args: Any, group: Group, **kwargs: Any) -> None:
        super().__init__(*args, group=group, **kwargs)
        self.fields["member"].offer(group)  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """A member's money has a member; what is not plain has a word."""
        data = self.cleaned_data
        kind = data.get("kind")
        if not kind:
            return data
        is_of_member = kind in MemberMoney.values
        if is_of_member and not data.get("member") and "member" not in self.errors:
            self.add_error("member", gettext("Choose whose money it is."))
        if not is_of_member and data.get("member"):
            self.add_error("member", gettext("This kind of money belongs to no member."))
        if (not is_of_member or kind in self.NEEDS_MEMO) and not data.get("memo") and "memo" not in self.errors:
            self.add_error("memo", gettext("Say what it was for."))
        return data


class BuyForm(DatedForm):
    """A thing bought for the group."""

    name = forms.CharField(label=_("Thing"), max_length=120)
    price = RupiahField(label=_("Price"), min_value=1)

    def __init__(self, *args: Any, group: Group, **kwargs: Any) -> None:
        super().__init__(*args, group=group, **kwargs)
        offer_bank(self, group, "source", gettext("Paid from"))


class WriteDownForm(DatedForm):
    """What a thing lost in worth, and what was got for it."""

    amount = RupiahField(label=_("Taken off"), min_value=1)
    reason = forms.CharField(label=_("Why"), max_length=100)
    received = RupiahField(
        label=_("Received for it"), required=False, help_text=_("Where it was sold: the money that came in.")
    )

    def __init__(self, *args: Any, item: InventoryItem, worth: int, **kwargs: Any) -> None:
        self.item = item
        self.worth = worth
        super().__init__(*args, **kwargs)
        offer_bank(self, item.group, "into", gettext("Received into"))
        self.fields["amount"].help_text = gettext("All of it, %s, when the thing is gone.") % rupiah(worth)

    def clean_on(self) -> date:
        """Refuse a day before the group had the thing."""
        on = super().clean_on()
        if on < self.item.acquired_on:
            raise ValidationError(gettext("The group did not have the thing yet on this date."))
        return on

    def clean_amount(self) -> int:
        """Refuse more than the thing is worth."""
        amount: int = self.cleaned_data["amount"]
        if amount > self.worth:
            raise ValidationError(gettext("The thing is worth only %s in the books.") % rupiah(self.worth))
        return amount
