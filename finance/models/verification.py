"""What `verify_ledger` has found right: a run over the whole ledger, so that the next one can look at what is new."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from groups.shared.clock import now


class LedgerVerification(models.Model):
    """A full run that found nothing: the ledger held `entries` entries with ids up to `through_entry`."""

    through_entry = models.BigIntegerField(_("last entry"))
    entries = models.BigIntegerField(_("entries"))
    verified_at = models.DateTimeField(_("verified at"), default=now, editable=False)

    class Meta:
        verbose_name = _("verification of the ledger")
        verbose_name_plural = _("verifications of the ledger")

    def __str__(self) -> str:
        return f"{self.through_entry}"
