"""The page of one group's stage."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from assessment.models import Assessment, Instrument
from assessment.selectors.current_score import current_score
from assessment.services import assess_groups, assessment_finalise
from groups.models import Group
from meetings.models import Meeting
from tests.assessment.groups import make_kembang_minus_outside, make_staff
from tests.factories import facilitator_of, make_group, make_meeting

pytestmark = pytest.mark.django_db


@pytest.fixture
def group():
    return make_kembang_minus_outside(until=timezone.localdate())


@pytest.fixture
def page(client, group):
    client.force_login(facilitator_of(group))
    client.cookies["django_language"] = "en"

    def get() -> str:
        response = client.get(f"/g/{group.code}/assessment/")
        assert response.status_code == 200
        return " ".join(response.content.decode().split())

    return get


def test_stage_and_score(page):
    html = page()
    assert '<span class="stage stage-1">Tumbuh</span> 76 of 100 points' in html


def test_it_leads_to_how_points_and_stages_come_about(page):
    instrument = Instrument.objects.get(code="kotaku")
    assert f'href="/instruments/{instrument.pk}/"' in page()


def test_each_indicator_has_its_points_and_measured_value(page, group):
    html = page()
    assert "10 / 10" in html
    assert "present 100%, last 4 meetings" in html
    assert "not enough data" in html
    assert [f"<strong>{number}. " in html for number in range(1, 11)] == [True] * 10


def test_represented_members_are_shown_apart(page, group):
    make_meeting(group, timezone.localdate() - timedelta(1), present_count=8, represented_count=2)
    assert "present 95%, last 4 meetings · represented 5%" in page()


def test_each_measured_value_links_to_its_records(page, group):
    html = page()
    for path in ("meetings/", "books/savings/", "books/loans/", "books/differences/", "constitution/"):
        assert f'href="/g/{group.code}/{path}"' in html


def test_it_links_to_the_very_meetings_counted(page, group):
    html = page()
    numbers = re.findall(rf"/g/{group.code}/meetings/(\d+)/", html)
    assert numbers == ["6", "5", "4", "3"]


def test_what_is_missing_for_the_next_stage(page):
    html = page()
    assert "What is missing for Kembang" in html
    assert "4 points are missing." in html
    assert "<strong>Loan repayment</strong>: not enough data → 90%" in html


def test_at_most_three_steps_stand_open(client):
    group = make_group()
    client.force_login(facilitator_of(group))
    html = client.get(f"/g/{group.code}/assessment/").content.decode()
    before_details = html[html.index('id="next"') :].split("<details>")[0]
    assert before_details.count("<li>") == 3
    assert '<ol start="4">' in html


def test_scoring_nothing_stores_nothing(page):
    page()
    assert Assessment.objects.count() == 0


def test_the_history_is_a_line_with_its_table(page, group):
    today = timezone.localdate()
    for days in (70, 35, 0):
        assess_groups(groups=Group.objects.all(), as_of=today - timedelta(days))
    html = page()
    assert html.count('<circle class="fill-') == 3
    assert re.search(r'<polyline class="line" points="\d+,\d+ \d+,\d+ \d+,\d+"/>', html)
    assert "<title" in html
    assert "<desc" in html
    assert html.count('<td class="wide-only"> Provisional </td>') == 3


def test_a_stored_score_of_this_month_without_the_newest_records_is_marked(page, group):
    today = timezone.localdate()
    assess_groups(groups=Group.objects.all(), as_of=today)
    assert "without the newest records" not in page()
    Assessment.objects.update(score=20)
    assert page().count('<td class="wide-only"> Provisional, without the newest records </td>') == 1


def test_other_months_and_final_scores_are_not_marked(page, group):
    today = timezone.localdate()
    assess_groups(groups=Group.objects.all(), as_of=today - timedelta(35))
    Assessment.objects.update(score=20)
    assessment_finalise(actor=make_staff(group), group=group, as_of=today)
    assert "without the newest records" not in page()


def test_a_final_score_is_marked_in_the_history(page, group):
    staff = make_staff(group)
    assessment_finalise(actor=staff, group=group, as_of=timezone.localdate())
    html = page()
    assert f'<td class="wide-only"> Final, by {staff}, ' in html
    assert f"made final by {staff}, " in html


def test_indonesian_texts_of_the_instrument(client, group):
    client.force_login(facilitator_of(group))
    client.cookies["django_language"] = "id"
    assert "Pengembalian pinjaman" in client.get(f"/g/{group.code}/assessment/").content.decode()


def test_facilitators_read_but_neither_judge_nor_finalise(page, client, group):
    html = page()
    assert "/assessment/judge/" not in html
    assert "/assessment/final/" not in html
    assert client.post(f"/g/{group.code}/assessment/final/").status_code == 403


def test_another_organisation_is_not_found(client, group):
    client.force_login(make_staff())
    assert client.get(f"/g/{group.code}/assessment/").status_code == 404
    assert client.post(f"/g/{group.code}/assessment/final/").status_code == 404


def test_staff_keep_todays_score_as_final(client, group):
    client.force_login(make_staff(group))
    seen = current_score(group, timezone.localdate()).seen
    response = client.post(f"/g/{group.code}/assessment/final/", {"seen": seen})
    assert response.url == f"/g/{group.code}/assessment/{timezone.localdate()}/"
    assessment = Assessment.objects.get()
    assert (assessment.status, assessment.as_of) == ("FINAL", timezone.localdate())


def test_a_link_makes_nothing_final(client, group):
    client.force_login(make_staff(group))
    assert client.get(f"/g/{group.code}/assessment/final/").status_code == 200
    assert Assessment.objects.count() == 0


def test_the_number_of_statements_does_not_grow_with_the_records(client, group):
    client.force_login(facilitator_of(group))
    for days in (150, 0):
        assess_groups(groups=Group.objects.all(), as_of=timezone.localdate() - timedelta(days))
    counts = []
    for _ in range(2):
        with CaptureQueriesContext(connection) as queries:
            client.get(f"/g/{group.code}/assessment/")
        counts.append(len(queries))
        for days in range(1, 20):
            if not Meeting.objects.filter(group=group, held_on=timezone.localdate() - timedelta(days)).exists():
                make_meeting(group, timezone.localdate() - timedelta(days))
        for days in range(0, 200, 30):
            assess_groups(groups=Group.objects.all(), as_of=timezone.localdate() - timedelta(days))
    assert counts[0] == counts[1] <= 25
