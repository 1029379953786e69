"""Where the ribbons of a chart go that shows who moved from where to where, in the units of its viewBox."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 360, 260
LEFT, RIGHT = 112, 248
"""The two columns of places; their names stand outside."""
BAR = 8
NAME = 15
"""The least height of a place, so that names do not run into each other."""
GAP = 5


@dataclass(frozen=True, slots=True)
class Mark:
    """A place in a column: its name and how many groups were there."""

    label: str
    count: int
    y: int
    height: int
    text_y: int


@dataclass(frozen=True, slots=True)
class Ribbon:
    """The groups that went one way: `way` is up, down, same or other."""

    way: str
    was: str
    became: str
    count: int
    path: str


@dataclass(frozen=True, slots=True)
class FlowChart:
    """Two columns of places with ribbons between them."""

    before: list[Mark]
    after: list[Mark]
    ribbons: list[Ribbon]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = RIGHT
    bar: int = BAR


def flow(
    counts: Mapping[tuple[int, int], int], before: Sequence[tuple[int, str]], after: Sequence[tuple[int, str]]
) -> FlowChart:
    """Return the chart of `counts` by places, which `before` and `after` name from the top; empty ones are left out."""
    left = {place: sum(count for (was, _), count in counts.items() if was == place) for place, _ in before}
    right = {place: sum(count for (_, became), count in counts.items() if became == place) for place, _ in after}
    total = sum(counts.values())
    room = HEIGHT - max(sum(map(bool, left.values())), sum(map(bool, right.values()))) * (NAME + GAP)
    marks = {"before": _column(before, left, total, room), "after": _column(after, right, total, room)}
    tops = {side: {place: mark.y for place, mark in found.items()} for side, found in marks.items()}
    ribbons = []
    for was, was_label in before:
        for became, became_label in after:
            count = counts.get((was, became), 0)
            if count:
                thick = max(1, count * room // total)
                path = _path(tops["before"][was], tops["after"][became], thick)
                ribbons.append(Ribbon(_way(was, became), was_label, became_label, count, path))
                tops["before"][was] += thick
                tops["after"][became] += thick
    return FlowChart([*marks["before"].values()], [*marks["after"].values()], ribbons)


def _column(places: Sequence[tuple[int, str]], counts: Mapping[int, int], total: int, room: int) -> dict[int, Mark]:
    marks, y = {}, 0
    for place, label in places:
        if counts[place]:
            height = NAME + counts[place] * room // total
            marks[place] = Mark(label, counts[place], y, height, y + height // 2 + 4)
            y += height + GAP
    return marks


def _path(y: int, to: int, thick: int) -> str:
    """Return a ribbon from the left column at `y` to the right one at `to`."""
    start, end, middle = LEFT + BAR, RIGHT, (LEFT + BAR + RIGHT) // 2
    there = f"M{start},{y} C{middle},{y} {middle},{to} {end},{to}"
    back = f"V{to + thick} C{middle},{to + thick} {middle},{y + thick} {start},{y + thick} Z"
    return f"{there} {back}"


def _way(was: int, became: int) -> str:
    if min(was, became) < 0:
        return "other"
    return "up" if became > was else "down" if became < was else "same"
