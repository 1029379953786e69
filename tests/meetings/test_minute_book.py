"""The minute book and its pages."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from groups.models import Role
from meetings.models import AgendaItem
from tests.factories import facilitator_of, lend, make_group, make_member, make_members, make_user, save
from tests.meetings.pages import post_sheet, sign_in
from tests.meetings.sheets import HELD_ON

pytestmark = pytest.mark.django_db


def test_it_has_the_columns_of_a_buku_notulen(client, group):
    post_sheet(client, group, agenda_0_title="Lokakarya", agenda_0_discussion="ya", agenda_0_decision="3 anggota ikut")
    page = client.get(f"/g/{group.code}/meetings/").content.decode()
    for text in ("4 Maret 2025", "Lokakarya", "3 anggota ikut"):
        assert text in page


def test_it_is_empty_at_first(client, group):
    assert client.get(f"/g/{group.code}/meetings/").status_code == 200


@pytest.mark.parametrize("url", ["/g/{}/", "/g/{}/meetings/"])
def test_a_draft_leads_nowhere_for_those_who_only_read(client, group, url):
    post_sheet(client, group, action="draft")
    url, draft = url.format(group.code), f'href="/g/{group.code}/meetings/1/edit/"'
    assert draft in client.get(url).content.decode()
    client.force_login(make_user(Role.STAFF, organisation=group.organisation))
    assert draft not in client.get(url).content.decode()


def test_it_has_pages(client, group):
    for week in range(22):
        post_sheet(client, group, held_on=HELD_ON + timedelta(7 * week))
    assert len(client.get(f"/g/{group.code}/meetings/").context["page"]) == 20
    assert len(client.get(f"/g/{group.code}/meetings/?page=2").context["page"]) == 2
    assert client.get(f"/g/{group.code}/meetings/?page=x").status_code == 200


def test_the_minutes_say_who_was_there_and_who_paid(client, group):
    post_sheet(client, group, m2_attendance="LATE", m2_fine="2000", m2_fine_reason="terlambat")
    rows = client.get(f"/g/{group.code}/meetings/1/").context["rows"]
    assert rows[1].amounts == (10_000, 0, 2_000, 0, 0)
    assert rows[1].moved == [("Savings", 10_000), ("Fine", 2_000)]


def test_a_meeting_that_is_not_there(client, group):
    assert client.get(f"/g/{group.code}/meetings/7/").status_code == 404
    assert client.get(f"/g/{group.code}/meetings/7/correct/").status_code == 404
    assert client.get(f"/g/{group.code}/meetings/99999999999999999999/").status_code == 404


def test_a_decision_is_carried_out(client, group):
    post_sheet(client, group, agenda_0_title="Pakan", agenda_0_decision="beli 3 karung", agenda_0_due_on="2025-03-20")
    assert "beli 3 karung" in client.get(f"/g/{group.code}/decisions/").content.decode()
    item = AgendaItem.objects.get()
    client.post(f"/g/{group.code}/decisions/{item.pk}/done/")
    item.refresh_from_db()
    assert item.done_by == facilitator_of(group)
    assert "beli 3 karung" not in client.get(f"/g/{group.code}/decisions/").content.decode()


@pytest.mark.parametrize(("members", "weeks"), [(3, 1), (40, 4)])
@pytest.mark.parametrize(("path", "most"), [("new/", 16), ("", 12), ("1/", 24), ("1/correct/", 16)])
def test_statements_do_not_grow(path, most, members, weeks):
    group = make_group()
    people = make_members(group, members)
    save(people[0], 50_000_000)
    for member in people[: members // 2]:
        lend(member, 120_000, 10)
    client = sign_in(group)
    for week in range(weeks):
        post_sheet(client, group, held_on=HELD_ON + timedelta(7 * week), agenda_0_title="Rapat")
    client.get(f"/g/{group.code}/meetings/{path}")
    with CaptureQueriesContext(connection) as counted:
        assert client.get(f"/g/{group.code}/meetings/{path}").status_code == 200
    assert len(counted) <= most, "\n".join(query["sql"][:110] for query in counted.captured_queries)


def test_the_minutes_name_the_loans_paid_out(client, group):
    save(group.members.first(), 5_000_000)
    post_sheet(
        client, group, loans_0_member=group.members.last().pk, loans_0_principal="100000", loans_0_periods="10",
        loans_0_purpose="Modal warung",
    )  # fmt: skip
    assert "Modal warung" in client.get(f"/g/{group.code}/meetings/1/").content.decode()


def test_a_refused_sheet_says_where(client, group):
    response = post_sheet(client, group, m2_attendance="", m1_wajib="x")
    first, second, _third = group.members.order_by("number")
    assert [problem.anchor for problem in response.context["sheet"].form_problems] == [
        f"id_m{first.pk}-wajib",
        f"id_m{second.pk}-attendance_0",
    ]


@pytest.mark.parametrize("page", ["", "meetings/new/", "books/opening/", "members/{pk}/"])
def test_the_number_of_a_member_has_no_separator(client, group, page):
    member = make_member(group, number=1234)
    content = client.get(f"/g/{group.code}/{page.format(pk=member.pk)}").content.decode()
    assert "1234" in content
    assert not any(shown in content for shown in ("1.234", "1,234"))
