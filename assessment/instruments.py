"""Instruments as the engine takes them, and the one that ships with the program."""

from __future__ import annotations

import json
from pathlib import Path

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F, OuterRef, Prefetch, Q, QuerySet, Subquery
from django.utils import timezone
from django.utils.translation import gettext as _

from assessment import engine
from assessment.metrics import METRICS, MOST
from assessment.models import (
    Gate,
    Indicator,
    Instrument,
    InstrumentStatus,
    Level,
    SchemeUse,
    StageRule,
)

SHIPPED = sorted((Path(__file__).parent / "data").glob("*.json"))
DEFAULT_SCHEME = "kotaku"


def schemes_of(organisation_id: int | None) -> list[str]:
    """Return the schemes an organisation uses, the primary one first; one statement."""
    used = SchemeUse.objects.filter(organisation=organisation_id).values_list("scheme", flat=True)
    return list(used) or [DEFAULT_SCHEME]


def in_force(organisation_id: int | None, scheme: str = "") -> Instrument | None:
    """Return the instrument of `scheme`, or of the primary one, that scores an organisation.

    Its own published last, else the shared one; six statements, however many indicators.
    """
    scheme = scheme or schemes_of(organisation_id)[0]
    return _published(organisation_id).filter(code=scheme).first()


def in_use(organisation_id: int) -> list[Instrument]:
    """Return the instruments that score an organisation, the primary one first, in six statements."""
    schemes = schemes_of(organisation_id)
    found: dict[str, Instrument] = {}
    for instrument in _published(organisation_id).filter(code__in=schemes):
        found.setdefault(instrument.code, instrument)
    return [found[scheme] for scheme in schemes if scheme in found]


def stages_in_use(organisation_id: int | None) -> dict[str, list[StageRule]]:
    """Return by scheme, the primary one first, the stages an organisation uses, the lowest first; one statement.

    Each carries its instrument. A scheme without a published instrument has none.
    """
    use = SchemeUse.objects.filter(organisation=organisation_id, scheme=OuterRef("instrument__code"))
    rules = (
        StageRule.objects.filter(_scores(organisation_id, "instrument__"))
        .annotate(is_primary=Subquery(use.values("is_primary")))
        .select_related("instrument")
        .order_by(F("instrument__organisation_id").desc(nulls_last=True), "-instrument__published_at", "rank")
    )
    scoring: dict[str, int] = {}
    stages: dict[str, list[StageRule]] = {}
    primary: dict[str, bool | None] = {}
    for rule in rules:
        code = rule.instrument.code
        primary[code] = rule.is_primary
        if scoring.setdefault(code, rule.instrument_id) == rule.instrument_id:
            stages.setdefault(code, []).append(rule)
    used = sorted((code for code in stages if primary[code] is not None), key=lambda code: (not primary[code], code))
    return {code: stages.get(code, []) for code in used or [DEFAULT_SCHEME]}


def _published(organisation_id: int | None) -> QuerySet[Instrument]:
    """Return what may score an organisation, what counts first."""
    published = whole().filter(_scores(organisation_id))
    return published.order_by(F("organisation_id").desc(nulls_last=True), "-published_at")


def _scores(organisation_id: int | None, prefix: str = "") -> Q:
    own = Q(**{f"{prefix}organisation": organisation_id}) | Q(**{f"{prefix}organisation__isnull": True})
    return own & Q(**{f"{prefix}status": InstrumentStatus.PUBLISHED})


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
            for rule in instrument.rules.all()
        ),
    )


def scoring_problems(instrument: Instrument) -> list[str]:
    """Return what keeps the engine from scoring by an instrument at all, as a half-made draft may."""
    problems = [
        _("%(indicator)s: there is no such metric.") % {"indicator": indicator}
        for indicator in instrument.indicators.all()
        if indicator.metric and indicator.metric not in METRICS
    ]
    ordered = list(instrument.rules.all())
    if len(ordered) < 2 or [rule.rank for rule in ordered] != list(range(len(ordered))):
        problems.append(_("There must be at least two stages, ranked from 0 without a gap."))
    elif ordered[0].minimum_points or ordered[0].gates.all():
        problems.append(_("The first stage asks for nothing: every group has a stage."))
    return problems


def check_publishable(instrument: Instrument) -> None:
    """Raise `ValidationError` with everything that keeps the instrument from being published."""
    problems = scoring_problems(instrument)
    indicators = list(instrument.indicators.prefetch_related("levels"))
    weights = sum(indicator.weight for indicator in indicators)
    if weights != 100:
        problems.append(_("The weights add up to %(sum)d, not to 100.") % {"sum": weights})
    for indicator in indicators:
        levels = list(indicator.levels.all())
        points = [level.points for level in levels]
        if points != sorted(set(points)):
            problems.append(_("%(indicator)s: a higher level must earn more points.") % {"indicator": indicator})
        if not points or points[-1] != indicator.weight:
            problems.append(_("%(indicator)s: the highest level must earn the weight.") % {"indicator": indicator})
        most = MOST.get(indicator.metric)
        if levels and most is not None and levels[-1].threshold > most:
            problem = _("%(indicator)s: no group reaches more than %(most)d.")
            problems.append(problem % {"indicator": indicator, "most": most})
    problems += _rule_problems(instrument, {indicator.pk: indicator for indicator in indicators})
    if problems:
        raise ValidationError(problems)


def _rule_problems(instrument: Instrument, indicators: dict[int, Indicator]) -> list[str]:
    problems: list[str] = []
    ordered = list(instrument.rules.prefetch_related("gates"))
    minimums = [rule.minimum_points for rule in ordered]
    if minimums != sorted(set(minimums)):
        problems.append(_("A higher stage must ask for more points."))
    for rule in ordered:
        for gate in rule.gates.all():
            indicator = indicators.get(gate.indicator_id)
            if indicator is None or gate.minimum_points > indicator.weight:
                problems.append(
                    _("%(stage)s: a gate must ask for points its indicator can earn.") % {"stage": rule.name}
                )
    return problems


def load_shipped() -> None:
    """Put all shipped instruments into the database."""
    for path in SHIPPED:
        load_file(path)


@transaction.atomic
def load_file(path: Path) -> Instrument:
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
    for rank, row in enumerate(data["rules"]):
        gates = row.pop("gates")
        rule = StageRule.objects.create(instrument=instrument, rank=rank, **row)
        Gate.objects.bulk_create(
            Gate(rule=rule, indicator=by_code[code], minimum_points=points) for code, points in gates.items()
        )
    publish(instrument)
    return instrument


def lock_versions(instrument: Instrument) -> Instrument:
    """Return the instrument as it is now, and let nobody copy, edit or publish a version of it meanwhile."""
    versions = Instrument.objects.filter(code=instrument.code).order_by("pk").select_for_update(no_key=True)
    return next(version for version in versions if version == instrument)


@transaction.atomic
def publish(instrument: Instrument) -> None:
    """Freeze a draft and let it score; the version published before it retires. Raises `ValidationError`."""
    instrument = lock_versions(instrument)
    if not instrument.is_draft:
        raise ValidationError(_("Only a draft can be published."))
    check_publishable(instrument)
    Instrument.objects.filter(
        organisation=instrument.organisation, code=instrument.code, status=InstrumentStatus.PUBLISHED
    ).update(status=InstrumentStatus.RETIRED)
    instrument.status = InstrumentStatus.PUBLISHED
    instrument.published_at = timezone.now()
    instrument.save()
