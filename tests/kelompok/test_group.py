"""The page of one group, made of what every app knows about it."""

from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from groups.models import Role
from tests.factories import (
    facilitator_of,
    lend,
    make_group,
    make_member,
    make_members,
    make_officer,
    make_user,
    make_village,
    save,
)
from tests.meetings.pages import post_sheet, sign_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def group():
    group = make_group(village=make_village(), place="Balai desa")
    make_members(group, 2)
    return group


def get(group, user=None):
    browser = sign_in(group)
    if user is not None:
        browser.force_login(user)
    return browser.get(reverse("group", args=[group.code]))


def test_it_shows_profile_members_and_officers(group):
    member = make_member(group, "Sulastri", phone="081234567890", nik="3519054107850001")
    make_officer(member)
    left = make_member(group, "Partinah", left_on=date(2025, 2, 4))
    response = get(group)
    content = response.content.decode()
    assert "Sukamaju, Dolopo, Kabupaten Madiun, Jawa Timur" in content
    assert "Balai desa" in content
    assert "••••••••7890" in content
    assert "••••••••••••0001" in content
    assert [term.member for term in response.context["terms"]] == [member]
    assert response.context["former_members"] == [left]
    assert reverse("member", args=[group.code, member.pk]) in content


def test_on_a_phone_the_number_to_call_stands_below_the_name(group):
    make_member(group, "Sulastri", phone="081234567890")
    content = get(group).content.decode()
    assert '<th scope="col" class="wide-only">Telepon</th>' in content
    assert '<div class="folded text-nowrap">••••••••7890</div>' in content


def test_it_shows_the_books(group):
    member = group.members.first()
    save(member, 2_000_000)
    lend(member, principal=1_200_000)
    content = get(group).content.decode()
    for amount in ("Rp\xa0800.000", "Rp\xa02.000.000", "Rp\xa01.200.000"):
        assert amount in content


def test_it_shows_the_last_meetings_and_drafts(group):
    browser = sign_in(group)
    for month in range(2, 9):
        post_sheet(browser, group, held_on=date(2025, month, 4))
    post_sheet(browser, group, action="draft")
    shown = [(meeting.number, meeting.status) for meeting in get(group).context["meetings"]]
    assert shown == [(8, "DRAFT"), (7, "CLOSED"), (6, "CLOSED"), (5, "CLOSED"), (4, "CLOSED")]


def test_it_shows_the_stage_of_today(group):
    assert '<span class="stage stage-0">Tunas</span>' in get(group).content.decode()


@pytest.mark.parametrize(
    ("role", "offered", "not_offered"),
    [
        (Role.STAFF, ["facilitators"], ["meeting-new", "group-edit", "member-create", "election"]),
        (Role.ADMIN, ["facilitators", "meeting-new", "group-edit", "member-create", "election"], []),
    ],
)
def test_it_offers_what_the_role_may_do(group, role, offered, not_offered):
    content = get(group, make_user(role, organisation=group.organisation)).content.decode()
    assert [page for page in offered if reverse(page, args=[group.code]) not in content] == []
    assert [page for page in not_offered if reverse(page, args=[group.code]) in content] == []


def test_an_empty_group_shows_what_to_do_first():
    group = make_group()
    assert reverse("member-create", args=[group.code]) in get(group).content.decode()


def test_a_group_of_somebody_else_is_not_found(group):
    assert get(group, facilitator_of(make_group())).status_code == 404


def test_statements_do_not_grow_with_the_group(group):
    browser = sign_in(group)

    def count():
        with CaptureQueriesContext(connection) as queries:
            browser.get(reverse("group", args=[group.code]))
        return len(queries)

    make_officer(group.members.first())
    post_sheet(browser, group, agenda_0_title="A", agenda_0_decision="B", agenda_0_due_on="2025-04-01")
    before = count()
    for number in range(3, 15):
        make_member(group, number=number)
    for month in range(4, 9):
        post_sheet(
            browser, group, held_on=date(2025, month, 4),
            agenda_0_title="A", agenda_0_decision="B", agenda_0_due_on="2025-09-01",
        )  # fmt: skip
    assert count() == before <= 43
