"""Closed periods and what the accounts held at their ends, in whole rupiah."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from finance.models.ledger import Account
from groups.models import Group
from groups.shared.clock import now


class PeriodClosing(models.Model):
    """The books of a group were closed through a day, by somebody; never edited, never undone."""

    group = models.ForeignKey(Group, on_delete=models.PROTECT, related_name="closings", verbose_name=_("group"))
    through = models.DateField(_("closed through"))
    key = models.UUIDField(_("idempotency key"))
    closed_at = models.DateTimeField(_("recorded at"), default=now, editable=False)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("recorded by")
    )

    class Meta:
        verbose_name = _("closed period")
        verbose_name_plural = _("closed periods")
        ordering = ["-through"]
        constraints = [
            models.UniqueConstraint(name="period_closing_once", fields=["group", "through"]),
            models.UniqueConstraint(name="period_closing_key_once", fields=["group", "key"]),
        ]

    def __str__(self) -> str:
        return f"{self.through}"


class PeriodBalance(models.Model):
    """Everything posted to an account by the end of the last day of a closed period.

    Nothing is posted on or before that day any more, so the sums stay true for good.
    """

    group = models.ForeignKey(Group, on_delete=models.PROTECT, related_name="+", verbose_name=_("group"))
    through = models.DateField(_("closed through"))
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+", verbose_name=_("account"))
    debits = models.BigIntegerField(_("debits"))
    credits = models.BigIntegerField(_("credits"))

    class Meta:
        verbose_name = _("balance at the end of a period")
        verbose_name_plural = _("balances at the end of a period")
        ordering = ["through", "account"]
        constraints = [
            models.UniqueConstraint(name="period_balance_once", fields=["group", "through", "account"]),
            models.CheckConstraint(name="period_balance_sums", condition=Q(debits__gte=0) & Q(credits__gte=0)),
        ]

    def __str__(self) -> str:
        return f"{self.through}"
