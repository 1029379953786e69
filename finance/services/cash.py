"""Counting the cash box, settling what it lacked, and ticking off the bank's statement. Whole rupiah."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping
from datetime import date

from django.db import transaction
from django.db.models import Q
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from finance.ledger.errors import AlreadyPosted, AlreadySettled, NotAllowed
from finance.ledger.posting import Books, open_books
from finance.ledger.reading import read_books
from finance.models import AccountKind, BankTick, CashCount, EntryKind, Transfer
from finance.rules import lines
from finance.rules.cash_counts import after_count, carry_to_next, expected_cash
from finance.selectors.opening import opening_of
from finance.services.posting import post_entry
from groups.models import Group, User
from groups.permissions import Capability, lock_group
from groups.shared.clock import now

PECAHAN = (100_000, 50_000, 20_000, 10_000, 5_000, 2_000, 1_000, 500, 200, 100)
"""Notes and coins in use, by their worth in rupiah."""


@transaction.atomic
def cash_count_take(
    *, actor: User, group: Group, pieces: Mapping[int, int], explanation: str, on: date, key: uuid.UUID
) -> CashCount:
    """Write down a count of the cash box by notes and coins: `pieces` of each worth in rupiah.

    It is held against the books of the day `on`. Raises `AlreadyPosted` for a key used before, and `NotAllowed` for a
    day before the books begin and for a difference nobody explains.
    """
    books = open_books(group=group, actor=actor)
    if CashCount.objects.filter(group=group, key=key).exists():
        raise AlreadyPosted
    opening = opening_of(books.group)
    if opening is not None and on < opening.effective_on:
        raise NotAllowed(_("The books of the group begin on %s.") % date_format(opening.effective_on))
    counted = sum(worth * number for worth, number in pieces.items())
    expected = expected_cash(read_books(books.group, on), on=on)
    if counted != expected and not explanation:
        raise NotAllowed(_("The count differs from the books. Say why."))
    return cash_count_record(
        books, expected=expected, counted=counted, explanation=explanation, on=on, pieces=pieces, key=key
    )


@transaction.atomic
def bank_tick(*, actor: User, group: Group, transfers: Collection[int], statement_on: date) -> int:
    """Mark lines of the bank book, by their ids, as seen on the statement of a day; return how many were new.

    Lines ticked off before, and ids that are no lines of this book, change nothing.
    """
    group = lock_group(actor, Capability.RECORD, group)
    of_bank = Q(debit_account__kind=AccountKind.BANK) | Q(credit_account__kind=AccountKind.BANK)
    lines = Transfer.objects.filter(of_bank, group=group, pk__in=transfers, bank_tick__isnull=True)
    if lines.filter(entry__effective_on__gt=statement_on).exists():
        raise NotAllowed(_("A line is of a later day than the statement."))
    ticks = BankTick.objects.bulk_create(
        BankTick(group=group, transfer=line, statement_on=statement_on, ticked_by=actor) for line in lines
    )
    return len(ticks)


@transaction.atomic
def cash_count_settle(
    *, actor: User, count: CashCount, how: str, on: date, post_difference: bool, key: uuid.UUID
) -> CashCount:
    """Close an open cash difference, with a word on how.

    With `post_difference` the books follow the money: what is missing becomes an expense, what is over other
    income. Without it nothing is posted: the money turned up, or a correction explained it.
    """
    books = open_books(group=count.group, actor=actor)
    count = CashCount.objects.get(pk=count.pk)
    if count.settled_on is not None:
        raise AlreadySettled
    if count.corrected_at is not None:
        raise NotAllowed(_("The meeting of this count was corrected, and counts anew."))
    if count.difference == 0:
        raise NotAllowed(_("There is no difference to settle."))
    if on < count.counted_on:
        raise NotAllowed(_("A difference cannot be settled before the day of the count."))
    if not post_difference:
        carry_to_next(books, -count.difference, after=Q(counted_on__gt=on))
    else:
        kind = lines.OtherMoney.INCOME if count.difference > 0 else lines.OtherMoney.EXPENSE
        postings = lines.other_money(books, kind, abs(count.difference), how)
        count.settlement = post_entry(books, EntryKind.SETTLEMENT, on, postings, key)
    count.settled_on = on
    count.settled_by = actor
    count.settled_at = now()
    count.settled_how = how
    count.save()
    return count


def cash_count_take_back(books: Books, count: CashCount) -> None:
    """Let `count`, which is not settled, count no more: the correction of its meeting counts anew."""
    assert count.settled_on is None, "what settled a difference stays with it"
    carry_to_next(books, -count.difference, after=after_count(count))
    CashCount.objects.filter(pk=count.pk).update(corrected_at=now())


def cash_count_record(
    books: Books,
    *,
    expected: int,
    counted: int,
    explanation: str,
    on: date,
    pieces: Mapping[int, int] | None = None,
    key: uuid.UUID | None = None,
    place: int | None = None,
) -> CashCount:
    """Write down a count of the cash box beside what was expected (`expected_cash`); `pieces` are its notes and coins.

    A difference is open for the counts after it. `place` is the voucher number after which cash was counted that day,
    without it the last one recorded.
    """
    count = CashCount.objects.create(
        group=books.group,
        counted_on=on,
        expected=expected,
        counted=counted,
        explanation=explanation,
        pieces={str(worth): number for worth, number in pieces.items()} if pieces is not None else None,
        key=key,
        counted_by=books.actor,
        place=books.last_entry_number if place is None else place,
    )
    if books.counts_through is not None and on <= books.counts_through:
        carry_to_next(books, count.difference, after=after_count(count))
    books.counts_through = date.max
    return count
