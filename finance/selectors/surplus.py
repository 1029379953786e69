"""The surplus (SHU) of a period, and which period is divided next.

Amounts are whole rupiah. Dates are effective dates: a reversal counts against the period it is dated in.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Max, Q, QuerySet, Sum
from django.db.models.functions import Coalesce

from finance.ledger.chart import EXPENSES, INCOME
from finance.models import (
    Account,
    AccountKind,
    Entry,
    EntryKind,
    Loan,
    SurplusDivision,
    Transfer,
)
from finance.selectors.opening import effective_entries
from groups.models import Group, Member

NOMINAL = (*INCOME, *EXPENSES)


@dataclass(frozen=True, slots=True)
class SurplusLine:
    """One line of income or expense: of a loan, of a member, or with the note written beside the money."""

    loan: Loan | None
    member: Member | None
    note: str
    amount: int


@dataclass(frozen=True, slots=True)
class SurplusKind:
    """One kind of income or expense with its lines."""

    kind: AccountKind
    lines: list[SurplusLine]

    @property
    def total(self) -> int:
        """The sum of the lines."""
        return sum(line.amount for line in self.lines)


@dataclass(frozen=True, slots=True)
class PeriodSurplus:
    """Income and expenses from `start` to `end`, both included.

    `carried` is what earlier periods left undivided; below zero it is a loss, which this period makes good first.
    It means something for a period that nothing was divided after.
    """

    start: date
    end: date
    income: list[SurplusKind]
    expenses: list[SurplusKind]
    carried: int

    @property
    def total_income(self) -> int:
        """All income of the period."""
        return sum(kind.total for kind in self.income)

    @property
    def total_expenses(self) -> int:
        """All expenses of the period."""
        return sum(kind.total for kind in self.expenses)

    @property
    def surplus(self) -> int:
        """Income less expenses; below zero it is a loss."""
        return self.total_income - self.total_expenses

    @property
    def loss_before(self) -> int:
        """The loss of earlier periods that is not made good yet, zero or more."""
        return max(0, -self.carried)

    @property
    def divisible(self) -> int:
        """What can be divided: the surplus less the loss of earlier periods, zero or more."""
        return max(0, self.surplus - self.loss_before)


def period_surplus(group: Group, *, start: date, end: date) -> PeriodSurplus:
    """Return every line of the surplus of a period, in three statements whatever their number."""
    kinds = (*NOMINAL, AccountKind.SURPLUS_DIVIDED)
    accounts = {a.pk: a for a in Account.objects.filter(group=group, kind__in=kinds).select_related("loan__member")}
    rows = (
        earned(group)
        .filter(Q(debit_account__kind__in=NOMINAL) | Q(credit_account__kind__in=NOMINAL))
        .filter(entry__effective_on__gte=start)
        .order_by()
        .values_list("debit_account", "credit_account", "member", "memo")
        .annotate(since=Sum("amount"), within=_sum(Q(entry__effective_on__lte=end)))
    )
    carried = sum(account.credits_posted - account.debits_posted for account in accounts.values())
    lines: dict[tuple[str, int | None, int | None, str], int] = {}
    for debit, credit, member, memo, since, within in rows:
        for pk, sign in ((debit, -1), (credit, 1)):
            if pk in accounts:
                carried -= sign * since
                account = accounts[pk]
                key = (account.kind, account.loan_id, *_owner(account, member, memo))
                lines[key] = lines.get(key, 0) + sign * within
    loans = {account.loan_id: account.loan for account in accounts.values()}
    members = Member.objects.in_bulk({member for _kind, _loan, member, _note in lines if member is not None})

    def of(kind: str, sign: int) -> SurplusKind:
        own = [
            SurplusLine(loans[loan], members.get(member) if member is not None else None, note, sign * amount)
            for (line_kind, loan, member, note), amount in lines.items()
            if line_kind == kind and amount
        ]
        own.sort(key=lambda line: (line.loan.number if line.loan else 0, line.member.number if line.member else 0))
        return SurplusKind(AccountKind(kind), own)

    return PeriodSurplus(
        start=start,
        end=end,
        income=[kind for kind in (of(kind, 1) for kind in INCOME) if kind.lines],
        expenses=[kind for kind in (of(kind, -1) for kind in EXPENSES) if kind.lines],
        carried=carried,
    )


def _owner(account: Account, member: int | None, memo: str) -> tuple[int | None, str]:
    """Say whose line it is: the loan's alone, a member's, or nobody's with its note."""
    if account.loan_id is not None:
        return None, ""
    return (member, "") if member is not None else (None, memo)


def earned(group: Group) -> QuerySet[Transfer]:
    """Return the transfers of a group without those of the surplus divided.

    Opening balances put the fee of before on their loans against it: no income of any period here.
    """
    divided = AccountKind.SURPLUS_DIVIDED
    return Transfer.objects.filter(group=group).exclude(
        Q(debit_account__kind=divided) | Q(credit_account__kind=divided)
    )


def _sum(condition: Q) -> Coalesce:
    return Coalesce(Sum("amount", filter=condition), 0)


def divided_through(group: Group) -> date | None:
    """Return the last day whose surplus was divided or shared out; new periods begin after it."""
    division = SurplusDivision.objects.valid().filter(group=group).aggregate(last=Max("period_end"))["last"]
    shared = Entry.objects.filter(group=group, kind=EntryKind.SHARE_OUT, reversed_by__isnull=True)
    days = [day for day in (division, shared.aggregate(last=Max("effective_on"))["last"]) if day is not None]
    return max(days, default=None)


def next_period(group: Group, *, after: date | None, as_of: date) -> tuple[date, date]:
    """Return the period to divide next: from the day `after` (`divided_through`), or the first, to the end of its year.

    The first begins the day after the opening balances, for what was earned until then belongs to the years before;
    without them, with the year of the first entry. Years that brought nothing to divide are passed over once a later
    one did, which makes their loss good first.
    """
    first = effective_entries(group).order_by("effective_on", "pk").first() if after is None else None
    if first is not None and first.kind == EntryKind.OPENING:
        after = first.effective_on
    if after is not None:
        start = after + timedelta(days=1)
    else:
        start = (first.effective_on if first is not None else as_of).replace(month=1, day=1)
    if start.year < as_of.year:
        earned = _earned_by_year(group, start, date(as_of.year - 1, 12, 31))
        years = [year for year in range(start.year, as_of.year) if earned.get(year, 0) > 0]
        start = start if not years or years[0] == start.year else date(years[0], 1, 1)
    return start, start.replace(month=12, day=31)


def _earned_by_year(group: Group, start: date, end: date) -> dict[int, int]:
    """Return income less expenses of each calendar year from `start` to `end` in which there were any."""
    rows = (
        earned(group)
        .filter(entry__effective_on__range=(start, end))
        .order_by()
        .values_list("entry__effective_on__year")
        .annotate(
            surplus=_sum(Q(credit_account__kind__in=NOMINAL)) - _sum(Q(debit_account__kind__in=NOMINAL)),
        )
    )
    return dict(rows)
