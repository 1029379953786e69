"""Drafts: saved as often as the recorder likes, posting nothing."""

from __future__ import annotations

import re
import uuid
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from finance.models import Entry
from groups.models import Role
from meetings.models import Meeting
from tests.factories import facilitator_of, make_user
from tests.meetings.pages import balance, errors, post_sheet
from tests.meetings.sheets import sheet_data

pytestmark = pytest.mark.django_db


def test_it_posts_nothing(client, group):
    response = post_sheet(client, group, action="draft")
    assert response.url == f"/g/{group.code}/meetings/1/edit/"
    assert Meeting.objects.get().status == "DRAFT"
    assert not Entry.objects.exists()


def test_half_a_sheet_is_kept_as_typed(client, group):
    member = group.members.first()
    typed = {**sheet_data(group), "place": "", f"m{member.pk}-wajib": "sepuluh ribu"}
    post_sheet(client, group, action="draft", data=typed)
    page = client.get(f"/g/{group.code}/meetings/1/edit/")
    assert 'value="sepuluh ribu"' in page.content.decode()
    assert not page.context["sheet"].has_errors


@pytest.mark.parametrize("day", ["", " "])
def test_a_draft_without_its_date_is_refused_at_the_field(client, group, day):
    member = group.members.first()
    typed = {**sheet_data(group), "held_on": day, f"m{member.pk}-wajib": "sepuluh ribu"}
    page = post_sheet(client, group, action="draft", data=typed)
    assert page.status_code == 422
    assert errors(page) == {"held_on": ["This field is required."]}
    assert 'value="sepuluh ribu"' in page.content.decode()
    assert not Meeting.objects.exists()


@pytest.mark.parametrize("day", ["31-02-2025", "kemarin", "2025-02-30"])
def test_a_date_nobody_can_read_is_kept_as_typed_with_its_error(client, group, day):
    typed = {**sheet_data(group), "held_on": day, "place": ""}
    assert post_sheet(client, group, action="draft", data=typed).status_code == 302
    page = client.get(f"/g/{group.code}/meetings/1/edit/")
    assert [name for name, found in errors(page).items() if found] == ["held_on"]
    assert page.context["sheet"].head["held_on"].value() == day
    field = re.search('<input[^>]*name="held_on"[^>]*>', page.content.decode())[0]
    assert 'type="text"' in field
    assert f'value="{day}"' in field


def test_a_draft_of_a_day_to_come_is_opened_without_a_complaint(client, group):
    day = timezone.localdate() + timedelta(2)
    post_sheet(client, group, action="draft", held_on=day)
    page = client.get(f"/g/{group.code}/meetings/1/edit/")
    assert not page.context["sheet"].has_errors
    assert f'value="{day}"' in page.content.decode()


def test_a_draft_saved_before_keeps_its_date(client, group):
    post_sheet(client, group, action="draft")
    draft = Meeting.objects.get()
    typed = {**sheet_data(group), "held_on": "", "base": draft.draft_version, "key": draft.key}
    assert post_sheet(client, group, "draft", 1, data=typed).status_code == 422
    assert Meeting.objects.get().held_on == draft.held_on


def test_a_draft_can_be_closed(client, group):
    post_sheet(client, group, action="draft")
    base = Meeting.objects.get().draft_version
    response = post_sheet(client, group, number=1, data={**sheet_data(group), "base": base})
    assert response.url == f"/g/{group.code}/meetings/1/"
    assert balance(group, "CASH") == 30_000
    assert Meeting.objects.get().draft is None


def test_the_same_save_twice_is_one_draft(client, group):
    key = uuid.uuid4()
    post_sheet(client, group, action="draft", key=key)
    post_sheet(client, group, action="draft", key=key)
    assert Meeting.objects.count() == 1


def test_somebody_elses_save_is_not_overwritten_unseen(client, group):
    post_sheet(client, group, action="draft")
    base = Meeting.objects.get().draft_version
    post_sheet(client, group, action="draft", number=1, data={**sheet_data(group, m1_wajib="111"), "base": base})
    mine = {**sheet_data(group, m1_wajib="222"), "base": base}
    response = post_sheet(client, group, action="draft", number=1, data=mine)
    assert response.status_code == 409
    assert 'value="222"' in response.content.decode()
    assert Meeting.objects.get().draft[f"m{group.members.first().pk}-wajib"] == "111"


@pytest.mark.parametrize("is_own", [True, False])
def test_a_conflict_says_whether_it_was_oneself_in_another_tab(client, group, is_own):
    post_sheet(client, group, action="draft")
    base = Meeting.objects.get().draft_version
    other = Client()
    other.force_login(facilitator_of(group) if is_own else make_user(Role.ADMIN, organisation=group.organisation))
    post_sheet(other, group, action="draft", number=1, data={**sheet_data(group, m1_wajib="111"), "base": base})
    mine = {**sheet_data(group, m1_wajib="222"), "base": base}
    told = "".join(post_sheet(client, group, action="draft", number=1, data=mine).context["sheet"].refusals)
    assert told.startswith("Anda sendiri" if is_own else str(Meeting.objects.get().saved_by))


def test_a_conflict_once_seen_can_be_overruled(client, group):
    post_sheet(client, group, action="draft")
    base = Meeting.objects.get().draft_version
    post_sheet(client, group, action="draft", number=1, data={**sheet_data(group, m1_wajib="111"), "base": base})
    mine = {**sheet_data(group, m1_wajib="222"), "base": base}
    seen = post_sheet(client, group, action="draft", number=1, data=mine).context["base"]
    assert post_sheet(client, group, action="draft", number=1, data={**mine, "base": seen}).status_code == 302


def test_everybody_else_present_works_without_a_script(client, group):
    second = group.members.all()[1]
    data = {name: value for name, value in sheet_data(group).items() if not name.endswith("-attendance")}
    page = post_sheet(client, group, action="present", data={**data, f"m{second.pk}-attendance": "LATE"})
    assert [form["attendance"].value() for form in page.context["sheet"].members] == ["PRESENT", "LATE", "PRESENT"]


def test_everybody_else_are_those_whose_attendance_is_not_chosen_yet(client, group):
    first, second, _third = group.members.all()
    data = {**sheet_data(group), f"m{first.pk}-attendance": "", f"m{second.pk}-attendance": "ABSENT"}
    page = post_sheet(client, group, action="present", data=data)
    assert [form["attendance"].value() for form in page.context["sheet"].members] == ["PRESENT", "ABSENT", "PRESENT"]


def test_an_attendance_can_be_taken_back(client, group):
    page = client.get(f"/g/{group.code}/meetings/new/").content.decode()
    member = group.members.first()
    assert f'name="m{member.pk}-attendance" value=""' in page
    assert f"m{member.pk}-attendance" in errors(post_sheet(client, group, m1_attendance=""))


def test_more_rows_work_without_a_script(client, group):
    page = post_sheet(client, group, action="more-agenda", agenda_0_title="Lokakarya")
    agenda = page.context["sheet"].agenda
    assert agenda.forms[0]["title"].value() == "Lokakarya"
    assert len(agenda.forms) == 4
    assert len(page.context["sheet"].other.forms) == 2


@pytest.mark.parametrize("total", ["", "-1", "abc", "99999999999"])
def test_a_broken_row_count_is_no_server_error(client, group, total):
    for action in ("more-agenda", "close", "draft"):
        data = {**sheet_data(group), "agenda-TOTAL_FORMS": total, "action": action}
        assert client.post(f"/g/{group.code}/meetings/new/", data).status_code < 500


def test_a_draft_can_be_discarded(client, group):
    post_sheet(client, group, action="draft")
    client.post(f"/g/{group.code}/meetings/1/discard/")
    assert not Meeting.objects.exists()


def test_a_closed_meeting_cannot_be_discarded(client, group):
    post_sheet(client, group)
    assert client.post(f"/g/{group.code}/meetings/1/discard/").status_code == 404
    assert Meeting.objects.exists()


@pytest.mark.parametrize("key", ["", "x", "0"])
def test_a_broken_key_is_no_server_error(client, group, key):
    assert (
        client.post(f"/g/{group.code}/meetings/new/", {**sheet_data(group), "key": key, "action": "draft"}).status_code
        == 302
    )


def test_text_that_no_database_keeps_is_left_out_of_a_draft(client, group):
    post_sheet(client, group, action="draft", **{"place": "Balai\0 RW", "agenda-0-title": "\0", "odd\0name": "x"})
    draft = Meeting.objects.get().draft
    assert (draft["place"], draft["agenda-0-title"], draft["oddname"]) == ("Balai RW", "", "x")


@pytest.mark.parametrize("number", [None, 1])
@pytest.mark.parametrize("action", ["", "rubbish", "CLOSE"])
def test_a_sheet_without_one_of_its_buttons_saves_nothing(client, group, action, number):
    post_sheet(client, group, action="draft")
    before = Meeting.objects.get()
    typed = {**sheet_data(group), "place": "Balai RW", "base": before.draft_version}
    response = post_sheet(client, group, action=action, number=number, data=typed)
    assert response.status_code == 422
    assert "Belum ada yang disimpan" in "".join(response.context["sheet"].refusals)
    assert response.context["base"] == before.draft_version
    assert 'value="Balai RW"' in response.content.decode()
    assert Meeting.objects.get().key == before.key
