"""The lines of an entry."""

from __future__ import annotations

from django.db.models import (
    QuerySet,
)

from finance.models import Entry, Transfer


def entry_lines(entry: Entry) -> QuerySet[Transfer]:
    """Return the lines of an entry with their accounts, in the order they were posted."""
    return entry.transfers.select_related(
        "debit_account__member", "debit_account__loan", "credit_account__member", "credit_account__loan", "member"
    ).order_by("pk")
