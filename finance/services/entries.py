"""Undoing an entry by its mirror image. Nothing posted is changed or deleted."""

from __future__ import annotations

import uuid

from django.db import transaction
from django.utils.translation import gettext as _

from finance.ledger.errors import AlreadyReversed, NotAllowed
from finance.ledger.posting import Books
from finance.models import (
    AccountKind,
    CoverRecovery,
    Entry,
    EntryKind,
    ExternalLoan,
    ExternalPayment,
    InventoryWriteDown,
    Loan,
)
from finance.selectors.opening import effective_entries
from finance.services.posting import open_for_entry
from groups.models import User
from groups.shared.clock import now

_OF_MEETING_OR_COUNT = (EntryKind.MEETING, EntryKind.SETTLEMENT)
_OF_SURPLUS = (EntryKind.SURPLUS, EntryKind.SHARE_OUT)
_FOLLOWS = (EntryKind.REVERSAL, EntryKind.REALLOCATION)
REVERSED_BY_ITSELF = frozenset(EntryKind) - {*_OF_MEETING_OR_COUNT, *_OF_SURPLUS, *_FOLLOWS}
"""The kinds of entry that `entry_reverse` may undo."""


@transaction.atomic
def entry_reverse(*, actor: User, entry: Entry, reason: str, key: uuid.UUID) -> Entry:
    """Undo an entry by its mirror image, dated like it; both stay visible.

    A loan paid out or received in it never happened and is cancelled; one that was repaid from since is
    `NotAllowed`, its payments come first, and so does what was paid back to those who covered arrears. A meeting is
    corrected as a whole, in the minute book, and a settlement stands. A payment of fee alone on a loan that came to its
    end since is `NotAllowed` too: nobody would be asked for that fee any more.
    """
    books = open_for_entry(actor, entry.group, key, everything=True)
    if entry.kind == EntryKind.REVERSAL:
        raise NotAllowed(_("A reversal cannot be reversed."))
    if entry.kind == EntryKind.REALLOCATION:
        raise NotAllowed(_("This entry follows from other payments on the loan, and changes with them."))
    if entry.kind in _OF_MEETING_OR_COUNT:
        raise NotAllowed(_("This entry belongs to a meeting or a cash count and cannot be reversed by itself."))
    if entry.kind in _OF_SURPLUS:
        raise NotAllowed(_("A division of the surplus or a share-out is taken back on its own page."))
    if Entry.objects.filter(reverses=entry).exists():
        raise AlreadyReversed
    loans = list(Loan.objects.filter(accounts__debits__entry=entry, accounts__kind=AccountKind.LOAN))
    received = ExternalLoan.objects.filter(accounts__credits__entry=entry)
    paid = ExternalPayment.objects.filter(entry__reversed_by__isnull=True).exclude(entry=entry)
    if any(_repaid(books, loan, entry) for loan in loans) or paid.filter(external_loan__in=received).exists():
        raise NotAllowed(_("Payments were made on this loan; reverse them first."))
    if entry.kind == EntryKind.OPENING and effective_entries(books.group).exclude(pk=entry.pk).exists():
        raise NotAllowed(_("Money was recorded since. Reverse that first: opening balances come before everything."))
    if CoverRecovery.objects.filter(cover__entry=entry, entry__reversed_by__isnull=True).exists():
        raise NotAllowed(_("Some of this was paid back already; reverse that first."))
    ended = _ended_in(books, entry)
    if InventoryWriteDown.objects.filter(item__entry=entry, entry__reversed_by__isnull=True).exists():
        raise NotAllowed(_("This thing was written down since; reverse that first."))
    _run_again(ended)
    books.undo(entry)
    reversal = books.post_undone(key=key, memo=reason)
    Loan.objects.filter(pk__in=[loan.pk for loan in loans]).update(cancelled_at=now())
    ExternalLoan.objects.filter(pk__in=received).update(cancelled_at=now())
    return reversal


def _ended_in(books: Books, entry: Entry) -> list[Loan]:
    """Return the loans that `entry` rescheduled or wrote off; `NotAllowed` if money was recovered since."""
    if entry.kind not in (EntryKind.RESCHEDULE, EntryKind.WRITE_OFF):
        return []
    ended = Loan.objects.filter(accounts__credits__entry=entry, accounts__kind=AccountKind.LOAN).distinct()
    if any(books.balance(AccountKind.RECOVERY, loan=loan) for loan in ended):
        raise NotAllowed(_("Money was recovered on this loan since; reverse that first."))
    accounts = [books.account(AccountKind.LOAN, loan=loan) for loan in ended]
    return [account.loan for account in accounts if account.loan is not None]


def _run_again(loans: list[Loan]) -> None:
    """Let loans of the books run again whose end is taken back."""
    for loan in loans:
        loan.ended_as, loan.ended_on, loan.unpaid_principal = "", None, 0
        loan.save(update_fields=["ended_as", "ended_on", "unpaid_principal"])


def _repaid(books: Books, loan: Loan, entry: Entry) -> bool:
    """Say whether something beyond `entry`, which paid the loan out or brought it along, moved on the loan."""
    paid: dict[str, int] = {AccountKind.LOAN: 0, AccountKind.SERVICE_FEE: 0}
    credits = entry.transfers.filter(credit_account__loan=loan, credit_account__kind__in=paid)
    for line in credits.select_related("credit_account"):
        paid[line.credit_account.kind] += line.amount
    fee = books.balance(AccountKind.SERVICE_FEE, loan=loan) - paid[AccountKind.SERVICE_FEE]
    return fee > 0 or books.balance(AccountKind.LOAN, loan=loan) < loan.principal - paid[AccountKind.LOAN]
