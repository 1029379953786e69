"""What people type in use cases that span apps."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any, cast

from django import forms
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from finance.forms.source import offer_bank
from groups.forms import ComingDayField, KeyField, PastDateField
from groups.models import PERSON_FIELDS, Group, Member, Role, User
from kelompok.services import check_leaving_day


class LeaveForm(forms.Form):
    """When a member left, and where the rest of the savings is paid from."""

    key = KeyField()
    left_on = PastDateField(label=_("Left on"), initial=timezone.localdate)

    def __init__(self, *args: Any, member: Member, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.member = member
        offer_bank(self, member.group, "source", gettext("Paid from"))

    def clean(self) -> dict[str, Any]:
        """Refuse a day after which the records know the member still."""
        cleaned = super().clean() or self.cleaned_data
        if "left_on" in cleaned:
            check_leaving_day(self.member, cleaned["left_on"])
        return cleaned


class YearForm(forms.Form):
    """The year of a report; the latest that is over unless another one is asked for."""

    year = forms.TypedChoiceField(label=_("Year"), coerce=int, required=False)

    def __init__(self, data: Any, *, years: list[int]) -> None:
        usual = years[1] if len(years) > 1 else years[0]
        super().__init__(data if "year" in data else None, initial={"year": usual})
        field = cast("forms.TypedChoiceField", self.fields["year"])
        field.choices = [(year, year) for year in years]
        self._usual = usual

    @property
    def chosen(self) -> int:
        """The year asked for, the usual one where that is none."""
        return (self.is_valid() and self.cleaned_data["year"]) or self._usual


class LeaveUndoForm(forms.Form):
    """Whether the settlement of a leaving that is taken back is reversed with it, and why."""

    key = KeyField()
    reverse = forms.BooleanField(
        label=_("The money was not really paid out: reverse the settlement as well"), required=False, initial=True
    )
    reason = forms.CharField(label=_("Reason"), max_length=200)

    def __init__(self, *args: Any, is_settled: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not is_settled:
            del self.fields["reverse"], self.fields["reason"]


class MoveForm(forms.Form):
    """To which day an agreed meeting is moved, or that it does not take place, and why."""

    planned_on = forms.TypedChoiceField(label=_("Agreed day"), coerce=date.fromisoformat)
    moved_to = ComingDayField(label=_("Moved to"), required=False)
    is_off = forms.BooleanField(label=_("The meeting does not take place"), required=False)
    reason = forms.CharField(label=_("Reason"), max_length=200, help_text=_("For example: Lebaran, harvest, a death."))

    def __init__(self, *args: Any, days: Iterable[date], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["planned_on"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(day.isoformat(), date_format(day, "l, j F Y")) for day in days]

    def clean(self) -> dict[str, Any]:
        """Ask for a new day, or for the word that there is none."""
        return _one_of_both(self, super().clean() or self.cleaned_data)

    @property
    def move(self) -> dict[str, Any]:
        """What a form that is right asks for."""
        return {name: self.cleaned_data[name] for name in ("planned_on", "moved_to", "reason")}


class MovesForm(forms.Form):
    """Which agreed meetings of several groups are looked at, and where they are moved."""

    first = ComingDayField(label=_("Meetings agreed for"))
    last = ComingDayField(label=_("up to"), required=False, help_text=_("Only for meetings of several days."))
    moved_to = ComingDayField(
        label=_("Moved to"),
        required=False,
        help_text=_("Of several days: where those of the first day go; the others move by as many days."),
    )
    is_off = forms.BooleanField(label=_("The meetings do not take place"), required=False)

    def clean(self) -> dict[str, Any]:
        """Ask for a new day, and refuse a time that ends before it begins or is longer than a month."""
        cleaned = _one_of_both(self, super().clean() or self.cleaned_data)
        first, last = cleaned.get("first"), cleaned.get("last")
        if first is not None and last is not None and not timedelta(0) <= last - first <= MOST_DAYS_AT_ONCE:
            self.add_error("last", gettext("Choose a day within a month after the first."))
        return cleaned

    @property
    def by(self) -> timedelta | None:
        """By how much the meetings of a form that is right are moved, None: they do not take place."""
        if self.cleaned_data["is_off"]:
            return None
        return timedelta((self.cleaned_data["moved_to"] - self.cleaned_data["first"]).days)


class MovesChosenForm(MovesForm):
    """The same with the meetings that were ticked, and why they are moved."""

    reason = forms.CharField(label=_("Reason"), max_length=200, help_text=_("For example: Lebaran, harvest, a death."))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in MovesForm.base_fields:
            self.fields[name].widget = forms.HiddenInput()


MOST_DAYS_AT_ONCE = timedelta(days=31)


def _one_of_both(form: forms.Form, cleaned: dict[str, Any]) -> dict[str, Any]:
    if "moved_to" in cleaned and not cleaned["moved_to"] and not cleaned.get("is_off"):
        form.add_error("moved_to", gettext("Write the new day, or tick that there is no meeting."))
    if cleaned.get("moved_to") and cleaned.get("is_off"):
        form.add_error("is_off", gettext("Either a new day or no meeting, not both."))
    return cleaned


class DissolveForm(forms.Form):
    """How a group ended; `left` is what its books still hold."""

    key = KeyField()
    on = PastDateField(label=_("Dissolved on"), initial=timezone.localdate)
    place = forms.CharField(label=_("Where it was decided"), max_length=120)
    present = forms.CharField(
        label=_("Who was there"),
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Names, or how many."),
    )
    reason = forms.CharField(label=_("Reason"), max_length=200)
    division = forms.CharField(
        label=_("How money and goods were divided"),
        max_length=4000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    unsettled_why = forms.CharField(
        label=_("Why the books cannot be settled"),
        max_length=200,
        required=False,
        help_text=_("Only if they cannot: the case then stays open for the organisation's staff."),
    )

    def __init__(self, *args: Any, group: Group, is_settled: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["place"].initial = group.place
        if is_settled:
            del self.fields["unsettled_why"]


class TakeBackForm(forms.Form):
    """Why a dissolution is taken back."""

    button = _("Take back the dissolution")
    reason = forms.CharField(label=_("Reason"), max_length=200)


class CloseCaseForm(forms.Form):
    """What became of the books of a group that was dissolved without settling them."""

    button = _("Close the case")
    how = forms.CharField(label=_("What became of it"), max_length=200)


class HandoverForm(forms.Form):
    """Whose groups go to whom, and from which day on."""

    former = forms.ModelChoiceField(User.objects.none(), label=_("Groups of"))
    successor = forms.ModelChoiceField(User.objects.none(), label=_("go to"))
    on = ComingDayField(label=_("From"), initial=timezone.localdate)

    def __init__(self, *args: Any, actor: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        visible = Group.objects.visible_to(actor).order_by().values("pk")
        own = User.objects.filter(role=Role.FACILITATOR)
        if not actor.is_superuser:
            own = own.filter(organisation=actor.organisation_id)
        former = cast("forms.ModelChoiceField[User]", self.fields["former"])
        former.queryset = own.filter(assignments__group__in=visible).distinct().order_by(*PERSON_FIELDS)
        successor = cast("forms.ModelChoiceField[User]", self.fields["successor"])
        successor.queryset = own.filter(is_active=True).order_by(*PERSON_FIELDS)


class MonthReportForm(forms.Form):
    """The words of a report; they begin as the records tell the month."""

    key = KeyField()
    text = forms.CharField(label=_("Report"), max_length=20_000, widget=forms.Textarea(attrs={"rows": 24}))
