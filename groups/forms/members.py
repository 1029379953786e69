"""The profile of a member."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from groups.forms.fields import KeyField, NikField, PastDateField, PastDateInput, PhoneField, YearField
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
        field_classes = {"joined_on": PastDateField}
        widgets = {"joined_on": PastDateInput}


class NewMemberForm(MemberForm):
    """A member to be, with the key that makes the same form sent twice one member."""

    key = KeyField()

    def clean(self) -> dict[str, Any]:
        """Give the member the key of the form."""
        cleaned = super().clean() or self.cleaned_data
        if "key" in cleaned:
            self.instance.key = cleaned["key"]
        return cleaned
