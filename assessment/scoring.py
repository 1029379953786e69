"""From records and judgements to the values of an instrument, and to the reasons why a group needs help."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from django.db.models import Q

from assessment import engine
from assessment.metrics import LEAST_MEETINGS, METRICS, Measured, Records
from assessment.models import Judgement, Need

NO_MEETING_DAYS = 60
LOW_ATTENDANCE = 0.6
ARREARS_RATE = 0.8
"""Below this repayment rate a UPK is suspended (PNPM operating standard, 2013)."""
DROPPED_DAYS = 92
"""A stage counts as dropped while a higher one was held in the last three months."""
FALLING = 0.1
"""Attendance falls if the last four meetings had a tenth of the members less than the up to four before them."""
RISING_DAYS = 28
RISING = 0.05
"""Arrears rise if since the newest score at least `RISING_DAYS` older they grew by a twentieth of all that fell due.

An instalment that is paid some days late, at the next meeting, is no rise.
"""


class JudgedValue(NamedTuple):
    """What a person said of an indicator: the value of a level, and whether it may stand over a measured one.

    Without a value none of the levels is reached.
    """

    value: float | None
    judgement_id: int
    is_override: bool


Judged = Mapping[tuple[str, str], JudgedValue]
"""By scheme and indicator code."""


class EarlierScore(NamedTuple):
    """An earlier score of the same scheme, as far as reasons for help look at it; `arrears` in rupiah."""

    as_of: date
    rank: int
    arrears: int


@dataclass(frozen=True, slots=True)
class Scored:
    """The score of one group by one instrument: as given, and as measured where a person overrode something."""

    result: engine.Result
    measured_result: engine.Result
    measured: dict[str, Measured]
    overrides: dict[str, JudgedValue]


def latest_judgements(group_ids: Iterable[int], as_of: date) -> dict[int, dict[tuple[str, str], JudgedValue]]:
    """Return by group, scheme and indicator code what counts of the judgements up to a day, in one statement."""
    judged: dict[int, dict[tuple[str, str], JudgedValue]] = defaultdict(dict)
    rows = (
        Judgement.objects.filter(
            Q(withdrawn_on__isnull=True) | Q(withdrawn_on__gt=as_of),
            group_id__in=group_ids,
            judged_on__lte=as_of,
        )
        .order_by("judged_on", "pk")
        .values_list(
            "group_id",
            "level__indicator__instrument__code",
            "level__indicator__code",
            "level__threshold",
            "below_levels",
            "pk",
            "until",
        )
    )
    for group_id, scheme, indicator, threshold, is_below, pk, until in rows:
        if until is not None and until < as_of:
            # It ended, and does not bring back the one it took the place of.
            judged[group_id].pop((scheme, indicator), None)
            continue
        value = None if is_below else float(threshold)
        judged[group_id][scheme, indicator] = JudgedValue(value, pk, until is not None)
    return judged


NOT_JUDGED = Measured(None, {})
"""Nobody said anything yet: not enough data."""


def score(
    scheme: str,
    instrument: engine.Instrument,
    records: Records,
    judged: Judged,
    by_metric: dict[str, Measured] | None = None,
) -> Scored:
    """Score a group: indicators are measured from the records or judged, and overrides stand over the measured.

    `by_metric` keeps what was measured from these records for the next scheme.
    """
    by_metric = {} if by_metric is None else by_metric
    measured: dict[str, Measured] = {}
    overrides: dict[str, JudgedValue] = {}
    for indicator in instrument.indicators:
        given = judged.get((scheme, indicator.code))
        if indicator.metric:
            if indicator.metric not in by_metric:
                by_metric[indicator.metric] = METRICS[indicator.metric](records)
            measured[indicator.code] = by_metric[indicator.metric]
            if given is not None and given.is_override:
                overrides[indicator.code] = given
        else:
            measured[indicator.code] = Measured(given.value, {}) if given is not None else NOT_JUDGED
    values = {code: found.value for code, found in measured.items()}
    measured_result = engine.assess(instrument, values)
    result = (
        engine.assess(instrument, values | {code: given.value for code, given in overrides.items()})
        if overrides
        else measured_result
    )
    return Scored(result, measured_result, measured, overrides)


def need_of(records: Records, as_of: date, rank: int, before: Iterable[EarlierScore]) -> Need:
    """Return why a group needs help; `before` are its scores of the last `DROPPED_DAYS` days, oldest first."""
    need = Need(0)
    earlier = list(before)
    days = (as_of - records.last_held_on).days if records.last_held_on is not None else records.age_days
    if days > NO_MEETING_DAYS:
        need |= Need.NO_MEETING
    if any(score.rank > rank for score in earlier):
        need |= Need.STAGE_DROPPED
    if records.due and records.paid / records.due < ARREARS_RATE:
        need |= Need.ARREARS
    older = [score for score in earlier if (as_of - score.as_of).days >= RISING_DAYS]
    if older and records.arrears - older[-1].arrears > RISING * records.due:
        need |= Need.ARREARS_RISING
    is_known = records.recent >= LEAST_MEETINGS and records.members
    if is_known and records.present / records.members < LOW_ATTENDANCE:
        need |= Need.LOW_ATTENDANCE
    if _falls(records):
        need |= Need.FALLING_ATTENDANCE
    return need


def _falls(records: Records) -> bool:
    if min(records.recent, records.before) < LEAST_MEETINGS or not records.members or not records.members_before:
        return False
    return records.present / records.members <= records.present_before / records.members_before - FALLING
