"""The stage a group would have with other levels; nothing of it is stored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from assessment import engine, instruments
from assessment.selectors.current_score import CurrentScore, StepRow, step_rows


@dataclass(frozen=True, slots=True)
class WhatIf:
    """What some changes would give: the result, and what would still be missing for the stage after it."""

    result: engine.Result
    stage_label: str
    next_stage_label: str
    steps: list[StepRow]


def what_if(current: CurrentScore, changes: Mapping[str, float | None]) -> WhatIf:
    """Return where the group would stand with `changes`: values by indicator code, None for no points."""
    now = {score.indicator.code: score.value for score in current.result.scores}
    result = engine.assess(instruments.engine_instrument(current.instrument), {**now, **changes})
    rules = current.rules
    given = {code: override.value for code, override in current.scored.overrides.items()}
    below_levels = {code for code, value in {**given, **changes}.items() if value is None}
    return WhatIf(
        result=result,
        stage_label=rules[result.rank].name,
        next_stage_label=rules[result.rank + 1].name if result.next_rule is not None else "",
        steps=step_rows(result, current.instrument, below_levels),
    )
