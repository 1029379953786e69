"""What every loan has, one to a member as well as one to the group: its terms. Whole rupiah."""

from __future__ import annotations

from decimal import Decimal

from django.db import models
from django.utils.translation import gettext_lazy as _

from groups.models import Method


class LoanEvery(models.TextChoices):
    """Time between instalments."""

    WEEK = "week", _("week")
    FORTNIGHT = "fortnight", _("two weeks")
    SELAPAN = "selapan", _("selapan (35 days)")
    MONTH = "month", _("month")


class RateSaid(models.TextChoices):
    """What time the rate of a loan is said for."""

    PERIOD = "period", _("for each instalment")
    MONTH = "month", _("a month")
    YEAR = "year", _("a year")


class LoanAgreement(models.Model):
    """The terms of a loan; `rate` is a fraction of what `rate_per` says."""

    principal = models.BigIntegerField(_("principal"))
    rate = models.DecimalField(_("service fee (jasa)"), max_digits=7, decimal_places=6)
    rate_per = models.CharField(_("fee rate for"), max_length=6, choices=RateSaid, default=RateSaid.PERIOD)
    method = models.CharField(_("fee method"), max_length=9, choices=Method)
    periods = models.PositiveSmallIntegerField(_("instalments"))
    every = models.CharField(_("every"), max_length=9, choices=LoanEvery, default=LoanEvery.MONTH)
    round_up_to = models.PositiveIntegerField(_("rounded up to"), default=1000)
    first_due = models.DateField(_("first instalment due"))
    purpose = models.CharField(_("purpose"), max_length=120, blank=True)

    class Meta:
        abstract = True

    @property
    def rate_percent(self) -> Decimal:
        """The rate in percent: 1.5 for 0.015."""
        return Decimal(f"{(self.rate * 100).normalize():f}")
