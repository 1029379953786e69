"""Cut-off: a group that existed before it used this program enters with its balances on one day."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext as _

from finance.ledger.errors import NotAllowed
from finance.ledger.fines import Charge
from finance.ledger.posting import Books, Posting
from finance.ledger.reading import Line
from finance.models import (
    Account,
    AccountKind,
    Entry,
    EntryKind,
    ExternalLoan,
    ExternalPayment,
    InventoryItem,
    Loan,
    LoanEvery,
    ObligationKind,
    OpeningDue,
)
from finance.selectors.opening import may_open
from finance.services.payouts import LoanTerms, loans_open
from finance.services.posting import open_for_entry
from groups.models import Group, Member, User
from groups.shared.money import rupiah


@dataclass(frozen=True, slots=True)
class OpeningSavings:
    """What one member has saved by the cut-off, and owes of missed wajib and of fines, in rupiah.

    Pokok that was not paid in full is owed by the rules.
    """

    member: Member
    pokok: int = 0
    wajib: int = 0
    sukarela: int = 0
    wajib_owed: int = 0
    fines_owed: int = 0

    @property
    def total(self) -> int:
        """All savings of the member."""
        return self.pokok + self.wajib + self.sukarela

    @property
    def says_something(self) -> bool:
        """Whether the member saved or owes anything."""
        return bool(self.total or self.wajib_owed or self.fines_owed)


@dataclass(frozen=True, slots=True)
class OpeningLoan:
    """A loan still running at the cut-off: its original terms, and what was paid on it before, in rupiah.

    `deposit` is what the group holds of the borrower's deposit for joint liability.
    """

    terms: LoanTerms
    principal_paid: int = 0
    fee_paid: int = 0
    deposit: int = 0

    @property
    def outstanding(self) -> int:
        """Principal not repaid yet."""
        return self.terms.principal - self.principal_paid


@dataclass(frozen=True, slots=True)
class OpeningDebt:
    """A loan from outside still running at the cut-off; `rate` is a fraction per period.

    The fee paid before was an expense of the years before: it is kept with the loan, not posted.
    """

    lender: str
    principal: int
    repaid: int
    fee_paid: int
    rate: Decimal
    method: str
    periods: int
    received_on: date
    first_due: date

    @property
    def outstanding(self) -> int:
        """What the group still owes the lender."""
        return self.principal - self.repaid


@dataclass(frozen=True, slots=True)
class Opening:
    """Everything a group has and owes at the end of the day `on`, in rupiah; `capital` may be negative."""

    on: date
    cash: int = 0
    bank: int = 0
    inventory: int = 0
    inventory_name: str = ""
    social_fund: int = 0
    officers_fund: int = 0
    education_fund: int = 0
    staff_fund: int = 0
    development_fund: int = 0
    other_fund: int = 0
    reserve: int = 0
    grants: int = 0
    capital: int = 0
    savings: tuple[OpeningSavings, ...] = ()
    loans: tuple[OpeningLoan, ...] = ()
    debts: tuple[OpeningDebt, ...] = ()

    @property
    def assets(self) -> int:
        """What the group has: money, goods, and what members owe it."""
        return self.cash + self.bank + self.inventory + sum(loan.outstanding for loan in self.loans)

    @property
    def claims(self) -> int:
        """What it has it from: savings, debts, funds and capital."""
        savings = sum(row.total for row in self.savings) + sum(loan.deposit for loan in self.loans)
        debts = sum(debt.outstanding for debt in self.debts)
        funds = self.social_fund + self.officers_fund + self.other_fund + self.reserve
        seldom = self.education_fund + self.staff_fund + self.development_fund
        return savings + debts + funds + seldom + self.grants + self.capital

    @property
    def difference(self) -> int:
        """Assets less claims: zero when the opening balances."""
        return self.assets - self.claims


@transaction.atomic
def opening_record(*, actor: User, group: Group, opening: Opening, key: uuid.UUID) -> Entry:
    """Post the opening balances of a group as one entry, with its running loans and their schedules.

    Dues that members bring along are enough: the entry then moves nothing, and says from which day the books count.
    Allowed while the ledger is empty, or everything in it was reversed. Raises `NotAllowed` if assets and claims
    differ, where nothing is entered, and for a loan that is paid off or was paid more than it asks for.
    """
    books = open_for_entry(actor, group, key)
    if not may_open(books.group):
        raise NotAllowed(_("Money was recorded in this group already; opening balances come first."))
    if opening.difference:
        raise NotAllowed(_("Assets and claims differ by %(difference)s.") % {"difference": rupiah(opening.difference)})
    _refuse_strangers(group, opening)
    for loan in opening.loans:
        _refuse_wrong_loan(loan)
    if any(debt.outstanding <= 0 or debt.first_due <= debt.received_on for debt in opening.debts):
        raise NotAllowed(_("A loan from outside is still owed, and its first instalment is due after it was received."))
    loans = loans_open(books, [loan.terms for loan in opening.loans]) if opening.loans else []
    debts = [_external_loan(books, number, debt) for number, debt in enumerate(opening.debts, start=_debts(group) + 1)]
    fines = [
        Charge(row.member, ObligationKind.OTHER, row.fines_owed, _("Fines from before the opening balances"))
        for row in opening.savings
        if row.fines_owed
    ]
    moved = list(_lines(books, opening, loans, debts))
    if not moved and not any(row.says_something for row in opening.savings):
        raise NotAllowed(_("Write down what the group has, or what its members owe."))
    (entry,) = books.post([Posting(EntryKind.OPENING, opening.on, moved, key, charges=fines)])
    OpeningDue.objects.bulk_create(
        OpeningDue(group=group, member=row.member, amount=row.wajib_owed, entry=entry)
        for row in opening.savings
        if row.wajib_owed
    )
    ExternalPayment.objects.bulk_create(
        ExternalPayment(group=group, external_loan=debt, principal=owed.repaid, service_fee=owed.fee_paid, entry=entry)
        for debt, owed in zip(debts, opening.debts, strict=True)
        if owed.repaid or owed.fee_paid
    )
    if opening.inventory:
        InventoryItem.objects.create(
            group=group,
            name=opening.inventory_name,
            acquired_on=opening.on,
            price=opening.inventory,
            entry=entry,
            key=key,
            recorded_by=actor,
        )
    return entry


def _lines(books: Books, opening: Opening, loans: list[Loan], debts: list[ExternalLoan]) -> Iterator[Line]:
    """Yield what the group has against the opening capital, and the opening capital against what it owes.

    What is left on the capital is the amount the group named. The fee that members paid before counts as paid on
    their loans, but it is no income to divide any more: it goes against the surplus divided.
    """
    capital = books.account(AccountKind.CAPITAL)

    def has(account: Account, amount: int, member: Member | None = None) -> Iterator[Line]:
        if amount:
            yield Line(account, capital, amount, member)

    def owes(account: Account, amount: int, member: Member | None = None) -> Iterator[Line]:
        if amount:
            yield Line(capital, account, amount, member)

    yield from has(books.account(AccountKind.CASH), opening.cash)
    yield from has(books.account(AccountKind.BANK), opening.bank)
    yield from has(books.account(AccountKind.INVENTORY), opening.inventory)
    for loan, brought in zip(loans, opening.loans, strict=True):
        account = books.account(AccountKind.LOAN, loan=loan)
        yield from has(account, loan.principal, loan.member)
        yield from owes(account, brought.principal_paid, loan.member)
        if brought.fee_paid:
            fee = books.account(AccountKind.SERVICE_FEE, loan=loan)
            yield Line(books.account(AccountKind.SURPLUS_DIVIDED), fee, brought.fee_paid, loan.member)
        yield from owes(books.account(AccountKind.DEPOSIT, loan=loan), brought.deposit, loan.member)
    for row in opening.savings:
        for kind in (AccountKind.POKOK, AccountKind.WAJIB, AccountKind.SUKARELA):
            yield from owes(books.account(kind, member=row.member), getattr(row, kind.lower()), row.member)
    for debt, owed in zip(debts, opening.debts, strict=True):
        account = books.account(AccountKind.EXTERNAL_LOAN, external=debt)
        yield from owes(account, debt.principal)
        yield from has(account, owed.repaid)
    yield from owes(books.account(AccountKind.SOCIAL_FUND), opening.social_fund)
    yield from owes(books.account(AccountKind.OFFICERS_FUND), opening.officers_fund)
    yield from owes(books.account(AccountKind.EDUCATION_FUND), opening.education_fund)
    yield from owes(books.account(AccountKind.STAFF_FUND), opening.staff_fund)
    yield from owes(books.account(AccountKind.DEVELOPMENT_FUND), opening.development_fund)
    yield from owes(books.account(AccountKind.OTHER_FUND), opening.other_fund)
    yield from owes(books.account(AccountKind.RESERVE), opening.reserve)
    yield from owes(books.account(AccountKind.GRANT), opening.grants)


def _refuse_strangers(group: Group, opening: Opening) -> None:
    members = [*(row.member for row in opening.savings), *(loan.terms.member for loan in opening.loans)]
    if any(member.group_id != group.pk for member in members):
        raise NotAllowed(_("This belongs to another group."))


def _refuse_wrong_loan(loan: OpeningLoan) -> None:
    terms = loan.terms
    if terms.harvest_on is None and terms.first_due is None:
        raise NotAllowed(_("A loan in instalments has a day of the first one."))
    if terms.first_due is not None and terms.first_due <= terms.disbursed_on:
        raise NotAllowed(_("The first instalment is due after the day the loan is paid out."))
    if loan.outstanding <= 0:
        raise NotAllowed(_("A loan that is paid off is not entered."))
    if terms.harvest_on is not None and terms.harvest_on <= terms.disbursed_on:
        raise NotAllowed(_("The harvest is after the day the loan is paid out."))
    if loan.fee_paid > fee_in_all(terms):
        raise NotAllowed(_("More fee was paid than the loan asks for."))


def fee_in_all(terms: LoanTerms) -> int:
    """Return the service fee of the whole schedule of `terms`, in rupiah."""
    return sum(line.service_fee for line in terms.schedule())


def _debts(group: Group) -> int:
    return ExternalLoan.objects.filter(group=group).count()


def _external_loan(books: Books, number: int, debt: OpeningDebt) -> ExternalLoan:
    return ExternalLoan.objects.create(
        group=books.group,
        number=number,
        lender=debt.lender,
        principal=debt.principal,
        rate=debt.rate,
        method=debt.method,
        periods=debt.periods,
        every=LoanEvery.MONTH,
        round_up_to=1,
        received_on=debt.received_on,
        first_due=debt.first_due,
        recorded_by=books.actor,
    )
