"""Opening loans to members: their terms, their schedules, and the money paid out. Whole rupiah."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal

from django.db import transaction
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from finance.ledger.errors import NotAllowed, NotAMember, RuleBroken
from finance.ledger.posting import Books
from finance.models import (
    EntryKind,
    ExternalLoan,
    Instalment,
    Loan,
    LoanEvery,
    LoanRequest,
    RateSaid,
    Repayment,
)
from finance.rules import lines
from finance.rules.due_days import DueDays, Meetings, due_days, harvest_days
from finance.schedules import ScheduledInstalment, build_harvest_schedule, build_schedule, part_of, rate_of_period
from finance.services.posting import open_for_entry, post_entry
from groups.models import Constitution, Group, LateFineBy, LoanDue, LoanKind, Member, PayoffFee, User
from groups.selectors import meeting_calendar


@dataclass(frozen=True, slots=True)
class LoanTerms:
    """A loan as decided: `rate` is a fraction of what `rate_per` says.

    A harvest loan (`repayment`) is repaid on `harvest_on`, and its `periods` are the months in the fee. `first_due` is
    the day of the first instalment, None where it follows from the day of paying out.
    """

    member: Member
    principal: int
    periods: int
    rate: Decimal
    method: str
    round_up_to: int
    disbursed_on: date
    first_due: date | None = None
    purpose: str = ""
    every: str = LoanEvery.MONTH
    rate_per: str = RateSaid.PERIOD
    repayment: str = Repayment.INSTALMENTS
    harvest_on: date | None = None
    due_at: str = LoanDue.DAY
    funded_by: ExternalLoan | None = None
    payoff_fee: str = PayoffFee.CHARGED
    fine_late_by: str = LateFineBy.INSTALMENT
    fine_late_instalment: int = 0
    fine_late_percent: Decimal = Decimal(0)
    fine_first: bool = False
    principal_alone: bool = False
    provision: int = 0
    deposit: int = 0
    deposit_each: Decimal = Decimal(0)
    rebate_rate: Decimal = Decimal(0)
    request: LoanRequest | None = None
    replaces: Loan | None = None

    @property
    def cash_paid_out(self) -> int:
        """Rupiah that the borrower gets in hand."""
        return self.principal - self.provision - self.deposit

    def schedule(self, due_days: Sequence[date] | None = None) -> list[ScheduledInstalment]:
        """Return the instalments by these terms, on `due_days` or, for the amounts, on fixed days."""
        rate = rate_of_period(self.rate, self.rate_per, self.every)  # type: ignore[arg-type]
        if self.harvest_on is not None:
            return build_harvest_schedule(
                principal=self.principal,
                rate=rate,
                months=self.periods,
                fee_at_end=self.repayment == Repayment.HARVEST_END,
                fee_days=due_days or [self.harvest_on] * self.periods,
                harvest_on=self.harvest_on,
            )
        return build_schedule(
            principal=self.principal,
            rate=rate,
            periods=self.periods,
            method=self.method,  # type: ignore[arg-type]  # the database allows no other value
            round_up_to=self.round_up_to,
            first_due=self.first_due or self.disbursed_on,
            every=self.every,  # type: ignore[arg-type]
            due_days=due_days,
        )

    def due_days(self, calendar: Meetings) -> DueDays:
        """Return when the instalments fall due in a group that meets by `calendar`."""
        if self.harvest_on is not None:
            return harvest_days(
                calendar,
                due_at=self.due_at,
                months=1 if self.repayment == Repayment.HARVEST_END else self.periods,
                paid_out_on=self.disbursed_on,
                harvest_on=self.harvest_on,
                first_due=self.first_due,
            )
        return due_days(
            calendar,
            due_at=self.due_at,
            every=self.every,  # type: ignore[arg-type]  # the database allows no other value
            periods=self.periods,
            paid_out_on=self.disbursed_on,
            first_due=self.first_due,
        )


def repaid_as(kind: LoanKind) -> Repayment:
    """Return how a loan of `kind` is repaid."""
    return Repayment(kind.value.upper()) if kind.is_harvest else Repayment.INSTALMENTS


def terms_by_rules(
    rules: Constitution,
    *,
    member: Member,
    principal: int,
    periods: int,
    disbursed_on: date,
    first_due: date | None = None,
    purpose: str = "",
    request: LoanRequest | None = None,
    funded_by: ExternalLoan | None = None,
    kind: LoanKind = LoanKind.MONTH,
    harvest_on: date | None = None,
) -> LoanTerms:
    """Return the terms of a loan of `kind` by the group's rules.

    All the fee of a loan whose fee waits for the harvest is agreed for the season, so paid early it is due whole.
    """
    return LoanTerms(
        member=member,
        principal=principal,
        periods=periods,
        rate=rules.loan_rate,
        rate_per=rules.loan_rate_per,
        every=kind.every,
        repayment=repaid_as(kind),
        harvest_on=harvest_on,
        method=rules.loan_method,
        round_up_to=rules.loan_round_up_to,
        disbursed_on=disbursed_on,
        first_due=first_due,
        purpose=purpose,
        due_at=rules.loan_due,
        funded_by=funded_by,
        payoff_fee=PayoffFee.CHARGED if kind == LoanKind.HARVEST_END else rules.payoff_fee,
        fine_late_by=rules.fine_late_by,
        fine_late_instalment=rules.fine_late_instalment,
        fine_late_percent=rules.fine_late_percent,
        fine_first=rules.fine_first,
        principal_alone=rules.principal_alone,
        provision=part_of(principal, rules.loan_provision),
        deposit=part_of(principal, rules.loan_deposit),
        deposit_each=rules.loan_deposit_each,
        rebate_rate=rules.loan_rebate,
        request=request,
    )


@transaction.atomic
def loan_disburse(*, actor: User, group: Group, terms: LoanTerms, key: uuid.UUID) -> Loan:
    """Pay a new loan out of the cash box and write down its schedule."""
    books = open_for_entry(actor, group, key, of=terms.member)
    if terms.first_due is not None and terms.first_due <= terms.disbursed_on:
        raise RuleBroken("first_due", _("The first instalment is due after the day the loan is paid out."))
    (loan,) = loans_open(books, [terms])
    post_entry(books, EntryKind.LOAN, terms.disbursed_on, lines.disbursement(books, loan), key)
    return loan


def loans_open(books: Books, terms: Iterable[LoanTerms]) -> list[Loan]:
    """Write loans and their schedules in two statements; the money moves by `lines.disbursement`.

    When they fall due follows from the calendar of the group, which is read in one more.

    A loan from outside that is passed on (`funded_by`) must be running on that day, else it is `RuleBroken`; a new loan
    to somebody who was no member on the day is `NotAMember`.
    """
    terms = list(terms)
    stored = books.stored_members(term.member for term in terms)
    for term in terms:
        # What takes a loan's place lends no new money.
        if term.replaces is None and not stored[term.member.pk].is_member_on(term.disbursed_on):
            raise NotAMember(stored[term.member.pk], term.disbursed_on)
        _require_running_lender(books, term)
        if term.harvest_on is not None and term.harvest_on <= term.disbursed_on:
            raise RuleBroken("harvest_on", _("The harvest is after the day the loan is paid out."))
    calendar = meeting_calendar(books.group)
    days = [term.due_days(calendar) for term in terms]
    loans = Loan.objects.bulk_create(
        Loan(
            group=books.group,
            number=number,
            recorded_by=books.actor,
            **{field.name: getattr(term, field.name) for field in fields(term)}
            | {"first_due": of_term.due_on[0], "due_at": of_term.due_at},
        )
        for number, (term, of_term) in enumerate(zip(terms, days, strict=True), start=books.last_loan_number + 1)
    )
    books.last_loan_number += len(loans)
    Instalment.objects.bulk_create(
        Instalment(
            group_id=loan.group_id,
            loan=loan,
            number=line.number,
            due_on=line.due_on,
            late_after=late_after,
            principal=line.principal,
            service_fee=line.service_fee,
        )
        for loan, term, of_term in zip(loans, terms, days, strict=True)
        for line, late_after in zip(term.schedule(of_term.due_on), of_term.late_after, strict=True)
    )
    return loans


def _require_running_lender(books: Books, terms: LoanTerms) -> None:
    lender = terms.funded_by
    if lender is None or terms.replaces is not None:  # what takes a loan's place lends no new money
        return
    if lender.group_id != books.group.pk:
        raise NotAllowed(_("This belongs to another group."))
    if lender not in books.running_external_loans():
        raise RuleBroken("funded_by", _("This loan from outside is not running any more."))
    if terms.disbursed_on < lender.received_on:
        raise RuleBroken(
            "funded_by", _("This loan from outside was received on %s only.") % date_format(lender.received_on)
        )
