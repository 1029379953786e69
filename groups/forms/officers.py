"""Elections and their corrections."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from groups.forms.fields import MemberField, PastDateField
from groups.models import Group, Member, OfficerRole


class ElectionForm(forms.Form):
    """Who was elected on one day. An office left open stays as it is."""

    started_on = PastDateField(label=_("Elected on"), initial=timezone.localdate)

    def __init__(self, *args: Any, group: Group, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for role in OfficerRole:
            field = MemberField(
                label=role.label, required=False, empty_label=_("— stays as it is —"), help_text=role.duties
            )
            self.fields[role.value] = field
            field.offer(group)

    def clean(self) -> dict[str, Any]:
        """Refuse an election of nobody, and of one person into two offices."""
        cleaned = super().clean() or self.cleaned_data
        seen = set()
        for role, member in self.elected().items():
            if member in seen:
                self.add_error(role.value, _("One person holds one office."))
            seen.add(member)
        if not seen and not self.errors:
            raise ValidationError(_("Choose a member for at least one office."))
        return cleaned

    def elected(self) -> dict[OfficerRole, Member]:
        """Return the members chosen, by office."""
        return {role: self.cleaned_data[role.value] for role in OfficerRole if self.cleaned_data.get(role.value)}


class TermCorrectionForm(forms.Form):
    """What was wrong with an election: its day, or all of it; `others` says that more offices were filled that day."""

    what = forms.ChoiceField(
        label=_("What is wrong?"),
        choices=[("day", _("The day of the election")), ("all", _("The election itself: it never took place"))],
        initial="day",
        widget=forms.RadioSelect,
    )
    started_on = PastDateField(
        label=_("Right day of the election"), required=False, help_text=_("Only if the day is wrong.")
    )
    whole_election = forms.BooleanField(
        label=_("The other offices filled on that day as well"), required=False, initial=True
    )
    reason = forms.CharField(label=_("Reason"), max_length=200)

    def __init__(self, *args: Any, others: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not others:
            del self.fields["whole_election"]

    def clean(self) -> dict[str, Any]:
        """Ask for the right day when the day is what was wrong."""
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("what") == "day" and "started_on" in cleaned and cleaned["started_on"] is None:
            self.add_error("started_on", _("Write the day on which the election really was."))
        return cleaned
