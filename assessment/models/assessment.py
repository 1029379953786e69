"""The score of a group on a day."""

from __future__ import annotations

from enum import IntFlag

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from assessment.models.instrument import MOST_STAGES, Instrument
from groups.models import Group
from groups.shared.clock import now


class Need(IntFlag):
    """Why a group needs help; a higher bit is more urgent, so that the number sorts by urgency."""

    LOW_ATTENDANCE = 1
    FALLING_ATTENDANCE = 2
    ARREARS_RISING = 4
    ARREARS = 8
    STAGE_DROPPED = 16
    NO_MEETING = 32
    NEVER_ASSESSED = 64


class AssessmentStatus(models.TextChoices):
    """A provisional one is computed anew whenever the group is scored for its day; a final one never changes."""

    DRAFT = "DRAFT", _("Provisional")
    FINAL = "FINAL", _("Final")


class Assessment(models.Model):
    """The score of a group as of a day by one scheme, with everything it was computed from.

    `indicators` maps each indicator's code to `{"value", "points", "facts"}`: the measured or judged value (null is
    "not enough data"), the points it earned, and the counts behind it; where a person overrode the measured value it
    has `"given": {"value", "points", "judgement"}` too. `score`, `stage` and `rank` count what was given,
    `measured_score` and `measured_rank` only what was measured. A final one keeps as `evidence` the numbers of the
    records it counted, by kind.
    """

    group = models.ForeignKey(
        Group, on_delete=models.PROTECT, related_name="assessments", verbose_name=_("group"), db_index=False
    )
    instrument = models.ForeignKey(
        Instrument, on_delete=models.PROTECT, related_name="+", verbose_name=_("instrument"), db_index=False
    )
    scheme = models.SlugField(_("scheme"), max_length=30, db_index=False)
    as_of = models.DateField(_("as of"))
    status = models.CharField(_("status"), max_length=5, choices=AssessmentStatus, default=AssessmentStatus.DRAFT)
    score = models.PositiveSmallIntegerField(_("score"))
    stage = models.SlugField(_("stage"), max_length=12, db_index=False)
    rank = models.PositiveSmallIntegerField(_("rank"))
    measured_score = models.PositiveSmallIntegerField(_("measured score"))
    measured_rank = models.PositiveSmallIntegerField(_("measured rank"))
    arrears = models.BigIntegerField(_("arrears"), default=0)
    need = models.PositiveSmallIntegerField(_("need"), default=0)
    indicators = models.JSONField(_("indicators"))
    evidence = models.JSONField(_("evidence"), null=True, blank=True)
    computed_at = models.DateTimeField(_("computed at"), default=now)
    # Nobody when the command computed it.
    computed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("computed by"),
        db_index=False,
    )
    finalised_at = models.DateTimeField(_("made final at"), null=True, blank=True)
    finalised_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("made final by"),
        db_index=False,
    )

    class Meta:
        verbose_name = _("assessment")
        verbose_name_plural = _("assessments")
        ordering = ["-as_of"]
        constraints = [
            models.UniqueConstraint(name="assessment_day_once", fields=["group", "scheme", "as_of"]),
            models.CheckConstraint(
                name="assessment_rank", condition=Q(rank__lt=MOST_STAGES, measured_rank__lt=MOST_STAGES)
            ),
            models.CheckConstraint(name="assessment_score", condition=Q(score__lte=100, measured_score__lte=100)),
            models.CheckConstraint(
                name="assessment_final",
                condition=Q(status=AssessmentStatus.DRAFT, finalised_at__isnull=True, finalised_by__isnull=True)
                | Q(status=AssessmentStatus.FINAL, finalised_at__isnull=False, finalised_by__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.as_of}"

    @property
    def is_overridden(self) -> bool:
        """Whether a person gave another score than was measured."""
        return (self.score, self.rank) != (self.measured_score, self.measured_rank)

    @property
    def is_final(self) -> bool:
        """Whether it can no longer change."""
        return self.status == AssessmentStatus.FINAL
