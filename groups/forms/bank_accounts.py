"""Bank accounts and who signs for them."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from groups.forms.fields import CountField, KeyField, PastDateField, TickedField, member_label
from groups.models import BankAccount, Group, Member
from groups.models.bank_account import MOST_SIGNERS
from groups.services import BANK_ACCOUNT


class SignersField(TickedField):
    """The members who sign; whoever left since stands last, for what was before is recorded late."""

    def label_from_instance(self, obj: Any) -> str:
        """Return the name, and when somebody left."""
        return member_label(obj)

    def clean(self, value: Any) -> list[Member]:  # type: ignore[override]  # not what the stubs say, but what is used
        """Return the members."""
        return list(super().clean(value))


class MandateForm(forms.Form):
    """How many sign together from a day on, and who."""

    valid_from = PastDateField(label=_("From"), initial=timezone.localdate)
    signatures = CountField(
        label=_("How many must sign together"),
        min_value=1,
        max_value=MOST_SIGNERS,
        initial=2,
        help_text=_("How many people must sign together to withdraw money."),
    )
    signers = SignersField(
        Member.objects.none(), label=_("Who may sign"), required=False, help_text=_("Leave open who is not known.")
    )

    def __init__(self, *args: Any, group: Group, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        signers = cast(SignersField, self.fields["signers"])
        signers.queryset = group.members.order_by(F("left_on").desc(nulls_first=True), "number")


class BankAccountForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable at run time
    """An account of the group and who signs for it; `instance.group` must be set."""

    key = KeyField()
    signatures = MandateForm.base_fields["signatures"]
    signers = MandateForm.base_fields["signers"]

    field_order = ["key", "bank", "number", "opened_on", "signatures", "signers"]

    class Meta:
        model = BankAccount
        fields = BANK_ACCOUNT
        field_classes = {"opened_on": PastDateField}

    def __init__(self, data: Any, *, group: Group, **kwargs: Any) -> None:
        super().__init__(data, instance=BankAccount(group=group), **kwargs)
        signers = cast(SignersField, self.fields["signers"])
        signers.queryset = group.members.order_by(F("left_on").desc(nulls_first=True), "number")

    def clean(self) -> dict[str, Any]:
        """Give the account the key of the form."""
        cleaned = super().clean() or self.cleaned_data
        if "key" in cleaned:
            self.instance.key = cleaned["key"]
        return cleaned

    @property
    def signing(self) -> dict[str, Any]:
        """How many sign, and who may."""
        return {name: self.cleaned_data[name] for name in ("signatures", "signers")}


class CloseAccountForm(forms.Form):
    """When an account was closed."""

    button = _("Close the account")
    closed_on = PastDateField(label=_("Closed on"), initial=timezone.localdate)
