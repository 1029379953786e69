"""A visit as somebody plans it, records it on a phone, and takes it back."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.db.models import Q
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import cached_property
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from groups.forms import ComingDayField, KeyField, PastDateField
from groups.models import Group, User
from groups.selectors import colleagues
from meetings.models import FollowUp, PlannedVisit, Visit, VisitorRole, VisitTask
from meetings.selectors import planned_visits
from meetings.services import FOLLOW_UP, PLANNED_VISIT, VISIT

FOLLOW_UPS = 4
"""Rows for what is to follow from a visit."""
_NOTHING = (("", _("Choose")),)


class _PlanField(forms.ModelChoiceField):  # type: ignore[type-arg]  # not subscriptable at run time
    def label_from_instance(self, obj: Any) -> str:
        return f"{date_format(obj.planned_on)}, {obj.get_task_display()}"


class _ModelForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable at run time
    """A form of the group of its instance, with its key, whose visitors are people of the organisation."""

    usual: dict[str, Any] = {}

    def __init__(self, data: Any, *, group: Group, actor: User, initial: dict[str, Any], **kwargs: Any) -> None:
        model = cast("type[PlannedVisit | Visit]", self._meta.model)
        initial = {"visitor": actor, **self.usual, **initial}
        super().__init__(data, instance=model(group=group), initial=initial, **kwargs)
        visitor = cast("forms.ModelChoiceField[User]", self.fields["visitor"])
        visitor.queryset = colleagues(group)

    def clean(self) -> dict[str, Any]:
        """Give what is recorded the key of the form."""
        cleaned = super().clean() or self.cleaned_data
        if "key" in cleaned:
            self.instance.key = cleaned["key"]
        return cleaned


class PlanForm(_ModelForm):
    """When somebody wants to visit the group, and what for."""

    key = KeyField()
    planned_on = ComingDayField(label=_("Planned for"))
    field_order = ["key", "planned_on", "visitor", "task", "purpose"]

    class Meta:
        model = PlannedVisit
        fields = PLANNED_VISIT


class VisitForm(_ModelForm):
    """A visit: who came, whom they met, what they found, what they advised and what is to follow."""

    key = KeyField()
    planned = _PlanField(
        PlannedVisit.objects.none(), label=_("Planned visit"), required=False, empty_label=_("It was not planned")
    )
    visited_on = PastDateField(label=_("Visited on"))
    role = forms.ChoiceField(label=_("As"), choices=VisitorRole.choices)
    usual = {"visited_on": timezone.localdate, "role": VisitorRole.FACILITATOR}

    class Meta:
        model = Visit
        fields = VISIT
        labels = {
            "visitor": _("Who visited"),
            "visitor_name": _("Name of the guest"),
            "visitor_office": _("Office of the guest"),
            "purpose": _("What for, in your words"),
            "met": _("Who was met"),
        }
        help_texts = {
            "visitor": _("Leave open for a guest."),
            "visitor_office": _("For example: village office, bank, extension service."),
            "met": _("Names or offices, for example: chair and treasurer, all members."),
            "found_support": _("Village head, district, extension service: who helps, who does not?"),
            "advice": _("What the group was told; of a guest: impression and message."),
        }
        widgets = dict.fromkeys((*Visit.FINDINGS, "advice"), forms.Textarea(attrs={"rows": 2}))

    def __init__(self, data: Any, *, group: Group, actor: User, **kwargs: Any) -> None:
        super().__init__(data, group=group, actor=actor, **kwargs)
        self.fields["visitor"].required = False
        self.fields["task"].widget.choices = [*_NOTHING, *VisitTask.choices]
        # A form sent twice names a plan that is not open any more, and is known by its key.
        open_plans, sent = planned_visits([group]), (data or {}).get("planned", "")
        asked = Q(pk=int(sent)) if sent.isdecimal() and len(sent) < 16 else Q(pk=None)
        plans = PlannedVisit.objects.filter(Q(pk__in=open_plans) | asked, group=group)
        cast(_PlanField, self.fields["planned"]).queryset = plans
        if not plans.exists():
            self.fields["planned"].widget = forms.HiddenInput()
        for number in range(1, FOLLOW_UPS + 1):
            self.fields[f"what_{number}"] = forms.CharField(
                label=_("What is to be done"), max_length=200, required=False
            )
            self.fields[f"who_{number}"] = forms.CharField(label=_("Who does it"), max_length=120, required=False)
            self.fields[f"due_on_{number}"] = ComingDayField(label=_("By when"), required=False)

    @cached_property
    def rows(self) -> list[list[forms.BoundField]]:
        """The fields of what is to follow, row by row."""
        return [[self[f"{name}_{number}"] for name in FOLLOW_UP] for number in range(1, FOLLOW_UPS + 1)]

    @property
    def findings(self) -> list[forms.BoundField]:
        """The fields of what was found."""
        return [self[name] for name in Visit.FINDINGS]

    def clean(self) -> dict[str, Any]:
        """Ask for a visitor or a guest, not both, and for the day of what is to follow."""
        cleaned = super().clean()
        visitor, guest = cleaned.get("visitor"), cleaned.get("visitor_name", "")
        if "visitor" in cleaned and visitor is None and not guest:
            self.add_error("visitor", gettext("Choose who visited, or write the name of the guest."))
        if visitor is not None and guest:
            self.add_error("visitor_name", gettext("Either somebody of the organisation or a guest, not both."))
        for number in range(1, FOLLOW_UPS + 1):
            what, who, due_on = (cleaned.get(f"{name}_{number}") for name in FOLLOW_UP)
            if what and due_on is None and f"due_on_{number}" not in self.errors:
                self.add_error(f"due_on_{number}", gettext("Write by when it is to be done."))
            if (who or due_on) and not what:
                self.add_error(f"what_{number}", gettext("Write what is to be done."))
        return cleaned

    @property
    def follow_ups(self) -> list[FollowUp]:
        """What is to follow from the visit, unsaved; of a form that is right."""
        said = ([self.cleaned_data[f"{name}_{number}"] for name in FOLLOW_UP] for number in range(1, FOLLOW_UPS + 1))
        return [FollowUp(what=what, who=who, due_on=due_on) for what, who, due_on in said if what]


class WithdrawForm(forms.Form):
    """Why something that was recorded is taken back."""

    button = _("Withdraw what was recorded")
    reason = forms.CharField(label=_("Reason"), max_length=200)


class DoneForm(forms.Form):
    """On which day something was done."""

    on = PastDateField(label=_("Done on"), initial=timezone.localdate)
