"""What somebody who accompanies groups did in a month, as they wrote it down."""

from __future__ import annotations

import uuid
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from groups.models import Organisation, Role, User
from groups.shared.clock import now


class MonthReportQuerySet(models.QuerySet["MonthReport"]):
    """Reports, and above all: those that somebody may see."""

    def visible_to(self, actor: User) -> Self:
        """Return the own reports of `actor`, for administrators and staff of all regions those of the organisation.

        Who is to see the groups of some regions alone would read of others in them.
        """
        if actor.is_superuser:
            return self
        of_organisation = self.filter(organisation=actor.organisation_id)
        sees_all = actor.role in (Role.ADMIN, Role.STAFF) and not actor.regions
        return of_organisation if sees_all else of_organisation.filter(author=actor)


class MonthReport(models.Model):
    """The report of a month in one version: what is written anew is another version, and the old one stays."""

    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, related_name="month_reports", verbose_name=_("organisation")
    )
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="month_reports", verbose_name=_("written by")
    )
    month = models.DateField(_("month"))
    version = models.PositiveSmallIntegerField(_("version"))
    text = models.TextField(_("report"))
    # The key of the form that wrote it: the same form sent twice is one version.
    key = models.UUIDField(_("idempotency key"), default=uuid.uuid4, editable=False)
    recorded_at = models.DateTimeField(_("recorded at"), default=now, editable=False)

    objects = MonthReportQuerySet.as_manager()

    class Meta:
        verbose_name = _("report of a month")
        verbose_name_plural = _("reports of months")
        ordering = ["-month", "-version"]
        constraints = [
            models.UniqueConstraint(name="month_report_version_once", fields=["author", "month", "version"]),
            models.UniqueConstraint(name="month_report_key_once", fields=["author", "key"]),
            models.CheckConstraint(name="month_report_month", condition=Q(month__day=1)),
            models.CheckConstraint(name="month_report_text", condition=~Q(text="")),
        ]

    def __str__(self) -> str:
        return f"{self.author}, {date_format(self.month, 'F Y')}"
