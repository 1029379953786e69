"""The page of opening balances as forms; `OpeningSheet` holds them together and gives an `Opening`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from finance.forms.kinds import check_kind
from finance.services import LoanTerms, Opening, OpeningDebt, OpeningLoan, OpeningSavings, fee_in_all, repaid_as
from groups.forms import ComingDayField, CountField, DayField, KeyField, PastDateField, PercentField
from groups.forms.rows import SentFormSet
from groups.membership import outside_membership
from groups.models import Constitution, Group, LoanKind, Member, Method, MissedWajib, PayoffFee
from groups.shared.money import RupiahField, rupiah
from groups.shared.problems import Problem, problems_of, problems_of_rows

ROWS = 40
"""The most running loans, and the most debts, the page takes."""


class SignedRupiahField(RupiahField):
    """Whole rupiah that may be negative: a capital eaten up by losses."""

    def to_python(self, value: Any) -> int | None:
        """Return whole rupiah, below zero with a minus sign in front."""
        text = str(value if value is not None else "").strip()
        if text[:1] in ("-", "−"):
            amount = super().to_python(text[1:].strip())
            return None if amount is None else -amount
        return super().to_python(value)

    def validate(self, value: int | None) -> None:
        """Take any amount, also one below zero."""
        forms.Field.validate(self, value)


class OpeningForm(forms.Form):
    """The day of the cut-off and what belongs to the group as a whole."""

    use_required_attribute = False

    key = KeyField()
    on = PastDateField(
        label=_("Balances at the end of the day"),
        help_text=_("Preferably the last day of a year: what was earned until then belongs to the years before."),
    )
    cash = RupiahField(label=_("Cash box (kas)"), required=False)
    bank = RupiahField(label=_("Bank"), required=False)
    inventory = RupiahField(label=_("Inventory (inventaris)"), required=False)
    inventory_name = forms.CharField(label=_("What the inventory is"), max_length=120, required=False)
    social_fund = RupiahField(label=_("Social fund (dana sosial)"), required=False)
    officers_fund = RupiahField(label=_("Officers' fund (dana pengurus)"), required=False)
    education_fund = RupiahField(label=_("Education fund (dana pendidikan)"), required=False)
    staff_fund = RupiahField(label=_("Staff fund (dana karyawan)"), required=False)
    development_fund = RupiahField(label=_("Development fund (dana pembangunan)"), required=False)
    other_fund = RupiahField(label=_("Other funds"), required=False)
    reserve = RupiahField(label=_("Reserve (cadangan)"), required=False)
    grants = RupiahField(label=_("Grants received (hibah)"), required=False)
    capital = SignedRupiahField(
        label=_("Opening capital (modal awal)"),
        required=False,
        help_text=_("What remains of the years before; with a minus sign in front if it is a loss."),
    )

    def __init__(self, *args: Any, group: Group, **kwargs: Any) -> None:
        self.group = group
        super().__init__(*args, **kwargs)

    def clean_on(self) -> date:
        """A cut-off lies between the founding of the group and today, in a period that is open."""
        on: date = self.cleaned_data["on"]
        if on < self.group.founded_on:
            raise ValidationError(gettext("The group did not exist yet on this date."))
        return on

    def clean(self) -> dict[str, Any]:
        """Inventory has a name."""
        data = self.cleaned_data
        if data.get("inventory") and not data.get("inventory_name"):
            self.add_error("inventory_name", gettext("Say what it is."))
        return data


class SavingsForm(forms.Form):
    """What one member has saved, and owes besides loans."""

    use_required_attribute = False

    pokok = RupiahField(label=_("Opening balance: initial savings (pokok)"), required=False)
    wajib = RupiahField(label=_("Opening balance: compulsory savings (wajib)"), required=False)
    sukarela = RupiahField(label=_("Opening balance: voluntary savings (sukarela)"), required=False)

    wajib_owed = RupiahField(label=_("Compulsory savings (wajib) missed before"), required=False)
    fines_owed = RupiahField(label=_("Fines (denda) not paid yet"), required=False)

    def __init__(self, *args: Any, member: Member, rules: Constitution, **kwargs: Any) -> None:
        self.member = member
        super().__init__(*args, **kwargs)
        if rules.missed_wajib == MissedWajib.LET_GO:
            del self.fields["wajib_owed"]

    @property
    def savings(self) -> OpeningSavings:
        """The row as values; what cannot be read counts as nothing."""
        return OpeningSavings(self.member, **{name: self.cleaned_data.get(name) or 0 for name in self.fields})


class _RowForm(forms.Form):
    """A row that may stay empty; a filled one needs the fields of `NEEDED`."""

    use_required_attribute = False
    NEEDED: tuple[str, ...] = ()

    def __init__(self, *args: Any, rules: Constitution, members: dict[str, Member], **kwargs: Any) -> None:
        self.rules = rules
        self.members = members
        super().__init__(*args, **kwargs)
        self._fit()

    def _fit(self) -> None:
        """Fit the fields to the group."""

    @property
    def is_filled(self) -> bool:
        """Whether something was typed into the row; rate and method come prefilled."""
        return bool(set(self.changed_data) - {"rate", "method", "kind"})

    def clean(self) -> dict[str, Any]:
        """Ask for what a filled row lacks."""
        if self.is_filled:
            for name in self.NEEDED:
                if name not in self.errors and not self.cleaned_data.get(name):
                    self.add_error(name, gettext("This field is required."))
        return self.cleaned_data

    @property
    def is_right(self) -> bool:
        """Whether the row is filled and can be read as a whole."""
        return self.is_filled and not self.errors


class RunningLoanForm(_RowForm):
    """A loan that is still running: its original terms and what was paid on it."""

    NEEDED = ("member", "principal", "periods", "disbursed_on")

    member = forms.ChoiceField(label=_("Borrower"), required=False)
    principal = RupiahField(label=_("Principal as paid out"), required=False)
    rate = PercentField(required=False)
    method = forms.ChoiceField(label=_("Fee method"), choices=Method.choices, required=False)
    kind = forms.ChoiceField(label=_("How it is repaid"), choices=LoanKind.choices, required=False)
    periods = CountField(
        label=_("Number of instalments; of a harvest loan the months in the fee"),
        min_value=1,
        max_value=120,
        required=False,
    )
    disbursed_on = DayField(label=_("Paid out on"), required=False)
    first_due = ComingDayField(label=_("First instalment due"), required=False)
    harvest_on = ComingDayField(
        label=_("Harvest, when the principal is due"), required=False, help_text=_("Of a harvest loan only.")
    )
    principal_paid = RupiahField(label=_("Principal repaid so far"), required=False)
    fee_paid = RupiahField(label=_("Fee (jasa) paid so far"), required=False)
    deposit = RupiahField(label=_("Deposit for joint liability the group holds"), required=False)

    def _fit(self) -> None:
        self.fields["member"] = forms.ChoiceField(
            label=self.fields["member"].label,
            required=False,
            choices=[("", "—"), *((pk, str(member)) for pk, member in self.members.items())],
        )
        self.fields["kind"].initial = self.rules.kinds_of_loan[0]
        self.fields["rate"].initial = self.rules.loan_rate
        self.fields["rate"].label = gettext("Service fee (jasa), %% %s") % self.rules.get_loan_rate_per_display()
        self.fields["method"].initial = self.rules.loan_method

    def clean(self) -> dict[str, Any]:
        """A running loan has something left to repay, and nobody paid more than it asks for."""
        data = super().clean()
        if self.is_filled:
            kinds = [self.rules.kinds_of_loan[0], *LoanKind]
            check_kind(self, data, kinds, since=data.get("disbursed_on"))
            needs_first = not data.get("kind", LoanKind.MONTH).is_harvest
            if needs_first and "first_due" not in self.errors and not data.get("first_due"):
                self.add_error("first_due", gettext("This field is required."))
        if not self.is_right:
            return data
        if data["first_due"] and data["first_due"] <= data["disbursed_on"]:
            self.add_error("first_due", gettext("The first instalment is due after the day the loan is paid out."))
        elif data["principal_paid"] >= data["principal"]:
            self.add_error("principal_paid", gettext("A loan that is paid off is not entered."))
        else:
            asked = fee_in_all(self.loan.terms)
            if data["fee_paid"] > asked:
                self.add_error("fee_paid", gettext("The loan asks for a fee of %s only.") % rupiah(asked))
        return data

    @property
    def loan(self) -> OpeningLoan:
        """The loan of a right row."""
        data = self.cleaned_data
        kind = data["kind"]
        ends_with_harvest = kind == LoanKind.HARVEST_END
        terms = LoanTerms(
            member=self.members[data["member"]],
            principal=data["principal"],
            periods=data["periods"],
            rate=data["rate"] if data["rate"] is not None else Decimal(0),
            rate_per=self.rules.loan_rate_per,
            method=data["method"] or self.rules.loan_method,
            round_up_to=self.rules.loan_round_up_to,
            disbursed_on=data["disbursed_on"],
            first_due=None if ends_with_harvest else data["first_due"],
            every=kind.every,
            repayment=repaid_as(kind),
            harvest_on=data["harvest_on"],
            due_at=self.rules.loan_due,
            payoff_fee=PayoffFee.CHARGED if ends_with_harvest else self.rules.payoff_fee,
            fine_late_by=self.rules.fine_late_by,
            fine_late_instalment=self.rules.fine_late_instalment,
            fine_late_percent=self.rules.fine_late_percent,
            fine_first=self.rules.fine_first,
            principal_alone=self.rules.principal_alone,
            deposit_each=self.rules.loan_deposit_each,
        )
        return OpeningLoan(terms, data["principal_paid"], data["fee_paid"], data["deposit"])


class DebtForm(_RowForm):
    """A loan from outside that the group still repays."""

    NEEDED = ("lender", "principal", "periods", "received_on", "first_due")

    lender = forms.CharField(label=_("Lender"), max_length=120, required=False)
    principal = RupiahField(label=_("Principal as received"), required=False)
    repaid = RupiahField(label=_("Principal repaid so far"), required=False)
    fee_paid = RupiahField(label=_("Fee (jasa) paid so far"), required=False)
    rate = PercentField(label=_("Service fee (jasa), % a month"), required=False)
    method = forms.ChoiceField(label=_("Fee method"), choices=Method.choices, required=False)
    periods = CountField(label=_("Instalments (months)"), min_value=1, max_value=120, required=False)
    received_on = DayField(label=_("Received on"), required=False)
    first_due = ComingDayField(label=_("First instalment due"), required=False)

    def _fit(self) -> None:
        self.fields["method"].initial = Method.FLAT

    def clean(self) -> dict[str, Any]:
        """A debt is still owed."""
        data = super().clean()
        if self.is_right and data["first_due"] <= data["received_on"]:
            self.add_error("first_due", gettext("The first instalment is due after the loan was received."))
        elif self.is_right and data["repaid"] >= data["principal"]:
            self.add_error("repaid", gettext("A loan that is paid off is not entered."))
        return data

    @property
    def debt(self) -> OpeningDebt:
        """The debt of a right row."""
        data = {**self.cleaned_data, "method": self.cleaned_data["method"] or Method.FLAT}
        return OpeningDebt(**{**data, "rate": data["rate"] if data["rate"] is not None else Decimal(0)})


LoanFormSet = forms.formset_factory(RunningLoanForm, SentFormSet, extra=2, max_num=ROWS, absolute_max=ROWS)
DebtFormSet = forms.formset_factory(DebtForm, SentFormSet, extra=1, max_num=ROWS, absolute_max=ROWS)


class OpeningSheet:
    """The whole page for one group: unbound without `data`, bound with it."""

    def __init__(self, group: Group, members: list[Member], data: Mapping[str, Any] | None = None) -> None:
        self.data = data
        self.head = OpeningForm(data, group=group)
        rules = group.rules or Constitution()
        self.members = [SavingsForm(data, prefix=f"m{member.pk}", member=member, rules=rules) for member in members]
        people = {str(member.pk): member for member in members}
        kwargs = {"rules": rules, "members": people}
        self.loans = LoanFormSet(data, prefix="loans", form_kwargs=kwargs)
        self.debts = DebtFormSet(data, prefix="debts", form_kwargs=kwargs)

    @cached_property
    def is_right(self) -> bool:
        """Whether every field can be read and fits the others; messages then stand at the fields."""
        for form in self._forms():
            form.full_clean()
        on = self.head.cleaned_data.get("on")
        if on is not None:
            for form in self.members:
                if form.savings.says_something and (message := outside_membership(form.member, on)):
                    form.add_error("wajib", message)
            for loan in self._right(self.loans):
                terms = loan.loan.terms
                if terms.disbursed_on > on:
                    loan.add_error("disbursed_on", gettext("This is after the cut-off."))
                elif message := outside_membership(terms.member, terms.disbursed_on):
                    loan.add_error("disbursed_on", message)
            for debt in self._right(self.debts):
                if debt.cleaned_data["received_on"] > on:
                    debt.add_error("received_on", gettext("This is after the cut-off."))
        formsets = not (self.loans.non_form_errors() or self.debts.non_form_errors())
        return formsets and not any(form.errors for form in self._forms())

    @property
    def opening(self) -> Opening:
        """What the page says; a field that cannot be read counts as nothing, so that the difference can be shown."""
        if self.data is None:
            return Opening(on=timezone.localdate())
        self.is_right  # noqa: B018 - reads the forms
        head = self.head.cleaned_data
        amounts = (
            "cash", "bank", "inventory", "social_fund", "officers_fund", "education_fund", "staff_fund",
            "development_fund", "other_fund", "reserve", "grants", "capital",
        )  # fmt: skip
        money: dict[str, int] = {name: head.get(name) or 0 for name in amounts}
        return Opening(
            on=head.get("on") or timezone.localdate(),
            inventory_name=head.get("inventory_name") or "",
            savings=tuple(form.savings for form in self.members if form.savings.says_something),
            loans=tuple(form.loan for form in self._right(self.loans)),
            debts=tuple(form.debt for form in self._right(self.debts)),
            **money,
        )

    @property
    def form_problems(self) -> list[Problem]:
        """Every error of the page for its summary; each row says which it is."""
        if self.data is None:
            return []
        return [
            *problems_of(self.head),
            *problems_of_rows(self.loans, gettext("Loan")),
            *(problem for form in self.members for problem in problems_of(form, str(form.member))),
            *problems_of_rows(self.debts, gettext("Debt")),
        ]

    def _forms(self) -> Iterator[forms.Form]:
        yield self.head
        yield from self.members
        yield from self.loans.forms
        yield from self.debts.forms

    @staticmethod
    def _right(formset: Any) -> list[Any]:
        return [form for form in formset.forms if form.is_bound and form.is_right]
