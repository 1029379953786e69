"""What people type about groups, members, offices and rules; the rules themselves are kept by models and services."""

from __future__ import annotations

import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from html import escape
from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.forms.utils import flatatt
from django.http import QueryDict
from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext_lazy as _

from groups import selectors
from groups.identity import clean_nik, clean_phone
from groups.models import Constitution, Group, GroupKind, GroupStatus, Member, OfficerRole, Region, User
from groups.services import GROUP_PROFILE, MEMBER_PROFILE, RULES
from groups.shared.money import RupiahField


class DateInput(forms.DateInput):
    """The browser's own date picker, which speaks ISO dates whatever the language."""

    input_type = "date"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs=attrs, format="%Y-%m-%d")


class PlainSelect(forms.Select):
    """A select of many options, written in Python: Django renders a template for each of them."""

    def render(self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: Any = None) -> SafeString:
        """Return the select with its options, those under a heading in an `optgroup`."""
        chosen = {str(one) for one in self.format_value(value)}

        def option(key: Any, label: Any) -> str:
            selected = " selected" if str(key) in chosen else ""
            return f'<option value="{escape(str(key))}"{selected}>{escape(str(label))}</option>'

        written = [
            f'<optgroup label="{escape(str(key))}">{"".join(option(*one) for one in label)}</optgroup>'
            if isinstance(label, list | tuple)
            else option(key, label)
            for key, label in self.choices
        ]
        shown = flatatt(self.build_attrs(self.attrs, attrs))
        return mark_safe(f'<select name="{escape(name)}"{shown}>{"".join(written)}</select>')  # noqa: S308 - escaped


class GroupFilterForm(forms.Form):
    """Which of the groups `actor` may see. A value that is not on offer narrows nothing, and the form says so."""

    region = forms.ChoiceField(label=_("Region"), required=False, widget=PlainSelect)
    facilitator = forms.TypedChoiceField(
        label=_("Facilitator"), required=False, coerce=int, empty_value=None, widget=PlainSelect
    )
    kind = forms.ChoiceField(label=_("Kind"), required=False, choices=[("", _("All")), *GroupKind.choices])

    def __init__(self, data: Any, *, actor: User) -> None:
        super().__init__(data)
        region = data.get("region", "")
        regions = selectors.region_options(actor, region if _REGION_CODE.fullmatch(region) else "")
        self.region_names = {found.code: found.name for found in regions}
        self._offer("region", [(found.code, _indented(found)) for found in regions])
        self._offer("facilitator", selectors.facilitator_options(actor))

    def _offer(self, name: str, choices: Sequence[tuple[str, str]]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", _("All")), *choices]


_REGION_CODE = re.compile(r"\d{2}(\.\d{2}(\.\d{2}(\.\d{4})?)?)?")


def _indented(region: Region) -> str:
    return "\N{EM SPACE}" * (region.level - 1) + region.name


class PhoneField(forms.CharField):
    """An Indonesian phone number written in any common way; gives `081234567890`."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"max_length": 30, **kwargs})

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        """Ask phones for the number keyboard."""
        return {**super().widget_attrs(widget), "inputmode": "tel", "autocomplete": "off"}

    def clean(self, value: Any) -> str:
        """Return the digits of the number."""
        return clean_phone(super().clean(value))


class NikField(forms.CharField):
    """A NIK with or without separators; gives its 16 digits."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"max_length": 30, **kwargs})

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        """Ask phones for the number keyboard."""
        return {**super().widget_attrs(widget), "inputmode": "numeric", "autocomplete": "off"}

    def clean(self, value: Any) -> str:
        """Return the 16 digits."""
        return clean_nik(super().clean(value))


class PercentField(forms.DecimalField):
    """A fraction shown and typed as per cent: `0.015` is `1,5`."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"min_value": 0, "max_value": 99, "decimal_places": 3, "localize": True, **kwargs})

    def prepare_value(self, value: Any) -> Any:
        """Show a fraction as per cent; what a person typed stays as typed."""
        if isinstance(value, Decimal):
            return Decimal(f"{(value * 100).normalize():f}")
        return value

    def clean(self, value: Any) -> Decimal | None:
        """Return the fraction."""
        percent = super().clean(value)
        return None if percent is None else percent / 100


class VillageChoice(forms.ChoiceField):
    """One of the villages found for what was typed; its choices are set by the form."""

    widget = forms.RadioSelect

    def valid_value(self, value: Any) -> bool:
        """Accept any: the form compares it with what it found."""
        return True


class GroupForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable at run time
    """The profile of a group. The village is typed; of several with that name one is then chosen."""

    key = forms.UUIDField(widget=forms.HiddenInput)
    village_text = forms.CharField(
        label=_("Village (desa or kelurahan)"),
        max_length=150,
        required=False,
        help_text=_("Name or Kemendagri code. Narrow a common name down after a comma: Sukamaju, Cianjur."),
    )
    village_choice = VillageChoice(label=_("Which of these villages?"), required=False)
    bank_signatories = forms.IntegerField(
        label=_("Signatories of the bank account"),
        initial=0,
        min_value=0,
        max_value=20,
        help_text=_("How many people must sign together to withdraw money."),
    )

    class Meta:
        model = Group
        fields = [name for name in GROUP_PROFILE if name not in ("status", "village")]
        widgets = {"founded_on": DateInput()}

    field_order = ["key", "name", "kind", "status", "founded_on", "village_text", "village_choice", "place"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["key"].initial = uuid.uuid4
        self.fields["founded_on"].widget.attrs["max"] = timezone.localdate().isoformat()
        self.village_before = self.instance.village.path if self.instance.village else ""
        self.fields["village_text"].initial = self.village_before
        # The radio buttons appear only when there is something to choose.
        self.found: list[Region] = []
        if self.is_bound and self._typed_village():
            self.found = selectors.villages_named(self._typed_village())
        if 1 < len(self.found) <= selectors.MOST_VILLAGES:
            cast(VillageChoice, self.fields["village_choice"]).choices = [
                (village.pk, village.path) for village in self.found
            ]
        else:
            del self.fields["village_choice"]

    def _typed_village(self) -> str:
        text = str(self.data.get(self.add_prefix("village_text"), "")).strip()
        return "" if text == self.village_before else text[:150]

    def clean(self) -> dict[str, Any]:
        """Find the village for what was typed."""
        cleaned = super().clean() or self.cleaned_data
        if "village_text" not in cleaned:
            return cleaned
        if not cleaned["village_text"]:
            self.instance.village = None
        elif cleaned["village_text"] != self.village_before:
            self._choose_village(cleaned.get("village_choice", ""))
        return cleaned

    def _choose_village(self, choice: str) -> None:
        chosen = self.found if len(self.found) == 1 else [village for village in self.found if village.pk == choice]
        if chosen:
            self.instance.village = chosen[0]
        elif not self.found:
            self.add_error("village_text", _("There is no village with this name or code."))
        elif "village_choice" in self.fields:
            self.add_error("village_choice", _("Several villages have this name. Choose one."))
        else:
            self.add_error(
                "village_text",
                _("Many villages have this name. Add the district or regency after a comma: Sukamaju, Cianjur."),
            )


class StatusForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable at run time
    """Whether a group is alive; since when and why, if that changes. Used by the page and by the admin."""

    status_on = forms.DateField(
        label=_("Status since"), required=False, widget=DateInput(), help_text=_("Only if the status changes.")
    )
    status_reason = forms.CharField(
        label=_("Reason"),
        required=False,
        max_length=200,
        help_text=_("Why the group is no longer active, if it is not."),
    )

    def clean(self) -> dict[str, Any]:
        """Ask for a reason when the group is no longer active."""
        cleaned = super().clean() or self.cleaned_data
        ended = "status" in self.changed_data and cleaned.get("status") != GroupStatus.ACTIVE
        if ended and "status_reason" in cleaned and not cleaned["status_reason"]:
            self.add_error("status_reason", _("Write why the group is no longer active."))
        day = cleaned.get("status_on")
        if day is not None and day > timezone.localdate():
            self.add_error("status_on", _("This date is in the future."))
        founded_on = cleaned.get("founded_on")
        if day is not None and founded_on is not None and day < founded_on:
            self.add_error("status_on", _("The group did not exist yet on this date."))
        return cleaned


class GroupEditForm(StatusForm, GroupForm):
    """As `GroupForm`, and whether the group is alive."""

    class Meta(GroupForm.Meta):
        fields = [name for name in GROUP_PROFILE if name != "village"]

    field_order = ["name", "kind", "status", "status_on", "status_reason", *GroupForm.field_order[4:]]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        del self.fields["key"]


class GroupSearchForm(forms.Form):
    """The filters of the group list."""

    q = forms.CharField(label=_("Name, code or village"), max_length=80, required=False)
    kind = forms.ChoiceField(label=_("Kind"), choices=[("", _("All kinds")), *GroupKind.choices], required=False)
    status = forms.ChoiceField(label=_("Status"), choices=[("", _("Any status")), *GroupStatus.choices], required=False)


class YearField(forms.IntegerField):
    """A year of birth; which years can be is the model's to say, beyond four digits there is nothing to ask it."""

    def to_python(self, value: Any) -> int | None:
        """Return the year, 0 for a number that is none."""
        year = super().to_python(value)
        return year if year is None or 0 <= year <= 9999 else 0


class MemberForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable at run time
    """The profile of a member; `instance.group` must be set. Used by the page and by the admin."""

    birth_year = YearField(label=_("Year of birth"), required=False)
    phone = PhoneField(label=_("Phone"), required=False)
    nik = NikField(
        label=_("NIK"), required=False, help_text=_("Optional. 16 digits; shown to nobody but who may edit it.")
    )

    class Meta:
        model = Member
        fields = MEMBER_PROFILE
        widgets = {"joined_on": DateInput()}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["joined_on"].widget.attrs["max"] = timezone.localdate().isoformat()


class NewMemberForm(MemberForm):
    """A member to be, with the key that makes the same form sent twice one member."""

    key = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["key"].initial = uuid.uuid4


class LeaveForm(forms.Form):
    """When a member left."""

    key = forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4)
    left_on = forms.DateField(label=_("Left on"), widget=DateInput())

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["left_on"].initial = timezone.localdate

    def clean_left_on(self) -> date:
        """Refuse a day to come."""
        left_on: date = self.cleaned_data["left_on"]
        if left_on > timezone.localdate():
            raise ValidationError(_("This date is in the future."))
        return left_on


class LeaveUndoForm(forms.Form):
    """Whether the settlement of a leaving that is taken back is reversed with it, and why."""

    key = forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4)
    reverse = forms.BooleanField(
        label=_("The money was not really paid out: reverse the settlement as well"), required=False, initial=True
    )
    reason = forms.CharField(label=_("Reason"), max_length=200)

    def __init__(self, *args: Any, is_settled: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not is_settled:
            self.fields.clear()


@dataclass(frozen=True, slots=True)
class RulesPart:
    """Some rules under one heading."""

    heading: str
    fields: list[forms.BoundField]
    is_seldom: bool
    is_open: bool


RULES_PARTS = (
    (_("The agreement"), False, ("agreed_on", "agreed_in_meeting", "aims")),
    (_("Savings (simpanan) and social fund"), False, ("pokok", "wajib", "social")),
    (_("Fines (denda) in the meeting"), False, ("fine_late", "fine_absent")),
    (_("Loans (pinjaman)"), False,
     ("loan_rate", "loan_method", "loan_max_periods", "loan_ceiling", "loan_round_up_to")),
    (_("More limits, late instalments, loans paid off early"), True,
     ("loan_ladder", "loan_savings_times", "fine_late_instalment", "fine_first", "payoff_fee", "sukarela_minimum")),
    (_("Dividing the surplus (SHU)"), True,
     ("share_savings", "savings_base", "share_borrowing", "borrowing_base", "share_reserve", "share_officers",
      "share_social", "share_other")),
)  # fmt: skip
"""Headings, whether seldom used, and fields, in the order in which a group agrees them."""


class ConstitutionForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable at run time
    """A new version of the rules, begun from the one in force."""

    version = forms.IntegerField(min_value=1, widget=forms.HiddenInput)
    pokok = RupiahField(label=_("Initial savings (simpanan pokok), once"), required=False)
    wajib = RupiahField(label=_("Compulsory savings (simpanan wajib), each meeting"), required=False)
    social = RupiahField(label=_("Social fund (dana sosial), each meeting"), required=False)
    fine_late = RupiahField(label=_("Fine (denda) for coming late"), required=False)
    fine_absent = RupiahField(label=_("Fine (denda) for absence without notice"), required=False)
    loan_rate = PercentField(label=_("Service fee (jasa), % a month"))
    loan_max_periods = forms.IntegerField(label=_("Longest loan, in months"), min_value=1, max_value=120)
    loan_ceiling = RupiahField(label=_("Largest loan; 0 is no limit"), required=False)
    loan_round_up_to = RupiahField(label=_("Round instalments up to"), min_value=1)
    loan_savings_times = forms.IntegerField(
        label=_("Largest loan as times of the member's savings; 0 is no limit"), min_value=0, max_value=100
    )
    fine_late_instalment = RupiahField(label=_("Fine (denda) for a late instalment"), required=False)
    sukarela_minimum = RupiahField(label=_("Voluntary savings (simpanan sukarela) that must stay"), required=False)

    class Meta:
        model = Constitution
        fields = [*RULES, "version"]
        widgets = {"agreed_on": DateInput(), "aims": forms.Textarea(attrs={"rows": 6})}

    def parts(self) -> list[RulesPart]:
        """Return the fields under their headings; what is seldom used is folded away until it matters."""
        return [
            RulesPart(
                str(heading),
                [self[name] for name in names],
                is_seldom=is_seldom,
                is_open=any(self.errors.get(name) or not self._is_default(name) for name in names),
            )
            for heading, is_seldom, names in RULES_PARTS
        ]

    def _is_default(self, name: str) -> bool:
        value = self.cleaned_data.get(name) if self.is_bound else self[name].initial
        return bool(value == getattr(Constitution(), name))

    def clean_loan_round_up_to(self) -> int:
        """Refuse a step beyond what an instalment can be rounded to."""
        step: int = self.cleaned_data["loan_round_up_to"]
        if step > 1_000_000:
            raise ValidationError(_("Round to Rp 1.000.000 at most."))
        return step

    def clean_loan_ladder(self) -> str:
        """Read amounts such as `500.000; 1.000.000` and keep them as `500000;1000000`."""
        field = RupiahField(min_value=1)
        steps = [step for step in self.cleaned_data["loan_ladder"].split(";") if step.strip()]
        return ";".join(str(field.clean(step)) for step in steps)

    def clean(self) -> dict[str, Any]:
        """Refuse parts of the surplus that do not sum to 100 %, at the last of them."""
        cleaned = super().clean() or self.cleaned_data
        parts = [cleaned.get(f"share_{purpose}") for purpose in Constitution().surplus_shares]
        if all(part is not None for part in parts) and sum(part for part in parts if part is not None) != 100:
            self.add_error("share_other", _("The parts of the surplus must sum to 100 %."))
        return cleaned


class ElectionForm(forms.Form):
    """Who was elected on one day. An office left open stays as it is."""

    started_on = forms.DateField(label=_("Elected on"), widget=DateInput())

    def __init__(self, *args: Any, group: Group, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["started_on"].initial = timezone.localdate
        members = selectors.current_members(group)
        for role in OfficerRole:
            self.fields[role.value] = forms.ModelChoiceField(
                members, label=role.label, required=False, empty_label=_("— stays as it is —")
            )

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
        choices=[("day", _("The day of the election")), ("all", _("The election itself: it never was"))],
        initial="day",
        widget=forms.RadioSelect,
    )
    started_on = forms.DateField(
        label=_("Right day of the election"),
        required=False,
        widget=DateInput(),
        help_text=_("Only if the day is wrong."),
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


class AssignmentForm(forms.Form):
    """Which facilitator of the organisation accompanies the group, and from when."""

    facilitator = forms.ModelChoiceField(User.objects.none(), label=_("Facilitator"))
    started_on = forms.DateField(label=_("From"), widget=DateInput())

    def __init__(self, *args: Any, group: Group, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cast("forms.ModelChoiceField[User]", self.fields["facilitator"]).queryset = selectors.free_facilitators(group)
        self.fields["started_on"].initial = timezone.localdate


def renew_key(form: forms.BaseForm) -> None:
    """Give a form that is shown again another key, so that what stands in it is sent as something new."""
    data = cast(QueryDict, form.data).copy()
    data[form.add_prefix("key")] = str(uuid.uuid4())
    form.data = data
