"""What a member who leaves has saved and owes."""

from __future__ import annotations

from datetime import date

from finance.ledger.reading import read_books
from finance.models import Entry, EntryKind
from finance.rules.leaving import Leaving, leaving_of
from finance.selectors.covers import open_covers
from groups.models import Member


def money_at_leaving(member: Member, *, as_of: date) -> Leaving:
    """Return what would be settled with `member` on the day `as_of`, of all that is recorded by now."""
    books = read_books(member.group, date.max, everything=True)
    return leaving_of(books, member, as_of, open_covers(member.group, debtor=member, as_of=as_of))


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
