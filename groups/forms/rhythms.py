"""The rhythm in which a group agrees to meet."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from groups.forms.fields import ComingDayField, CountField, DayField
from groups.forms.groups import GroupForm, NewGroupForm
from groups.models import GroupStatus, MeetingEvery, MeetingRhythm, Pasaran, Weekday, WeekOfMonth
from groups.models.rhythm import MOST_DAYS
from groups.services import RHYTHM


def _chosen(label: Any, choices: list[tuple[int, Any]], help_text: Any) -> forms.TypedChoiceField:
    return forms.TypedChoiceField(
        label=label,
        choices=[("", _("Choose")), *choices],
        coerce=int,
        empty_value=None,
        required=False,
        help_text=help_text,
    )


class RhythmFields(forms.Form):
    """How often a group meets, and the parts that this asks for; what it does not ask for is left aside.

    Without script all parts are shown, each with what it is for; a style sheet hides those that are not asked for.
    """

    every = forms.ChoiceField(label=_("The group meets"), choices=MeetingEvery, initial=MeetingEvery.MONTH)
    week = _chosen(_("Which in the month"), WeekOfMonth.choices, _("Only if the group meets every month on a weekday."))
    weekday = _chosen(
        _("Meeting day"), Weekday.choices, _("Not needed if the group meets on a date or every so many days.")
    )
    pasaran = _chosen(_("Pasaran"), Pasaran.choices, _("Only if the group meets every selapan."))
    day_of_month = CountField(
        label=_("Date of the month"),
        min_value=1,
        max_value=31,
        required=False,
        help_text=_("Only if the group meets on a date. A shorter month has the meeting on its last day."),
    )
    days = CountField(
        label=_("Days from meeting to meeting"),
        min_value=2,
        max_value=MOST_DAYS,
        required=False,
        help_text=_("Only if the group meets every so many days."),
    )
    counted_from = ComingDayField(
        label=_("One of the meeting days"),
        required=False,
        help_text=_("Only for every two weeks or every so many days: a day on which the group met or will meet."),
    )

    def clean(self) -> dict[str, Any]:
        """Ask for the parts of the rhythm at their fields, and make `self.rhythm`, unsaved, of them."""
        cleaned = super().clean() or self.cleaned_data
        self.rhythm = MeetingRhythm(**{name: cleaned.get(name) for name in RHYTHM})
        if "every" in cleaned:
            try:
                self.rhythm.clean()
            except ValidationError as error:
                for field, problems in error.error_dict.items():
                    if field not in self.errors:
                        self.add_error(field, problems)
        return cleaned


class GroupRegisterForm(RhythmFields, NewGroupForm):
    """The profile of a group to be, whether it is being formed still, and when it meets."""

    status = forms.ChoiceField(
        label=_("Status"),
        choices=[(status.value, status.label) for status in (GroupStatus.ACTIVE, GroupStatus.FORMING)],
        initial=GroupStatus.ACTIVE,
        required=False,
        help_text=_("A group that is being formed is led through six steps to its founding meeting."),
    )
    field_order = [*GroupForm.field_order, *RHYTHM]

    def clean(self) -> dict[str, Any]:
        """Give the group its status."""
        cleaned = super().clean()
        self.instance.status = cleaned.get("status") or GroupStatus.ACTIVE
        return cleaned


class RhythmForm(RhythmFields):
    """Another rhythm, and the day from which it counts."""

    agreed_from = DayField(
        label=_("Counts from"),
        help_text=_("From this day on the group meets in the new way. It may be past: what was before stays."),
    )
    field_order = [*RHYTHM, "agreed_from"]

    def clean(self) -> dict[str, Any]:
        """Give the rhythm its day."""
        cleaned = super().clean()
        if "agreed_from" in cleaned:
            self.rhythm.agreed_from = cleaned["agreed_from"]
        return cleaned
