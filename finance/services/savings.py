"""Savings of members, in and out. Whole rupiah."""

from __future__ import annotations

import uuid
from datetime import date

from django.db import transaction
from django.utils.translation import gettext as _

from finance.ledger.errors import NotAllowed
from finance.models import (
    AccountKind,
    Entry,
    EntryKind,
)
from finance.rules import lines
from finance.services.posting import open_for_entry, post_entry
from groups.models import Group, Member, User
from groups.selectors import rules_in_force
from groups.shared.money import rupiah


@transaction.atomic
def savings_deposit(
    *,
    actor: User,
    group: Group,
    member: Member,
    kind: AccountKind,
    amount: int,
    on: date,
    key: uuid.UUID,
    memo: str = "",
) -> Entry:
    """Take savings of `kind` (POKOK, WAJIB or SUKARELA) from a member in cash."""
    books = open_for_entry(actor, group, key, of=member)
    return post_entry(books, EntryKind.SAVINGS, on, lines.deposit(books, kind, member, amount, memo), key)


@transaction.atomic
def savings_withdraw(
    *, actor: User, group: Group, member: Member, amount: int, on: date, key: uuid.UUID, memo: str = ""
) -> Entry:
    """Pay voluntary savings out to a member, also one who left; more than the savings is `InsufficientFunds`.

    What the rules of the day say must stay (`sukarela_minimum`) does stay while the member does; else it is
    `NotAllowed`.
    """
    books = open_for_entry(actor, group, key, of=member)
    rules = rules_in_force(books.group, as_of=on)
    stored = books.stored_members([member])[member.pk]
    stays = rules.sukarela_minimum if rules is not None and stored.is_member_on(on) else 0
    saved = books.balance(AccountKind.SUKARELA, member=member)
    if saved - stays < amount <= saved:
        raise NotAllowed(_("By the rules %s must stay.") % rupiah(stays))
    return post_entry(books, EntryKind.SAVINGS, on, lines.withdrawal(books, member, amount, memo), key)
