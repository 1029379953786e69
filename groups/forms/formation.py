"""What people write while a group is being formed, and when one that fell asleep is revived."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from groups.forms.fields import CountField, KeyField, PastDateField
from groups.models import FormationNote, FormationStep, Founding, Group
from groups.shared.money import RupiahField

MOST_PEOPLE = 999
QUESTIONS: Mapping[str, tuple[Any, Any]] = {
    FormationStep.NEARBY: (
        _("What was decided"),
        _("Did you visit them? May people join one, can one be revived, or is a new group needed, and why?"),
    ),
    FormationStep.PARTNERS: (
        _("Who helps, and with what"),
        _("For example the village office, an extension worker, a bank, another group; a room, training, seed."),
    ),
    FormationStep.START: (_("What the first members start with"), _("The first small thing they do together.")),
    FormationStep.NAME: (_("Why this name"), _("What it means to the members, and how they agreed it.")),
    FormationStep.MEETING: (
        _("How place and time suit women and men"),
        _("For example work in field and house, children, the way at night; what women asked for and what men did."),
    ),
}
"""What is asked at each step, and help with the answer."""


class KeyedForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable at run time
    """A form of a row with a key: the same form sent twice is one row."""

    use_required_attribute = False

    key = KeyField()

    def clean(self) -> dict[str, Any]:
        """Give the row the key of the form."""
        cleaned = super().clean() or self.cleaned_data
        if "key" in cleaned:
            self.instance.key = cleaned["key"]
        return cleaned


class NoteForm(KeyedForm):
    """What was done for the step of the unsaved `instance`; its group is set too."""

    people = CountField(label=_("People at the start"), min_value=1, max_value=MOST_PEOPLE)
    first_saving = RupiahField(label=_("First saving of each"))

    class Meta:
        model = FormationNote
        fields = ["done_on", "people", "first_saving", "text"]
        field_classes = {"done_on": PastDateField}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        label, help_text = QUESTIONS[self.instance.step]
        self.initial["done_on"] = timezone.localdate()
        self.fields["text"] = forms.CharField(
            label=label, help_text=help_text, max_length=2000, widget=forms.Textarea(attrs={"rows": 4})
        )
        if self.instance.step != FormationStep.START:
            del self.fields["people"], self.fields["first_saving"]


class FoundingForm(KeyedForm):
    """The meeting that founded `group`."""

    present = forms.CharField(
        label=_("Who was there besides the members"),
        help_text=_("For example the village head; or how many were there."),
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    class Meta:
        model = Founding
        fields = ["held_on", "place", "present", "activity", "address"]
        field_classes = {"held_on": PastDateField}
        help_texts = {"activity": _("For example savings and loans, chickens, fish.")}

    def __init__(self, data: Any, *, group: Group) -> None:
        super().__init__(data, instance=Founding(group=group))
        address = filter(None, (group.place, group.village.path if group.village else ""))
        self.initial.update(held_on=timezone.localdate(), place=group.place, address=", ".join(address))


class WithdrawForm(forms.Form):
    """Why something that was recorded by mistake is withdrawn."""

    button = _("Withdraw what was recorded")
    reason = forms.CharField(label=_("Reason"), max_length=200)


class ReviveForm(forms.Form):
    """Since when a group that fell asleep is active again, and why."""

    button = _("Revive the group")
    status_on = PastDateField(label=_("Active again since"), initial=timezone.localdate)
    status_reason = forms.CharField(
        label=_("Reason"), max_length=200, help_text=_("What brought the members together again.")
    )
