"""What people type about loans, from the request to the last payment; `finance.services` keeps the rules."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from finance.forms.kinds import check_kind, fit_kinds
from finance.models import ExternalLoan, Loan, LoanRequest, RateSaid
from finance.rules.loan_position import LoanPosition
from finance.schedules import due_date
from finance.services import NewSchedule
from groups.forms import ComingDayField, CountField, KeyField, MemberField, PastDateField, PercentField
from groups.models import Constitution, Group, LoanKind
from groups.shared.money import RupiahField, rupiah

MAX_PERIODS = 120
_REASON: dict[str, Any] = {"max_length": 200}


class _DatedForm(forms.Form):
    """A step on a day that is not before `earliest` and not to come; `key` makes it one step however often sent."""

    key = KeyField()
    on = PastDateField(label=_("Date"), initial=timezone.localdate)

    def __init__(self, *args: Any, earliest: date, **kwargs: Any) -> None:
        self.earliest = earliest
        super().__init__(*args, **kwargs)

    def clean_on(self) -> date:
        """Refuse a day before what came last."""
        on: date = self.cleaned_data["on"]
        if on < self.earliest:
            raise ValidationError(gettext("Not before %s, when the last step was.") % date_format(self.earliest))
        return on


class LoanRequestForm(_DatedForm):
    """A member asks for a loan."""

    member = MemberField(label=_("Member"))
    amount = RupiahField(label=_("Amount"), min_value=1)
    kind = forms.ChoiceField(label=_("How it is repaid"), required=False)
    periods = CountField(label=_("Instalments (months)"), min_value=1, max_value=MAX_PERIODS)
    harvest_on = ComingDayField(label=_("Harvest, when the principal is due"), required=False)
    purpose = forms.CharField(label=_("Purpose"), max_length=120, required=False)

    field_order = ("key", "member", "amount", "kind", "periods", "harvest_on", "purpose", "on")

    def __init__(self, *args: Any, group: Group, rules: Constitution, **kwargs: Any) -> None:
        super().__init__(*args, earliest=group.founded_on, **kwargs)
        self.rules = rules
        fit_kinds(self, rules.kinds_of_loan)
        self.fields["member"].offer(group)  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """A harvest loan says when the harvest is."""
        cleaned = super().clean() or {}
        check_kind(self, cleaned, self.rules.kinds_of_loan, since=cleaned.get("on"))
        return cleaned


class DecideForm(_DatedForm):
    """Whether a request is approved, and for how much."""

    APPROVE, REFUSE = "approve", "refuse"

    decision = forms.ChoiceField(
        label=_("Decision"), choices=[(APPROVE, _("Approve")), (REFUSE, _("Refuse"))], widget=forms.RadioSelect
    )
    amount = RupiahField(label=_("Amount approved"), min_value=1)
    periods = CountField(label=_("Instalments (months)"), min_value=1, max_value=MAX_PERIODS)
    in_meeting = forms.BooleanField(label=_("Decided in a meeting of the members"), required=False)
    note = forms.CharField(label=_("Why"), required=False, help_text=_("A refusal needs a reason."), **_REASON)

    field_order = ("key", "decision", "amount", "periods", "on", "in_meeting", "note")

    def __init__(self, *args: Any, request: LoanRequest, most: int | None, **kwargs: Any) -> None:
        initial = {"amount": request.amount, "periods": request.periods}
        super().__init__(*args, earliest=request.asked_on, initial=initial, **kwargs)
        if most is not None:
            self.fields["amount"].help_text = gettext("By the rules at most %s.") % rupiah(most)

    def clean(self) -> dict[str, Any]:
        """A refusal says why."""
        cleaned = super().clean() or {}
        if cleaned.get("decision") == self.REFUSE and "note" not in self.errors and not cleaned.get("note"):
            self.add_error("note", gettext("Say why the request is refused."))
        return cleaned

    @property
    def decided(self) -> dict[str, Any]:
        """What was decided: with an approval how much for how long."""
        names = ["on", "in_meeting", "note"]
        if self.cleaned_data["decision"] == self.APPROVE:
            names += ["amount", "periods"]
        return {name: self.cleaned_data[name] for name in names}


class CancelRequestForm(_DatedForm):
    """A member takes a request back."""

    reason = forms.CharField(label=_("Why"), **_REASON)


class PayOutForm(_DatedForm):
    """An approved request is paid out."""

    first_due = ComingDayField(label=_("First instalment due"), required=False, help_text=_("Empty: by the rules."))
    funded_by = forms.ModelChoiceField(
        ExternalLoan.objects.none(), label=_("Passed on from a loan from outside"), required=False
    )

    def __init__(self, *args: Any, lenders: QuerySet[ExternalLoan], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        funded_by: Any = self.fields["funded_by"]
        funded_by.queryset = lenders
        if not lenders.exists():
            del self.fields["funded_by"]


class PayForm(_DatedForm):
    """A payment on a loan: an amount, or what pays it off that day."""

    AMOUNT, PRINCIPAL, PAYOFF = "amount", "principal", "payoff"

    how = forms.ChoiceField(
        label=_("What is paid"),
        choices=[
            (AMOUNT, _("This amount")),
            (PRINCIPAL, _("This amount, on the principal alone; the fee stays due")),
            (PAYOFF, _("All that pays the loan off")),
        ],
        initial=AMOUNT,
        widget=forms.RadioSelect,
    )
    amount = RupiahField(label=_("Amount"), required=False)
    rest_to_savings = forms.BooleanField(
        label=_("What is too much goes to voluntary savings (sukarela)"), required=False
    )
    waive_fine = forms.CharField(
        label=_("Why the fine for lateness is waived"),
        required=False,
        help_text=_("Empty: the fine is charged."),
        **_REASON,
    )

    put_by = RupiahField(label=_("Deposit for joint liability beside it (tabungan tanggung renteng)"), required=False)
    deposit_pays = forms.BooleanField(required=False)

    field_order = ("key", "on", "how", "amount", "deposit_pays", "put_by", "rest_to_savings", "waive_fine")

    def __init__(self, *args: Any, running: LoanPosition, **kwargs: Any) -> None:
        today = timezone.localdate()
        initial = {"amount": running.due(today) or None, "put_by": running.deposit_asked(today) or None}
        super().__init__(*args, earliest=running.loan.disbursed_on, initial=initial, **kwargs)
        if running.last_paid_on is not None:
            self.fields["on"].help_text = gettext(
                "It can be before the last payment, of %s: those after it are then worked out anew."
            ) % date_format(running.last_paid_on)
        if running.deposit:
            label = gettext("The deposit (tabungan tanggung renteng), %s, pays first")
            self.fields["deposit_pays"].label = label % rupiah(running.deposit)
            self.fields["deposit_pays"].help_text = gettext(
                "For what is late, or to pay the loan off; the rest comes in cash. Not ticked: all comes in cash."
            )
        else:
            del self.fields["deposit_pays"]
        if not running.loan.deposit_each:
            del self.fields["put_by"]
        if not running.loan.fines_lateness:
            del self.fields["waive_fine"]
        if not running.loan.principal_alone:
            how: Any = self.fields["how"]
            how.choices = [choice for choice in how.choices if choice[0] != self.PRINCIPAL]

    def clean(self) -> dict[str, Any]:
        """An amount is more than zero; it is not looked at where the loan is paid off."""
        cleaned = super().clean() or {}
        if cleaned.get("how") != self.PAYOFF and "amount" not in self.errors and not cleaned.get("amount"):
            self.add_error("amount", gettext("The amount must be more than zero."))
        return cleaned


class RescheduleForm(_DatedForm):
    """A new schedule for what is left of a loan; for a harvest loan its extension, with the fee of the added months."""

    kind = forms.ChoiceField(label=_("How it is repaid"), required=False)
    periods = CountField(label=_("Instalments"), min_value=1, max_value=MAX_PERIODS)
    percent = PercentField(label=_("Service fee (jasa) a period, %"))
    harvest_on = ComingDayField(label=_("Harvest, when the principal is due"), required=False)
    first_due = ComingDayField(label=_("First instalment due"), required=False)
    add_fee = forms.BooleanField(label=_("Fee due and not paid is added to the principal"), required=False)
    reason = forms.CharField(label=_("Why"), **_REASON)

    field_order = ("key", "on", "kind", "periods", "percent", "harvest_on", "first_due", "add_fee", "reason")

    def __init__(self, *args: Any, running: LoanPosition, rules: Constitution, **kwargs: Any) -> None:
        loan = running.loan
        self.kinds = list(dict.fromkeys((loan.kind, *rules.kinds_of_loan, LoanKind.MONTH)))
        today = timezone.localdate()
        initial = {
            "percent": loan.rate,
            # After a harvest the rest follows from the rules.
            "first_due": None if loan.harvest_on else due_date(today, 1, loan.every),  # type: ignore[arg-type]
        }
        earliest = max(running.last_paid_on or loan.disbursed_on, loan.disbursed_on)
        super().__init__(*args, earliest=earliest, initial=initial, **kwargs)
        fit_kinds(self, self.kinds)
        if loan.rate_per != RateSaid.PERIOD:
            self.fields["percent"].label = gettext("Service fee (jasa), %% %s") % loan.get_rate_per_display()
        if loan.kind.is_harvest:
            self.fields["periods"].help_text = gettext("To extend the loan: the months that are added.")
            self.fields["first_due"].help_text = gettext("Empty: by the rules.")

    def clean(self) -> dict[str, Any]:
        """The first instalment is due after the day."""
        cleaned = super().clean() or {}
        on, first_due = cleaned.get("on"), cleaned.get("first_due")
        check_kind(self, cleaned, self.kinds, since=on)
        if on and first_due and first_due <= on:
            self.add_error("first_due", gettext("The first instalment is due after the day the loan is rescheduled."))
        return cleaned

    @property
    def schedule(self) -> NewSchedule:
        """The new schedule of a valid form."""
        data = self.cleaned_data
        return NewSchedule(
            periods=data["periods"],
            rate=data["percent"],
            first_due=None if data["kind"] == LoanKind.HARVEST_END else data["first_due"],
            kind=data["kind"],
            harvest_on=data["harvest_on"],
        )


class WriteOffForm(_DatedForm):
    """A loan is given up."""

    reason = forms.CharField(label=_("Why"), **_REASON)

    def __init__(self, *args: Any, running: LoanPosition, **kwargs: Any) -> None:
        loan = running.loan
        super().__init__(*args, earliest=max(running.last_paid_on or loan.disbursed_on, loan.disbursed_on), **kwargs)


class LoanRecoverForm(_DatedForm):
    """Money comes in on a loan that was written off."""

    amount = RupiahField(label=_("Amount"), min_value=1)

    field_order = ("key", "amount", "on")

    def __init__(self, *args: Any, loan: Loan, **kwargs: Any) -> None:
        super().__init__(*args, earliest=loan.ended_on or loan.disbursed_on, **kwargs)
