"""The heat map: what a cell tells, how groups are sorted, where a cell leads, and what it costs."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from groups.models import Group
from tests.assessment.groups import months_ago, stand
from tests.factories import make_group

pytestmark = pytest.mark.django_db


def entry(points: int, **more: Any) -> dict[str, Any]:
    return {"value": points / 10, "points": points, "facts": {}, **more}


NO_DATA = {"value": None, "points": 0, "facts": {}}


def heated(facilitator, name: str, attendance: dict[str, Any] | None, **fields: Any) -> Group:
    """A group with a score at attendance, whose weight is 10."""
    group = make_group(facilitator, name=name)
    stand(group, indicators={} if attendance is None else {"attendance": attendance}, **fields)
    return group


def show(client, query: str = ""):
    response = client.get(f"/dashboard/heatmap/?{query}")
    assert response.status_code == 200
    return response


def listed(client, query: str = "") -> list[str]:
    return [row.name for row, _cells in show(client, query).context["rows"]]


def cell(client) -> tuple[str, str]:
    """Return class and text of the cell of attendance in the only row."""
    html = show(client).content.decode()
    body = html.partition("<tbody>")[2].partition("</tbody>")[0]
    found = re.findall(r'<td class="heat-(\w+)">(.*?)</td>', body, re.DOTALL)
    shade, inner = found[1]
    return shade, re.sub(r"<[^>]+>", "", inner).strip()


class TestCell:
    @pytest.mark.parametrize(
        ("points", "shade"), [(0, "0"), (1, "1"), (3, "1"), (4, "2"), (7, "3"), (9, "3"), (10, "4")]
    )
    def test_points_of_the_weight_with_a_shade(self, staff_client, facilitator, points, shade):
        heated(facilitator, "A", entry(points))
        assert cell(staff_client) == (shade, f"{points}/10")

    def test_not_enough_data_is_not_zero(self, staff_client, facilitator):
        heated(facilitator, "A", NO_DATA)
        assert cell(staff_client) == ("none", "–not enough data")

    def test_an_indicator_the_score_does_not_know_has_no_data(self, staff_client, facilitator):
        heated(facilitator, "A", None)
        assert cell(staff_client)[0] == "none"

    def test_given_points_count_and_are_marked(self, staff_client, facilitator):
        heated(facilitator, "A", entry(4, given={"value": 1.0, "points": 10, "judgement": 1}))
        assert cell(staff_client) == ("4", "10/10*")
        assert "given by a person; measured: 4" in show(staff_client).content.decode()

    def test_given_where_nothing_could_be_measured(self, staff_client, facilitator):
        heated(facilitator, "A", NO_DATA | {"given": {"value": 1.0, "points": 10, "judgement": 1}})
        assert cell(staff_client) == ("4", "10/10*")

    def test_it_leads_to_its_records_as_of_the_score(self, staff_client, facilitator):
        group = heated(facilitator, "A", entry(4))
        address = f"/g/{group.code}/assessment/evidence/attendance/?as_of={months_ago(0)}&amp;scheme=kotaku"
        assert f'href="{address}"' in show(staff_client).content.decode()

    def test_a_judged_one_leads_to_the_stage(self, staff_client, facilitator):
        group = make_group(facilitator)
        stand(group, indicators={"outside": entry(5)})
        html = show(staff_client).content.decode()
        assert f'href="/g/{group.code}/assessment/?as_of={months_ago(0)}&amp;scheme=kotaku">5/8</a>' in html


class TestOrder:
    @pytest.fixture
    def four(self, facilitator):
        heated(facilitator, "Anggrek", entry(10))
        heated(facilitator, "Bakung", NO_DATA)
        heated(facilitator, "Cempaka", entry(2, given={"value": 0.9, "points": 9, "judgement": 1}))
        heated(facilitator, "Dahlia", entry(4))

    def test_by_name(self, staff_client, four):
        assert listed(staff_client) == ["Anggrek", "Bakung", "Cempaka", "Dahlia"]

    def test_worst_first_by_what_counts_and_those_without_data_last(self, staff_client, four):
        assert listed(staff_client, "sort=attendance") == ["Dahlia", "Cempaka", "Anggrek", "Bakung"]

    @pytest.mark.parametrize("sort", ["nonsense", "%27", "points", "attendance__value"])
    def test_an_unknown_indicator_sorts_by_name(self, staff_client, four, sort):
        assert listed(staff_client, f"sort={sort}") == ["Anggrek", "Bakung", "Cempaka", "Dahlia"]

    def test_the_numbers_sort_and_keep_the_filters(self, staff_client, four):
        html = show(staff_client, "kind=REVOLVING").content.decode()
        assert 'href="/dashboard/heatmap/?kind=REVOLVING&amp;sort=attendance"' in html

    def test_pages_of_25(self, staff_client, facilitator):
        for _ in range(26):
            heated(facilitator, "A", entry(1))
        assert len(listed(staff_client, "sort=attendance")) == 25
        assert len(listed(staff_client, "sort=attendance&page=2")) == 1


class TestWho:
    def test_groups_without_a_score_are_left_out(self, staff_client, facilitator):
        make_group(facilitator)
        assert "No scored group fits these filters." in show(staff_client).content.decode()

    def test_another_organisation_is_left_out(self, staff_client, facilitator):
        heated(facilitator, "Anggrek", entry(1))
        stand(make_group(name="Rahasia"), indicators={"attendance": entry(2)})
        assert listed(staff_client) == ["Anggrek"]
        assert "Rahasia" not in show(staff_client, "format=csv").content.decode()

    def test_the_newest_score_counts(self, staff_client, facilitator):
        group = heated(facilitator, "A", entry(4))
        stand(group, month=months_ago(3), indicators={"attendance": entry(9)})
        assert cell(staff_client)[1] == "4/10"

    def test_the_stage_narrows(self, staff_client, facilitator):
        heated(facilitator, "Anggrek", entry(1))
        heated(facilitator, "Bakung", entry(1), rank=1)
        assert listed(staff_client, "stage=TUMBUH") == ["Bakung"]


def test_the_file_has_a_column_for_each_indicator(staff_client, facilitator):
    heated(facilitator, "Anggrek", entry(4))
    head, row = show(staff_client, "format=csv").content.decode().lstrip("\ufeff").splitlines()
    columns = dict(zip(head.split(","), row.split(","), strict=True))
    assert (columns["Group"], columns["Attendance / 10"], columns["Meeting agenda / 8"]) == ("Anggrek", "4", "")


def test_at_most_ten_statements_at_any_size(staff_client, facilitator):
    taken = []
    for size in (2, 30):
        while Group.objects.count() < size:
            heated(facilitator, "A", entry(3))
        with CaptureQueriesContext(connection) as queries:
            show(staff_client, "sort=attendance&kind=REVOLVING&stage=TUNAS")
        taken.append(len(queries))
    assert taken[0] == taken[1] <= 10
