"""Lines of the bank book found on the bank's statement."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from finance.models.ledger import Transfer
from groups.models import Group
from groups.shared.clock import now


class BankTick(models.Model):
    """Somebody saw a line of the bank book on the statement of a day; once for each line, never edited."""

    group = models.ForeignKey(Group, on_delete=models.PROTECT, related_name="+", verbose_name=_("group"))
    transfer = models.OneToOneField(
        Transfer, on_delete=models.PROTECT, related_name="bank_tick", verbose_name=_("transfer")
    )
    statement_on = models.DateField(_("date of the statement"))
    ticked_at = models.DateTimeField(_("recorded at"), default=now, editable=False)
    ticked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("recorded by")
    )

    class Meta:
        verbose_name = _("line seen on the bank statement")
        verbose_name_plural = _("lines seen on the bank statement")
        ordering = ["pk"]

    def __str__(self) -> str:
        return date_format(self.statement_on)
