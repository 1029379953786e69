"""What every service that posts one entry shares: the locked books under its key, and the posting.

They raise `finance.ledger.errors.LedgerError` with a message for the person at the form: `AlreadyPosted` for a key used
before, `InsufficientFunds`, `NotAllowed`; and `PermissionDenied`.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import date

from django.utils.translation import gettext as _

from finance.ledger.errors import AlreadyPosted, NotAllowed
from finance.ledger.fines import Charge
from finance.ledger.posting import Books, Posting, open_books
from finance.ledger.reading import Line
from finance.models import (
    Entry,
    EntryKind,
    ExternalLoan,
    Loan,
)
from groups.models import Group, Member, User


def open_for_entry(
    actor: User,
    group: Group,
    key: uuid.UUID,
    *,
    of: Member | Loan | ExternalLoan | None = None,
    everything: bool = False,
) -> Books:
    """Lock the group and open its books for one action under `key`, on something `of` that group."""
    books = open_books(group=group, actor=actor, everything=everything)
    # Before anything else: the same action sent twice must not be told that the money is gone.
    if Entry.objects.filter(group=group, key=key).exists():
        raise AlreadyPosted
    if of is not None and of.group_id != group.pk:
        raise NotAllowed(_("This belongs to another group."))
    return books


def post_entry(
    books: Books, kind: EntryKind, on: date, moved: Sequence[Line], key: uuid.UUID, charges: Sequence[Charge] = ()
) -> Entry:
    """Post one entry of `moved` under `key`, with the fines it brings; nothing moved is `NotAllowed`."""
    if not moved:
        raise NotAllowed(_("The amount must be more than zero."))
    (entry,) = books.post([Posting(kind=kind, effective_on=on, lines=moved, key=key, charges=charges)])
    return entry
