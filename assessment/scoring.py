"""From records and judgements to the values of an instrument, and to the reasons why a group needs help."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from django.db.models import Q

from assessment import engine
from assessment.metrics import (
    LEAST_MEETINGS,
    RECENT_MEETINGS,
    Facts,
    Measured,
    Reads,
    Records,
    all_metrics,
    read_facts,
    recent,
)
from assessment.models import Judgement, Need
from finance.selectors.loan_positions import LOAN_POSITIONS
from groups.selectors.relations import GROUP_PROFILES
from meetings.selectors.relations import MEETINGS_HELD

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


NEED = "need"
"""What the reasons for help read is among the records by this name."""
_BEFORE = f"place > {RECENT_MEETINGS} AND place <= {2 * RECENT_MEETINGS}"
_NEED_READS = (
    Reads(GROUP_PROFILES, {"age_days": "MAX(age_days)"}),
    Reads(
        MEETINGS_HELD,
        {
            "held": "COUNT(*)",
            "days_ago": "MIN(days_ago)",
            "recent": recent("1"),
            "members": recent("member_count"),
            "attended": recent("attended_count"),
            "before": f"SUM(CASE WHEN {_BEFORE} THEN 1 ELSE 0 END)",
            "members_before": f"SUM(CASE WHEN {_BEFORE} THEN member_count ELSE 0 END)",
            "attended_before": f"SUM(CASE WHEN {_BEFORE} THEN attended_count ELSE 0 END)",
        },
    ),
    Reads(LOAN_POSITIONS, {"due": "SUM(fell_due)", "paid": "SUM(fell_due_paid)", "arrears": "SUM(arrears)"}),
)


def read_records(group_ids: Sequence[int], as_of: date, metrics: Iterable[str]) -> dict[int, dict[str, Facts]]:
    """Return by group what `metrics` and the reasons for help read, in one statement for each relation."""
    return read_facts(group_ids, as_of, reads_of(metrics))


def reads_of(metrics: Iterable[str]) -> dict[str, tuple[Reads, ...]]:
    """Return what `metrics` and the reasons for help read, by name."""
    return {NEED: _NEED_READS} | {metric: all_metrics()[metric].reads for metric in metrics}


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
                by_metric[indicator.metric] = all_metrics()[indicator.metric].measure(records[indicator.metric])
            measured[indicator.code] = by_metric[indicator.metric]
            if given is not None and given.is_override:
                overrides[indicator.code] = given
        else:
            measured[indicator.code] = Measured(given.value, {}) if given is not None else NOT_JUDGED
    return scored_by(instrument, measured, overrides)


def scored_by(
    instrument: engine.Instrument, measured: dict[str, Measured], overrides: dict[str, JudgedValue]
) -> Scored:
    """Return the score that values give, and what it is where `overrides` stand over some of them."""
    values = {code: found.value for code, found in measured.items()}
    measured_result = engine.assess(instrument, values)
    result = (
        engine.assess(instrument, values | {code: given.value for code, given in overrides.items()})
        if overrides
        else measured_result
    )
    return Scored(result, measured_result, measured, overrides)


def arrears_of(records: Records) -> int:
    """Return the rupiah that fell due on running loans before the day and were not paid."""
    return int(records[NEED]["arrears"])


def need_of(records: Records, as_of: date, rank: int, earlier: Sequence[EarlierScore]) -> Need:
    """Return why a group needs help; `earlier` are its scores of the last `DROPPED_DAYS` days, oldest first."""
    facts = records[NEED]
    need = Need(0)
    if (facts["days_ago"] if facts["held"] else facts["age_days"]) > NO_MEETING_DAYS:
        need |= Need.NO_MEETING
    if any(score.rank > rank for score in earlier):
        need |= Need.STAGE_DROPPED
    if facts["due"] and facts["paid"] / facts["due"] < ARREARS_RATE:
        need |= Need.ARREARS
    older = [score for score in earlier if (as_of - score.as_of).days >= RISING_DAYS]
    if older and arrears_of(records) - older[-1].arrears > RISING * facts["due"]:
        need |= Need.ARREARS_RISING
    is_known = facts["recent"] >= LEAST_MEETINGS and facts["members"]
    if is_known and facts["attended"] / facts["members"] < LOW_ATTENDANCE:
        need |= Need.LOW_ATTENDANCE
    if _falls(facts):
        need |= Need.FALLING_ATTENDANCE
    return need


def _falls(facts: Facts) -> bool:
    if min(facts["recent"], facts["before"]) < LEAST_MEETINGS or not facts["members"] or not facts["members_before"]:
        return False
    before = facts["attended_before"] / facts["members_before"]
    return bool(facts["attended"] / facts["members"] <= before - FALLING)
