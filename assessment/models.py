"""Instruments that say how maturity is measured, judgements by people, and assessments of groups."""

from __future__ import annotations

from enum import IntFlag

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from groups.models import Group, Organisation


class Need(IntFlag):
    """Why a group needs help; a higher bit is more urgent, so that the number sorts by urgency."""

    LOW_ATTENDANCE = 1
    FALLING_ATTENDANCE = 2
    ARREARS_RISING = 4
    ARREARS = 8
    STAGE_DROPPED = 16
    NO_MEETING = 32
    NEVER_ASSESSED = 64


MOST_STAGES = 6
"""An instrument has at most so many stages: there are colours for them, and bars stay readable."""


def in_language(indonesian: str, english: str) -> str:
    """Return the text in the language of the reader; instruments are data, so both are stored."""
    return english if (get_language() or "").startswith("en") and english else indonesian


class InstrumentStatus(models.TextChoices):
    """Only a draft may change; a retired version scores nobody but still explains old assessments."""

    DRAFT = "DRAFT", _("Draft")
    PUBLISHED = "PUBLISHED", _("Published")
    RETIRED = "RETIRED", _("Retired")


class Instrument(models.Model):
    """One version of a way to measure maturity; without an organisation it serves everybody.

    Versions of one `code` are one scheme: a group has one stage for each scheme its organisation uses.
    """

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

    def get_absolute_url(self) -> str:
        """Return the address of the page that explains it, to which the admin links."""
        return reverse("instrument", args=[self.pk])

    @property
    def name(self) -> str:
        """The name in the language of the reader."""
        return in_language(self.name_id, self.name_en)

    @property
    def is_draft(self) -> bool:
        """Whether it may still be changed."""
        return self.status == InstrumentStatus.DRAFT


class SchemeUse(models.Model):
    """An organisation scores its groups by a scheme; the primary one gives the stage shown everywhere.

    An organisation without any uses `instruments.DEFAULT_SCHEME`.
    """

    organisation = models.ForeignKey(
        Organisation, on_delete=models.CASCADE, related_name="schemes", verbose_name=_("organisation")
    )
    scheme = models.SlugField(_("scheme"), max_length=30)
    is_primary = models.BooleanField(_("gives the stage"), default=False)

    class Meta:
        verbose_name = _("scheme in use")
        verbose_name_plural = _("schemes in use")
        ordering = ["-is_primary", "scheme"]
        constraints = [
            models.UniqueConstraint(name="scheme_use_once", fields=["organisation", "scheme"]),
            models.UniqueConstraint(
                name="scheme_use_primary_once",
                fields=["organisation"],
                condition=Q(is_primary=True),
                violation_error_message=_("Another scheme is the primary one of this organisation already."),
            ),
        ]

    def __str__(self) -> str:
        return self.scheme


class Indicator(models.Model):
    """One thing that is assessed, worth up to `weight` points.

    `metric` names a function of `assessment.metrics`; without one a person judges. Indicators of one `area` are
    added up together.
    """

    instrument = models.ForeignKey(Instrument, on_delete=models.CASCADE, related_name="indicators")
    number = models.PositiveSmallIntegerField(_("number"))
    code = models.SlugField(_("code"), max_length=30)
    name_id = models.CharField(_("name in Indonesian"), max_length=120)
    name_en = models.CharField(_("name in English"), max_length=120, blank=True)
    area_id = models.CharField(_("area in Indonesian"), max_length=60, blank=True)
    area_en = models.CharField(_("area in English"), max_length=60, blank=True)
    help_id = models.TextField(_("explanation in Indonesian"), blank=True)
    help_en = models.TextField(_("explanation in English"), blank=True)
    action_id = models.TextField(_("what closes the gap, in Indonesian"), blank=True)
    action_en = models.TextField(_("what closes the gap, in English"), blank=True)
    weight = models.PositiveSmallIntegerField(
        _("weight"),
        help_text=_("The most points; all weights add up to 100."),
        validators=[MinValueValidator(1), MaxValueValidator(100)],
    )
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
    def area(self) -> str:
        """The area in the language of the reader, empty for an instrument without areas."""
        return in_language(self.area_id, self.area_en)

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
    """A stage and what it asks for: a number of points, and its gates; `rank` 0 is the lowest stage."""

    instrument = models.ForeignKey(Instrument, on_delete=models.CASCADE, related_name="rules")
    rank = models.PositiveSmallIntegerField(
        _("rank"), help_text=_("0 is the lowest stage."), validators=[MaxValueValidator(MOST_STAGES - 1)]
    )
    stage = models.SlugField(_("stage"), max_length=12)
    name_id = models.CharField(_("name in Indonesian"), max_length=40)
    name_en = models.CharField(_("name in English"), max_length=40, blank=True)
    is_bankable = models.BooleanField(
        _("ready for a bank"), default=False, help_text=_("Groups at this stage can be linked to a lender.")
    )
    minimum_points = models.PositiveSmallIntegerField(_("points at least"), validators=[MaxValueValidator(100)])

    class Meta:
        verbose_name = _("stage rule")
        verbose_name_plural = _("stage rules")
        ordering = ["rank"]
        constraints = [
            models.UniqueConstraint(name="stage_rule_once", fields=["instrument", "stage"]),
            models.UniqueConstraint(name="stage_rule_rank_once", fields=["instrument", "rank"]),
            models.CheckConstraint(name="stage_rule_rank", condition=Q(rank__lt=MOST_STAGES)),
            models.CheckConstraint(name="stage_rule_points", condition=Q(minimum_points__lte=100)),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        """The stage's name in the language of the reader."""
        return in_language(self.name_id, self.name_en)


class Gate(models.Model):
    """A stage cannot be reached below `minimum_points` on this indicator, whatever the total."""

    rule = models.ForeignKey(StageRule, on_delete=models.CASCADE, related_name="gates")
    indicator = models.ForeignKey(Indicator, on_delete=models.CASCADE, related_name="gates")
    minimum_points = models.PositiveSmallIntegerField(_("points at least"), validators=[MaxValueValidator(100)])

    class Meta:
        verbose_name = _("gate")
        verbose_name_plural = _("gates")
        ordering = ["indicator__number"]
        constraints = [models.UniqueConstraint(name="gate_once", fields=["rule", "indicator"])]

    def __str__(self) -> str:
        return f"{self.indicator_id} ≥ {self.minimum_points}"


class Judgement(models.Model):
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
    judged_at = models.DateTimeField(_("recorded at"), auto_now_add=True)
    judged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("judged by")
    )
    withdrawn_on = models.DateField(_("withdrawn on"), null=True, blank=True)
    withdrawn_at = models.DateTimeField(_("withdrawn at"), null=True, blank=True)
    withdrawn_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("withdrawn by"),
    )

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
        return f"{self.judged_on}"


class AssessmentStatus(models.TextChoices):
    """A draft is computed anew whenever the group is scored for its day; a final one never changes."""

    DRAFT = "DRAFT", _("Draft")
    FINAL = "FINAL", _("Final")


class Assessment(models.Model):
    """The score of a group as of a day by one scheme, with everything it was computed from.

    `indicators` maps each indicator's code to `{"value", "points", "facts"}`: the measured or judged value (null is
    "not enough data"), the points it earned, and the counts behind it; where a person overrode the measured value it
    has `"given": {"value", "points", "judgement"}` too. `score`, `stage` and `rank` count what was given,
    `measured_score` and `measured_rank` only what was measured. A final one keeps as `evidence` the numbers of the
    records it counted, by kind. `latest` marks the newest day of the group and `closes_month` the newest day of each
    month; they let dashboards read one row a group instead of searching the whole history.
    """

    group = models.ForeignKey(
        Group, on_delete=models.PROTECT, related_name="assessments", verbose_name=_("group"), db_index=False
    )
    instrument = models.ForeignKey(
        Instrument, on_delete=models.PROTECT, related_name="+", verbose_name=_("instrument"), db_index=False
    )
    scheme = models.SlugField(_("scheme"), max_length=30, db_index=False)
    as_of = models.DateField(_("as of"))
    month = models.DateField(_("month"))
    latest = models.BooleanField(default=False, verbose_name=_("latest"))
    closes_month = models.BooleanField(default=False, verbose_name=_("closes the month"))
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
            models.UniqueConstraint(name="assessment_day_once", fields=["group", "scheme", "as_of"]),
            models.UniqueConstraint(
                name="assessment_latest_once", fields=["group", "scheme"], condition=Q(latest=True)
            ),
            models.UniqueConstraint(
                name="assessment_month_once", fields=["group", "scheme", "month"], condition=Q(closes_month=True)
            ),
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
        indexes = [
            models.Index(
                fields=["scheme", "month", "group", "rank"], name="assessment_trend", condition=Q(closes_month=True)
            ),
            # All that dashboards read of the newest scores, which stand in wide rows.
            models.Index(
                fields=[
                    *("scheme", "group", "need", "stage", "rank", "score"),
                    *("measured_rank", "measured_score", "as_of", "arrears"),
                ],
                name="assessment_standing",
                condition=Q(latest=True),
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
