"""What a group has and owes today, in one statement. Whole rupiah."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import (
    Count,
    F,
    Q,
    Sum,
)

from finance.ledger.chart import EXPENSES, INCOME
from finance.models import Account, AccountKind
from groups.models import Group


@dataclass(frozen=True, slots=True)
class GroupSummary:
    """What a group has and owes today; `divided` is what was given away of income less expenses since it began.

    `external_loans` is the principal it still owes to lenders.
    """

    cash: int
    bank: int
    pokok: int
    wajib: int
    sukarela: int
    social_fund: int
    grants: int
    reserve: int
    officers_fund: int
    other_fund: int
    income: int
    expenses: int
    divided: int
    loans_outstanding: int
    loans_running: int
    external_loans: int
    education_fund: int = 0
    staff_fund: int = 0
    development_fund: int = 0

    @property
    def savings(self) -> int:
        """All savings of all members."""
        return self.pokok + self.wajib + self.sukarela

    @property
    def surplus(self) -> int:
        """Income less expenses, as far as it is not divided."""
        return self.income - self.expenses - self.divided


def group_summary(group: Group) -> GroupSummary:
    """Return the balances of `group` in one statement."""
    rows = (
        Account.objects.filter(group=group)
        .order_by()
        .values("kind")
        .annotate(
            debit=Sum(F("debits_posted") - F("credits_posted")),
            used=Count("pk", filter=Q(debits_posted__gt=F("credits_posted"))),
        )
    )
    sums = {row["kind"]: row for row in rows}

    def debit(kind: str) -> int:
        return int(sums[kind]["debit"]) if kind in sums else 0

    return GroupSummary(
        cash=debit(AccountKind.CASH),
        bank=debit(AccountKind.BANK),
        pokok=-debit(AccountKind.POKOK),
        wajib=-debit(AccountKind.WAJIB),
        sukarela=-debit(AccountKind.SUKARELA),
        social_fund=-debit(AccountKind.SOCIAL_FUND),
        grants=-debit(AccountKind.GRANT),
        reserve=-debit(AccountKind.RESERVE),
        officers_fund=-debit(AccountKind.OFFICERS_FUND),
        other_fund=-debit(AccountKind.OTHER_FUND),
        education_fund=-debit(AccountKind.EDUCATION_FUND),
        staff_fund=-debit(AccountKind.STAFF_FUND),
        development_fund=-debit(AccountKind.DEVELOPMENT_FUND),
        income=-sum(debit(kind) for kind in INCOME),
        expenses=sum(debit(kind) for kind in EXPENSES),
        divided=debit(AccountKind.SURPLUS_DIVIDED),
        loans_outstanding=debit(AccountKind.LOAN),
        loans_running=sums[AccountKind.LOAN]["used"] if AccountKind.LOAN in sums else 0,
        external_loans=-debit(AccountKind.EXTERNAL_LOAN),
    )
