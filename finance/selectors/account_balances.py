"""The accounts of a group and what was on them at the end of days, counted from the nearest balances stored.

Those are the balances of the accounts now or of the end of a closed period: neither the last day nor any day of closed
years costs more the longer the history is. Whole rupiah.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from django.db.models import Case, CharField, Subquery, Value, When
from django.db.models.functions import Cast, Coalesce, Concat

from finance.ledger.sql import moved_between
from finance.models import Account, Entry, PeriodBalance, PeriodClosing
from groups.models import Group


def accounts_of(group: Group, *kinds: str) -> list[Account]:
    """Return the accounts of `group` in the order of their codes; `kinds` are those to read, all by default.

    Each has the name of its `owner`, the member or the lender it is kept for, or None.
    """
    number = Cast("external_loan__number", CharField())
    lender = Case(
        When(external_loan__isnull=False, then=Concat("external_loan__lender", Value(" "), number)),
        output_field=CharField(),
    )
    accounts = Account.objects.filter(group=group).annotate(owner=Coalesce("member__called", lender)).order_by()
    return sorted(accounts.filter(kind__in=kinds) if kinds else accounts, key=lambda account: code_order(account.code))


def account_name(account: Account) -> str:
    """Return the kind of an account from `accounts_of`, and whose it is."""
    owner = account.owner  # type: ignore[attr-defined]  # annotated by accounts_of
    return account.get_kind_display() + (f": {owner}" if owner is not None else "")


def code_order(code: str) -> tuple[int, ...]:
    """Return the place of an account's code in the order of codes, number by number."""
    return tuple(int(part) for part in code.split("."))


@dataclass(frozen=True, slots=True)
class AccountBalances:
    """One account with what had been debited and credited by the end of some days, oldest day first."""

    account: Account
    debits: tuple[int, ...]
    credits: tuple[int, ...]

    def balance(self, day: int) -> int:
        """Return debits less credits by the end of the day with this index: negative on the credit side."""
        return self.debits[day] - self.credits[day]


class NearestBalances(NamedTuple):
    """The stored balances from which those at the end of `day` are counted.

    They are of the end of `stored`, the last day of a closed period, or those of the accounts now where it is None.
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


def nearest_balances(group: Group, days: Iterable[date]) -> list[NearestBalances]:
    """Return for each of `days` the nearest stored balances of `group`, in one statement, none if nothing is closed."""
    last_entry = Entry.objects.filter(group=group).order_by("-effective_on").values("effective_on")[:1]
    ends: dict[date, date | None] = {}
    if group.books_closed_through is not None:
        ends = dict(PeriodClosing.objects.filter(group=group).values_list("through", Subquery(last_entry)))
    last_on = next(iter(ends.values()), None) or date.min

    def nearest(day: date) -> date | None:
        end = min(ends, key=lambda end: abs(end - day), default=None)
        # The accounts are as they were at the end of the last day on which anything was posted.
        return end if end is not None and abs(end - day) < last_on - day else None

    return [NearestBalances(day, nearest(day)) for day in days]


def account_balances(
    group: Group, *days: date, kinds: Sequence[str] = (), named: bool = False
) -> list[AccountBalances]:
    """Return every account of `group` as it stood at the end of each of `days`, oldest first, in two statements.

    Of a group with closed periods they are four at most. `kinds` are those to read, all by default. With `named` they
    are those of `accounts_of`, in its order.
    """
    counted = nearest_balances(group, days)
    moved_by_side = _moved(group, counted, kinds)
    stored = _stored(group, counted)
    nothing = (0,) * len(counted)

    def position(account: Account) -> AccountBalances:
        begun = [
            (account.debits_posted, account.credits_posted)
            if mark.stored is None
            else stored.get((mark.stored, account.pk), (0, 0))
            for mark in counted
        ]
        return AccountBalances(
            account,
            *(
                tuple(
                    base[side] + mark.sign * amount
                    for base, mark, amount in zip(begun, counted, moved.get(account.pk, nothing), strict=True)
                )
                for side, moved in enumerate(moved_by_side)
            ),
        )

    of_kinds = {"kind__in": kinds} if kinds else {}
    accounts = accounts_of(group, *kinds) if named else Account.objects.filter(group=group, **of_kinds).order_by()
    return [position(account) for account in accounts]


def _moved(
    group: Group, counted: Sequence[NearestBalances], kinds: Sequence[str]
) -> tuple[Mapping[int, list[int]], Mapping[int, list[int]]]:
    """Return by account what was debited, and what was credited, between each of the days and its mark."""
    debits: dict[int, list[int]] = defaultdict(lambda: [0] * len(counted))
    credits: dict[int, list[int]] = defaultdict(lambda: [0] * len(counted))
    for debit, credit, *amounts in moved_between(group, [mark.span for mark in counted], kinds=kinds):
        for place, amount in enumerate(amounts):
            debits[debit][place] += amount
            credits[credit][place] += amount
    return debits, credits


def _stored(group: Group, counted: Sequence[NearestBalances]) -> dict[tuple[date, int], tuple[int, int]]:
    """Return the debits and credits of accounts at the ends of closed periods, by end and account."""
    ends = {mark.stored for mark in counted if mark.stored is not None}
    if not ends:
        return {}
    kept = PeriodBalance.objects.filter(group=group, through__in=ends)
    return {
        (through, account): (debits, credits)
        for through, account, debits, credits in kept.values_list("through", "account_id", "debits", "credits")
    }
