"""Which groups have records that their snapshot does not know."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from groups.models.group import Group


class ChangedGroup(models.Model):
    """Something was recorded of a group that counts from the day `changed_from` on.

    Triggers write the row (`groups.triggers.mark_changed`), in the transaction of the record itself, and keep the
    earliest day. Who brings the group up to date deletes the row before reading any record, so a record that comes
    meanwhile leaves another.
    """

    group = models.OneToOneField(
        Group, on_delete=models.CASCADE, primary_key=True, related_name="changed", verbose_name=_("group")
    )
    changed_from = models.DateField(_("changed from"))

    class Meta:
        verbose_name = _("changed group")
        verbose_name_plural = _("changed groups")
        ordering = ["group"]

    def __str__(self) -> str:
        return f"{self.changed_from}"
