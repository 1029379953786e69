"""Joint liability (tanggung renteng): what members paid on another member's loan, and got back. Whole rupiah."""

from __future__ import annotations

from typing import Self

from django.db import models
from django.db.models import BigIntegerField, F, OuterRef, Q, Subquery, Sum
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from finance.models.ledger import Entry
from finance.models.loan import Loan
from groups.models import Group, Member


class CoverQuerySet(models.QuerySet["Cover"]):
    """Covers that count, and what is still to be paid back of them."""

    def effective(self) -> Self:
        """Return the covers whose entry was not reversed."""
        return self.filter(entry__reversed_by__isnull=True)

    def with_recovered(self) -> Self:
        """Annotate `recovered` and `open`: rupiah paid back to the coverer, and not yet."""
        back = CoverRecovery.objects.filter(cover=OuterRef("pk"), entry__reversed_by__isnull=True).order_by()
        total = back.values("cover").annotate(total=Sum("amount")).values("total")
        recovered = Coalesce(Subquery(total), 0, output_field=BigIntegerField())
        return self.annotate(recovered=recovered).annotate(open=F("amount") - F("recovered"))


class Cover(models.Model):
    """What one member paid on the loan of another; the borrower owes it to the coverer until it is recovered.

    Never changed and never deleted: it stops to count when its entry is reversed.
    """

    group = models.ForeignKey(Group, on_delete=models.PROTECT, related_name="covers", verbose_name=_("group"))
    loan = models.ForeignKey(Loan, on_delete=models.PROTECT, related_name="covers", verbose_name=_("loan"))
    coverer = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="covers", verbose_name=_("coverer"))
    amount = models.BigIntegerField(_("amount"))
    from_savings = models.BooleanField(_("from voluntary savings"))
    entry = models.ForeignKey(Entry, on_delete=models.PROTECT, related_name="covers", verbose_name=_("entry"))

    # Annotated by `with_recovered`.
    recovered: int
    open: int

    objects = CoverQuerySet.as_manager()

    class Meta:
        verbose_name = _("joint liability cover")
        verbose_name_plural = _("joint liability covers")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(name="cover_once", fields=["group", "entry", "coverer"]),
            models.CheckConstraint(name="cover_amount", condition=Q(amount__gt=0)),
        ]

    def __str__(self) -> str:
        return f"{self.pk}"


class CoverRecovery(models.Model):
    """What a coverer got back of one cover; never more than the cover, never changed and never deleted."""

    group = models.ForeignKey(Group, on_delete=models.PROTECT, related_name="+", verbose_name=_("group"))
    cover = models.ForeignKey(Cover, on_delete=models.PROTECT, related_name="recoveries", verbose_name=_("cover"))
    amount = models.BigIntegerField(_("amount"))
    to_savings = models.BooleanField(_("to voluntary savings"))
    entry = models.ForeignKey(Entry, on_delete=models.PROTECT, related_name="cover_recoveries", verbose_name=_("entry"))

    class Meta:
        verbose_name = _("cover paid back")
        verbose_name_plural = _("covers paid back")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(name="cover_recovery_once", fields=["group", "entry", "cover"]),
            models.CheckConstraint(name="cover_recovery_amount", condition=Q(amount__gt=0)),
        ]

    def __str__(self) -> str:
        return f"{self.pk}"
