"""What people type in use cases that span apps."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from finance.forms.source import offer_bank
from groups.forms import KeyField, PastDateField
from groups.models import Member
from kelompok.services import check_leaving_day


class LeaveForm(forms.Form):
    """When a member left, and where the rest of the savings is paid from."""

    key = KeyField()
    left_on = PastDateField(label=_("Left on"), initial=timezone.localdate)

    def __init__(self, *args: Any, member: Member, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.member = member
        offer_bank(self, member.group, "source", gettext("Paid from"))

    def clean(self) -> dict[str, Any]:
        """Refuse a day after which the records know the member still."""
        cleaned = super().clean() or self.cleaned_data
        if "left_on" in cleaned:
            check_leaving_day(self.member, cleaned["left_on"])
        return cleaned


class LeaveUndoForm(forms.Form):
    """Whether the settlement of a leaving that is taken back is reversed with it, and why."""

    key = KeyField()
    reverse = forms.BooleanField(
        label=_("The money was not really paid out: reverse the settlement as well"), required=False, initial=True
    )
    reason = forms.CharField(label=_("Reason"), max_length=200)

    def __init__(self, *args: Any, is_settled: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not is_settled:
            del self.fields["reverse"], self.fields["reason"]
