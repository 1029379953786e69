"""Before a meeting is closed, a page sums it up and asks about what is unusual; after it, one says what comes next."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from finance.models import Entry
from meetings.models import Meeting
from meetings.selectors import usual
from tests.factories import count_cash, facilitator_of, lend, make_group, make_members, save
from tests.meetings.pages import balance, post_sheet
from tests.meetings.sheets import HELD_ON, sheet_data

pytestmark = pytest.mark.django_db
WEEK = timedelta(7)


@pytest.fixture
def client(client):
    client.cookies["django_language"] = "en"
    return client


def check(client, group, **fields):
    return post_sheet(client, group, action="check", **fields)


def asked(client, group, **fields):
    return " ".join(check(client, group, **fields).context["questions"])


def hold(client, group, *sums):
    """Close a meeting a week with each sum brought as compulsory savings."""
    for number, amount in enumerate(sums):
        money = {f"m{member}_wajib": amount if member == 1 else "" for member in (1, 2, 3)}
        assert post_sheet(client, group, held_on=HELD_ON + number * WEEK, **money).status_code == 302


def test_more_money_out_than_should_be_in_the_box_is_asked_about(client, group):
    first = group.members.first()
    save(first, 500_000)
    count_cash(group, 100_000)
    out = {"other_0_kind": "EXPENSE", "other_0_memo": "Buku", "m1_wajib": "", "m2_wajib": "", "m3_wajib": ""}
    words = "more goes out than should be in the cash box"
    assert words not in asked(client, group, other_0_amount="100000", **out)
    assert f"Rp\xa01 {words}" in asked(client, group, other_0_amount="100001", **out)


def test_the_sheet_says_where_the_books_and_the_last_count_differ(client, group):
    save(group.members.first(), 500_000)
    client.force_login(facilitator_of(group))
    page = reverse("meeting-new", args=[group.code])
    assert "The books say" not in client.get(page).content.decode()
    count_cash(group, 100_000)
    content = client.get(page).content.decode()
    assert "The books say Rp\xa0500.000" in content
    assert "Should be in the cash box before the meeting</dt><dd>Rp\xa0100.000" in content


def test_the_sheet_says_what_pays_a_loan_off_where_that_is_less_than_its_balance(client, group):
    save(group.members.first(), 5_000_000)
    client.force_login(facilitator_of(group))
    page = f"{reverse('meeting-new', args=[group.code])}?held_on={HELD_ON}"
    lend(group.members.last(), 1_200_000, 12, payoff_fee="CHARGED")
    assert "pays it off today" not in client.get(page).content.decode()
    lend(group.members.last(), 1_200_000, 12, payoff_fee="WAIVED")
    content = client.get(page).content.decode()
    assert content.count("pays it off today") == 1


def test_it_records_nothing(client, group):
    page = check(client, group)
    assert page.status_code == 200
    assert not Meeting.objects.exists()
    assert not Entry.objects.exists()


def test_it_sums_the_meeting_up(client, group):
    save(group.members.first(), 500_000)
    loan = lend(group.members.last(), 100_000, 10)
    page = check(
        client, group, m2_attendance="LATE", m3_attendance="REPRESENTED", m1_sukarela_out="50000", m2_fine="2000",
        m2_fine_reason="telat", other_0_kind="EXPENSE", other_0_amount="15000", other_0_memo="Buku",
        loans_0_member=group.members.first().pk, loans_0_principal="100000", loans_0_periods="10",
        **{f"l{loan.pk}_paid": "11500"},
    )  # fmt: skip
    summary = page.context["summary"]
    assert summary.attendance == [("Present", 1), ("Late", 1), ("Represented", 1)]
    assert summary.money_in == [("Savings", 30_000), ("Instalments", 11_500), ("Fines", 2_000)]
    assert [amount for _label, amount in summary.money_out] == [50_000, 100_000, 15_000]
    assert summary.total_in - summary.total_out == summary.cash_after - summary.cash_before == 43_500 - 165_000
    assert summary.cash_before == balance(group, "CASH")


def test_its_button_closes_the_meeting_with_what_was_typed(client, group):
    page = check(client, group, m1_sukarela_in="7000")
    fields = dict(page.context["fields"])
    assert page.context["address"] == f"/g/{group.code}/meetings/new/"
    assert client.post(page.context["address"], {**fields, "action": "close"}).url == f"/g/{group.code}/meetings/1/"
    assert balance(group, "CASH") == 37_000


def test_a_field_of_any_name_is_sent_along(client, group):
    page = check(client, group, items="1")
    assert page.status_code == 200
    assert '<input type="hidden" name="items" value="1">' in page.content.decode()


def test_it_leads_back_to_the_sheet(client, group):
    page = check(client, group, m1_sukarela_in="7000")
    sheet = client.post(page.context["address"], {**dict(page.context["fields"]), "action": "open"})
    assert sheet.context["sheet"].members[0]["sukarela_in"].value() == "7000"
    assert str(sheet.context["key"]) == str(dict(page.context["fields"])["key"])


def test_a_draft_is_checked_and_closed_as_that_draft(client, group):
    post_sheet(client, group, action="draft")
    data = {**sheet_data(group), "base": Meeting.objects.get().draft_version}
    page = post_sheet(client, group, action="check", number=1, data=data)
    client.post(page.context["address"], {**dict(page.context["fields"]), "action": "close"})
    assert [(meeting.number, meeting.status) for meeting in Meeting.objects.all()] == [(1, "CLOSED")]


@pytest.mark.parametrize(
    ("fields", "field"), [({"m1_wajib": "sepuluh"}, "wajib"), ({"m1_sukarela_out": "10001"}, "sukarela_out")]
)
def test_what_would_be_refused_is_told_at_once(client, group, fields, field):
    page = check(client, group, **fields)
    assert page.status_code == 422
    assert field in page.context["sheet"].members[0].errors


def test_what_the_books_would_refuse_is_told_at_once(client, group):
    post_sheet(client, group)
    page = check(client, group, place="Rumah ketua")
    assert "held_on" in page.context["sheet"].head.errors


def test_a_program_may_check_too(client, group):
    data = {**sheet_data(group), "action": "check"}
    answer = client.post(f"/g/{group.code}/meetings/new/", data, headers={"accept": "application/json"})
    assert (answer.status_code, answer.json()["status"]) == (200, "checked")
    assert not Meeting.objects.exists()


def test_a_cash_box_that_was_not_counted_is_asked_about(client, group):
    assert "The cash box was not counted." in asked(client, group)
    assert "not counted" not in asked(client, group, counted="30.000")


@pytest.mark.parametrize(
    ("now", "is_asked"), [(0, True), (9_999, True), (10_000, False), (40_000, False), (40_001, True)]
)
def test_a_sum_far_from_the_usual_is_asked_about(client, group, now, is_asked):
    hold(client, group, 15_000, 20_000, 400_000)
    money = {"m1_wajib": now, "m2_wajib": "", "m3_wajib": ""}
    text = asked(client, group, held_on=HELD_ON + 3 * WEEK, **money)
    assert ("Usually it is Rp\N{NO-BREAK SPACE}20.000, the middle of the last 3 meetings." in text) is is_asked


def test_with_two_meetings_nothing_is_usual(client, group):
    hold(client, group, 15_000, 20_000)
    assert "Usually it is" not in asked(client, group, held_on=HELD_ON + 2 * WEEK, m1_wajib=900_000)


def test_usual_is_of_the_meetings_before_the_day(client, group):
    hold(client, group, 10_000, 20_000, 30_000, 500_000)
    assert usual(group, before=HELD_ON + 3 * WEEK).money_in == 20_000
    assert usual(group, before=HELD_ON + 2 * WEEK) is None


def test_few_members_are_asked_about(client, group):
    away = {"m1_attendance": "EXCUSED", "m1_wajib": "", "m2_attendance": "EXCUSED", "m2_wajib": ""}
    assert "Fewer than half of the members were there." in asked(client, group, **away)
    assert "Fewer than half" not in asked(client, group)


def test_an_empty_agenda_is_asked_about(client, group):
    assert "There is nothing on the agenda." in asked(client, group)
    assert "on the agenda" not in asked(client, group, agenda_0_title="Arisan")


def test_absent_members_whom_nobody_fined_are_asked_about():
    group = make_group(rules={"fine_absent": 5_000})
    make_members(group, 3)
    client = Client()
    client.cookies["django_language"] = "en"
    client.force_login(facilitator_of(group))
    away = {"m1_attendance": "ABSENT", "m1_wajib": ""}
    assert "1 member was absent without word and nobody was fined." in asked(
        client, group, **away, m1_fine_reason="sakit"
    )


def test_a_day_that_was_not_agreed_is_asked_about(client, group):
    assert "is no agreed meeting day" in asked(client, group, held_on=date(2025, 3, 5))
    assert "agreed meeting day" not in asked(client, group, held_on=HELD_ON)


def test_after_closing_the_page_says_what_comes_next(client, group):
    save(group.members.first(), 500_000)
    late = lend(group.members.last(), 100_000, 10)
    response = post_sheet(client, group, held_on=late.first_due + timedelta(40))
    page = client.get(response.url)
    steps = page.context["next"]
    assert steps.meets_on > late.first_due + timedelta(40)
    assert steps.cash == balance(group, "CASH")
    assert [owing.member for owing in steps.owing] == [late.member]
    assert steps.owing[0].arrears > 0
    assert "What comes next" in page.content.decode()


def test_only_the_latest_meeting_says_what_comes_next(client, group):
    hold(client, group, 10_000, 20_000)
    assert client.get(f"/g/{group.code}/meetings/1/").context["next"] is None
    assert client.get(f"/g/{group.code}/meetings/2/").context["next"] is not None


def statements(client, path, data=None):
    with CaptureQueriesContext(connection) as queries:
        answer = client.post(path, data) if data else client.get(path)
    assert answer.status_code == 200
    return len(queries)


def test_statements_do_not_grow_with_members_who_owe():
    counted = []
    for number in (2, 6):
        group = make_group()
        members = make_members(group, number)
        save(members[0], 900_000)
        client = Client()
        client.force_login(facilitator_of(group))
        loans = [lend(member, 100_000, 10) for member in members]
        day = loans[0].first_due + timedelta(40)
        check = {**sheet_data(group, held_on=day), "action": "check"}
        path = f"/g/{group.code}/meetings/new/"
        few = statements(client, path, check)
        assert client.post(path, {**check, "action": "close"}).status_code == 302
        counted.append((few, statements(client, f"/g/{group.code}/meetings/1/")))
    assert counted[0] == counted[1]
