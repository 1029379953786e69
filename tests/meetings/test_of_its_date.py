"""The sheet is of its date: people, rules, offices, dues and cash of the day, whenever it is recorded."""

from __future__ import annotations

import re
import uuid
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from finance.ledger.fines import open_fines
from finance.ledger.verify import mismatches
from finance.models import CashCount, Entry, Loan, Obligation
from finance.services.obligations import fine_waive, waiver_take_back
from groups.models import Constitution, Member
from meetings.models import Attendance, Meeting
from tests.factories import (
    FOUNDED,
    cover,
    facilitator_of,
    lend,
    make_group,
    make_member,
    make_members,
    make_officer,
    repay,
    save,
    withdraw,
)
from tests.finance.test_loan_services import reschedule
from tests.meetings.pages import balance, errors, post_correction, post_sheet, sign_in
from tests.meetings.sheets import HELD_ON, prefilled_data, sheet_data

pytestmark = pytest.mark.django_db
LATER = HELD_ON + timedelta(28)


def adopt(group, agreed_on, **rules):
    """The members agree new rules on a day."""
    old = {field.name: getattr(group.rules, field.name) for field in Constitution.rule_fields()}
    group.rules = Constitution.objects.create(
        group=group,
        version=group.rules.version + 1,
        agreed_on=agreed_on,
        recorded_by=facilitator_of(group),
        **(old | rules),
    )
    group.save()


def sheet_page(client, group, day=None, number=None, **typed):
    """The page of a sheet fitted to a day: what was prefilled for today, with the fields typed, by name."""
    url = f"/g/{group.code}/meetings/{f'{number}/edit' if number else 'new'}/"
    page = client.get(url)
    if day is None:
        return page
    return client.post(url, prefilled_data(page, held_on=day.isoformat(), action="day", **typed))


def send(client, group, page, action="close", number=None, **typed):
    """Send a page as it stands, with everybody on it present."""
    present = {f"m{form.member.pk}-attendance": "PRESENT" for form in page.context["sheet"].members}
    return post_sheet(client, group, action, number, data=prefilled_data(page, **(present | typed)))


def value(page, field):
    """What stands in a field of a sheet's page."""
    owner, _dash, name = field.rpartition("-")
    parts = {form.prefix or "": form for form in page.context["sheet"]._parts()}
    return parts[owner][name].value()


# The example


def test_rules_of_the_day_of_a_meeting_recorded_after_they_changed(monkeypatch):
    group = make_group(rules={"wajib": 5_000, "loan_rate": Decimal("0.015"), "loan_round_up_to": 1})
    member, *_others = make_members(group, 3)
    save(member, 1_000_000)
    adopt(group, date(2026, 9, 1), wajib=10_000, loan_rate=Decimal("0.01"))
    monkeypatch.setattr("django.utils.timezone.now", lambda: datetime(2026, 9, 5, 3, tzinfo=UTC))
    client = sign_in(group)
    page = sheet_page(client, group)
    assert value(page, f"m{member.pk}-wajib") == "10.000"

    page = sheet_page(client, group, date(2026, 8, 25))
    assert value(page, f"m{member.pk}-wajib") == "5.000"
    loan = {"loans-0-member": member.pk, "loans-0-principal": "500.000", "loans-0-periods": "10"}
    typed = {"place": "Balai desa", "leader": member.pk, "note_taker": member.pk, **loan}
    assert send(client, group, page, held_on="2026-08-25", **typed).status_code == 302
    assert balance(group, "WAJIB", member=member) == 5_000
    assert [line.service_fee for line in Loan.objects.get().instalments.all()] == [7_500] * 10


# People, offices, dues and cash


def test_its_members_are_those_of_the_day(client, group):
    left = make_member(group, "Ratna")
    make_member(group, "Dewi", joined_on=LATER)
    Member.objects.filter(pk=left.pk).update(left_on=HELD_ON + timedelta(7))
    on_day = [form.member.name for form in sheet_page(client, group, HELD_ON).context["sheet"].members]
    now = [form.member.name for form in sheet_page(client, group).context["sheet"].members]
    assert ("Ratna" in on_day, "Dewi" in on_day) == (True, False)
    assert ("Ratna" in now, "Dewi" in now) == (False, True)


def test_who_left_since_saves_at_a_meeting_recorded_late(client, group):
    left = make_member(group, "Ratna")
    Member.objects.filter(pk=left.pk).update(left_on=HELD_ON + timedelta(7))
    head = {"held_on": HELD_ON, "place": "Balai", "leader": left.pk, "note_taker": left.pk}
    assert send(client, group, sheet_page(client, group, HELD_ON), **head).status_code == 302
    assert balance(group, "WAJIB", member=left) == 10_000
    assert Attendance.objects.filter(member=left).exists()


def test_on_the_day_of_leaving_nobody_is_a_member_any_more(client, group):
    left = make_member(group, "Ratna")
    Member.objects.filter(pk=left.pk).update(left_on=HELD_ON)
    assert left not in sheet_page(client, group, HELD_ON).context["sheet"].context.members


def test_its_leader_and_writer_held_their_offices_that_day(client, group):
    first, second, third = group.members.order_by("number")
    make_officer(first, "KETUA", ended_on=LATER)
    make_officer(second, "KETUA", started_on=LATER)
    make_officer(third, "SEKRETARIS")
    assert value(sheet_page(client, group), "leader") == second.pk
    page = sheet_page(client, group, HELD_ON)
    assert (value(page, "leader"), value(page, "note_taker")) == (str(first.pk), str(third.pk))


def test_it_asks_for_what_was_due_and_unpaid_that_day(client, group):
    save(group.members.first(), 5_000_000)
    loan = lend(group.members.last(), 1_200_000, 12, first_due=HELD_ON)
    repay(loan, 118_000, on=LATER)
    page = sheet_page(client, group, HELD_ON)
    (form,) = page.context["sheet"].repayments
    assert (form.due, value(page, f"l{loan.pk}-paid")) == (118_000, "118.000")


def test_a_loan_paid_off_since_takes_no_more(client, group):
    save(group.members.first(), 5_000_000)
    loan = lend(group.members.last(), 12_000, 1, first_due=HELD_ON)
    repay(loan, 12_180, on=LATER)
    assert sheet_page(client, group, HELD_ON).context["sheet"].repayments == []


def test_a_loan_paid_off_since_is_shown_with_what_was_due_that_day(client, group):
    save(group.members.first(), 5_000_000)
    loan = lend(group.members.last(), 1_200_000, 12, first_due=HELD_ON)
    repay(loan, 12 * 118_000, on=LATER)
    page = sheet_page(client, group, HELD_ON)
    text = " ".join(page.content.decode().split())
    assert "Rp 118.000 jatuh tempo hari itu; lunas pada 1 April 2025." in text
    assert [(row.loan, row.due) for row in page.context["sheet"].members[-1].ended_loans] == [(loan, 118_000)]
    assert not sheet_page(client, group).context["sheet"].members[-1].ended_loans
    assert not sheet_page(client, group, LATER).context["sheet"].members[-1].ended_loans


def test_a_loan_that_others_paid_off_since_is_shown_with_what_was_due_that_day(client, group):
    first, *_others, borrower = group.members.order_by("number")
    save(first, 5_000_000)
    loan = lend(borrower, 12_000, 1, first_due=HELD_ON)
    cover(loan, {first: 12_180}, on=LATER)
    page = sheet_page(client, group, HELD_ON)
    assert page.context["sheet"].repayments == []
    (row,) = page.context["sheet"].members[-1].ended_loans
    assert (row.loan, row.due, row.ended_on) == (loan, 12_180, LATER)
    text = " ".join(page.content.decode().split())
    assert "dilunasi anggota lain (tanggung renteng) pada 1 April 2025." in text
    assert not sheet_page(client, group, LATER).context["sheet"].members[-1].ended_loans


def test_a_loan_ends_on_the_day_of_its_last_payment_whoever_paid_before(client, group):
    first, *_others, borrower = group.members.order_by("number")
    save(first, 5_000_000)
    loan = lend(borrower, 24_000, 2, first_due=HELD_ON)
    cover(loan, {first: loan.instalments.first().total}, on=LATER)
    last = repay(loan, loan.instalments.last().total, on=LATER + timedelta(3))
    (row,) = sheet_page(client, group, HELD_ON).context["sheet"].members[-1].ended_loans
    assert (row.ended_as, row.ended_on) == ("lunas", last.effective_on)


def test_what_was_typed_on_a_loan_that_was_paid_off_since_is_not_lost(client, group):
    save(group.members.first(), 5_000_000)
    loan = lend(group.members.last(), 1_200_000, 12, first_due=HELD_ON)
    page = sheet_page(client, group, HELD_ON)
    repay(loan, 12 * 118_000, on=LATER)
    first = group.members.first()
    head = {"held_on": HELD_ON, "place": "Balai", "leader": first.pk, "note_taker": first.pk}
    refused = send(client, group, page, **head, **{f"l{loan.pk}-paid": "100.000"})
    assert refused.status_code == 422
    assert [row.typed for row in refused.context["sheet"].unplaced] == ["100.000"]
    assert "jatuh tempo hari itu" in refused.content.decode()


def test_a_rescheduled_loan_says_so_on_a_late_sheet(client, group):
    save(group.members.first(), 5_000_000)
    loan = lend(group.members.last(), 1_200_000, 12, first_due=HELD_ON)
    new = reschedule(loan, on=LATER)
    sheet = sheet_page(client, group, HELD_ON).context["sheet"]
    assert sheet.repayments == []
    assert [(row.loan, row.ended_on) for row in sheet.members[-1].ended_loans] == [(loan, LATER)]
    (form,) = sheet_page(client, group).context["sheet"].repayments
    assert form.open_loan.loan == new


def test_a_fine_counts_the_payments_of_that_day_and_no_later_ones(client):
    group = make_group(rules={"fine_late_instalment": 2_000})
    members = make_members(group, 3)
    save(members[0], 5_000_000)
    due = {"disbursed_on": FOUNDED, "first_due": HELD_ON - timedelta(28)}
    loan = lend(members[2], 1_200_000, 12, **due, fine_late_instalment=2_000)
    repay(loan, 118_000, on=LATER)
    client = sign_in(group)
    (form,) = sheet_page(client, group, HELD_ON).context["sheet"].repayments
    assert form.fine.amount == 2_000


@pytest.fixture
def fine_owed_again():
    """A fine for a late instalment, set before the meeting, let go after it and owed again still later."""
    group = make_group(rules={"wajib": 0})
    save(make_member(group), 5_000_000)
    terms = {"disbursed_on": FOUNDED, "first_due": HELD_ON - timedelta(28), "fine_late_instalment": 2_000}
    loan = lend(make_member(group), 1_200_000, 12, **terms)
    repay(loan, 118_000, on=HELD_ON - timedelta(20))
    fine = Obligation.objects.get()
    by = {"actor": facilitator_of(group), "group": group, "reason": "sakit"}
    waiver = fine_waive(**by, fine=fine.pk, on=HELD_ON + timedelta(7), key=uuid.uuid4())
    waiver_take_back(**by, waiver=waiver.pk, on=LATER)
    save(loan.member, 1_000, on=LATER)
    yield loan
    assert list(mismatches()) == []


def test_a_fine_that_was_owed_that_day_and_is_owed_again_is_paid_once(fine_owed_again):
    loan, client = fine_owed_again, sign_in(fine_owed_again.group)
    page = sheet_page(client, loan.group, HELD_ON)
    (form,) = page.context["sheet"].repayments
    assert form.due == 118_000 + 2_000
    assert post_sheet(client, loan.group, **{f"l{loan.pk}_paid": "120.000"}).status_code == 302
    assert balance(loan.group, "LOAN_FINE", loan=loan) == 2_000
    assert open_fines(loan.group).of_loan(loan) == 0
    assert balance(loan.group, "LOAN", loan=loan) == 1_000_000


def test_a_fine_that_was_let_go_that_day_is_not_asked_for(fine_owed_again):
    loan, client = fine_owed_again, sign_in(fine_owed_again.group)
    repay(loan, 118_000, on=HELD_ON)
    day = HELD_ON + timedelta(14)
    (form,) = sheet_page(client, loan.group, day).context["sheet"].repayments
    assert form.due == 0
    assert post_sheet(client, loan.group, held_on=day, **{f"l{loan.pk}_paid": "120.000"}).status_code == 302
    assert open_fines(loan.group).of_loan(loan) == 2_000


def test_a_fine_that_was_let_go_since_is_not_asked_for(fine_owed_again):
    loan, client = fine_owed_again, sign_in(fine_owed_again.group)
    by = {"actor": facilitator_of(loan.group), "group": loan.group, "reason": "sakit"}
    fine_waive(**by, fine=Obligation.objects.get().pk, on=LATER, key=uuid.uuid4())
    (form,) = sheet_page(client, loan.group, HELD_ON).context["sheet"].repayments
    assert form.due == 118_000


def test_a_fine_that_was_paid_since_is_not_asked_for(fine_owed_again):
    loan, client = fine_owed_again, sign_in(fine_owed_again.group)
    repay(loan, 118_000 + 2 * 2_000, on=LATER)
    assert balance(loan.group, "LOAN_FINE", loan=loan) == 4_000
    (form,) = sheet_page(client, loan.group, HELD_ON).context["sheet"].repayments
    assert form.due == 118_000


def test_money_pays_the_fine_that_was_owed_on_its_day(fine_owed_again):
    loan = fine_owed_again
    repay(loan, 50_000, on=LATER - timedelta(1))
    newer = Obligation.objects.latest("pk")
    assert post_sheet(sign_in(loan.group), loan.group, **{f"l{loan.pk}_paid": "120.000"}).status_code == 302
    assert [fine.pk for fine in open_fines(loan.group).fines] == [newer.pk]


def test_it_expects_the_cash_of_its_day(client, group):
    post_sheet(client, group, held_on=LATER)
    page = sheet_page(client, group, HELD_ON)
    assert page.context["sheet"].context.cash_before == 0
    assert post_sheet(client, group, counted="30.000").status_code == 302
    assert CashCount.objects.get().expected == 30_000


def test_a_later_meeting_is_corrected_with_the_one_recorded_after_it(client, group):
    post_sheet(client, group, held_on=LATER)
    post_sheet(client, group)
    sheet = client.get(f"/g/{group.code}/meetings/1/correct/").context["sheet"]
    assert (sheet.context.cash_before, sheet.expected_cash) == (30_000, 60_000)


def test_savings_that_must_stay_are_judged_on_the_day():
    group = make_group(rules={"sukarela_minimum": 10_000})
    member, *_ = make_members(group, 3)
    client = sign_in(group)
    save(member, 50_000, on=LATER)
    response = post_sheet(client, group, m1_sukarela_in="20000", m1_sukarela_out="15000")
    assert f"m{member.pk}-sukarela_out" in errors(response)


def test_the_first_loan_of_a_ladder_is_the_first_by_date():
    group = make_group(rules={"loan_ladder": "100000;500000"})
    member, *_ = make_members(group, 3)
    client = sign_in(group)
    save(member, 1_000_000)
    lend(member, 100_000, 2, disbursed_on=LATER, first_due=LATER + timedelta(30))
    asked = {"loans_0_member": member.pk, "loans_0_principal": "200000", "loans_0_periods": "2"}
    assert "loans-0-principal" in errors(post_sheet(client, group, **asked))
    assert post_sheet(client, group, held_on=LATER, **asked).status_code == 302


# The date in the address


def test_a_link_opens_the_sheet_of_its_day(client, group):
    make_member(group, "Dewi", joined_on=LATER)
    page = client.get(f"/g/{group.code}/meetings/new/?held_on={HELD_ON}")
    sheet = page.context["sheet"]
    assert (sheet.context.held_on, value(page, "held_on")) == (HELD_ON, HELD_ON)
    assert "Dewi" not in [form.member.name for form in sheet.members]


@pytest.mark.parametrize("day", ["", "x", "2025-02-30", "2024-01-01", "2099-01-01", "9999-99-99", "%00"])
def test_a_day_in_the_address_that_cannot_be_opens_today(client, group, day):
    page = client.get(f"/g/{group.code}/meetings/new/?held_on={day}")
    assert page.status_code == 200
    assert page.context["sheet"].context.held_on == timezone.localdate()


def test_the_calendar_and_the_home_page_link_to_the_sheet_of_the_day():
    group = make_group(rhythm={"every": "WEEK", "weekday": 4})
    make_members(group, 1)
    client = sign_in(group)
    link = re.compile(rf"/g/{group.code}/meetings/new/\?held_on=[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}\"")
    assert link.search(client.get(f"/g/{group.code}/calendar/").content.decode())
    assert link.search(client.get("/").content.decode())


# Another date


@pytest.fixture
def changing(group):
    """Rules that ask for 15.000 from LATER on."""
    adopt(group, LATER, wajib=15_000)
    return group


def test_another_date_refreshes_what_was_prefilled_and_keeps_what_was_typed(client, changing):
    first, second, _third = changing.members.order_by("number")
    page = sheet_page(client, changing, HELD_ON, **{f"m{second.pk}-wajib": "7.000", "place": "Rumah Bu Siti"})
    assert value(page, f"m{first.pk}-wajib") == "10.000"
    assert value(page, f"m{second.pk}-wajib") == "7.000"
    assert value(page, "place") == "Rumah Bu Siti"
    assert value(page, "held_on") == HELD_ON.isoformat()
    assert not page.context["sheet"].has_errors


def test_what_was_emptied_stays_empty(client, changing):
    first = changing.members.first()
    page = sheet_page(client, changing, HELD_ON, **{f"m{first.pk}-wajib": ""})
    assert value(page, f"m{first.pk}-wajib") == ""


def as_shown(page, **typed):
    """What a browser sends of a page as it stands, with the fields that were typed, by name."""
    sheet = page.context["sheet"]
    shown = {name: "" if (text := value(page, name)) is None else str(text) for name in sheet.prefilled}
    for part in (*sheet.members, *sheet.repayments):
        fields = {part.add_prefix(name): part[name].value() for name in part.fields}
        shown |= {name: str(text) for name, text in fields.items() if text not in (None, False)}
        shown |= {name: "" for name, text in fields.items() if text is None and name.endswith(("-paid", "-wajib"))}
    along = {"typed": sheet.typed_value, "kept": sheet.kept_json}
    return prefilled_data(page, **(shown | along | typed))


def fit(client, group, page, day, **typed):
    """Fit the sheet as a page shows it to another day."""
    data = as_shown(page, held_on=day.isoformat(), action="day", **typed)
    return client.post(f"/g/{group.code}/meetings/new/", data)


@pytest.mark.parametrize("between", [HELD_ON - timedelta(1), FOUNDED], ids=["nothing due", "no such loan"])
@pytest.mark.parametrize("typed", ["", "50.000", "118.000"])
def test_what_was_typed_of_an_instalment_survives_a_day_without_it(client, group, between, typed):
    save(group.members.first(), 5_000_000)
    terms = {"disbursed_on": HELD_ON - timedelta(2), "first_due": HELD_ON}
    field = f"l{lend(group.members.last(), 1_200_000, 12, **terms).pk}-paid"
    page = sheet_page(client, group, HELD_ON)
    assert value(page, field) == "118.000"
    page = fit(client, group, page, between, **{field: typed})
    page = fit(client, group, page, between + timedelta(1) if between == FOUNDED else between)
    page = fit(client, group, page, HELD_ON + timedelta(1))
    assert value(page, field) == ("118.000" if typed == "118.000" else typed)


def test_what_nobody_typed_of_an_instalment_follows_over_a_day_without_it(client, group):
    save(group.members.first(), 5_000_000)
    loan = lend(group.members.last(), 1_200_000, 12, disbursed_on=HELD_ON - timedelta(2), first_due=HELD_ON)
    page = fit(client, group, sheet_page(client, group, HELD_ON), FOUNDED)
    assert value(fit(client, group, page, HELD_ON), f"l{loan.pk}-paid") == "118.000"


def test_what_was_typed_of_somebody_survives_a_day_before_joining(client, group):
    field = f"m{make_member(group, 'Dewi', joined_on=LATER).pk}-sukarela_in"
    page = fit(client, group, sheet_page(client, group), HELD_ON, **{field: "25.000"})
    page = fit(client, group, page, HELD_ON + timedelta(1))
    assert [(row.who, row.typed) for row in page.context["sheet"].unplaced] == [("Dewi", "25.000")]
    assert value(fit(client, group, page, LATER), field) == "25.000"


def test_the_check_before_closing_names_what_is_kept_for_another_day(client, group):
    field = f"m{make_member(group, 'Dewi', joined_on=LATER).pk}-sukarela_in"
    page = fit(client, group, sheet_page(client, group), HELD_ON, **{field: "25.000"})
    first = group.members.first().pk
    present = {f"m{form.member.pk}-attendance": "PRESENT" for form in page.context["sheet"].members}
    data = as_shown(page, place="Balai", leader=first, note_taker=first, action="check", **present)
    checked = client.post(f"/g/{group.code}/meetings/new/", data)
    assert "summary" in checked.context
    assert "Dewi: " in checked.content.decode()
    assert "25.000" in checked.content.decode()


def test_what_is_kept_for_another_day_does_not_stop_closing(client, group):
    field = f"m{make_member(group, 'Dewi', joined_on=LATER).pk}-sukarela_in"
    page = fit(client, group, sheet_page(client, group), HELD_ON, **{field: "25.000"})
    first = group.members.first().pk
    present = {f"m{form.member.pk}-attendance": "PRESENT" for form in page.context["sheet"].members}
    head = {"place": "Balai", "leader": first, "note_taker": first}
    assert post_sheet(client, group, data=as_shown(page, **head, **present)).status_code == 302
    assert Meeting.objects.get().member_count == 3


def test_a_leader_chosen_survives_a_day_before_joining(client, group):
    later = make_member(group, "Dewi", joined_on=LATER)
    page = fit(client, group, sheet_page(client, group), HELD_ON, leader=later.pk)
    page = fit(client, group, page, LATER, leader="")
    assert value(page, "leader") == str(later.pk)


@pytest.mark.parametrize("kept", ["x", "[]", '{"a": 1}', '{"held_on": "x"}', "[" * 100_000])
def test_a_broken_list_of_what_is_kept_is_left_out(client, group, kept):
    data = {**sheet_data(group, m1_wajib="8000"), "kept": kept, "typed": "x"}
    assert post_sheet(client, group, data=data).status_code == 302


def test_a_date_changed_at_closing_refreshes_and_says_so(client, changing):
    first = changing.members.first()
    page = sheet_page(client, changing)
    head = {"held_on": HELD_ON, "place": "Balai", "leader": first.pk, "note_taker": first.pk}
    refused = send(client, changing, page, **head)
    assert refused.status_code == 422
    assert "4 Maret 2025" in errors(refused)["held_on"][0]
    assert not Entry.objects.exists()
    assert value(refused, f"m{first.pk}-wajib") == "10.000"
    assert send(client, changing, refused, **head).status_code == 302
    assert balance(changing, "WAJIB", member=first) == 10_000


def test_a_date_that_changes_nothing_closes_at_once(client, group):
    first = group.members.first()
    head = {"held_on": HELD_ON, "place": "Balai", "leader": first.pk, "note_taker": first.pk}
    assert send(client, group, sheet_page(client, group), **head).status_code == 302


@pytest.mark.parametrize("day", ["2025-02-30", "", "2024-01-01", "2030-01-01"])
def test_a_day_that_cannot_be_is_told_at_its_field(client, group, day):
    url = f"/g/{group.code}/meetings/new/"
    first = group.members.first()
    typed = {"held_on": day, "action": "day", f"m{first.pk}-sukarela_in": "777"}
    page = client.post(url, prefilled_data(client.get(url), **typed))
    assert list(errors(page)) == ["held_on"]
    assert value(page, f"m{first.pk}-sukarela_in") == "777"


def test_what_has_no_place_on_the_day_is_told_and_left_out_only_then(client, group):
    later = make_member(group, "Dewi", joined_on=LATER)
    first = group.members.first()
    head = {"held_on": HELD_ON, "place": "Balai", "leader": first.pk, "note_taker": first.pk}
    page = sheet_page(client, group)
    refused = send(client, group, page, **head, **{f"m{later.pk}-sukarela_in": "25.000"})
    assert refused.status_code == 422
    assert [(row.who, row.typed) for row in refused.context["sheet"].unplaced] == [
        ("Dewi", "Hadir"), ("Dewi", "25.000"),
    ]  # fmt: skip
    assert "Dewi" in refused.content.decode()
    assert send(client, group, refused, **head).status_code == 302
    assert Meeting.objects.get().member_count == 3


def test_a_leader_who_was_no_member_that_day_is_told(client, group):
    later = make_member(group, "Dewi", joined_on=LATER)
    page = sheet_page(client, group, HELD_ON, leader=later.pk)
    (row,) = page.context["sheet"].unplaced
    assert row.what == "Dewi"
    assert "Dewi" in page.content.decode()


def test_a_member_of_that_day_comes_on_the_sheet_with_what_is_usual(client, group):
    left = make_member(group, "Ratna")
    Member.objects.filter(pk=left.pk).update(left_on=HELD_ON + timedelta(7))
    page = sheet_page(client, group, HELD_ON)
    assert (value(page, f"m{left.pk}-wajib"), value(page, f"m{left.pk}-attendance")) == ("10.000", None)


@pytest.mark.parametrize("prefilled", ["", "x", "[]", "{", '{"a": 1}', "[" * 100_000, '{"held_on": "9999-99-99"}'])
def test_a_broken_list_of_what_was_prefilled_leaves_everything_typed(client, group, prefilled):
    for action in ("day", "draft", "close"):
        data = {**sheet_data(group, m1_wajib="8000"), "prefilled": prefilled}
        assert post_sheet(client, group, action, data=data).status_code < 500
    assert balance(group, "WAJIB", member=group.members.first()) == 8_000


# Corrections


def test_a_correction_is_of_its_own_day(client, changing):
    fourth = make_member(changing, "Dewi", joined_on=LATER)
    post_sheet(client, changing, data=_without(sheet_data(changing), fourth))
    sheet = client.get(f"/g/{changing.code}/meetings/1/correct/").context["sheet"]
    assert sheet.context.rules.wajib == 10_000
    assert fourth not in sheet.context.members


def test_a_correction_to_another_day_has_people_and_rules_of_that_day(client, changing):
    fourth = make_member(changing, "Dewi", joined_on=LATER)
    post_sheet(client, changing, data=_without(sheet_data(changing), fourth))
    url = f"/g/{changing.code}/meetings/1/correct/"
    typed = sheet_data(changing, m1_wajib="12000") | {"held_on": LATER, "version": 1, "action": "day"}
    moved = prefilled_data(client.get(url), **typed)
    page = client.post(url, moved | {f"m{fourth.pk}-wajib": "", f"m{fourth.pk}-attendance": ""})
    sheet = page.context["sheet"]
    assert sheet.context.rules.wajib == 15_000
    assert fourth in sheet.context.members
    assert value(page, f"m{fourth.pk}-wajib") == "15.000"
    first = changing.members.first()
    assert value(page, f"m{first.pk}-wajib") == "12000"


def test_whom_the_minutes_name_and_who_was_no_member_on_the_new_day_is_told(client, group):
    fourth = make_member(group, "Dewi", joined_on=LATER)
    post_sheet(client, group, held_on=LATER)
    client.cookies["django_language"] = "en"
    response = post_correction(client, group, held_on=HELD_ON)
    assert response.status_code == 422
    assert {row.who for row in response.context["sheet"].unplaced} == {"Dewi", "Minutes by"}
    without = _without({**sheet_data(group), "version": "1", "reason": "salah", "action": "correct"}, fourth)
    without["note_taker"] = without["leader"]
    assert client.post(f"/g/{group.code}/meetings/1/correct/", without).status_code == 302
    assert Meeting.objects.get(version=2).member_count == 3


def _without(data, member):
    rest = {name: text for name, text in data.items() if not name.startswith(f"m{member.pk}-")}
    return rest | ({"note_taker": rest["leader"]} if rest["note_taker"] == str(member.pk) else {})


# What the device kept


def test_what_the_device_kept_follows_the_facts_of_its_day_where_nobody_typed(client, group):
    first, second, third = group.members.order_by("number")
    page = sheet_page(client, group, HELD_ON)
    kept = prefilled_data(page, place="Balai", **{f"m{second.pk}-wajib": "7.000", f"m{third.pk}-wajib": "3.000"})
    adopt(group, HELD_ON, wajib=15_000)
    Member.objects.filter(pk=third.pk).update(left_on=HELD_ON)
    page = client.post(f"/g/{group.code}/meetings/new/", {**kept, "action": "open"})
    assert value(page, f"m{first.pk}-wajib") == "15.000"
    assert (value(page, f"m{second.pk}-wajib"), value(page, "place")) == ("7.000", "Balai")
    sheet = page.context["sheet"]
    assert [(row.who, row.typed) for row in sheet.unplaced] == [(str(third), "3.000")]
    assert not sheet.has_errors
    assert sheet.prefilled[f"m{first.pk}-wajib"] == "15.000"


def test_what_the_device_kept_of_a_correction_follows_too(client, changing):
    fourth = make_member(changing, "Dewi", joined_on=LATER)
    post_sheet(client, changing, data=_without(sheet_data(changing), fourth))
    url = f"/g/{changing.code}/meetings/1/correct/"
    moved = client.post(url, prefilled_data(client.get(url), held_on=LATER, version=1, action="day"))
    kept = prefilled_data(moved, held_on=LATER, version=1, action="open")
    adopt(changing, LATER, wajib=20_000)
    assert value(client.post(url, kept), f"m{fourth.pk}-wajib") == "20.000"


# Drafts


def test_a_draft_follows_the_facts_where_nobody_typed(client, group):
    first, second, _third = group.members.order_by("number")
    page = sheet_page(client, group, LATER)
    send(client, group, page, "draft", held_on=LATER, **{f"m{second.pk}-wajib": "7.000"})
    adopt(group, LATER, wajib=15_000)
    page = client.get(f"/g/{group.code}/meetings/1/edit/")
    assert value(page, f"m{first.pk}-wajib") == "15.000"
    assert value(page, f"m{second.pk}-wajib") == "7.000"
    assert not page.context["sheet"].has_errors


def test_a_draft_keeps_its_day(client, group):
    send(client, group, sheet_page(client, group, HELD_ON), "draft", held_on=HELD_ON)
    page = client.get(f"/g/{group.code}/meetings/1/edit/")
    assert page.context["sheet"].context.held_on == HELD_ON
    assert value(page, "held_on") == HELD_ON.isoformat()


def test_what_a_draft_holds_of_somebody_who_was_no_member_is_told(client, group):
    fourth = make_member(group, "Dewi")
    send(client, group, sheet_page(client, group, HELD_ON), "draft", held_on=HELD_ON)
    Member.objects.filter(pk=fourth.pk).update(left_on=HELD_ON)
    page = client.get(f"/g/{group.code}/meetings/1/edit/")
    assert [(row.who, row.typed) for row in page.context["sheet"].unplaced] == [("Dewi", "Hadir")]


# Days between


def test_a_day_between_that_was_short_is_told_and_not_refused(client, group):
    first = group.members.first()
    save(first, 30_000)
    withdraw(first, 20_000, on=HELD_ON + timedelta(7))
    save(first, 50_000, on=LATER)
    client.cookies["django_language"] = "en"
    url = f"/g/{group.code}/meetings/new/"
    data = sheet_data(group, m1_wajib="", m2_wajib="", m3_wajib="", m1_sukarela_out="15000") | {"action": "close"}
    page = client.post(url, data, follow=True).content.decode()
    assert "Voluntary savings (simpanan sukarela), Siti 1: on 11 March 2025 Rp\xa05.000 more was taken" in page
    assert Meeting.objects.get().status == "CLOSED"


def test_what_would_be_short_now_is_refused(client, group):
    first = group.members.first()
    save(first, 30_000)
    withdraw(first, 20_000, on=LATER)
    assert f"m{first.pk}-sukarela_out" in errors(post_sheet(client, group, m1_sukarela_out="15000"))


def test_nothing_is_told_where_nothing_was_short(client, group):
    first = group.members.first()
    save(first, 30_000)
    withdraw(first, 10_000, on=LATER)
    page = client.post(
        f"/g/{group.code}/meetings/new/", sheet_data(group, m1_sukarela_out="15000") | {"action": "close"}, follow=True
    )
    assert "alert-warning" not in page.content.decode()


# Closed periods


@pytest.fixture
def closed_books(group):
    group.books_closed_through = HELD_ON + timedelta(10)
    group.save()
    return group


def test_a_meeting_of_a_closed_period_keeps_its_day_and_its_money_counts_later(client, closed_books):
    assert post_sheet(client, closed_books).status_code == 302
    meeting = Meeting.objects.get()
    assert (meeting.held_on, meeting.entry.effective_on) == (HELD_ON, HELD_ON + timedelta(11))
    assert list(mismatches()) == []


def test_its_sheet_and_its_minutes_say_so(client, closed_books):
    client.cookies["django_language"] = "en"
    page = sheet_page(client, closed_books, HELD_ON).content.decode()
    assert "its money counts in the books on 15 March 2025" in page
    post_sheet(client, closed_books)
    minutes = client.get(f"/g/{closed_books.code}/meetings/1/").content.decode()
    assert "the money of this meeting counts in the books on 15 March 2025" in minutes


def test_its_money_was_in_the_box_at_the_next_meeting(client, closed_books):
    post_sheet(client, closed_books)
    page = sheet_page(client, closed_books, HELD_ON + timedelta(7))
    assert page.context["sheet"].context.cash_before == 30_000


def test_its_money_stays_on_its_day_in_a_correction(client, closed_books):
    post_sheet(client, closed_books)
    assert post_correction(client, closed_books, m1_wajib="15000").status_code == 302
    assert {entry.effective_on for entry in Entry.objects.all()} == {HELD_ON + timedelta(11)}
    assert Meeting.objects.get(version=2).held_on == HELD_ON
    assert list(mismatches()) == []


def test_a_loan_of_a_closed_period_is_of_the_day_of_the_meeting(client, closed_books):
    save(closed_books.members.first(), 1_000_000, on=HELD_ON + timedelta(11))
    member = closed_books.members.last()
    post_sheet(client, closed_books, loans_0_member=member.pk, loans_0_principal="100000", loans_0_periods="10")
    assert Loan.objects.get().disbursed_on == HELD_ON
    assert list(mismatches()) == []


# Statements


@pytest.mark.parametrize(("members", "meetings"), [(4, 2), (40, 6)])
def test_a_sheet_of_an_old_day_takes_as_many_statements_at_any_size(members, meetings):
    group = make_group(rules={"fine_late_instalment": 1_000, "loan_ladder": "200000;500000"})
    people = make_members(group, members)
    save(people[0], 50_000_000)
    for member in people[: members // 2]:
        lend(member, 120_000, 10, fine_late_instalment=1_000)
    client = sign_in(group)
    for week in range(meetings):
        assert post_sheet(client, group, held_on=LATER + timedelta(7 * week)).status_code == 302
    url = f"/g/{group.code}/meetings/new/"
    data = {**sheet_data(group), "action": "day"}
    with CaptureQueriesContext(connection) as counted:
        assert client.post(url, data).status_code == 200
    assert len(counted) <= 15, "\n".join(query["sql"][:110] for query in counted.captured_queries)
    with CaptureQueriesContext(connection) as counted:
        assert client.post(url, data | {"action": "close"}).status_code == 302
    assert len(counted) <= 20, "\n".join(query["sql"][:110] for query in counted.captured_queries)
