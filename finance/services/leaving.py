"""A member leaves: the money is settled in one entry."""

from __future__ import annotations

import uuid
from datetime import date

from django.db import transaction
from django.utils.translation import gettext as _

from finance.ledger.errors import NotAllowed
from finance.models import AccountKind, CoverRecovery, Entry, EntryKind
from finance.rules.leaving import leaving_of, lines_of
from finance.selectors.covers import open_covers
from finance.services.posting import open_for_entry, post_entry
from groups.models import Group, Member, User
from groups.shared.money import rupiah


@transaction.atomic
def member_settle(
    *,
    actor: User,
    group: Group,
    member: Member,
    on: date,
    key: uuid.UUID,
    source: AccountKind = AccountKind.CASH,
) -> Entry:
    """Pay a leaving member's loans and fines from the savings, then who covered arrears, and the rest out of `source`.

    Afterwards savings and loans are zero; what coverers did not get stays owed to them. Works also for a member who
    has left already. `NotAllowed` for a member who owes more than was saved, and where there is nothing to
    settle; `InsufficientFunds` when the money is not there.
    """
    books = open_for_entry(actor, group, key, of=member, everything=True)
    settled = leaving_of(books, member, on, open_covers(group, debtor=member, as_of=on))
    if settled.is_settled:
        raise NotAllowed(_("There is nothing to settle."))
    if settled.net < 0:
        raise NotAllowed(
            _(
                "%(member)s owes %(short)s more than was saved. Let it be paid first, or write the loan off "
                "and waive the fines."
            )
            % {"member": member, "short": rupiah(-settled.net)}
        )
    entry = post_entry(books, EntryKind.LEAVING, on, list(lines_of(books, settled, source=source)), key)
    CoverRecovery.objects.bulk_create(
        CoverRecovery(group=group, cover=paid.cover, amount=paid.amount, to_savings=paid.to_savings, entry=entry)
        for paid in settled.paid_back
    )
    return entry
