"""Who moved from where to where: what is counted, the groups behind each number, and what it costs."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from assessment.charts.moves import flow
from assessment.models import SnapshotScore
from assessment.selectors.dashboard import Filters
from assessment.selectors.moves import moves
from assessment.selectors.snapshots import month_end
from groups.models import Group, GroupStatus, GroupStatusChange
from groups.selectors import statuses_on
from tests.assessment.groups import make_snapshot, months_ago, stand
from tests.factories import make_group

pytestmark = pytest.mark.django_db

THIS_MONTH = months_ago(0)
TUNAS, TUMBUH, KEMBANG = range(3)
NONE, NEW, DORMANT, DISSOLVED = range(-1, -5, -1)


def change(group: Group, status: GroupStatus, on: date, reason: str = "Panen gagal") -> None:
    """Change the status from a day on, as `group_status_change` leaves it."""
    GroupStatusChange.objects.create(
        group=group, from_status=group.status, to_status=status, changed_on=on, reason=reason,
        recorded_by=group.recorded_by,
    )  # fmt: skip
    Group.objects.filter(pk=group.pk).update(status=status)
    group.status = status


def take(group: Group, *months: date) -> None:
    """Put the status that a group had at the end of each month into its snapshot, as the writer does."""
    for month in months:
        status = statuses_on([group.pk], month_end(month))[group.pk]
        make_snapshot(group, month, status=status)


def counted(client, query: str = "") -> dict[tuple[int, int], int]:
    rows = client.get(f"/dashboard/moves/?{query}").context["rows"]
    return {(was, became): count for _label, cells, _sum, was in rows for became, count in cells if count}


class TestWays:
    def test_from_the_first_month_to_the_last(self, staff_client, facilitator):
        group = make_group(facilitator)
        stand(group, TUMBUH, months_ago(11))
        stand(group, TUNAS, months_ago(5))
        stand(group, KEMBANG, THIS_MONTH)
        assert counted(staff_client) == {(TUMBUH, KEMBANG): 1}

    def test_the_period_chooses_the_months(self, staff_client, facilitator):
        group = make_group(facilitator)
        stand(group, TUMBUH, months_ago(8))
        stand(group, TUNAS, months_ago(5))
        stand(group, KEMBANG, THIS_MONTH)
        query = f"start={months_ago(8):%Y-%m}&end={months_ago(5):%Y-%m}"
        assert counted(staff_client, query) == {(TUMBUH, TUNAS): 1}

    def test_a_score_after_the_first_month_is_not_its_stage(self, staff_client, facilitator):
        group = make_group(facilitator, founded_on=date(2020, 1, 1))
        stand(group, TUMBUH, months_ago(10))
        stand(group, TUMBUH)
        assert counted(staff_client) == {(NONE, TUMBUH): 1}

    def test_founded_in_between_is_new(self, staff_client, facilitator):
        stand(make_group(facilitator, founded_on=months_ago(10)), TUNAS, THIS_MONTH)
        assert counted(staff_client) == {(NEW, TUNAS): 1}

    def test_founded_on_the_last_day_of_the_first_month_is_not_new(self, staff_client, facilitator):
        make_group(facilitator, founded_on=months_ago(10) - timedelta(1))
        assert counted(staff_client) == {(NONE, NONE): 1}

    def test_founded_after_the_period_is_not_counted(self, staff_client, facilitator):
        make_group(facilitator, founded_on=months_ago(1))
        assert counted(staff_client, f"end={months_ago(2):%Y-%m}") == {}

    @pytest.mark.parametrize(("status", "place"), [(GroupStatus.DORMANT, DORMANT), (GroupStatus.DISSOLVED, DISSOLVED)])
    def test_asleep_or_ended_today(self, staff_client, facilitator, status, place):
        group = make_group(facilitator, founded_on=date(2020, 1, 1), status=status)
        stand(group, TUMBUH, months_ago(11), of_snapshot={"status": "ACTIVE"})
        make_snapshot(group)
        assert counted(staff_client) == {(TUMBUH, place): 1}

    @pytest.mark.parametrize(
        ("changes", "expected"),
        [
            ([(GroupStatus.DORMANT, 3)], (TUMBUH, DORMANT)),
            ([(GroupStatus.DISSOLVED, 3)], (TUMBUH, DISSOLVED)),
            ([(GroupStatus.DORMANT, 13)], (DORMANT, DORMANT)),
            ([(GroupStatus.DORMANT, 13), (GroupStatus.ACTIVE, 5)], (DORMANT, TUMBUH)),
            ([(GroupStatus.DORMANT, 13), (GroupStatus.DISSOLVED, 5)], (DORMANT, DISSOLVED)),
            ([(GroupStatus.DORMANT, 8), (GroupStatus.ACTIVE, 6)], (TUMBUH, TUMBUH)),
            ([(GroupStatus.DORMANT, 1)], (TUMBUH, TUMBUH)),
        ],
    )
    def test_asleep_or_ended_in_the_months_of_the_period(self, staff_client, facilitator, changes, expected):
        group = make_group(facilitator, founded_on=date(2020, 1, 1))
        for month in (months_ago(11), months_ago(2)):
            stand(group, TUMBUH, month)
        for status, ago in changes:
            change(group, status, months_ago(ago))
        take(group, months_ago(11), months_ago(2))
        assert counted(staff_client, f"end={months_ago(2):%Y-%m}&start={months_ago(11):%Y-%m}") == {expected: 1}

    def test_the_last_day_of_the_month_counts_and_the_next_does_not(self, staff_client, facilitator):
        for day in (months_ago(2) - timedelta(1), months_ago(2)):
            group = make_group(facilitator, founded_on=date(2020, 1, 1))
            change(group, GroupStatus.DORMANT, day)
            take(group, months_ago(3))
        assert counted(staff_client, f"end={months_ago(3):%Y-%m}") == {(NONE, DORMANT): 1, (NONE, NONE): 1}

    def test_two_changes_on_one_day_count_in_their_order(self, staff_client, facilitator):
        group = make_group(facilitator, founded_on=date(2020, 1, 1))
        for status in (GroupStatus.DORMANT, GroupStatus.ACTIVE):
            change(group, status, months_ago(3))
        take(group, months_ago(2))
        assert counted(staff_client, f"end={months_ago(2):%Y-%m}") == {(NONE, NONE): 1}

    def test_a_status_never_written_down_says_nothing_about_earlier_months(self, staff_client, facilitator):
        group = make_group(facilitator, founded_on=date(2020, 1, 1), status=GroupStatus.DISSOLVED)
        stand(group, TUMBUH, months_ago(1))
        take(group, months_ago(1))
        assert counted(staff_client, f"end={months_ago(1):%Y-%m}") == {(NONE, TUMBUH): 1}

    def test_a_rank_of_an_earlier_version_with_more_stages_is_the_highest(self, staff_client, facilitator):
        group = make_group(facilitator)
        stand(group, 5, months_ago(11))
        stand(group, 5)
        assert counted(staff_client) == {(KEMBANG, KEMBANG): 1}

    def test_another_scheme_does_not_count(self, staff_client, facilitator):
        stand(make_group(facilitator), TUMBUH, months_ago(11))
        SnapshotScore.objects.update(scheme="lain")
        assert counted(staff_client) == {(NONE, NONE): 1}

    def test_risers_and_fallers_are_told(self, staff_client, facilitator):
        for was, became in ((TUNAS, KEMBANG), (TUMBUH, TUNAS), (TUMBUH, TUNAS), (TUNAS, TUNAS)):
            group = make_group(facilitator)
            stand(group, was, months_ago(11))
            stand(group, became, THIS_MONTH)
        make_group(facilitator)
        context = staff_client.get("/dashboard/moves/").context
        assert [(way, count) for way, _name, count in context["ways"]] == [
            ("up", 1), ("down", 2), ("same", 1), ("other", 1),
        ]  # fmt: skip
        assert context["total"] == 5


class TestGroups:
    def test_a_change_of_status_is_listed_with_its_cause(self, staff_client, facilitator):
        group = make_group(facilitator, founded_on=date(2020, 1, 1))
        day = months_ago(8)
        change(group, GroupStatus.DORMANT, day, "Banjir")
        change(group, GroupStatus.ACTIVE, months_ago(1))
        take(group, months_ago(14), months_ago(2))
        way = f"start={months_ago(14):%Y-%m}&end={months_ago(2):%Y-%m}&was={NONE}&became={DORMANT}"
        html = staff_client.get(f"/dashboard/moves/groups/?{way}").content.decode()
        cause = f"Dormant since {day:%d/%m/%Y}: Banjir"
        assert cause in html
        assert cause in staff_client.get(f"/dashboard/moves/groups/?{way}&format=csv").content.decode()

    def test_a_status_never_written_down_has_no_cause(self, staff_client, facilitator):
        make_snapshot(make_group(facilitator, founded_on=date(2020, 1, 1), status=GroupStatus.DORMANT))
        html = staff_client.get(f"/dashboard/moves/groups/?was={NONE}&became={DORMANT}").content.decode()
        assert "since" not in html[html.index("<tbody>") :]

    def listed(self, client, query: str) -> list[str]:
        return [row.name for row in client.get(f"/dashboard/moves/groups/?{query}").context["page"]]

    @pytest.fixture
    def risen(self, facilitator) -> Group:
        group = make_group(facilitator, name="Anggrek")
        stand(group, TUNAS, months_ago(11))
        stand(group, KEMBANG, THIS_MONTH)
        return group

    def test_each_number_opens_its_groups(self, staff_client, facilitator, risen):
        make_group(facilitator, name="Bakung")
        html = staff_client.get("/dashboard/moves/?kind=REVOLVING").content.decode()
        assert 'href="/dashboard/moves/groups/?kind=REVOLVING&amp;was=0&amp;became=2">1</a>' in html
        assert self.listed(staff_client, "was=0&became=2&kind=REVOLVING") == ["Anggrek"]
        assert self.listed(staff_client, "was=-1&became=-1") == ["Bakung"]

    def test_risers_and_fallers_are_listed_with_their_ways(self, staff_client, facilitator, risen):
        fallen = make_group(facilitator, name="Bakung")
        stand(fallen, TUMBUH, months_ago(11))
        stand(fallen, TUNAS, THIS_MONTH)
        make_group(facilitator, name="Cempaka")
        html = staff_client.get("/dashboard/moves/?kind=REVOLVING").content.decode()
        assert 'href="/dashboard/moves/groups/?kind=REVOLVING&amp;way=down">1</a>' in html
        assert [self.listed(staff_client, f"way={way}") for way in ("up", "down", "same", "other")] == [
            ["Anggrek"], ["Bakung"], [], ["Cempaka"],
        ]  # fmt: skip
        html = staff_client.get("/dashboard/moves/groups/?way=down").content.decode()
        assert "<td>Tumbuh → Tunas</td>" in html
        assert 'name="way" value="down"' in html
        file = staff_client.get("/dashboard/moves/groups/?way=down&format=csv").content.decode()
        assert ",Tumbuh,Tunas," in file

    def test_a_group_is_one_click_away(self, staff_client, risen):
        html = staff_client.get("/dashboard/moves/groups/?was=0&became=2").content.decode()
        assert f'href="/g/{risen.code}/assessment/"' in html

    def test_groups_of_others_are_not_listed(self, staff_client):
        stranger = make_group()
        assert self.listed(staff_client, "was=-1&became=-1") == []
        assert (
            stranger.code
            not in staff_client.get("/dashboard/moves/groups/?was=-1&became=-1&format=csv").content.decode()
        )

    def test_pages_of_25(self, staff_client, facilitator):
        for _ in range(26):
            make_group(facilitator)
        assert len(self.listed(staff_client, "was=-1&became=-1")) == 25
        assert len(self.listed(staff_client, "was=-1&became=-1&page=2")) == 1

    @pytest.mark.parametrize(
        "query", ["", "was=0", "was=x&became=0", "was=9&became=0", "was=0&became=-2", "way=sideways"]
    )
    def test_no_such_way_leads_back_with_the_filters(self, staff_client, query):
        response = staff_client.get(f"/dashboard/moves/groups/?{query}&kind=SOCIAL")
        assert response.url == "/dashboard/moves/?kind=SOCIAL"


def test_counting_takes_one_statement(organisation, facilitator, django_assert_num_queries):
    make_group(facilitator)
    period = Filters(scheme="kotaku", start=months_ago(11), end=months_ago(1))
    with django_assert_num_queries(1):
        moves(Group.objects.all(), period, stages=3)


@pytest.mark.parametrize("query", ["", f"end={months_ago(1):%Y-%m}&"])
@pytest.mark.parametrize("path", ["/dashboard/moves/?", "/dashboard/moves/groups/?was=0&became=2&"])
def test_at_most_ten_statements_at_any_size(staff_client, facilitator, path, query):
    taken = []
    for size in (2, 20):
        while Group.objects.count() < size:
            group = make_group(facilitator)
            stand(group, TUNAS, months_ago(11))
            stand(group, KEMBANG, THIS_MONTH)
            change(group, GroupStatus.DORMANT, months_ago(13))
            change(group, GroupStatus.ACTIVE, months_ago(12))
        with CaptureQueriesContext(connection) as queries:
            assert staff_client.get(f"{path}{query}facilitator={facilitator.pk}&kind=REVOLVING").status_code == 200
        taken.append(len(queries))
    assert taken[0] == taken[1] <= 10


class TestFlow:
    STAGES = [(2, "Kembang"), (1, "Tumbuh"), (0, "Tunas")]

    def test_every_way_with_groups_has_a_ribbon(self):
        chart = flow({(0, 2): 3, (1, 0): 1, (1, 1): 4}, self.STAGES, self.STAGES)
        assert {(ribbon.was, ribbon.became, ribbon.count, ribbon.way) for ribbon in chart.ribbons} == {
            ("Tunas", "Kembang", 3, "up"),
            ("Tumbuh", "Tunas", 1, "down"),
            ("Tumbuh", "Tumbuh", 4, "same"),
        }

    def test_places_without_groups_are_left_out(self):
        chart = flow({(0, 2): 3}, self.STAGES, self.STAGES)
        assert [mark.label for mark in (*chart.before, *chart.after)] == ["Tunas", "Kembang"]

    @pytest.mark.parametrize("count", [1, 7, 10_000])
    def test_everything_stays_within_the_picture_whatever_the_numbers(self, count):
        places = [(rank, str(rank)) for rank in range(-4, 6)]
        counts = {(was, became): count for was, _ in places for became, _ in places} | {(0, 0): 1}
        chart = flow(counts, places, places)
        for marks in (chart.before, chart.after):
            assert marks[-1].y + marks[-1].height <= chart.height
            assert all(lower.text_y - upper.text_y >= 15 for upper, lower in pairwise(marks))

    def test_a_place_is_as_tall_as_its_ribbons(self):
        chart = flow({(0, 0): 1, (1, 1): 2, (2, 1): 1, (2, 2): 11}, self.STAGES, self.STAGES)
        heights = {mark.count: mark.height for mark in chart.before}
        unit = heights[12] / 12
        assert all(abs(height - count * unit) <= 1 for count, height in heights.items())

    def test_names_keep_their_room_where_a_place_is_low(self):
        chart = flow({(0, 0): 1, (1, 1): 1, (2, 2): 500}, self.STAGES, self.STAGES)
        assert [mark.height for mark in chart.before[1:]] == [1, 1]
        assert all(lower.text_y - upper.text_y >= 15 for upper, lower in pairwise(chart.before))
