"""What is left to settle of a group that ends, in whole rupiah."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from django.db.models import F, Q, QuerySet, Sum
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from finance.ledger.chart import SAVINGS
from finance.models import Account, AccountKind
from groups.models import Group


@dataclass(frozen=True, slots=True)
class LeftToSettle:
    """Money in the box and at the bank, savings of members, loans to members and from outside."""

    cash: int = 0
    bank: int = 0
    savings: int = 0
    loans: int = 0
    external_loans: int = 0

    @property
    def is_settled(self) -> bool:
        """Whether nothing is left."""
        return not any(amount for _label, amount in self.parts)

    @property
    def parts(self) -> list[tuple[Promise, int]]:
        """What is left, with its name; nothing that is zero."""
        named = [
            (_("Cash box (kas)"), self.cash),
            (_("Bank"), self.bank),
            (_("Savings (simpanan)"), self.savings),
            (_("Loans outstanding"), self.loans),
            (_("Loans from outside (utang)"), self.external_loans),
        ]
        return [(label, amount) for label, amount in named if amount]


_KINDS = {
    "cash": Q(kind=AccountKind.CASH),
    "bank": Q(kind=AccountKind.BANK),
    "savings": Q(kind__in=SAVINGS),
    "loans": Q(kind=AccountKind.LOAN),
    "external_loans": Q(kind=AccountKind.EXTERNAL_LOAN),
}
_CREDITS = ("savings", "external_loans")


def left_to_settle(groups: Collection[int] | QuerySet[Group]) -> dict[int, LeftToSettle]:
    """Return by group what its books still hold, in one statement; a group without accounts is not in it."""
    debits, credits = F("debits_posted"), F("credits_posted")
    sums = {
        name: Sum(credits - debits if name in _CREDITS else debits - credits, filter=kind, default=0)
        for name, kind in _KINDS.items()
    }
    rows = Account.objects.filter(group__in=groups).order_by().values_list("group").annotate(**sums)
    return {group: LeftToSettle(*map(int, amounts)) for group, *amounts in rows}
