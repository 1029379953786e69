"""Bank accounts of a group, and who signs for them from which day."""

from __future__ import annotations

import uuid
from datetime import date
from typing import Self

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from groups.models.dated import effective_between
from groups.models.group import Group
from groups.models.member import Member
from groups.shared.clock import now, refuse_to_come, today_of

MOST_SIGNERS = 20
"""More people do not sign one slip."""


class BankAccountQuerySet(models.QuerySet["BankAccount"]):
    """Bank accounts by date."""

    def effective(self, as_of: date) -> Self:
        """Return the accounts that are open on the day `as_of`; on the day of closing one is none any more."""
        return self.filter(effective_between("opened_on", "closed_on", as_of))


class BankAccount(models.Model):
    """An account at a bank in the group's name, from the day it was opened to the day it was closed."""

    group = models.ForeignKey(Group, on_delete=models.PROTECT, related_name="bank_accounts", verbose_name=_("group"))
    bank = models.CharField(_("bank"), max_length=60)
    number = models.CharField(_("bank account number"), max_length=30)
    opened_on = models.DateField(_("opened on"))
    closed_on = models.DateField(_("closed on"), null=True, blank=True)
    # The key of the form that recorded the account: the same form sent twice is one account.
    key = models.UUIDField(_("idempotency key"), default=uuid.uuid4, editable=False)
    recorded_at = models.DateTimeField(_("recorded at"), default=now, editable=False)
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("recorded by")
    )

    objects = BankAccountQuerySet.as_manager()

    class Meta:
        verbose_name = _("bank account")
        verbose_name_plural = _("bank accounts")
        ordering = ["-opened_on", "-pk"]
        constraints = [
            models.UniqueConstraint(name="bank_account_key_once", fields=["group", "key"]),
            models.UniqueConstraint(
                name="bank_account_number_once",
                fields=["group", "bank", "number"],
                condition=Q(closed_on__isnull=True),
                violation_error_message=_("The group has this account already."),
            ),
            models.CheckConstraint(name="bank_account_named", condition=~Q(bank="") & ~Q(number="")),
            models.CheckConstraint(
                name="bank_account_dates",
                condition=Q(closed_on__isnull=True) | Q(closed_on__gte=F("opened_on")),
                violation_error_message=_("An account cannot be closed before it was opened."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.bank} {self.number}"

    def clean(self) -> None:
        """Refuse a day to come or before the group."""
        if self.opened_on is None:
            return
        refuse_to_come(self.opened_on, today_of(self.group), at="opened_on")
        if self.opened_on < self.group.founded_on:
            raise ValidationError({"opened_on": _("The group did not exist yet on this date.")})


class BankMandate(models.Model):
    """How many people sign together to withdraw money, and who they are, from one day on; a change is another row."""

    group = models.ForeignKey(Group, on_delete=models.PROTECT, related_name="+", verbose_name=_("group"))
    account = models.ForeignKey(
        BankAccount, on_delete=models.PROTECT, related_name="mandates", verbose_name=_("bank account")
    )
    valid_from = models.DateField(_("valid from"))
    signatures = models.PositiveSmallIntegerField(
        _("signatures needed"), validators=[MinValueValidator(1), MaxValueValidator(MOST_SIGNERS)]
    )
    recorded_at = models.DateTimeField(_("recorded at"), default=now, editable=False)
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("recorded by")
    )

    class Meta:
        verbose_name = _("who signs for a bank account")
        verbose_name_plural = _("who signs for bank accounts")
        ordering = ["-valid_from", "-pk"]
        constraints = [
            models.CheckConstraint(
                name="bank_mandate_signatures", condition=Q(signatures__gte=1, signatures__lte=MOST_SIGNERS)
            )
        ]
        indexes = [models.Index(fields=["account", "-valid_from", "-id"], name="bank_mandate_day")]

    def __str__(self) -> str:
        return f"{self.valid_from}"


class BankSigner(models.Model):
    """A member who signs under a mandate."""

    group = models.ForeignKey(Group, on_delete=models.PROTECT, related_name="+", verbose_name=_("group"))
    mandate = models.ForeignKey(BankMandate, on_delete=models.PROTECT, related_name="signers")
    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="+", verbose_name=_("member"))

    class Meta:
        verbose_name = _("signer")
        verbose_name_plural = _("signers")
        ordering = ["member__number"]
        constraints = [models.UniqueConstraint(name="bank_signer_once", fields=["mandate", "member"])]

    def __str__(self) -> str:
        return str(self.member)
