"""What every loan has, one to a member as well as one to the group: its terms. Whole rupiah."""

from __future__ import annotations

from datetime import date

from django.db import models
from django.utils.translation import gettext_lazy as _

from finance.schedules import ScheduledInstalment, anchor_of, build_schedule
from groups.models import Method


class LoanEvery(models.TextChoices):
    """Time between instalments."""

    WEEK = "week", _("week")
    FORTNIGHT = "fortnight", _("two weeks")
    SELAPAN = "selapan", _("selapan (35 days)")
    MONTH = "month", _("month")


class LoanAgreement(models.Model):
    """The terms of a loan; `rate` is a fraction per period."""

    principal = models.BigIntegerField(_("principal"))
    rate = models.DecimalField(_("service fee (jasa) a period"), max_digits=6, decimal_places=5)
    method = models.CharField(_("fee method"), max_length=9, choices=Method)
    periods = models.PositiveSmallIntegerField(_("instalments"))
    every = models.CharField(_("every"), max_length=9, choices=LoanEvery, default=LoanEvery.MONTH)
    round_up_to = models.PositiveIntegerField(_("rounded up to"), default=1000)
    first_due = models.DateField(_("first instalment due"))
    purpose = models.CharField(_("purpose"), max_length=120, blank=True)

    class Meta:
        abstract = True

    @property
    def begun_on(self) -> date:
        """The day the money came."""
        raise NotImplementedError

    def schedule(self) -> list[ScheduledInstalment]:
        """Return the instalments by these terms, on fixed days."""
        return build_schedule(
            principal=self.principal,
            rate=self.rate,
            periods=self.periods,
            method=self.method,  # type: ignore[arg-type]  # the database allows no other value
            round_up_to=self.round_up_to,
            first_due=self.first_due,
            every=self.every,  # type: ignore[arg-type]
            anchor_day=anchor_of(self.begun_on, self.first_due),
        )
