"""Closing a period: nothing is posted on or before its last day any more."""

from __future__ import annotations

import uuid
from datetime import date

from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from finance.ledger.errors import AlreadyPosted, NotAllowed, PeriodClosed
from finance.models import PeriodClosing
from groups.models import Group, User
from groups.permissions import Capability, lock_group


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
    if through >= timezone.localdate():
        raise NotAllowed(_("Only days that are over can be closed."))
    if through < group.founded_on:
        raise NotAllowed(_("The group did not exist yet on this date."))
    group.books_closed_through = through
    group.save(update_fields=["books_closed_through"])
    with connection.cursor() as cursor:
        cursor.execute(_SNAPSHOT, {"group": group.pk, "through": through})
    return PeriodClosing.objects.create(group=group, through=through, key=key, closed_by=actor)


# The sums of today less what moved since: a period is closed soon after its end, so little has.
_SNAPSHOT = """
    INSERT INTO finance_periodbalance (group_id, through, account_id, debits, credits)
    SELECT a.group_id, %(through)s, a.id,
        a.debits_posted - COALESCE(d.total, 0), a.credits_posted - COALESCE(c.total, 0)
    FROM finance_account a
    LEFT JOIN (
        SELECT t.debit_account_id AS account_id, SUM(t.amount) AS total
        FROM finance_transfer t JOIN finance_entry e ON e.id = t.entry_id
        WHERE e.group_id = %(group)s AND e.effective_on > %(through)s GROUP BY t.debit_account_id
    ) d ON d.account_id = a.id
    LEFT JOIN (
        SELECT t.credit_account_id AS account_id, SUM(t.amount) AS total
        FROM finance_transfer t JOIN finance_entry e ON e.id = t.entry_id
        WHERE e.group_id = %(group)s AND e.effective_on > %(through)s GROUP BY t.credit_account_id
    ) c ON c.account_id = a.id
    WHERE a.group_id = %(group)s
"""
