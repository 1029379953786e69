"""Closing a period: nothing is posted on or before its last day any more."""

from __future__ import annotations

import uuid
from datetime import date

from django.db import transaction
from django.utils.translation import gettext as _

from finance.ledger.errors import AlreadyPosted, NotAllowed, PeriodClosed
from finance.ledger.reading import read_books
from finance.models import PeriodBalance, PeriodClosing
from groups.models import Group, User
from groups.permissions import Capability, lock_group
from groups.shared.clock import today_of


@transaction.atomic
def period_close(*, actor: User, group: Group, through: date, key: uuid.UUID) -> PeriodClosing:
    """Close the books of `group` through the day `through`, for good, and keep every account's sums of that day.

    Raises `PeriodClosed` for a day that is closed already, `NotAllowed` for one that is not over yet or from before
    the group existed, `AlreadyPosted` for a key used before.
    """
    group = lock_group(actor, Capability.RECORD, group)
    if PeriodClosing.objects.filter(group=group, key=key).exists():
        raise AlreadyPosted
    if group.books_closed_through is not None and through <= group.books_closed_through:
        raise PeriodClosed(group.books_closed_through)
    if through >= today_of(group):
        raise NotAllowed(_("Only days that are over can be closed."))
    if through < group.founded_on:
        raise NotAllowed(_("The group did not exist yet on this date."))
    PeriodBalance.objects.bulk_create(
        PeriodBalance(
            group=group,
            through=through,
            account=account,
            debits=account.debits_posted,
            credits=account.credits_posted,
        )
        for account in read_books(group, through, everything=True).accounts.values()
    )
    group.books_closed_through = through
    group.save(update_fields=["books_closed_through"])
    return PeriodClosing.objects.create(group=group, through=through, key=key, closed_by=actor)
