"""Accounts that held less than nothing on a day, as late records can bring about. Whole rupiah."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date

from django.db.models import Q, Sum

from finance.models import Account, Entry, Side, Transfer


@dataclass(frozen=True, slots=True)
class ShortDay:
    """The first day on which an account held less than nothing, and how much less, in rupiah."""

    account: Account
    on: date
    short: int


def short_days(entry: Entry) -> list[ShortDay]:
    """Return the accounts that `entry` took from and that were below zero at the end of its day or a later one.

    What they hold now is enough, or it would have been refused; it was not there yet then. Two statements.
    """
    taken: dict[int, Account] = {}
    for line in entry.transfers.select_related("debit_account__member", "credit_account__member").order_by("pk"):
        for account, side in ((line.debit_account, Side.CREDIT), (line.credit_account, Side.DEBIT)):
            if account.normal_side == side and not account.may_go_negative:
                taken[account.pk] = account
    moved = _moved_after(entry, taken)
    return [short for pk, account in taken.items() if (short := _first_short_day(account, entry, moved[pk]))]


def _moved_after(entry: Entry, accounts: dict[int, Account]) -> dict[int, dict[date, int]]:
    """Return by account what moved on each day after that of `entry`, on the side where the account grows."""
    moved: dict[int, dict[date, int]] = defaultdict(lambda: defaultdict(int))
    lines = Transfer.objects.filter(
        Q(debit_account__in=accounts) | Q(credit_account__in=accounts),
        entry__group=entry.group_id,
        entry__effective_on__gt=entry.effective_on,
    ).order_by()
    for debit, credit, day, amount in lines.values_list(
        "debit_account", "credit_account", "entry__effective_on"
    ).annotate(Sum("amount")):
        for pk, side in ((debit, Side.DEBIT), (credit, Side.CREDIT)):
            if pk in accounts:
                moved[pk][day] += amount if accounts[pk].normal_side == side else -amount
    return moved


def _first_short_day(account: Account, entry: Entry, moved: dict[date, int]) -> ShortDay | None:
    balance = account.balance - sum(moved.values())
    for day in (entry.effective_on, *sorted(moved)):
        balance += moved.get(day, 0)
        if balance < 0:
            return ShortDay(account, day, -balance)
    return None
