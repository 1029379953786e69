"""A sheet that was recorded comes again: the same entries change nothing, other ones are offered as a correction."""

from __future__ import annotations

import re
import uuid

import pytest
from django.test import Client

from finance.models import Entry, Loan
from meetings.errors import AlreadyRecorded
from meetings.models import Meeting
from tests.factories import facilitator_of, lend, make_group, make_members, make_user, save
from tests.meetings.pages import balance, post_correction, post_sheet, sign_in
from tests.meetings.sheets import sheet_data

pytestmark = pytest.mark.django_db
JSON = {"accept": "application/json"}
MINUTES = "/g/{}/meetings/1/"


def send(client: Client, group, data, action="close", path="meetings/new/", **headers):
    """Send a sheet as a program does."""
    return client.post(f"/g/{group.code}/{path}", {**data, "action": action}, headers={**JSON, **headers})


def open_correction(client, group, page):
    """Press the button that opens the correction with what was sent."""
    entries = page.context["resent"].entries
    return client.post(f"/g/{group.code}/meetings/1/correct/", {**entries, "action": "open"})


def without_money(group):
    return {name: value for name, value in sheet_data(group).items() if not name.endswith("-wajib")}


def test_the_same_sheet_again_is_the_meeting_as_it_is(client, group):
    data = sheet_data(group)
    client.cookies["django_language"] = "en"
    first, second = post_sheet(client, group, data=data), post_sheet(client, group, data=data)
    assert first.url == second.url == MINUTES.format(group.code)
    assert (Meeting.objects.count(), balance(group, "CASH")) == (1, 30_000)
    assert "was recorded already by" in client.get(second.url).content.decode()


@pytest.mark.parametrize("written", ["10.000", "Rp 10.000", " 10000 "])
def test_an_amount_written_differently_is_the_same(client, group, written):
    data = sheet_data(group, m1_wajib="10000")
    post_sheet(client, group, data=data)
    again = post_sheet(client, group, data={**data, f"m{group.members.first().pk}-wajib": written})
    assert again.status_code == 302


@pytest.mark.parametrize("with_money", [True, False])
def test_the_same_sheet_after_a_correction_is_the_corrected_meeting(client, group, with_money):
    data = sheet_data(group) if with_money else without_money(group)
    post_sheet(client, group, data=data)
    post_correction(client, group, place="Rumah ketua", m1_wajib="15000")
    before = Meeting.objects.count(), Entry.objects.count()
    assert post_sheet(client, group, data=data).url == MINUTES.format(group.code)
    assert (Meeting.objects.count(), Entry.objects.count()) == before


def test_what_a_sheet_paid_off_is_no_reason_to_refuse_it_again(client, group):
    save(group.members.first(), 5_000_000)
    loan = lend(group.members.last(), 12_000, 1)
    lent = {"loans_0_member": group.members.first().pk, "loans_0_principal": "100000", "loans_0_periods": "10"}
    data = sheet_data(group, **{f"l{loan.pk}_paid": "12180"}, **lent)
    assert [post_sheet(client, group, data=data).status_code for _ in range(2)] == [302, 302]
    assert (Loan.objects.count(), Meeting.objects.count()) == (2, 1)


def test_other_entries_are_shown_and_nothing_is_posted(client, group):
    data = sheet_data(group)
    post_sheet(client, group, data=data)
    page = post_sheet(client, group, data={**data, f"m{group.members.first().pk}-wajib": "15.000"})
    assert page.status_code == 409
    (change,) = page.context["resent"].changes
    assert (change.before, change.after) == ("Rp\N{NO-BREAK SPACE}10.000", "Rp\N{NO-BREAK SPACE}15.000")
    assert (Meeting.objects.count(), Entry.objects.count(), balance(group, "CASH")) == (1, 1, 30_000)


def test_the_offered_correction_has_the_entries_and_records_them(client, group):
    data = sheet_data(group)
    post_sheet(client, group, data=data)
    page = post_sheet(client, group, data={**data, f"m{group.members.first().pk}-wajib": "15.000"})
    sheet = open_correction(client, group, page).context["sheet"]
    assert sheet.members[0]["wajib"].value() == "15.000"
    assert not sheet.has_errors
    entries = {**page.context["resent"].entries, "action": "correct"}
    assert client.post(f"/g/{group.code}/meetings/1/correct/", entries).status_code == 302
    assert balance(group, "CASH") == 35_000


def test_a_loan_already_paid_out_is_not_lent_twice_by_the_offered_correction(client, group):
    save(group.members.first(), 5_000_000)
    lent = {"loans_0_member": group.members.last().pk, "loans_0_principal": "100.000", "loans_0_periods": "10"}
    data = sheet_data(group, **lent)
    post_sheet(client, group, data=data)
    page = post_sheet(client, group, data={**data, "place": "Rumah ketua"})
    assert [change.after for change in page.context["resent"].changes] == ["Rumah ketua"]
    client.post(f"/g/{group.code}/meetings/1/correct/", {**page.context["resent"].entries, "action": "correct"})
    assert Loan.objects.filter(cancelled_at=None).count() == 1


def test_a_loan_that_is_on_the_sheet_no_more_is_marked_as_never_paid_out(client, group):
    save(group.members.first(), 5_000_000)
    lent = {"loans_0_member": group.members.last().pk, "loans_0_principal": "100.000", "loans_0_periods": "10"}
    key = uuid.uuid4()
    post_sheet(client, group, key=key, **lent)
    page = post_sheet(client, group, key=key, **lent | {"loans_0_principal": "200.000"})
    entries = page.context["resent"].entries
    assert entries[f"k{Loan.objects.get().pk}-cancel"] == "on"
    assert entries["loans-0-principal"] == "200.000"


def test_savings_nobody_paid_the_first_time_are_not_lost(client, group):
    data = sheet_data(group)
    post_sheet(client, group, data=data)
    member = group.members.first()
    page = post_sheet(client, group, data={**data, f"m{member.pk}-pokok": "50.000"})
    assert [change.after for change in page.context["resent"].changes] == ["Rp\N{NO-BREAK SPACE}50.000"]
    assert open_correction(client, group, page).context["sheet"].members[0]["pokok"].value() == "50.000"


def test_entries_that_fit_no_more_are_kept_and_said(client, group):
    data = sheet_data(group)
    post_sheet(client, group, data=data)
    page = post_sheet(client, group, data={**data, f"m{group.members.first().pk}-wajib": "sepuluh"})
    assert page.status_code == 409
    assert page.context["resent"].changes is None
    assert open_correction(client, group, page).context["sheet"].members[0]["wajib"].value() == "sepuluh"


def test_a_correction_sent_twice_is_one_and_with_other_entries_is_told(client, group):
    post_sheet(client, group)
    key = uuid.uuid4()
    assert [post_correction(client, group, key=key, m1_wajib="15000").status_code for _ in range(2)] == [302, 302]
    assert post_correction(client, group, key=key, m1_wajib="16000").status_code == 409
    assert (Meeting.objects.count(), balance(group, "CASH")) == (2, 35_000)


def test_two_sheets_of_one_draft_with_the_same_entries_are_one_meeting(client, group):
    post_sheet(client, group, action="draft")
    base = Meeting.objects.get().draft_version
    sheets = [{**sheet_data(group), "base": base} for _ in range(2)]
    assert [post_sheet(client, group, number=1, data=data).status_code for data in sheets] == [302, 302]
    other = {**sheet_data(group, m1_wajib="15000"), "base": base}
    assert post_sheet(client, group, number=1, data=other).status_code == 409
    assert (Meeting.objects.count(), balance(group, "CASH")) == (1, 30_000)


def test_the_sheet_of_a_draft_keeps_its_key_and_back_finds_the_meeting(client, group):
    data = sheet_data(group)
    post_sheet(client, group, action="draft", data=data)
    page = client.get(f"/g/{group.code}/meetings/1/edit/")
    assert str(page.context["key"]) == data["key"]
    post_sheet(client, group, number=1, data={**data, "base": page.context["base"]})
    assert post_sheet(client, group, data=data).url == MINUTES.format(group.code)
    assert post_sheet(client, group, action="draft", data=data).url == MINUTES.format(group.code)
    assert Meeting.objects.count() == 1


def test_a_sheet_whose_draft_was_thrown_away_is_kept(client, group):
    post_sheet(client, group, action="draft")
    data = {**sheet_data(group, m1_wajib="15000"), "base": Meeting.objects.get().draft_version}
    client.post(f"/g/{group.code}/meetings/1/discard/")
    page = post_sheet(client, group, number=1, data=data)
    assert page.status_code == 409
    assert page.context["sheet"].members[0]["wajib"].value() == "15000"
    assert f'action="/g/{group.code}/meetings/new/"' in page.content.decode()


def test_a_sheet_somebody_else_filled_in_on_the_device_is_looked_at_first(client, group):
    data = {**sheet_data(group), "by": "0"}
    for action in ("check", "close", "draft"):
        page = post_sheet(client, group, action=action, data=data)
        assert page.status_code == 422
        assert f'name="by" value="{facilitator_of(group).pk}"' in page.content.decode()
    assert not Meeting.objects.exists()
    assert send(client, group, data).json()["status"] == "refused"
    assert post_sheet(client, group, data={**data, "by": str(facilitator_of(group).pk)}).status_code == 302


# What programs are told.


def test_a_program_is_told_that_the_meeting_is_closed(client, group):
    answer = send(client, group, sheet_data(group))
    assert answer.status_code == 200
    url = MINUTES.format(group.code)
    assert answer.json() == {"status": "closed", "meeting": 1, "url": url, "cash": 30_000, "errors": {}}


def test_a_program_is_told_that_the_meeting_is_known(client, group):
    data = sheet_data(group)
    send(client, group, data)
    post_correction(client, group, m1_wajib="15000")
    answer = send(client, group, data)
    assert answer.status_code == 200
    assert answer.json() | {"errors": {}} == {
        "status": "known", "meeting": 1, "url": MINUTES.format(group.code), "cash": 35_000, "errors": {},
    }  # fmt: skip


def test_a_program_is_told_that_the_key_recorded_something_else(client, group):
    data = sheet_data(group)
    send(client, group, data)
    answer = send(client, group, {**data, "place": "Rumah ketua"})
    assert (answer.status_code, answer.json()["status"], answer.json()["meeting"]) == (409, "changed", 1)
    assert answer.json()["cash"] == 30_000


def test_a_program_is_told_of_another_meeting_on_that_day(client, group):
    send(client, group, sheet_data(group))
    answer = send(client, group, sheet_data(group, place="Rumah ketua"))
    assert (answer.status_code, answer.json()["status"]) == (409, "conflict")
    assert "held_on" in answer.json()["errors"]
    assert Meeting.objects.count() == 1


def test_a_program_is_told_what_is_wrong_at_which_field(client, group):
    member = group.members.first()
    answer = send(client, group, {**sheet_data(group, m1_wajib="sepuluh"), "place": ""})
    assert (answer.status_code, answer.json()["status"]) == (422, "refused")
    assert set(answer.json()["errors"]) == {"place", f"m{member.pk}-wajib"}
    assert all(isinstance(text, str) for text in answer.json()["errors"].values())
    assert answer.json()["meeting"] is None


def test_a_program_is_told_that_the_draft_changed(client, group):
    post_sheet(client, group, action="draft")
    mine = {**sheet_data(group), "base": Meeting.objects.get().draft_version}
    post_sheet(client, group, action="draft", number=1, data={**sheet_data(group, m1_wajib="1"), "base": mine["base"]})
    answer = send(client, group, mine, path="meetings/1/edit/")
    assert (answer.status_code, answer.json()["status"]) == (409, "conflict")


def test_a_program_keeps_a_draft(client, group):
    answer = send(client, group, sheet_data(group), action="draft")
    assert (answer.status_code, answer.json()["status"]) == (200, "draft")
    assert answer.json()["url"] == f"/g/{group.code}/meetings/1/edit/"


def test_a_program_corrects(client, group):
    post_sheet(client, group)
    correction = {**sheet_data(group, m1_wajib="15000"), "version": "1", "reason": "salah"}
    answer = send(client, group, correction, "correct", "meetings/1/correct/")
    assert (answer.json()["status"], answer.json()["cash"]) == ("closed", 35_000)


def test_a_program_is_told_that_it_is_signed_out(group):
    answer = send(Client(), group, sheet_data(group))
    assert (answer.status_code, answer.json()["status"], answer.json()["url"]) == (401, "signed_out", "/login/")


def test_a_program_is_told_that_its_token_is_old(group):
    client = Client(enforce_csrf_checks=True)
    client.force_login(facilitator_of(group))
    answer = send(client, group, sheet_data(group))
    assert (answer.status_code, answer.json()["status"]) == (403, "token")
    assert not Meeting.objects.exists()


def test_a_program_without_the_right_or_the_group_is_told_so(group):
    stranger = Client()
    stranger.force_login(make_user())
    assert send(stranger, group, sheet_data(group)).json()["status"] == "missing"
    staff = Client()
    staff.force_login(make_user("STAFF", organisation=group.organisation))
    answer = send(staff, group, sheet_data(group))
    assert (answer.status_code, answer.json()["status"]) == (403, "forbidden")


def test_a_script_that_takes_pages_gets_one_where_a_person_has_to_look(client, group):
    data, both = sheet_data(group), {"accept": "application/json, text/html;q=0.9"}
    assert send(client, group, data, **both).json()["status"] == "closed"
    page = send(client, group, {**data, "place": "Rumah ketua"}, **both)
    assert (page.status_code, page.headers["Content-Type"].split(";")[0]) == (409, "text/html")


@pytest.mark.parametrize("accept", ["text/html,application/xhtml+xml,*/*;q=0.8", "*/*"])
def test_browsers_get_pages(client, group, accept):
    answer = client.post(f"/g/{group.code}/meetings/new/", sheet_data(group), headers={"accept": accept})
    assert answer.headers["Content-Type"].startswith("text/html")


def test_a_person_with_a_large_id_closes_the_sheet_as_the_page_gave_it():
    group = make_group(make_user(pk=1_234_567))
    make_members(group, 3)
    client = sign_in(group)
    page = client.get(f"/g/{group.code}/meetings/new/").content.decode()
    (by,) = re.findall(r'name="by" value="([^"]*)"', page)
    assert by == "1234567"
    assert post_sheet(client, group, data={**sheet_data(group), "by": by}).status_code == 302


def test_who_closed_a_meeting_meanwhile_is_named_unless_it_was_oneself(client, group):
    post_sheet(client, group)
    meeting, other = Meeting.objects.get(), make_user()
    assert "yourself" in str(AlreadyRecorded(meeting, actor=meeting.saved_by))
    assert str(meeting.saved_by) in str(AlreadyRecorded(meeting, actor=other))
