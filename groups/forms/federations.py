"""Federations: profile, groups that join and leave, officers, meetings, contacts and contributions."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any, cast

from django import forms
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from groups import selectors
from groups.forms.fields import ComingDayField, KeyField, MemberField, PastDateField, PlainSelect, TickedField
from groups.forms.groups import PlaceForm
from groups.forms.partnerships import EndForm, KeyedForm, PartnerField
from groups.forms.seen import SeenForm
from groups.models import (
    Federation,
    FederationContact,
    FederationContribution,
    FederationMeeting,
    FederationMembership,
    FederationOfficer,
    FederationPayment,
    Group,
    Member,
    Partner,
    Region,
)
from groups.services import CONTRIBUTION, FEDERATION_MEETING, FEDERATION_PROFILE
from groups.shared.money import RupiahField

_ROWS = {"rows": 3}


class FederationForm(PlaceForm):
    """A federation. The village or regency is typed."""

    key = KeyField()
    place_field = "region"
    told_at = MappingProxyType({"region": "village_text"})

    class Meta:
        model = Federation
        fields = [name for name in FEDERATION_PROFILE if name != "region"]
        field_classes = {"founded_on": PastDateField}
        widgets = {"purpose": forms.Textarea(attrs=_ROWS)}

    field_order = ["key", "name", "founded_on", "village_text", "village_choice", "purpose"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["village_text"].label = _("Village or regency")
        if "village_choice" in self.fields:
            self.fields["village_choice"].label = _("Which of these places?")

    def places_named(self, text: str) -> list[Region]:
        """Return regencies and villages."""
        return selectors.places_named(text)


class FederationEditForm(SeenForm, FederationForm):
    """A federation that is known already."""

    seen_fields = FEDERATION_PROFILE

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        del self.fields["key"]


class GroupField(forms.ModelChoiceField):  # type: ignore[type-arg]  # not subscriptable at run time
    """One of some groups, told apart by their numbers."""

    widget = PlainSelect

    def __init__(self, queryset: Any = None, **kwargs: Any) -> None:
        super().__init__(Group.objects.none() if queryset is None else queryset.none(), **kwargs)

    def label_from_instance(self, obj: Any) -> str:
        """Return the name with the number."""
        return f"{obj.name} ({obj.number_shown})"


class JoinForm(KeyedForm):
    """Which group joins, and when."""

    class Meta:
        model = FederationMembership
        fields = ("group", "started_on")
        field_classes = {"group": GroupField, "started_on": PastDateField}

    def __init__(self, data: Any, *, groups: QuerySet[Group]) -> None:
        super().__init__(data)
        cast(GroupField, self.fields["group"]).queryset = groups.select_related("organisation")
        self.fields["started_on"].initial = timezone.localdate


class LeaveFederationForm(EndForm):
    """When a group left, and why."""

    button = _("The group leaves")
    told_at = MappingProxyType({"ended_on": "on"})


class MemberOfGroupField(MemberField):
    """A member of one of the groups, with the name of the group."""

    widget = PlainSelect

    def __init__(self, queryset: Any = None, **kwargs: Any) -> None:
        super().__init__(None, **kwargs)

    def label_from_instance(self, obj: Any) -> str:
        """Return the name and the group."""
        return f"{obj.group.name}: {super().label_from_instance(obj)}"


class FederationOfficerForm(KeyedForm):
    """Who takes an office of the federation."""

    class Meta:
        model = FederationOfficer
        fields = ("role", "member", "started_on")
        field_classes = {"member": MemberOfGroupField, "started_on": PastDateField}

    def __init__(self, data: Any, *, members: QuerySet[Member]) -> None:
        super().__init__(data)
        member = cast(MemberOfGroupField, self.fields["member"])
        member.queryset = members
        self.fields["started_on"].initial = timezone.localdate


class FederationMeetingForm(KeyedForm):
    """A meeting, and which groups were there."""

    present = TickedField(Group.objects.none(), label=_("Groups that were there"))

    class Meta:
        model = FederationMeeting
        fields = FEDERATION_MEETING
        field_classes = {"held_on": PastDateField}
        widgets = {"agenda": forms.Textarea(attrs=_ROWS), "decisions": forms.Textarea(attrs=_ROWS)}

    def __init__(self, data: Any, *, groups: QuerySet[Group]) -> None:
        super().__init__(data)
        cast(TickedField, self.fields["present"]).queryset = groups
        self.fields["held_on"].initial = timezone.localdate


class FederationContactForm(KeyedForm):
    """What a federation did with a partner."""

    class Meta:
        model = FederationContact
        fields = ("held_on", "partner", "what", "result")
        field_classes = {"held_on": PastDateField, "partner": PartnerField}
        widgets = {"result": forms.Textarea(attrs=_ROWS)}

    def __init__(self, data: Any, *, partners: QuerySet[Partner]) -> None:
        super().__init__(data)
        cast(PartnerField, self.fields["partner"]).queryset = partners
        self.fields["held_on"].initial = timezone.localdate


class ContributionForm(KeyedForm):
    """What each group is to contribute."""

    amount = RupiahField(label=_("Amount"), help_text=_("For each group. 0 ends the contributions."))

    class Meta:
        model = FederationContribution
        fields = CONTRIBUTION
        field_classes = {"agreed_from": ComingDayField}


class ContributionPaymentForm(KeyedForm):
    """What a group paid; by default the expense is written into its books."""

    amount = RupiahField(label=_("Amount"), min_value=1)
    in_books = forms.BooleanField(
        label=_("Write it into the group's books as an expense from the cash box"), required=False, initial=True
    )
    entry_number = forms.IntegerField(
        label=_("Voucher number"),
        required=False,
        min_value=1,
        max_value=2_000_000_000,
        widget=forms.TextInput(attrs={"inputmode": "numeric"}),
        help_text=_("If the books have the payment already: the number of its entry."),
    )

    class Meta:
        model = FederationPayment
        fields = ("group", "paid_on", "amount")
        field_classes = {"group": GroupField, "paid_on": PastDateField}

    field_order = ["key", "group", "paid_on", "amount", "in_books", "entry_number"]

    def __init__(self, data: Any, *, groups: QuerySet[Group]) -> None:
        super().__init__(data)
        cast(GroupField, self.fields["group"]).queryset = groups.select_related("organisation")
        self.fields["paid_on"].initial = timezone.localdate

    def clean(self) -> dict[str, Any]:
        """Refuse a number of an entry that is to be made."""
        cleaned = super().clean()
        if cleaned.get("in_books") and cleaned.get("entry_number"):
            self.add_error("entry_number", _("Either the books have it already, or it is written into them now."))
        return cleaned
