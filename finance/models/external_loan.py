"""Loans the group takes from outside: a UPK, a bank, a microfinance institution. Whole rupiah."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from finance.models.ledger import Entry
from finance.models.terms import LoanAgreement, LoanEvery, RateSaid
from finance.schedules import ScheduledInstalment, anchor_of, build_schedule, rate_of_period
from groups.models import Group, Method
from groups.shared.clock import now


class ExternalLoan(LoanAgreement):
    """A loan to the group, with the terms of its lender.

    The balance is that of its EXTERNAL_LOAN account; what was paid as fee is kept in its payments, for the fees of all
    lenders share one account.
    """

    group = models.ForeignKey(Group, on_delete=models.PROTECT, related_name="external_loans", verbose_name=_("group"))
    number = models.PositiveIntegerField(_("number"))
    lender = models.CharField(_("lender"), max_length=120)
    received_on = models.DateField(_("received on"))
    # Set when the entry that received the loan was reversed and the loan turned out never to have been.
    cancelled_at = models.DateTimeField(_("cancelled at"), null=True, blank=True)
    key = models.UUIDField(_("idempotency key"), default=uuid.uuid4, editable=False)
    recorded_at = models.DateTimeField(_("recorded at"), default=now, editable=False)
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("recorded by")
    )

    class Meta:
        verbose_name = _("loan from outside")
        verbose_name_plural = _("loans from outside")
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(name="external_loan_number_once", fields=["group", "number"]),
            models.UniqueConstraint(name="external_loan_key_once", fields=["group", "key"]),
            models.CheckConstraint(name="external_loan_principal", condition=Q(principal__gt=0)),
            models.CheckConstraint(name="external_loan_rate", condition=Q(rate__gte=0) & Q(rate__lt=1)),
            models.CheckConstraint(name="external_loan_rate_per", condition=Q(rate_per__in=RateSaid.values)),
            models.CheckConstraint(name="external_loan_method", condition=Q(method__in=Method.values)),
            models.CheckConstraint(name="external_loan_every", condition=Q(every__in=LoanEvery.values)),
            models.CheckConstraint(name="external_loan_periods", condition=Q(periods__gte=1)),
            models.CheckConstraint(name="external_loan_first_due", condition=Q(first_due__gt=F("received_on"))),
        ]

    def __str__(self) -> str:
        return f"{self.lender} {self.number}"

    def schedule(self) -> list[ScheduledInstalment]:
        """Return the instalments by these terms, on fixed days."""
        return build_schedule(
            principal=self.principal,
            rate=rate_of_period(self.rate, self.rate_per, self.every),  # type: ignore[arg-type]
            periods=self.periods,
            method=self.method,  # type: ignore[arg-type]  # the database allows no other value
            round_up_to=self.round_up_to,
            first_due=self.first_due,
            every=self.every,  # type: ignore[arg-type]
            anchor_day=anchor_of(self.received_on, self.first_due),
        )


class ExternalPayment(models.Model):
    """What one entry paid to a lender, in rupiah; it stops to count when the entry is reversed."""

    group = models.ForeignKey(Group, on_delete=models.PROTECT, related_name="+", verbose_name=_("group"))
    external_loan = models.ForeignKey(
        ExternalLoan, on_delete=models.PROTECT, related_name="payments", verbose_name=_("loan from outside")
    )
    service_fee = models.BigIntegerField(_("service fee (jasa)"))
    principal = models.BigIntegerField(_("principal"))
    entry = models.ForeignKey(
        Entry, on_delete=models.PROTECT, related_name="external_payments", verbose_name=_("entry")
    )

    class Meta:
        verbose_name = _("payment to a lender")
        verbose_name_plural = _("payments to lenders")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(name="external_payment_once", fields=["group", "entry", "external_loan"]),
            models.CheckConstraint(
                name="external_payment_amounts",
                condition=Q(service_fee__gte=0, principal__gte=0) & (Q(service_fee__gt=0) | Q(principal__gt=0)),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.pk}"

    @property
    def total(self) -> int:
        """Service fee and principal together, in rupiah."""
        return self.service_fee + self.principal
