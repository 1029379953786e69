"""Horizontal bars: what stands in their legend has room."""

from __future__ import annotations

from itertools import pairwise

from assessment.charts.bars import LEGEND, LETTER, WIDTH, Line, bars


def legend(*names: str):
    return bars("Pertemuan", [Line("Mei", "3", "", [1] * len(names))], list(enumerate(names))).legend


def test_names_of_a_legend_do_not_run_into_each_other():
    keys = legend("dalam 7 hari", "8 sampai 30 hari", "lebih lama")
    assert {key.y for key in keys} == {0}
    assert all(before.x + LETTER * len(before.label) < after.x for before, after in pairwise(keys))


def test_a_name_without_room_stands_on_another_line_above_the_bars():
    name = "x" * (WIDTH // LETTER // 2)
    chart = bars("Pertemuan", [Line("Mei", "3", "", [1, 2])], [(0, name), (1, name)])
    assert [(key.x, key.y) for key in chart.legend] == [(0, 0), (0, LEGEND)]
    assert chart.bars[0].y == 2 * LEGEND


def test_one_part_has_no_legend():
    assert legend("dalam 7 hari") == []
