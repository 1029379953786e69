"""Horizontal bars: what stands in their legend has room."""

from __future__ import annotations

from itertools import pairwise

from django.template.loader import render_to_string

from assessment.charts.bars import LEGEND, LETTER, WIDTH, Line, bars


def legend(*names: str):
    return bars("Pertemuan", [Line("Mei", "3", [1] * len(names))], list(enumerate(names))).legend


def test_names_of_a_legend_do_not_run_into_each_other():
    keys = legend("dalam 7 hari", "8 sampai 30 hari", "lebih lama")
    assert {key.y for key in keys} == {0}
    assert all(before.x + LETTER * len(before.label) < after.x for before, after in pairwise(keys))


def test_a_name_without_room_stands_on_another_line_above_the_bars():
    name = "x" * (WIDTH // LETTER // 2)
    chart = bars("Pertemuan", [Line("Mei", "3", [1, 2])], [(0, name), (1, name)])
    assert [(key.x, key.y) for key in chart.legend] == [(0, 0), (0, LEGEND)]
    assert chart.bars[0].y == 2 * LEGEND


def test_a_long_chart_is_drawn_with_plain_numbers_and_stays_off_paper():
    chart = bars("Bulan", [Line(f"Bulan {number}", "1.234", [1234]) for number in range(60)], [(0, "x")])
    svg = render_to_string("assessment/_bars.html", {"chart": chart})
    assert f'viewBox="0 0 360 {60 * 38}"' in svg
    assert f'y="{59 * 38}"' in svg
    assert "x 1.234<" in svg
    assert "d-print-none" in svg
    assert "d-print-none" not in render_to_string("assessment/_bars.html", {"chart": bars("x", [], [(0, "x")])})


def test_a_track_is_the_whole_that_its_bar_is_a_part_of():
    lines = [Line("Mei", "2 of 4", [2], whole=4), Line("Juni", "1 of 8", [1], whole=8)]
    first, second = bars("Kelompok", lines, [(0, "x")]).bars
    assert (first.track, first.parts[0].width) == (WIDTH // 2, WIDTH // 4)
    assert (second.track, second.parts[0].width) == (WIDTH, WIDTH // 8)


def test_without_a_whole_a_track_is_as_long_as_its_bar():
    first, second = bars("Uang", [Line("Mei", "3", [1, 2]), Line("Juni", "6", [6, 0])], [(0, "x"), (1, "y")]).bars
    assert (first.track, second.track) == (WIDTH // 2, WIDTH)


def test_a_long_name_leaves_room_for_its_number():
    [bar] = bars("Wilayah", [Line("y" * 80, "Rp 12.345.678.901", [1])], [(0, "x")]).bars
    assert LETTER * (len(bar.shown) + len(bar.value)) <= WIDTH
    assert bar.label == "y" * 80


def test_one_part_has_no_legend():
    assert legend("dalam 7 hari") == []
