"""Instruments: what is measured, what it is worth, and what each stage asks for."""

from __future__ import annotations

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from groups.models import Organisation

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
    source = models.CharField(
        _("source"), max_length=200, blank=True, help_text=_("The programme, book or regulation it comes from.")
    )
    is_official = models.BooleanField(
        _("official"), default=False, help_text=_("Not ticked: an example, whose points and limits nobody prescribes.")
    )
    issuer = models.CharField(
        _("issuer of certificates"), max_length=120, blank=True, help_text=_("Empty: the organisation of the group.")
    )
    valid_months = models.PositiveSmallIntegerField(
        _("months a final score is valid"), default=12, validators=[MinValueValidator(1), MaxValueValidator(24)]
    )
    status = models.CharField(
        _("status"), max_length=9, choices=InstrumentStatus, default=InstrumentStatus.DRAFT, editable=False
    )
    published_at = models.DateTimeField(_("published at"), null=True, blank=True, editable=False)
    # Days before it stay scored by this version.
    retired_at = models.DateTimeField(_("retired at"), null=True, blank=True, editable=False)

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
                condition=Q(status=InstrumentStatus.DRAFT, published_at__isnull=True, retired_at__isnull=True)
                | Q(status=InstrumentStatus.PUBLISHED, published_at__isnull=False, retired_at__isnull=True)
                | Q(status=InstrumentStatus.RETIRED, published_at__isnull=False)
                & Q(retired_at__isnull=False, retired_at__gte=F("published_at")),
            ),
            models.CheckConstraint(name="instrument_valid_months", condition=Q(valid_months__range=(1, 24))),
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

    `metric` names a module of `assessment.metrics`; without one a person judges. Indicators of one `area` are
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
