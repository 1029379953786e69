"""From records and judgements to the values of an instrument, and to the reasons why a group needs help."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date

from assessment import engine
from assessment.metrics import METRICS, Measured, Records
from assessment.models import STAGE_ORDER, Instrument, Judgement, Need

NO_MEETING_DAYS = 60
LOW_ATTENDANCE = 0.6
ARREARS_RATE = 0.8
"""Below this repayment rate a UPK is suspended (PNPM operating standard, 2013)."""
DROPPED_DAYS = 92
"""A stage counts as dropped while a higher one was held in the last three months."""


def latest_judgements(group_ids: Iterable[int], as_of: date) -> dict[int, dict[tuple[str, str], float]]:
    """Return by group, instrument code and indicator code the value judged last up to a day, in one statement."""
    judged: dict[int, dict[tuple[str, str], float]] = defaultdict(dict)
    rows = (
        Judgement.objects.filter(group_id__in=group_ids, judged_on__lte=as_of)
        .order_by("judged_on", "pk")
        .values_list("group_id", "level__indicator__instrument__code", "level__indicator__code", "level__threshold")
    )
    for group_id, instrument, indicator, threshold in rows:
        judged[group_id][instrument, indicator] = float(threshold)
    return judged


def measure(
    instrument: Instrument,
    indicators: Iterable[engine.Indicator],
    records: Records,
    judged: dict[tuple[str, str], float],
) -> dict[str, Measured]:
    """Return the value of each indicator, measured from the records or judged by a person."""
    return {
        indicator.code: METRICS[indicator.metric](records)
        if indicator.metric
        else Measured(judged.get((instrument.code, indicator.code)), {})
        for indicator in indicators
    }


def need_of(records: Records, as_of: date, stage: str, stages_before: Iterable[str]) -> Need:
    """Return why a group needs help; independent of the instrument."""
    need = Need(0)
    days = (as_of - records.last_held_on).days if records.last_held_on is not None else records.age_days
    if days > NO_MEETING_DAYS:
        need |= Need.NO_MEETING
    if any(STAGE_ORDER.index(before) > STAGE_ORDER.index(stage) for before in stages_before):
        need |= Need.STAGE_DROPPED
    if records.due and records.paid / records.due < ARREARS_RATE:
        need |= Need.ARREARS
    if records.members and records.present / records.members < LOW_ATTENDANCE:
        need |= Need.LOW_ATTENDANCE
    return need
