"""What people type about joint liability (tanggung renteng); the rules are kept by `finance.rules.joint_liability`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any, NamedTuple

from django import forms
from django.core.exceptions import ValidationError
from django.forms.boundfield import BoundField, BoundWidget
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from finance.ledger.errors import CoverRefused, PeriodClosed
from finance.ledger.reading import Balances
from finance.models import AccountKind, Loan
from finance.rules.joint_liability import CoverPlan, arrears, plan_cover
from finance.selectors import Claim
from finance.sharing import chosen_shares, equal_shares
from groups.forms import KeyField, PastDateField
from groups.models import Group, Member
from groups.shared.money import RupiahField, rupiah

EQUAL, CHOSEN = "equal", "chosen"
SAVINGS, CASH = "savings", "cash"


class CoverRow(NamedTuple):
    """One member in the form: voluntary savings, whether they take part, and the share they chose."""

    member: Member
    savings: int
    tick: BoundWidget
    share: BoundField


class CoverForm(forms.Form):
    """How members share the arrears of a loan; `plan` is what it comes to, `arrears` what is late on `day`.

    The form begins with that day: the one in `initial`, else today. `deposit` is what the group keeps for the loan.

    `seen` is the fingerprint of the plan the person looked at: a form that changed since is shown again.
    """

    key = KeyField()
    seen = forms.CharField(widget=forms.HiddenInput, required=False, max_length=16)
    on = PastDateField(label=_("Date"), initial=timezone.localdate)
    amount = RupiahField(label=_("Amount to cover"), min_value=1)
    source = forms.ChoiceField(
        label=_("Paid from"),
        choices=[(SAVINGS, _("voluntary savings (sukarela)")), (CASH, _("cash"))],
        initial=SAVINGS,
        widget=forms.RadioSelect,
    )
    division = forms.ChoiceField(
        label=_("Shares"),
        choices=[
            (EQUAL, _("equal: tick who takes part; the first pay the rupiah that do not divide evenly")),
            (CHOSEN, _("chosen: write what each one pays")),
        ],
        initial=EQUAL,
        widget=forms.RadioSelect,
    )
    coverers = forms.TypedMultipleChoiceField(
        label=_("Takes part"),
        coerce=int,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"invalid_choice": _("Only members of the group can take part, and not the borrower.")},
    )

    def __init__(self, *args: Any, loan: Loan, books: Balances, members: Sequence[Member], **kwargs: Any) -> None:
        self.loan = loan
        self.books = books
        self.members = {member.pk: member for member in members}
        self.plan: CoverPlan | None = None
        super().__init__(*args, **kwargs)
        coverers = self.fields["coverers"]
        coverers.choices = [(member.pk, str(member)) for member in members]  # type: ignore[attr-defined]
        coverers.initial = list(self.members)
        self.day: date = self.initial.get("on") or timezone.localdate()
        self.arrears = arrears(books, loan, as_of=self.day)
        self.deposit = books.balance(AccountKind.DEPOSIT, loan=loan)
        self.fields["amount"].initial = self.arrears
        for member in members:
            label = gettext("Share of %(member)s") % {"member": member}
            self.fields[f"share_{member.pk}"] = _amount_in_a_row(label)

    def rows(self) -> Iterator[CoverRow]:
        """Yield what the form asks about each member."""
        for tick, (pk, member) in zip(self["coverers"].subwidgets, self.members.items(), strict=True):
            savings = self.books.balance(AccountKind.SUKARELA, member=member)
            yield CoverRow(member, savings, tick, self[f"share_{pk}"])

    def clean_on(self) -> date:
        """Refuse a day to come, one before the loan, and one on which the books are closed."""
        on: date = self.cleaned_data["on"]
        if on < self.loan.disbursed_on:
            raise ValidationError(_("The loan was not paid out yet on this day."))
        return open_day(on, self.books.group)

    def clean(self) -> dict[str, Any]:
        """Work out the plan; what it refuses is said at the field it is about."""
        cleaned = super().clean() or {}
        if self.errors:
            return cleaned
        shares = self._shares(cleaned)
        if shares is not None:
            try:
                self.plan = plan_cover(
                    self.books, self.loan, shares, from_savings=cleaned["source"] == SAVINGS, on=cleaned["on"]
                )
            except CoverRefused as error:
                self.add_error(f"share_{error.member.pk}" if error.member else "amount", str(error))
        return cleaned

    @property
    def is_seen(self) -> bool:
        """Whether the plan is the one that the person looked at."""
        return self.plan is not None and self.cleaned_data["seen"] == self.plan.fingerprint

    @property
    def cover(self) -> dict[str, Any]:
        """What each one pays by the plan, in rupiah, and from where and when."""
        assert self.plan is not None, "asked of a form that is right"
        shares, data = {share.coverer: share.amount for share in self.plan.shares}, self.cleaned_data
        return {"shares": shares, "from_savings": data["source"] == SAVINGS, "on": data["on"], "key": data["key"]}

    def _shares(self, cleaned: dict[str, Any]) -> dict[Member, int] | None:
        if cleaned["division"] == EQUAL:
            if not cleaned["coverers"]:
                self.add_error("coverers", _("Tick at least one member."))
                return None
            by_pk = equal_shares(cleaned["amount"], cleaned["coverers"])
        else:
            typed = {pk: cleaned[f"share_{pk}"] for pk in self.members}
            try:
                by_pk = chosen_shares(cleaned["amount"], typed)
            except ValueError:
                self.add_error(
                    "amount",
                    _("The shares come to %(sum)s, not to %(amount)s.")
                    % {"sum": rupiah(sum(typed.values())), "amount": rupiah(cleaned["amount"])},
                )
                return None
        return {self.members[pk]: share for pk, share in by_pk.items()}


class RecoverRow(NamedTuple):
    """One claim in the form, and how much of it is paid back now."""

    claim: Claim
    field: BoundField


class RecoverForm(forms.Form):
    """What a member pays back to those who covered the arrears of their loans."""

    key = KeyField()
    on = PastDateField(label=_("Date"), initial=timezone.localdate)
    to = forms.ChoiceField(
        label=_("The money goes to"),
        choices=[(SAVINGS, _("their voluntary savings (sukarela)")), (CASH, _("themselves, in cash"))],
        initial=SAVINGS,
        widget=forms.RadioSelect,
    )

    def __init__(self, *args: Any, group: Group, claims: Sequence[Claim], **kwargs: Any) -> None:
        self.group = group
        self.claims = claims
        super().__init__(*args, **kwargs)
        for claim in claims:
            label = gettext("To %(member)s") % {"member": claim.coverer}
            self.fields[f"back_{claim.coverer.pk}"] = _amount_in_a_row(label)

    def rows(self) -> Iterator[RecoverRow]:
        """Yield each claim with its field."""
        for claim in self.claims:
            yield RecoverRow(claim, self[f"back_{claim.coverer.pk}"])

    def clean_on(self) -> date:
        """Refuse a day on which the books are closed."""
        on: date = self.cleaned_data["on"]
        return open_day(on, self.group)

    def clean(self) -> dict[str, Any]:
        """Refuse more than is owed, and a form without any amount."""
        cleaned = super().clean() or {}
        for claim in self.claims:
            name = f"back_{claim.coverer.pk}"
            if cleaned.get(name, 0) > claim.open:
                self.add_error(name, _("Only %(amount)s is owed.") % {"amount": rupiah(claim.open)})
        if not self.errors and not any(self.amounts.values()):
            self.add_error(None, _("Write how much is paid back to somebody."))
        return cleaned

    @property
    def amounts(self) -> dict[Member, int]:
        """Rupiah paid back, by coverer."""
        return {claim.coverer: self.cleaned_data[f"back_{claim.coverer.pk}"] for claim in self.claims}

    @property
    def paid_back(self) -> dict[str, Any]:
        """What is paid back to whom, and when."""
        data = self.cleaned_data
        return {"amounts": self.amounts, "to_savings": data["to"] == SAVINGS, "on": data["on"], "key": data["key"]}


def open_day(on: date, group: Group) -> date:
    """Return `on` unless the books of `group` are closed on it."""
    if group.books_closed_through is not None and on <= group.books_closed_through:
        raise ValidationError(str(PeriodClosed(group.books_closed_through)))
    return on


def _amount_in_a_row(label: str) -> RupiahField:
    """Return a field that is narrow enough for a table on a phone."""
    return RupiahField(
        label=label, required=False, widget=forms.TextInput(attrs={"class": "form-control form-control-sm", "size": 9})
    )
