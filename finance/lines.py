"""What each thing people do with money means in debit and credit; read `finance.chart` beside it.

Every function takes the group's locked books and whole rupiah, and writes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from django.db import models
from django.utils.translation import gettext_lazy as _

from finance.ledger import Books, Line
from finance.models import Account, AccountKind, Loan
from finance.schedules import Due, allocate_payment
from groups.models import Member


class OtherMoney(models.TextChoices):
    """Money that comes or goes without belonging to one member's savings or loan."""

    INCOME = "INCOME", _("In: other income")
    ENTERPRISE = "ENTERPRISE", _("In: income of the group's enterprise")
    GRANT = "GRANT", _("In: grant or revolving fund (hibah)")
    SOCIAL_IN = "SOCIAL_IN", _("In: social fund")
    BANK_WITHDRAWAL = "BANK_WITHDRAWAL", _("Bank to cash box")
    STATIONERY = "STATIONERY", _("Out: stationery (ATK)")
    TRANSPORT = "TRANSPORT", _("Out: transport")
    INCENTIVE = "INCENTIVE", _("Out: incentives (insentif)")
    ENTERPRISE_COST = "ENTERPRISE_COST", _("Out: costs of the group's enterprise")
    EXPENSE = "EXPENSE", _("Out: other expense")
    SOCIAL_OUT = "SOCIAL_OUT", _("Out: help from the social fund")
    BANK_DEPOSIT = "BANK_DEPOSIT", _("Cash box to bank")


OTHER: dict[str, tuple[AccountKind, AccountKind]] = {
    OtherMoney.INCOME: (AccountKind.CASH, AccountKind.OTHER_INCOME),
    OtherMoney.ENTERPRISE: (AccountKind.CASH, AccountKind.ENTERPRISE),
    OtherMoney.GRANT: (AccountKind.CASH, AccountKind.GRANT),
    OtherMoney.SOCIAL_IN: (AccountKind.CASH, AccountKind.SOCIAL_FUND),
    OtherMoney.BANK_WITHDRAWAL: (AccountKind.CASH, AccountKind.BANK),
    OtherMoney.STATIONERY: (AccountKind.STATIONERY, AccountKind.CASH),
    OtherMoney.TRANSPORT: (AccountKind.TRANSPORT, AccountKind.CASH),
    OtherMoney.INCENTIVE: (AccountKind.INCENTIVE, AccountKind.CASH),
    OtherMoney.ENTERPRISE_COST: (AccountKind.ENTERPRISE_COST, AccountKind.CASH),
    OtherMoney.EXPENSE: (AccountKind.EXPENSE, AccountKind.CASH),
    OtherMoney.SOCIAL_OUT: (AccountKind.SOCIAL_FUND, AccountKind.CASH),
    OtherMoney.BANK_DEPOSIT: (AccountKind.BANK, AccountKind.CASH),
}
"""The kinds of account each debits and credits."""
CASH_SIGN = {kind: 1 if debit == AccountKind.CASH else -1 for kind, (debit, _credit) in OTHER.items()}
"""What each does to the cash box."""


def deposit(books: Books, kind: AccountKind, member: Member, amount: int) -> list[Line]:
    """A member brings savings of `kind` (POKOK, WAJIB or SUKARELA) in cash."""
    return _line(books.account(AccountKind.CASH), books.account(kind, member=member), amount, member)


def withdrawal(books: Books, member: Member, amount: int) -> list[Line]:
    """A member takes voluntary savings (sukarela) out in cash; no other savings can be withdrawn."""
    savings = books.account(AccountKind.SUKARELA, member=member)
    return _line(savings, books.account(AccountKind.CASH), amount, member)


def fine(books: Books, member: Member, amount: int, reason: str) -> list[Line]:
    """A member pays a fine (denda) in cash."""
    return _line(books.account(AccountKind.CASH), books.account(AccountKind.FINE), amount, member, reason)


def social_contribution(books: Books, member: Member, amount: int) -> list[Line]:
    """A member pays into the social fund (dana sosial) in cash."""
    return _line(books.account(AccountKind.CASH), books.account(AccountKind.SOCIAL_FUND), amount, member)


def other_money(books: Books, kind: str, amount: int, memo: str) -> list[Line]:
    """Money in or out that `OtherMoney` names."""
    debit, credit = OTHER[kind]
    return _line(books.account(debit), books.account(credit), amount, None, memo)


def disbursement(books: Books, loan: Loan) -> list[Line]:
    """A loan is paid out in cash."""
    account = books.account(AccountKind.LOAN, loan=loan)
    return _line(account, books.account(AccountKind.CASH), loan.principal, loan.member, loan.purpose)


def repayment(
    books: Books,
    loan: Loan,
    instalments: Sequence[Due],
    amount: int,
    on: date,
    *,
    fee_counted: int = 0,
    principal_counted: int = 0,
) -> list[Line]:
    """A member pays `amount` on a loan in cash: the fee (jasa) first, then the oldest principal due.

    `fee_counted` and `principal_counted` are parts of what the books hold that must not count as paid,
    because the same step reverses them. Raises `ValueError` if the loan asks for less than `amount`.
    """
    fee_account = books.account(AccountKind.SERVICE_FEE, loan=loan)
    loan_account = books.account(AccountKind.LOAN, loan=loan)
    parts = allocate_payment(
        instalments,
        fee_paid=fee_account.balance - fee_counted,
        principal_paid=loan.principal - loan_account.balance - principal_counted,
        amount=amount,
        on=on,
    )
    cash = books.account(AccountKind.CASH)
    return [
        *_line(cash, fee_account, parts.service_fee, loan.member),
        *_line(cash, loan_account, parts.principal, loan.member),
    ]


def _line(debit: Account, credit: Account, amount: int, member: Member | None, memo: str = "") -> list[Line]:
    return [Line(debit, credit, amount, member, memo)] if amount else []
