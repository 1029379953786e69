"""What people say about a group beside what is measured."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from assessment.models.instrument import Level
from groups.models import Group
from groups.models.withdrawable import Withdrawable
from groups.shared.clock import now


class Judgement(Withdrawable):
    """What a person says about an indicator; the latest counts.

    It points at the level chosen, and through it at the indicator. A new version of the instrument takes
    it over by the indicator's code. On an indicator that is measured it is an override: it stands beside the
    measured value, counts through `until` at the latest, and can be withdrawn; a judged one has no such end.
    An override with `below_levels` says that none of the levels is reached, and points at the lowest.
    """

    group = models.ForeignKey(Group, on_delete=models.PROTECT, related_name="judgements", verbose_name=_("group"))
    level = models.ForeignKey(Level, on_delete=models.PROTECT, related_name="+", verbose_name=_("level"))
    below_levels = models.BooleanField(_("none of the levels"), default=False)
    note = models.TextField(_("note"))
    judged_on = models.DateField(_("judged on"))
    until = models.DateField(_("counts through"), null=True, blank=True)
    judged_at = models.DateTimeField(_("recorded at"), default=now, editable=False)
    judged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("judged by")
    )
    withdrawn_on = models.DateField(_("withdrawn on"), null=True, blank=True)

    class Meta:
        verbose_name = _("judgement")
        verbose_name_plural = _("judgements")
        ordering = ["-judged_on", "-pk"]
        constraints = [
            models.CheckConstraint(name="judgement_note", condition=~Q(note="")),
            models.CheckConstraint(
                name="judgement_until", condition=Q(until__isnull=True) | Q(until__gte=F("judged_on"))
            ),
            models.CheckConstraint(
                name="judgement_below_levels", condition=Q(below_levels=False) | Q(until__isnull=False)
            ),
            models.CheckConstraint(
                name="judgement_withdrawn",
                condition=Q(withdrawn_on__isnull=True, withdrawn_at__isnull=True, withdrawn_by__isnull=True)
                | Q(
                    withdrawn_on__gte=F("judged_on"),
                    withdrawn_at__isnull=False,
                    withdrawn_by__isnull=False,
                    until__isnull=False,
                ),
            ),
        ]

    def __str__(self) -> str:
        return date_format(self.judged_on)
