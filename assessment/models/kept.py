"""What is kept of groups and months for dashboards."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from groups.models import Group, Organisation


class KeptSignals(models.Model):
    """What there was to look into at a group as of a day (`assessment.signals`), kept so that thousands add up quickly.

    `found` are the signals with what gave rise to them, `names` the bits of those there are. They can be thrown away at
    any time: triggers mark them as stale when a record they were found in changes, and another day asks for others.
    """

    group = models.OneToOneField(Group, on_delete=models.CASCADE, related_name="kept_signals", verbose_name=_("group"))
    as_of = models.DateField(_("as of"))
    is_stale = models.BooleanField(default=False)
    names = models.PositiveSmallIntegerField()
    count = models.PositiveSmallIntegerField()
    found = models.JSONField()

    class Meta:
        verbose_name = _("signals of a group")
        verbose_name_plural = _("signals of groups")
        ordering = ["group"]

    def __str__(self) -> str:
        return f"{self.as_of}"


class KeptMonth(models.Model):
    """What the records of one month add up to over all groups of an organisation that are not dissolved, kept.

    `counts` are groups by rank for the stages of a scheme; for lateness the meetings of each person by id, closed in
    time, late, very late; for the portfolio its sums and the figures of each province as of a day, and nothing where
    those of a group are not kept. A row is there only while it is true: triggers delete it when a record of its month
    changes, or a group that counts in it.
    `assessment.months` writes and reads them.
    """

    organisation = models.ForeignKey(
        Organisation, on_delete=models.CASCADE, related_name="kept_months", verbose_name=_("organisation")
    )
    subject = models.CharField(max_length=40)
    month = models.DateField(_("month"))
    counts = models.JSONField()

    class Meta:
        verbose_name = _("kept month")
        verbose_name_plural = _("kept months")
        ordering = ["month"]
        constraints = [
            models.UniqueConstraint(name="kept_month_once", fields=["organisation", "subject", "month"]),
        ]

    def __str__(self) -> str:
        return f"{self.subject} {self.month}"
