"""Two meetings on one day: asked for, so that two people do not record the same meeting twice."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from finance.ledger.verify import mismatches
from finance.models import Entry
from meetings.models import Meeting
from meetings.selectors import minute_book
from tests.factories import make_group, make_meeting, make_members
from tests.meetings.pages import balance, errors, post_correction, post_sheet, sign_in
from tests.meetings.sheets import HELD_ON, sheet_data
from tests.meetings.test_races import at_once

pytestmark = pytest.mark.django_db


def test_it_asks_whether_this_is_another_meeting(client, group):
    client.cookies["django_language"] = "en"
    post_sheet(client, group)
    response = post_sheet(client, group)
    assert response.status_code == 422
    (message,) = errors(response)["held_on"]
    assert message.startswith("Meeting 1 was recorded on this day already.")
    page = response.content.decode()
    assert 'name="another"' in page
    assert f'href="/g/{group.code}/meetings/1/"' in page
    assert balance(group, "CASH") == 30_000


def test_it_is_asked_before_anything_is_typed_too(client, group):
    data = {**sheet_data(group), "action": "day"}
    url = f"/g/{group.code}/meetings/new/"
    assert 'name="another"' not in client.post(url, data).content.decode()
    post_sheet(client, group)
    assert 'name="another"' in client.post(url, data).content.decode()


def test_another_meeting_is_recorded_once_somebody_says_so(client, group):
    post_sheet(client, group)
    response = post_sheet(client, group, another="1")
    assert response.url == f"/g/{group.code}/meetings/2/"
    assert list(Meeting.objects.order_by("number").values_list("held_on", "of_day")) == [(HELD_ON, 1), (HELD_ON, 2)]
    assert balance(group, "CASH") == 60_000


@pytest.mark.parametrize("another", ["2", "x", "", "on", "1x", "²"])
def test_a_tick_about_another_meeting_says_nothing_of_this_one(client, group, another):
    post_sheet(client, group)
    assert "held_on" in errors(post_sheet(client, group, another=another))


def test_a_third_meeting_is_asked_about_the_second_too(client, group):
    post_sheet(client, group)
    post_sheet(client, group, another="1")
    assert "held_on" in errors(post_sheet(client, group, another="1"))
    assert post_sheet(client, group, another="1,2").status_code == 302


def test_the_second_starts_with_the_cash_of_the_first(client, group):
    post_sheet(client, group)
    assert post_sheet(client, group, another="1", counted="60000").status_code == 302
    assert Meeting.objects.get(number=2).cash_count.expected == 60_000


def test_correcting_either_knows_which_came_first(client, group):
    post_sheet(client, group)
    post_sheet(client, group, another="1")
    post_correction(client, group, m1_wajib="15000")
    before = [
        client.get(f"/g/{group.code}/meetings/{number}/correct/").context["sheet"].context.cash_before
        for number in (1, 2)
    ]
    assert before == [0, 35_000]


def cash_before(client, group, *numbers):
    """What the sheet of a correction of each meeting starts from."""
    pages = [client.get(f"/g/{group.code}/meetings/{number}/correct/") for number in numbers]
    return [page.context["sheet"].context.cash_before for page in pages]


def by_date(group):
    """The meetings' numbers in the order of the pages, and their numbers by date."""
    return [(meeting.number, meeting.number_by_date) for meeting in reversed(minute_book(group))]


def test_a_draft_that_is_closed_last_is_the_last_of_its_day(client, group):
    post_sheet(client, group, action="draft")
    draft = Meeting.objects.get()
    post_sheet(client, group)
    data = {**sheet_data(group), "base": draft.draft_version, "another": "2", "counted": "60000"}
    assert post_sheet(client, group, number=1, data=data).status_code == 302
    assert by_date(group) == [(2, 1), (1, 2)]
    assert cash_before(client, group, 2, 1) == [0, 30_000]


def test_a_meeting_that_moves_to_a_taken_day_is_the_last_of_it(client, group):
    post_sheet(client, group, held_on=HELD_ON - timedelta(7))
    post_sheet(client, group)
    assert post_correction(client, group, another="2", counted="60000", m1_wajib="10000").status_code == 302
    moved = Meeting.objects.get(number=1, status="CLOSED")
    assert (moved.held_on, moved.of_day) == (HELD_ON, 2)
    assert by_date(group) == [(2, 1), (1, 2)]
    assert cash_before(client, group, 2, 1) == [0, 30_000]
    assert moved.cash_count.difference == 0
    assert list(mismatches()) == []


def test_a_meeting_without_money_keeps_its_place_in_the_day(client, group):
    nothing = {f"m{number}_wajib": "" for number in (1, 2, 3)}
    post_sheet(client, group, counted="0", **nothing)
    post_sheet(client, group, another="1")
    assert cash_before(client, group, 1, 2) == [0, 0]
    assert post_correction(client, group, counted="0", place="Rumah", **nothing).status_code == 302
    assert Meeting.objects.get(number=1, status="CLOSED").cash_count.difference == 0
    assert list(mismatches()) == []


def test_a_correction_on_its_own_day_is_not_asked(client, group):
    post_sheet(client, group)
    post_sheet(client, group, another="1")
    assert post_correction(client, group, 2, m1_wajib="15000").status_code == 302
    assert Meeting.objects.get(number=2, version=2).of_day == 2


def test_a_correction_that_moves_to_a_taken_day_is_asked(client, group):
    post_sheet(client, group)
    post_sheet(client, group, held_on=HELD_ON + timedelta(7))
    assert "held_on" in errors(post_correction(client, group, 2))
    assert post_correction(client, group, 2, another="1").status_code == 302
    assert Meeting.objects.get(number=2, version=2).of_day == 2


def test_the_database_refuses_a_second_that_nobody_meant(group):
    make_meeting(group, HELD_ON)
    with pytest.raises(IntegrityError), transaction.atomic():
        make_meeting(group, HELD_ON)
    make_meeting(group, HELD_ON, of_day=2)


@pytest.mark.usefixtures("committed_db")
def test_two_people_who_both_say_so_are_not_recorded_twice_at_once():
    group = make_group()
    make_members(group, 3)
    post_sheet(sign_in(group), group)
    clients = [sign_in(group), sign_in(group)]
    sheets = [sheet_data(group, another="1", key=uuid.uuid4()) for _ in clients]
    statuses = at_once(
        *(lambda c=c, s=s: post_sheet(c, group, data=s).status_code for c, s in zip(clients, sheets, strict=True))
    )
    assert sorted(statuses) == [302, 422]
    assert Entry.objects.count() == 2


# Numbers by date


def test_pages_number_meetings_by_date(client, group):
    client.cookies["django_language"] = "en"
    post_sheet(client, group, held_on=HELD_ON + timedelta(7))
    post_sheet(client, group, action="draft")
    draft = Meeting.objects.get(status="DRAFT")
    post_sheet(client, group, number=draft.number, data={**sheet_data(group), "base": draft.draft_version})
    by_url = {number: client.get(f"/g/{group.code}/meetings/{number}/").context["meeting"] for number in (1, 2)}
    assert {number: meeting.number_by_date for number, meeting in by_url.items()} == {1: 2, 2: 1}
    page = client.get(f"/g/{group.code}/meetings/").content.decode()
    assert page.index('/meetings/1/">Meeting 2</a>') < page.index('/meetings/2/">Meeting 1</a>')
    response = post_sheet(client, group, held_on=HELD_ON + timedelta(7))
    assert errors(response)["held_on"][0].startswith("Meeting 2 was recorded")


def test_a_draft_has_its_date_and_no_number(client, group):
    client.cookies["django_language"] = "en"
    post_sheet(client, group, action="draft")
    post_sheet(client, group, action="draft", held_on=HELD_ON + timedelta(7))
    undated = Meeting.objects.get(number=2)  # as it could be saved once
    Meeting.objects.filter(pk=undated.pk).update(held_on=None, draft={**undated.draft, "held_on": ""})
    for url in (f"/g/{group.code}/meetings/", f"/g/{group.code}/", "/"):
        page = client.get(url).content.decode()
        assert "4 March 2025" in page
        assert "without a date" in page.lower()
    assert "Draft of the meeting of 4 March 2025" in client.get(f"/g/{group.code}/meetings/1/edit/").content.decode()


def test_a_version_that_was_corrected_has_the_number_of_the_valid_one(client, group):
    post_sheet(client, group)
    post_sheet(client, group, held_on=HELD_ON + timedelta(7))
    post_correction(client, group, held_on=HELD_ON + timedelta(14))
    page = client.get(f"/g/{group.code}/meetings/1/versions/1/")
    assert page.context["meeting"].number_by_date == 2
