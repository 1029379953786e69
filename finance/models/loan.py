"""Loans to members with their schedules, in whole rupiah."""

from __future__ import annotations

from decimal import Decimal
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from finance.models.terms import LoanAgreement, LoanEvery, RateSaid
from groups.models import Group, LateFineBy, LoanDue, LoanKind, Member, Method, PayoffFee
from groups.shared.clock import now


class LoanEnd(models.TextChoices):
    """How a loan ended that was not repaid in full."""

    RESCHEDULED = "RESCHEDULED", _("rescheduled")
    WRITTEN_OFF = "WRITTEN_OFF", _("written off")


class Repayment(models.TextChoices):
    """How a loan is repaid."""

    INSTALMENTS = "INSTALMENTS", _("in instalments")
    HARVEST_MONTHLY = "HARVEST_MONTHLY", _("after the harvest, the fee every month")
    HARVEST_END = "HARVEST_END", _("after the harvest, the fee then too")


class LoanQuerySet(models.QuerySet["Loan"]):
    """Loans, and those by which money was lent anew."""

    def lent(self) -> Self:
        """Return the loans that were paid out, which those that took another's place were not."""
        return self.filter(cancelled_at__isnull=True, replaces__isnull=True)


class Loan(LoanAgreement):
    """A loan to a member, with the terms of the day it was decided.

    The balance is that of the loan's LOAN account; a loan is running while
    that balance is above zero. One that was rescheduled or written off says so in `ended_as`, and in
    `unpaid_principal` how much was not repaid then; the loan that replaces it points back at it.
    """

    group = models.ForeignKey(Group, on_delete=models.PROTECT, related_name="loans", verbose_name=_("group"))
    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="loans", verbose_name=_("member"))
    number = models.PositiveIntegerField(_("loan number"))
    disbursed_on = models.DateField(_("paid out on"))
    # The principal of a harvest loan is repaid once, on this day; its `periods` are the months in the fee.
    repayment = models.CharField(_("repaid"), max_length=15, choices=Repayment, default=Repayment.INSTALMENTS)
    harvest_on = models.DateField(_("harvest, when the principal is due"), null=True, blank=True)
    due_at = models.CharField(_("instalments fall due"), max_length=7, choices=LoanDue, default=LoanDue.DAY)
    payoff_fee = models.CharField(
        _("fee when it is paid off early"), max_length=7, choices=PayoffFee, default=PayoffFee.CHARGED
    )
    fine_late_instalment = models.PositiveBigIntegerField(_("fine for a late instalment"), default=0)
    fine_late_by = models.CharField(_("the fine is"), max_length=10, choices=LateFineBy, default=LateFineBy.INSTALMENT)
    fine_late_percent = models.DecimalField(_("fine, % of the instalment"), max_digits=5, decimal_places=2, default=0)
    fine_first = models.BooleanField(_("a payment goes to the fine first"), default=False)
    # Withheld when the loan was paid out, in rupiah: the provision is income, the deposit goes back at the end.
    provision = models.PositiveBigIntegerField(_("provision (provisi)"), default=0)
    deposit = models.PositiveBigIntegerField(_("deposit for joint liability"), default=0)
    # Asked for beside each instalment, a part of it, and kept with the deposit.
    deposit_each = models.DecimalField(
        _("deposit with each instalment, part of it"), max_digits=7, decimal_places=6, default=Decimal(0)
    )
    rebate_rate = models.DecimalField(
        _("given back for punctual payment (IPTW), part of the fee"), max_digits=7, decimal_places=6, default=Decimal(0)
    )
    principal_alone = models.BooleanField(_("a payment may go to the principal alone"), default=False)
    request = models.ForeignKey(
        "finance.LoanRequest",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="loans",
        verbose_name=_("request"),
    )
    replaces = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="replaced_by",
        verbose_name=_("replaces the loan"),
    )
    ended_as = models.CharField(_("ended as"), max_length=11, choices=LoanEnd, blank=True)
    ended_on = models.DateField(_("ended on"), null=True, blank=True)
    unpaid_principal = models.BigIntegerField(_("principal not repaid at the end"), default=0)
    # Where the money came from, if the group passed a loan from outside on.
    funded_by = models.ForeignKey(
        "finance.ExternalLoan",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="loans",
        verbose_name=_("passed on from"),
    )
    # Set when the meeting that paid the loan out was corrected and the loan turned out never to have been.
    cancelled_at = models.DateTimeField(_("cancelled at"), null=True, blank=True)
    recorded_at = models.DateTimeField(_("recorded at"), default=now, editable=False)
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("recorded by")
    )

    objects = LoanQuerySet.as_manager()

    class Meta:
        verbose_name = _("loan")
        verbose_name_plural = _("loans")
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(name="loan_number_once", fields=["group", "number"]),
            models.CheckConstraint(name="loan_principal", condition=Q(principal__gt=0)),
            models.CheckConstraint(name="loan_rate", condition=Q(rate__gte=0) & Q(rate__lt=1)),
            models.CheckConstraint(name="loan_method", condition=Q(method__in=Method.values)),
            models.CheckConstraint(name="loan_every", condition=Q(every__in=LoanEvery.values)),
            models.CheckConstraint(name="loan_periods", condition=Q(periods__gte=1)),
            models.CheckConstraint(name="loan_first_due", condition=Q(first_due__gt=F("disbursed_on"))),
            models.CheckConstraint(name="loan_rate_per", condition=Q(rate_per__in=RateSaid.values)),
            models.CheckConstraint(
                name="loan_harvest",
                condition=Q(repayment=Repayment.INSTALMENTS, harvest_on__isnull=True)
                | Q(
                    repayment__in=(Repayment.HARVEST_MONTHLY, Repayment.HARVEST_END),
                    every=LoanEvery.MONTH,
                    harvest_on__isnull=False,
                    harvest_on__gt=F("disbursed_on"),
                ),
            ),
            models.CheckConstraint(name="loan_withheld", condition=Q(principal__gt=F("provision") + F("deposit"))),
            models.CheckConstraint(name="loan_deposit_each", condition=Q(deposit_each__gte=0, deposit_each__lte=1)),
            models.CheckConstraint(name="loan_rebate", condition=Q(rebate_rate__gte=0, rebate_rate__lte=1)),
            models.CheckConstraint(name="loan_due_at", condition=Q(due_at__in=LoanDue.values)),
            models.CheckConstraint(name="loan_late_fine", condition=Q(fine_late_by__in=LateFineBy.values)),
            models.CheckConstraint(
                name="loan_late_percent", condition=Q(fine_late_percent__gte=0, fine_late_percent__lte=100)
            ),
            models.CheckConstraint(name="loan_payoff", condition=Q(payoff_fee__in=PayoffFee.values)),
            # A loan that was cancelled never was, so its request and the loan it replaced are free again.
            models.UniqueConstraint(
                name="loan_request_once", fields=["request"], condition=Q(cancelled_at__isnull=True)
            ),
            models.UniqueConstraint(
                name="loan_replaced_once", fields=["replaces"], condition=Q(cancelled_at__isnull=True)
            ),
            models.CheckConstraint(
                name="loan_end",
                condition=Q(ended_as="", ended_on__isnull=True, unpaid_principal=0)
                | Q(ended_as__in=LoanEnd.values, ended_on__gte=F("disbursed_on"), unpaid_principal__gt=0),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number}"

    @property
    def cash_paid_out(self) -> int:
        """Rupiah that the borrower got in hand."""
        return self.principal - self.provision - self.deposit

    @property
    def rebate_percent(self) -> Decimal:
        """The part of the fee that is given back for punctual payment, in percent."""
        return Decimal(f"{(self.rebate_rate * 100).normalize():f}")

    @property
    def deposit_each_percent(self) -> Decimal:
        """The deposit with each instalment, in percent of it."""
        return Decimal(f"{(self.deposit_each * 100).normalize():f}")

    @property
    def kind(self) -> LoanKind:
        """How it is repaid."""
        return LoanKind(self.every if self.repayment == Repayment.INSTALMENTS else self.repayment.lower())

    @property
    def fines_lateness(self) -> bool:
        """Whether the terms have a fine for late instalments."""
        return bool(self.fine_late_percent if self.fine_late_by == LateFineBy.PERCENT else self.fine_late_instalment)


class Instalment(models.Model):
    """One line of a loan's schedule, as `finance.schedules.build_schedule` gave it.

    It falls due on `due_on`, by which arrears and ageing count. `late_after` is the first agreed meeting on or after
    that day: who pays up to and on it is neither fined nor counted late in the score.
    """

    group = models.ForeignKey(Group, on_delete=models.PROTECT, related_name="+", verbose_name=_("group"))
    loan = models.ForeignKey(
        Loan, on_delete=models.PROTECT, related_name="instalments", db_index=False, verbose_name=_("loan")
    )
    number = models.PositiveSmallIntegerField(_("number"))
    due_on = models.DateField(_("due on"))
    late_after = models.DateField(_("late after"))
    principal = models.BigIntegerField(_("principal"))
    service_fee = models.BigIntegerField(_("service fee (jasa)"))

    class Meta:
        verbose_name = _("instalment")
        verbose_name_plural = _("instalments")
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(name="instalment_number_once", fields=["loan", "number"]),
            models.CheckConstraint(name="instalment_amounts", condition=Q(principal__gte=0) & Q(service_fee__gte=0)),
            models.CheckConstraint(name="instalment_late_after", condition=Q(late_after__gte=F("due_on"))),
        ]

    def __str__(self) -> str:
        return f"{self.number}"

    @property
    def total(self) -> int:
        """Principal and service fee together, in rupiah."""
        return self.principal + self.service_fee
