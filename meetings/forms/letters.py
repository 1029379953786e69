"""A letter as somebody writes it into the book, and what to look for in the book."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from groups.forms import KeyField, PastDateField
from groups.models import Group
from meetings.models import Letter, LetterDirection
from meetings.services import LETTER


class LetterForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable at run time
    """Which way the letter went, when, with whom, and what it is about."""

    key = KeyField()
    direction = forms.ChoiceField(label=_("Direction"), choices=LetterDirection.choices, widget=forms.RadioSelect)
    dated_on = PastDateField(label=_("Received or sent on"))
    field_order = ["key", *LETTER]

    class Meta:
        model = Letter
        fields = LETTER
        help_texts = {
            "number": _("As it stands on the letter; empty where there is none."),
            "other": _("A person, an office or another group."),
            "note": _("For example: answered, read out in the meeting, kept in the file."),
        }

    def __init__(self, data: Any, *, group: Group) -> None:
        initial = {"direction": LetterDirection.IN, "dated_on": timezone.localdate()}
        super().__init__(data, instance=Letter(group=group), initial=initial)

    def clean(self) -> dict[str, Any]:
        """Give the letter the key of the form."""
        cleaned = super().clean() or self.cleaned_data
        if "key" in cleaned:
            self.instance.key = cleaned["key"]
        return cleaned


class LettersForm(forms.Form):
    """Which letters of the book to show."""

    q = forms.CharField(label=_("Search"), max_length=100, required=False)
    direction = forms.ChoiceField(
        label=_("Direction"), choices=[("", _("All letters")), *LetterDirection.choices], required=False
    )

    def asked(self) -> dict[str, str]:
        """Return what to look for; nothing of what is wrong."""
        self.is_valid()
        return {"words": self.cleaned_data.get("q", ""), "direction": self.cleaned_data.get("direction", "")}
