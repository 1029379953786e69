"""Partners of an organisation, and which of them to look at."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from groups import selectors
from groups.forms.fields import KeyField, PhoneField
from groups.forms.groups import PlaceForm
from groups.forms.seen import SeenForm
from groups.models import Partner, PartnerKind, Region
from groups.services import PARTNER_PROFILE


class PartnerForm(PlaceForm):
    """A partner. The village or regency is typed."""

    key = KeyField()
    place_field = "region"
    told_at = MappingProxyType({"region": "village_text"})

    class Meta:
        model = Partner
        fields = [name for name in PARTNER_PROFILE if name != "region"]
        field_classes = {"phone": PhoneField}
        widgets = {"criteria": forms.Textarea(attrs={"rows": 3})}

    field_order = ["key", "name", "kind", "contact_person", "phone", "village_text", "village_choice", "criteria"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["village_text"].label = _("Village or regency")
        if "village_choice" in self.fields:
            self.fields["village_choice"].label = _("Which of these places?")

    def places_named(self, text: str) -> list[Region]:
        """Return regencies and villages."""
        return selectors.places_named(text)


class PartnerEditForm(SeenForm, PartnerForm):
    """A partner that is known already."""

    seen_fields = PARTNER_PROFILE

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        del self.fields["key"]


class PartnerSearchForm(forms.Form):
    """The filters of the list of partners."""

    q = forms.CharField(label=_("Name or place"), max_length=80, required=False)
    kind = forms.ChoiceField(label=_("Kind"), choices=[("", _("All kinds")), *PartnerKind.choices], required=False)

    def asked(self) -> dict[str, str]:
        """Return what `partners_find` takes."""
        return {"words": self.cleaned_data["q"], "kind": self.cleaned_data["kind"]}
