"""A member leaves: the money is settled in one entry."""

from __future__ import annotations

import uuid
from datetime import date

from django.db import transaction
from django.utils.translation import gettext as _

from finance.errors import NotAllowed
from finance.leaving import leaving_of, lines_of
from finance.models import Entry, EntryKind
from finance.services.money import _open, _post
from groups.models import Group, Member, User
from groups.money import rupiah


@transaction.atomic
def member_settle(*, actor: User, group: Group, member: Member, on: date, key: uuid.UUID) -> Entry:
    """Pay a leaving member's loans from the member's savings and hand the rest out in cash.

    Afterwards savings and loans are zero. Works also for a member who has left already. `NotAllowed` for a member who
    owes more than was saved, and where there is nothing to settle; `InsufficientFunds` when the cash is not there.
    """
    books = _open(actor, group, key, of=member, everything=True)
    settled = leaving_of(books, member, on)
    if settled.is_settled:
        raise NotAllowed(_("There is nothing to settle."))
    if settled.net < 0:
        raise NotAllowed(
            _("%(member)s owes %(short)s more than was saved. Let the loan be paid down first, or write it off.")
            % {"member": member, "short": rupiah(-settled.net)}
        )
    return _post(books, EntryKind.LEAVING, on, list(lines_of(books, settled)), key)
