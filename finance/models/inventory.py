"""Things the group owns: a simple inventory, in whole rupiah."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from finance.models.ledger import Entry
from groups.models import Group
from groups.shared.clock import now


class InventoryItem(models.Model):
    """A thing bought, or brought along at the cut-off, at the price of that day; never edited.

    What it is still worth in the books is the price less its write-downs; a thing disposed of is written down wholly.
    One whose entry was reversed never was.
    """

    group = models.ForeignKey(Group, on_delete=models.PROTECT, related_name="inventory", verbose_name=_("group"))
    name = models.CharField(_("what it is"), max_length=120)
    acquired_on = models.DateField(_("acquired on"))
    price = models.BigIntegerField(_("price"))
    entry = models.ForeignKey(Entry, on_delete=models.PROTECT, related_name="inventory", verbose_name=_("entry"))
    key = models.UUIDField(_("idempotency key"))
    recorded_at = models.DateTimeField(_("recorded at"), default=now, editable=False)
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("recorded by")
    )

    class Meta:
        verbose_name = _("inventory item")
        verbose_name_plural = _("inventory")
        ordering = ["acquired_on", "pk"]
        constraints = [
            models.UniqueConstraint(name="inventory_key_once", fields=["group", "key"]),
            models.CheckConstraint(name="inventory_price", condition=Q(price__gt=0)),
        ]

    def __str__(self) -> str:
        return self.name


class InventoryWriteDown(models.Model):
    """A loss of worth, in rupiah, that one entry moved from the inventory to the expenses."""

    group = models.ForeignKey(Group, on_delete=models.PROTECT, related_name="+", verbose_name=_("group"))
    item = models.ForeignKey(
        InventoryItem, on_delete=models.PROTECT, related_name="write_downs", verbose_name=_("inventory item")
    )
    amount = models.BigIntegerField(_("amount"))
    entry = models.OneToOneField(Entry, on_delete=models.PROTECT, related_name="write_down", verbose_name=_("entry"))

    class Meta:
        verbose_name = _("write-down")
        verbose_name_plural = _("write-downs")
        ordering = ["pk"]
        constraints = [models.CheckConstraint(name="write_down_amount", condition=Q(amount__gt=0))]

    def __str__(self) -> str:
        return f"{self.amount}"
