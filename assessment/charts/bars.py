"""Horizontal bars with a label above each, in the units of the chart's viewBox; `assessment/_bars.html` draws them.

Whole numbers only: a decimal comma of the reader's language would break an SVG attribute.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.formats import number_format
from django.utils.text import Truncator
from django.utils.translation import gettext as _

from assessment.models import StageRule

WIDTH = 360
ROW = 38
BAR_Y, BAR_HEIGHT = 18, 14
"""Below the label of each row."""
TALL = 1100
"""A chart as tall takes a page of A4."""
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
    """One row: its name, as much of it as there is room for, the number beside it, and its track."""

    label: str
    shown: str
    value: str
    y: int
    track: int
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

    @property
    def is_tall(self) -> bool:
        """Whether it has so many bars that nobody could read it on a page of paper; the table has the numbers."""
        return self.height > TALL


@dataclass(frozen=True, slots=True)
class Line:
    """What a row of a chart shows: its name, its number in words, and how many of each part.

    `whole` is what the parts are of, all of them together if it is not given; it is what the track stands for.
    """

    label: str
    value: str
    counts: Sequence[int]
    whole: int = 0

    @property
    def length(self) -> int:
        """What its track stands for."""
        return max(self.whole, sum(self.counts))


def of_whole(count: int, whole: int) -> str:
    """Return a number beside a bar whose track stands for `whole`: `5 of 14`."""
    return _("%(count)s of %(whole)s") % {"count": number_format(count), "whole": number_format(whole)}


def bars(title: str, lines: Sequence[Line], parts: Sequence[tuple[int, str]]) -> BarChart:
    """Return a chart of `lines`; `parts` are the pattern and the name of each of their counts.

    The longest track takes the whole width, and all are on that scale. With one part there is no legend.
    """
    top = max((line.length for line in lines), default=0) or 1
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
        shown = Truncator(line.label).chars((WIDTH - GAP) // LETTER - len(line.value))
        track = WIDTH * line.length // top
        drawn.append(Bar(line.label, shown, line.value, offset + ROW * number, track, found))
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
