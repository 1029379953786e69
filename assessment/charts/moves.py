"""Where the ribbons of a chart go that shows who moved from where to where, in the units of its viewBox."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from assessment.selectors.moves import Way, way_of

WIDTH, HEIGHT = 360, 260
LEFT, RIGHT = 112, 248
"""The two columns of places; their names stand outside."""
BAR = 8
NAME = 15
"""The least room of a place, so that names do not run into each other."""
GAP = 5


@dataclass(frozen=True, slots=True)
class PlacedGroups:
    """A place in a column: its name and how many groups were there."""

    label: str
    count: int
    y: int
    height: int
    text_y: int


@dataclass(frozen=True, slots=True)
class Ribbon:
    """The groups that went one way."""

    way: Way
    was: str
    became: str
    count: int
    path: str


@dataclass(frozen=True, slots=True)
class FlowChart:
    """Two columns of places with ribbons between them."""

    before: list[PlacedGroups]
    after: list[PlacedGroups]
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
    height_of_all = HEIGHT - max(sum(map(bool, left.values())), sum(map(bool, right.values()))) * (NAME + GAP)
    thick = {pair: max(1, count * height_of_all // total) for pair, count in counts.items() if count}
    drawn_before = _column(before, left, {was: sum(thick.get((was, to), 0) for to, _ in after) for was, _ in before})
    drawn_after = _column(after, right, {to: sum(thick.get((was, to), 0) for was, _ in before) for to, _ in after})
    tops_before, tops_after = (
        {place: drawn.y for place, drawn in column.items()} for column in (drawn_before, drawn_after)
    )
    ribbons = []
    for was, was_label in before:
        for became, became_label in after:
            count = counts.get((was, became), 0)
            if count:
                path = _path(tops_before[was], tops_after[became], thick[was, became])
                ribbons.append(Ribbon(way_of(was, became), was_label, became_label, count, path))
                tops_before[was] += thick[was, became]
                tops_after[became] += thick[was, became]
    return FlowChart([*drawn_before.values()], [*drawn_after.values()], ribbons)


def _column(
    places: Sequence[tuple[int, str]], counts: Mapping[int, int], heights: Mapping[int, int]
) -> dict[int, PlacedGroups]:
    """Return the places with groups from the top, each as tall as its ribbons together; its name may need more room."""
    drawn, y = {}, 0
    for place, label in places:
        if counts[place]:
            height = heights[place]
            room = max(NAME, height)
            drawn[place] = PlacedGroups(label, counts[place], y + (room - height) // 2, height, y + room // 2 + 4)
            y += room + GAP
    return drawn


def _path(y: int, to: int, thick: int) -> str:
    """Return a ribbon from the left column at `y` to the right one at `to`."""
    start, end, middle = LEFT + BAR, RIGHT, (LEFT + BAR + RIGHT) // 2
    there = f"M{start},{y} C{middle},{y} {middle},{to} {end},{to}"
    back = f"V{to + thick} C{middle},{to + thick} {middle},{y + thick} {start},{y + thick} Z"
    return f"{there} {back}"
