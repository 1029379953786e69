"""Closing a meeting from the sheet: one POST, everything or nothing."""

from __future__ import annotations

import json
import uuid
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from finance.models import CashCount, Entry, Loan, Transfer
from meetings.models import AgendaItem, Attendance, Meeting
from tests.factories import FOUNDED, endow, lend, make_group, make_member, make_members, save
from tests.meetings.pages import balance, errors, post_sheet, sign_in
from tests.meetings.sheets import HELD_ON, sheet_data

pytestmark = pytest.mark.django_db


def test_it_posts_the_savings(client, group):
    response = post_sheet(client, group)
    assert response.status_code == 302
    assert response.url == f"/g/{group.code}/meetings/1/"
    assert balance(group, "CASH") == 30_000
    assert Meeting.objects.get().status == "CLOSED"


def test_it_records_attendance_and_tallies(client, group):
    post_sheet(client, group, m2_attendance="ABSENT", m2_wajib="", m3_attendance="REPRESENTED")
    meeting = Meeting.objects.get()
    assert Attendance.objects.filter(status="PRESENT").count() == 1
    assert (meeting.member_count, meeting.present_count, meeting.absent_count, meeting.represented_count) == (
        3,
        1,
        1,
        1,
    )
    assert meeting.saver_count == 2


def test_it_records_the_agenda(client, group):
    post_sheet(
        client,
        group,
        agenda_0_title="Lokakarya",
        agenda_0_discussion="ya",
        agenda_0_decision="3 anggota ikut",
        agenda_0_is_critical="on",
        agenda_0_due_on="2025-03-20",
    )
    item = AgendaItem.objects.get()
    assert (item.title, item.decision, item.is_critical) == ("Lokakarya", "3 anggota ikut", True)
    assert Meeting.objects.get().critical_decided_count == 1


def test_voluntary_savings_fines_and_social_fund(client, group):
    post_sheet(
        client, group, m1_sukarela_in="50.000", m1_sukarela_out="20000", m2_fine="2000", m2_fine_reason="terlambat"
    )
    first, second, _third = group.members.order_by("number")
    assert balance(group, "SUKARELA", member=first) == 30_000
    assert balance(group, "FINE") == 2_000
    assert Transfer.objects.get(credit_account__kind="FINE").memo == "terlambat"
    assert Transfer.objects.get(credit_account__kind="FINE").member == second


def test_a_loan_is_paid_out_with_its_schedule(client, group):
    save(group.members.first(), 5_000_000)
    borrower = group.members.last()
    post_sheet(client, group, loans_0_member=borrower.pk, loans_0_principal="5.000.000", loans_0_periods="24")
    loan = Loan.objects.get()
    assert loan.first_due.isoformat() == "2025-04-01"
    assert [loan.instalments.first().total, loan.instalments.last().total] == [284_000, 268_000]
    assert balance(group, "LOAN", loan=loan) == 5_000_000


def test_an_instalment_pays_the_fee_first(client, group):
    save(group.members.first(), 5_000_000)
    loan = lend(group.members.last(), 1_200_000, 12)
    post_sheet(client, group, **{f"l{loan.pk}_paid": "118000"})
    assert balance(group, "SERVICE_FEE", loan=loan) == 18_000
    assert balance(group, "LOAN", loan=loan) == 1_100_000


def test_the_instalment_is_prefilled_with_what_is_due(client, group):
    save(group.members.first(), 5_000_000)
    due, coming = (
        lend(group.members.last(), 1_200_000, 12, first_due=timezone.localdate() + timedelta(days)) for days in (0, 1)
    )
    page = client.get(f"/g/{group.code}/meetings/new/")
    asked = {form.open_loan.loan: form["paid"].value() for form in page.context["sheet"].repayments}
    assert (asked[due], asked[coming]) == ("118.000", None)


def test_other_money(client, group):
    post_sheet(
        client, group, other_0_kind="GRANT", other_0_amount="1000000", other_0_memo="Hibah desa",
        other_1_kind="EXPENSE", other_1_amount="15000", other_1_memo="Buku tulis",
    )  # fmt: skip
    assert balance(group, "GRANT") == 1_000_000
    assert balance(group, "EXPENSE") == 15_000
    assert balance(group, "CASH") == 1_015_000


def test_funds_are_paid_out_at_a_meeting(client, group):
    endow(group, "OFFICERS_FUND", 50_000)
    post_sheet(client, group, other_0_kind="OFFICERS_OUT", other_0_amount="20000", other_0_memo="Honor bendahara")
    assert balance(group, "OFFICERS_FUND") == 30_000
    assert balance(group, "CASH") == 60_000


def test_what_only_the_bank_sees_leaves_the_box_alone(client, group):
    post_sheet(client, group, other_0_kind="BANK_INCOME", other_0_amount="9000", other_0_memo="Bunga", counted="30.000")
    assert (balance(group, "BANK"), balance(group, "OTHER_INCOME")) == (9_000, 9_000)
    assert CashCount.objects.get().difference == 0
    client.cookies["django_language"] = "en"
    assert "Other income → Bank" in client.get(f"/g/{group.code}/meetings/1/").content.decode()


@pytest.mark.parametrize("kind", ["RESERVE_OUT", "BANK_EXPENSE"])
def test_a_fund_or_bank_that_holds_less_is_told_at_its_row(client, group, kind):
    save(group.members.first(), 500_000)
    response = post_sheet(client, group, other_0_kind=kind, other_0_amount="20000", other_0_memo="Honor")
    assert response.status_code == 422
    assert "amount" in response.context["sheet"].other.forms[0].errors
    assert Meeting.objects.count() == 0


def test_a_cash_count_that_agrees_needs_no_word(client, group):
    post_sheet(client, group, counted="30.000")
    assert CashCount.objects.get().difference == 0


def test_a_cash_difference_needs_an_explanation(client, group):
    response = post_sheet(client, group, counted="29.000")
    assert response.status_code == 422
    assert "explanation" in errors(response)
    assert Meeting.objects.count() == 0
    post_sheet(client, group, counted="29.000", explanation="uang kembalian kurang")
    assert CashCount.objects.get().difference == -1_000


def test_nothing_counted_is_no_count(client, group):
    post_sheet(client, group, counted="")
    assert Meeting.objects.get().cash_count is None


@pytest.mark.parametrize("amount", ["-5000", "abc", "1" * 20, "10,5", "1e5", "１０"])
def test_bad_amounts_are_refused_at_the_field(client, group, amount):
    response = post_sheet(client, group, m1_wajib=amount)
    member = group.members.first()
    assert response.status_code == 422
    assert f"m{member.pk}-wajib" in errors(response)
    assert f'value="{amount}"' in response.content.decode()
    assert not Entry.objects.exists()


def test_every_member_needs_an_attendance(client, group):
    response = post_sheet(client, group, m2_attendance="")
    assert f"m{group.members.all()[1].pk}-attendance" in errors(response)


def test_an_absent_member_brings_no_money(client, group):
    response = post_sheet(client, group, m1_attendance="ABSENT")
    assert f"m{group.members.first().pk}-wajib" in errors(response)


def test_an_instalment_above_the_balance_is_refused(client, group):
    save(group.members.first(), 5_000_000)
    loan = lend(group.members.last(), 1_200_000, 12)
    response = post_sheet(client, group, **{f"l{loan.pk}_paid": "1.416.001"})
    assert f"l{loan.pk}-paid" in errors(response)
    assert Entry.objects.count() == 2


def test_a_withdrawal_above_the_savings_is_refused(client, group):
    response = post_sheet(client, group, m1_sukarela_in="10000", m1_sukarela_out="10001")
    assert f"m{group.members.first().pk}-sukarela_out" in errors(response)


@pytest.mark.parametrize(
    "held_on",
    [timezone.localdate() + timedelta(1), FOUNDED - timedelta(1)],
    ids=["future", "before the group"],
)
def test_impossible_days_are_refused(client, group, held_on):
    response = post_sheet(client, group, held_on=held_on)
    assert "held_on" in errors(response)


@pytest.mark.parametrize("held_on", ["", "31/31/2025", "kemarin", "2025-02-30"])
def test_days_that_are_none_are_refused(client, group, held_on):
    response = post_sheet(client, group, data={**sheet_data(group), "held_on": held_on})
    assert "held_on" in errors(response)


def test_a_member_of_another_group_is_refused(client, group):
    stranger = make_member(make_group())
    response = post_sheet(client, group, data={**sheet_data(group), f"m{stranger.pk}-wajib": "5000"})
    assert response.status_code == 422
    assert response.context["sheet"].refusals
    response = post_sheet(client, group, loans_0_member=stranger.pk, loans_0_principal="5000", loans_0_periods="2")
    assert "loans-0-member" in errors(response)


def test_a_closed_loan_is_refused(client, group):
    save(group.members.first(), 5_000_000)
    loan = lend(group.members.last(), 12_000, 1)
    post_sheet(client, group, **{f"l{loan.pk}_paid": "12180"})
    response = post_sheet(client, group, held_on=HELD_ON + timedelta(7), **{f"l{loan.pk}_paid": "1000"})
    assert response.status_code == 422
    assert response.context["sheet"].refusals


def test_more_cash_out_than_there_is_is_refused_at_the_loan(client, group):
    response = post_sheet(
        client, group, loans_0_member=group.members.first().pk, loans_0_principal="30001", loans_0_periods="3"
    )
    assert "loans-0-principal" in errors(response)
    assert Loan.objects.count() == 0


def test_the_rules_limit_a_loan(client, group):
    save(group.members.first(), 5_000_000)
    member = group.members.first().pk
    response = post_sheet(client, group, loans_0_member=member, loans_0_principal="5000", loans_0_periods="25")
    assert "loans-0-periods" in errors(response)


def test_half_a_loan_is_refused(client, group):
    response = post_sheet(client, group, loans_0_principal="5000")
    assert {"loans-0-member", "loans-0-periods"} <= set(errors(response))


def test_the_same_form_twice_is_one_meeting(client, group):
    data = sheet_data(group)
    first = post_sheet(client, group, data=data)
    second = post_sheet(client, group, data=data)
    assert first.url == second.url
    assert Meeting.objects.count() == 1
    assert Entry.objects.count() == 1


def test_two_sheets_for_one_day_are_one_meeting(client, group):
    post_sheet(client, group)
    response = post_sheet(client, group)
    assert response.status_code == 422
    assert "held_on" in errors(response)
    assert Meeting.objects.count() == 1
    assert balance(group, "CASH") == 30_000


def test_somebody_else_closed_the_draft_meanwhile(client, group):
    post_sheet(client, group, action="draft")
    base = Meeting.objects.get().draft_version
    post_sheet(client, group, number=1, data={**sheet_data(group), "base": base})
    response = post_sheet(client, group, number=1, data={**sheet_data(group, m1_sukarela_in="777"), "base": base})
    assert response.status_code == 409
    assert [change.after for change in response.context["resent"].changes] == ["Rp\N{NO-BREAK SPACE}777"]
    assert 'value="777"' in response.content.decode()
    assert Entry.objects.count() == 1


def test_a_draft_somebody_else_closed_leads_to_its_minutes(client, group):
    post_sheet(client, group, action="draft")
    base = Meeting.objects.get().draft_version
    assert "/1/discard/" in client.get(f"/g/{group.code}/meetings/1/edit/").content.decode()
    post_sheet(client, group, number=1, data={**sheet_data(group), "base": base})
    other = {**sheet_data(group, place="Rumah ketua"), "base": base}
    page = post_sheet(client, group, number=1, data=other).content.decode()
    assert f'href="/g/{group.code}/meetings/1/"' in page
    assert "/1/discard/" not in page


def test_a_member_who_joined_later_is_left_out(client, group):
    late = make_member(group, number=4, joined_on=HELD_ON + timedelta(30))
    wajib = f"m{late.pk}-wajib"
    untouched = {f"m{late.pk}-attendance": "", "prefilled": json.dumps({"held_on": "2025-03-04", wajib: "10000"})}
    data = {**sheet_data(group, note_taker=group.members.first().pk), **untouched}
    assert post_sheet(client, group, data=data).status_code == 302
    assert Meeting.objects.get().member_count == 3


@pytest.mark.parametrize(("members", "meetings"), [(5, 1), (50, 1), (25, 12)])
def test_the_number_of_statements_does_not_grow(members, meetings):
    group = make_group(rules={"wajib": 10_000, "loan_max_periods": 24})
    people = make_members(group, members)
    save(people[0], 50_000_000)
    loans = [lend(member, 120_000, 2) for member in people[: members // 2]]
    client = sign_in(group)
    for week in range(meetings):
        assert post_sheet(client, group, held_on=HELD_ON + timedelta(7 * week)).status_code == 302
    data = sheet_data(
        group,
        held_on=HELD_ON + timedelta(7 * meetings),
        agenda_0_title="Lokakarya",
        agenda_0_decision="ikut",
        loans_0_member=people[-1].pk,
        loans_0_principal="100000",
        loans_0_periods="10",
        other_0_kind="EXPENSE",
        other_0_amount="5000",
        other_0_memo="Buku",
        counted="0",
        explanation="belum dihitung",
        **{f"l{loan.pk}_paid": "60000" for loan in loans},
    )
    with CaptureQueriesContext(connection) as counted:
        assert post_sheet(client, group, data=data).status_code == 302
    assert len(counted) == 21, "\n".join(query["sql"][:110] for query in counted.captured_queries)


def test_the_ledger_entry_carries_the_key_of_the_sheet(client, group):
    key = uuid.uuid4()
    post_sheet(client, group, key=key)
    assert Entry.objects.get().key == key == Meeting.objects.get().key


def test_an_instalment_that_was_typed_stays_as_typed(client, group):
    save(group.members.first(), 5_000_000)
    loan = lend(group.members.last(), 100_000, 2)
    assert post_sheet(client, group, **{f"l{loan.pk}_paid": "40.000"}).status_code == 302
    assert balance(group, "LOAN", loan=loan) == 100_000 - 38_500


@pytest.mark.parametrize("first_due", ["9999-12-31", "2027-12-31", "2025-03-04"])
def test_a_first_instalment_far_away_or_before_is_refused(client, group, first_due):
    save(group.members.first(), 5_000_000)
    response = post_sheet(
        client, group, loans_0_member=group.members.last().pk, loans_0_principal="5000", loans_0_periods="2",
        loans_0_first_due=first_due,
    )  # fmt: skip
    assert "loans-0-first_due" in errors(response)


def test_a_deadline_far_away_is_refused(client, group):
    response = post_sheet(client, group, agenda_0_title="Pakan", agenda_0_decision="beli", agenda_0_due_on="9999-12-31")
    assert "agenda-0-due_on" in errors(response)


def test_a_conflict_once_seen_can_be_overruled_by_closing(client, group):
    post_sheet(client, group, action="draft")
    base = Meeting.objects.get().draft_version
    post_sheet(client, group, action="draft", number=1, data={**sheet_data(group), "base": base})
    mine = {**sheet_data(group), "base": base}
    refused = post_sheet(client, group, number=1, data=mine)
    assert refused.status_code == 409
    assert post_sheet(client, group, number=1, data={**mine, "base": refused.context["base"]}).status_code == 302
