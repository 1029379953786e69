"""The page of one group, made of what every app knows about it."""

from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from groups.models import OfficerRole, Role
from groups.selectors import group_profile, officer_terms
from tests.factories import (
    FOUNDED,
    facilitator_of,
    lend,
    make_federation,
    make_founding,
    make_group,
    make_member,
    make_members,
    make_officer,
    make_partnership,
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


class TestTheLifeOfTheGroup:
    """The lines about its founding, federation and partnerships come with the group itself."""

    def test_it_stands_there_once_with_what_is_so_today(self, group):
        make_founding(group, place="Rumah Siti")
        make_federation(group, name="Gapoktan Makmur")
        make_partnership(group)
        response = get(group)
        content = response.content.decode()
        assert content.count('id="life"') == 1
        for text in ("Rumah Siti", "Gapoktan Makmur", "1 kemitraan"):
            assert text in content

    def test_what_was_withdrawn_ended_or_is_of_another_group_does_not_stand_there(self, group):
        make_founding(
            group, place="Salah", withdrawn_at=timezone.now(), withdrawn_by=facilitator_of(group), withdrawn_why="x"
        )
        federation = make_federation(group, name="Gapoktan Lama")
        federation.memberships.update(ended_on=FOUNDED, ended_why="keluar")
        make_partnership(group, closed_on=FOUNDED, closed_why="selesai", closed_by=facilitator_of(group))
        other = make_group(facilitator_of(group))
        make_federation(other, name="Gapoktan Lain")
        make_founding(other, place="Rumah Budi")
        make_partnership(other)
        content = get(group).content.decode()
        for text in ("Salah", "Gapoktan", "Rumah Budi"):
            assert text not in content
        assert "belum ada mitra" in content

    def test_a_second_founding_counts_once_the_first_is_withdrawn(self, group):
        make_founding(
            group, place="Salah", withdrawn_at=timezone.now(), withdrawn_by=facilitator_of(group), withdrawn_why="x"
        )
        make_founding(group, place="Rumah Siti")
        profile = group_profile(group, as_of=timezone.localdate())
        assert (profile.founding.place, profile.membership, profile.partnerships) == ("Rumah Siti", None, 0)


def test_officers_stand_in_the_order_of_their_own_page(group):
    members = [*group.members.all(), make_member(group), make_member(group)]
    days = (FOUNDED, FOUNDED, FOUNDED + timedelta(9), FOUNDED)
    for member, role, day in zip(members, ("BENDAHARA", "KETUA", "SEKRETARIS", "PENGAWAS"), days, strict=True):
        if role in OfficerRole.values:
            make_officer(member, role, started_on=day)
    shown = get(group).context["terms"]
    assert shown == list(officer_terms(group).effective(timezone.localdate()))
    assert len(shown) >= 3


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
    assert count() == before <= 34
