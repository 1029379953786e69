"""Things a group owns and what they are still worth."""

from __future__ import annotations

from django.db.models import BigIntegerField, F, OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from finance.models import InventoryItem, InventoryWriteDown
from groups.models import Group


def inventory_items(group: Group) -> QuerySet[InventoryItem]:
    """Return the things `group` acquired, oldest first, with `worth`: the price less what was written down."""
    downs = InventoryWriteDown.objects.filter(item=OuterRef("pk"), entry__reversed_by__isnull=True).order_by()
    total = downs.values("item").annotate(total=Sum("amount")).values("total")
    items = InventoryItem.objects.filter(group=group, entry__reversed_by__isnull=True).select_related("entry")
    return items.annotate(worth=F("price") - Coalesce(Subquery(total), 0, output_field=BigIntegerField()))
