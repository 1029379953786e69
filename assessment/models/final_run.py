"""Many scores that one person makes final together."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from assessment.models.instrument import MOST_STAGES
from groups.models import Group
from groups.shared.clock import now


class FinalOutcome(models.TextChoices):
    """What became of a score that was to be made final."""

    WAITING = "WAITING", _("waiting")
    DONE = "DONE", _("made final")
    ALREADY = "ALREADY", _("was final already")
    CHANGED = "CHANGED", _("left out: the records changed meanwhile")
    GONE = "GONE", _("left out: the group is no longer there")


class FinalRun(models.Model):
    """Scores by a scheme that somebody looked at and makes final; the same `key` twice is one run."""

    key = models.UUIDField(_("key"), unique=True, editable=False)
    scheme = models.SlugField(_("scheme"), max_length=30, db_index=False)
    started_at = models.DateTimeField(default=now, editable=False)
    started_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    class Meta:
        verbose_name = _("scores made final together")
        verbose_name_plural = _("scores made final together")
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.scheme} {self.started_at}"


class FinalRunScore(models.Model):
    """One score of a run, as it was seen, and what became of it.

    `points` are those of its indicators in one word, empty where they were not looked at.
    """

    run = models.ForeignKey(FinalRun, on_delete=models.CASCADE, related_name="scores", db_index=False)
    group = models.ForeignKey(Group, on_delete=models.CASCADE, related_name="+", db_index=False)
    as_of = models.DateField(_("as of"))
    stage = models.SlugField(_("stage"), max_length=12, db_index=False)
    rank = models.PositiveSmallIntegerField(_("rank"))
    score = models.PositiveSmallIntegerField(_("score"))
    points = models.TextField(_("points"), blank=True)
    outcome = models.CharField(max_length=7, choices=FinalOutcome, default=FinalOutcome.WAITING)

    class Meta:
        ordering = ["run", "as_of", "group"]
        constraints = [
            models.UniqueConstraint(name="final_run_score_once", fields=["run", "group"]),
            models.CheckConstraint(name="final_run_rank", condition=models.Q(rank__lt=MOST_STAGES)),
            models.CheckConstraint(name="final_run_outcome", condition=models.Q(outcome__in=FinalOutcome.values)),
        ]

    def __str__(self) -> str:
        return f"{self.score} {self.as_of}"
