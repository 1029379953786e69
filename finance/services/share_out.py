"""The share-out at the end of a cycle: one entry that returns everything; a new cycle begins by going on."""

from __future__ import annotations

import uuid
from datetime import date

from django.db import transaction
from django.utils.translation import gettext as _

from finance.ledger.chart import ASSETS, EQUITY, LIABILITIES, SAVINGS
from finance.ledger.errors import AlreadyPosted, AlreadyReversed, NotAllowed
from finance.ledger.posting import Books, Posting, open_books
from finance.ledger.reading import Line
from finance.models import Account, AccountKind, Entry, EntryKind
from finance.selectors.share_out import Move, share_out_plan
from finance.selectors.surplus import divided_through
from groups.models import Group, User


@transaction.atomic
def share_out_post(
    *,
    actor: User,
    group: Group,
    on: date,
    keep: frozenset[AccountKind],
    seen: int,
    note: str,
    key: uuid.UUID,
) -> Entry:
    """Pay everything out to the members on `on`, but the equity of the kinds in `keep`; `seen` is the sum they saw.

    `NotAllowed` while something stands in the way (see `share_out_plan`), and if the sum has changed since.
    """
    books = open_books(group=group, actor=actor, everything=True)
    if Entry.objects.filter(group=books.group, key=key).exists():
        raise AlreadyPosted
    plan = share_out_plan(books.group, as_of=on, keep=keep)
    if plan.hindrances:
        raise NotAllowed(" ".join(hindrance.text for hindrance in plan.hindrances))
    if plan.payout != seen:
        raise NotAllowed(_("The books have changed; look at the list again."))
    lines = [_line(books, move) for move in plan.moves]
    (entry,) = books.post([Posting(EntryKind.SHARE_OUT, on, lines, key, memo=note)])
    _assert_returned(books, keep)
    return entry


@transaction.atomic
def share_out_reverse(*, actor: User, entry: Entry, reason: str, key: uuid.UUID) -> Entry:
    """Undo a share-out that was recorded wrongly, with a reason; both entries stay visible.

    Only the latest: what was divided since counted on it.
    """
    books = open_books(group=entry.group, actor=actor, everything=True)
    if Entry.objects.filter(reverses=entry).exists():
        raise AlreadyReversed
    last = divided_through(books.group)
    if entry.kind != EntryKind.SHARE_OUT or (last is not None and last > entry.effective_on):
        raise NotAllowed(_("A later surplus was divided or shared out; take that back first."))
    books.undo(entry)
    return books.post_undone(key=key, memo=reason)


def _line(books: Books, move: Move) -> Line:
    def account(kind: AccountKind) -> Account:
        return books.account(kind, member=move.member if kind in SAVINGS else None)

    return Line(account(move.debit), account(move.credit), move.amount, move.member)


def _assert_returned(books: Books, keep: frozenset[AccountKind]) -> None:
    """Hold the plan to its promise: what is left belongs to what was kept."""
    left = {account.code: account for account in books.accounts.values() if account.balance}
    kept = sum(account.balance for account in left.values() if account.kind in keep)
    money = sum(account.balance for account in left.values() if account.kind in ASSETS)
    assert money == kept, "money was left over, or went missing"
    held = (*LIABILITIES, *EQUITY)
    strays = [a.code for a in left.values() if a.kind in held and a.kind not in (*keep, AccountKind.SURPLUS_DIVIDED)]
    assert not strays, f"not returned: {strays}"
