"""Following up what meetings decided."""

from __future__ import annotations

from datetime import date

from django.db import transaction

from groups.models import Group, User
from groups.permissions import Capability, lock_group
from meetings.models import AgendaItem


@transaction.atomic
def decision_done(*, actor: User, group: Group, item: AgendaItem, on: date | None) -> AgendaItem:
    """Mark a decision as carried out on a day, or as open again with None."""
    group = lock_group(actor, Capability.RECORD, group)
    item = AgendaItem.objects.get(pk=item.pk, group=group)
    item.done_on = on
    item.done_by = actor if on else None
    item.save(update_fields=["done_on", "done_by"])
    return item
