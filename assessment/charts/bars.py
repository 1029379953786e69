"""Horizontal bars with a label above each, in the units of the chart's viewBox; `assessment/_bars.html` draws them.

Whole numbers only: a decimal comma of the reader's language would break an SVG attribute.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from assessment.models import StageRule

WIDTH = 360
ROW = 38
BAR_Y, BAR_HEIGHT = 18, 14
"""Below the label of each row."""
LEGEND = 24
"""Height of a line of names of the parts, above the bars."""
SAMPLE, LETTER, GAP = 22, 7, 14
"""The sample of a pattern with what follows it, about the width of a letter, and the gap before the next sample."""


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a bar: which pattern it is filled with, what it is, and how many."""

    rank: int
    label: str
    count: int
    x: int
    width: int


@dataclass(frozen=True, slots=True)
class Bar:
    """One row: its name, where the name leads, and the number beside it."""

    label: str
    url: str
    value: str
    y: int
    parts: list[Part]


@dataclass(frozen=True, slots=True)
class Key:
    """The sample and the name of one pattern."""

    rank: int
    label: str
    x: int
    y: int


@dataclass(frozen=True, slots=True)
class BarChart:
    """Bars on a scale of their own; `title` says what they show."""

    title: str
    bars: list[Bar]
    legend: list[Key]
    height: int
    width: int = WIDTH
    bar_height: int = BAR_HEIGHT


@dataclass(frozen=True, slots=True)
class Line:
    """What a row of a chart shows: its name, its number in words, where it leads, and how many of each part."""

    label: str
    value: str
    url: str
    counts: Sequence[int]


def bars(title: str, lines: Sequence[Line], parts: Sequence[tuple[int, str]]) -> BarChart:
    """Return a chart of `lines`; `parts` are the pattern and the name of each of their counts.

    The longest bar takes the whole width. With one part there is no legend.
    """
    top = max((sum(line.counts) for line in lines), default=0) or 1
    legend = _legend(parts) if len(parts) > 1 else []
    offset = legend[-1].y + LEGEND if legend else 0
    drawn = []
    for number, line in enumerate(lines):
        x, before, found = 0, 0, []
        for (rank, label), count in zip(parts, line.counts, strict=True):
            before += count
            end = WIDTH * before // top
            if count:
                found.append(Part(rank, label, count, x, max(1, end - x)))
            x = end
        drawn.append(Bar(line.label, line.url, line.value, offset + ROW * number, found))
    return BarChart(title, drawn, legend, offset + ROW * len(lines))


def _legend(parts: Sequence[tuple[int, str]]) -> list[Key]:
    """Return the keys one after the other, on another line where a name would not fit any more."""
    keys, x, y = [], 0, 0
    for rank, label in parts:
        width = SAMPLE + LETTER * len(label)
        if x and x + width > WIDTH:
            x, y = 0, y + LEGEND
        keys.append(Key(rank, label, x, y))
        x += width + GAP
    return keys


def stage_parts(rules: Sequence[StageRule]) -> list[tuple[int, str]]:
    """Return the stages as parts of bars, the lowest first."""
    return [(rule.rank, rule.name) for rule in rules]
