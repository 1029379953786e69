"""Partnerships of a group: the five steps, agreements, documents and activities."""

from __future__ import annotations

from collections.abc import Sequence
from types import MappingProxyType
from typing import Any, ClassVar, cast

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from groups import selectors
from groups.forms.fields import ComingDayField, CountField, KeyField, PastDateField, PlainSelect
from groups.models import (
    Aspect,
    Group,
    Partner,
    PartnerActivity,
    Partnership,
    PartnershipAgreement,
    PartnershipDocument,
    PartnershipStep,
    StepNumber,
)
from groups.services import AGREEMENT, DOCUMENT, PARTNERSHIP
from groups.shared.money import RupiahField

MOST_CANDIDATES = 4
_ROWS = {"rows": 3}


class PartnerField(forms.ModelChoiceField):  # type: ignore[type-arg]  # not subscriptable at run time
    """A partner of the group's organisation."""

    widget = PlainSelect

    def __init__(self, queryset: Any = None, **kwargs: Any) -> None:
        super().__init__(Partner.objects.none() if queryset is None else queryset.none(), **kwargs)

    def offer(self, group: Group) -> None:
        """Let every partner of the organisation be chosen."""
        self.queryset = selectors.partners_to_choose(group)


class KeyedForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable at run time
    """A record of a group that a form makes once; the record gets the key of the form."""

    key = KeyField()

    def clean(self) -> dict[str, Any]:
        """Give the record the key of the form."""
        cleaned = super().clean() or self.cleaned_data
        if "key" in cleaned:
            self.instance.key = cleaned["key"]
        return cleaned


class PartnershipForm(KeyedForm):
    """What a group wants a partner for."""

    class Meta:
        model = Partnership
        fields = PARTNERSHIP
        field_classes = {"started_on": PastDateField}

    def __init__(self, data: Any, *, group: Group) -> None:
        super().__init__(data, instance=Partnership(group=group))
        self.fields["started_on"].initial = timezone.localdate


class EndForm(forms.Form):
    """A day on which something ends, and why."""

    on = PastDateField(label=_("Date"), initial=timezone.localdate)
    why = forms.CharField(label=_("Reason"), max_length=200)


class ClosePartnershipForm(EndForm):
    """When a partnership was closed."""

    button = _("Close the partnership")
    told_at = MappingProxyType({"closed_on": "on"})


class EndAgreementForm(EndForm):
    """When an agreement ended early."""

    button = _("End it early")
    told_at = MappingProxyType({"ended_on": "on"})


class WithdrawForm(forms.Form):
    """Why a record is taken back."""

    button = _("Withdraw what was recorded")
    why = forms.CharField(label=_("Reason"), max_length=200, help_text=_("What was wrong? It stays readable."))


class StepForm(KeyedForm):
    """A step that is done, or planned for a day."""

    class Meta:
        model = PartnershipStep
        fields: ClassVar[Sequence[str]] = ("done_on", "due_on", "text")
        field_classes: ClassVar[dict[str, type[forms.Field]]] = {"done_on": PastDateField, "due_on": ComingDayField}
        widgets = {"text": forms.Textarea(attrs=_ROWS)}

    def __init__(self, data: Any, *, partnership: Partnership, number: StepNumber) -> None:
        step = PartnershipStep(group=partnership.group, partnership=partnership, number=number)
        super().__init__(data, instance=step)
        self.fields["due_on"].help_text = _("Only if the step is not done yet.")

    def clean(self) -> dict[str, Any]:
        """Ask for one of the two days."""
        cleaned = super().clean()
        days = [cleaned.get("done_on"), cleaned.get("due_on")]
        if not self.errors and days.count(None) != 1:
            self.add_error("done_on", _("Write when the step was done, or for when it is planned: one of the two."))
        return cleaned

    @property
    def details(self) -> dict[str, Any]:
        """What the service takes besides the step."""
        return {}


class LacksForm(StepForm):
    """The first step."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["text"].label = _("What the group lacks")
        self.fields["text"].help_text = _("Buildings, equipment, material, people who train, buyers, money …")


class AspectsForm(StepForm):
    """The second step: aspects in the order in which they are urgent."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for aspect in Aspect:
            self.fields[f"priority_{aspect}"] = CountField(
                label=aspect.label, required=False, min_value=1, max_value=len(Aspect), help_text=_("Priority, 1 first")
            )
            self.fields[f"need_{aspect}"] = forms.CharField(
                label=_("What is needed of it"), required=False, max_length=200
            )
        self.order_fields(["key", "done_on", "due_on", *(name for name in self.fields if "_" in name), "text"])

    def clean(self) -> dict[str, Any]:
        """Refuse two aspects of one priority, and a need without one."""
        cleaned = super().clean()
        taken: dict[int, Aspect] = {}
        for aspect in Aspect:
            priority = cleaned.get(f"priority_{aspect}")
            if priority in taken:
                self.add_error(f"priority_{aspect}", _("Another aspect has this priority."))
            elif priority is not None:
                taken[priority] = aspect
            elif cleaned.get(f"need_{aspect}") and f"priority_{aspect}" not in self.errors:
                self.add_error(f"priority_{aspect}", _("Say how urgent it is."))
        return cleaned

    @property
    def details(self) -> dict[str, Any]:
        """The aspects, the most urgent first."""
        chosen = [aspect for aspect in Aspect if self.cleaned_data[f"priority_{aspect}"] is not None]
        chosen.sort(key=lambda aspect: self.cleaned_data[f"priority_{aspect}"])
        return {"aspects": [(aspect, self.cleaned_data[f"need_{aspect}"]) for aspect in chosen]}


class CandidatesForm(StepForm):
    """The third step: partners that could fit."""

    def __init__(self, *args: Any, partnership: Partnership, **kwargs: Any) -> None:
        super().__init__(*args, partnership=partnership, **kwargs)
        for number in range(1, MOST_CANDIDATES + 1):
            field = PartnerField(label=_("Candidate %d") % number, required=False)
            field.offer(partnership.group)
            self.fields[f"candidate_{number}"] = field
            self.fields[f"fits_{number}"] = forms.CharField(label=_("How it fits"), required=False, max_length=200)
        self.order_fields(["key", "done_on", "due_on", *(name for name in self.fields if name[-1].isdigit()), "text"])

    def clean(self) -> dict[str, Any]:
        """Refuse one partner twice."""
        cleaned = super().clean()
        named: set[Partner] = set()
        for number in range(1, MOST_CANDIDATES + 1):
            partner = cleaned.get(f"candidate_{number}")
            if partner in named:
                self.add_error(f"candidate_{number}", _("This partner is named already."))
            elif partner is not None:
                named.add(partner)
        return cleaned

    @property
    def details(self) -> dict[str, Any]:
        """The candidates, each with how it fits."""
        found = self.cleaned_data
        numbers = [number for number in range(1, MOST_CANDIDATES + 1) if found[f"candidate_{number}"] is not None]
        return {"candidates": [(found[f"candidate_{number}"], found[f"fits_{number}"]) for number in numbers]}


class ConsentForm(StepForm):
    """The fourth step: a partner agrees."""

    class Meta(StepForm.Meta):
        fields = ("done_on", "due_on", "partner", "text")
        field_classes = {**StepForm.Meta.field_classes, "partner": PartnerField}

    def __init__(self, *args: Any, partnership: Partnership, **kwargs: Any) -> None:
        super().__init__(*args, partnership=partnership, **kwargs)
        cast(PartnerField, self.fields["partner"]).offer(partnership.group)
        self.fields["text"].label = _("What was agreed")

    def clean(self) -> dict[str, Any]:
        """A step that is only planned names nobody yet."""
        cleaned = super().clean()
        if cleaned.get("due_on") is not None and cleaned.get("partner") is not None:
            self.add_error("partner", _("Name the partner when the step is done."))
        return cleaned


class WrittenForm(StepForm):
    """The fifth step, as far as it is planned; the agreement itself has a form of its own."""

    class Meta(StepForm.Meta):
        fields = ("due_on", "text")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["due_on"].required = True
        self.fields["due_on"].help_text = ""

    def clean(self) -> dict[str, Any]:
        """It has one day only."""
        return KeyedForm.clean(self)


STEP_FORMS: dict[StepNumber, type[StepForm]] = {
    StepNumber.LACKS: LacksForm,
    StepNumber.ASPECTS: AspectsForm,
    StepNumber.CANDIDATES: CandidatesForm,
    StepNumber.CONSENT: ConsentForm,
    StepNumber.WRITTEN: WrittenForm,
}


class AgreementForm(KeyedForm):
    """What was agreed in writing."""

    class Meta:
        model = PartnershipAgreement
        fields = tuple(name.removesuffix("_id") for name in AGREEMENT)
        field_classes = {
            "partner": PartnerField, "agreed_on": PastDateField, "starts_on": ComingDayField, "ends_on": ComingDayField
        }  # fmt: skip
        widgets = {
            name: forms.Textarea(attrs=_ROWS)
            for name in ("group_rights", "group_duties", "partner_rights", "partner_duties", "rules")
        }

    def __init__(self, data: Any, *, partnership: Partnership) -> None:
        agreement = PartnershipAgreement(group=partnership.group, partnership=partnership)
        partner = selectors.partner_of(partnership)
        super().__init__(data, instance=agreement, initial={"partner": partner})
        cast(PartnerField, self.fields["partner"]).offer(partnership.group)
        self.fields["ends_on"].help_text = _("Leave open if no end is agreed. You are reminded before it ends.")


class DocumentForm(KeyedForm):
    """A paper and where it is kept."""

    class Meta:
        model = PartnershipDocument
        fields = DOCUMENT
        field_classes = {"dated_on": PastDateField}

    def __init__(self, data: Any, *, partnership: Partnership) -> None:
        super().__init__(data, instance=PartnershipDocument(group=partnership.group, partnership=partnership))


class ActivityForm(KeyedForm):
    """What a group did with somebody outside."""

    value = RupiahField(label=_("Value"), required=False, help_text=_("What it brought in rupiah, if that is known."))

    class Meta:
        model = PartnerActivity
        fields = ("held_on", "partner", "partnership", "kind", "aspect", "what", "result", "value")
        field_classes = {"held_on": PastDateField, "partner": PartnerField}
        widgets = {"result": forms.Textarea(attrs=_ROWS)}

    def __init__(self, data: Any, *, group: Group, initial: dict[str, Any] | None = None) -> None:
        super().__init__(data, instance=PartnerActivity(group=group), initial=initial)
        cast(PartnerField, self.fields["partner"]).offer(group)
        partnership = cast("forms.ModelChoiceField[Partnership]", self.fields["partnership"])
        partnership.queryset = group.partnerships.all()
        partnership.empty_label = str(_("none, a contact beside"))
        self.fields["held_on"].initial = timezone.localdate
