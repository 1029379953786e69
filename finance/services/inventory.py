"""Buying things for the group and writing them down. Whole rupiah, one entry each."""

from __future__ import annotations

import uuid
from datetime import date

from django.db import transaction
from django.utils.translation import gettext as _

from finance.ledger.errors import NotAllowed
from finance.models import AccountKind, Entry, EntryKind, InventoryItem, InventoryWriteDown
from finance.rules import lines
from finance.selectors.inventory import inventory_items
from finance.services.posting import open_for_entry, post_entry
from groups.models import Group, User
from groups.shared.money import rupiah


@transaction.atomic
def inventory_buy(
    *,
    actor: User,
    group: Group,
    name: str,
    price: int,
    on: date,
    key: uuid.UUID,
    source: AccountKind = AccountKind.CASH,
) -> InventoryItem:
    """Pay for a thing the group keeps, out of the cash box or the bank (`source`)."""
    books = open_for_entry(actor, group, key)
    entry = post_entry(books, EntryKind.INVENTORY, on, lines.inventory_bought(books, price, name, source=source), key)
    return InventoryItem.objects.create(
        group=group, name=name, acquired_on=on, price=price, entry=entry, key=key, recorded_by=actor
    )


@transaction.atomic
def inventory_write_down(
    *,
    actor: User,
    item: InventoryItem,
    amount: int,
    reason: str,
    on: date,
    key: uuid.UUID,
    received: int = 0,
    into: AccountKind = AccountKind.CASH,
) -> Entry:
    """Take `amount` off what a thing is worth; all of it when the thing is gone or sold.

    It becomes an expense, less what was `received` for it into the cash box or the bank; what was received beyond
    is income.
    """
    books = open_for_entry(actor, item.group, key)
    owned = inventory_items(item.group).filter(pk=item.pk).first()
    worth = owned.worth if owned is not None else 0  # type: ignore[attr-defined]  # annotated by the selector
    if amount < 1 or received < 0:
        raise NotAllowed(_("The amount must be more than zero."))
    if amount > worth:
        raise NotAllowed(_("The thing is worth only %s in the books.") % rupiah(worth))
    if on < item.acquired_on:
        raise NotAllowed(_("The group did not have the thing yet on this date."))
    memo = f"{item.name}: {reason}"[:200]
    moved = lines.inventory_written_down(books, amount, memo, received=received, into=into)
    entry = post_entry(books, EntryKind.INVENTORY, on, moved, key)
    InventoryWriteDown.objects.create(group=item.group, item=item, amount=amount, entry=entry)
    return entry
