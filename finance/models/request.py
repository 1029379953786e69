"""Requests of members for a loan: asked, decided, and then paid out as a loan. Whole rupiah."""

from __future__ import annotations

from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from finance.models.loan import Loan
from groups.models import Group, LoanKind, Member
from groups.shared.clock import now


class RequestStatus(models.TextChoices):
    """What was decided about a request; that it was paid out shows in its loan."""

    ASKED = "ASKED", _("asked")
    APPROVED = "APPROVED", _("approved")
    REFUSED = "REFUSED", _("refused")
    CANCELLED = "CANCELLED", _("cancelled")


_HARVEST = [kind.value for kind in LoanKind if kind.is_harvest]


class LoanRequestQuerySet(models.QuerySet["LoanRequest"]):
    """Requests, and those that wait for a decision or for the money."""

    def running(self) -> Self:
        """Return the requests asked or approved that have no loan; one whose loan was cancelled waits again."""
        paid = Loan.objects.filter(request=OuterRef("pk"), cancelled_at__isnull=True)
        return self.filter(~Exists(paid), status__in=(RequestStatus.ASKED, RequestStatus.APPROVED))


class LoanRequest(models.Model):
    """A member asks for a loan; the group approves it, perhaps for less, or refuses it, with a word on why.

    `amount` and `periods` are what was asked for, `approved_amount` and `approved_periods` what was granted.
    A request decided and paid out in one meeting goes straight from asked to its loan.
    """

    group = models.ForeignKey(Group, on_delete=models.PROTECT, related_name="loan_requests", verbose_name=_("group"))
    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="loan_requests", verbose_name=_("member"))
    amount = models.BigIntegerField(_("amount asked for"))
    periods = models.PositiveSmallIntegerField(_("instalments"))
    kind = models.CharField(_("how it is repaid"), max_length=15, choices=LoanKind, default=LoanKind.MONTH)
    harvest_on = models.DateField(_("harvest, when the principal is due"), null=True, blank=True)
    purpose = models.CharField(_("purpose"), max_length=120, blank=True)
    asked_on = models.DateField(_("asked on"))
    status = models.CharField(_("status"), max_length=9, choices=RequestStatus, default=RequestStatus.ASKED)
    approved_amount = models.BigIntegerField(_("amount approved"), null=True, blank=True)
    approved_periods = models.PositiveSmallIntegerField(_("instalments approved"), null=True, blank=True)
    decided_on = models.DateField(_("decided on"), null=True, blank=True)
    decided_in_meeting = models.BooleanField(_("decided in a meeting"), default=False)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("decision recorded by"),
    )
    decided_at = models.DateTimeField(_("decision recorded at"), null=True, blank=True)
    note = models.CharField(_("why"), max_length=200, blank=True)
    cancelled_on = models.DateField(_("cancelled on"), null=True, blank=True)
    cancelled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("cancelled by"),
    )
    cancelled_why = models.CharField(_("why it was cancelled"), max_length=200, blank=True)
    key = models.UUIDField(_("idempotency key"))
    recorded_at = models.DateTimeField(_("recorded at"), default=now, editable=False)
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("recorded by")
    )

    objects = LoanRequestQuerySet.as_manager()

    class Meta:
        verbose_name = _("loan request")
        verbose_name_plural = _("loan requests")
        ordering = ["-asked_on", "-pk"]
        constraints = [
            models.UniqueConstraint(name="loan_request_key_once", fields=["group", "key"]),
            models.CheckConstraint(name="loan_request_status", condition=Q(status__in=RequestStatus.values)),
            models.CheckConstraint(
                name="loan_request_kind",
                condition=Q(kind__in=_HARVEST, harvest_on__isnull=False, harvest_on__gt=F("asked_on"))
                | Q(kind__in=[kind for kind in LoanKind.values if kind not in _HARVEST], harvest_on__isnull=True),
            ),
            models.CheckConstraint(name="loan_request_asked", condition=Q(amount__gt=0, periods__gte=1)),
            models.CheckConstraint(
                name="loan_request_approved",
                condition=Q(status=RequestStatus.APPROVED, approved_amount__gt=0, approved_periods__gte=1)
                | Q(status=RequestStatus.CANCELLED)
                | (
                    ~Q(status__in=(RequestStatus.APPROVED, RequestStatus.CANCELLED))
                    & Q(approved_amount__isnull=True, approved_periods__isnull=True)
                ),
            ),
            models.CheckConstraint(
                name="loan_request_decided",
                condition=Q(
                    status=RequestStatus.ASKED,
                    decided_on__isnull=True,
                    decided_by__isnull=True,
                    decided_at__isnull=True,
                )
                | Q(status=RequestStatus.CANCELLED)
                | Q(
                    status__in=(RequestStatus.APPROVED, RequestStatus.REFUSED),
                    decided_on__gte=F("asked_on"),
                    decided_by__isnull=False,
                    decided_at__isnull=False,
                ),
            ),
            models.CheckConstraint(
                name="loan_request_refused", condition=~Q(status=RequestStatus.REFUSED) | ~Q(note="")
            ),
            models.CheckConstraint(
                name="loan_request_cancelled",
                condition=(
                    Q(status=RequestStatus.CANCELLED, cancelled_on__gte=F("asked_on"), cancelled_by__isnull=False)
                    & ~Q(cancelled_why="")
                )
                | (
                    ~Q(status=RequestStatus.CANCELLED)
                    & Q(cancelled_on__isnull=True, cancelled_by__isnull=True, cancelled_why="")
                ),
            ),
        ]
        indexes = [models.Index(fields=["group", "-asked_on"], name="loan_request_group")]

    def __str__(self) -> str:
        return f"{self.pk}"

    @property
    def granted(self) -> int:
        """Rupiah to be paid out: as approved, or as asked while nothing is decided."""
        return self.approved_amount or self.amount

    @property
    def granted_periods(self) -> int:
        """Instalments to be agreed: as approved, or as asked while nothing is decided."""
        return self.approved_periods or self.periods
