"""The dashboard: what each person sees, the filters, the order, and what it costs."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import escape

from assessment.models import Assessment, Need, SnapshotScore
from assessment.services import snapshots, snapshots_write
from assessment.views import dashboard
from groups.models import Group, GroupKind, GroupStatus
from tests.assessment.groups import make_kembang_minus_outside, make_staff, months_ago, stand
from tests.factories import facilitator_of, make_group, make_meeting, make_member, make_user, make_village, save

pytestmark = pytest.mark.django_db

TODAY = timezone.localdate()


@pytest.fixture
def good(facilitator) -> Group:
    return make_kembang_minus_outside(facilitator, until=TODAY - timedelta(1), name="Anggrek")


@pytest.fixture
def silent(facilitator) -> Group:
    return make_group(facilitator, name="Bakung")


def score(days_ago: int = 0) -> None:
    snapshots_write(groups=Group.objects.all(), as_of=TODAY - timedelta(days_ago))


def show(client, query: str = ""):
    response = client.get(f"/dashboard/{query}")
    assert response.status_code == 200
    return response


def names(response) -> list[str]:
    return [row.name for row, _label, _reasons in response.context["rows"]]


def counts(response) -> dict[str, int]:
    return {rule.stage: count for rule, count, _measured in response.context["counts"]} | {
        "NONE": response.context["never_assessed"]
    }


class TestMonths:
    """The groups behind a number of the trend."""

    def listed(self, client, rank: int, query: str = "") -> list[str]:
        response = client.get(f"/dashboard/month/?month={TODAY:%Y-%m}&rank={rank}{query}")
        assert response.status_code == 200
        return [row.name for row in response.context["page"]]

    def test_each_number_leads_to_its_groups(self, staff_client, good):
        score()
        html = show(staff_client, "?kind=REVOLVING").content.decode()
        address = f"/dashboard/month/?kind=REVOLVING&amp;month={TODAY:%Y-%m}&amp;rank=1"
        assert f'<td class="number">0</td><td class="number"><a href="{address}">1</a></td>' in html
        assert self.listed(staff_client, 1, "&kind=REVOLVING") == ["Anggrek"]
        assert self.listed(staff_client, 1, "&kind=SOCIAL") == []
        assert self.listed(staff_client, 0) == []

    def test_a_group_leads_to_the_score_of_the_month(self, staff_client, good):
        score()
        html = staff_client.get(f"/dashboard/month/?month={TODAY:%Y-%m}&rank=1").content.decode()
        assert f'href="/g/{good.code}/assessment/{TODAY:%Y-%m-%d}/?scheme=kotaku"' in html

    def test_a_rank_above_the_last_counts_with_the_last(self, staff_client, good):
        score()
        SnapshotScore.objects.update(rank=4)
        assert show(staff_client).context["months"][-1].counts == (0, 0, 1)
        assert self.listed(staff_client, 2) == ["Anggrek"]

    def test_groups_of_others_are_not_listed(self, staff_client):
        make_kembang_minus_outside(until=TODAY)
        score()
        assert self.listed(staff_client, 1) == []

    def test_as_a_file(self, staff_client, good):
        score()
        file = staff_client.get(f"/dashboard/month/?month={TODAY:%Y-%m}&rank=1&format=csv").content.decode("utf-8-sig")
        assert file.splitlines()[1].startswith(f"Anggrek,{good.number_shown},")

    @pytest.mark.parametrize(
        "query",
        ["", "month=2026-10", "month=2026-13&rank=0", "month=x&rank=0", "month=2026-10&rank=9",
         "month=9999-12&rank=0", "month=9999-12&rank=0&format=csv", "month=0001-01&rank=0"],
    )  # fmt: skip
    def test_an_address_without_a_month_or_stage_leads_back(self, staff_client, query):
        assert staff_client.get(f"/dashboard/month/?kind=SOCIAL&{query}").url == "/dashboard/?kind=SOCIAL"


class TestWho:
    def test_staff_count_their_organisation_only(self, staff_client, good):
        stranger = make_kembang_minus_outside(until=TODAY)
        score()
        response = show(staff_client)
        assert counts(response) == {"TUNAS": 0, "TUMBUH": 1, "KEMBANG": 0, "NONE": 0}
        assert [month.total for month in response.context["months"]] == [1]
        assert stranger.code not in response.content.decode()

    def test_newer_records_of_others_are_not_counted(self, staff_client):
        make_group()
        assert show(staff_client).context["frame"].summary.changed == 0

    def test_facilitators_of_others_are_not_offered(self, staff_client, facilitator):
        stranger = make_user()
        options = show(staff_client).context["form"].fields["facilitator"].choices
        assert str(facilitator.pk) in dict(options)
        assert str(stranger.pk) not in dict(options)

    def test_regions_of_others_are_not_offered(self, staff_client):
        make_group(village=make_village("35.19.05.2003"))
        assert show(staff_client).context["form"].fields["region"].choices[1:] == []

    @pytest.mark.parametrize("path", ["/dashboard/", "/dashboard/score/"])
    def test_facilitators_are_refused(self, client, facilitator, path):
        client.force_login(facilitator)
        assert client.post(path).status_code == 403


class TestStages:
    def test_never_assessed_groups_are_counted_apart(self, staff_client, good):
        score()
        make_group(facilitator_of(good))
        assert counts(show(staff_client)) == {"TUNAS": 0, "TUMBUH": 1, "KEMBANG": 0, "NONE": 1}

    def test_the_newest_score_counts(self, staff_client, good):
        score(300)
        score()
        assert counts(show(staff_client))["TUMBUH"] == 1

    def test_dissolved_groups_are_left_out(self, staff_client, good):
        score()
        Group.objects.update(status=GroupStatus.DISSOLVED)
        assert show(staff_client).context["total"] == 0

    def test_the_trend_counts_each_group_once_a_month(self, staff_client, good, silent, monkeypatch):
        last_month_end = TODAY.day
        score(last_month_end + 1)
        score(last_month_end)
        monkeypatch.setattr(snapshots, "MONTHS", 1)
        score()
        months = show(staff_client).context["months"]
        assert [month.counts for month in months] == [(1, 1, 0), (1, 1, 0)]
        assert months[1].month == TODAY.replace(day=1)

    def test_members_and_women_behind_the_numbers(self, staff_client, good, silent):
        make_member(good, gender="P")
        make_member(silent, gender="L")
        assert "0 members, 0 of them women" in show(staff_client).content.decode()
        score()
        assert "2 members, 1 of them women" in show(staff_client).content.decode()

    def test_bars_and_table_say_the_same(self, staff_client, good, silent):
        score()
        html = show(staff_client).content.decode()
        assert re.findall(r'url\(#pattern-(\w+)\)"[^>]*><title>\w+ (\d+)', html) == [("0", "1"), ("1", "1")]
        assert '<th scope="row"><span class="text-nowrap">' in html
        assert "style=" not in html


class TestFilters:
    def test_region_down_to_the_village(self, staff_client, facilitator, good):
        make_group(facilitator, name="Jauh", village=make_village("12.01.01.2001"))
        good.village = make_village("35.19.05.2003")
        good.save()
        for region in ("35", "35.19", "35.19.05", "35.19.05.2003"):
            assert names(show(staff_client, f"?region={region}")) == ["Anggrek"]
        assert names(show(staff_client, "?region=12")) == ["Jauh"]

    def test_the_regions_offered_are_those_with_groups(self, staff_client, facilitator):
        make_group(facilitator, village=make_village("35.19.05.2003"))
        make_village("12.01.01.2001")
        codes = [code for code, _name in show(staff_client).context["form"].fields["region"].choices]
        assert codes == ["", "35"]
        deeper = show(staff_client, "?region=35.19").context["form"].fields["region"].choices
        assert [code for code, _name in deeper] == ["", "35", "35.19", "35.19.05"]

    def test_facilitator(self, staff_client, organisation, good, silent):
        other = make_user(organisation=organisation)
        make_group(other, name="Cempaka")
        assert names(show(staff_client, f"?facilitator={other.pk}")) == ["Cempaka"]

    def test_a_finished_assignment_does_not_count(self, staff_client, facilitator, good):
        good.assignments.update(ended_on=TODAY - timedelta(1))
        assert names(show(staff_client, f"?facilitator={facilitator.pk}")) == []

    def test_kind(self, staff_client, facilitator, good):
        make_group(facilitator, name="Sosial", kind=GroupKind.SOCIAL)
        assert names(show(staff_client, "?kind=SOCIAL")) == ["Sosial"]

    def test_stage(self, staff_client, facilitator, good, silent):
        score()
        make_group(facilitator, name="Baru")
        assert names(show(staff_client, "?stage=TUMBUH")) == ["Anggrek"]
        assert names(show(staff_client, "?stage=TUNAS")) == ["Bakung"]
        assert names(show(staff_client, "?stage=NONE")) == ["Baru"]

    def test_the_stage_filter_leaves_the_counts_whole(self, staff_client, good, silent):
        score()
        assert counts(show(staff_client, "?stage=TUMBUH"))["TUNAS"] == 1

    @pytest.mark.parametrize(
        "query",
        ["?region=' OR 1=1", "?region=35.%", "?facilitator=x", "?facilitator=99999999999999999999", "?kind=GAJAH",
         "?stage=1", "?page=x", "?page=999"],
    )  # fmt: skip
    def test_nonsense_narrows_nothing(self, staff_client, good, query):
        assert names(show(staff_client, query)) == ["Anggrek"]


class TestNeed:
    def test_sorted_by_need_with_the_reasons(self, staff_client, facilitator, good, silent):
        low = make_group(facilitator, name="Dahlia")
        for days in (3, 10):
            make_meeting(low, TODAY - timedelta(days), present_count=2)
        score()
        make_group(facilitator, name="Enau")
        response = show(staff_client)
        assert names(response) == ["Enau", "Bakung", "Dahlia", "Anggrek"]
        reasons = [[str(reason) for reason in found] for _row, _label, found in response.context["rows"]]
        assert reasons == [["Never assessed"], ["No meeting for 60 days"], ["Attendance under 60%"], []]

    def test_each_row_is_one_click_from_the_group(self, staff_client, good):
        assert f'href="/g/{good.code}/assessment/"' in show(staff_client).content.decode()

    def test_pages_of_25(self, staff_client, facilitator):
        for _ in range(26):
            make_group(facilitator)
        assert len(names(show(staff_client))) == 25
        assert len(names(show(staff_client, "?page=2"))) == 1

    def test_a_higher_bit_is_more_urgent(self):
        assert list(Need) == sorted(Need)
        assert Need.NO_MEETING > Need.STAGE_DROPPED | Need.ARREARS | Need.LOW_ATTENDANCE


class TestNewerRecords:
    def newer(self, client) -> int:
        return show(client).context["frame"].summary.changed

    def test_the_page_says_as_of_when_it_is_and_how_many_are_newer(self, staff_client, good, silent):
        score(1)
        save(make_member(good), 5000)
        html = show(staff_client).content.decode()
        assert f"As on {date_format(TODAY - timedelta(1))}." in html
        assert "1 group has newer records." in html
        assert "Bring up to date" in html

    def test_scored_groups_have_none(self, staff_client, good):
        score()
        assert self.newer(staff_client) == 0

    def test_never_assessed(self, staff_client, good):
        assert self.newer(staff_client) == 1

    def test_a_meeting_closed_since(self, staff_client, good):
        score()
        make_meeting(good, TODAY - timedelta(7), closed_at=timezone.now())
        assert self.newer(staff_client) == 1

    def test_time_alone_makes_no_newer_records(self, staff_client, good):
        score(1)
        assert self.newer(staff_client) == 0

    def test_a_draft_is_no_record_yet(self, staff_client, good):
        score()
        make_meeting(good, TODAY - timedelta(7), status="DRAFT", closed_at=None)
        assert self.newer(staff_client) == 0

    def test_score_now(self, staff_client, organisation, good, silent):
        stranger = make_group()
        response = staff_client.post("/dashboard/score/?kind=REVOLVING")
        assert response.url == "/dashboard/?kind=REVOLVING"
        assert {assessment.group for assessment in Assessment.objects.all()} == {good, silent}
        assert not Assessment.objects.filter(group=stranger).exists()
        assert self.newer(staff_client) == 0

    def test_score_now_scores_the_filtered_groups_only(self, staff_client, facilitator, good):
        social = make_group(facilitator, kind=GroupKind.SOCIAL)
        staff_client.post("/dashboard/score/?kind=SOCIAL")
        assert [assessment.group for assessment in Assessment.objects.all()] == [social]

    def test_some_at_a_time_and_the_others_remain(self, staff_client, good, silent, monkeypatch):
        monkeypatch.setattr(dashboard, "MOST_AT_ONCE", 1)
        response = staff_client.post("/dashboard/score/", {"tab": "portfolio"}, follow=True)
        assert response.redirect_chain == [("/portfolio/", 302)]
        assert "1 group brought up to date." in response.content.decode()
        assert self.newer(staff_client) == 1

    def test_it_comes_back_to_the_very_page(self, staff_client, good):
        address = "/dashboard/quality/?kind=REVOLVING&list=late"
        assert f'name="next" value="{escape(address)}"' in staff_client.get(address).content.decode()
        data = {"tab": "dashboard-quality", "next": address}
        assert staff_client.post("/dashboard/score/?kind=REVOLVING", data).url == address

    @pytest.mark.parametrize("address", ["https://example.org/", "//example.org/", "javascript:alert(1)", ""])
    def test_to_another_site_it_does_not_lead(self, staff_client, good, address):
        data = {"tab": "portfolio", "next": address}
        assert staff_client.post("/dashboard/score/?kind=REVOLVING", data).url == "/portfolio/?kind=REVOLVING"

    def test_a_link_only_leads_to_the_dashboard(self, staff_client, monkeypatch):
        monkeypatch.setattr("assessment.services.snapshots_write", lambda **_options: pytest.fail("it scored"))
        answer = staff_client.get("/dashboard/score/?kind=REVOLVING")
        assert (answer.status_code, answer.url) == (302, "/dashboard/?kind=REVOLVING")


def test_at_most_ten_statements_at_any_size(staff_client, facilitator):
    village = make_village("35.19.05.2003")
    taken = []
    for size in (2, 40):
        while Group.objects.count() < size:
            make_kembang_minus_outside(facilitator, until=TODAY, village=village)
        for days in (0, 40, 80):
            score(days)
        make_group(facilitator)
        with CaptureQueriesContext(connection) as queries:
            show(staff_client, f"?region=35&facilitator={facilitator.pk}&kind=REVOLVING")
        taken.append(len(queries))
    assert taken[0] == taken[1] <= 10


def test_an_empty_organisation(client):
    client.force_login(make_staff())
    assert "Belum" in show(client).content.decode() or "No score" in show(client).content.decode()


class TestChart:
    """A grey print tells the stages apart by their patterns, which the legend names."""

    @pytest.fixture
    def svg(self, staff_client, good):
        score()
        return re.search(r"<svg class=\"chart\".*?</svg>", show(staff_client).content.decode(), re.DOTALL)[0]

    def test_the_legend_names_every_stage_with_its_pattern(self, svg):
        legend = re.findall(r'fill="url\(#pattern-(\w+)\)"[^>]*/>\s*<text[^>]*>(\w+)</text>', svg)
        assert legend == [("0", "Tunas"), ("1", "Tumbuh"), ("2", "Kembang")]

    def test_no_two_patterns_are_drawn_alike(self, svg):
        drawn = re.findall(r'<pattern id="pattern-(\w+)"(.*?)</pattern>', svg)
        assert len({shape.replace(stage, "") for stage, shape in drawn}) == len(drawn) == 6


class TestPeople:
    def test_members_and_women_with_their_share_as_of_the_month(self, staff_client, facilitator):
        group = make_group(facilitator, name="Anggrek")
        stand(group, of_snapshot={"members": 8, "women": 6})
        stand(group, month=months_ago(2), of_snapshot={"members": 10, "women": 5})
        response = show(staff_client)
        people = {month.month: (month.people.members, month.people.women) for month in response.context["months"]}
        assert people == {months_ago(2): (10, 5), months_ago(0): (8, 6)}
        html = response.content.decode().replace("\N{NO-BREAK SPACE}", " ")
        assert "8 members, 6 of them women (75,0 %)" in html
        assert "10 members, 50,0 % women" in html

    def test_files_have_them(self, staff_client, facilitator):
        stand(make_group(facilitator), of_snapshot={"members": 8, "women": 6})
        for query in ("format=csv", "format=csv&table=months"):
            text = staff_client.get(f"/dashboard/?{query}").content.decode("utf-8-sig")
            assert text.splitlines()[0].endswith("Members,Women,Share of women")
            assert ",8,6,0.75" in text.splitlines()[1]

    def test_other_filters_narrow_them(self, staff_client, facilitator):
        stand(make_group(facilitator, kind="SOCIAL"), of_snapshot={"members": 8, "women": 6})
        stand(make_group(facilitator), of_snapshot={"members": 2, "women": 1})
        [month] = show(staff_client, "?kind=SOCIAL").context["months"]
        assert month.people.members == 8
