"""The chart of accounts: for each kind its code, normal side, and whether it may go below zero.

Codes follow the UPK chart used in Kotaku spreadsheets where it has the account (11010 kas, 11021 bank,
11030 pinjaman, 2102x tabungan, 41010 jasa, 41020 pendapatan lain); the rest are free numbers beside them.
"""

from __future__ import annotations

from dataclasses import dataclass

from finance.models import Account, AccountKind, Loan, Side
from groups.models import Group, Member


@dataclass(frozen=True, slots=True)
class ChartLine:
    """One kind of account."""

    code: str
    side: Side
    may_go_negative: bool = False


CHART: dict[str, ChartLine] = {
    AccountKind.CASH: ChartLine("11010", Side.DEBIT),
    AccountKind.BANK: ChartLine("11021", Side.DEBIT),
    AccountKind.LOAN: ChartLine("11030", Side.DEBIT),
    AccountKind.POKOK: ChartLine("21021", Side.CREDIT),
    AccountKind.WAJIB: ChartLine("21022", Side.CREDIT),
    AccountKind.SUKARELA: ChartLine("21023", Side.CREDIT),
    AccountKind.SOCIAL_FUND: ChartLine("21030", Side.CREDIT),
    AccountKind.GRANT: ChartLine("31020", Side.CREDIT),
    AccountKind.SERVICE_FEE: ChartLine("41010", Side.CREDIT),
    AccountKind.OTHER_INCOME: ChartLine("41020", Side.CREDIT),
    AccountKind.FINE: ChartLine("41030", Side.CREDIT),
    AccountKind.EXPENSE: ChartLine("51010", Side.DEBIT),
}
SAVINGS = (AccountKind.POKOK, AccountKind.WAJIB, AccountKind.SUKARELA)
"""Kinds with one account for each member."""
OF_LOAN = (AccountKind.LOAN, AccountKind.SERVICE_FEE)
"""Kinds with one account for each loan."""
INCOME = (AccountKind.SERVICE_FEE, AccountKind.FINE, AccountKind.OTHER_INCOME)
"""Kinds whose sum, less expenses, is the surplus."""


def account_code(kind: str, *, member: Member | None = None, loan: Loan | None = None) -> str:
    """Return the account's code in its group: `11010`, `21022.7` for member 7, `11030.3` for loan 3."""
    if kind in SAVINGS:
        assert member is not None, f"{kind} is kept for each member"
        return f"{CHART[kind].code}.{member.number}"
    if kind in OF_LOAN:
        assert loan is not None, f"{kind} is kept for each loan"
        return f"{CHART[kind].code}.{loan.number}"
    return CHART[kind].code


def new_account(group: Group, kind: str, *, member: Member | None = None, loan: Loan | None = None) -> Account:
    """Return an unsaved account of `kind`; `member` is the saver or the borrower."""
    line = CHART[kind]
    return Account(
        group=group,
        kind=kind,
        member=member,
        loan=loan,
        code=account_code(kind, member=member, loan=loan),
        normal_side=line.side,
        may_go_negative=line.may_go_negative,
    )
