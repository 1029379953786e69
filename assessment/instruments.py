"""Instruments as the engine takes them, and the one that ships with the program."""

from __future__ import annotations

import json
from pathlib import Path

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F, Prefetch, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from assessment import engine
from assessment.metrics import METRICS
from assessment.models import (
    STAGE_ORDER,
    Gate,
    Indicator,
    Instrument,
    InstrumentStatus,
    Level,
    StageRule,
)

SHIPPED = Path(__file__).parent / "data" / "kotaku-1.json"


def in_force(organisation_id: int | None) -> Instrument | None:
    """Return the instrument that scores an organisation: its own published last, else the shared one.

    Five statements, however many indicators.
    """
    return (
        whole()
        .filter(Q(organisation_id=organisation_id) | Q(organisation__isnull=True), status=InstrumentStatus.PUBLISHED)
        .order_by(F("organisation_id").desc(nulls_last=True), "-published_at")
        .first()
    )


def whole() -> QuerySet[Instrument]:
    """Return instruments with everything `engine_instrument` reads."""
    gates = Prefetch("gates", Gate.objects.select_related("indicator"))
    return Instrument.objects.prefetch_related(
        Prefetch("indicators", Indicator.objects.prefetch_related("levels")),
        Prefetch("rules", StageRule.objects.prefetch_related(gates)),
    )


def engine_instrument(instrument: Instrument) -> engine.Instrument:
    """Return the instrument in the engine's terms."""
    return engine.Instrument(
        indicators=tuple(
            engine.Indicator(
                code=indicator.code,
                weight=indicator.weight,
                metric=indicator.metric,
                levels=tuple(engine.Level(float(level.threshold), level.points) for level in indicator.levels.all()),
            )
            for indicator in instrument.indicators.all()
        ),
        rules=tuple(
            engine.StageRule(
                stage=rule.stage,
                minimum_points=rule.minimum_points,
                gates={gate.indicator.code: gate.minimum_points for gate in rule.gates.all()},
            )
            for rule in sorted(instrument.rules.all(), key=lambda rule: STAGE_ORDER.index(rule.stage))
        ),
    )


def check_publishable(instrument: Instrument) -> None:
    """Raise `ValidationError` with everything that keeps the instrument from being published."""
    problems: list[str] = []
    indicators = list(instrument.indicators.prefetch_related("levels"))
    weights = sum(indicator.weight for indicator in indicators)
    if weights != 100:
        problems.append(_("The weights add up to %(sum)d, not to 100.") % {"sum": weights})
    for indicator in indicators:
        points = [level.points for level in indicator.levels.all()]
        if points != sorted(set(points)):
            problems.append(_("%(indicator)s: a higher level must earn more points.") % {"indicator": indicator})
        if not points or points[-1] != indicator.weight:
            problems.append(_("%(indicator)s: the highest level must earn the weight.") % {"indicator": indicator})
        if indicator.metric and indicator.metric not in METRICS:
            problems.append(_("%(indicator)s: there is no such metric.") % {"indicator": indicator})
    problems += _rule_problems(instrument, {indicator.pk: indicator for indicator in indicators})
    if problems:
        raise ValidationError(problems)


def _rule_problems(instrument: Instrument, indicators: dict[int, Indicator]) -> list[str]:
    problems: list[str] = []
    rules = {rule.stage: rule for rule in instrument.rules.prefetch_related("gates")}
    if set(rules) != set(STAGE_ORDER):
        return [_("Each stage needs a rule.")]
    ordered = [rules[stage] for stage in STAGE_ORDER]
    minimums = [rule.minimum_points for rule in ordered]
    if minimums[0] != 0 or ordered[0].gates.all():
        problems.append(_("The first stage asks for nothing: every group has a stage."))
    if minimums != sorted(set(minimums)):
        problems.append(_("A higher stage must ask for more points."))
    for rule in ordered:
        for gate in rule.gates.all():
            indicator = indicators.get(gate.indicator_id)
            if indicator is None or gate.minimum_points > indicator.weight:
                problems.append(
                    _("%(stage)s: a gate must ask for points its indicator can earn.")
                    % {"stage": rule.get_stage_display()}
                )
    return problems


@transaction.atomic
def load_shipped(path: Path = SHIPPED) -> Instrument:
    """Put the instrument of a file into the database, published, unless its version is there already."""
    data = json.loads(path.read_text(encoding="utf-8"))
    key = {"organisation": None, "code": data["code"], "version": data["version"]}
    existing = Instrument.objects.filter(**key).first()
    if existing is not None:
        return existing
    instrument = Instrument.objects.create(**key, name_id=data["name_id"], name_en=data["name_en"])
    by_code: dict[str, Indicator] = {}
    for number, row in enumerate(data["indicators"], start=1):
        levels = row.pop("levels")
        by_code[row["code"]] = Indicator.objects.create(instrument=instrument, number=number, **row)
        Level.objects.bulk_create(
            Level(
                indicator=by_code[row["code"]],
                threshold=threshold,
                points=points,
                label_id=labels[0] if labels else "",
                label_en=labels[1] if labels else "",
            )
            for threshold, points, *labels in levels
        )
    for row in data["rules"]:
        rule = StageRule.objects.create(instrument=instrument, stage=row["stage"], minimum_points=row["minimum_points"])
        Gate.objects.bulk_create(
            Gate(rule=rule, indicator=by_code[code], minimum_points=points) for code, points in row["gates"].items()
        )
    publish(instrument)
    return instrument


@transaction.atomic
def publish(instrument: Instrument) -> None:
    """Freeze a draft and let it score; the version published before it retires. Raises `ValidationError`."""
    instrument = Instrument.objects.select_for_update().get(pk=instrument.pk)
    if not instrument.is_draft:
        raise ValidationError(_("Only a draft can be published."))
    check_publishable(instrument)
    Instrument.objects.filter(
        organisation=instrument.organisation, code=instrument.code, status=InstrumentStatus.PUBLISHED
    ).update(status=InstrumentStatus.RETIRED)
    instrument.status = InstrumentStatus.PUBLISHED
    instrument.published_at = timezone.now()
    instrument.save()
