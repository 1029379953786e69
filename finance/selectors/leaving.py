"""What a member who leaves has saved and owes."""

from __future__ import annotations

from datetime import date

from finance.leaving import Leaving, leaving_of
from finance.ledger import books_of
from groups.models import Member, User


def money_at_leaving(actor: User, member: Member, *, on: date) -> Leaving:
    """Return what would be settled with `member` on the day `on`, for looking only."""
    return leaving_of(books_of(member.group, actor, everything=True), member, on)
