"""What is worked out beforehand of each group, so that a page over thousands adds up rows instead of their records."""

from __future__ import annotations

from dataclasses import fields

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from assessment.models.assessment import Need
from assessment.models.instrument import MOST_STAGES
from finance.performance import Performance, Slice, months_so_far
from groups.models import Group, GroupKind, GroupStatus, Region
from groups.shared.clock import now

CLASS_COLUMNS = ("lar_class", "par_class", "rr_class", "ccr_class", "roi_class")
"""Where the class of each of `finance.wording.UPK_STANDARD` is."""


class GroupSnapshot(models.Model):
    """What was true of a group at the end of the day `as_of`: one row for each month, and one for the latest day.

    The row of a month has its first day as `month` and is as of its last day; the latest has no month. They are
    worked out from the records (`assessment.services.snapshots`) and can be thrown away at any time. Amounts are whole
    rupiah: `due`, `paid`, `income`, `costs` and `capital` are those of `Performance`, `risk_30` the balances of loans
    more than 30 days late, `at_risk` of those at least three months late, and the classes those of a UPK.
    `differences` are open cash differences, and `drafts` meetings never closed. `signals` has the bits of the signals
    there were (`assessment.selectors.signals.BITS`), `found` what gave rise to each.
    """

    group = models.ForeignKey(
        Group, on_delete=models.CASCADE, related_name="snapshots", verbose_name=_("group"), db_index=False
    )
    month = models.DateField(_("month"), null=True, blank=True)
    as_of = models.DateField(_("as of"))
    computed_at = models.DateTimeField(default=now, editable=False)
    status = models.CharField(_("status"), max_length=9, choices=GroupStatus)
    kind = models.CharField(_("kind"), max_length=14, choices=GroupKind)
    village = models.ForeignKey(
        Region, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    members = models.PositiveIntegerField()
    women = models.PositiveIntegerField()

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

    has_rules = models.BooleanField(default=False)
    differences = models.PositiveIntegerField(default=0)
    missing = models.BigIntegerField(default=0)
    too_much = models.BigIntegerField(default=0)
    oldest_difference_on = models.DateField(null=True, blank=True)
    drafts = models.PositiveIntegerField(default=0)
    offices_held = models.PositiveSmallIntegerField(default=0)

    signals = models.PositiveSmallIntegerField(default=0)
    signal_count = models.PositiveSmallIntegerField(default=0)
    found = models.JSONField(default=list)

    class Meta:
        verbose_name = _("snapshot of a group")
        verbose_name_plural = _("snapshots of groups")
        ordering = ["group", "as_of"]
        constraints = [
            models.UniqueConstraint(name="snapshot_month_once", fields=["group", "month"]),
            models.UniqueConstraint(name="snapshot_latest_once", fields=["group"], condition=Q(month__isnull=True)),
            models.CheckConstraint(
                name="snapshot_month", condition=Q(month__isnull=True) | Q(as_of__gte=models.F("month"))
            ),
        ]
        indexes = [models.Index(fields=["month", "group"], name="snapshot_by_month")]

    def __str__(self) -> str:
        return f"{self.as_of}"

    @property
    def performance(self) -> Performance:
        """The figures as those of one group; reads the loans by age."""
        slices = tuple(part.as_slice for part in self.ageing.all())
        money = (self.due, self.paid, self.income, self.costs, self.capital)
        return Performance(slices, *money, months=months_so_far(self.as_of))


class SnapshotScore(models.Model):
    """Where a group stood by one scheme: the score of the snapshot's day, with what dashboards add up.

    `group`, `month` and `as_of` are those of the snapshot, so that stages over the months need no join.
    """

    snapshot = models.ForeignKey(GroupSnapshot, on_delete=models.CASCADE, related_name="scores", db_index=False)
    group = models.ForeignKey(Group, on_delete=models.CASCADE, related_name="snapshot_scores", db_index=False)
    month = models.DateField(null=True, blank=True)
    as_of = models.DateField()
    scheme = models.SlugField(_("scheme"), max_length=30, db_index=False)
    stage = models.SlugField(_("stage"), max_length=12, db_index=False)
    rank = models.PositiveSmallIntegerField(_("rank"))
    score = models.PositiveSmallIntegerField(_("score"))
    measured_rank = models.PositiveSmallIntegerField(_("measured rank"))
    measured_score = models.PositiveSmallIntegerField(_("measured score"))
    need = models.PositiveSmallIntegerField(_("need"), default=Need(0).value)
    arrears = models.BigIntegerField(_("arrears"), default=0)

    class Meta:
        ordering = ["snapshot", "scheme"]
        constraints = [
            models.UniqueConstraint(name="snapshot_score_once", fields=["snapshot", "scheme"]),
            models.UniqueConstraint(
                name="snapshot_score_latest_once", fields=["group", "scheme"], condition=Q(month__isnull=True)
            ),
            models.CheckConstraint(
                name="snapshot_score_rank", condition=Q(rank__lt=MOST_STAGES, measured_rank__lt=MOST_STAGES)
            ),
        ]
        indexes = [models.Index(fields=["scheme", "month", "as_of", "group", "rank"], name="snapshot_score_trend")]

    def __str__(self) -> str:
        return f"{self.scheme} {self.as_of}"


class SnapshotAgeing(models.Model):
    """The running loans of one age and collectability in a snapshot; see `finance.performance.Slice`."""

    snapshot = models.ForeignKey(GroupSnapshot, on_delete=models.CASCADE, related_name="ageing", db_index=False)
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
            models.UniqueConstraint(name="snapshot_ageing_once", fields=["snapshot", "age", "collectability"]),
        ]

    def __str__(self) -> str:
        return f"{self.age} {self.collectability}"

    @property
    def as_slice(self) -> Slice:
        """The row as pure calculation knows it."""
        return Slice(**{column.name: getattr(self, column.name) for column in fields(Slice)})


class SnapshotLateness(models.Model):
    """How late one person closed the meetings held in the month of a snapshot."""

    snapshot = models.ForeignKey(GroupSnapshot, on_delete=models.CASCADE, related_name="lateness", db_index=False)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_index=False)
    in_time = models.PositiveIntegerField()
    late = models.PositiveIntegerField()
    very_late = models.PositiveIntegerField()

    class Meta:
        ordering = ["snapshot", "person"]
        constraints = [models.UniqueConstraint(name="snapshot_lateness_once", fields=["snapshot", "person"])]

    def __str__(self) -> str:
        return f"{self.in_time} {self.late} {self.very_late}"
