"""The cash box and the bank: their books, the counts of the cash box and what they differed by. Whole rupiah."""

from __future__ import annotations

from datetime import date

from django.db.models import (
    Exists,
    OuterRef,
    Q,
    QuerySet,
)

from finance.models import Account, AccountKind, CashCount, Entry, Transfer
from finance.selectors.general_ledger import Ledger, ledger
from groups.models import Group


def cash_book(group: Group, *, start: date, end: date, kind: AccountKind = AccountKind.CASH) -> Ledger:
    """Return the book of the cash box or the bank (`kind` CASH or BANK) for a period, both days included."""
    return ledger(group, list(Account.objects.filter(group=group, kind=kind)), start=start, end=end)


def latest_movement(group: Group, *, kind: AccountKind = AccountKind.CASH) -> date | None:
    """Return the effective date of the latest line of a cash book, None for an empty one."""
    own = Q(debit_account__kind=kind) | Q(credit_account__kind=kind)
    entries = Entry.objects.filter(Exists(Transfer.objects.filter(own, entry=OuterRef("pk"))), group=group)
    return entries.order_by("-effective_on", "-pk").values_list("effective_on", flat=True).first()


def cash_counts(group: Group) -> QuerySet[CashCount]:
    """Return the counts of the cash box that stand, the latest first, whether they agree with the books or not."""
    return (
        CashCount.objects.filter(group=group, corrected_at__isnull=True)
        .select_related("counted_by")
        .order_by("-counted_on", "-pk")
    )


def cash_differences(group: Group, *, is_open: bool) -> QuerySet[CashCount]:
    """Return the counts of the cash box that differ from the books, newest first: the open or the settled ones."""
    counts = CashCount.objects.differing().filter(group=group, settled_on__isnull=is_open)
    return counts.select_related("counted_by", "settled_by", "settlement")


def open_differences(groups: QuerySet[Group]) -> QuerySet[CashCount]:
    """Return the counts of the cash boxes of `groups` whose difference nobody has settled, the oldest first."""
    counts = CashCount.objects.differing().filter(group__in=groups, settled_on__isnull=True)
    return counts.select_related("group").order_by("counted_on", "pk")
