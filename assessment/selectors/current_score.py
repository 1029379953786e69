"""The score of one group as of a day, computed from its records, and the scores stored before it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from assessment import engine, instruments, wording
from assessment.metrics import NO_DATA, Facts, Measured, all_metrics, page_url, sentence, value_text
from assessment.models import Assessment, Indicator, Instrument, Judgement, Level, Need, StageRule
from assessment.scoring import (
    DROPPED_DAYS,
    EarlierScore,
    JudgedValue,
    Scored,
    latest_judgements,
    need_of,
    read_records,
    score,
    scored_by,
)
from groups.models import Group


@dataclass(frozen=True, slots=True)
class IndicatorRow:
    """One indicator of a group as a page shows it; `score` is as measured, `given` the points of an override."""

    indicator: Indicator
    score: engine.Score
    facts: Facts
    given: int | None
    judgement: Judgement | None
    level: Level | None
    code: str

    @property
    def measured_points(self) -> int:
        """The points without an override."""
        return self.score.points

    @property
    def points(self) -> int:
        """The points that count."""
        return self.score.points if self.given is None else self.given

    @property
    def words(self) -> str:
        """The measured value in words, or the label of the level a person chose."""
        if self.indicator.metric:
            return sentence(self.indicator.metric, self.score.value, self.facts)
        return str(self.level) if self.level is not None else str(NO_DATA)

    @property
    def records_url(self) -> str:
        """The page with the records that were counted, empty for a judged indicator."""
        return page_url(self.indicator.metric, self.code) if self.indicator.metric else ""

    @property
    def records_name(self) -> Promise:
        """What that page is called."""
        return all_metrics()[self.indicator.metric].page_name

    @property
    def evidence_url(self) -> str:
        """The page with the very records that were counted."""
        return reverse("assessment-evidence", args=[self.code, self.indicator.code])

    @property
    def levels(self) -> list[tuple[Level, str]]:
        """The levels of the indicator in words, the lowest first."""
        return [
            (
                level,
                ngettext("%(value)s: %(points)d point", "%(value)s: %(points)d points", level.points)
                % {"value": _threshold_text(self.indicator, float(level.threshold)), "points": level.points},
            )
            for level in self.indicator.levels.all()
        ]

    @property
    def next_level(self) -> engine.Level | None:
        """The lowest level that earns more than what counts, None at the top."""
        return self.score._replace(points=self.points).next_level

    @property
    def gap(self) -> str:
        """What the next level asks for, empty at the top."""
        following = self.next_level
        return "" if following is None else _threshold_text(self.indicator, following.threshold)

    @property
    def at_stake(self) -> int:
        """Points that the next level adds to those that count."""
        following = self.next_level
        return 0 if following is None else following.points - self.points


@dataclass(frozen=True, slots=True)
class StepRow:
    """One step of the plan towards the next stage as a page shows it.

    `below_levels` says that a person said none of the levels is reached, unlike there being not enough data.
    """

    step: engine.Step
    indicator: Indicator
    below_levels: bool = False

    @property
    def now(self) -> str:
        """Where the indicator stands."""
        if self.below_levels:
            return _("none of the levels")
        return _threshold_text(self.indicator, self.step.value)

    @property
    def target(self) -> str:
        """Where it must get to."""
        return _threshold_text(self.indicator, self.step.target)


@dataclass(frozen=True, slots=True)
class Area:
    """Points earned and points to be had in one area of an instrument."""

    name: str
    points: int
    weight: int


@dataclass(frozen=True, slots=True)
class CurrentScore:
    """The score of a group as of a day, computed from the records and stored nowhere unless it was made `final`."""

    as_of: date
    instrument: Instrument
    scored: Scored
    rows: list[IndicatorRow]
    need: Need
    steps: list[StepRow] = field(default_factory=list)
    final: Assessment | None = None

    @property
    def result(self) -> engine.Result:
        """The score that counts, overrides included."""
        return self.scored.result

    @property
    def rules(self) -> list[StageRule]:
        """The stages of the instrument, the lowest first."""
        return list(self.instrument.rules.all())

    @property
    def stage_label(self) -> str:
        """The stage's name."""
        return self.rules[self.result.rank].name

    @property
    def measured_stage_label(self) -> str:
        """The name of the stage without overrides."""
        return self.rules[self.scored.measured_result.rank].name

    @property
    def next_stage_label(self) -> str:
        """The next stage's name, empty at the highest."""
        return self.rules[self.result.rank + 1].name if self.result.plan is not None else ""

    def row(self, code: str) -> IndicatorRow | None:
        """Return the indicator of that code, None if the instrument has none."""
        return next((row for row in self.rows if row.indicator.code == code), None)

    @property
    def seen(self) -> str:
        """The points that count in one word, to notice that they are no longer those a person looked at."""
        return points_seen({row.indicator.code: row.points for row in self.rows})

    @property
    def areas(self) -> list[Area]:
        """The points that count, by area in the order of the indicators; none for an instrument without areas."""
        found: dict[str, list[IndicatorRow]] = {}
        for row in self.rows:
            if row.indicator.area:
                found.setdefault(row.indicator.area, []).append(row)
        return [
            Area(name, sum(row.points for row in rows), sum(row.indicator.weight for row in rows))
            for name, rows in found.items()
        ]

    @property
    def reasons(self) -> list[Promise]:
        """Why the group needs help, most urgent first."""
        return wording.reasons(self.need)


def current_score(
    group: Group,
    as_of: date,
    scheme: str = "",
    scores: Sequence[Assessment] | None = None,
    instrument: Instrument | None = None,
) -> CurrentScore | None:
    """Return the score of the group by `scheme`, or by the primary one; None while no instrument of it is published.

    It is by `instrument`, a version of the scheme with all its parts, or by the one in force on the day.

    A score of the day that is final is the score of the day, as on dashboards. `scores` are its stored scores by the
    scheme of the last `DROPPED_DAYS` and more, oldest first, where they are read already. The same number of statements
    for any group, two more where the score is final.
    """
    instrument = instrument or instruments.in_force_on(group.organisation_id, scheme, as_of)
    if instrument is None:
        return None
    since = as_of - timedelta(DROPPED_DAYS - 1)
    if scores is None:
        scores = stored_scores(group, instrument.code, since)
    judged = latest_judgements([group.pk], as_of).get(group.pk, {})
    judgements = _judgements(judged, instrument.code)
    final = next((found for found in scores if found.as_of == as_of and found.is_final), None)
    if final is not None:
        return _of_final(group, final, judgements)
    compiled = instruments.engine_instrument(instrument)
    records = read_records([group.pk], as_of, compiled.metrics)[group.pk]
    scored = score(instrument.code, compiled, records, judged)
    earlier = [EarlierScore(found.as_of, found.rank, found.arrears) for found in scores if since <= found.as_of < as_of]
    need = need_of(records, as_of, scored.result.rank, earlier)
    return _shown(group, as_of, instrument, scored, judgements, need)


def version_of_day(group: Group, as_of: date, scheme: str) -> Instrument | None:
    """Return the instrument a group is scored by on a day that is over, None where none was published by then.

    It is the one of the score stored of that day, else the one that was in force.
    """
    stored = Assessment.objects.filter(group=group, scheme=scheme, as_of=as_of).values_list("instrument", flat=True)
    version = stored.first()
    if version is not None:
        return instruments.with_all_parts().get(pk=version)
    return instruments.in_force_on(group.organisation_id, scheme, as_of)


def _of_final(group: Group, final: Assessment, judgements: Mapping[str, Judgement]) -> CurrentScore:
    """Return the score of a day on which it was made final: it stays, whatever was recorded or given since."""
    instrument = instruments.with_all_parts().get(pk=final.instrument_id)
    kept: dict[str, dict[str, Any]] = final.indicators
    measured = {code: Measured(found["value"], found["facts"]) for code, found in kept.items()}
    overrides = {
        code: JudgedValue(found["given"]["value"], found["given"]["judgement"], is_override=True)
        for code, found in kept.items()
        if "given" in found
    }
    assert final.finalised_at is not None, "a final score says when it became final"
    known = {code: one for code, one in judgements.items() if one.judged_at <= final.finalised_at}
    scored = scored_by(instruments.engine_instrument(instrument), measured, overrides)
    return replace(_shown(group, final.as_of, instrument, scored, known, Need(final.need)), final=final)


def _shown(
    group: Group,
    as_of: date,
    instrument: Instrument,
    scored: Scored,
    judgements: Mapping[str, Judgement],
    need: Need,
) -> CurrentScore:
    given = {line.indicator.code: line.points for line in scored.result.scores}
    indicators = {indicator.code: indicator for indicator in instrument.indicators.all()}
    rows = [
        IndicatorRow(
            indicator=indicator,
            score=line,
            facts=scored.measured[indicator.code].facts,
            given=given[indicator.code] if indicator.code in scored.overrides else None,
            judgement=judgements.get(indicator.code),
            level=level_of(indicator, line.value),
            code=group.code,
        )
        for indicator, line in zip(indicators.values(), scored.measured_result.scores, strict=True)
    ]
    steps = step_rows(scored.result, instrument, {code for code, was in scored.overrides.items() if was.value is None})
    return CurrentScore(as_of, instrument, scored, rows, need, steps)


def step_rows(result: engine.Result, instrument: Instrument, below_levels: Set[str]) -> list[StepRow]:
    """Return the plan of a result as a page shows it; no steps at the highest stage.

    `below_levels` are the codes of indicators of which a person said that none of the levels is reached.
    """
    if result.plan is None:
        return []
    indicators = {indicator.code: indicator for indicator in instrument.indicators.all()}
    return [StepRow(step, indicators[step.code], step.code in below_levels) for step in result.plan.steps]


def points_seen(points: Mapping[str, int]) -> str:
    """Return points by indicator code in one word."""
    return ".".join(str(points[code]) for code in sorted(points))


def points_kept(indicators: Mapping[str, Any]) -> str:
    """Return the points that count of `Assessment.indicators` in one word, as `points_seen` does."""
    return points_seen({code: found.get("given", found)["points"] for code, found in indicators.items()})


def stored_scores(group: Group, scheme: str, since: date) -> list[Assessment]:
    """Return the stored assessments by `scheme` since a day, oldest first, without their indicators and evidence."""
    scores = Assessment.objects.filter(group=group, scheme=scheme, as_of__gte=since)
    return list(scores.defer("indicators", "evidence").select_related("finalised_by", "instrument").order_by("as_of"))


def is_behind(stored: Assessment, current: CurrentScore | None) -> bool:
    """Say whether a score stored in the month of the current one is another, because it does not know newer records.

    A final score is what it is.
    """
    if current is None or stored.is_final or stored.as_of.replace(day=1) != current.as_of.replace(day=1):
        return False
    return (stored.score, stored.rank) != (current.result.score, current.result.rank)


def judgeable(instrument: Instrument | None) -> list[Indicator]:
    """Return the indicators of an instrument that a person judges."""
    if instrument is None:
        return []
    return [indicator for indicator in instrument.indicators.all() if not indicator.metric]


def _judgements(judged: Mapping[tuple[str, str], JudgedValue], scheme: str) -> dict[str, Judgement]:
    """Return the judgements that count, by indicator code."""
    wanted = {given.judgement_id: code for (of, code), given in judged.items() if of == scheme}
    made = Judgement.objects.filter(pk__in=wanted).select_related("level", "judged_by")
    return {wanted[judgement.pk]: judgement for judgement in made}


def level_of(indicator: Indicator, value: float | None) -> Level | None:
    """Return the highest level reached, for indicators whose levels are described in words."""
    if value is None:
        return None
    reached = [level for level in indicator.levels.all() if level.threshold <= value]
    return reached[-1] if reached else None


def _threshold_text(indicator: Indicator, value: float | None) -> str:
    level = next(
        (level for level in indicator.levels.all() if value is not None and float(level.threshold) == value), None
    )
    return level.label if level is not None and level.label else value_text(indicator.metric, value)
