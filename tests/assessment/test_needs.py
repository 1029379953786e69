"""Needs help now: how many groups for each reason, which, with whom, and what it costs."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from assessment.models import Need
from groups.models import Group
from groups.shared.money import rupiah
from tests.assessment.groups import stand
from tests.factories import make_group, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def silent(facilitator) -> Group:
    """A group that has not met for long and whose stage dropped."""
    group = make_group(facilitator, name="Bakung")
    stand(group, need=Need.NO_MEETING | Need.STAGE_DROPPED, arrears=500_000)
    return group


@pytest.fixture
def late(facilitator) -> Group:
    group = make_group(facilitator, name="Cempaka")
    stand(group, need=Need.ARREARS_RISING)
    return group


@pytest.fixture
def well(facilitator) -> Group:
    group = make_group(facilitator, name="Anggrek")
    stand(group)
    return group


def show(client, query: str = ""):
    response = client.get(f"/dashboard/needs/?{query}")
    assert response.status_code == 200
    return response


def listed(client, query: str = "") -> list[str]:
    return [row.name for row, *_ in show(client, query).context["rows"]]


def counted(client, query: str = "") -> dict[Need, int]:
    return {reason: count for reason, _label, count, *_ in show(client, query).context["reasons"] if count}


class TestReasons:
    def test_a_group_counts_for_each_of_its_reasons(self, staff_client, silent, late, well):
        assert counted(staff_client) == {Need.NO_MEETING: 1, Need.STAGE_DROPPED: 1, Need.ARREARS_RISING: 1}

    def test_groups_are_counted_once(self, staff_client, silent, late, well):
        counts = show(staff_client).context["counts"]
        assert (counts.in_need, counts.groups) == (2, 3)

    def test_the_most_urgent_reason_is_first_and_all_are_told(self, staff_client, silent):
        reasons = [reason for reason, *_ in show(staff_client).context["reasons"]]
        assert reasons == sorted(Need, reverse=True)

    def test_never_assessed_is_a_reason(self, staff_client, facilitator):
        make_group(facilitator)
        assert counted(staff_client) == {Need.NEVER_ASSESSED: 1}

    def test_another_scheme_does_not_count(self, staff_client, late):
        late.snapshot_scores.update(scheme="lain")
        assert counted(staff_client) == {Need.NEVER_ASSESSED: 1}

    def test_the_stage_narrows_the_counts(self, staff_client, facilitator, late):
        stand(make_group(facilitator), rank=1, stage="TUMBUH", need=Need.ARREARS)
        assert counted(staff_client, "stage=TUMBUH") == {Need.ARREARS: 1}

    def test_another_organisation_is_not_counted(self, staff_client, late):
        stand(make_group(), need=Need.NO_MEETING)
        assert counted(staff_client) == {Need.ARREARS_RISING: 1}
        assert listed(staff_client) == ["Cempaka"]

    def test_bars_and_table_say_the_same(self, staff_client, silent, late):
        html = show(staff_client).content.decode()
        assert "No meeting for 60 days: 1 of 2. Stage dropped: 1 of 2." in html
        assert 'href="/dashboard/needs/?reason=NO_MEETING">1</a>' in html

    def test_nobody_needs_help(self, staff_client, well):
        response = show(staff_client)
        assert "No group within these filters needs help." in response.content.decode()
        assert response.context["chart"] is None


class TestGroups:
    def test_the_most_urgent_first_without_those_that_are_well(self, staff_client, silent, late, well):
        assert listed(staff_client) == ["Bakung", "Cempaka"]

    def test_a_group_at_the_top_with_nothing_lacking_is_not_there(self, staff_client, facilitator, late):
        stand(make_group(facilitator, name="Zinnia"), rank=2, score=100)
        assert listed(staff_client) == ["Cempaka"]
        assert "Who needs help most" not in staff_client.get("/dashboard/").content.decode()

    @pytest.mark.parametrize(
        ("reason", "names"), [("NO_MEETING", ["Bakung"]), ("ARREARS_RISING", ["Cempaka"]), ("LOW_ATTENDANCE", [])]
    )
    def test_one_reason(self, staff_client, silent, late, well, reason, names):
        assert listed(staff_client, f"reason={reason}") == names

    def test_an_unknown_reason_narrows_nothing(self, staff_client, silent, late):
        assert listed(staff_client, "reason=LAPAR") == ["Bakung", "Cempaka"]

    def test_never_assessed_alone(self, staff_client, facilitator, late):
        make_group(facilitator, name="Baru")
        assert listed(staff_client, "reason=NEVER_ASSESSED") == ["Baru"]

    def test_filtering_keeps_the_reason(self, staff_client, silent):
        html = show(staff_client, "reason=NO_MEETING").content.decode()
        assert '<input type="hidden" name="reason" value="NO_MEETING">' in html

    def test_who_accompanies_the_group_is_named(self, staff_client, facilitator, silent):
        facilitator.first_name = "Rina"
        facilitator.save()
        assert "Rina" in show(staff_client).content.decode()

    def test_a_finished_assignment_leaves_nobody(self, staff_client, facilitator, silent):
        silent.assignments.update(ended_on=timezone.localdate() - timedelta(1))
        assert [with_whom for *_, with_whom in show(staff_client).context["rows"]] == [""]
        assert "No facilitator" in show(staff_client).content.decode()

    def test_a_row_leads_to_the_group_and_tells_its_arrears(self, staff_client, silent):
        html = show(staff_client).content.decode()
        assert f'href="/g/{silent.code}/assessment/"' in html
        assert rupiah(500_000) in html

    def test_pages_of_25(self, staff_client, facilitator):
        for _ in range(26):
            stand(make_group(facilitator), need=Need.ARREARS)
        assert len(listed(staff_client, "reason=ARREARS")) == 25
        assert len(listed(staff_client, "reason=ARREARS&page=2")) == 1

    def test_the_file_names_facilitator_and_reasons(self, staff_client, facilitator, silent):
        text = show(staff_client, "format=csv").content.decode()
        assert facilitator.username in text
        assert "No meeting for 60 days · Stage dropped" in text


def test_at_most_ten_statements_at_any_size(staff_client, facilitator):
    taken = []
    for size in (2, 30):
        while Group.objects.count() < size:
            stand(make_group(facilitator), need=Need.ARREARS)
        other = make_user(organisation=facilitator.organisation)
        make_group(other)
        with CaptureQueriesContext(connection) as queries:
            show(staff_client, "reason=ARREARS&kind=REVOLVING&stage=TUNAS")
        taken.append(len(queries))
    assert taken[0] == taken[1] <= 10
