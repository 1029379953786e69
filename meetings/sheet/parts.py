"""The parts of the meeting sheet as forms, which only parse and check; `meetings.sheet.form` holds them together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date, timedelta
from typing import Any, TypeVar

from django import forms
from django.db.models import Model
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from finance.forms.kinds import check_kind, fit_kinds
from finance.models import AccountKind, Loan, LoanRequest
from finance.rules.lines import OtherMoney
from finance.rules.loan_position import LateFine
from finance.services import LoanTerms, terms_by_rules
from groups.forms import ComingDayField, CountField, DayField
from groups.forms.rows import SentFormSet
from groups.models import Constitution, LoanKind, Member, WajibEvery
from groups.models.constitution import in_percent
from groups.shared.money import RupiahField, rupiah
from meetings.errors import SavingsMustStay
from meetings.minutes import WITH_MONEY, MemberRow, Repayment
from meetings.models import AttendanceStatus
from meetings.sheet.context import EndedLoan, LoanOnSheet, SheetContext
from meetings.sheet.day import require_possible

T = TypeVar("T", bound=Model)
SELDOM = ("sukarela_out", "fine", "fine_reason")
ROWS = 40
"""The most agenda items, new loans or other money rows a sheet takes."""
LATEST_DEADLINE = timedelta(days=5 * 366)
"""How far away the deadline of a decision may be."""
CASH_FIELDS = {
    **dict.fromkeys(("pokok", "wajib", "social", "sukarela_in", "fine", "paid", "put_by"), 1),
    **dict.fromkeys(("sukarela_out", "principal"), -1),
}
"""What an amount does to the cash box, for the running total in the browser."""


def fines_by_rules(rules: Constitution) -> dict[str, int]:
    """Return the fine in rupiah for each attendance that the rules have one for."""
    fines = {AttendanceStatus.LATE.value: rules.fine_late, AttendanceStatus.ABSENT.value: rules.fine_absent}
    return {status: amount for status, amount in fines.items() if amount}


class _Part(forms.Form):
    """A part of the sheet: Bootstrap's input classes, no `required` attributes, so that a draft may be half done."""

    use_required_attribute = False

    def __init__(self, *args: Any, context: SheetContext, today: date, **kwargs: Any) -> None:
        self.context = context
        self.today = today
        super().__init__(*args, **kwargs)
        self._fit()
        for name, field in self.fields.items():
            if name in CASH_FIELDS:
                field.widget.attrs.setdefault("data-cash", CASH_FIELDS[name])
            if isinstance(field.widget, forms.Select) and not isinstance(field.widget, forms.RadioSelect):
                field.widget.attrs["class"] = "form-select"
            elif isinstance(field.widget, forms.CheckboxInput):
                field.widget.attrs["class"] = "form-check-input"
            elif not isinstance(field.widget, forms.RadioSelect):
                field.widget.attrs["class"] = "form-control"

    def _fit(self) -> None:
        """Fit the fields to the group."""

    def choose(self, name: str, among: Iterable[T], say: Callable[[T], str], *, help_text: str = "") -> None:
        """Let the field `name` take one of `among`, rows of the database, and nothing else; `say` names one."""
        found = {str(row.pk): row for row in among}

        def find(pk: str) -> T:
            if pk not in found:
                # Not a KeyError: Django takes a ValueError for a wrong choice, and a row that has one for changed.
                raise ValueError(pk)
            return found[pk]

        self.fields[name] = forms.TypedChoiceField(
            label=self.fields[name].label,
            help_text=help_text,
            required=self.fields[name].required,
            choices=[("", "—"), *((pk, say(row)) for pk, row in found.items())],
            coerce=find,
            empty_value=None,
        )

    def choose_member(self, name: str) -> None:
        """Let the field `name` take one of the members on the sheet, and nobody else."""
        self.choose(name, self.context.members, str)


class HeadForm(_Part):
    """Date, place, who led and who took the minutes, and the cash count."""

    held_on = DayField(label=_("Date"))
    place = forms.CharField(label=_("Place"), max_length=120)
    leader = forms.ChoiceField(label=_("Led by"))
    note_taker = forms.ChoiceField(label=_("Minutes by"))
    counted = RupiahField(label=_("Cash counted in the box"), required=False)
    explanation = forms.CharField(label=_("Explanation of the difference"), max_length=200, required=False)

    def _fit(self) -> None:
        self.choose_member("leader")
        self.choose_member("note_taker")

    def clean_held_on(self) -> date:
        """A meeting was held since the group was founded, and not in the future."""
        held_on: date = self.cleaned_data["held_on"]
        require_possible(held_on, group=self.context.group, today=self.today)
        return held_on

    @property
    def was_counted(self) -> bool:
        """Whether the recorder counted the cash: 0 is a count, an empty field is none."""
        return bool(str(self.data.get("counted", "")).strip())


class MemberForm(_Part):
    """One member: attendance, savings, fines.

    A fine by the rules follows from the attendance and is owed, paid now or not; `fine` is what is paid now, of this
    fine and of those from before.
    """

    attendance = forms.ChoiceField(
        label=_("Attendance"), choices=[("", _("Not yet")), *AttendanceStatus.choices], widget=forms.RadioSelect
    )
    pokok = RupiahField(label=_("Initial savings (pokok)"), required=False)
    wajib = RupiahField(label=_("Compulsory savings (wajib)"), required=False)
    social = RupiahField(label=_("Social fund"), required=False)
    sukarela_in = RupiahField(label=_("Voluntary savings in"), required=False)
    sukarela_out = RupiahField(label=_("Voluntary savings out"), required=False)
    fine = RupiahField(label=_("Fine (denda) paid"), required=False)
    fine_reason = forms.CharField(label=_("Reason for the fine"), max_length=100, required=False)

    MONEY_IN = ("pokok", "wajib", "social", "sukarela_in", "fine")
    rest = 0
    """Rupiah that instalments bring to the voluntary savings, too much or given back, once the sheet knows it."""
    repayments: Sequence[RepaymentForm] = ()
    """The forms of the member's loans, which the sheet makes."""

    def __init__(self, *args: Any, member: Member, recorded: MemberRow | None, **kwargs: Any) -> None:
        self.member = member
        self.recorded = recorded
        super().__init__(*args, **kwargs)

    def _fit(self) -> None:
        rules = self.context.rules
        pokok_left = self.context.pokok_owed(self.member)
        prefilled: dict[str, Any] = {"pokok": pokok_left, "wajib": self._wajib_asked, "social": rules.social}
        self.fines_owed = self.context.fines_owed(self.member)
        if self.fines_owed:
            prefilled["fine"] = self.fines_owed
            self.fields["fine"].widget.attrs |= {"data-owed": self.fines_owed, "data-proposed": self.fines_owed}
        if self.recorded is not None:
            names = ("attendance", *self.MONEY_IN, "sukarela_out", "fine_reason")
            prefilled = {name: getattr(self.recorded, name) or "" for name in names}
            prefilled["fine_reason"] = self.recorded.waiver or self._typed_reason(self.recorded)
        hints = [
            f"{AttendanceStatus(status).label}: {rupiah(amount)}" for status, amount in fines_by_rules(rules).items()
        ]
        if hints:
            self.fields["fine"].help_text = gettext("By the rules: %s.") % "; ".join(hints)
            self.fields["fine_reason"].label = gettext("Reason for the fine, or why it is waived")
        for name in ("pokok", "social"):
            # What somebody typed is shown and checked, also where nothing is asked for any more.
            if not prefilled[name] and not self.data.get(self.add_prefix(name)):
                del self.fields[name]
        self.initial = {name: amount for name, amount in prefilled.items() if amount}

    def _wajib_asked(self) -> int | None:
        return self.context.wajib_asked(self.member, self.context.held_on).total or None

    @property
    def wajib_missed(self) -> int:
        """Rupiah of compulsory savings from before this meeting that are asked for with its own."""
        return self.context.wajib_asked(self.member, self.context.held_on).missed if self.recorded is None else 0

    def clean(self) -> dict[str, Any]:
        """Check the row against itself and against what the member has saved."""
        data = self.cleaned_data
        if data.get("attendance") and data["attendance"] not in WITH_MONEY:
            for name in self.MONEY_IN:
                if data.get(name):
                    self.add_error(name, gettext("Was not there: choose “Represented” if somebody brought the money."))
        data["wajib_was_paid"] = self._paid_this_month(data)
        self._check_fine(data)
        self._check_withdrawal(data)
        return data

    def _paid_this_month(self, data: dict[str, Any]) -> bool:
        """Whether nothing is asked for because the wajib of the month was paid, where it is due by month."""
        if data.get("wajib") or not self.context.rules.wajib or self.context.rules.wajib_every != WajibEvery.MONTH:
            return False
        if self.recorded is not None and not self.recorded.wajib:
            return self.recorded.wajib_was_paid
        return not self.context.wajib_asked(self.member, self.context.held_on).total

    def _check_fine(self, data: dict[str, Any]) -> None:
        """Work out what is charged: the fine by the rules unless a reason waives it, and what is paid beyond all that.

        `charged`, `waiver` and `fine_reason`, what the fine is for, go into the minutes.
        """
        attendance, paid, reason = data.get("attendance", ""), data.get("fine", 0), data.get("fine_reason", "")
        due, owed = self._due(attendance), self.context.fines_owed(self.member)
        data["waiver"], data["charged"], data["fine_reason"] = "", due, ""
        earlier = self.recorded.waiver if self.recorded is not None else ""
        if reason and paid <= owed and (due or earlier):
            data["waiver"], data["charged"] = reason, 0
        elif paid > max(0, owed + due):  # below zero where later meetings paid what a correction sets anew
            data["charged"] = paid - owed
            if not reason:
                self.add_error("fine_reason", gettext("Say what the fine is for."))
        elif reason and owed and not paid:
            self.add_error("fine_reason", gettext("No fine is set here. An older one is let go on the member's page."))
        if data["charged"]:
            data["fine_reason"] = reason or str(dict(AttendanceStatus.choices).get(attendance, ""))
        elif paid:
            data["fine_reason"] = gettext("Fines owed")

    def _due(self, attendance: str) -> int:
        """Return the fine by the rules; a correction that leaves the attendance as it was leaves the fine too."""
        recorded = self.recorded
        if recorded is not None and recorded.attendance == attendance and not recorded.waiver:
            return recorded.charged
        return fines_by_rules(self.context.rules).get(attendance, 0)

    @staticmethod
    def _typed_reason(recorded: MemberRow) -> str:
        """Return the reason as it was typed: what the program says by itself is none."""
        own = ("", str(AttendanceStatus(recorded.attendance).label), gettext("Fines owed"))
        return recorded.fine_reason if recorded.fine_reason not in own else ""

    def _check_withdrawal(self, data: dict[str, Any]) -> None:
        """Hold a withdrawal against what was saved and against what the rules say must stay."""
        taken = data.get("sukarela_out", 0)
        brought = data.get("sukarela_in", 0) + self.rest
        saved = self.context.books.balance(AccountKind.SUKARELA, member=self.member) + brought
        if saved < 0:
            self.add_error("sukarela_in", gettext("%s of these savings was taken out since.") % rupiah(-saved))
        elif taken > saved:
            self.add_error("sukarela_out", gettext("The savings are only %s.") % rupiah(saved))
        elif self.context.leaves_too_little(self.member, brought=brought, taken=taken):
            self.add_error("sukarela_out", str(SavingsMustStay(self.member, self.context.rules.sukarela_minimum)))

    @property
    def ended_loans(self) -> list[EndedLoan]:
        """The member's loans that ran on the day and ended since."""
        return self.context.ended_loans.get(self.member.pk, [])

    @property
    def usual(self) -> list[forms.BoundField]:
        """The money most members bring at most meetings."""
        return [self[name] for name in ("pokok", "wajib", "social", "sukarela_in") if name in self.fields]

    @property
    def seldom(self) -> list[forms.BoundField]:
        """What few members need at a meeting; folded away until it is."""
        return [self[name] for name in SELDOM]

    @property
    def seldom_used(self) -> bool:
        """Whether a folded field has something to show."""
        return any(self[name].value() or self[name].errors for name in SELDOM) or any(
            repayment.rest or repayment["rest_to_savings"].value() or repayment.is_principal_alone
            for repayment in self.repayments
        )


class RepaymentForm(_Part):
    """What a member pays on one running loan."""

    paid = RupiahField(label=_("Instalment"), required=False)
    put_by = RupiahField(label=_("Deposit for joint liability"), required=False)
    rest_to_savings = forms.BooleanField(required=False)
    waived = forms.CharField(max_length=100, required=False)
    principal_alone = forms.BooleanField(required=False)

    def __init__(self, *args: Any, open_loan: LoanOnSheet, recorded: Repayment | None, **kwargs: Any) -> None:
        self.open_loan = open_loan
        self.recorded = recorded
        super().__init__(*args, **kwargs)

    def _fit(self) -> None:
        self.due = self.open_loan.due(self.context.held_on)
        self.fine = self.open_loan.fine_at(self.context.held_on)
        self.rest = self.returned = 0
        self.initial = {}
        if (recorded := self.recorded) is not None:
            self.initial = {
                "paid": recorded.amount + recorded.rest,
                "rest_to_savings": recorded.rest > 0,
                "waived": recorded.waived,
                "principal_alone": recorded.principal_alone,
                "put_by": recorded.put_by or None,
            }
        elif self.context.original is None and self.due:
            # No more than later payments leave, where the meeting is recorded after them.
            most = self.payoff
            asked = self.open_loan.before.deposit_asked(self.context.held_on) if self.due < most else 0
            self.initial = {"paid": min(self.due, most)} | ({"put_by": asked} if asked else {})
        # Somebody may have two loans, so each field names its own.
        for name, label in (
            ("paid", gettext("Instalment, loan %d")),
            ("put_by", gettext("Deposit for joint liability, loan %d")),
            ("rest_to_savings", gettext("Put the rest of the instalment of loan %d to voluntary savings (sukarela)")),
            ("waived", gettext("Why the fine for lateness is waived, loan %d")),
            ("principal_alone", gettext("The instalment of loan %d goes to the principal alone, the fee stays due")),
        ):
            self.fields[name].label = label % self.open_loan.loan.number
        if not self.open_loan.loan.deposit_each:
            del self.fields["put_by"]
        if not self.open_loan.loan.fines_lateness:
            del self.fields["waived"]
        if not self.open_loan.loan.principal_alone:
            del self.fields["principal_alone"]

    @property
    def payoff(self) -> int:
        """What pays the loan off at the meeting, in rupiah."""
        return self.open_loan.payoff(self.context.held_on, fine=self.fine.amount if self.fine else 0).total

    @property
    def is_principal_alone(self) -> bool:
        """Whether the box for the principal alone is ticked, or complained about."""
        name = "principal_alone"
        return name in self.fields and bool(self[name].value() or self[name].errors)

    def check(self, held_on: date) -> None:
        """Hold the payment against the loan on the day of the meeting, and work out the rest above what it asks for."""
        loan, paid = self.open_loan.loan, self.cleaned_data["paid"]
        if paid and held_on < loan.disbursed_on:
            paid_out = date_format(loan.disbursed_on)
            self.add_error("paid", gettext("The loan was paid out on %s, after this meeting.") % paid_out)
            return
        fine = self.fine_on(held_on)
        most = self.open_loan.payoff(held_on, fine=fine.amount if fine else 0).total
        self.rest = max(0, paid - most)
        if self.rest and not self.cleaned_data["rest_to_savings"]:
            message = gettext(
                "The loan is paid off with %(most)s; %(rest)s is too much. Tick below to put it to voluntary savings."
            )
            self.add_error("paid", message % {"most": rupiah(most), "rest": rupiah(self.rest)})
        if paid and paid - self.rest == most and loan.member.left_on is None:
            put_by = self.cleaned_data.get("put_by") or 0
            self.returned = self.open_loan.now.deposit + put_by + self.open_loan.rebate(held_on)
        if self.cleaned_data.get("put_by") and not paid:
            self.add_error("put_by", gettext("The deposit comes with an instalment."))
        if self.cleaned_data.get("principal_alone"):
            refused = self.open_loan.now.refuses_principal_alone(paid)
            if refused:
                self.add_error("principal_alone", refused)

    def fine_on(self, held_on: date) -> LateFine | None:
        """Return the fine that the payment brings, none if it is waived."""
        return None if self.cleaned_data.get("waived") else self.open_loan.fine_at(held_on)

    def repayment(self, held_on: date) -> Repayment:
        """Return the payment of a valid form."""
        fine = self.fine_on(held_on)
        amount = self.cleaned_data["paid"] - self.rest
        ends = amount == self.open_loan.payoff(held_on, fine=fine.amount if fine else 0).total
        return Repayment(
            loan=self.open_loan.loan,
            instalments=self.open_loan.instalments,
            amount=amount,
            rebate=self.open_loan.rebate(held_on) if ends else 0,
            rest=self.rest,
            fine=fine,
            waived=self.cleaned_data.get("waived", "") if self.open_loan.fine_at(held_on) else "",
            principal_alone=bool(self.cleaned_data.get("principal_alone")),
            put_by=self.cleaned_data.get("put_by") or 0,
            returned=self.returned,
            paid_through=self.open_loan.now.paid_through,
        )


class AgendaForm(_Part):
    """One row of the minute book."""

    title = forms.CharField(label=_("Agenda"), max_length=200, required=False)
    discussion = forms.CharField(
        label=_("Discussed"), required=False, max_length=4000, widget=forms.Textarea(attrs={"rows": 2})
    )
    decision = forms.CharField(
        label=_("Decision"), required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 2})
    )
    responsible = forms.ChoiceField(label=_("Who does it"), required=False)
    due_on = ComingDayField(label=_("By when"), required=False)
    is_critical = forms.BooleanField(label=_("Critical matter"), required=False)

    def _fit(self) -> None:
        self.choose_member("responsible")

    def clean(self) -> dict[str, Any]:
        """A row has a title; who and when belong to a decision."""
        data = self.cleaned_data
        filled = any(data.get(name) for name in ("discussion", "decision", "responsible", "due_on", "is_critical"))
        if filled and not data.get("title"):
            self.add_error("title", gettext("Say what was on the agenda."))
        if data.get("due_on") and data["due_on"] > self.today + LATEST_DEADLINE:
            self.add_error("due_on", gettext("This day is more than five years away."))
        if (data.get("due_on") or data.get("responsible")) and not data.get("decision"):
            self.add_error("decision", gettext("Say what was decided."))
        return data


class NewLoanForm(_Part):
    """A loan decided and paid out today; rate, method and rounding are those of the group's rules.

    With a request chosen, what is left empty is as it was asked for, or approved.
    """

    request = forms.ChoiceField(label=_("Request"), required=False)
    member = forms.ChoiceField(label=_("Member"), required=False)
    principal = RupiahField(label=_("Principal"), required=False)
    kind = forms.ChoiceField(label=_("How it is repaid"), required=False)
    periods = CountField(label=_("Instalments (months)"), required=False, min_value=1, max_value=120)
    harvest_on = ComingDayField(label=_("Harvest, when the principal is due"), required=False)
    first_due = ComingDayField(label=_("First instalment due"), required=False, help_text=_("Empty: by the rules."))
    purpose = forms.CharField(label=_("Purpose"), max_length=120, required=False)
    funded_by = forms.ChoiceField(label=_("Passed on from a loan from outside"), required=False)

    def _fit(self) -> None:
        self.choose_member("member")
        if self.context.requests:
            hint = gettext("Fields left empty are taken from the request.")
            self.choose("request", self.context.requests, _request, help_text=hint)
        else:
            del self.fields["request"]
        rules = self.context.rules
        fit_kinds(self, rules.kinds_of_loan)
        if withheld := rules.loan_provision + rules.loan_deposit:
            self.fields["principal"].widget.attrs["data-cash"] = f"{withheld - 1:f}"
            self.fields["principal"].help_text = gettext("%s %% is withheld.") % number_format(in_percent(withheld))
        if lenders := self.context.lenders:
            self.choose("funded_by", lenders, str)
        else:
            del self.fields["funded_by"]

    def clean(self) -> dict[str, Any]:
        """A loan has a borrower, an amount and a length; the sheet holds it against the group's rules."""
        data = self.cleaned_data
        if not any(data.get(name) for name in self.fields):
            return data
        request: LoanRequest | None = data.get("request")
        if request is not None:
            if data.get("member") not in (None, request.member):
                self.add_error("member", gettext("This request is one of %s.") % request.member)
            asked = {"member": request.member, "principal": request.granted, "periods": request.granted_periods}
            asked |= {"kind": request.kind, "harvest_on": request.harvest_on, "purpose": request.purpose}
            for name, value in asked.items():
                if name not in self.errors and not data.get(name):
                    data[name] = value
        for name, message in (
            ("member", gettext("Choose who borrows.")),
            ("principal", gettext("Say how much is lent.")),
            ("periods", gettext("Say over how many months.")),
        ):
            if name not in self.errors and not data.get(name):
                self.add_error(name, message)
        check_kind(self, data, self.context.rules.kinds_of_loan, since=None)
        return data

    def terms(self, held_on: date) -> LoanTerms:
        """Return the loan of a valid row."""
        data = self.cleaned_data
        return terms_by_rules(
            self.context.rules,
            member=data["member"],
            principal=data["principal"],
            periods=data["periods"],
            disbursed_on=held_on,
            first_due=data.get("first_due"),
            purpose=data["purpose"],
            request=data.get("request"),
            funded_by=data.get("funded_by"),
            kind=data["kind"],
            harvest_on=data["harvest_on"],
        )


def _request(request: LoanRequest) -> str:
    words = {"member": request.member, "amount": rupiah(request.granted), "periods": request.granted_periods}
    if request.kind == LoanKind.MONTH:
        return gettext("%(member)s: %(amount)s, %(periods)s months") % words
    return f"{request.member}: {words['amount']}, {words['periods']} ({LoanKind(request.kind).label})"


class OtherMoneyForm(_Part):
    """Money in or out that belongs to no member."""

    kind = forms.ChoiceField(label=_("Kind"), required=False, choices=[("", "—"), *OtherMoney.choices])
    amount = RupiahField(label=_("Amount"), required=False)
    memo = forms.CharField(label=_("What for"), max_length=200, required=False)

    def clean(self) -> dict[str, Any]:
        """Money has a kind, an amount and a word on what it was for."""
        data = self.cleaned_data
        if any(data.get(name) for name in self.fields):
            for name, message in (
                ("kind", gettext("Choose what kind of money it is.")),
                ("amount", gettext("Say how much.")),
                ("memo", gettext("Say what it was for.")),
            ):
                if name not in self.errors and not data.get(name):
                    self.add_error(name, message)
        return data


class KeptLoanForm(_Part):
    """In a correction: a loan the meeting paid out, kept unless it is marked as never having been."""

    cancel = forms.BooleanField(label=_("This loan was never paid out"), required=False)

    def __init__(self, *args: Any, loan: Loan, **kwargs: Any) -> None:
        self.loan = loan
        super().__init__(*args, **kwargs)

    def _fit(self) -> None:
        self.fields["cancel"].widget.attrs["data-lent"] = self.loan.cash_paid_out


class ReasonForm(_Part):
    """Why a closed meeting is corrected."""

    reason = forms.CharField(label=_("Reason for the correction"), max_length=200)


AgendaFormSet = forms.formset_factory(AgendaForm, SentFormSet, extra=2, max_num=ROWS, absolute_max=ROWS)
NewLoanFormSet = forms.formset_factory(NewLoanForm, SentFormSet, extra=1, max_num=ROWS, absolute_max=ROWS)
OtherMoneyFormSet = forms.formset_factory(OtherMoneyForm, SentFormSet, extra=1, max_num=ROWS, absolute_max=ROWS)
