"""The profile of a group, its status, and the filters that find groups."""

from __future__ import annotations

import re
from collections.abc import Sequence
from types import MappingProxyType
from typing import Any, cast

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from groups import selectors
from groups.forms.fields import DayField, KeyField, PastDateField, PlainSelect
from groups.forms.second_look import SecondLookForm
from groups.forms.seen import SeenForm
from groups.models import Group, GroupKind, GroupStatus, Region, User
from groups.services import GROUP_PROFILE


class GroupFilterForm(forms.Form):
    """Which of the groups `actor` may see. A value that is not on offer, or not any more, is refused."""

    region = forms.ChoiceField(label=_("Region"), required=False, widget=PlainSelect)
    facilitator = forms.TypedChoiceField(
        label=_("Facilitator"), required=False, coerce=int, empty_value=None, widget=PlainSelect
    )
    kind = forms.ChoiceField(label=_("Kind"), required=False)

    def __init__(self, data: Any, *, actor: User) -> None:
        super().__init__(data)
        code = data.get("region", "")
        regions = selectors.region_options(actor, code if _REGION_CODE.fullmatch(code) else "")
        self.region_names = {region.code: region.name for region in regions}
        self._offer("region", [(region.code, _indented(region)) for region in regions])
        self._offer("facilitator", selectors.facilitator_options(actor))
        self._offer("kind", [(kind.value, str(kind.label)) for kind in GroupKind])

    def _offer(self, name: str, choices: Sequence[tuple[str, str]], *, all_of_them: bool = True) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", _("All")), *choices] if all_of_them else choices
        field.error_messages["invalid_choice"] = _("This choice does not exist any more. Choose again.")


_REGION_CODE = re.compile(r"\d{2}(\.\d{2}(\.\d{2}(\.\d{4})?)?)?")


def _indented(region: Region) -> str:
    return "\N{EM SPACE}" * (region.level - 1) + region.name


class VillageChoice(forms.ChoiceField):
    """One of the villages found for what was typed; its choices are set by the form."""

    widget = forms.RadioSelect

    def valid_value(self, value: Any) -> bool:
        """Accept any: the form compares it with what it found."""
        return True


class PlaceForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable at run time
    """A place in the field `place_field` of the model, which is typed; of several with that name one is then chosen."""

    place_field = "village"
    village_text = forms.CharField(
        label=_("Village (desa or kelurahan)"),
        max_length=150,
        required=False,
        help_text=_("Name or Kemendagri code. Narrow a common name down after a comma: Sukamaju, Cianjur."),
    )
    village_choice = VillageChoice(label=_("Which of these villages?"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        place: Region | None = getattr(self.instance, self.place_field)
        self.village_before = place.path if place else ""
        self.fields["village_text"].initial = self.village_before
        # The radio buttons appear only when there is something to choose.
        self.matches: list[Region] = []
        if self.is_bound and self._typed_village():
            self.matches = self.places_named(self._typed_village())
        if 1 < len(self.matches) <= selectors.MOST_VILLAGES:
            cast(VillageChoice, self.fields["village_choice"]).choices = [
                (village.pk, village.path) for village in self.matches
            ]
        else:
            del self.fields["village_choice"]

    def places_named(self, text: str) -> list[Region]:
        """Return the places that may be meant."""
        return selectors.villages_named(text)

    def _typed_village(self) -> str:
        text = str(self.data.get(self.add_prefix("village_text"), "")).strip()
        return "" if text == self.village_before else text[:150]

    def clean(self) -> dict[str, Any]:
        """Find the place for what was typed, and give the row the key of the form."""
        cleaned = super().clean() or self.cleaned_data
        if "key" in cleaned:
            self.instance.key = cleaned["key"]
        if "village_text" not in cleaned:
            return cleaned
        if not cleaned["village_text"]:
            setattr(self.instance, self.place_field, None)
        elif cleaned["village_text"] != self.village_before:
            self._choose_village(cleaned.get("village_choice", ""))
        return cleaned

    def _choose_village(self, choice: str) -> None:
        is_only = len(self.matches) == 1
        chosen = [village for village in self.matches if is_only or village.pk == choice]
        if chosen:
            setattr(self.instance, self.place_field, chosen[0])
        elif not self.matches:
            self.add_error("village_text", _("There is no village with this name or code."))
        elif "village_choice" in self.fields:
            self.add_error("village_choice", _("Several villages have this name. Choose one."))
        else:
            self.add_error(
                "village_text",
                _("Many villages have this name. Add the district or regency after a comma: Sukamaju, Cianjur."),
            )


class GroupForm(PlaceForm):
    """The profile of a group."""

    key = KeyField()
    told_at = MappingProxyType({"village": "village_text"})

    class Meta:
        model = Group
        fields = [name for name in GROUP_PROFILE if name not in ("status", "village")]
        field_classes = {"founded_on": DayField}  # the model knows whether the village has come to that day

    field_order = ["key", "name", "kind", "status", "founded_on", "village_text", "village_choice", "place"]


class NewGroupForm(SecondLookForm, GroupForm):
    """A group to be, of the organisation of `actor`."""

    def __init__(self, *args: Any, actor: User, **kwargs: Any) -> None:
        self.actor = actor
        super().__init__(*args, **kwargs)

    def why_look_again(self, cleaned: dict[str, Any]) -> str:
        """Name a group that may be the same, but not by its number one that the actor may not see."""
        if not {"name", "key"} <= cleaned.keys() or "village_text" in self.errors or "village_choice" in self.errors:
            return ""
        asked = Group(
            organisation=self.actor.organisation,
            name=cleaned["name"],
            village=self.instance.village,
            key=cleaned["key"],
        )
        alike = selectors.groups_alike(self.actor, asked).first()
        if alike is None:
            return ""
        if not alike.is_visible:  # type: ignore[attr-defined]  # annotated by groups_alike
            return gettext(
                "A colleague has registered a group of this name in this village. Tick if this is another group."
            )
        words = {"group": alike, "code": alike.number_shown}
        return gettext("%(group)s (%(code)s) has this name and this village. Tick if this is another group.") % words


class StatusForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable at run time
    """Whether a group is alive; since when and why, if that changes. Used by the page and by the admin."""

    status_on = PastDateField(label=_("Status since"), required=False, help_text=_("Only if the status changes."))
    status_reason = forms.CharField(
        label=_("Reason"),
        required=False,
        max_length=200,
        help_text=_("Why the group is no longer active, if it is not."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # A group is dissolved, and that is taken back, on pages of their own, which see to its books.
        is_over = self.instance.status == GroupStatus.DISSOLVED
        status = cast(forms.ChoiceField, self.fields["status"])
        status.choices = [choice for choice in GroupStatus.choices if (choice[0] == GroupStatus.DISSOLVED) == is_over]

    def clean(self) -> dict[str, Any]:
        """Ask for a reason when the group is no longer active."""
        cleaned = super().clean() or self.cleaned_data
        ended = "status" in self.changed_data and cleaned.get("status") != GroupStatus.ACTIVE
        if ended and "status_reason" in cleaned and not cleaned["status_reason"]:
            self.add_error("status_reason", _("Write why the group is no longer active."))
        day = cleaned.get("status_on")
        founded_on = cleaned.get("founded_on")
        if day is not None and founded_on is not None and day < founded_on:
            self.add_error("status_on", _("The group did not exist yet on this date."))
        return cleaned


class GroupEditForm(SeenForm, StatusForm, GroupForm):
    """As `GroupForm`, and whether the group is alive."""

    seen_fields = GROUP_PROFILE

    class Meta(GroupForm.Meta):
        fields = [name for name in GROUP_PROFILE if name != "village"]

    field_order = ["name", "kind", "status", "status_on", "status_reason", *GroupForm.field_order[4:]]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        del self.fields["key"]
        if self.instance.status == GroupStatus.FORMING:
            # It is founded on the page of its steps, on the day of its founding meeting.
            status = cast(forms.ChoiceField, self.fields["status"])
            status.choices = [(one.value, one.label) for one in (GroupStatus.FORMING, GroupStatus.DORMANT)]
            status.help_text = _("It becomes active on the page of the six steps, once all are done.")

    @property
    def update(self) -> dict[str, Any]:
        """What `group_update` takes besides the group; a status that was left as it is, is the stored one."""
        taken = {name: self.cleaned_data[name] for name in ("status_on", "status_reason", "seen")}
        return {**taken, "status": self.cleaned_data["status"] if "status" in self.changed_data else None}


class GroupSearchForm(forms.Form):
    """The filters of the group list."""

    q = forms.CharField(label=_("Name, number or village"), max_length=80, required=False)
    kind = forms.ChoiceField(label=_("Kind"), choices=[("", _("All kinds")), *GroupKind.choices], required=False)
    status = forms.ChoiceField(label=_("Status"), choices=[("", _("Any status")), *GroupStatus.choices], required=False)

    def asked(self) -> dict[str, str]:
        """Return what `groups_find` takes."""
        found = self.cleaned_data
        return {"words": found["q"], "kind": found["kind"], "status": found["status"]}

    def words(self) -> list[str]:
        """Return what narrows the groups, for people: `Kind: Social`."""
        found = self.cleaned_data
        labels = {
            **found,
            "kind": dict(GroupKind.choices).get(found["kind"]),
            "status": dict(GroupStatus.choices).get(found["status"]),
        }
        return [f"{self.fields[name].label}: {label}" for name, label in labels.items() if label]
