"""What each thing people do with money means in debit and credit; read `finance.ledger.chart` beside it.

Every function takes the group's balances and whole rupiah, and writes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from django.db import models
from django.utils.formats import date_format
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from finance.ledger.errors import RuleBroken
from finance.ledger.reading import Balances, Line
from finance.models import Account, AccountKind, Loan
from finance.schedules import Due, allocate_payment
from groups.models import Member, PayoffFee


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
    OFFICERS_OUT = "OFFICERS_OUT", _("Out: officers' fund (dana pengurus)")
    EDUCATION_OUT = "EDUCATION_OUT", _("Out: education fund (dana pendidikan)")
    STAFF_OUT = "STAFF_OUT", _("Out: staff fund (dana karyawan)")
    DEVELOPMENT_OUT = "DEVELOPMENT_OUT", _("Out: development fund (dana pembangunan)")
    OTHER_FUND_OUT = "OTHER_FUND_OUT", _("Out: other funds")
    RESERVE_OUT = "RESERVE_OUT", _("Out: reserve (cadangan)")
    BANK_DEPOSIT = "BANK_DEPOSIT", _("Cash box to bank")
    BANK_INCOME = "BANK_INCOME", _("Into the bank: interest, other income")
    BANK_GRANT = "BANK_GRANT", _("Into the bank: grant or revolving fund (hibah)")
    BANK_EXPENSE = "BANK_EXPENSE", _("From the bank: charges, other expense")
    BANK_SOCIAL_OUT = "BANK_SOCIAL_OUT", _("From the bank: help from the social fund")
    BANK_OFFICERS_OUT = "BANK_OFFICERS_OUT", _("From the bank: officers' fund (dana pengurus)")
    BANK_EDUCATION_OUT = "BANK_EDUCATION_OUT", _("From the bank: education fund (dana pendidikan)")
    BANK_STAFF_OUT = "BANK_STAFF_OUT", _("From the bank: staff fund (dana karyawan)")
    BANK_DEVELOPMENT_OUT = "BANK_DEVELOPMENT_OUT", _("From the bank: development fund (dana pembangunan)")
    BANK_OTHER_FUND_OUT = "BANK_OTHER_FUND_OUT", _("From the bank: other funds")
    BANK_RESERVE_OUT = "BANK_RESERVE_OUT", _("From the bank: reserve (cadangan)")


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
    OtherMoney.OFFICERS_OUT: (AccountKind.OFFICERS_FUND, AccountKind.CASH),
    OtherMoney.EDUCATION_OUT: (AccountKind.EDUCATION_FUND, AccountKind.CASH),
    OtherMoney.STAFF_OUT: (AccountKind.STAFF_FUND, AccountKind.CASH),
    OtherMoney.DEVELOPMENT_OUT: (AccountKind.DEVELOPMENT_FUND, AccountKind.CASH),
    OtherMoney.OTHER_FUND_OUT: (AccountKind.OTHER_FUND, AccountKind.CASH),
    OtherMoney.RESERVE_OUT: (AccountKind.RESERVE, AccountKind.CASH),
    OtherMoney.BANK_DEPOSIT: (AccountKind.BANK, AccountKind.CASH),
    OtherMoney.BANK_INCOME: (AccountKind.BANK, AccountKind.OTHER_INCOME),
    OtherMoney.BANK_GRANT: (AccountKind.BANK, AccountKind.GRANT),
    OtherMoney.BANK_EXPENSE: (AccountKind.EXPENSE, AccountKind.BANK),
    OtherMoney.BANK_SOCIAL_OUT: (AccountKind.SOCIAL_FUND, AccountKind.BANK),
    OtherMoney.BANK_OFFICERS_OUT: (AccountKind.OFFICERS_FUND, AccountKind.BANK),
    OtherMoney.BANK_EDUCATION_OUT: (AccountKind.EDUCATION_FUND, AccountKind.BANK),
    OtherMoney.BANK_STAFF_OUT: (AccountKind.STAFF_FUND, AccountKind.BANK),
    OtherMoney.BANK_DEVELOPMENT_OUT: (AccountKind.DEVELOPMENT_FUND, AccountKind.BANK),
    OtherMoney.BANK_OTHER_FUND_OUT: (AccountKind.OTHER_FUND, AccountKind.BANK),
    OtherMoney.BANK_RESERVE_OUT: (AccountKind.RESERVE, AccountKind.BANK),
}
"""The kinds of account each debits and credits; no two have the same pair, so that books can be read back."""
CASH_SIGN = {
    kind: (debit == AccountKind.CASH) - (credit == AccountKind.CASH) for kind, (debit, credit) in OTHER.items()
}
"""What each does to the cash box: 1, -1, or 0 for what only the bank sees."""


def deposit(books: Balances, kind: AccountKind, member: Member, amount: int, memo: str = "") -> list[Line]:
    """A member brings savings of `kind` (POKOK, WAJIB or SUKARELA) in cash; nothing opens no account."""
    if not amount:
        return []
    return _line(books.account(AccountKind.CASH), books.account(kind, member=member), amount, member, memo)


def overpaid(books: Balances, loan: Loan, amount: int) -> list[Line]:
    """What a member paid beyond what the loan asks for becomes voluntary savings; the memo names the loan."""
    if not amount:
        return []
    savings = books.account(AccountKind.SUKARELA, member=loan.member)
    return _line(books.account(AccountKind.CASH), savings, amount, loan.member, f"Lebih bayar pinjaman {loan.number}")


def withdrawal(books: Balances, member: Member, amount: int, memo: str = "") -> list[Line]:
    """A member takes voluntary savings (sukarela) out in cash; no other savings can be withdrawn."""
    if not amount:
        return []
    savings = books.account(AccountKind.SUKARELA, member=member)
    return _line(savings, books.account(AccountKind.CASH), amount, member, memo)


def fine(books: Balances, member: Member, amount: int, reason: str) -> list[Line]:
    """A member pays a fine (denda) in cash."""
    if not amount:
        return []
    return _line(books.account(AccountKind.CASH), books.account(AccountKind.FINE), amount, member, reason)


def social_contribution(books: Balances, member: Member, amount: int, memo: str = "") -> list[Line]:
    """A member pays into the social fund (dana sosial) in cash."""
    if not amount:
        return []
    return _line(books.account(AccountKind.CASH), books.account(AccountKind.SOCIAL_FUND), amount, member, memo)


def social_help(books: Balances, member: Member, amount: int, reason: str) -> list[Line]:
    """A member gets help from the social fund (dana sosial) in cash."""
    return _line(books.account(AccountKind.SOCIAL_FUND), books.account(AccountKind.CASH), amount, member, reason)


def money(books: Balances, kind: AccountKind) -> Account:
    """Return where the group's money is: the cash box or the bank."""
    assert kind in (AccountKind.CASH, AccountKind.BANK), "money is in the box or in the bank"
    return books.account(kind)


def inventory_bought(books: Balances, price: int, name: str, *, source: AccountKind = AccountKind.CASH) -> list[Line]:
    """A thing is bought for the group, paid from the cash box or the bank."""
    return _line(books.account(AccountKind.INVENTORY), money(books, source), price, None, name)


def inventory_written_down(
    books: Balances, amount: int, memo: str, *, received: int = 0, into: AccountKind = AccountKind.CASH
) -> list[Line]:
    """A thing lost `amount` of its worth, or is gone; what was `received` for it makes the loss smaller, or a gain."""
    inventory, covered = books.account(AccountKind.INVENTORY), min(received, amount)
    return [
        *_line(money(books, into), inventory, covered, None, memo),
        *_line(money(books, into), books.account(AccountKind.OTHER_INCOME), received - covered, None, memo),
        *_line(books.account(AccountKind.EXPENSE), inventory, amount - covered, None, memo),
    ]


def cover_paid_back(books: Balances, debtor: Member, coverer: Member, amount: int, *, to_savings: bool) -> list[Line]:
    """A coverer of arrears gets money back from `debtor`: to voluntary savings, or through the cash box in hand."""
    cash, savings = books.account(AccountKind.CASH), books.account(AccountKind.SUKARELA, member=coverer)
    memo = f"Tanggung renteng: {debtor}"
    paid = _line(cash, savings, amount, coverer, memo)
    return paid if to_savings else [*paid, *_line(savings, cash, amount, coverer, memo)]


def other_money(books: Balances, kind: str, amount: int, memo: str) -> list[Line]:
    """Money in or out that `OtherMoney` names."""
    debit, credit = OTHER[kind]
    return _line(books.account(debit), books.account(credit), amount, None, memo)


def disbursement(books: Balances, loan: Loan) -> list[Line]:
    """A loan is paid out in cash, less the provision, which is income, and the deposit, which the group keeps."""
    account = books.account(AccountKind.LOAN, loan=loan)
    paid = _line(account, books.account(AccountKind.CASH), loan.cash_paid_out, loan.member, loan.purpose)
    if loan.provision:
        paid += _line(account, books.account(AccountKind.PROVISION, loan=loan), loan.provision, loan.member)
    if loan.deposit:
        paid += _line(account, books.account(AccountKind.DEPOSIT, loan=loan), loan.deposit, loan.member)
    return paid


def loan_ended(books: Balances, loan: Loan, *, rebate: int = 0, put_by: int = 0) -> list[Line]:
    """A loan was paid off: its deposit goes to the borrower's voluntary savings, and so does a `rebate`.

    `put_by` rupiah came to the deposit with the last payment, less what it paid of it. Who has left by then gets the
    deposit in cash, and no rebate.
    """
    member = loan.member
    if member.left_on is not None:
        return deposit_to_savings(books, loan, back=AccountKind.CASH, put_by=put_by)
    if not rebate:
        return deposit_to_savings(books, loan, put_by=put_by)
    expense, savings = books.account(AccountKind.REBATE, loan=loan), books.account(AccountKind.SUKARELA, member=member)
    back = deposit_to_savings(books, loan, put_by=put_by)
    return [*back, *_line(expense, savings, rebate, member, f"IPTW pinjaman {loan.number}")]


def deposit_to_savings(
    books: Balances, loan: Loan, *, back: AccountKind = AccountKind.SUKARELA, put_by: int = 0
) -> list[Line]:
    """The deposit of a loan, and what was `put_by` just now, goes back to its borrower: to the savings or in cash."""
    deposit = books.balance(AccountKind.DEPOSIT, loan=loan) + put_by
    if not deposit:
        return []
    to = books.account(back, member=loan.member) if back == AccountKind.SUKARELA else books.account(back)
    memo = f"Tabungan tanggung renteng pinjaman {loan.number}"
    return _line(books.account(AccountKind.DEPOSIT, loan=loan), to, deposit, loan.member, memo)


def repayment(
    books: Balances,
    loan: Loan,
    instalments: Sequence[Due],
    amount: int,
    on: date,
    *,
    fine: int = 0,
    memo: str = "",
    principal_alone: bool = False,
    rebate: int = 0,
    put_by: int = 0,
    deposit_pays: bool = False,
    paid_through: date | None = None,
) -> list[Line]:
    """A member pays `amount` on a loan in cash: the fee (jasa) first, then the oldest principal due.

    A new `fine` for late instalments is owed with those before it, and paid where the loan's terms put fines. With
    `principal_alone` the fee stays due. With `deposit_pays` the deposit for joint liability pays what it can of it, and
    cash the rest. Beside it `put_by` rupiah come to the deposit. A payment that ends the loan brings back what is left
    of the deposit, and the `rebate`. `paid_through` is the day of the last payment that is recorded, if that is later.

    Raises `ValueError` if the loan asks for less than `amount`, and `RuleBroken` for a day before the loan.
    """
    require_paid_out(loan, on)
    fee_account = books.account(AccountKind.SERVICE_FEE, loan=loan)
    loan_account = books.account(AccountKind.LOAN, loan=loan)
    parts = allocate_payment(
        instalments,
        fee_paid=fee_account.balance,
        principal_paid=loan.principal - loan_account.balance,
        amount=amount,
        on=on,
        fine_due=books.fines.of_loan(loan, on) + fine,
        fine_first=loan.fine_first,
        waives_fee=loan.payoff_fee == PayoffFee.WAIVED,
        principal_alone=principal_alone,
        paid_through=paid_through,
    )
    cash = books.account(AccountKind.CASH)
    paid = [
        *_line(cash, fee_account, parts.service_fee, loan.member, memo),
        *_line(
            cash, loan_account, parts.principal - parts.fee_ahead, loan.member, memo, principal_alone=principal_alone
        ),
        *fee_to_principal(books, loan, parts.fee_ahead),
    ]
    if parts.fine:
        paid += _line(cash, books.account(AccountKind.LOAN_FINE, loan=loan), parts.fine, loan.member, memo)
    kept = books.account(AccountKind.DEPOSIT, loan=loan)
    if deposit_pays:
        paid = _paid_first(kept, cash, paid)
    used = sum(line.amount for line in paid if line.debit is kept)
    if put_by:
        paid += _line(cash, kept, put_by, loan.member, "Tabungan tanggung renteng")
    if parts.principal == loan_account.balance:
        paid += loan_ended(books, loan, rebate=rebate, put_by=put_by - used)
    return paid


def _paid_first(kept: Account, cash: Account, lines: Sequence[Line]) -> list[Line]:
    """Return `lines` with what the account `kept` has paying first of what they take from `cash`."""
    left, found = kept.balance, []
    for line in lines:
        part = min(left, line.amount) if line.debit is cash else 0
        memo = line.memo or "Tabungan tanggung renteng"
        alone = line.principal_alone
        found += _line(kept, line.credit, part, line.member, memo, principal_alone=alone)
        found += _line(line.debit, line.credit, line.amount - part, line.member, line.memo, principal_alone=alone)
        left -= part
    return found


def fee_to_principal(books: Balances, loan: Loan, amount: int) -> list[Line]:
    """Fee that was paid ahead and is waived after all pays principal; no money moves."""
    fee, principal = (books.account(kind, loan=loan) for kind in (AccountKind.SERVICE_FEE, AccountKind.LOAN))
    return _line(fee, principal, amount, loan.member, "Jasa yang dibayar di muka menjadi angsuran pokok")


def require_paid_out(loan: Loan, on: date) -> None:
    """Refuse with `RuleBroken` a payment on a loan that was not paid out yet on the day `on`."""
    if on < loan.disbursed_on:
        raise RuleBroken(
            "on",
            gettext("Loan %(number)d was paid out on %(day)s, after this day.")
            % {"number": loan.number, "day": date_format(loan.disbursed_on)},
        )


def reschedule(books: Balances, old: Loan, new: Loan, *, fee: int, fee_ahead: int) -> list[Line]:
    """A loan becomes a new one without money: its balance, and `fee` rupiah due on it. Fines stay owed as they are.

    `fee_ahead` rupiah of fee for instalments that nobody asks for any more pay principal.
    """
    old_loan, new_loan = (books.account(AccountKind.LOAN, loan=loan) for loan in (old, new))
    return [
        *fee_to_principal(books, old, fee_ahead),
        *_line(new_loan, old_loan, old_loan.balance - fee_ahead, old.member),
        *_line(new_loan, books.account(AccountKind.SERVICE_FEE, loan=old), fee, old.member),
        *_deposit_moved(books, old, new),
    ]


def _deposit_moved(books: Balances, old: Loan, new: Loan) -> list[Line]:
    deposit = books.balance(AccountKind.DEPOSIT, loan=old)
    if not deposit:
        return []
    kept, goes = (books.account(AccountKind.DEPOSIT, loan=loan) for loan in (old, new))
    return _line(kept, goes, deposit, old.member)


def deposit_used(books: Balances, loan: Loan) -> list[Line]:
    """The deposit of a loan that will not be repaid pays its principal; no money moves."""
    deposit = books.balance(AccountKind.DEPOSIT, loan=loan)
    if not deposit:
        return []
    kept, principal = (books.account(kind, loan=loan) for kind in (AccountKind.DEPOSIT, AccountKind.LOAN))
    return _line(kept, principal, deposit, loan.member, "Tabungan tanggung renteng", principal_alone=True)


def write_off(books: Balances, loan: Loan) -> list[Line]:
    """A loan is given up: its balance becomes a loss. Fines stay owed until they are waived."""
    account = books.account(AccountKind.LOAN, loan=loan)
    return _line(books.account(AccountKind.LOAN_LOSS), account, account.balance, loan.member)


def recovery(books: Balances, loan: Loan, amount: int) -> list[Line]:
    """Money comes in on a loan that was written off."""
    return _line(books.account(AccountKind.CASH), books.account(AccountKind.RECOVERY, loan=loan), amount, loan.member)


def _line(
    debit: Account,
    credit: Account,
    amount: int,
    member: Member | None,
    memo: str = "",
    *,
    principal_alone: bool = False,
) -> list[Line]:
    return [Line(debit, credit, amount, member, memo, principal_alone)] if amount else []
