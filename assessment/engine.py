"""The scoring engine: pure, without ORM or clock.

An instrument and the values of its indicators give points, a stage, and a plan that reaches the next stage.
A value of None is "not enough data": it earns no points and is never taken for a measured zero. Everything is
monotone: a higher value never earns fewer points, a lower score or a lower stage.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple


@dataclass(frozen=True, slots=True)
class Level:
    """From the value `threshold` upwards an indicator earns `points`."""

    threshold: float
    points: int


@dataclass(frozen=True, slots=True)
class Indicator:
    """One thing assessed, worth up to `weight` points; `levels` rise in threshold and in points.

    Without a `metric` its value is judged by a person.
    """

    code: str
    weight: int
    levels: tuple[Level, ...]
    metric: str = ""

    def points(self, value: float | None) -> int:
        """Return the points of a value, 0 without one."""
        earned = 0
        if value is not None:
            for level in self.levels:
                if value < level.threshold:
                    break
                earned = level.points
        return earned


@dataclass(frozen=True, slots=True)
class StageRule:
    """A stage asks for `minimum_points` in all, and by `gates` for points on single indicators."""

    stage: str
    minimum_points: int
    gates: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Instrument:
    """Indicators, and the rules of the stages from the lowest to the highest."""

    indicators: tuple[Indicator, ...]
    rules: tuple[StageRule, ...]

    @property
    def metrics(self) -> frozenset[str]:
        """The metrics its indicators are measured by."""
        return frozenset(indicator.metric for indicator in self.indicators if indicator.metric)


class Score(NamedTuple):
    """What one indicator earned; `value` None is "not enough data"."""

    indicator: Indicator
    value: float | None
    points: int

    @property
    def next_level(self) -> Level | None:
        """The lowest level that earns more, None at the top."""
        return next((level for level in self.indicator.levels if level.points > self.points), None)


@dataclass(frozen=True, slots=True)
class Step:
    """One action of a plan: bring an indicator from `value` to `target` and earn `gain` points.

    `effort` is the way to go as a share of the whole way, from 0 to 1; without a value it is the whole way
    to the target. A `required` step is one that a gate asks for, so that nothing else can replace it.
    """

    code: str
    value: float | None
    target: float
    gain: int
    effort: float
    required: bool

    @property
    def gap(self) -> float:
        """How far the value is from the target; all of the target without a value."""
        return self.target - (self.value or 0.0)


@dataclass(frozen=True, slots=True)
class Plan:
    """How the next stage is reached: points still missing, and steps that together suffice, cheapest first."""

    stage: str
    missing_points: int
    steps: tuple[Step, ...]


@dataclass(frozen=True)
class Result:
    """A score from 0 to the sum of the weights, the stage it gives, and the rule of the next stage if there is one.

    `rank` is the place of the stage among the instrument's stages, 0 for the lowest.
    """

    score: int
    stage: str
    rank: int
    scores: tuple[Score, ...]
    next_rule: StageRule | None

    @cached_property
    def plan(self) -> Plan | None:
        """The way to the next stage, None at the highest."""
        return _plan(self.next_rule, self.scores, self.score) if self.next_rule is not None else None


def assess(instrument: Instrument, values: Mapping[str, float | None]) -> Result:
    """Score `values`, measured or judged, by indicator code; a code that is missing has no value.

    Raises `ValueError` if not even the lowest stage is reached: the lowest rule asks for nothing.
    """
    scores = tuple(
        [
            Score(indicator, value, indicator.points(value))
            for indicator in instrument.indicators
            for value in (values.get(indicator.code),)
        ]
    )
    total = sum([score.points for score in scores])
    rank = _rank(instrument.rules, scores, total)
    following = instrument.rules[rank + 1] if rank + 1 < len(instrument.rules) else None
    return Result(total, instrument.rules[rank].stage, rank, scores, following)


def _rank(rules: Sequence[StageRule], scores: Sequence[Score], total: int) -> int:
    """Return the place of the highest stage whose rule holds together with all below it."""
    points = {score.indicator.code: score.points for score in scores}
    rank = -1
    for rule in rules:
        if total < rule.minimum_points or any(points[code] < least for code, least in rule.gates.items()):
            break
        rank += 1
    if rank < 0:
        raise ValueError("the lowest stage asks for more than nothing")
    return rank


def _plan(rule: StageRule, scores: Sequence[Score], total: int) -> Plan:
    """Choose the steps: those of the gates first, then the cheapest by effort for each point, until it suffices.

    Without any one of the steps, or with a lower level at one, the stage would not be reached.
    """
    steps: dict[str, Step] = {}
    needed: dict[str, int] = {}
    possible: list[Step] = []
    for score in scores:
        least = rule.gates.get(score.indicator.code, 0)
        is_shut = score.points < least
        ahead = [
            _step(score, level, required=is_shut) for level in score.indicator.levels if level.points > score.points
        ]
        possible += ahead
        if is_shut:
            needed[score.indicator.code] = least - score.points
            steps[score.indicator.code] = next(step for step in ahead if score.points + step.gain >= least)
    missing = rule.minimum_points - total - sum(step.gain for step in steps.values())
    while missing > 0:
        # Each round offers, for each indicator, the levels above the one already planned.
        offers: list[tuple[float, float, Step, int]] = []
        for step in possible:
            planned = steps.get(step.code)
            effort, gain = (
                (step.effort - planned.effort, step.gain - planned.gain) if planned else (step.effort, step.gain)
            )
            if gain > 0:
                offers.append((effort / min(gain, missing), effort, step, gain))
        if not offers:
            break
        _price, _effort, cheapest, gain = min(offers, key=lambda offer: offer[:2])
        steps[cheapest.code] = cheapest
        missing -= gain
    # A later, larger step may have made an earlier one needless, or larger than it need be.
    for step in sorted(steps.values(), key=lambda step: -step.effort):
        if not step.required and step.gain <= -missing:
            del steps[step.code]
            missing += step.gain
            continue
        smallest = next(
            other
            for other in possible
            if other.code == step.code and other.gain >= max(step.gain + min(missing, 0), needed.get(step.code, 0))
        )
        steps[step.code] = smallest
        missing += step.gain - smallest.gain
    cheapest_first = sorted(steps.values(), key=lambda step: (step.effort / step.gain, step.effort, step.code))
    return Plan(rule.stage, max(0, rule.minimum_points - total), tuple(cheapest_first))


def _step(score: Score, level: Level, *, required: bool) -> Step:
    top = score.indicator.levels[-1].threshold or 1.0
    gap = level.threshold - (score.value or 0.0)
    return Step(
        code=score.indicator.code,
        value=score.value,
        target=level.threshold,
        gain=level.points - score.points,
        effort=min(1.0, max(0.0, gap / top)),
        required=required,
    )
