"""Loans from outside to the group: received from a UPK, a bank or another lender, and repaid. Whole rupiah."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from finance.ledger.errors import NotAllowed, RuleBroken
from finance.ledger.reading import Line
from finance.models import AccountKind, EntryKind, ExternalLoan, ExternalPayment, LoanEvery, RateSaid
from finance.rules.lines import money as money_account
from finance.schedules import allocate_payment
from finance.selectors.external_loans import external_fee_paid
from finance.services.posting import open_for_entry, post_entry
from groups.models import Group, User


@dataclass(frozen=True, slots=True)
class ExternalTerms:
    """A loan as the lender grants it: `rate` is a fraction of what `rate_per` says, amounts are whole rupiah."""

    lender: str
    principal: int
    periods: int
    rate: Decimal
    method: str
    round_up_to: int
    received_on: date
    first_due: date
    purpose: str = ""
    every: str = LoanEvery.MONTH
    rate_per: str = RateSaid.PERIOD


@transaction.atomic
def external_loan_receive(
    *, actor: User, group: Group, terms: ExternalTerms, into: AccountKind, key: uuid.UUID
) -> ExternalLoan:
    """Take a loan from a lender into the cash box or the bank (`into` is CASH or BANK)."""
    books = open_for_entry(actor, group, key)
    if terms.first_due <= terms.received_on:
        raise RuleBroken("first_due", _("The first instalment is due after the day the loan is received."))
    if terms.principal < 1:
        raise NotAllowed(_("The amount must be more than zero."))
    last = ExternalLoan.objects.filter(group=group).aggregate(last=Max("number"))["last"] or 0
    loan = ExternalLoan.objects.create(
        group=group,
        number=last + 1,
        **{field.name: getattr(terms, field.name) for field in fields(terms)},
        key=key,
        recorded_by=actor,
    )
    line = Line(
        money_account(books, into), books.account(AccountKind.EXTERNAL_LOAN, external=loan), loan.principal, None
    )
    post_entry(books, EntryKind.EXTERNAL_LOAN, terms.received_on, [line], key)
    return loan


@transaction.atomic
def external_loan_repay(
    *, actor: User, group: Group, loan: ExternalLoan, amount: int, source: AccountKind, on: date, key: uuid.UUID
) -> ExternalPayment:
    """Pay a lender from the cash box or the bank: the fee due first, then the oldest principal due.

    The fee is an expense. More than the loan still asks for, and a day before it was received, are `NotAllowed`.
    """
    books = open_for_entry(actor, group, key, of=loan)
    balance = books.balance(AccountKind.EXTERNAL_LOAN, external=loan)
    if balance == 0:
        raise NotAllowed(_("This loan is closed."))
    if on < loan.received_on:
        raise RuleBroken("on", _("The loan was not received yet on this day."))
    try:
        parts = allocate_payment(
            loan.schedule(),
            fee_paid=external_fee_paid(loan),
            principal_paid=loan.principal - balance,
            amount=amount,
            on=on,
        )
    except ValueError as error:
        raise NotAllowed(_("The payment is more than the balance of the loan.")) from error
    money = money_account(books, source)
    fee, debt = books.account(AccountKind.EXTERNAL_FEE), books.account(AccountKind.EXTERNAL_LOAN, external=loan)
    lines = [
        Line(account, money, part, None, loan.lender)
        for account, part in ((fee, parts.service_fee), (debt, parts.principal))
        if part
    ]
    entry = post_entry(books, EntryKind.EXTERNAL_LOAN, on, lines, key)
    return ExternalPayment.objects.create(
        group=group, external_loan=loan, service_fee=parts.service_fee, principal=parts.principal, entry=entry
    )
