"""The profile of a member."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from groups import selectors
from groups.forms.fields import KeyField, NikField, PastDateField, PastDateInput, PhoneField, YearField
from groups.forms.second_look import SecondLookForm
from groups.forms.seen import SeenForm
from groups.models import Member, User
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


class EditMemberForm(SeenForm, MemberForm):
    """As `MemberForm`, and which state of the profile was seen."""

    seen_fields = MEMBER_PROFILE


class NewMemberForm(SecondLookForm, MemberForm):
    """A member to be, with the key that makes the same form sent twice one member."""

    key = KeyField()

    def __init__(self, *args: Any, actor: User, **kwargs: Any) -> None:
        self.actor = actor
        super().__init__(*args, **kwargs)

    def why_look_again(self, cleaned: dict[str, Any]) -> str:
        """Name a member who may be the same person, but say nothing of a group that the actor may not see."""
        if not {"name", "phone", "key"} <= cleaned.keys():
            return ""
        asked = Member(group=self.instance.group, name=cleaned["name"], phone=cleaned["phone"], key=cleaned["key"])
        alike = selectors.members_alike(self.actor, asked, as_of=timezone.localdate()).first()
        if alike is None:
            return ""
        if not alike.is_visible:  # type: ignore[attr-defined]  # annotated by members_alike
            return gettext(
                "Somebody of this name, of the same village or phone, is a member of another group of the "
                "organisation. Tick to register the member here too."
            )
        words = {"member": alike.name, "number": alike.number, "group": alike.group, "code": alike.group.number_shown}
        if alike.group_id == self.instance.group_id:
            return gettext("%(member)s is a member already, number %(number)d. Tick if this is somebody else.") % words
        return (
            gettext("%(member)s is a member of %(group)s (%(code)s) already. Tick to register the member here too.")
            % words
        )

    def clean(self) -> dict[str, Any]:
        """Give the member the key of the form."""
        cleaned = super().clean() or self.cleaned_data
        if "key" in cleaned:
            self.instance.key = cleaned["key"]
        return cleaned
