"""The heat map: what a cell tells, how groups are sorted, where a cell leads, and what it costs."""

from __future__ import annotations

import csv
import re
from io import StringIO
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from assessment.models import Assessment, Indicator, Instrument, Level, SchemeUse
from assessment.selectors.heatmap import Cell, _cell
from assessment.services import instrument_copy, instrument_publish
from groups.models import Group, Role
from tests.assessment.groups import months_ago, stand
from tests.factories import make_group, make_user

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
        scheme = "bina-swadaya"
        SchemeUse.objects.create(organisation=group.organisation, scheme=scheme, is_primary=True)
        stand(group, scheme=scheme, stage="D", indicators={"member-business": entry(5)})
        Assessment.objects.update(scheme=scheme, instrument=Instrument.objects.get(code=scheme, organisation=None))
        html = show(staff_client).content.decode()
        assert f'href="/g/{group.code}/assessment/?as_of={months_ago(0)}&amp;scheme={scheme}">5/8</a>' in html


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


class TestVersions:
    """A month is shown by the version of the instrument that its groups were assessed by, not by the one of today."""

    THEN = f"end={months_ago(3):%Y-%m}"

    @pytest.fixture
    def newer(self, organisation) -> Instrument:
        """The version that scores now: instead of attendance it has presence, and agenda is worth 7 instead of 8."""
        admin = make_user(Role.ADMIN, organisation=organisation)
        copy = instrument_copy(actor=admin, instrument=Instrument.objects.get(code="kotaku", organisation=None))
        copy.indicators.filter(code="attendance").update(code="presence", name_id="Kedatangan", name_en="Presence")
        for code, weight in (("agenda", 8), ("critical", 6)):
            copy.indicators.filter(code=code).update(weight=7)
            Level.objects.filter(indicator__instrument=copy, indicator__code=code, points=weight).update(points=7)
        instrument_publish(actor=admin, instrument=copy)
        return copy

    @pytest.fixture
    def group(self, facilitator, newer) -> Group:
        """It was assessed by the shared version three months ago, and by the newer one now."""
        group = heated(facilitator, "Anggrek", entry(4), month=months_ago(3))
        stand(group, indicators={"presence": entry(9)})
        group.assessments.filter(as_of=months_ago(0)).update(instrument=newer)
        return group

    def codes(self, client, query: str = "") -> set[str]:
        return {column.indicator.code for column, _address in show(client, query).context["columns"]}

    def points(self, client, query: str = "") -> dict[str, dict[str, int]]:
        """Return the points of each group by indicator."""
        rows = show(client, query).context["rows"]
        return {
            row.name: {cell.indicator.code: cell.points for cell in row.cells if cell.points is not None}
            for row, _cells in rows
        }

    def test_a_past_month_by_the_version_of_then(self, staff_client, group):
        assert {"attendance", "presence"} & self.codes(staff_client, self.THEN) == {"attendance"}
        assert self.points(staff_client, self.THEN) == {"Anggrek": {"attendance": 4}}

    def test_today_by_the_one_that_scores_now(self, staff_client, group):
        assert {"attendance", "presence"} & self.codes(staff_client) == {"presence"}
        assert self.points(staff_client) == {"Anggrek": {"presence": 9}}

    def test_a_past_month_sorts_by_the_indicators_of_then(self, staff_client, facilitator, group):
        heated(facilitator, "Bakung", entry(1), month=months_ago(3))
        assert listed(staff_client, f"{self.THEN}&sort=attendance") == ["Bakung", "Anggrek"]

    def test_an_indicator_of_another_version_is_refused_by_its_name(self, staff_client, group):
        response = show(staff_client, f"{self.THEN}&sort=presence")
        html = response.content.decode()
        assert "No group shown was assessed by “Presence”. Choose another indicator." in html
        assert "Anggrek" not in html
        assert staff_client.get(f"/dashboard/heatmap/?{self.THEN}&sort=presence&format=csv").status_code == 400

    def test_points_of_then_lead_to_the_score_as_it_was_stored(self, staff_client, group):
        html = show(staff_client, self.THEN).content.decode()
        assert f'href="/g/{group.code}/assessment/{months_ago(3)}/?scheme=kotaku">4/10</a>' in html
        assert "/assessment/evidence/" not in html

    def test_both_versions_side_by_side(self, staff_client, facilitator, group):
        heated(facilitator, "Bakung", entry(1))
        assert {"attendance", "presence"} <= self.codes(staff_client)
        assert self.points(staff_client) == {"Anggrek": {"presence": 9}, "Bakung": {"attendance": 1}}
        numbers = [column.number for column, _address in show(staff_client).context["columns"]]
        assert numbers == list(range(1, len(numbers) + 1))
        assert "several versions of the instrument" in show(staff_client).content.decode()

    def test_a_file_of_both_says_by_which_each_group_was_assessed(self, staff_client, facilitator, newer, group):
        heated(facilitator, "Bakung", entry(1))
        head, *rows = csv.reader(StringIO(show(staff_client, "format=csv").content.decode("utf-8-sig")))
        by_name = {row["Group"]: row for row in (dict(zip(head, row, strict=True)) for row in rows)}
        assert by_name["Anggrek"]["Instrument"] == str(newer)
        assert (by_name["Anggrek"]["Presence / 10"], by_name["Anggrek"]["Attendance / 10"]) == ("9", "")

    def test_each_cell_has_the_weight_of_its_own_version(self, staff_client, facilitator, newer, group):
        group.assessments.filter(as_of=months_ago(0)).update(indicators={"agenda": entry(6)})
        stand(make_group(facilitator, name="Bakung"), indicators={"agenda": entry(5)})
        html = show(staff_client).content.decode()
        assert ">6/7</a>" in html
        assert ">5/8</a>" in html
        assert "Meeting agenda / 7, 8" in show(staff_client, "format=csv").content.decode()

    def test_a_superuser_sees_versions_of_several_organisations(self, client, group):
        heated(make_user(), "Melati", entry(1))
        client.force_login(make_user(Role.ADMIN, is_superuser=True))
        client.cookies["django_language"] = "en"
        assert set(self.points(client)) == {"Anggrek", "Melati"}


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


class TestGiven:
    """What a person gave stands out from what was measured: at an override and at a judged indicator."""

    def cell(self, code: str, kept: dict[str, object]) -> Cell:
        of_scheme = Indicator.objects.filter(instrument__code="bina-swadaya", instrument__organisation=None)
        indicator = of_scheme.get(code=code)
        return _cell(indicator, kept)

    def test_a_judged_indicator_is_given(self):
        assert self.cell("member-business", {"value": 1, "points": 4, "facts": {}}).is_given

    def test_a_judged_indicator_without_a_judgement_is_not(self):
        assert not self.cell("member-business", {"value": None, "points": 0, "facts": {}}).is_given

    def test_an_override_is_given(self):
        given = {"value": 90, "points": 10, "judgement": 1}
        assert self.cell("attendance", {"value": 50, "points": 4, "facts": {}, "given": given}).is_given

    def test_a_measured_indicator_is_not(self):
        assert not self.cell("attendance", {"value": 50, "points": 4, "facts": {}}).is_given

    def test_the_file_names_the_indicators(self, staff_client, facilitator):
        heated(facilitator, "Anggrek", entry(4))
        heated(facilitator, "Bakung", entry(4) | {"given": {"value": 90, "points": 10, "judgement": 1}})
        head, *rows = csv.reader(show(staff_client, "format=csv").content.decode().lstrip("\ufeff").splitlines())
        assert [row[head.index("Points given by a person")] for row in rows] == ["", "Attendance"]
