"""What the portfolio of many groups adds up: the figures of each group at the end of a month, kept while they are true.

They are worked out from the ledger and can be thrown away at any time. A posting or a change of a loan marks those
it touches as stale, by a trigger (`finance.ledger.triggers`), so that what is not stale is what the ledger says.
"""

from __future__ import annotations

from dataclasses import fields

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from finance.performance import Performance, Slice
from groups.models import Group

CLASSES = ("lar_class", "par_class", "rr_class", "ccr_class", "roi_class")
"""Where the class of each of `finance.wording.UPK_STANDARD` is kept."""


class GroupFigures(models.Model):
    """The money of a group at the end of the day `as_of`, the last of the month or an earlier one; in whole rupiah.

    `due`, `paid`, `income`, `costs` and `capital` are those of `Performance`, `risk_30` the balances of loans more
    than 30 days late, `at_risk` of those at least three months late, and the classes those of a UPK.
    """

    group = models.ForeignKey(Group, on_delete=models.CASCADE, related_name="figures", verbose_name=_("group"))
    month = models.DateField(_("month"))
    as_of = models.DateField(_("as of"))
    is_stale = models.BooleanField(default=False)
    computed_at = models.DateTimeField(auto_now_add=True)
    savings = models.BigIntegerField()
    balance = models.BigIntegerField()
    risk_30 = models.BigIntegerField()
    at_risk = models.BigIntegerField()
    due = models.BigIntegerField()
    paid = models.BigIntegerField()
    income = models.BigIntegerField()
    costs = models.BigIntegerField()
    capital = models.BigIntegerField()
    lar_class = models.CharField(max_length=7, blank=True)
    par_class = models.CharField(max_length=7, blank=True)
    rr_class = models.CharField(max_length=7, blank=True)
    ccr_class = models.CharField(max_length=7, blank=True)
    roi_class = models.CharField(max_length=7, blank=True)

    class Meta:
        verbose_name = _("figures of a group")
        verbose_name_plural = _("figures of groups")
        ordering = ["group", "month"]
        constraints = [
            models.UniqueConstraint(name="group_figures_once", fields=["group", "month"]),
            models.CheckConstraint(name="group_figures_day", condition=Q(as_of__gte=F("month"))),
        ]
        indexes = [models.Index(fields=["month", "-at_risk"], name="group_figures_month")]

    def __str__(self) -> str:
        return f"{self.as_of}"

    @property
    def performance(self) -> Performance:
        """The figures as those of one group; reads the slices."""
        slices = tuple(part.as_slice for part in self.slices.all())
        return Performance(slices, self.due, self.paid, self.income, self.costs, self.capital, months=self.as_of.month)


class FiguresSlice(models.Model):
    """The running loans of one age and collectability among the figures of a group; see `finance.performance.Slice`."""

    figures = models.ForeignKey(GroupFigures, on_delete=models.CASCADE, related_name="slices")
    age = models.PositiveSmallIntegerField()
    collectability = models.PositiveSmallIntegerField()
    loans = models.PositiveIntegerField()
    borrowers = models.PositiveIntegerField()
    balance = models.BigIntegerField()
    late_principal = models.BigIntegerField()
    late_fee = models.BigIntegerField()

    class Meta:
        ordering = ["age", "collectability"]
        constraints = [
            models.UniqueConstraint(name="figures_slice_once", fields=["figures", "age", "collectability"]),
        ]

    def __str__(self) -> str:
        return f"{self.age} {self.collectability}"

    @property
    def as_slice(self) -> Slice:
        """The row as pure calculation knows it."""
        return Slice(**{column.name: getattr(self, column.name) for column in fields(Slice)})
