"""The profile of a member, and leaving."""

from __future__ import annotations

import uuid
from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from groups.forms.fields import DateInput, NikField, PhoneField, YearField
from groups.models import Member
from groups.services import MEMBER_PROFILE


class MemberForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable at run time
    """The profile of a member; `instance.group` must be set. Used by the page and by the admin."""

    birth_year = YearField(label=_("Year of birth"), required=False)
    phone = PhoneField(label=_("Phone"), required=False)
    nik = NikField(
        label=_("NIK"), required=False, help_text=_("Optional. 16 digits; shown to nobody but who may edit it.")
    )

    class Meta:
        model = Member
        fields = MEMBER_PROFILE
        widgets = {"joined_on": DateInput()}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["joined_on"].widget.attrs["max"] = timezone.localdate().isoformat()


class NewMemberForm(MemberForm):
    """A member to be, with the key that makes the same form sent twice one member."""

    key = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["key"].initial = uuid.uuid4


class LeaveForm(forms.Form):
    """When a member left."""

    key = forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4)
    left_on = forms.DateField(label=_("Left on"), widget=DateInput())

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["left_on"].initial = timezone.localdate

    def clean_left_on(self) -> date:
        """Refuse a day to come."""
        left_on: date = self.cleaned_data["left_on"]
        if left_on > timezone.localdate():
            raise ValidationError(_("This date is in the future."))
        return left_on


class LeaveUndoForm(forms.Form):
    """Whether the settlement of a leaving that is taken back is reversed with it, and why."""

    key = forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4)
    reverse = forms.BooleanField(
        label=_("The money was not really paid out: reverse the settlement as well"), required=False, initial=True
    )
    reason = forms.CharField(label=_("Reason"), max_length=200)

    def __init__(self, *args: Any, is_settled: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not is_settled:
            self.fields.clear()
