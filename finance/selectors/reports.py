"""Reports over all accounts of a group: ledger, trial balance, balance sheet, income statement. Whole rupiah.

Balances as at a day are the columns of the accounts less what moved after it, so that today costs the same however
long the history is. Nothing is ever closed into the surplus: income of a period is what moved in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import overload

from django.db.models import BigIntegerField, Case, Count, F, Q, QuerySet, Sum, Value, When
from django.db.models.functions import Coalesce

from finance.chart import ASSETS, CHART, EQUITY, EXPENSES, INCOME, LIABILITIES
from finance.models import Account, AccountKind, Side, Transfer
from groups.models import Group

BOOK_ORDER = ("entry__effective_on", "entry_id", "pk")
"""Books run by date, and within a day by the order of recording; an index of entries gives just this."""
CHUNK = 2000


@dataclass(frozen=True, slots=True)
class Position:
    """One account with what had been debited and credited by the end of some days, oldest day first."""

    account: Account
    debits: tuple[int, ...]
    credits: tuple[int, ...]

    def balance(self, day: int) -> int:
        """Return debits less credits by the end of the day with this index: negative on the credit side."""
        return self.debits[day] - self.credits[day]


def positions(group: Group, *days: date, with_owners: bool = False) -> list[Position]:
    """Return every account of `group` as it stood at the end of each of `days`, oldest first, in three statements.

    Whose the accounts are comes along `with_owners` only.
    """
    later = Transfer.objects.filter(entry__group=group, entry__effective_on__gt=days[0]).order_by()
    sums = {
        f"after{number}": Coalesce(Sum("amount", filter=Q(entry__effective_on__gt=day)), 0)
        for number, day in enumerate(days)
    }

    def moved(side: str) -> dict[int, tuple[int, ...]]:
        return {account: tuple(after) for account, *after in later.values_list(f"{side}_account").annotate(**sums)}

    debits, credits = moved("debit"), moved("credit")
    nothing = (0,) * len(days)
    accounts = Account.objects.filter(group=group).order_by("code")
    return [
        Position(
            account,
            tuple(account.debits_posted - after for after in debits.get(account.pk, nothing)),
            tuple(account.credits_posted - after for after in credits.get(account.pk, nothing)),
        )
        for account in (accounts.select_related(*OWNERS) if with_owners else accounts)
    ]


OWNERS = ("member", "loan", "outside_loan")
_NOT_SHOWN = (
    *(f"member__{name}" for name in ("gender", "birth_year", "phone", "nik", "joined_on", "left_on", "key")),
    *(f"member__{name}" for name in ("recorded_at", "recorded_by")),
    *(f"{side}_account__{name}" for side in ("debit", "credit") for name in ("debits_posted", "credits_posted")),
    *(f"entry__reversed_by__{name}" for name in ("memo", "key", "recorded_at", "recorded_by")),
    *(f"entry__{name}" for name in ("key", "recorded_at", "recorded_by")),
)
"""What no book says of a line: read for a page of them, it would cost more than the rest."""


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
    for position in positions(group, *days, with_owners=by_account):
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

    on: date
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


def balance_sheet(group: Group, *, on: date) -> BalanceSheet:
    """Return the balance sheet at the end of a day."""
    last_year, now = _by_kind(positions(group, on.replace(month=1, day=1) - timedelta(1), on), 2)

    def lines(kinds: Iterable[str]) -> list[ReportLine]:
        found = [ReportLine(kind, now.get(kind, 0)) for kind in kinds if kind in now]
        return [line for line in found if line.amount]

    divided = now.get(AccountKind.SURPLUS_DIVIDED, 0)
    return BalanceSheet(
        on=on,
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


class RunningLines:
    """The lines of a book in its order, each with `money_in`, `money_out` and `running`, the balance after it.

    A paginator reads one page in one statement, from the second page on with one more for what came before; nothing
    adds up the whole book to show a part of it. Iterating reads everything, some thousands at a time.
    """

    def __init__(self, lines: QuerySet[Transfer], *, count: int, opening: int) -> None:
        """Take lines annotated with `money_in` and `money_out`, their number, and the balance before the first."""
        self._lines = lines.order_by(*BOOK_ORDER)
        self._count = count
        self._opening = opening

    def select_related(self, *names: str) -> RunningLines:
        """Return the same lines that bring along more of what they point at."""
        return RunningLines(self._lines.select_related(*names), count=self._count, opening=self._opening)

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, part: int) -> Transfer: ...

    @overload
    def __getitem__(self, part: slice) -> list[Transfer]: ...

    def __getitem__(self, part: int | slice) -> Transfer | list[Transfer]:
        if isinstance(part, int):
            return self[part : part + 1][0]
        running = self._opening
        if part.start:
            before = self._lines[: part.start].aggregate(change=Sum(F("money_in") - F("money_out")))
            running += before["change"] or 0
        return list(_run(self._lines[part], running))

    def __iter__(self) -> Iterator[Transfer]:
        return _run(self._lines.iterator(chunk_size=CHUNK), self._opening)


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


def ledger(accounts: Sequence[Account], *, start: date, end: date) -> Ledger:
    """Return the book of `accounts`, which are of one group and one side, in one statement and one for each page.

    The opening balance is today's balance less what moved since, so a recent period costs little.
    """
    if not accounts:
        return Ledger((), start, end, 0, 0, 0, RunningLines(Transfer.objects.none(), count=0, opening=0))
    ids = [account.pk for account in accounts]
    debited, credited = Q(debit_account__in=ids), Q(credit_account__in=ids)
    came, went = (debited, credited) if accounts[0].normal_side == Side.DEBIT else (credited, debited)
    since = Transfer.objects.filter(came | went, entry__group_id=accounts[0].group_id, entry__effective_on__gte=start)
    in_period = Q(entry__effective_on__lte=end)
    sums = since.aggregate(
        came=Coalesce(Sum("amount", filter=came), 0),
        went=Coalesce(Sum("amount", filter=went), 0),
        total_in=Coalesce(Sum("amount", filter=came & in_period), 0),
        total_out=Coalesce(Sum("amount", filter=went & in_period), 0),
        lines=Count("pk", filter=in_period),
    )
    opening = sum(account.balance for account in accounts) - sums["came"] + sums["went"]
    lines = (
        since.filter(in_period)
        .annotate(money_in=_if(came), money_out=_if(went))
        .select_related("entry__reversed_by", "debit_account", "credit_account", "member")
        .defer(*_NOT_SHOWN)
    )
    return Ledger(
        accounts=accounts,
        start=start,
        end=end,
        opening=opening,
        total_in=sums["total_in"],
        total_out=sums["total_out"],
        lines=RunningLines(lines, count=sums["lines"], opening=opening),
    )


def accounts_of(group: Group) -> list[Account]:
    """Return the accounts of `group` with whose they are, in the order of their codes."""
    found = Account.objects.filter(group=group).select_related(*OWNERS)
    return sorted(found, key=lambda account: _by_code(account.code))


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


def _run(lines: Iterable[Transfer], running: int) -> Iterator[Transfer]:
    for line in lines:
        running += line.money_in - line.money_out  # type: ignore[attr-defined]  # ledger annotates them
        line.running = running  # type: ignore[attr-defined]
        yield line


def _if(condition: Q) -> Case:
    return Case(When(condition, then=F("amount")), default=Value(0), output_field=BigIntegerField())
