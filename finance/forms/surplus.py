"""What people type about the surplus (SHU) and the share-out; the rules themselves are kept by the services."""

from __future__ import annotations

from contextlib import suppress
from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from finance.models import AccountKind, PaidTo, SurplusDivision
from finance.selectors import CAN_BE_KEPT
from groups.forms import DayField, KeyField, PastDateField, change_data
from groups.models import Group
from groups.selectors import rules_in_force

USUALLY_KEPT = frozenset({AccountKind.GRANT})
MOST_DAYS = 3 * 366
"""A period of more than three years is a slip of the finger."""


class SurplusPeriodForm(forms.Form):
    """From which day to which the surplus is asked for; a day left out is that of the period to divide next."""

    start = DayField(label=_("From"), required=False)
    end = DayField(label=_("To"), required=False)

    def __init__(self, *args: Any, following: tuple[date, date], **kwargs: Any) -> None:
        self.following = following
        super().__init__(*args, **kwargs)

    def clean(self) -> dict[str, Any]:
        """Refuse a period that ends before it starts, and one of many years."""
        cleaned = super().clean() or {}
        start = cleaned.get("start") or self.following[0]
        end = cleaned.get("end") or (
            self.following[1] if start <= self.following[1] else start.replace(month=12, day=31)
        )
        if end < start:
            self.add_error("end", ValidationError(_("The period ends before it starts.")))
        elif (end - start).days > MOST_DAYS:
            self.add_error("end", ValidationError(_("A period has three years at most.")))
        return {"start": start, "end": end}

    @property
    def period(self) -> tuple[date, date]:
        """The first and the last day asked for; what to divide next if that cannot be read."""
        if not self.is_valid():
            return self.following
        return self.cleaned_data["start"], self.cleaned_data["end"]


class KeyedForm(forms.Form):
    """A form with the key of the one action it asks for."""

    key = KeyField()


class SeenForm(KeyedForm):
    """A form below amounts worked out from the books; `seen` is their sum as the person had it before them."""

    seen = forms.IntegerField(widget=forms.HiddenInput)

    def ask_again(self, seen: int) -> None:
        """Take over the sum that the page shows now: the next submit is about that."""
        if self.is_bound:
            change_data(self, "seen", str(seen))


class DecisionForm(SeenForm):
    """What a meeting decided about the division it had before it; `rules` is the version it was divided by."""

    rules = forms.IntegerField(widget=forms.HiddenInput, required=False)
    decided_on = PastDateField(label=_("Decided on"), initial=timezone.localdate)
    note = forms.CharField(
        label=_("Note of the meeting"),
        max_length=200,
        help_text=_("Where it was decided, for example: annual meeting of the members, 24 of 25 present."),
    )

    def __init__(self, *args: Any, group: Group, end: date, **kwargs: Any) -> None:
        self.group = group
        self.end = end
        super().__init__(*args, **kwargs)

    def clean_decided_on(self) -> date:
        """Refuse a day before the period is over."""
        day: date = self.cleaned_data["decided_on"]
        if day < self.end:
            raise ValidationError(_("The surplus is decided about when its period is over."))
        shown, rules = self.cleaned_data.get("rules"), rules_in_force(self.group, as_of=day)
        if shown is not None and rules is not None and rules.version != shown:
            raise ValidationError(_("Other rules were in force on this day. Look at the division by them below."))
        return day

    def clean(self) -> dict[str, Any]:
        """Leave the version out: it was compared with that of the day."""
        data = super().clean() or {}
        data.pop("rules", None)
        return data

    @property
    def day(self) -> date:
        """The day of the decision as typed, today where none can be read."""
        with suppress(ValidationError):
            day = self.fields["decided_on"].to_python(self["decided_on"].value())
            if isinstance(day, date):
                return day
        return timezone.localdate()

    def show_rules(self, version: int) -> None:
        """Take over the version of the rules that the page divides by now."""
        self.initial["rules"] = version
        if self.is_bound:
            change_data(self, "rules", str(version))


class SurplusPostForm(KeyedForm):
    """On which day a division is posted, and where the members' parts go."""

    on = PastDateField(label=_("Date"), initial=timezone.localdate)
    paid_to = forms.ChoiceField(
        label=_("The members' parts go to"), choices=PaidTo.choices, initial=PaidTo.SAVINGS, widget=forms.RadioSelect
    )

    def __init__(self, *args: Any, division: SurplusDivision, **kwargs: Any) -> None:
        self.division = division
        super().__init__(*args, **kwargs)

    def clean_on(self) -> date:
        """Refuse a day before the decision."""
        day: date = self.cleaned_data["on"]
        if day < self.division.decided_on:
            raise ValidationError(_("This day is before the decision."))
        return day


class ReasonForm(KeyedForm):
    """Why something is taken back."""

    reason = forms.CharField(label=_("Reason"), max_length=200)


class ShareOutOptionsForm(forms.Form):
    """The day of a share-out, and what the group keeps."""

    on = PastDateField(label=_("Date"), required=False)
    keep = forms.MultipleChoiceField(
        label=_("The group keeps"),
        choices=[(kind.value, kind.label) for kind in CAN_BE_KEPT],
        widget=forms.CheckboxSelectMultiple,
        required=False,
        help_text=_("What is not kept goes to the members in proportion to their savings. Grants are usually kept."),
    )

    def __init__(self, *args: Any, group: Group, **kwargs: Any) -> None:
        self.group = group
        super().__init__(*args, **kwargs)

    def clean_on(self) -> date:
        """Return today for no day; refuse one before the group existed."""
        day: date = self.cleaned_data["on"] or timezone.localdate()
        if day < self.group.founded_on:
            raise ValidationError(_("The group did not exist yet on this date."))
        return day

    def clean_keep(self) -> frozenset[AccountKind]:
        """Return the kinds of equity that stay."""
        return frozenset(AccountKind(kind) for kind in self.cleaned_data["keep"])

    @property
    def chosen(self) -> tuple[date, frozenset[AccountKind]]:
        """The day and the kinds that stay; today and the usual ones where nothing was chosen that can be."""
        if not self.is_valid():
            return timezone.localdate(), USUALLY_KEPT
        return self.cleaned_data["on"], self.cleaned_data["keep"]


class ShareOutForm(ShareOutOptionsForm, SeenForm):
    """The share-out as it was seen, to be posted."""

    note = forms.CharField(
        label=_("Note of the meeting"), max_length=200, help_text=_("Where the members decided on the share-out.")
    )
    field_order = ("on", "keep", "note", "seen", "key")
