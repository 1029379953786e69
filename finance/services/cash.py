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
from finance.models import AccountKind, BankTick, CashCount, EntryKind, Transfer
from finance.rules import lines
from finance.selectors.cash import latest_movement
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

    Raises `AlreadyPosted` for a key used before, and `NotAllowed` for a day before the last movement of cash, which
    the books of today cannot be held against, and for a difference nobody explains.
    """
    books = open_books(group=group, actor=actor)
    if CashCount.objects.filter(group=group, key=key).exists():
        raise AlreadyPosted
    latest = latest_movement(books.group)
    if latest is not None and on < latest:
        raise NotAllowed(_("Cash moved on %s, after this day: count it again.") % date_format(latest))
    counted = sum(worth * number for worth, number in pieces.items())
    expected = books.balance(AccountKind.CASH)
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
    if count.difference == 0:
        raise NotAllowed(_("There is no difference to settle."))
    if on < count.counted_on:
        raise NotAllowed(_("A difference cannot be settled before the day of the count."))
    if post_difference:
        kind = lines.OtherMoney.INCOME if count.difference > 0 else lines.OtherMoney.EXPENSE
        postings = lines.other_money(books, kind, abs(count.difference), how)
        count.settlement = post_entry(books, EntryKind.SETTLEMENT, on, postings, key)
    count.settled_on = on
    count.settled_by = actor
    count.settled_at = now()
    count.settled_how = how
    count.save()
    return count


def cash_count_record(
    books: Books,
    *,
    expected: int,
    counted: int,
    explanation: str,
    on: date,
    pieces: Mapping[int, int] | None = None,
    key: uuid.UUID | None = None,
) -> CashCount:
    """Write down a count of the cash box beside what the books expected; `pieces` are its notes and coins."""
    return CashCount.objects.create(
        group=books.group,
        counted_on=on,
        expected=expected,
        counted=counted,
        explanation=explanation,
        pieces={str(worth): number for worth, number in pieces.items()} if pieces is not None else None,
        key=key,
        counted_by=books.actor,
    )
