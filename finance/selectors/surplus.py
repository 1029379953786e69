"""The surplus (SHU) of a period, how it would be divided, and what it may become by the end of the year.

Amounts are whole rupiah. Dates are effective dates: a reversal counts against the period it is dated in.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from django.db.models import BigIntegerField, Case, F, Max, OuterRef, Q, QuerySet, Subquery, Sum, Value, When
from django.db.models.functions import Coalesce, Greatest

from finance.ledger.chart import EXPENSES, INCOME, SAVINGS
from finance.models import (
    Account,
    AccountKind,
    Entry,
    EntryKind,
    Instalment,
    Loan,
    Purpose,
    SurplusDivision,
    SurplusPart,
    SurplusShare,
    Transfer,
)
from finance.selectors.loans import loans_on
from finance.selectors.opening import standing_entries
from finance.surplus import divide_surplus, month_ends
from groups.models import BorrowingBase, Constitution, Group, Member, SavingsBase

NOMINAL = (*INCOME, *EXPENSES)
FUND = {
    Purpose.RESERVE: AccountKind.RESERVE,
    Purpose.OFFICERS: AccountKind.OFFICERS_FUND,
    Purpose.SOCIAL: AccountKind.SOCIAL_FUND,
    Purpose.OTHER: AccountKind.OTHER_FUND,
}
"""The account that each purpose's part of a surplus goes to."""


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
        _earned(group)
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


@dataclass(frozen=True, slots=True)
class MemberPart:
    """What one member would get of a surplus, and the bases it follows from; as stored by `SurplusShare`."""

    member: Member
    savings_base: int
    borrowing_base: int
    by_savings: int
    by_borrowing: int

    @property
    def total(self) -> int:
        """Both parts together."""
        return self.by_savings + self.by_borrowing


@dataclass(frozen=True, slots=True)
class DivisionSheet:
    """A surplus and all its parts, as previewed or as decided; they add up to it.

    `purposes` follow the order of the constitution; `rounding` goes to the reserve.
    """

    surplus: int
    rules: Constitution
    members: list[MemberPart]
    purposes: dict[Purpose, int]
    rounding: int

    @property
    def purpose_lines(self) -> list[tuple[Purpose, Decimal, int]]:
        """Each purpose with its percentage and its amount."""
        percent = self.rules.surplus_shares
        return [(purpose, percent[purpose], amount) for purpose, amount in self.purposes.items()]

    @property
    def by_savings(self) -> int:
        """What all members get by savings."""
        return sum(part.by_savings for part in self.members)

    @property
    def by_borrowing(self) -> int:
        """What all members get by borrowing."""
        return sum(part.by_borrowing for part in self.members)

    @property
    def to_members(self) -> int:
        """What all members get."""
        return self.by_savings + self.by_borrowing


def division_preview(group: Group, rules: Constitution, *, surplus: int, start: date, end: date) -> DivisionSheet:
    """Return how `rules` divide `surplus` among the members at the end of a period, in three statements."""
    members = members_at(group, end)
    savings = _savings_bases(group, rules, start=start, end=end)
    borrowing = _borrowing_bases(group, rules, start=start, end=end)
    divided = divide_surplus(
        surplus=surplus,
        shares=rules.surplus_shares,
        savings={member.pk: savings.get(member.pk, 0) for member in members},
        borrowing={member.pk: borrowing.get(member.pk, 0) for member in members},
    )
    return DivisionSheet(
        surplus=surplus,
        rules=rules,
        members=[
            MemberPart(
                member=member,
                savings_base=savings.get(member.pk, 0),
                borrowing_base=borrowing.get(member.pk, 0),
                by_savings=divided.members[member.pk].by_savings,
                by_borrowing=divided.members[member.pk].by_borrowing,
            )
            for member in members
        ],
        purposes={Purpose(purpose): amount for purpose, amount in divided.purposes.items()},
        rounding=divided.rounding,
    )


def members_at(group: Group, as_of: date) -> list[Member]:
    """Return who takes part in a division at the end of `day`: those who had joined and had not left."""
    here = Q(left_on__isnull=True) | Q(left_on__gt=as_of)
    return list(Member.objects.filter(here, group=group, joined_on__lte=as_of).order_by("number"))


def _savings_bases(group: Group, rules: Constitution, *, start: date, end: date) -> dict[int, int]:
    """Return savings by member: at the end, or the average of the ends of the period's months, rounded down.

    Each transfer counts for the month ends it was there on, so one statement does for any number of months.
    """
    ends = [end] if rules.savings_base == SavingsBase.END else month_ends(start, end)
    weight = Case(
        *(When(entry__effective_on__lte=day, then=Value(len(ends) - number)) for number, day in enumerate(ends)),
        default=Value(0),
        output_field=BigIntegerField(),
    )
    transfers = Transfer.objects.filter(group=group, entry__effective_on__lte=end)
    bases = _by_member(transfers, SAVINGS, Sum(F("amount") * weight, output_field=BigIntegerField()))
    # Late records can make a past day negative.
    return {member: max(0, total // len(ends)) for member, total in bases.items()}


def _borrowing_bases(group: Group, rules: Constitution, *, start: date, end: date) -> dict[int, int]:
    """Return by member the service fee paid in the period, or the loans taken in it."""
    if rules.borrowing_base == BorrowingBase.PRINCIPAL:
        taken = Loan.objects.filter(group=group, disbursed_on__range=(start, end), cancelled_at__isnull=True)
        return dict(taken.order_by().values_list("member").annotate(Sum("principal")))
    paid = _earned(group).filter(entry__effective_on__range=(start, end))
    return {member: max(0, fee) for member, fee in _by_member(paid, (AccountKind.SERVICE_FEE,), Sum("amount")).items()}


def _by_member(transfers: QuerySet[Transfer], kinds: Sequence[AccountKind], total: Sum) -> dict[int, int]:
    """Return what `transfers` credited to members' accounts of `kinds`, less what they debited."""
    rows = (
        transfers.filter(Q(debit_account__kind__in=kinds) | Q(credit_account__kind__in=kinds))
        .order_by()
        .values_list("debit_account__kind", "debit_account__member", "credit_account__kind", "credit_account__member")
        .annotate(total=total)
    )
    sums: dict[int, int] = {}
    for debit, debtor, credit, creditor, amount in rows:
        if debit in kinds:
            sums[debtor] = sums.get(debtor, 0) - amount
        if credit in kinds:
            sums[creditor] = sums.get(creditor, 0) + amount
    return sums


def _earned(group: Group) -> QuerySet[Transfer]:
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
    division = SurplusDivision.objects.standing().filter(group=group).aggregate(last=Max("period_end"))["last"]
    shared = Entry.objects.filter(group=group, kind=EntryKind.SHARE_OUT, reversed_by__isnull=True)
    days = [day for day in (division, shared.aggregate(last=Max("effective_on"))["last"]) if day is not None]
    return max(days, default=None)


def next_period(group: Group, *, after: date | None, as_of: date) -> tuple[date, date]:
    """Return the period to divide next: from the day `after` (`divided_through`), or the first, to the end of its year.

    The first begins the day after the opening balances, for what was earned until then belongs to the years before;
    without them, with the year of the first entry. Years that brought nothing to divide are passed over once a later
    one did, which makes their loss good first.
    """
    first = standing_entries(group).order_by("effective_on", "pk").first() if after is None else None
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
        _earned(group)
        .filter(entry__effective_on__range=(start, end))
        .order_by()
        .values_list("entry__effective_on__year")
        .annotate(
            surplus=_sum(Q(credit_account__kind__in=NOMINAL)) - _sum(Q(debit_account__kind__in=NOMINAL)),
        )
    )
    return dict(rows)


def surplus_divisions(group: Group) -> QuerySet[SurplusDivision]:
    """Return all divisions of a group, withdrawn ones too, the latest period first."""
    return SurplusDivision.objects.filter(group=group).select_related("entry__reversed_by", "rules")


def division_sheet(division: SurplusDivision) -> DivisionSheet:
    """Return a division as it was decided, in two statements."""
    shares = SurplusShare.objects.filter(division=division).select_related("member").order_by("member__number")
    parts = SurplusPart.objects.filter(division=division).order_by("pk")
    return DivisionSheet(
        surplus=division.surplus,
        rules=division.rules,
        members=[MemberPart(s.member, s.savings_base, s.borrowing_base, s.by_savings, s.by_borrowing) for s in shares],
        purposes={Purpose(part.purpose): part.amount for part in parts},
        rounding=division.rounding,
    )


@dataclass(frozen=True, slots=True)
class SurplusProjection:
    """What the surplus may be on `end`: so far, plus fees still due by then, less expenses as they were.

    `months_gone` and `months_left` are calendar months from the start, the one of today among those gone.
    """

    start: date
    today: date
    end: date
    so_far: int
    fees_due: int
    expenses_so_far: int
    months_gone: int
    months_left: int

    @property
    def monthly_expenses(self) -> int:
        """The average expenses of a month so far, rounded down."""
        return self.expenses_so_far // self.months_gone

    @property
    def expenses_to_come(self) -> int:
        """The average for each month left."""
        return self.monthly_expenses * self.months_left

    @property
    def projected(self) -> int:
        """Surplus so far + fees due − expenses to come."""
        return self.so_far + self.fees_due - self.expenses_to_come


def surplus_projection(group: Group, *, after: date | None, today: date) -> SurplusProjection:
    """Return the projection of the year of `today`, of what comes after the day `after` (`divided_through`).

    Fees due are those of the running loans' instalments up to the end of the year, late ones among them, less what
    was paid on each loan.
    """
    start, end = today.replace(month=1, day=1), today.replace(month=12, day=31)
    if after is not None:
        start = min(max(start, after + timedelta(days=1)), today)
    sofar = period_surplus(group, start=start, end=today)
    due = Instalment.objects.filter(loan=OuterRef("pk"), due_on__lte=end).order_by().values("loan")
    asked = Coalesce(Subquery(due.annotate(fee=Sum("service_fee")).values("fee")), 0, output_field=BigIntegerField())
    fees = (
        loans_on(group, as_of=today, only_running=True)
        .annotate(fee_due=Greatest(asked - F("fee_paid"), Value(0)))
        .order_by()
        .aggregate(total=Coalesce(Sum("fee_due"), 0))
    )
    return SurplusProjection(
        start=start,
        today=today,
        end=end,
        so_far=sofar.surplus,
        fees_due=fees["total"],
        expenses_so_far=sofar.total_expenses,
        months_gone=today.month - start.month + 1,
        months_left=12 - today.month,
    )
