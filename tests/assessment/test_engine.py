"""The engine: worked examples by hand, and laws that hold for every instrument and every value."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assessment.engine import Indicator, Instrument, Level, StageRule, assess
from assessment.instruments import SHIPPED
from assessment.models import MOST_STAGES

MEETINGS = Indicator("meetings", 40, (Level(0.5, 10), Level(0.9, 40)), "meeting_regularity")
SAVINGS = Indicator("savings", 40, (Level(0.5, 20), Level(0.75, 30), Level(0.9, 40)), "savings_regularity")
OUTSIDE = Indicator("outside", 20, (Level(0, 0), Level(1, 10), Level(2, 20)))
INSTRUMENT = Instrument(
    indicators=(MEETINGS, SAVINGS, OUTSIDE),
    rules=(
        StageRule("TUNAS", 0),
        StageRule("TUMBUH", 50, {"meetings": 10}),
        StageRule("KEMBANG", 80, {"savings": 30}),
    ),
)


def test_worked_example_by_hand() -> None:
    # 0.6 of the meetings earn 10, savings of 0.8 earn 30, one level judged earns 10: 50 points, Tumbuh.
    result = assess(INSTRUMENT, {"meetings": 0.6, "savings": 0.8, "outside": 1})
    assert [score.points for score in result.scores] == [10, 30, 10]
    assert (result.score, result.stage) == (50, "TUMBUH")


def test_a_threshold_itself_earns_its_level() -> None:
    assert assess(INSTRUMENT, {"meetings": 0.5}).score == 10
    assert assess(INSTRUMENT, {"meetings": 0.4999}).score == 0


def test_nine_in_ten_reaches_a_threshold_of_nine_tenths() -> None:
    assert assess(INSTRUMENT, {"meetings": 9 / 10}).score == 40


def test_not_enough_data_earns_nothing_and_is_no_zero() -> None:
    result = assess(INSTRUMENT, {"savings": 0.8})
    assert result.scores[0].value is None
    assert result.scores[0].points == 0
    assert assess(INSTRUMENT, {"meetings": 0.0}).scores[0].value == 0.0


def test_a_gate_holds_back_whatever_the_total() -> None:
    # 40 + 20 from savings and outside reach 60 points, but no meetings: still Tunas.
    result = assess(INSTRUMENT, {"savings": 1, "outside": 2})
    assert (result.score, result.stage) == (60, "TUNAS")


def test_a_stage_needs_the_stages_below_it() -> None:
    # 40 + 20 + … cannot be Kembang by its own rule while Tumbuh's gate is shut.
    shut = Instrument(INSTRUMENT.indicators, (StageRule("TUNAS", 0), StageRule("TUMBUH", 0, {"meetings": 10}),
        StageRule("KEMBANG", 50)))  # fmt: skip
    assert assess(shut, {"savings": 1, "outside": 2}).stage == "TUNAS"


def test_at_the_highest_stage_there_is_no_plan() -> None:
    result = assess(INSTRUMENT, {"meetings": 1, "savings": 1, "outside": 2})
    assert (result.score, result.stage, result.plan) == (100, "KEMBANG", None)


def test_the_plan_opens_the_gate_first_and_stops_when_it_suffices() -> None:
    # 40 points; Tumbuh asks for 50 and 10 on meetings. Meetings to 0.5 gives both: nothing else is asked.
    plan = assess(INSTRUMENT, {"meetings": 0.4, "savings": 0.9}).plan
    assert plan is not None
    assert (plan.stage, plan.missing_points) == ("TUMBUH", 10)
    (step,) = plan.steps
    assert (step.code, step.target, step.gain, step.required) == ("meetings", 0.5, 10, True)
    assert step.gap == pytest.approx(0.1)
    assert step.effort == pytest.approx(0.1 / 0.9)


def test_the_plan_takes_the_cheapest_way() -> None:
    # 50 points; 30 more for Kembang. Meetings to 0.9 needs 0.02 of the way and earns 30; savings more way for less.
    plan = assess(INSTRUMENT, {"meetings": 0.88, "savings": 0.75, "outside": 1}).plan
    assert plan is not None
    assert [step.code for step in plan.steps] == ["meetings"]


def test_effort_for_each_point_decides_what_is_cheap() -> None:
    # 10 points are missing: c has the longest way but the most for it; a and b, less way each, would take both.
    indicators = tuple(
        Indicator(code, weight, (Level(way, weight), Level(1, 20 + weight)))
        for code, weight, way in (("a", 6, 0.3), ("b", 6, 0.35), ("c", 10, 0.4))
    )
    plan = assess(Instrument(indicators, (StageRule("S0", 0), StageRule("S1", 10))), {}).plan
    assert plan is not None
    assert [(step.code, step.target) for step in plan.steps] == [("c", 0.4)]


def test_where_only_a_gate_is_shut_no_points_are_missing() -> None:
    plan = assess(INSTRUMENT, {"savings": 1, "outside": 2}).plan
    assert plan is not None
    assert plan.missing_points == 0


def test_the_next_level_earns_more() -> None:
    levels = [assess(INSTRUMENT, {"savings": value}).scores[1].next_level for value in (None, 0.5, 0.74, 0.9)]
    assert levels == [Level(0.5, 20), Level(0.75, 30), Level(0.75, 30), None]


def test_without_data_the_way_is_the_whole_way() -> None:
    plan = assess(INSTRUMENT, {"savings": 1, "outside": 2}).plan
    assert plan is not None
    assert (plan.steps[0].value, plan.steps[0].gap) == (None, 0.5)


def test_an_instrument_whose_lowest_stage_asks_for_points_is_refused() -> None:
    with pytest.raises(ValueError, match="lowest stage"):
        assess(Instrument((MEETINGS,), (StageRule("TUNAS", 1),)), {})


def from_file(path: Path) -> Instrument:
    """A shipped instrument, read without the database."""
    data = json.loads(path.read_text(encoding="utf-8"))
    return Instrument(
        tuple(
            Indicator(
                row["code"],
                row["weight"],
                tuple(Level(float(threshold), points) for threshold, points, *_labels in row["levels"]),
                row["metric"],
            )
            for row in data["indicators"]
        ),
        tuple(StageRule(row["stage"], row["minimum_points"], row["gates"]) for row in data["rules"]),
    )


OF_FILES = [from_file(path) for path in SHIPPED]


@st.composite
def instruments(draw: st.DrawFn) -> Instrument:
    indicators = []
    for number in range(draw(st.integers(1, 6))):
        thresholds = sorted(draw(st.sets(st.sampled_from([0, 0.05, 0.25, 0.5, 0.75, 0.9, 1.0, 2.0]), min_size=1)))
        size = len(thresholds)
        points = sorted(draw(st.sets(st.integers(0, 30), min_size=size, max_size=size).filter(any)))
        indicators.append(Indicator(f"i{number}", points[-1], tuple(map(Level, thresholds, points)), "m"))
    total = sum(indicator.weight for indicator in indicators)
    higher = sorted(draw(st.lists(st.integers(0, total), min_size=1, max_size=MOST_STAGES - 1)))
    gates = st.fixed_dictionaries({}, optional={i.code: st.integers(0, i.weight) for i in indicators})
    rules = [StageRule(f"S{rank}", minimum, draw(gates)) for rank, minimum in enumerate(higher, start=1)]
    return Instrument(tuple(indicators), (StageRule("S0", 0), *rules))


VALUES = st.one_of(st.none(), st.floats(-1, 3, allow_nan=False))
"""Growth may be below zero; all else is a share or a count."""


@st.composite
def cases(draw: st.DrawFn) -> tuple[Instrument, dict[str, float | None]]:
    """An instrument, made up or shipped, and a value or none for each indicator."""
    instrument = draw(st.one_of(instruments(), st.sampled_from(OF_FILES)))
    return instrument, {indicator.code: draw(VALUES) for indicator in instrument.indicators}


@given(cases(), st.data())
def test_more_is_never_worse(case: tuple[Instrument, dict[str, float | None]], data: st.DataObject) -> None:
    instrument, values = case
    code = data.draw(st.sampled_from(sorted(values)))
    raised = values | {code: (values[code] or 0.0) + data.draw(st.floats(0, 2))}
    before, after = assess(instrument, values), assess(instrument, raised)
    assert after.score >= before.score
    assert after.rank >= before.rank


@given(cases())
def test_the_stage_is_the_highest_whose_rules_hold_from_the_lowest_up(
    case: tuple[Instrument, dict[str, float | None]],
) -> None:
    instrument, values = case
    result = assess(instrument, values)
    points = {score.indicator.code: score.points for score in result.scores}
    holds = [
        result.score >= rule.minimum_points and all(points[code] >= least for code, least in rule.gates.items())
        for rule in instrument.rules
    ]
    assert all(holds[: result.rank + 1])
    assert result.rank + 1 == len(holds) or not holds[result.rank + 1]
    assert result.stage == instrument.rules[result.rank].stage


@given(cases())
def test_the_score_is_the_sum_and_never_above_the_weights(case: tuple[Instrument, dict[str, float | None]]) -> None:
    instrument, values = case
    result = assess(instrument, values)
    assert result.score == sum(score.points for score in result.scores)
    assert all(0 <= score.points <= score.indicator.weight for score in result.scores)
    assert all(score.points == 0 for score in result.scores if score.value is None)


@given(cases())
def test_the_plan_applied_reaches_the_next_stage(case: tuple[Instrument, dict[str, float | None]]) -> None:
    instrument, values = case
    result = assess(instrument, values)
    if result.plan is not None:
        reached = assess(instrument, values | {step.code: step.target for step in result.plan.steps})
        assert reached.rank > result.rank
        assert result.plan.stage == instrument.rules[result.rank + 1].stage
        assert reached.score == result.score + sum(step.gain for step in result.plan.steps)


@given(cases())
def test_plan_after_plan_reaches_the_highest_stage(case: tuple[Instrument, dict[str, float | None]]) -> None:
    instrument, values = case
    for _rule in instrument.rules[1:]:
        plan = assess(instrument, values).plan
        if plan is not None:
            values = values | {step.code: step.target for step in plan.steps}
    assert assess(instrument, values).rank == len(instrument.rules) - 1


@given(cases())
def test_no_step_of_the_plan_can_be_left_out(case: tuple[Instrument, dict[str, float | None]]) -> None:
    instrument, values = case
    result = assess(instrument, values)
    if result.plan is not None:
        for left_out in result.plan.steps:
            others = {step.code: step.target for step in result.plan.steps if step is not left_out}
            assert assess(instrument, values | others).rank == result.rank


@given(cases())
def test_no_step_of_the_plan_goes_further_than_it_must(case: tuple[Instrument, dict[str, float | None]]) -> None:
    instrument, values = case
    result = assess(instrument, values)
    if result.plan is not None:
        reached = values | {step.code: step.target for step in result.plan.steps}
        for step in result.plan.steps:
            score = next(score for score in result.scores if score.indicator.code == step.code)
            for level in score.indicator.levels:
                if score.points < level.points and level.threshold < step.target:
                    assert assess(instrument, reached | {step.code: level.threshold}).rank == result.rank


@given(cases())
def test_the_steps_are_those_cheapest_for_each_point_first(case: tuple[Instrument, dict[str, float | None]]) -> None:
    plan = assess(*case).plan
    steps = plan.steps if plan is not None else ()
    prices = [step.effort / step.gain for step in steps]
    assert prices == sorted(prices)
    assert all(0 <= step.effort <= 1 for step in steps)
