"""The meeting sheet: one page, one form, a whole meeting. `Sheet.minutes` gives what `meetings.services` writes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import date, timedelta
from functools import cached_property
from typing import Any, NamedTuple

from django import forms
from django.utils.formats import date_format
from django.utils.translation import gettext, gettext_lazy

from finance.ledger.errors import GroupDissolved, InsufficientFunds, NotAMember, PeriodClosed
from finance.models import Account, AccountKind, Loan
from finance.rules.limits import loan_refusals
from finance.rules.lines import CASH_SIGN, OTHER
from finance.schedules import part_of
from groups.models import Member
from groups.shared.money import rupiah
from groups.shared.problems import Problem, problems_of, problems_of_rows
from meetings.errors import MeetingError, NotAMemberThen, SavingsMustStay
from meetings.minutes import WITH_MONEY, AgendaRow, CashCounted, MemberRow, Minutes, OtherRow
from meetings.models import AttendanceStatus, Meeting
from meetings.selectors import numbers_by_date
from meetings.sheet.context import SheetContext
from meetings.sheet.day import read_kept, read_prefilled
from meetings.sheet.parts import (
    AgendaFormSet,
    HeadForm,
    KeptLoanForm,
    MemberForm,
    NewLoanFormSet,
    OtherMoneyFormSet,
    ReasonForm,
    RepaymentForm,
    fines_by_rules,
)
from meetings.sheet.warnings import short_between

LATEST_FIRST_DUE = timedelta(days=366)
"""How long after the meeting a new loan's first instalment may be due."""
ROWS_BROKEN: dict[str, Any] = {
    "missing_management_form": gettext_lazy("Some rows did not arrive whole. Please send the sheet again.")
}
_OWNED = re.compile(r"([ml]\d+)-")
CHOSEN = ("leader", "note_taker", "responsible", "member")
"""The fields in which a member is chosen."""


class Unplaced(NamedTuple):
    """Something typed that has no place on the sheet: who or what it is about, which field, and the text."""

    who: str
    what: str
    typed: str


class Sheet:
    """The meeting sheet of one context: unbound and prefilled without `data`, bound with it.

    The page sends along what was prefilled. Where it was for another day, what nobody changed follows the day of the
    context, and `was_refilled` says that somebody has to look at it again. What was typed or emptied stays; what of it
    has no place on the day is in `kept`, which the page sends along until a day has a place for it.
    """

    def __init__(self, context: SheetContext, data: Mapping[str, Any] | None = None, *, today: date) -> None:
        self.context = context
        self.today = today
        self.refusals: list[str] = []
        self.was_refilled = False
        self.data: dict[str, Any] | None = dict(data.items()) if data is not None else None
        data = self.data
        self._shared: dict[str, Any] = {"context": context, "today": today}
        self.head = HeadForm(data, initial=self._head_initial(), **self._shared)
        self.reason = ReasonForm(data, **self._shared)
        self.members, self.repayments = self._member_forms()
        for form, repayments in self.rows():
            form.repayments = repayments
        recorded = context.original
        self.kept_loans = [
            KeptLoanForm(data, prefix=f"k{loan.pk}", loan=loan, **self._shared)
            for loan in (recorded.kept_loans if recorded else ())
        ]
        agenda = [
            {**asdict(replace(row, responsible=None)), "responsible": row.responsible.pk if row.responsible else ""}
            for row in (recorded.agenda if recorded else ())
        ]
        self.agenda = self._formset(AgendaFormSet, "agenda", agenda)
        self.new_loans = self._formset(NewLoanFormSet, "loans")
        self.other = self._formset(
            OtherMoneyFormSet, "other", [asdict(row) for row in (recorded.other if recorded else ())]
        )
        if data is not None:
            self._place_kept()
            if read_prefilled(data).get("held_on") != context.held_on.isoformat():
                self.follow()

    def _member_forms(self) -> tuple[list[MemberForm], list[RepaymentForm]]:
        recorded = self.context.original
        rows = {row.member.pk: row for row in recorded.members} if recorded else {}
        paid = {paid.loan.pk: paid for row in rows.values() for paid in row.repayments}
        members = [
            MemberForm(self.data, prefix=f"m{member.pk}", member=member, recorded=rows.get(member.pk), **self._shared)
            for member in self.context.members
        ]
        repayments = [
            RepaymentForm(
                self.data,
                prefix=f"l{open_loan.loan.pk}",
                open_loan=open_loan,
                recorded=paid.get(open_loan.loan.pk),
                **self._shared,
            )
            for open_loan in self.context.loans
        ]
        return members, repayments

    def _formset(
        self, kind: type[forms.BaseFormSet[Any]], prefix: str, initial: Sequence[dict[str, Any]] = ()
    ) -> forms.BaseFormSet[Any]:
        return kind(self.data, prefix=prefix, initial=initial, form_kwargs=self._shared, error_messages=ROWS_BROKEN)

    @cached_property
    def prefilled(self) -> dict[str, str]:
        """The texts that stand on the page before anybody types, by field, and the day they are of."""
        texts = {"held_on": self.context.held_on.isoformat()}
        parts = [*([self.head] if self.context.original is None else []), *self.members, *self.repayments]
        for part in parts:
            if getattr(part, "recorded", None) is not None:
                continue  # what a meeting recorded counts as typed
            for name, field in part.fields.items():
                if name in part.initial and name != "held_on":
                    value = field.prepare_value(part.get_initial_for_field(field, name))
                    texts[part.add_prefix(name)] = "" if value is None else str(value)
        return texts

    @property
    def prefilled_json(self) -> str:
        """What was prefilled, as the page sends it along."""
        return json.dumps(self.prefilled, separators=(",", ":"))

    def follow(self) -> None:
        """Let what is still as it was prefilled be as the day's facts have it now; what was typed stays."""
        assert self.data is not None, "only a bound sheet follows"
        was = read_prefilled(self.data)
        for name in {**was, **self.prefilled} if was else ():
            before, fresh = was.get(name, ""), self.prefilled.get(name, "")
            if name != "held_on" and before != fresh and name not in self.typed:
                self.data[name] = fresh
                self.was_refilled = True

    @cached_property
    def typed(self) -> frozenset[str]:
        """The fields in which somebody typed something or emptied them, on this day's sheet or on one before."""
        data = self.data or {}
        was = read_prefilled(data)
        names = {*was, *filter(_OWNED.match, data), *self.head.fields} - {"held_on"} if was else set()
        changed = {name for name in names if data.get(name, "") != was.get(name, "")}
        return frozenset({*changed, *str(data.get("typed", "")).split(), *read_kept(data)})

    @property
    def typed_value(self) -> str:
        """The names of those fields, as the page sends them along."""
        return " ".join(sorted(self.typed))

    @cached_property
    def kept(self) -> dict[str, str]:
        """What was typed or emptied and has no place on the sheet of the day, by field."""
        data = self.data or {}
        posted = {name: str(data[name]) for name in data if _OWNED.match(name) and name in self.typed}
        chosen = {name: typed for name, _what, typed in self._choices_without_place()}
        rows = {name: text for name, text in {**read_kept(data), **posted}.items() if name not in self._places}
        return {**rows, **chosen}

    @property
    def kept_json(self) -> str:
        """What has no place on the sheet, as the page sends it along."""
        return json.dumps(self.kept, separators=(",", ":"))

    @cached_property
    def _places(self) -> dict[str, forms.Field]:
        parts = (self.head, *self.members, *self.repayments, *self.agenda.forms, *self.new_loans.forms)
        return {part.add_prefix(name): field for part in parts for name, field in part.fields.items()}

    def _place_kept(self) -> None:
        """Put what an earlier day had no place for where this day has one."""
        assert self.data is not None, "only a bound sheet has something kept"
        for name, text in read_kept(self.data).items():
            field = self._places.get(name)
            is_choice = name.rpartition("-")[2] in CHOSEN
            if field is None or (is_choice and not field.valid_value(text)):  # type: ignore[attr-defined]
                continue
            if name not in self.data or (is_choice and not self.data[name]):
                self.data[name] = text
                self.was_refilled = True

    def rows(self) -> Iterator[tuple[MemberForm, list[RepaymentForm]]]:
        """Yield each member's form with those of the member's loans."""
        by_member: dict[int, list[RepaymentForm]] = {}
        for repayment in self.repayments:
            by_member.setdefault(repayment.open_loan.loan.member_id, []).append(repayment)
        for form in self.members:
            yield form, by_member.get(form.member.pk, [])

    @cached_property
    def minutes(self) -> Minutes | None:
        """What the sheet says, None if it cannot be recorded; the errors then stand at their fields."""
        held_on = self._check_parts()
        if self.refusals or held_on is None or not all(part.is_valid() for part in self._parts()):
            return None
        head = self.head.cleaned_data
        by_member = {form.member.pk: repayments for form, repayments in self.rows()}
        cancelled = [form.loan for form in self.kept_loans if form.cleaned_data["cancel"]]
        minutes = Minutes(
            held_on=held_on,
            place=head["place"],
            leader=head["leader"],
            note_taker=head["note_taker"],
            members=tuple(self._member_row(form, by_member[form.member.pk], held_on) for form in self.members),
            agenda=tuple(
                AgendaRow(**form.cleaned_data) for form in self._filled(self.agenda) if form.cleaned_data["title"]
            ),
            new_loans=tuple(form.terms(held_on) for form in self._filled(self.new_loans)),
            kept_loans=tuple(form.loan for form in self.kept_loans if form.loan not in cancelled),
            cancelled_loans=tuple(cancelled),
            other=tuple(OtherRow(**form.cleaned_data) for form in self._filled(self.other)),
        )
        minutes = replace(minutes, cash=self._cash(minutes))
        return None if self.head.errors or self._short_of_cash(minutes) else minutes

    @property
    def expected_cash(self) -> int:
        """Rupiah the books would expect in the cash box after the meeting, from what can be read so far."""
        members = sum(
            _amount(form, name) * (-1 if name == "sukarela_out" else 1)
            for form in self.members
            for name in (*MemberForm.MONEY_IN, "sukarela_out")
        )
        repaid = sum(_amount(form, "paid") + _amount(form, "put_by") for form in self.repayments)
        rules = self.context.rules
        principals = [_amount(form, "principal") for form in self.new_loans.forms]
        withheld = sum(part_of(one, part) for one in principals for part in (rules.loan_provision, rules.loan_deposit))
        lent = sum(principals) - withheld
        kept = sum(form.loan.cash_paid_out for form in self.kept_loans if not form["cancel"].value())
        other = sum(_amount(form, "amount") * CASH_SIGN.get(form["kind"].value() or "", 0) for form in self.other.forms)
        return self.context.cash_before + members + repaid + other - lent - kept

    @property
    def cash_signs(self) -> str:
        """What each kind of other money does to the cash box, as JSON for the running total in the browser."""
        return json.dumps(CASH_SIGN)

    @property
    def fines(self) -> str:
        """The fine by the rules for each attendance, as JSON, so that the browser can propose it."""
        return json.dumps(fines_by_rules(self.context.rules))

    @property
    def another_than(self) -> frozenset[int]:
        """The numbers of the meetings of the day that somebody said this is another than."""
        typed = str((self.data or {}).get("another", ""))
        return frozenset(int(number) for number in typed.split(",") if re.fullmatch("[0-9]{1,9}", number))

    @cached_property
    def same_day(self) -> list[tuple[Meeting, int]]:
        """The meetings that were closed on the day the sheet moves to or is new on, with their numbers by date."""
        recorded = self.context.original
        if recorded is not None and recorded.held_on == self.context.held_on:
            return []
        numbers = numbers_by_date(meeting.pk for meeting in self.context.same_day)
        return [(meeting, numbers[meeting.pk]) for meeting in self.context.same_day]

    @property
    def another_value(self) -> str:
        """What the tick that this is another meeting sends: the numbers of those it was asked about."""
        return ",".join(str(meeting.number) for meeting, _number in self.same_day)

    @property
    def is_another(self) -> bool:
        """Whether somebody said so of all of them."""
        return all(meeting.number in self.another_than for meeting, _number in self.same_day)

    @property
    def warnings(self) -> list[str]:
        """What the days between the meeting and now say against it, of a sheet that can be recorded."""
        return short_between(self.context, self.minutes) if self.minutes is not None else []

    @property
    def has_errors(self) -> bool:
        """Whether a bound sheet was refused."""
        return bool(self.refusals) or any(part.errors for part in self._parts())

    @property
    def errors(self) -> dict[str, str]:
        """What was refused, by the name of the field; `__all__` for the sheet as a whole."""
        found = {"__all__": " ".join(self.refusals)} if self.refusals else {}
        for part in self._parts():
            found |= {part.add_prefix(name): " ".join(map(str, texts)) for name, texts in part.errors.items()}
        return found

    @property
    def form_problems(self) -> list[Problem]:
        """Every error of the sheet for the summary of the page, in the order of the page."""
        return [
            *map(Problem, self.refusals),
            *problems_of(self.head),
            *(
                problem
                for form, repayments in self.rows()
                for part in (form, *repayments)
                for problem in problems_of(part, str(form.member))
            ),
            *problems_of_rows(self.agenda, gettext("Agenda")),
            *(problem for form in self.kept_loans for problem in problems_of(form, str(form.loan.member))),
            *problems_of_rows(self.new_loans, gettext("New loan")),
            *problems_of_rows(self.other, gettext("Other money")),
            *(problems_of(self.reason) if self.context.original is not None else ()),
        ]

    def refuse(self, error: Exception) -> None:
        """Show what a service refused, at its field if it names one."""
        field = error.field if isinstance(error, MeetingError) else None
        if field is not None:
            self.head.add_error(field, str(error))
        elif isinstance(error, SavingsMustStay):
            next(form for form in self.members if form.member == error.member).add_error("sukarela_out", str(error))
        elif isinstance(error, NotAMember | NotAMemberThen) and error.member is not None:
            row = next((form for form in self.members if form.member == error.member), None)
            if row is None:
                self.refusals.append(str(error))
            else:
                row.add_error("attendance", str(error))
        elif isinstance(error, PeriodClosed | GroupDissolved):
            self.head.add_error("held_on", str(error))
        elif isinstance(error, InsufficientFunds) and (place := self._takes_from(error.account)) is not None:
            form, name = place
            form.add_error(name, str(error))
        else:
            self.refusals.append(str(error))

    def _takes_from(self, account: Account) -> tuple[forms.BaseForm, str] | None:
        """Return the first field that takes money out of `account`: a member's savings, a fund or the bank."""
        if account.kind == AccountKind.SUKARELA:
            return next(((f, "sukarela_out") for f in self.members if f.member.pk == account.member_id), None)
        rows = self._filled(self.other) if account.kind != AccountKind.CASH else []
        return next(((f, "amount") for f in rows if account.kind in OTHER[f.cleaned_data["kind"]]), None)

    def forget_errors(self, *, but_day: bool = False) -> None:
        """Show a draft as it was typed, without complaints: nobody has asked to close it yet.

        With `but_day` that of the date stays: a sheet is always of some day.
        """
        day_errors = self.head.errors.get("held_on") if but_day else None
        self.refusals.clear()
        for part in self._parts():
            part.errors.clear()
        if day_errors:
            self.head.errors["held_on"] = day_errors

    def _head_initial(self) -> dict[str, Any]:
        context, recorded = self.context, self.context.original
        if recorded is None:
            return {
                "held_on": context.held_on,
                "place": context.group.place,
                # Read only where they are shown: closing a meeting does without.
                "leader": lambda: context.officers.get("KETUA", ""),
                "note_taker": lambda: context.officers.get("SEKRETARIS", ""),
            }
        return {
            "held_on": context.held_on,
            "place": recorded.place,
            "leader": recorded.leader.pk,
            "note_taker": recorded.note_taker.pk,
            "counted": recorded.cash.counted if recorded.cash else None,
            "explanation": recorded.cash.explanation if recorded.cash else "",
        }

    def _parts(self) -> Iterator[forms.BaseForm]:
        yield self.head
        if self.context.original is not None:
            yield self.reason
        yield from self.members
        yield from self.repayments
        yield from self.kept_loans
        for formset in (self.agenda, self.new_loans, self.other):
            yield from formset.forms

    def _check_parts(self) -> date | None:
        """Run every part's checks, the rows knowing the day of the meeting; return that day if it is one."""
        assert self.data is not None, "only a bound sheet has minutes"
        self.head.full_clean()
        held_on: date | None = self.head.cleaned_data.get("held_on")
        if self.was_refilled and held_on is not None:
            message = gettext(
                "Members, savings and instalments below are now those of %s. Look at them, then send the sheet again."
            )
            self.head.add_error("held_on", message % date_format(held_on))
        if self._rows_without_place() or self._choices_without_place():
            message = gettext("Some entries do not fit this meeting. Read them below, then send again.")
            self.refusals.append(message)
        for formset in (self.agenda, self.new_loans, self.other):
            self.refusals.extend(str(error) for error in formset.non_form_errors())
        for form, repayments in self.rows():
            self._check_row(form, repayments, held_on)
        self._check_new_loans(held_on)
        return held_on

    @staticmethod
    def _check_row(form: MemberForm, repayments: list[RepaymentForm], held_on: date | None) -> None:
        """Check a member's row after its instalments, for what is too much of those is savings of the row."""
        for repayment in repayments:
            if held_on and repayment.is_valid():
                repayment.check(held_on)
        form.rest = sum(repayment.rest + repayment.returned for repayment in repayments)
        form.full_clean()
        if form.cleaned_data.get("attendance", AttendanceStatus.PRESENT) not in WITH_MONEY:
            for repayment in repayments:
                if repayment.is_valid() and repayment.cleaned_data["paid"]:
                    repayment.add_error(
                        "paid", gettext("Was not there: choose “Represented” if somebody brought the money.")
                    )

    def _check_new_loans(self, held_on: date | None) -> None:
        """Hold the new loans against the day of the meeting and the group's rules, the earlier rows counting too."""
        lent: list[Member] = []
        chosen: set[int] = set()
        for form in self.new_loans.forms:
            if not form.is_valid() or not form.cleaned_data.get("member"):
                continue
            data, member = form.cleaned_data, form.cleaned_data["member"]
            if data.get("first_due") and held_on and data["first_due"] <= held_on:
                form.add_error("first_due", gettext("The first instalment is due after the meeting."))
            elif data.get("first_due") and held_on and data["first_due"] > held_on + LATEST_FIRST_DUE:
                form.add_error("first_due", gettext("The first instalment is due within a year."))
            if data.get("harvest_on") and held_on and data["harvest_on"] <= held_on:
                form.add_error("harvest_on", gettext("The harvest is after the day the loan is paid out."))
            lender = data.get("funded_by")
            if lender is not None and held_on and held_on < lender.received_on:
                received = date_format(lender.received_on)
                form.add_error("funded_by", gettext("This loan from outside was received on %s only.") % received)
            request = data.get("request")
            if request is not None and request.pk in chosen:
                form.add_error("request", gettext("This request is on the sheet twice."))
            for name, message in loan_refusals(
                self.context.rules,
                principal=data["principal"],
                periods=data["periods"],
                earlier_loans=getattr(member, "earlier_loans", 0) + lent.count(member),
                savings=self.context.savings(member),
                every=data["kind"].every,
            ):
                form.add_error(name, message)
            lent.append(member)
            chosen |= {request.pk} if request is not None else set()

    @cached_property
    def unplaced(self) -> list[Unplaced]:
        """What was typed of people and loans that are not on the sheet; what is as it was prefilled is left out."""
        rows, chosen = self._rows_without_place(read_kept(self.data or {})), self._choices_without_place()
        if not rows and not chosen:
            return []
        group = self.context.group
        people = {f"m{pk}": name for pk, name in Member.objects.filter(group=group).values_list("pk", "called")}
        loans = Loan.objects.filter(group=group).values_list("pk", "number", "member__called")
        names = people | {f"l{pk}": gettext("Loan %d") % number + f", {name}" for pk, number, name in loans}
        stranger = gettext("Not of this group")
        return [
            *(Unplaced(names.get(owner, stranger), what, typed) for owner, what, typed in rows),
            *(Unplaced(what, names.get(f"m{typed}", typed), "") for _name, what, typed in chosen),
        ]

    def _rows_without_place(self, kept: Mapping[str, str] | None = None) -> list[tuple[str, str, str]]:
        """Return each text in a row that is not on the sheet, with whose row it is and what the field is called.

        It is of what came with this sheet, and of what is `kept` of earlier ones.
        """
        if self.data is None:
            return []
        known = {form.prefix for form in (*self.members, *self.repayments)}
        was = read_prefilled(self.data)
        found = []
        for name, typed in {**(kept or {}), **self.data}.items():
            match = _OWNED.match(name)
            if match and match[1] not in known and str(typed).strip() and typed != was.get(name):
                kind = MemberForm if name[0] == "m" else RepaymentForm
                field = kind.base_fields.get(name.removeprefix(match[0]))
                what = field.label if field is not None and field.label else name
                found.append((match[1], str(what), str(dict(AttendanceStatus.choices).get(typed, typed))))
        return found

    def _choices_without_place(self) -> list[tuple[str, str, str]]:
        """Return the name and label of each field in which somebody was chosen who is not on the sheet, and who."""
        if self.data is None:
            return []
        parts = (self.head, *self.agenda.forms, *self.new_loans.forms)
        return [
            (part.add_prefix(name), str(field.label), str(typed))
            for part in parts
            for name, field in part.fields.items()
            if name in CHOSEN and (typed := self.data.get(part.add_prefix(name))) and not field.valid_value(typed)
        ]

    def _member_row(self, form: MemberForm, repayments: list[RepaymentForm], held_on: date) -> MemberRow:
        return MemberRow(
            member=form.member,
            **form.cleaned_data,
            repayments=tuple(
                repayment.repayment(held_on) for repayment in repayments if repayment.cleaned_data["paid"]
            ),
        )

    def _cash(self, minutes: Minutes) -> CashCounted | None:
        if not self.head.was_counted:
            return None
        counted = CashCounted(self.head.cleaned_data["counted"], self.head.cleaned_data["explanation"])
        expected = self.context.cash_before + minutes.cash_moved()
        if counted.counted != expected and not counted.explanation:
            self.head.add_error(
                "explanation",
                gettext("%(expected)s should be in the cash box, a difference of %(difference)s. Say why.")
                % {"expected": rupiah(expected), "difference": rupiah(counted.counted - expected)},
            )
        return counted

    def _short_of_cash(self, minutes: Minutes) -> bool:
        """Refuse to pay out more cash than there is, at the first field that pays out."""
        left = self.context.books.balance(AccountKind.CASH) + minutes.cash_moved()
        if left >= 0:
            return False
        message = gettext("There is not enough cash in the box: %s is missing.") % rupiah(-left)
        for form, name in self._paying_out():
            form.add_error(name, message)
            return True
        self.refusals.append(message)
        return True

    def _paying_out(self) -> Iterator[tuple[forms.BaseForm, str]]:
        yield from ((form, "principal") for form in self._filled(self.new_loans))
        yield from ((f, "amount") for f in self._filled(self.other) if CASH_SIGN[f.cleaned_data["kind"]] < 0)
        yield from ((form, "sukarela_out") for form in self.members if form.cleaned_data.get("sukarela_out"))

    @staticmethod
    def _filled(formset: forms.BaseFormSet[Any]) -> list[Any]:
        return [form for form in formset.forms if any(form.cleaned_data.get(name) for name in form.fields)]


def _amount(form: forms.BaseForm, name: str) -> int:
    """Return the rupiah in a field: as typed if that can be read, as prefilled on an unbound form."""
    if name not in form.fields:
        return 0
    if not form.is_bound:
        return int(form.get_initial_for_field(form.fields[name], name) or 0)
    form.is_valid()  # reads the form if nobody has yet
    return int(form.cleaned_data.get(name) or 0)
