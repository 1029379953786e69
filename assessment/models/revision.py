"""What was shown of a month before a record that came late changed it."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from assessment.models.assessment import Assessment
from assessment.models.instrument import MOST_STAGES, Instrument
from groups.models import Group


class RevisionCause(models.TextChoices):
    """What was recorded late, corrected or taken back."""

    MEETING = "MEETING", _("Meeting")
    ENTRY = "ENTRY", _("Entry")
    STATUS = "STATUS", _("Status")
    RULES = "RULES", _("Rules")
    ELECTION = "ELECTION", _("Election")
    MEMBER = "MEMBER", _("Member")
    BANK = "BANK", _("Bank account")
    JUDGEMENT = "JUDGEMENT", _("Judgement")
    OTHER = "OTHER", _("Records")


class ScoreRevision(models.Model):
    """The score of a past day by one scheme was another one until `revised_at`; this row keeps it as it was.

    `was_…` is what was shown, with its `indicators` as an assessment keeps them, `now_…` what took its place. `cause`
    is the record that came in between: its number where it has one, the day it is about, when and by whom it was
    recorded; `others` are how many more there were. Written once, never changed.
    """

    group = models.ForeignKey(
        Group, on_delete=models.PROTECT, related_name="score_revisions", verbose_name=_("group"), db_index=False
    )
    scheme = models.SlugField(_("scheme"), max_length=30, db_index=False)
    as_of = models.DateField(_("as of"))
    instrument = models.ForeignKey(Instrument, on_delete=models.PROTECT, related_name="+", db_index=False)
    was_stage = models.SlugField(max_length=12, db_index=False)
    was_rank = models.PositiveSmallIntegerField()
    was_score = models.PositiveSmallIntegerField()
    was_measured_rank = models.PositiveSmallIntegerField()
    was_measured_score = models.PositiveSmallIntegerField()
    was_computed_at = models.DateTimeField()
    indicators = models.JSONField(_("indicators"))
    now_stage = models.SlugField(max_length=12, db_index=False, blank=True)
    now_rank = models.PositiveSmallIntegerField(null=True, blank=True)
    now_score = models.PositiveSmallIntegerField(null=True, blank=True)
    cause = models.CharField(_("cause"), max_length=9, choices=RevisionCause, default=RevisionCause.OTHER)
    cause_number = models.PositiveIntegerField(null=True, blank=True)
    cause_on = models.DateField(null=True, blank=True)
    cause_recorded_at = models.DateTimeField(null=True, blank=True)
    cause_recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    others = models.PositiveIntegerField(default=0)
    revised_at = models.DateTimeField(_("revised at"), default=timezone.now)

    class Meta:
        verbose_name = _("score revised")
        verbose_name_plural = _("scores revised")
        ordering = ["-revised_at", "-pk"]
        constraints = [
            models.CheckConstraint(name="score_revision_cause", condition=Q(cause__in=RevisionCause.values)),
            models.CheckConstraint(name="score_revision_rank", condition=Q(was_rank__lt=MOST_STAGES)),
        ]
        indexes = [models.Index(fields=["group", "scheme", "as_of"], name="score_revision_group")]

    def __str__(self) -> str:
        return f"{self.as_of}"

    @property
    def shown(self) -> Assessment:
        """The assessment as it was shown, not stored any more."""
        return Assessment(
            group=self.group,
            instrument_id=self.instrument_id,
            scheme=self.scheme,
            as_of=self.as_of,
            stage=self.was_stage,
            rank=self.was_rank,
            score=self.was_score,
            measured_rank=self.was_measured_rank,
            measured_score=self.was_measured_score,
            indicators=self.indicators,
            computed_at=self.was_computed_at,
        )
