"""Where the marks of a chart go, in the units of its viewBox; the templates draw them as inline SVG.

Whole numbers only: a decimal comma of the reader's language would break an SVG attribute.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.utils.formats import number_format

from assessment.models import StageRule
from assessment.selectors.dashboard import TrendMonth

WIDTH = 360
HEIGHT = 200
LEFT, RIGHT, TOP, BOTTOM = 46, 18, 10, 24
"""Margins for the labels around the plot."""
LEGEND = 22
"""Height of the legend below a chart of stages."""
MOST_LABELS = 6
"""More labels than this below the plot run into each other at 360 px."""


@dataclass(frozen=True, slots=True)
class Tick:
    """A labelled height."""

    y: int
    label: str


@dataclass(frozen=True, slots=True)
class Segment:
    """The part of a bar that one stage takes."""

    rank: int
    label: str
    count: int
    y: int
    height: int


@dataclass(frozen=True, slots=True)
class MonthBar:
    """One month."""

    month: date
    x: int
    middle: int
    is_labelled: bool
    segments: list[Segment]


@dataclass(frozen=True, slots=True)
class StageKey:
    """A stage in the legend: its sample begins at `x`, its name beside it."""

    rank: int
    label: str
    x: int


@dataclass(frozen=True, slots=True)
class TrendChart:
    """Stacked bars over months; the legend stands between `height` and `full_height`."""

    bars: list[MonthBar]
    bar_width: int
    ticks: list[Tick]
    legend: list[StageKey]
    width: int = WIDTH
    height: int = HEIGHT
    full_height: int = HEIGHT + LEGEND
    left: int = LEFT
    right: int = WIDTH - RIGHT


def stacked_bars(months: Sequence[TrendMonth], rules: Sequence[StageRule]) -> TrendChart:
    """Return the bars of a trend, the lowest stage at the bottom; `rules` are the stages, the lowest first."""
    top = _round_up(max((month.total for month in months), default=0))
    slot = (WIDTH - LEFT - RIGHT) // max(1, len(months))
    bar_width = max(2, min(40, slot * 3 // 4))
    bars = []
    for number, month in enumerate(months):
        x = LEFT + slot * number + (slot - bar_width) // 2
        below, segments = 0, []
        for rule, count in zip(rules, month.counts, strict=True):
            y = _y(below + count, top)
            if count:
                segments.append(Segment(rule.rank, rule.name, count, y, _y(below, top) - y))
            below += count
        bars.append(MonthBar(month.month, x, x + bar_width // 2, is_labelled(number, len(months)), segments))
    ticks = [Tick(_y(value, top), number_format(value)) for value in (0, top // 2, top)]
    width = (WIDTH - LEFT - RIGHT) // max(1, len(rules))
    legend = [StageKey(rule.rank, rule.name, LEFT + width * rule.rank) for rule in rules]
    return TrendChart(bars, bar_width, ticks, legend)


def _y(value: int, top: int) -> int:
    return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * value // top


def _round_up(value: int) -> int:
    """The next even round number, so that the axis has a whole middle."""
    unit = max(2, int(10 ** (len(str(value)) - 1)) // 5)
    return max(2, -(-value // unit) * unit)


def is_labelled(number: int, count: int) -> bool:
    """Say whether the mark of that number has a label: the last always, and so few that they do not collide."""
    every = -(-count // MOST_LABELS)
    return (count - 1 - number) % every == 0
