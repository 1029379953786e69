"""Instruments that say how maturity is measured, judgements by people, and assessments of groups."""

from __future__ import annotations

from enum import IntFlag

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from groups.models import Group, Organisation


class Stage(models.TextChoices):
    """The stages of the Kotaku programme, lowest first."""

    TUNAS = "TUNAS", _("Tunas")
    TUMBUH = "TUMBUH", _("Tumbuh")
    KEMBANG = "KEMBANG", _("Kembang")


STAGE_ORDER: tuple[str, ...] = tuple(Stage.values)


class Need(IntFlag):
    """Why a group needs help; a higher bit is more urgent, so that the number sorts by urgency."""

    LOW_ATTENDANCE = 1
    ARREARS = 2
    STAGE_DROPPED = 4
    NO_MEETING = 8
    NEVER_ASSESSED = 16


def in_language(indonesian: str, english: str) -> str:
    """Return the text in the language of the reader; instruments are data, so both are stored."""
    return english if (get_language() or "").startswith("en") and english else indonesian


class InstrumentStatus(models.TextChoices):
    """Only a draft may change; a retired version scores nobody but still explains old assessments."""

    DRAFT = "DRAFT", _("Draft")
    PUBLISHED = "PUBLISHED", _("Published")
    RETIRED = "RETIRED", _("Retired")


class Instrument(models.Model):
    """One version of a way to measure maturity; without an organisation it serves everybody."""

    organisation = models.ForeignKey(
        Organisation,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="instruments",
        verbose_name=_("organisation"),
    )
    code = models.SlugField(_("code"), max_length=30)
    version = models.PositiveSmallIntegerField(_("version"), default=1)
    name_id = models.CharField(_("name in Indonesian"), max_length=120)
    name_en = models.CharField(_("name in English"), max_length=120, blank=True)
    status = models.CharField(
        _("status"), max_length=9, choices=InstrumentStatus, default=InstrumentStatus.DRAFT, editable=False
    )
    published_at = models.DateTimeField(_("published at"), null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("instrument")
        verbose_name_plural = _("instruments")
        ordering = ["code", "-version"]
        constraints = [
            models.UniqueConstraint(name="instrument_version_once", fields=["organisation", "code", "version"]),
            models.UniqueConstraint(
                name="instrument_shared_version_once",
                fields=["code", "version"],
                condition=Q(organisation__isnull=True),
            ),
            models.CheckConstraint(
                name="instrument_status",
                condition=Q(status=InstrumentStatus.DRAFT, published_at__isnull=True)
                | Q(status__in=[InstrumentStatus.PUBLISHED, InstrumentStatus.RETIRED], published_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} v{self.version}"

    @property
    def name(self) -> str:
        """The name in the language of the reader."""
        return in_language(self.name_id, self.name_en)

    @property
    def is_draft(self) -> bool:
        """Whether it may still be changed."""
        return self.status == InstrumentStatus.DRAFT


class Indicator(models.Model):
    """One thing that is assessed, worth up to `weight` points.

    `metric` names a function of `assessment.metrics`; without one a person judges.
    """

    instrument = models.ForeignKey(Instrument, on_delete=models.CASCADE, related_name="indicators")
    number = models.PositiveSmallIntegerField(_("number"))
    code = models.SlugField(_("code"), max_length=30)
    name_id = models.CharField(_("name in Indonesian"), max_length=120)
    name_en = models.CharField(_("name in English"), max_length=120, blank=True)
    help_id = models.TextField(_("explanation in Indonesian"), blank=True)
    help_en = models.TextField(_("explanation in English"), blank=True)
    action_id = models.TextField(_("what closes the gap, in Indonesian"), blank=True)
    action_en = models.TextField(_("what closes the gap, in English"), blank=True)
    weight = models.PositiveSmallIntegerField(_("weight"), help_text=_("The most points; all weights add up to 100."))
    metric = models.CharField(_("metric"), max_length=40, blank=True, help_text=_("Empty: a person judges."))

    class Meta:
        verbose_name = _("indicator")
        verbose_name_plural = _("indicators")
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(name="indicator_number_once", fields=["instrument", "number"]),
            models.UniqueConstraint(name="indicator_code_once", fields=["instrument", "code"]),
            models.CheckConstraint(name="indicator_weight", condition=Q(weight__gte=1) & Q(weight__lte=100)),
        ]

    def __str__(self) -> str:
        return f"{self.number}. {self.name}"

    @property
    def name(self) -> str:
        """The name in the language of the reader."""
        return in_language(self.name_id, self.name_en)

    @property
    def help(self) -> str:
        """The explanation in the language of the reader."""
        return in_language(self.help_id, self.help_en)

    @property
    def action(self) -> str:
        """What closes the gap, in the language of the reader."""
        return in_language(self.action_id, self.action_en)


class Level(models.Model):
    """From `threshold` upwards an indicator earns `points`; below its lowest level it earns none."""

    indicator = models.ForeignKey(Indicator, on_delete=models.CASCADE, related_name="levels")
    threshold = models.DecimalField(
        _("threshold"), max_digits=8, decimal_places=4, help_text=_("Shares are fractions: 0.9 is 90%.")
    )
    points = models.PositiveSmallIntegerField(_("points"))
    label_id = models.CharField(_("label in Indonesian"), max_length=200, blank=True)
    label_en = models.CharField(_("label in English"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("level")
        verbose_name_plural = _("levels")
        ordering = ["threshold"]
        constraints = [models.UniqueConstraint(name="level_threshold_once", fields=["indicator", "threshold"])]

    def __str__(self) -> str:
        return self.label or f"≥ {self.threshold.normalize():f}"

    @property
    def label(self) -> str:
        """The label in the language of the reader."""
        return in_language(self.label_id, self.label_en)


class StageRule(models.Model):
    """What a stage asks for: a number of points, and its gates."""

    instrument = models.ForeignKey(Instrument, on_delete=models.CASCADE, related_name="rules")
    stage = models.CharField(_("stage"), max_length=7, choices=Stage)
    minimum_points = models.PositiveSmallIntegerField(_("points at least"))

    class Meta:
        verbose_name = _("stage rule")
        verbose_name_plural = _("stage rules")
        ordering = ["minimum_points"]
        constraints = [
            models.UniqueConstraint(name="stage_rule_once", fields=["instrument", "stage"]),
            models.CheckConstraint(name="stage_rule_stage", condition=Q(stage__in=Stage.values)),
            models.CheckConstraint(name="stage_rule_points", condition=Q(minimum_points__lte=100)),
        ]

    def __str__(self) -> str:
        return self.get_stage_display()


class Gate(models.Model):
    """A stage cannot be reached below `minimum_points` on this indicator, whatever the total."""

    rule = models.ForeignKey(StageRule, on_delete=models.CASCADE, related_name="gates")
    indicator = models.ForeignKey(Indicator, on_delete=models.CASCADE, related_name="gates")
    minimum_points = models.PositiveSmallIntegerField(_("points at least"))

    class Meta:
        verbose_name = _("gate")
        verbose_name_plural = _("gates")
        ordering = ["indicator__number"]
        constraints = [models.UniqueConstraint(name="gate_once", fields=["rule", "indicator"])]

    def __str__(self) -> str:
        return f"{self.indicator_id} ≥ {self.minimum_points}"


class Judgement(models.Model):
    """What a person says about an indicator no record can measure; the latest counts.

    It points at the level chosen, and through it at the indicator. A new version of the instrument takes
    it over by the indicator's code.
    """

    group = models.ForeignKey(Group, on_delete=models.PROTECT, related_name="judgements", verbose_name=_("group"))
    level = models.ForeignKey(Level, on_delete=models.PROTECT, related_name="+", verbose_name=_("level"))
    note = models.TextField(_("note"))
    judged_on = models.DateField(_("judged on"))
    judged_at = models.DateTimeField(_("recorded at"), auto_now_add=True)
    judged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("judged by")
    )

    class Meta:
        verbose_name = _("judgement")
        verbose_name_plural = _("judgements")
        ordering = ["-judged_on", "-pk"]
        constraints = [models.CheckConstraint(name="judgement_note", condition=~Q(note=""))]

    def __str__(self) -> str:
        return f"{self.judged_on}"


class AssessmentStatus(models.TextChoices):
    """A draft is computed anew whenever the group is scored for its day; a final one never changes."""

    DRAFT = "DRAFT", _("Draft")
    FINAL = "FINAL", _("Final")


class Assessment(models.Model):
    """The score of a group as of a day, with everything it was computed from.

    `indicators` is a list in the instrument's order of `{"code", "value", "points", "weight", "facts"}`: the
    measured or judged value (null is "not enough data"), the points it earned, and the counts behind it.
    `latest` marks the newest day of the group and `closes_month` the newest day of each month; they let
    dashboards read one row a group instead of searching the whole history.
    """

    group = models.ForeignKey(
        Group, on_delete=models.PROTECT, related_name="assessments", verbose_name=_("group"), db_index=False
    )
    instrument = models.ForeignKey(
        Instrument, on_delete=models.PROTECT, related_name="+", verbose_name=_("instrument"), db_index=False
    )
    as_of = models.DateField(_("as of"))
    month = models.DateField(_("month"))
    latest = models.BooleanField(default=False, verbose_name=_("latest"))
    closes_month = models.BooleanField(default=False, verbose_name=_("closes the month"))
    status = models.CharField(_("status"), max_length=5, choices=AssessmentStatus, default=AssessmentStatus.DRAFT)
    score = models.PositiveSmallIntegerField(_("score"))
    stage = models.CharField(_("stage"), max_length=7, choices=Stage)
    need = models.PositiveSmallIntegerField(_("need"), default=0)
    indicators = models.JSONField(_("indicators"))
    computed_at = models.DateTimeField(_("computed at"), default=timezone.now)
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
            models.UniqueConstraint(name="assessment_day_once", fields=["group", "as_of"]),
            models.UniqueConstraint(name="assessment_latest_once", fields=["group"], condition=Q(latest=True)),
            models.UniqueConstraint(
                name="assessment_month_once", fields=["group", "month"], condition=Q(closes_month=True)
            ),
            models.CheckConstraint(name="assessment_stage", condition=Q(stage__in=Stage.values)),
            models.CheckConstraint(name="assessment_score", condition=Q(score__lte=100)),
            models.CheckConstraint(
                name="assessment_final",
                condition=Q(status=AssessmentStatus.DRAFT, finalised_at__isnull=True, finalised_by__isnull=True)
                | Q(status=AssessmentStatus.FINAL, finalised_at__isnull=False, finalised_by__isnull=False),
            ),
        ]
        indexes = [
            models.Index(fields=["month", "group", "stage"], name="assessment_trend", condition=Q(closes_month=True)),
        ]

    def __str__(self) -> str:
        return f"{self.as_of}"

    @property
    def is_final(self) -> bool:
        """Whether it can no longer change."""
        return self.status == AssessmentStatus.FINAL
