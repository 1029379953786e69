"""Where the marks of one group's charts go, in the units of their viewBox; see `assessment.charts.trend`."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from assessment.charts.trend import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, WIDTH, Tick
from assessment.models import Assessment, StageRule
from assessment.selectors.current_score import Area
from assessment.selectors.history import Event

MARK = 20
"""Width and height of the mark of an event."""
MONTH = 44
"""Width of the name of a month below a score."""

LETTER, LETTER_HEIGHT = 8, 10
"""Width and height of a letter of the name of a stage."""
DOT = 4
"""The radius of a score."""

RADAR_WIDTH, RADAR_HEIGHT, RADAR_RADIUS = 360, 260, 75
LABEL_LETTERS = 13
"""Letters of a label that fit beside the radar at 360 px."""
LINE = 13
"""From one line of a label to the next."""
FEWEST_AREAS = 3
"""With fewer a radar has no surface."""


@dataclass(frozen=True, slots=True)
class Spoke:
    """One area: the end of its axis, where its label stands, and the label line by line with the height of each."""

    area: Area
    x: int
    y: int
    label_x: int
    anchor: str
    lines: list[tuple[str, int]]


@dataclass(frozen=True, slots=True)
class Radar:
    """Points by area: each axis goes from none of an area's points in the middle to all of them at its end."""

    spokes: list[Spoke]
    rings: list[str]
    outline: str
    dots: list[tuple[int, int]]
    x: int = RADAR_WIDTH // 2
    y: int = RADAR_HEIGHT // 2
    width: int = RADAR_WIDTH
    height: int = RADAR_HEIGHT


def radar(areas: Sequence[Area]) -> Radar | None:
    """Return the radar of the areas, the first at the top and on clockwise; None with fewer than `FEWEST_AREAS`."""
    if len(areas) < FEWEST_AREAS:
        return None
    turns = [number / len(areas) for number in range(len(areas))]
    dots = [_at(turn, RADAR_RADIUS * area.points / area.weight) for turn, area in zip(turns, areas, strict=True)]
    return Radar(
        spokes=[_spoke(area, turn) for area, turn in zip(areas, turns, strict=True)],
        rings=[_outline([_at(turn, RADAR_RADIUS * part / 4) for turn in turns]) for part in range(1, 5)],
        outline=_outline(dots),
        dots=dots,
    )


@dataclass(frozen=True, slots=True)
class Dot:
    """One assessment on a line."""

    assessment: Assessment
    stage: str
    x: int
    y: int
    is_labelled: bool


@dataclass(frozen=True, slots=True)
class StageLine:
    """The points that a stage asks for, as a line at `y`, and where its name stands."""

    rule: StageRule
    y: int
    name_x: int
    name_y: int
    anchor: str


@dataclass(frozen=True, slots=True)
class EventMark:
    """An event above the line, by its number in the list beside the chart."""

    number: int
    event: Event
    x: int
    y: int


@dataclass(frozen=True, slots=True)
class HistoryChart:
    """Scores over time with the points each stage asks for as horizontal lines, and events as numbered marks."""

    dots: list[Dot]
    points: str
    ticks: list[Tick]
    stages: list[StageLine]
    marks: list[EventMark]
    height: int
    bottom: int
    width: int = WIDTH
    left: int = LEFT
    right: int = WIDTH - RIGHT


def history_line(
    assessments: Sequence[Assessment],
    rules: Sequence[StageRule],
    events: Sequence[Event],
    since: date,
    until: date,
) -> HistoryChart:
    """Return the line of a group's scores from `since` to `until`, oldest first, with the events above it.

    `rules` are the stages of the instrument; marks that would cover each other stand in rows, and of months that
    would, the later one is written.
    """
    marks, rows = _marks(events, since, until)
    places = [_x(assessment.as_of, since, until) for assessment in assessments]
    labelled = _apart(places)
    height = HEIGHT + MARK * rows
    names = {rule.stage: rule.name for rule in rules}

    def y(points: int) -> int:
        return height - BOTTOM - (HEIGHT - TOP - BOTTOM) * points // 100

    dots = [
        Dot(
            assessment,
            names.get(assessment.stage, assessment.stage),
            place,
            y(assessment.score),
            number in labelled,
        )
        for number, (assessment, place) in enumerate(zip(assessments, places, strict=True))
    ]
    return HistoryChart(
        dots=dots,
        points=_outline([(dot.x, dot.y) for dot in dots]),
        ticks=[Tick(y(value), str(value)) for value in (0, 50, 100)],
        stages=[_stage_line(rule, y(rule.minimum_points), dots) for rule in rules if rule.minimum_points],
        marks=marks,
        height=height,
        bottom=height - BOTTOM,
    )


def _stage_line(rule: StageRule, y: int, dots: Sequence[Dot]) -> StageLine:
    """The line of a stage with its name at the end, above or below it, where no score covers it; else on the right."""
    width = LETTER * len(f"{rule.name} ≥ {rule.minimum_points}")
    for name_y in (y - 3, y + LETTER_HEIGHT + 3):
        for name_x, anchor, begin in ((WIDTH - RIGHT, "end", WIDTH - RIGHT - width), (LEFT, "start", LEFT)):
            if not any(
                begin - DOT <= dot.x <= begin + width + DOT and name_y - LETTER_HEIGHT - DOT <= dot.y <= name_y + DOT
                for dot in dots
            ):
                return StageLine(rule, y, name_x, name_y, anchor)
    return StageLine(rule, y, WIDTH - RIGHT, y - 3, "end")


def _marks(events: Sequence[Event], since: date, until: date) -> tuple[list[EventMark], int]:
    """The marks, and in how many rows they stand."""
    ends: list[int] = []
    marks = []
    for number, event in enumerate(events, start=1):
        x = _x(event.on, since, until)
        row = next((row for row, end in enumerate(ends) if end + MARK <= x), len(ends))
        ends[row : row + 1] = [x]
        marks.append(EventMark(number, event, x, MARK // 2 + MARK * row))
    return marks, len(ends)


def _apart(places: Sequence[int]) -> set[int]:
    """Return the numbers of places that are at least `MONTH` apart, the last among them."""
    chosen: set[int] = set()
    left = WIDTH + MONTH
    for number in reversed(range(len(places))):
        if places[number] + MONTH <= left:
            chosen.add(number)
            left = places[number]
    return chosen


def _x(day: date, since: date, until: date) -> int:
    width = WIDTH - LEFT - RIGHT - 10
    return LEFT + 5 + width * (day - since).days // max(1, (until - since).days)


def _spoke(area: Area, turn: float) -> Spoke:
    x, y = _at(turn, RADAR_RADIUS)
    label_x, label_y = _at(turn, RADAR_RADIUS + 10)
    lines = [*textwrap.wrap(area.name, LABEL_LETTERS), f"{area.points} / {area.weight}"]
    middle = RADAR_WIDTH // 2
    anchor = "middle" if abs(x - middle) < RADAR_RADIUS // 4 else "start" if x > middle else "end"
    # Above the middle a label ends at its axis, below it begins there.
    first = label_y - LINE * (len(lines) - 1) if y < RADAR_HEIGHT // 2 else label_y + LINE
    return Spoke(area, x, y, label_x, anchor, [(line, first + LINE * number) for number, line in enumerate(lines)])


def _at(turn: float, radius: float) -> tuple[int, int]:
    """A point `turn` of the way round, 0 at the top, `radius` from the middle."""
    angle = 2 * math.pi * turn
    return round(RADAR_WIDTH / 2 + radius * math.sin(angle)), round(RADAR_HEIGHT / 2 - radius * math.cos(angle))


def _outline(points: Sequence[tuple[int, int]]) -> str:
    return " ".join(f"{x},{y}" for x, y in points)
