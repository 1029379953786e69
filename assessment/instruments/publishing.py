"""What an instrument must be before it scores anybody, and publishing it."""

from __future__ import annotations

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from assessment.metrics import all_metrics
from assessment.models import Indicator, Instrument, InstrumentStatus
from groups.shared.clock import now


def scoring_problems(instrument: Instrument) -> list[str]:
    """Return what keeps the engine from scoring by an instrument at all, as a half-made draft may."""
    problems = [
        _("%(indicator)s: there is no such metric.") % {"indicator": indicator}
        for indicator in instrument.indicators.all()
        if indicator.metric and indicator.metric not in all_metrics()
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
        metric = all_metrics().get(indicator.metric)
        most = metric.most if metric is not None else None
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


def lock_versions(instrument: Instrument) -> Instrument:
    """Return the instrument as it is stored, and let nobody copy, edit or publish a version of it meanwhile.

    An instrument whose code is about to change is a version of both its schemes.
    """
    versions = Instrument.objects.filter(Q(code=instrument.code) | Q(pk=instrument.pk))
    return next(version for version in versions.order_by("pk").select_for_update(no_key=True) if version == instrument)


@transaction.atomic
def publish(instrument: Instrument) -> None:
    """Freeze a draft and let it score; the version published before it retires. Raises `ValidationError`."""
    instrument = lock_versions(instrument)
    if not instrument.is_draft:
        raise ValidationError(_("Only a draft can be published."))
    check_publishable(instrument)
    before = Instrument.objects.filter(organisation=instrument.organisation, code=instrument.code)
    instrument.published_at = now()
    retire(before, at=instrument.published_at)
    instrument.status = InstrumentStatus.PUBLISHED
    instrument.save()


def retire(versions: QuerySet[Instrument], *, at: datetime) -> None:
    """Let the published ones of some versions score nobody from a moment on; days before stay scored by them."""
    versions.filter(status=InstrumentStatus.PUBLISHED).update(status=InstrumentStatus.RETIRED, retired_at=at)
