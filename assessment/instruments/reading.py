"""Which instruments score an organisation, and an instrument as the engine takes it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta

from django.db.models import F, OuterRef, Prefetch, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.utils import timezone

from assessment import engine
from assessment.models import Gate, Indicator, Instrument, InstrumentStatus, SchemeUse, StageRule

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


def in_force_on(organisation_id: int | None, scheme: str, day: date) -> Instrument | None:
    """Return the instrument of `scheme`, or of the primary one, that scores an organisation on a day; see `in_use_on`.

    Five statements.
    """
    primary = SchemeUse.objects.filter(organisation=organisation_id).values("scheme")[:1]
    wanted = Value(scheme) if scheme else Coalesce(Subquery(primary), Value(DEFAULT_SCHEME))
    versions = _versions(organisation_id).filter(code=wanted).exclude(retired_at__lt=_end_of(day))
    return next(iter(in_use_on(day, versions).values()), None)


def in_use_on(day: date, versions: Iterable[Instrument]) -> dict[str, Instrument]:
    """Return by scheme which of `versions`, of `versions_in_use`, score an organisation at the end of a day.

    Its own published last, else the shared one, of those that had not retired. Where none was published by then it is
    the one published next; a scheme whose versions had all retired has none.
    """
    end, found = _end_of(day), dict[str, Instrument]()
    for version in versions:
        best = found.get(version.code)
        has_retired = version.retired_at is not None and version.retired_at < end
        if not has_retired and (best is None or _precedence(version, end) > _precedence(best, end)):
            found[version.code] = version
    return found


def versions_in_use(organisation_id: int) -> list[Instrument]:
    """Return every version that scored an organisation by a scheme it uses, or will; six statements.

    Those of the primary scheme come first.
    """
    schemes = schemes_of(organisation_id)
    versions = _versions(organisation_id).filter(code__in=schemes)
    return sorted(versions, key=lambda version: schemes.index(version.code))


def _versions(organisation_id: int | None) -> QuerySet[Instrument]:
    published = with_all_parts().filter(_owned(organisation_id), published_at__isnull=False)
    return published.order_by("published_at", "pk")


def _end_of(day: date) -> datetime:
    """Return the moment at which the next day begins."""
    return timezone.make_aware(datetime.combine(day + timedelta(1), time()))


def _precedence(version: Instrument, end: datetime) -> tuple[bool, bool, float]:
    """Return what says which of two versions scores up to a moment: the greater."""
    assert version.published_at is not None, "a draft scores nobody"
    was_published, at = version.published_at < end, version.published_at.timestamp()
    return was_published, was_published and version.organisation_id is not None, at if was_published else -at


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


def indicators_of_scheme(organisation_id: int | None, scheme: str) -> list[Indicator]:
    """Return the indicators of every version of a scheme that may have scored an organisation, or any for None.

    Those of the newest version first, each with its instrument; one statement.
    """
    found = Indicator.objects.filter(instrument__code=scheme).exclude(instrument__status=InstrumentStatus.DRAFT)
    if organisation_id is not None:
        found = found.filter(_owned(organisation_id, "instrument__"))
    return list(found.select_related("instrument").order_by("-instrument__published_at", "-instrument", "number"))


def earlier_stage_names(organisation_id: int | None, scheme: str) -> dict[str, str]:
    """Return the names of the stages of every version of a scheme, the newest name of each; one statement.

    The versions are those of `indicators_of_scheme`.
    """
    rules = StageRule.objects.filter(instrument__code=scheme).exclude(instrument__status=InstrumentStatus.DRAFT)
    if organisation_id is not None:
        rules = rules.filter(_owned(organisation_id, "instrument__"))
    return {rule.stage: rule.name for rule in rules.order_by("instrument__published_at", "instrument")}


def _published(organisation_id: int | None) -> QuerySet[Instrument]:
    """Return what may score an organisation, what counts first."""
    published = with_all_parts().filter(_scores(organisation_id))
    return published.order_by(F("organisation_id").desc(nulls_last=True), "-published_at")


def _scores(organisation_id: int | None, prefix: str = "") -> Q:
    return _owned(organisation_id, prefix) & Q(**{f"{prefix}status": InstrumentStatus.PUBLISHED})


def _owned(organisation_id: int | None, prefix: str = "") -> Q:
    """Return the condition that an instrument is of an organisation, or shared."""
    return Q(**{f"{prefix}organisation": organisation_id}) | Q(**{f"{prefix}organisation__isnull": True})


def with_all_parts() -> QuerySet[Instrument]:
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
