"""Whether a group may still enter its opening balances."""

from __future__ import annotations

from django.db.models import Case, QuerySet, When

from finance.models import Entry, EntryKind
from groups.models import Group


def opening_of(group: Group) -> Entry | None:
    """Return the entry of the group's opening balances that stands, None if there is none."""
    return Entry.objects.filter(group=group, kind=EntryKind.OPENING, reversed_by__isnull=True).first()


def effective_entries(group: Group) -> QuerySet[Entry]:
    """Return the entries of `group` that were not reversed, and no reversals."""
    return Entry.objects.filter(group=group, reversed_by__isnull=True).exclude(kind=EntryKind.REVERSAL)


def first_to_count(group: Group) -> Entry | None:
    """Return an entry of those that `effective_entries` gives, that of the opening balances before any other."""
    is_other = Case(When(kind=EntryKind.OPENING, then=0), default=1)
    return effective_entries(group).order_by(is_other, "pk").first()


def may_open(group: Group) -> bool:
    """Say whether the ledger is empty, or everything in it was reversed."""
    return not effective_entries(group).exists()
