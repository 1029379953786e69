"""Counts of the cash box, in whole rupiah."""

from __future__ import annotations

from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from finance.models.ledger import Entry
from groups.models import Group
from groups.shared.clock import now

EXPECTED = F("expected") + F("carried")
"""What the cash box should have held, as the books have it now."""


class CashCountQuerySet(models.QuerySet["CashCount"]):
    """Counts, and those that did not agree with the books."""

    def differing(self) -> Self:
        """Return the counts that stand where the cash box held more or less than expected."""
        return self.filter(corrected_at__isnull=True).exclude(counted=EXPECTED)


class CashCount(models.Model):
    """Money counted in the cash box beside what was expected in it.

    Expected is the cash of the day in the books with the differences of earlier counts that were open then, so a
    difference is what is new since the count before. `expected` is how it was when it was counted; what was recorded
    about earlier days since is `carried`. A difference needs an explanation and stays open until somebody settles it;
    `settlement` is the entry that did so, none when the money turned up. A settled count stays as it is.
    """

    group = models.ForeignKey(
        Group, on_delete=models.PROTECT, related_name="cash_counts", db_index=False, verbose_name=_("group")
    )
    counted_on = models.DateField(_("counted on"))
    # Its place among the entries of the day: the voucher number of the last one that it saw.
    place = models.PositiveIntegerField(_("last voucher before it"), default=0)
    expected = models.BigIntegerField(_("expected when it was counted"))
    carried = models.BigIntegerField(_("change of what was expected since"), default=0)
    counted = models.BigIntegerField(_("counted"))
    explanation = models.CharField(_("explanation"), max_length=200, blank=True)
    # How many pieces of each note and coin (pecahan), by its worth: {"50000": 3}; none where only a sum was counted.
    pieces = models.JSONField(_("notes and coins (pecahan)"), null=True, blank=True)
    # A count at a meeting comes with the meeting's own key.
    key = models.UUIDField(_("idempotency key"), null=True, blank=True, editable=False)
    counted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("counted by")
    )
    counted_at = models.DateTimeField(_("recorded at"), default=now, editable=False)
    # Set when the meeting that counted was corrected: the new version has a count of its own.
    corrected_at = models.DateTimeField(_("corrected at"), null=True, blank=True)
    settled_on = models.DateField(_("settled on"), null=True, blank=True)
    settled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("settled by"),
    )
    settled_at = models.DateTimeField(_("settled at"), null=True, blank=True)
    settled_how = models.CharField(_("how it was settled"), max_length=200, blank=True)
    settlement = models.OneToOneField(
        Entry,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="settled_count",
        verbose_name=_("settlement"),
    )

    objects = CashCountQuerySet.as_manager()

    class Meta:
        verbose_name = _("cash count")
        verbose_name_plural = _("cash counts")
        ordering = ["-counted_on", "-pk"]
        constraints = [
            models.UniqueConstraint(name="cash_count_key_once", fields=["group", "key"]),
            models.CheckConstraint(name="cash_count_amount", condition=Q(counted__gte=0)),
            models.CheckConstraint(
                name="cash_count_explained", condition=Q(counted=F("expected")) | ~Q(explanation="")
            ),
            models.CheckConstraint(
                name="cash_count_settled",
                condition=Q(settled_on__isnull=True, settled_by__isnull=True, settled_at__isnull=True)
                | (
                    Q(settled_on__isnull=False, settled_by__isnull=False, settled_at__isnull=False)
                    & Q(settled_on__gte=F("counted_on"))
                    & ~Q(settled_how="")
                ),
            ),
            # What settled a difference stays with it.
            models.CheckConstraint(
                name="cash_count_corrected", condition=Q(corrected_at__isnull=True) | Q(settled_on__isnull=True)
            ),
        ]
        indexes = [
            models.Index(fields=["group", "counted_on"], name="cash_count_group_day"),
            models.Index(
                fields=["group", "counted_on", "counted", "expected", "carried"],
                name="cash_count_differing",
                condition=Q(settled_on__isnull=True, corrected_at__isnull=True) & ~Q(counted=EXPECTED),
            ),
        ]

    def __str__(self) -> str:
        return date_format(self.counted_on)

    @property
    def difference(self) -> int:
        """What is new since the count before, in rupiah: negative when money is missing."""
        return self.counted - self.expected_now

    @property
    def expected_now(self) -> int:
        """What the cash box should have held, as the books have it now, in rupiah."""
        return self.expected + self.carried

    @property
    def by_pieces(self) -> list[tuple[int, int]]:
        """The worth of each note and coin with how many there were, the largest first."""
        return sorted(((int(worth), number) for worth, number in (self.pieces or {}).items()), reverse=True)
