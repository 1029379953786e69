"""What a member who leaves has saved and owes."""

from __future__ import annotations

from datetime import date

from finance.ledger.posting import books_of
from finance.models import Entry, EntryKind
from finance.rules.leaving import Leaving, leaving_of
from finance.selectors.covers import open_covers
from groups.models import Member, User


def money_at_leaving(actor: User, member: Member, *, as_of: date) -> Leaving:
    """Return what would be settled with `member` on the day `as_of`, for looking only."""
    return leaving_of(
        books_of(member.group, actor, everything=True),
        member,
        as_of,
        open_covers(member.group, debtor=member, as_of=as_of),
    )


def settlement_of(member: Member) -> Entry | None:
    """Return the entry that settled a member who left, None if there is none or it was reversed."""
    entries = Entry.objects.filter(
        group=member.group_id, kind=EntryKind.LEAVING, transfers__member=member, reversed_by__isnull=True
    )
    return entries.filter(effective_on__gte=member.left_on).select_related("group").order_by("-pk").first()


def last_entry_on(member: Member) -> date | None:
    """Return the last day on which money of the member moved, None if none did."""
    entries = Entry.objects.filter(transfers__member=member).order_by("-effective_on")
    return entries.values_list("effective_on", flat=True).first()
