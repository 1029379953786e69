"""Fines, the social fund, and money that belongs to no member. Whole rupiah."""

from __future__ import annotations

import uuid
from datetime import date

from django.db import transaction

from finance.ledger.fines import Charge
from finance.models import (
    Entry,
    EntryKind,
    ObligationKind,
)
from finance.rules import lines
from finance.services.posting import open_for_entry, post_entry
from groups.models import Group, Member, User


@transaction.atomic
def fine_pay(*, actor: User, group: Group, member: Member, amount: int, reason: str, on: date, key: uuid.UUID) -> Entry:
    """Take a fine from a member: for what is owed that day, the oldest first, and else for the `reason` of now."""
    books = open_for_entry(actor, group, key, of=member)
    running = {loan.pk for loan in books.running_loans()}
    new = amount - sum(fine.left for fine in books.fines_on(on).of_member(member, running))
    charges = [Charge(member, ObligationKind.OTHER, new, reason)] if new > 0 else []
    return post_entry(books, EntryKind.FINE, on, lines.fine(books, member, amount, reason), key, charges)


@transaction.atomic
def social_contribute(
    *, actor: User, group: Group, member: Member, amount: int, on: date, key: uuid.UUID, memo: str = ""
) -> Entry:
    """Take a member's contribution to the social fund."""
    books = open_for_entry(actor, group, key, of=member)
    return post_entry(books, EntryKind.SOCIAL, on, lines.social_contribution(books, member, amount, memo), key)


@transaction.atomic
def social_help(
    *, actor: User, group: Group, member: Member, amount: int, reason: str, on: date, key: uuid.UUID
) -> Entry:
    """Help a member from the social fund in cash; more than the fund holds is `InsufficientFunds`."""
    books = open_for_entry(actor, group, key, of=member)
    return post_entry(books, EntryKind.SOCIAL, on, lines.social_help(books, member, amount, reason), key)


@transaction.atomic
def other_money_record(
    *, actor: User, group: Group, kind: lines.OtherMoney, amount: int, memo: str, on: date, key: uuid.UUID
) -> Entry:
    """Record money in or out that belongs to no member: income, expense, grant, social fund, bank."""
    books = open_for_entry(actor, group, key)
    return post_entry(books, EntryKind.OTHER, on, lines.other_money(books, kind, amount, memo), key)
