"""The surplus of a period divided: as a preview by the rules, and as it was decided. Whole rupiah."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import BigIntegerField, Case, F, Q, QuerySet, Sum, Value, When

from finance.ledger.chart import SAVINGS
from finance.models import (
    AccountKind,
    Loan,
    Purpose,
    SurplusDivision,
    SurplusPart,
    SurplusShare,
    Transfer,
)
from finance.selectors.surplus import earned
from finance.surplus import divide_surplus, month_ends
from groups.models import BorrowingBase, Constitution, Group, Member, SavingsBase, SavingsCounted
from groups.models.withdrawable import WithdrawableQuerySet

FUND = {
    Purpose.RESERVE: AccountKind.RESERVE,
    Purpose.OFFICERS: AccountKind.OFFICERS_FUND,
    Purpose.SOCIAL: AccountKind.SOCIAL_FUND,
    Purpose.EDUCATION: AccountKind.EDUCATION_FUND,
    Purpose.STAFF: AccountKind.STAFF_FUND,
    Purpose.DEVELOPMENT: AccountKind.DEVELOPMENT_FUND,
    Purpose.OTHER: AccountKind.OTHER_FUND,
}
"""The account that each purpose's part of a surplus goes to."""


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
    def purpose_lines(self) -> list[tuple[str, Decimal, int]]:
        """What each purpose is called, its percentage and its amount; the group names its own."""
        percent = self.rules.surplus_shares
        own = {Purpose.OTHER: self.rules.other_purpose}
        return [
            (own.get(purpose) or str(purpose.label), percent[purpose], amount)
            for purpose, amount in self.purposes.items()
        ]

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
    members = list(group.members.effective(end).order_by("number"))
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


def _savings_bases(group: Group, rules: Constitution, *, start: date, end: date) -> dict[int, int]:
    """Return the savings that count by member: at the end, or the average of the ends of the months, rounded down.

    Each transfer counts for the month ends it was there on, so one statement does for any number of months.
    """
    ends = [end] if rules.savings_base == SavingsBase.END else month_ends(start, end)
    weight = Case(
        *(When(entry__effective_on__lte=day, then=Value(len(ends) - number)) for number, day in enumerate(ends)),
        default=Value(0),
        output_field=BigIntegerField(),
    )
    transfers = Transfer.objects.filter(group=group, entry__effective_on__lte=end)
    counted = SAVINGS if rules.savings_counted == SavingsCounted.ALL else (AccountKind.POKOK, AccountKind.WAJIB)
    bases = _by_member(transfers, counted, Sum(F("amount") * weight, output_field=BigIntegerField()))
    # Late records can make a past day negative.
    return {member: max(0, total // len(ends)) for member, total in bases.items()}


def _borrowing_bases(group: Group, rules: Constitution, *, start: date, end: date) -> dict[int, int]:
    """Return by member the service fee paid in the period, or the loans taken in it."""
    if rules.borrowing_base == BorrowingBase.PRINCIPAL:
        taken = Loan.objects.filter(group=group, disbursed_on__range=(start, end), cancelled_at__isnull=True)
        return dict(taken.order_by().values_list("member").annotate(Sum("principal")))
    paid = earned(group).filter(entry__effective_on__range=(start, end))
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


def surplus_divisions(group: Group) -> WithdrawableQuerySet[SurplusDivision]:
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
