"""The chart of accounts: for each kind its code, normal side, and whether it may go below zero.

Codes follow the UPK chart used in Kotaku spreadsheets where it has the account (11010 kas, 11021 bank,
11030 pinjaman, 21020 tabungan tanggung renteng, 2102x tabungan, 41010 jasa, 41020 pendapatan lain); the rest are free
numbers beside them.
"""

from __future__ import annotations

from dataclasses import dataclass

from finance.models import Account, AccountKind, ExternalLoan, Loan, Side
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
    AccountKind.INVENTORY: ChartLine("12020", Side.DEBIT),
    AccountKind.EXTERNAL_LOAN: ChartLine("21010", Side.CREDIT),
    AccountKind.DEPOSIT: ChartLine("21020", Side.CREDIT),
    AccountKind.POKOK: ChartLine("21021", Side.CREDIT),
    AccountKind.WAJIB: ChartLine("21022", Side.CREDIT),
    AccountKind.SUKARELA: ChartLine("21023", Side.CREDIT),
    AccountKind.SOCIAL_FUND: ChartLine("21030", Side.CREDIT),
    AccountKind.OFFICERS_FUND: ChartLine("21040", Side.CREDIT),
    AccountKind.OTHER_FUND: ChartLine("21050", Side.CREDIT),
    AccountKind.EDUCATION_FUND: ChartLine("21060", Side.CREDIT),
    AccountKind.STAFF_FUND: ChartLine("21070", Side.CREDIT),
    AccountKind.DEVELOPMENT_FUND: ChartLine("21080", Side.CREDIT),
    # What a group that existed already brings along may be a loss as well.
    AccountKind.CAPITAL: ChartLine("31010", Side.CREDIT, may_go_negative=True),
    AccountKind.GRANT: ChartLine("31020", Side.CREDIT),
    AccountKind.RESERVE: ChartLine("32010", Side.CREDIT),
    # Below zero where a loss was made good from the reserve or by the members.
    AccountKind.SURPLUS_DIVIDED: ChartLine("33010", Side.DEBIT, may_go_negative=True),
    AccountKind.SERVICE_FEE: ChartLine("41010", Side.CREDIT),
    AccountKind.PROVISION: ChartLine("41011", Side.CREDIT),
    AccountKind.OTHER_INCOME: ChartLine("41020", Side.CREDIT),
    AccountKind.FINE: ChartLine("41030", Side.CREDIT),
    AccountKind.LOAN_FINE: ChartLine("41031", Side.CREDIT),
    AccountKind.ENTERPRISE: ChartLine("41040", Side.CREDIT),
    AccountKind.RECOVERY: ChartLine("41050", Side.CREDIT),
    AccountKind.INCENTIVE: ChartLine("51010", Side.DEBIT),
    AccountKind.REBATE: ChartLine("51020", Side.DEBIT),
    AccountKind.STATIONERY: ChartLine("51030", Side.DEBIT),
    AccountKind.TRANSPORT: ChartLine("51040", Side.DEBIT),
    AccountKind.ENTERPRISE_COST: ChartLine("51060", Side.DEBIT),
    AccountKind.EXTERNAL_FEE: ChartLine("51070", Side.DEBIT),
    AccountKind.LOAN_LOSS: ChartLine("51080", Side.DEBIT),
    AccountKind.EXPENSE: ChartLine("51090", Side.DEBIT),
}
SAVINGS = (AccountKind.POKOK, AccountKind.WAJIB, AccountKind.SUKARELA)
"""Kinds with one account for each member."""
OF_LOAN = (
    AccountKind.LOAN,
    AccountKind.SERVICE_FEE,
    AccountKind.LOAN_FINE,
    AccountKind.RECOVERY,
    AccountKind.PROVISION,
    AccountKind.DEPOSIT,
    AccountKind.REBATE,
)
"""Kinds with one account for each loan."""
ASSETS = tuple(kind for kind, line in CHART.items() if line.code[0] == "1")
LIABILITIES = tuple(kind for kind, line in CHART.items() if line.code[0] == "2")
EQUITY = tuple(kind for kind, line in CHART.items() if line.code[0] == "3")
INCOME = tuple(kind for kind, line in CHART.items() if line.code[0] == "4")
EXPENSES = tuple(kind for kind, line in CHART.items() if line.code[0] == "5")
"""The five classes of accounts, by the first digit of the code; income less expenses is the surplus."""


def account_code(
    kind: str, *, member: Member | None = None, loan: Loan | None = None, external: ExternalLoan | None = None
) -> str:
    """Return the account's code in its group: `11010`, `21022.7` for member 7, `11030.3` for loan 3."""
    if kind in SAVINGS:
        assert member is not None, f"{kind} is kept for each member"
        return f"{CHART[kind].code}.{member.number}"
    if kind in OF_LOAN:
        assert loan is not None, f"{kind} is kept for each loan"
        return f"{CHART[kind].code}.{loan.number}"
    if kind == AccountKind.EXTERNAL_LOAN:
        assert external is not None, f"{kind} is kept for each loan from outside"
        return f"{CHART[kind].code}.{external.number}"
    return CHART[kind].code


def new_account(
    group: Group,
    kind: str,
    *,
    member: Member | None = None,
    loan: Loan | None = None,
    external: ExternalLoan | None = None,
) -> Account:
    """Return an unsaved account of `kind`; `member` is the saver or the borrower."""
    line = CHART[kind]
    return Account(
        group=group,
        kind=kind,
        member=member,
        loan=loan,
        external_loan=external,
        code=account_code(kind, member=member, loan=loan, external=external),
        normal_side=line.side,
        may_go_negative=line.may_go_negative,
    )
