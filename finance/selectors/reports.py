"""Reports over all accounts of a group: ledger, trial balance, balance sheet, income statement. Whole rupiah.

Balances as at a day are counted from the nearest balances that are stored, those of today or those of the end of a
closed period, with what moved between the two: neither today nor any day of closed years costs more the longer the
history is. Nothing is ever closed into the surplus: income of a period is what moved in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple

from django.db.models import BigIntegerField, Case, F, Q, Sum, When
from django.db.models.functions import Coalesce
from django.utils import timezone

from finance.ledger.chart import ASSETS, CHART, EQUITY, EXPENSES, INCOME, LIABILITIES
from finance.models import Account, AccountKind, PeriodBalance, PeriodClosing, Side, Transfer
from finance.selectors.book_lines import Chosen, RunningLines, amount_if
from groups.models import Group
from groups.shared.sql import read


@dataclass(frozen=True, slots=True)
class Position:
    """One account with what had been debited and credited by the end of some days, oldest day first."""

    account: Account
    debits: tuple[int, ...]
    credits: tuple[int, ...]

    def balance(self, day: int) -> int:
        """Return debits less credits by the end of the day with this index: negative on the credit side."""
        return self.debits[day] - self.credits[day]


class Mark(NamedTuple):
    """The stored balances from which those at the end of `day` are counted.

    They are of the end of `stored`, the last day of a closed period, or those of the accounts today where it is None.
    """

    day: date
    stored: date | None

    @property
    def sign(self) -> int:
        """1 where what moved since is added, -1 where what moved after the day is taken off."""
        return 1 if self.stored is not None and self.stored < self.day else -1

    @property
    def span(self) -> tuple[date, date]:
        """The two days, the earlier one first: what moved between them is after it, up to the end of the other."""
        return (self.day, date.max) if self.stored is None else (min(self.day, self.stored), max(self.day, self.stored))


def marks(group: Group, days: Iterable[date]) -> list[Mark]:
    """Return for each of `days` the nearest stored balances of `group`, in one statement, none if nothing is closed."""
    today = timezone.localdate()
    ends = [today]
    if group.books_closed_through is not None:
        ends += PeriodClosing.objects.filter(group=group).values_list("through", flat=True)
    nearest = [(day, min(ends, key=lambda end: abs(end - day))) for day in days]
    return [Mark(day, None if end == today else end) for day, end in nearest]


def positions(group: Group, *days: date, kinds: Sequence[str] = ()) -> list[Position]:
    """Return every account of `group` as it stood at the end of each of `days`, oldest first, in three statements.

    Of a group with closed periods they are five at most. `kinds` are those to read, all by default.
    """
    counted = marks(group, days)
    debits, credits = _moved(group, counted, "debit", kinds), _moved(group, counted, "credit", kinds)
    stored = _stored(group, counted)
    nothing = (0,) * len(counted)

    def position(account: Account) -> Position:
        begun = [
            (account.debits_posted, account.credits_posted)
            if mark.stored is None
            else stored.get((mark.stored, account.pk), (0, 0))
            for mark in counted
        ]
        return Position(
            account,
            *(
                tuple(
                    base[side] + mark.sign * amount
                    for base, mark, amount in zip(begun, counted, found.get(account.pk, nothing), strict=True)
                )
                for side, found in enumerate((debits, credits))
            ),
        )

    return [position(account) for account in accounts_of(group, *kinds)]


def _moved(group: Group, counted: Sequence[Mark], side: str, kinds: Sequence[str]) -> dict[int, tuple[int, ...]]:
    """Return by account what was debited or credited between each of the days and its mark."""
    days: dict[str, date] = {}
    between: dict[Mark, str] = {}
    for number, mark in enumerate(counted):
        days[f"after{number}"], days[f"until{number}"] = mark.span
        between[mark] = f"e.effective_on > %(after{number})s AND e.effective_on <= %(until{number})s"
    named = {f"kind{number}": kind for number, kind in enumerate(kinds)}
    statement = _MOVED.format(
        side=side,
        sums=", ".join(f"COALESCE(SUM(t.amount) FILTER (WHERE {between[mark]}), 0)" for mark in counted),
        anywhere=" OR ".join(f"({between[mark]})" for mark in _farthest(counted)),
        own=_OF_KINDS.format(side=side, kinds=", ".join(f"%({name})s" for name in named)) if named else "",
    )
    found = read(statement, {"group": group.pk, **days, **named})
    return {account: tuple(map(int, amounts)) for account, *amounts in found}


_MOVED = """
SELECT t.{side}_account_id, {sums}
FROM finance_entry e JOIN finance_transfer t ON t.entry_id = e.id
WHERE e.group_id = %(group)s AND ({anywhere}) {own} GROUP BY 1
"""
_OF_KINDS = """AND t.{side}_account_id IN (
    SELECT a.id FROM finance_account a WHERE a.group_id = %(group)s AND a.kind IN ({kinds}))"""


def _farthest(counted: Sequence[Mark]) -> Iterable[Mark]:
    """Return the days farthest from each mark on either side: what moved up to them is all that moved."""
    farthest: dict[tuple[date | None, int], Mark] = {}
    for mark in counted:  # oldest day first
        side = (mark.stored, mark.sign)
        if mark.sign > 0 or side not in farthest:
            farthest[side] = mark
    return farthest.values()


def _stored(group: Group, counted: Sequence[Mark]) -> dict[tuple[date, int], tuple[int, int]]:
    """Return the debits and credits of accounts at the ends of closed periods, by end and account."""
    ends = {mark.stored for mark in counted if mark.stored is not None}
    if not ends:
        return {}
    kept = PeriodBalance.objects.filter(group=group, through__in=ends)
    return {
        (through, account): (debits, credits)
        for through, account, debits, credits in kept.values_list("through", "account_id", "debits", "credits")
    }


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
    for position in positions(group, *days):
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
    return TrialBalance(start, end, sorted(used, key=lambda line: _by_code(line.code)))


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
    last_year, now = _by_kind(positions(group, as_of.replace(month=1, day=1) - timedelta(1), as_of), 2)

    def lines(kinds: Iterable[str]) -> list[ReportLine]:
        found = [ReportLine(kind, now.get(kind, 0)) for kind in kinds if kind in now]
        return [line for line in found if line.amount]

    divided = now.get(AccountKind.SURPLUS_DIVIDED, 0)
    return BalanceSheet(
        as_of=as_of,
        assets=lines(ASSETS),
        liabilities=lines(LIABILITIES),
        equity=lines(kind for kind in EQUITY if kind != AccountKind.SURPLUS_DIVIDED),
        surplus_before=_surplus(last_year) - divided,
        surplus_year=_surplus(now) - _surplus(last_year),
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
    sums = dict(zip(marks, _by_kind(positions(group, *marks), len(marks)), strict=True))
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


@dataclass(frozen=True, slots=True)
class Ledger:
    """Some accounts of a group from `start` to `end`, both included, as one book.

    Amounts in (`total_in`) are those on the side where the accounts grow: debits of cash, credits of savings.
    """

    accounts: Sequence[Account]
    start: date
    end: date
    opening: int
    total_in: int
    total_out: int
    lines: RunningLines

    @property
    def closing(self) -> int:
        """The balance at the end of `end`."""
        return self.opening + self.total_in - self.total_out


def ledger(group: Group, accounts: Sequence[Account], *, start: date, end: date) -> Ledger:
    """Return the book of `accounts`, which are of `group` and of one side, and one statement more for each page.

    It takes one statement, of a group with closed periods up to three: the opening balance is counted from the nearest
    balances that are stored, so neither a recent period nor one of closed years costs much.
    """
    if not accounts:
        return Ledger((), start, end, 0, 0, 0, RunningLines(None, count=0, begin=0))
    places = {f"account{number}": account.pk for number, account in enumerate(accounts)}
    own = ", ".join(f"%({name})s" for name in places)
    came, went = f"t.debit_account_id IN ({own})", f"t.credit_account_id IN ({own})"
    if accounts[0].normal_side == Side.CREDIT:
        came, went = went, came
    (mark,) = marks(group, [start - timedelta(1)])
    values = {"group": group.pk, "start": start, "end": end, **places}
    after, until = mark.span
    [(moved_in, moved_out, total_in, total_out, count)] = read(
        _LEDGER.format(came=came, went=went),
        {**values, "after": after, "until": until, "last": max(end, until)},
    )
    opening = _standing(group, accounts, mark) + mark.sign * (int(moved_in) - int(moved_out))
    chosen = Chosen(
        where=f"e.group_id = %(group)s AND e.effective_on BETWEEN %(start)s AND %(end)s AND ({came} OR {went})",
        money_in=amount_if(came),
        money_out=amount_if(went),
        change=f"{amount_if(came)} - {amount_if(went)}",
        values=values,
    )
    return Ledger(
        accounts=accounts,
        start=start,
        end=end,
        opening=opening,
        total_in=int(total_in),
        total_out=int(total_out),
        lines=RunningLines(chosen, count=count, begin=opening),
    )


_LEDGER = """
SELECT COALESCE(SUM(t.amount) FILTER (WHERE {came} AND e.effective_on > %(after)s AND e.effective_on <= %(until)s), 0),
    COALESCE(SUM(t.amount) FILTER (WHERE {went} AND e.effective_on > %(after)s AND e.effective_on <= %(until)s), 0),
    COALESCE(SUM(t.amount) FILTER (WHERE {came} AND e.effective_on BETWEEN %(start)s AND %(end)s), 0),
    COALESCE(SUM(t.amount) FILTER (WHERE {went} AND e.effective_on BETWEEN %(start)s AND %(end)s), 0),
    COUNT(*) FILTER (WHERE e.effective_on BETWEEN %(start)s AND %(end)s)
FROM finance_entry e JOIN finance_transfer t ON t.entry_id = e.id
WHERE e.group_id = %(group)s AND e.effective_on > %(after)s AND e.effective_on <= %(last)s AND ({came} OR {went})
"""


def _standing(group: Group, accounts: Sequence[Account], mark: Mark) -> int:
    """Return the stored balance of `accounts` together at a mark, on the side where they grow."""
    if mark.stored is None:
        return sum(account.balance for account in accounts)
    kept = PeriodBalance.objects.filter(group=group, through=mark.stored, account__in=accounts)
    balance = int(kept.aggregate(balance=Coalesce(Sum(F("debits") - F("credits")), 0))["balance"])
    return balance if accounts[0].normal_side == Side.DEBIT else -balance


def accounts_of(group: Group, *kinds: str) -> list[Account]:
    """Return the accounts of `group` in the order of their codes; `kinds` are those to read, all by default.

    Each has the name of its `owner`, the member or the lender it is kept for, or None.
    """
    found = Account.objects.raw(_ACCOUNTS, {"group": group.pk})
    return sorted(
        (account for account in found if not kinds or account.kind in kinds),
        key=lambda account: _by_code(account.code),
    )


_ACCOUNTS = """
SELECT a.*, COALESCE(
    (SELECT m.name FROM groups_member m WHERE m.id = a.member_id),
    (SELECT o.lender || ' ' || o.number FROM finance_externalloan o WHERE o.id = a.external_loan_id)) AS owner
FROM finance_account a WHERE a.group_id = %(group)s
"""


def account_name(account: Account) -> str:
    """Return the kind of an account from `accounts_of`, and whose it is."""
    owner = account.owner  # type: ignore[attr-defined]  # annotated by accounts_of
    return account.get_kind_display() + (f": {owner}" if owner is not None else "")


def _by_code(code: str) -> tuple[int, ...]:
    return tuple(int(part) for part in code.split("."))


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


def _by_kind(found: Iterable[Position], days: int) -> list[dict[str, int]]:
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
