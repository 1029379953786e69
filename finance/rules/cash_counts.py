"""What a count of the cash box is held against, and what carries through to it later. Whole rupiah.

A count is held against the cash of its day in the books and the differences of earlier counts that were open then: its
own difference is what is new. So what is recorded late about an earlier day changes the difference of the next count
only; from there on it is open, or no longer open, for the counts after. A settled count, and one of a closed period,
stays as it is, and the change comes to the count after it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date

from django.db.models import F, Q

from finance.ledger.posting import Books, Posting
from finance.ledger.reading import Balances
from finance.ledger.sql import differences_open_before
from finance.models import AccountKind, CashCount, Entry, EntryKind
from groups.shared.clock import now

AFTER_ALL = 2**31 - 1
"""A place in a day behind every entry recorded so far."""


def expected_cash(books: Balances, *, on: date, but: CashCount | None = None) -> int:
    """Return what the cash box should hold where `books` are those of that place in the day `on`, in rupiah.

    That is their cash and the differences of earlier counts that are open. `but` is a count that is taken anew, in its
    place, or on another day after all that is recorded. One statement, or none where the day is not before the last
    count.
    """
    cash = books.balance(AccountKind.CASH)
    if but is None and (books.counts_through is None or on >= books.counts_through):
        return cash + books.open_differences
    place, pk, moment = AFTER_ALL, 0, now()
    if but is not None:
        pk = but.pk
        if but.counted_on == on:
            place, moment = but.place, but.counted_at
    return cash + differences_open_before(books.group, day=on, place=place, pk=pk, moment=moment)


def carry_to_next(books: Books, amount: int, *, after: Q) -> None:
    """Let the next count of those `after` a place, that is neither settled nor of a closed period, expect more."""
    counts = CashCount.objects.filter(after, group=books.group, corrected_at=None, settled_on=None)
    if books.group.books_closed_through is not None:
        counts = counts.filter(counted_on__gt=books.group.books_closed_through)
    following = counts.order_by("counted_on", "place", "pk").values("pk").first() if amount else None
    if following is not None:
        CashCount.objects.filter(**following).update(carried=F("carried") + amount)


def after_count(count: CashCount) -> Q:
    """Return the condition for the counts after `count`."""
    same_day = Q(place__gt=count.place) | Q(place=count.place, pk__gt=count.pk)
    return Q(counted_on__gt=count.counted_on) | Q(same_day, counted_on=count.counted_on)


def carry_posted(books: Books, postings: Sequence[Posting], entries: Sequence[Entry]) -> None:
    """Carry cash that moved on the day of a count or before it to the next count.

    A settlement brings the books to what was counted, so the counts after it expect what they did.
    """
    moved: dict[tuple[date, int], int] = defaultdict(int)
    for posting, entry in zip(postings, entries, strict=True):
        is_late = books.counts_through is not None and entry.effective_on <= books.counts_through
        if is_late and posting.kind != EntryKind.SETTLEMENT:
            moved[entry.effective_on, entry.place_in_day] += sum(
                line.amount * ((line.debit.kind == AccountKind.CASH) - (line.credit.kind == AccountKind.CASH))
                for line in posting.lines
            )
    for (day, place), amount in moved.items():
        carry_to_next(books, amount, after=Q(counted_on__gt=day) | Q(counted_on=day, place__gte=place))
