"""A new version of a group's rules."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Max
from django.utils.translation import gettext_lazy as _

from groups.forms.fields import CountField, PastDateField, PercentField, ShareField
from groups.models import PURPOSES, Constitution, Group, LoanKind
from groups.models.constitution import LONGEST_TERM, SELDOM_PURPOSES
from groups.services import RULES
from groups.shared.money import RupiahField


@dataclass(frozen=True, slots=True)
class RulesPart:
    """Some rules under one heading."""

    heading: str
    fields: list[forms.BoundField]
    is_seldom: bool
    is_open: bool


RULES_PARTS = (
    (_("The agreement"), False,
     ("agreed_on", "agreed_in_meeting", "votes_for", "votes_against", "votes_abstained")),
    (_("Aims, expectations and sanctions"), False, ("aims", "expected", "sanctions")),
    (_("Officers (pengurus)"), False, ("term_years",)),
    (_("Savings (simpanan) and social fund"), False, ("pokok", "wajib", "wajib_every", "missed_wajib", "social")),
    (_("Fines (denda) in the meeting"), False, ("fine_late", "fine_absent")),
    (_("Loans (pinjaman)"), False,
     ("loan_rate", "loan_rate_per", "loan_method", "loan_kinds", "loan_max_periods", "loan_due", "loan_ceiling",
      "loan_round_up_to")),
    (_("More limits, late instalments, loans paid off early"), True,
     ("loan_ladder", "loan_savings_times", "fine_late_by", "fine_late_instalment", "fine_late_percent", "fine_first",
      "payoff_fee", "principal_alone", "sukarela_minimum")),
    (_("Provision, deposit, punctual payment"), True,
     ("loan_provision", "loan_deposit", "loan_deposit_each", "loan_rebate")),
    (_("Dividing the surplus (SHU)"), True,
     ("share_savings", "savings_counted", "savings_base", "share_borrowing", "borrowing_base", "share_reserve",
      "share_officers", "share_social", "share_education", "share_staff", "share_development", "share_other",
      "other_purpose")),
)  # fmt: skip
"""Headings, whether seldom used, and fields, in the order in which a group agrees them."""
EXPECTED = """1. Hadir di setiap pertemuan, atau memberi kabar jika berhalangan.
2. Membayar simpanan dan angsuran tepat waktu.
3. Ikut bermusyawarah dan melaksanakan keputusan kelompok.
4. Pengurus mencatat uang di depan anggota dan melaporkan kas di setiap pertemuan."""
SANCTIONS = """1. Terlambat, tidak hadir tanpa kabar, dan angsuran yang menunggak dikenai denda menurut aturan ini.
2. Anggota yang menunggak ditegur, lalu dikunjungi pengurus.
3. Anggota yang tiga kali berturut-turut tidak hadir tanpa kabar dibicarakan dalam rapat.
4. Pengurus yang memakai uang kelompok untuk diri sendiri diberhentikan oleh rapat anggota."""
"""What a group begins from that has not written these down: words of its own, whatever language the page is in."""
VOTES = ("votes_for", "votes_against", "votes_abstained")
SHARES = tuple(f"share_{purpose}" for purpose in PURPOSES)
USUAL = (
    "term_years",
    "wajib_every",
    "missed_wajib",
    "fine_late_by",
    "savings_counted",
    *(f"share_{purpose}" for purpose in SELDOM_PURPOSES),
)
"""What need not be said: left out it is the usual."""


class ConstitutionForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable at run time
    """A new version of the rules, begun from the one in force."""

    version = forms.IntegerField(min_value=1, widget=forms.HiddenInput)
    term_years = CountField(label=_("Term of office, in years"), min_value=1, max_value=LONGEST_TERM)
    pokok = RupiahField(label=_("Initial savings (simpanan pokok), once"), required=False)
    wajib = RupiahField(label=_("Compulsory savings (simpanan wajib), each time"), required=False)
    social = RupiahField(label=_("Social fund (dana sosial), each meeting"), required=False)
    fine_late = RupiahField(label=_("Fine (denda) for coming late"), required=False)
    fine_absent = RupiahField(label=_("Fine (denda) for absence without notice"), required=False)
    loan_rate = PercentField(label=_("Service fee (jasa), %"))
    loan_kinds = forms.MultipleChoiceField(
        label=_("How loans are repaid"), choices=LoanKind.choices, widget=forms.CheckboxSelectMultiple
    )
    loan_max_periods = CountField(label=_("Longest loan, in months"), min_value=1, max_value=120)
    loan_provision = PercentField(
        label=_("Provision (provisi), % of the loan"),
        required=False,
        help_text=_("Withheld when the loan is paid out, income of the group."),
    )
    loan_deposit = PercentField(
        label=_("Deposit for joint liability (tabungan tanggung renteng), % of the loan"),
        required=False,
        help_text=_("Withheld when the loan is paid out; back to voluntary savings when the loan has ended."),
    )
    loan_deposit_each = PercentField(
        label=_("Deposit for joint liability with each instalment, % of it"),
        required=False,
        help_text=_("Asked for beside the instalment; back to voluntary savings when the loan has ended."),
    )
    loan_rebate = PercentField(
        label=_("Given back for punctual payment (IPTW), % of the fee"),
        required=False,
        help_text=_("To voluntary savings when the loan is paid off and no instalment was late."),
    )
    loan_ceiling = RupiahField(label=_("Largest loan; 0 is no limit"), required=False)
    loan_round_up_to = RupiahField(label=_("Round instalments up to"), min_value=1)
    loan_savings_times = CountField(
        label=_("Largest loan as times of the member's savings; 0 is no limit"), min_value=0, max_value=100
    )
    fine_late_instalment = RupiahField(
        label=_("Fine (denda) for a late instalment, each or each day"),
        required=False,
        help_text=_("Late is an instalment that all money brought on the loan by its day, fines too, does not cover."),
    )
    fine_late_percent = ShareField(label=_("Fine (denda) for a late instalment, % of it"), required=False)
    votes_for = CountField(label=_("Votes for"), required=False, min_value=0, max_value=10_000)
    votes_against = CountField(label=_("Votes against"), required=False, min_value=0, max_value=10_000)
    votes_abstained = CountField(label=_("Abstained"), required=False, min_value=0, max_value=10_000)
    sukarela_minimum = RupiahField(label=_("Voluntary savings (simpanan sukarela) that must stay"), required=False)

    def __init__(self, data: Any, *, group: Group, agreed_on: date | None = None, **kwargs: Any) -> None:
        latest = group.rules or Constitution(version=0)
        rules = {name: getattr(latest, name) for name in RULES if name != "agreed_on"}
        last = Constitution.objects.filter(group=group).aggregate(last=Max("version"))["last"] or 0
        self.next_version = last + 1
        initial = {**rules, "loan_kinds": latest.kinds_of_loan, "version": self.next_version}
        initial |= dict.fromkeys(VOTES) | {
            "expected": latest.expected or EXPECTED,
            "sanctions": latest.sanctions or SANCTIONS,
        }
        if agreed_on is not None:
            initial |= {"agreed_on": agreed_on, "agreed_in_meeting": True}
        super().__init__(data, instance=Constitution(group=group), initial=initial, **kwargs)
        for name in USUAL:
            self.fields[name].required = False

    class Meta:
        model = Constitution
        fields = [*RULES, "version"]
        field_classes = {"agreed_on": PastDateField, **dict.fromkeys(SHARES, ShareField)}
        widgets = dict.fromkeys(("aims", "expected", "sanctions"), forms.Textarea(attrs={"rows": 5}))

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

    def clean_fine_late_percent(self) -> Decimal:
        """Take an empty field for none."""
        percent: Decimal | None = self.cleaned_data["fine_late_percent"]
        return percent or Decimal(0)

    def clean_loan_provision(self) -> Decimal:
        """Nothing typed is nothing withheld."""
        return self.cleaned_data["loan_provision"] or Decimal(0)

    def clean_loan_deposit(self) -> Decimal:
        """Nothing typed is nothing withheld."""
        return self.cleaned_data["loan_deposit"] or Decimal(0)

    def clean_loan_deposit_each(self) -> Decimal:
        """Nothing typed is nothing put by."""
        return self.cleaned_data["loan_deposit_each"] or Decimal(0)

    def clean_loan_rebate(self) -> Decimal:
        """Nothing typed is nothing given back."""
        return self.cleaned_data["loan_rebate"] or Decimal(0)

    def clean_loan_kinds(self) -> str:
        """Keep the kinds in one text, as the model does."""
        return ";".join(self.cleaned_data["loan_kinds"])

    def clean_loan_ladder(self) -> str:
        """Read amounts such as `500.000; 1.000.000` and keep them as `500000;1000000`."""
        field = RupiahField(min_value=1)
        steps = [step for step in self.cleaned_data["loan_ladder"].split(";") if step.strip()]
        return ";".join(str(field.clean(step)) for step in steps)

    def clean(self) -> dict[str, Any]:
        """Refuse parts of the surplus that do not sum to 100 %, at the last of them."""
        cleaned = super().clean() or self.cleaned_data
        for name in USUAL:
            if name not in self.errors and cleaned.get(name) in ("", None):
                cleaned[name] = getattr(Constitution(), name)
        self._check_votes(cleaned)
        parts = [cleaned.get(name) for name in SHARES]
        if all(part is not None for part in parts) and sum(part for part in parts if part is not None) != 100:
            self.add_error("share_other", _("The parts of the surplus must sum to 100 %."))
        return cleaned

    def _check_votes(self, cleaned: dict[str, Any]) -> None:
        """Take what was left out beside the votes for the rules as nobody; refuse votes that did not agree them."""
        votes_for = cleaned.get("votes_for")
        if self.has_error("votes_for") or (votes_for is None and not any(cleaned.get(name) for name in VOTES)):
            return
        if votes_for is None:
            self.add_error("votes_for", _("Say how many voted for the rules as well."))
        elif votes_for <= (cleaned.get("votes_against") or 0):
            self.add_error("votes_for", _("Rules are agreed when more vote for them than against."))
        else:
            cleaned |= {name: cleaned.get(name) or 0 for name in VOTES}
