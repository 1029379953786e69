"""Reports over all accounts of a group: trial balance, balance sheet, income statement. Whole rupiah.

Nothing is ever closed into the surplus: income of a period is what moved in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import BigIntegerField, Case, F, Q, Sum, When
from django.db.models.functions import Coalesce

from finance.ledger.chart import ASSETS, CHART, EQUITY, EXPENSES, INCOME, LIABILITIES
from finance.models import Account, AccountKind, Side, Transfer
from finance.selectors.account_balances import AccountBalances, account_balances, code_order
from groups.models import Group


@dataclass(frozen=True, slots=True)
class TrialLine:
    """A line of the trial balance: an account, or all accounts of a kind; balances are debits less credits."""

    code: str
    kind: str
    account: Account | None
    opening: int
    debits: int
    credits: int

    @property
    def closing(self) -> int:
        """The balance at the end."""
        return self.opening + self.debits - self.credits

    @property
    def closing_debit(self) -> int:
        """The closing balance where it stands on the debit side."""
        return max(0, self.closing)

    @property
    def closing_credit(self) -> int:
        """The closing balance where it stands on the credit side."""
        return max(0, -self.closing)

    @property
    def opening_debit(self) -> int:
        """The opening balance where it stands on the debit side."""
        return max(0, self.opening)

    @property
    def opening_credit(self) -> int:
        """The opening balance where it stands on the credit side."""
        return max(0, -self.opening)


@dataclass(frozen=True, slots=True)
class TrialBalance:
    """Every account with a balance or a movement; `start` is None for one that runs from the beginning."""

    start: date | None
    end: date
    lines: list[TrialLine]

    def total(self, column: str) -> int:
        """Return the sum of a column."""
        return sum(getattr(line, column) for line in self.lines)

    @property
    def is_balanced(self) -> bool:
        """Whether debits equal credits at the start, in between, and at the end."""
        pairs = (("opening_debit", "opening_credit"), ("debits", "credits"), ("closing_debit", "closing_credit"))
        return all(self.total(debit) == self.total(credit) for debit, credit in pairs)


def trial_balance(group: Group, *, end: date, start: date | None = None, by_account: bool = False) -> TrialBalance:
    """Return the trial balance as at `end`, or with what moved from `start` to `end`, a line for each kind of account.

    With `by_account` each member's and each loan's account has its own line.
    """
    days = (end,) if start is None else (start - timedelta(1), end)
    lines: dict[str, TrialLine] = {}
    for position in account_balances(group, *days, named=by_account):
        account = position.account
        opening = position.balance(0) if start is not None else 0
        before = (position.debits[0], position.credits[0]) if start is not None else (0, 0)
        code = account.code if by_account else CHART[account.kind].code
        so_far = lines.get(code, TrialLine(code, account.kind, account if by_account else None, 0, 0, 0))
        lines[code] = TrialLine(
            code,
            account.kind,
            so_far.account,
            so_far.opening + opening,
            so_far.debits + position.debits[-1] - before[0],
            so_far.credits + position.credits[-1] - before[1],
        )
    used = [line for line in lines.values() if line.opening or line.debits or line.credits]
    return TrialBalance(start, end, sorted(used, key=lambda line: code_order(line.code)))


@dataclass(frozen=True, slots=True)
class ReportLine:
    """A kind of account in a statement: `amount` on the side where it grows, and in the year so far."""

    kind: str
    amount: int
    year: int = 0

    @property
    def code(self) -> str:
        """The code in the chart of accounts."""
        return CHART[self.kind].code


@dataclass(frozen=True, slots=True)
class BalanceSheet:
    """What the group has, owes and owns at the end of a day.

    `surplus_before` is what earlier years left and nobody has divided yet, less what was divided since;
    `surplus_year` is the surplus of the year of the day.
    """

    as_of: date
    assets: list[ReportLine]
    liabilities: list[ReportLine]
    equity: list[ReportLine]
    surplus_before: int
    surplus_year: int

    @property
    def total_assets(self) -> int:
        """Everything the group has."""
        return sum(line.amount for line in self.assets)

    @property
    def total_liabilities(self) -> int:
        """Everything it owes: savings, funds, loans from outside."""
        return sum(line.amount for line in self.liabilities)

    @property
    def total_equity(self) -> int:
        """Capital, reserve and the surplus not yet divided."""
        return sum(line.amount for line in self.equity) + self.surplus

    @property
    def surplus(self) -> int:
        """The surplus not yet divided."""
        return self.surplus_before + self.surplus_year

    @property
    def total_sources(self) -> int:
        """Liabilities and equity: as much as the assets."""
        return self.total_liabilities + self.total_equity


def balance_sheet(group: Group, *, as_of: date) -> BalanceSheet:
    """Return the balance sheet at the end of a day."""
    end_of_last = as_of.replace(month=1, day=1) - timedelta(1)
    last_year, now = _by_kind(account_balances(group, end_of_last, as_of), 2)

    def lines(kinds: Iterable[str]) -> list[ReportLine]:
        shown = [ReportLine(kind, now.get(kind, 0)) for kind in kinds if kind in now]
        return [line for line in shown if line.amount]

    divided = now.get(AccountKind.SURPLUS_DIVIDED, 0)
    # The fee that opening balances put on loans was income of earlier years, as the income statement has it.
    brought = _brought_along(group, [end_of_last, as_of]) if AccountKind.SURPLUS_DIVIDED in now else [0, 0]
    of_earlier = brought[1] - brought[0]
    return BalanceSheet(
        as_of=as_of,
        assets=lines(ASSETS),
        liabilities=lines(LIABILITIES),
        equity=lines(kind for kind in EQUITY if kind != AccountKind.SURPLUS_DIVIDED),
        surplus_before=_surplus(last_year) - divided + of_earlier,
        surplus_year=_surplus(now) - _surplus(last_year) - of_earlier,
    )


@dataclass(frozen=True, slots=True)
class IncomeStatement:
    """Income and expenses of a period, line by line, beside those of the year up to its end."""

    start: date
    end: date
    income: list[ReportLine]
    expenses: list[ReportLine]

    @property
    def total_income(self) -> int:
        """All income of the period."""
        return sum(line.amount for line in self.income)

    @property
    def total_expenses(self) -> int:
        """All expenses of the period."""
        return sum(line.amount for line in self.expenses)

    @property
    def surplus(self) -> int:
        """Income less expenses of the period; negative is a loss."""
        return self.total_income - self.total_expenses

    @property
    def year_income(self) -> int:
        """All income of the year up to the end of the period."""
        return sum(line.year for line in self.income)

    @property
    def year_expenses(self) -> int:
        """All expenses of the year up to the end of the period."""
        return sum(line.year for line in self.expenses)

    @property
    def year_surplus(self) -> int:
        """Income less expenses of the year up to the end of the period."""
        return self.year_income - self.year_expenses


def income_statement(group: Group, *, start: date, end: date) -> IncomeStatement:
    """Return income and expenses from `start` to `end`, both included, every kind of account of both classes."""
    before, last_year = start - timedelta(1), end.replace(month=1, day=1) - timedelta(1)
    marks = sorted({before, last_year, end})
    sums = dict(zip(marks, _by_kind(account_balances(group, *marks), len(marks)), strict=True))
    for mark, fee in zip(marks, _brought_along(group, marks), strict=True):
        sums[mark][AccountKind.SERVICE_FEE] = sums[mark].get(AccountKind.SERVICE_FEE, 0) - fee

    def lines(kinds: Iterable[str]) -> list[ReportLine]:
        return [
            ReportLine(
                kind,
                sums[end].get(kind, 0) - sums[before].get(kind, 0),
                sums[end].get(kind, 0) - sums[last_year].get(kind, 0),
            )
            for kind in kinds
        ]

    return IncomeStatement(start, end, lines(INCOME), lines(EXPENSES))


def _brought_along(group: Group, days: Sequence[date]) -> list[int]:
    """Return by the end of each day the fee that opening balances put on loans: no income of any period here."""
    divided, fee = AccountKind.SURPLUS_DIVIDED, AccountKind.SERVICE_FEE
    came = Q(debit_account__kind=divided, credit_account__kind=fee)
    undone = Q(debit_account__kind=fee, credit_account__kind=divided)
    amount = Case(When(came, then=F("amount")), default=-F("amount"), output_field=BigIntegerField())
    sums = Transfer.objects.filter(came | undone, group=group).aggregate(
        **{
            f"by{number}": Coalesce(Sum(amount, filter=Q(entry__effective_on__lte=day)), 0)
            for number, day in enumerate(days)
        }
    )
    return [sums[f"by{number}"] for number in range(len(days))]


def _by_kind(found: Iterable[AccountBalances], days: int) -> list[dict[str, int]]:
    """Return for each day the balances by kind, on the side where the kind grows."""
    sums: list[dict[str, int]] = [{} for _ in range(days)]
    for position in found:
        kind = position.account.kind
        sign = 1 if CHART[kind].side == Side.DEBIT else -1
        for day, balances in enumerate(sums):
            balances[kind] = balances.get(kind, 0) + sign * position.balance(day)
    return sums


def _surplus(balances: dict[str, int]) -> int:
    return sum(balances.get(kind, 0) for kind in INCOME) - sum(balances.get(kind, 0) for kind in EXPENSES)
