"""Signals on pages: the dashboard with its counts and lists, and the panel of one group."""

from __future__ import annotations

import csv
import io
from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from groups.models import Group, GroupKind, User
from tests.assessment.groups import bring_up_to_date, make_kembang_minus_outside, stand
from tests.factories import (
    facilitator_of,
    make_group,
    make_meeting,
    make_members,
    make_officer,
    make_village,
)

pytestmark = pytest.mark.django_db

TODAY = timezone.localdate()
LONG_AGO = date(2020, 1, 7)
PAGE = "/dashboard/signals/"


def make_old_terms(facilitator: User | None = None, **fields) -> Group:
    """A group whose chair was elected too long ago."""
    group = make_group(facilitator, founded_on=LONG_AGO, **fields)
    make_officer(make_members(group, 1)[0])
    return group


def make_recorded_alone(facilitator: User, **fields) -> Group:
    """A group whose ten meetings one person recorded."""
    group = make_group(facilitator, **fields)
    for number in range(10):
        make_meeting(group, TODAY - timedelta(20 * number))
    return group


def show(client, query: str = ""):
    bring_up_to_date()
    response = client.get(PAGE + query)
    assert response.status_code == 200
    return response


def counts(response) -> dict[str, int]:
    found = {
        address.partition("signal=")[2]: count for _question, count, _looked, address in response.context["counts"]
    }
    return {name: count for name, count in found.items() if count}


def names(response) -> list[str]:
    return [group.name for group in response.context["rows"]]


class TestDashboard:
    def test_counts_and_groups_with_most_signals_first(self, staff_client, facilitator):
        make_old_terms(facilitator, name="Anggrek")
        both = make_recorded_alone(facilitator, name="Bakung", founded_on=LONG_AGO)
        make_officer(make_members(both, 1)[0])
        make_group(facilitator, name="Cempaka")
        response = show(staff_client)
        assert counts(response) == {"terms_expired": 2, "one_recorder": 1}
        assert names(response) == ["Bakung", "Anggrek"]

    def test_each_row_leads_to_the_group(self, staff_client, facilitator):
        group = make_old_terms(facilitator)
        assert f'href="/g/{group.code}/assessment/#look-into"' in show(staff_client).content.decode()

    def test_one_signal(self, staff_client, facilitator):
        make_old_terms(facilitator, name="Anggrek")
        make_recorded_alone(facilitator, name="Bakung")
        response = show(staff_client, "?signal=one_recorder")
        assert names(response) == ["Bakung"]
        assert counts(response) == {"terms_expired": 1, "one_recorder": 1}
        assert f": {facilitator}" in response.content.decode()

    def test_a_signal_that_there_is_not_narrows_nothing(self, staff_client, facilitator):
        make_old_terms(facilitator, name="Anggrek")
        assert names(show(staff_client, "?signal='; DROP")) == ["Anggrek"]

    def test_filters_narrow_and_stay_in_the_links(self, staff_client, facilitator):
        make_old_terms(facilitator, name="Anggrek", kind=GroupKind.SOCIAL, village=make_village("35.19.05.2003"))
        make_old_terms(facilitator, name="Bakung")
        response = show(staff_client, f"?kind=SOCIAL&region=35&facilitator={facilitator.pk}")
        assert names(response) == ["Anggrek"]
        assert "kind=SOCIAL&amp;signal=terms_expired" in response.content.decode()

    def test_stage(self, staff_client, facilitator):
        make_old_terms(facilitator, name="Anggrek")
        bring_up_to_date()
        make_old_terms(facilitator, name="Baru")
        assert names(staff_client.get(f"{PAGE}?stage=TUNAS")) == ["Anggrek"]
        assert names(staff_client.get(f"{PAGE}?stage=NONE")) == []

    @pytest.mark.parametrize("query", ["?kind=X", "?region=99", "?facilitator=9" + 19 * "9", "?page=abc", "?stage=Z"])
    def test_wrong_filters(self, staff_client, facilitator, query):
        make_old_terms(facilitator, name="Anggrek")
        assert names(show(staff_client, query)) == ["Anggrek"]

    def test_no_signal_anywhere(self, staff_client, facilitator):
        make_group(facilitator)
        html = show(staff_client).content.decode()
        assert "No signal in these groups." in html
        assert '<svg class="chart"' not in html

    def test_chart_and_table_say_the_same(self, staff_client, facilitator):
        make_old_terms(facilitator)
        html = show(staff_client).content.decode()
        assert "Term of office over: 1 of 1." in html
        assert f'<td class="number"><a href="{PAGE}?signal=terms_expired">1</a></td>' in html

    def test_facilitators_are_refused(self, client, facilitator):
        client.force_login(facilitator)
        assert client.get(PAGE).status_code == 403


class TestFacilitators:
    def test_whose_groups_all_score_alike(self, staff_client, facilitator):
        for _ in range(5):
            make_kembang_minus_outside(facilitator, until=TODAY)
        bring_up_to_date()
        [found] = show(staff_client).context["alike"]
        assert (found.facilitator, found.groups) == (facilitator, 5)

    def test_a_stage_of_the_filters_does_not_make_scores_alike(self, staff_client, facilitator):
        for score in (60, 61, 60, 61, 60, 90):
            stand(make_group(facilitator), rank=1 if score < 80 else 2, score=score)
        assert staff_client.get(f"{PAGE}?stage=TUMBUH").context["alike"] == []

    def test_four_of_them_within_the_filters(self, staff_client, facilitator):
        for _ in range(4):
            make_kembang_minus_outside(facilitator, until=TODAY)
        make_kembang_minus_outside(facilitator, until=TODAY, kind=GroupKind.SOCIAL)
        bring_up_to_date()
        assert show(staff_client, "?kind=REVOLVING").context["alike"] == []


class TestOtherOrganisations:
    @pytest.fixture(autouse=True)
    def stranger(self) -> Group:
        stranger = make_old_terms()
        for _ in range(5):
            make_kembang_minus_outside(facilitator_of(stranger), until=TODAY)
        bring_up_to_date()
        return stranger

    def test_in_no_count_list_or_chart(self, staff_client, stranger):
        response = show(staff_client)
        assert (counts(response), names(response), response.context["chart"]) == ({}, [], None)
        assert response.context["alike"] == []
        assert stranger.code not in response.content.decode()

    def test_nor_when_their_facilitator_is_asked_for(self, staff_client, stranger):
        assert names(show(staff_client, f"?facilitator={facilitator_of(stranger).pk}")) == []

    def test_in_no_file(self, staff_client, stranger):
        assert stranger.code not in staff_client.get(f"{PAGE}?format=csv").content.decode()


class TestFiles:
    def test_a_row_for_each_signal_of_each_group(self, staff_client, facilitator):
        group = make_old_terms(facilitator, name="Anggrek")
        bring_up_to_date()
        text = staff_client.get(f"{PAGE}?format=csv").content.decode("utf-8-sig")
        [_head, row] = csv.reader(io.StringIO(text))
        assert row[:9] == [
            group.number_shown, "Anggrek", "", "", str(facilitator), "Active", "Term of office over",
            "The term is over: Ketua (chair).", "1",
        ]  # fmt: skip

    def test_a_spreadsheet(self, staff_client, facilitator):
        make_old_terms(facilitator)
        assert staff_client.get(f"{PAGE}?format=xlsx").headers["Content-Type"].endswith("sheet")


class TestPanelOfAGroup:
    def page(self, client, group: Group) -> str:
        return client.get(f"/g/{group.code}/assessment/").content.decode()

    def test_shows_the_question_and_the_records(self, staff_client, facilitator):
        group = make_old_terms(facilitator)
        html = self.page(staff_client, group)
        assert "The term is over: Ketua (chair)." in html
        assert f'href="/g/{group.code}/officers/"' in html

    def test_links_the_very_meetings(self, staff_client, facilitator):
        group = make_group(facilitator)
        members = make_members(group, 2)
        for days in (30, 1):
            meeting = make_meeting(group, TODAY - timedelta(days), agenda_count=1, member_count=2, present_count=2)
            meeting.agenda.create(group=group, number=1, title="Pakan")
            for member in members:
                meeting.attendances.create(group=group, member=member, status="PRESENT")
        html = self.page(staff_client, group)
        panel = html[html.index('id="look-into"') :].partition("</section>")[0]
        assert f'<a href="/g/{group.code}/meetings/2/">' in panel
        assert f'<a href="/g/{group.code}/meetings/1/">' not in panel

    def test_nothing_stands_out(self, staff_client, facilitator):
        group = make_kembang_minus_outside(facilitator, until=TODAY)
        bring_up_to_date()
        assert "Nothing stands out in the records." in self.page(staff_client, group)

    def test_not_for_the_facilitator(self, client, facilitator):
        group = make_old_terms(facilitator)
        client.force_login(facilitator)
        client.cookies["django_language"] = "en"
        assert "To look into" not in self.page(client, group)


def test_at_most_twelve_statements_at_any_size(staff_client, facilitator):
    village = make_village("35.19.05.2003")
    taken = []
    for size in (5, 40):
        while Group.objects.count() < size:
            group = make_recorded_alone(facilitator, founded_on=LONG_AGO, village=village)
            make_officer(make_members(group, 1)[0])
        bring_up_to_date()
        with CaptureQueriesContext(connection) as queries:
            staff_client.get(f"{PAGE}?region=35&facilitator={facilitator.pk}&kind=REVOLVING&stage=TUNAS")
        taken.append(len(queries))
    assert taken[0] == taken[1] <= 12
