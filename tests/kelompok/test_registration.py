"""From nothing to the first meeting: what the pages say is missing, and which page comes next."""

import uuid
from datetime import date

import pytest
from django.urls import reverse

from finance.models import Entry, EntryKind
from finance.services import Opening, opening_record
from groups.models import Constitution, Dissolution, GroupStatus, Role
from groups.services import constitution_adopt, group_status_change
from kelompok.selectors.registration import registration_steps
from tests.factories import (
    FOUNDED,
    facilitator_of,
    make_group,
    make_meeting,
    make_members,
    make_officer,
    make_user,
    make_village,
)
from tests.meetings.pages import sign_in

pytestmark = pytest.mark.django_db
TODAY = date(2025, 6, 3)
NO_RULES = {"wajib": 0, "fine_late": 0, "loan_max_periods": 12, "missed_wajib": "ASKED"}
ROLES = ("KETUA", "SEKRETARIS", "BENDAHARA")


@pytest.fixture
def group():
    return make_group(village=make_village(), place="Balai desa", rules=NO_RULES)


def steps(group):
    return {step.name: step for step in registration_steps(group, as_of=TODAY)}


def next_of(group):
    return [name for name, step in steps(group).items() if step.is_next]


def page(group, name, user=None):
    browser = sign_in(group)
    if user is not None:
        browser.force_login(user)
    return browser.get(reverse(name, args=[group.code])).content.decode()


def test_step_after_step_becomes_the_next(group):
    assert next_of(group) == ["members"]
    members = make_members(group, 3)
    assert next_of(group) == ["officers"]
    for member, role in zip(members, ROLES, strict=True):
        make_officer(member, role)
    assert next_of(group) == ["rules"]
    rules = Constitution(wajib=10_000, agreed_on=FOUNDED, version=2)
    constitution_adopt(actor=facilitator_of(group), group=group, constitution=rules)
    group.refresh_from_db()
    assert next_of(group) == ["opening", "meeting"]


def test_the_offices_that_nobody_holds_are_named(group):
    make_officer(make_members(group, 1)[0], "KETUA")
    officers = steps(group)["officers"]
    assert not officers.is_done
    assert "Sekretaris" in officers.note and "Bendahara" in officers.note and "Ketua" not in officers.note


def test_a_profile_without_village_or_place_says_so():
    assert steps(make_group(place="Balai"))["profile"].note
    assert steps(make_group(village=make_village()))["profile"].note


def test_opening_balances_are_only_for_who_has_money_and_done_once_recorded(group):
    assert steps(group)["opening"].is_optional
    opening_record(
        actor=facilitator_of(group), group=group, opening=Opening(on=FOUNDED, cash=50_000, capital=50_000),
        key=uuid.uuid4(),
    )  # fmt: skip
    assert steps(group)["opening"].is_done
    entry = Entry.objects.get(group=group, kind=EntryKind.OPENING)
    assert (
        "Menyiapkan kelompok" in sign_in(group).get(reverse("entry", args=[group.code, entry.number])).content.decode()
    )


def test_after_the_first_meeting_there_are_no_steps_any_more(group):
    make_meeting(group, FOUNDED, status="DRAFT", closed_at=None)
    assert steps(group)
    make_meeting(group, FOUNDED)
    assert steps(group) == {}
    assert "Menyiapkan kelompok" not in page(group, "group")


def test_a_group_that_ended_has_none(group):
    group_status_change(
        actor=facilitator_of(group), group=group, status=GroupStatus.DISSOLVED, on=FOUNDED, reason="bubar"
    )
    group.refresh_from_db()
    Dissolution.objects.create(
        group=group, change=group.status_changes.get(), ended_on=FOUNDED, place="Balai", present="semua",
        reason="bubar", recorded_by=facilitator_of(group),
    )  # fmt: skip
    assert steps(group) == {}


@pytest.mark.parametrize("name", ["group", "officers", "constitution"])
def test_a_page_after_a_step_leads_to_the_next(group, name):
    content = page(group, name)
    assert "Berikutnya: Anggota" in content
    assert reverse("members-create", args=[group.code]) in content


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("group-edit", "langkah 1 dari 6: Profil"),
        ("members-create", "langkah 2 dari 6: Anggota"),
        ("member-create", "langkah 2 dari 6: Anggota"),
        ("election", "langkah 3 dari 6: Pengurus"),
        ("constitution-adopt", "langkah 4 dari 6: Aturan"),
        ("opening", "langkah 5 dari 6: Saldo awal"),
    ],
)
def test_the_page_of_a_step_says_where_one_is(group, name, place):
    assert place in page(group, name)


def test_the_page_of_a_new_group_shows_what_will_come(client):
    client.force_login(make_user())
    content = client.get(reverse("group-create")).content.decode()
    assert "langkah 1 dari 6: Profil" in content and "Pertemuan pertama" in content


def test_who_may_not_record_is_not_asked_to(group):
    staff = make_user(Role.STAFF, organisation=group.organisation)
    assert "Menyiapkan kelompok" not in page(group, "group", staff)
