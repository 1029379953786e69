"""Correcting a closed meeting: a reversal and a new entry, a new version, both visible."""

from __future__ import annotations

import uuid
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection
from django.test.utils import CaptureQueriesContext

from finance import services as finance
from finance.ledger.verify import mismatches
from finance.models import AccountKind, CashCount, Entry, Loan, Transfer
from finance.rules.lines import OtherMoney
from finance.services import period_close
from groups.models import Group
from meetings.models import AgendaItem, Attendance, Meeting
from tests.factories import endow, facilitator_of, lend, make_group, make_meeting, save
from tests.meetings.pages import balance, errors, post_correction, post_sheet
from tests.meetings.sheets import HELD_ON, sheet_data

pytestmark = pytest.mark.django_db


def test_other_money_of_every_kind_reads_back(client, group):
    for fund in (kind for kind in AccountKind if kind.endswith("_FUND") or kind == "RESERVE"):
        endow(group, fund, 20_000)
    kinds = sorted(OtherMoney, key=lambda kind: kind not in (OtherMoney.BANK_GRANT, OtherMoney.GRANT))
    sheet = sheet_data(group) | {"other-TOTAL_FORMS": len(kinds)}
    for number, kind in enumerate(kinds):
        amount = 70_000 if number < 2 else 1_000
        sheet |= {f"other-{number}-kind": kind, f"other-{number}-amount": amount, f"other-{number}-memo": "rapat"}
    assert post_sheet(client, group, data=sheet).status_code == 302
    forms = client.get(f"/g/{group.code}/meetings/1/correct/").context["sheet"].other.forms
    assert [form["kind"].value() for form in forms[: len(kinds)]] == kinds


def test_a_wrong_amount_is_reversed_and_posted_anew(client, group):
    post_sheet(client, group)
    response = post_correction(client, group, m1_wajib="15000")
    assert response.status_code == 302
    old, reversal, new = Entry.objects.order_by("pk")
    assert reversal.reverses == old
    assert reversal.effective_on == old.effective_on
    assert balance(group, "CASH") == 35_000
    assert Meeting.objects.get(version=2).entry == new


def test_both_versions_stay_readable_with_the_reason(client, group):
    post_sheet(client, group)
    post_correction(client, group, m1_wajib="15000")
    page = client.get(f"/g/{group.code}/meetings/1/")
    assert "salah catat" in page.content.decode()
    assert client.get(f"/g/{group.code}/meetings/1/versions/1/").status_code == 200
    assert Meeting.objects.filter(status="CORRECTED").count() == 1


def test_a_correction_of_words_leaves_the_ledger_alone(client, group):
    post_sheet(client, group, agenda_0_title="Lokakarya")
    post_correction(client, group, agenda_0_title="Lokakarya ternak")
    assert Entry.objects.count() == 1
    assert AgendaItem.objects.get(meeting__version=2).title == "Lokakarya ternak"


def test_nothing_changed_is_refused(client, group):
    post_sheet(client, group)
    response = post_correction(client, group)
    assert response.status_code == 422
    assert Meeting.objects.count() == 1


def test_a_reason_is_required(client, group):
    post_sheet(client, group)
    response = post_correction(client, group, m1_wajib="15000", extra={"reason": ""})
    assert "reason" in errors(response)
    assert Meeting.objects.count() == 1


def test_the_preview_shows_the_change_and_writes_nothing(client, group):
    post_sheet(client, group)
    response = post_correction(client, group, m1_wajib="15000", extra={"action": "preview"})
    (change,) = response.context["changes"]
    assert (change.before, change.after) == ("Rp\N{NO-BREAK SPACE}10.000", "Rp\N{NO-BREAK SPACE}15.000")
    assert Meeting.objects.count() == 1


def test_the_preview_shows_what_becomes_of_the_cash(client, group):
    post_sheet(client, group)
    context = post_correction(client, group, m1_wajib="15000", extra={"action": "preview"}).context
    assert (context["of_cash"].before, context["of_cash"].after) == ("Rp\xa030.000", "Rp\xa035.000")
    assert balance(group, "CASH") == 30_000


def test_the_sheet_is_prefilled_with_what_was_recorded(client, group):
    save(group.members.last(), 5_000_000)
    loan = lend(group.members.last(), 1_200_000, 12)
    recorded = {
        "m1_sukarela_in": "50000", "m2_fine": "2000", "m2_fine_reason": "terlambat", f"l{loan.pk}_paid": "118000",
        "agenda_0_title": "Lokakarya", "agenda_0_decision": "ikut", "other_0_kind": "EXPENSE",
        "other_0_amount": "5000", "other_0_memo": "Buku",
    }  # fmt: skip
    post_sheet(client, group, **recorded)
    sheet = client.get(f"/g/{group.code}/meetings/1/correct/").context["sheet"]
    assert sheet.members[0]["sukarela_in"].value() == "50.000"
    assert sheet.members[1]["fine_reason"].value() == "terlambat"
    assert sheet.repayments[0]["paid"].value() == "118.000"
    assert sheet.agenda.forms[0]["decision"].value() == "ikut"
    assert sheet.other.forms[0]["amount"].value() == "5.000"
    assert sheet.expected_cash == balance(group, "CASH")


def test_an_instalment_is_divided_anew(client, group):
    save(group.members.first(), 5_000_000)
    loan = lend(group.members.last(), 1_200_000, 12)
    post_sheet(client, group, **{f"l{loan.pk}_paid": "118000"})
    post_correction(client, group, **{f"l{loan.pk}_paid": "10000"})
    assert balance(group, "SERVICE_FEE", loan=loan) == 10_000
    assert balance(group, "LOAN", loan=loan) == 1_200_000


def test_a_loan_that_never_was_is_cancelled(client, group):
    save(group.members.first(), 5_000_000)
    post_sheet(client, group, loans_0_member=group.members.last().pk, loans_0_principal="100000", loans_0_periods="10")
    loan = Loan.objects.get()
    response = post_correction(client, group, extra={f"k{loan.pk}-cancel": "on"})
    assert response.status_code == 302
    loan.refresh_from_db()
    assert loan.cancelled_at is not None
    assert balance(group, "LOAN", loan=loan) == 0


def test_a_loan_is_kept_through_a_correction(client, group):
    save(group.members.first(), 5_000_000)
    post_sheet(client, group, loans_0_member=group.members.last().pk, loans_0_principal="100000", loans_0_periods="10")
    post_correction(client, group, m1_wajib="15000")
    assert Loan.objects.get().cancelled_at is None
    assert balance(group, "LOAN", loan=Loan.objects.get()) == 100_000


def test_a_loan_repaid_in_part_cannot_be_cancelled(client, group):
    save(group.members.first(), 5_000_000)
    post_sheet(client, group, loans_0_member=group.members.last().pk, loans_0_principal="100000", loans_0_periods="10")
    loan = Loan.objects.get()
    post_sheet(client, group, held_on=HELD_ON + timedelta(30), **{f"l{loan.pk}_paid": "20000"})
    response = post_correction(client, group, extra={f"k{loan.pk}-cancel": "on"})
    assert response.status_code == 422
    loan.refresh_from_db()
    assert loan.cancelled_at is None


def test_an_old_meeting_can_be_corrected_after_many_more(client, group):
    for week in range(6):
        post_sheet(client, group, held_on=HELD_ON + timedelta(7 * week))
    post_correction(client, group, m1_wajib="12000")
    assert balance(group, "CASH") == 6 * 30_000 + 2_000


def test_a_member_who_left_since_is_still_on_the_sheet(client, group):
    post_sheet(client, group)
    leaver = group.members.last()
    data = {**sheet_data(group, m1_wajib="12000"), "version": "1", "reason": "salah", "action": "correct"}
    leaver.left_on = HELD_ON + timedelta(30)
    leaver.save()
    client.post(f"/g/{group.code}/meetings/1/correct/", data)
    assert Attendance.objects.filter(meeting__version=2, member=leaver).exists()


def test_the_count_of_the_corrected_version_counts_no_more(client, group):
    post_sheet(client, group, counted="35000", explanation="lebih")
    post_correction(client, group, m1_wajib="15000", counted="35000")
    old, new = CashCount.objects.order_by("pk")
    assert (old.settled_on, old.corrected_at is None) == (None, False)
    assert (new.expected, new.difference) == (35_000, 0)
    assert not CashCount.objects.differing().exists()
    assert "lebih" not in client.get(f"/g/{group.code}/books/differences/").content.decode()
    assert list(mismatches()) == []


def test_a_correction_carries_through_to_the_counts_of_later_meetings(client, group):
    post_sheet(client, group)  # nobody counted
    for week in (1, 2):
        post_sheet(client, group, held_on=HELD_ON + timedelta(7 * week), counted=30_000 * (week + 1))
    assert [count.difference for count in CashCount.objects.order_by("pk")] == [0, 0]
    post_correction(client, group, m1_wajib="15000")
    assert [count.difference for count in CashCount.objects.order_by("pk")] == [-5_000, 0]
    assert list(mismatches()) == []


def test_a_count_taken_anew_carries_through_too(client, group):
    post_sheet(client, group, counted="25000", explanation="kurang")
    post_sheet(client, group, held_on=HELD_ON + timedelta(7), counted="55000")
    post_correction(client, group, counted="30000")
    standing = CashCount.objects.filter(corrected_at=None).order_by("counted_on")
    assert [(count.expected_now, count.difference) for count in standing] == [(30_000, 0), (60_000, -5_000)]
    assert list(mismatches()) == []


def settled_meeting(client, group):
    """A meeting whose cash difference of −5,000 was posted."""
    post_sheet(client, group, counted="25000", explanation="kurang")
    finance.cash_count_settle(
        actor=facilitator_of(group), count=CashCount.objects.get(), how="dicari", on=HELD_ON, post_difference=True,
        key=uuid.uuid4(),
    )  # fmt: skip


def test_a_settled_count_keeps_its_settlement_when_the_minutes_are_corrected(client, group):
    settled_meeting(client, group)
    response = post_correction(client, group, counted="25000", explanation="kurang", agenda_0_title="Pakan")
    assert response.status_code == 302
    count = CashCount.objects.get()
    assert Meeting.objects.get(version=2).cash_count == count
    assert (count.difference, balance(group, "CASH")) == (-5_000, 25_000)


@pytest.mark.parametrize("change", [{"counted": "30000"}, {"counted": ""}, {"held_on": HELD_ON + timedelta(1)}])
def test_a_settled_count_is_not_taken_anew(client, group, change):
    settled_meeting(client, group)
    same = {"counted": "25000", "explanation": "kurang"}
    response = post_correction(client, group, **same | change)
    assert "sudah diselesaikan" in response.content.decode()
    assert Meeting.objects.count() == 1


def test_what_was_carried_out_stays_carried_out(client, group):
    post_sheet(client, group, agenda_0_title="Pakan", agenda_0_decision="beli", agenda_0_due_on="2025-03-20")
    item = AgendaItem.objects.get()
    client.post(f"/g/{group.code}/decisions/{item.pk}/done/")
    post_correction(
        client,
        group,
        m1_wajib="15000",
        agenda_0_title="Pakan",
        agenda_0_decision="beli",
        agenda_0_due_on="2025-03-20",
        extra={"agenda-INITIAL_FORMS": "1"},
    )
    assert AgendaItem.objects.get(meeting__version=2).done_on is not None


def test_the_same_correction_twice_is_one(client, group):
    post_sheet(client, group)
    key = uuid.uuid4()
    post_correction(client, group, key=key, m1_wajib="15000")
    response = post_correction(client, group, key=key, m1_wajib="15000")
    assert response.status_code == 302
    assert Meeting.objects.count() == 2


def test_two_people_correcting_the_same_version(client, group):
    post_sheet(client, group)
    post_correction(client, group, m1_wajib="15000")
    response = post_correction(client, group, m1_wajib="16000")
    assert response.status_code == 409
    assert response.context["sheet"].refusals
    assert balance(group, "CASH") == 35_000


def test_a_draft_cannot_be_corrected(client, group):
    post_sheet(client, group, action="draft")
    assert post_correction(client, group, m1_wajib="15000").status_code == 404


@pytest.mark.parametrize("change", [{"place": "Lain"}, {"present_count": 9}, {"status": "DRAFT"}])
def test_the_database_refuses_to_edit_a_closed_meeting(client, group, change):
    post_sheet(client, group)
    with pytest.raises(IntegrityError):
        Meeting.objects.update(**change)


def test_the_database_refuses_to_delete_a_closed_meeting(client, group):
    post_sheet(client, group)
    with pytest.raises(IntegrityError, match="meetings_attendance_no_delete"):
        Attendance.objects.all().delete()


def test_transfers_of_the_old_version_are_untouched(client, group):
    post_sheet(client, group)
    before = list(Transfer.objects.values_list("pk", "amount"))
    post_correction(client, group, m1_wajib="15000")
    assert list(Transfer.objects.values_list("pk", "amount")[:3]) == before


def test_a_correction_in_a_closed_period_is_dated_in_the_open_one(client, group):
    post_sheet(client, group)
    period_close(actor=group.recorded_by, group=group, through=HELD_ON, key=uuid.uuid4())
    assert post_correction(client, group, m1_wajib="15000").status_code == 302
    _old, reversal, new = Entry.objects.order_by("pk")
    assert reversal.effective_on == new.effective_on == HELD_ON + timedelta(1)
    assert Meeting.objects.get(version=2).held_on == HELD_ON
    assert list(mismatches()) == []


def test_the_pages_say_that_the_books_of_the_day_are_closed(client, group):
    client.cookies["django_language"] = "en"
    post_sheet(client, group)
    meeting = f"/g/{group.code}/meetings/1/"
    open_pages = [client.get(address).content.decode() for address in (meeting, f"{meeting}correct/")]
    assert not any("books" in page and "are closed" in page for page in open_pages)
    Group.objects.filter(pk=group.pk).update(books_closed_through=HELD_ON)
    assert "The books are closed through 4 March 2025" in client.get(f"{meeting}correct/").content.decode()
    assert "counts in the books" not in client.get(meeting).content.decode()
    post_correction(client, group, m1_wajib="15000")
    page = client.get(meeting).content.decode()
    assert "the money of this meeting counts in the books on 5 March 2025" in page
    assert "dated 5 March 2025" in page


def test_a_loan_follows_its_meeting_to_another_day(client, group):
    save(group.members.first(), 5_000_000)
    post_sheet(client, group, loans_0_member=group.members.last().pk, loans_0_principal="100000", loans_0_periods="10")
    post_correction(client, group, held_on=HELD_ON + timedelta(1))
    assert Loan.objects.get().disbursed_on == HELD_ON + timedelta(1)


def test_money_follows_its_meeting_to_another_day(client, group):
    post_sheet(client, group)
    post_correction(client, group, held_on=HELD_ON + timedelta(1))
    assert Meeting.objects.get(version=2).entry.effective_on == HELD_ON + timedelta(1)
    assert Entry.objects.get(reverses__isnull=False).effective_on == HELD_ON


def test_a_meeting_cannot_move_past_the_first_instalment_of_its_loan(client, group):
    save(group.members.first(), 5_000_000)
    post_sheet(client, group, loans_0_member=group.members.last().pk, loans_0_principal="100000", loans_0_periods="10")
    response = post_correction(client, group, held_on=HELD_ON + timedelta(40))
    assert "held_on" in errors(response)
    assert Meeting.objects.count() == 1


def test_the_preview_refuses_what_the_correction_would(client, group):
    post_sheet(client, group)
    post_sheet(client, group, held_on=HELD_ON + timedelta(7))
    preview = {"extra": {"action": "preview"}}
    assert post_correction(client, group, **preview).status_code == 422
    response = post_correction(client, group, held_on=HELD_ON + timedelta(7), **preview)
    assert "held_on" in errors(response)
    assert Meeting.objects.count() == 2


def test_savings_withdrawn_since_cannot_be_taken_back(client, group):
    post_sheet(client, group, m1_sukarela_in="50000")
    post_sheet(client, group, held_on=HELD_ON + timedelta(7), m1_sukarela_out="50000")
    assert f"m{group.members.first().pk}-sukarela_in" in errors(post_correction(client, group))


def test_a_fee_is_not_corrected_away_from_a_loan_paid_off_since(client, group):
    save(group.members.first(), 5_000_000)
    loan = lend(group.members.last(), 1_200_000, 12)
    post_sheet(client, group, **{f"l{loan.pk}_paid": "18000"})
    post_sheet(client, group, held_on=HELD_ON + timedelta(7), **{f"l{loan.pk}_paid": "1398000"})
    response = post_correction(client, group)
    assert response.status_code == 422
    assert response.context["sheet"].refusals
    assert balance(group, "SERVICE_FEE", loan=loan) == 216_000
    # The payment that paid it off can still move, for it brings its fee along.
    moved = {"number": 2, "held_on": HELD_ON + timedelta(8), f"l{loan.pk}_paid": "1398000"}
    assert post_correction(client, group, **moved).status_code == 302


def test_a_meeting_is_corrected_where_its_loan_was_written_off_since(client, group):
    save(group.members.first(), 5_000_000)
    loan = lend(group.members.last(), 1_200_000, 12, rate=Decimal(0))
    post_sheet(client, group, **{f"l{loan.pk}_paid": "100000"})
    finance.loan_write_off(
        actor=facilitator_of(group), group=group, loan=loan, reason="pindah", on=HELD_ON + timedelta(30),
        key=uuid.uuid4(),
    )  # fmt: skip
    response = post_correction(client, group, m1_wajib="15000", **{f"l{loan.pk}_paid": "100000"})
    assert response.status_code == 302
    assert balance(group, "LOAN", loan=loan) == 0
    # A smaller payment would leave something owed on a loan that has ended.
    response = post_correction(client, group, **{f"l{loan.pk}_paid": "99000"}, extra={"version": "2"})
    assert response.context["sheet"].refusals


# The critical mark and the version before


@pytest.mark.parametrize(
    ("was", "becomes"), [({}, {"agenda_0_is_critical": "on"}), ({"agenda_0_is_critical": "on"}, {})]
)
def test_the_critical_mark_alone_is_a_correction(client, group, was, becomes):
    post_sheet(client, group, agenda_0_title="Utang", **was)
    assert post_correction(client, group, agenda_0_title="Utang", **becomes).status_code == 302
    assert AgendaItem.objects.get(meeting__version=2).is_critical == bool(becomes)
    assert Meeting.objects.get(version=2).critical_count == len(becomes)


def test_a_version_says_which_one_it_corrects(client, group):
    post_sheet(client, group)
    post_correction(client, group, m1_wajib="15000")
    post_correction(client, group, m1_wajib="16000", extra={"version": "2"})
    first, second, third = Meeting.objects.order_by("version")
    assert (first.corrects, second.corrects, third.corrects) == (None, first, second)
    assert "salah catat" in client.get(f"/g/{group.code}/meetings/1/").content.decode()


def test_the_database_refuses_a_second_correction_of_one_version(client, group):
    post_sheet(client, group)
    first = Meeting.objects.get()
    post_sheet(client, group, action="draft")
    post_sheet(client, group, action="draft")
    drafts = Meeting.objects.filter(status="DRAFT").order_by("pk")
    Meeting.objects.filter(pk=drafts[0].pk).update(corrects=first, reason="salah")
    with pytest.raises(IntegrityError):
        Meeting.objects.filter(pk=drafts[1].pk).update(corrects=first, reason="salah")


def test_the_database_refuses_to_correct_a_meeting_of_another_group(client, group):
    post_sheet(client, group, action="draft")
    stranger = make_meeting(make_group(), HELD_ON)
    with pytest.raises(IntegrityError, match="meetings_meeting_corrects_id_same_group"):
        Meeting.objects.filter(group=group).update(corrects=stranger, reason="salah")


def test_the_database_refuses_a_correction_without_a_reason(client, group):
    post_sheet(client, group)
    first = Meeting.objects.get()
    post_sheet(client, group, action="draft")
    with pytest.raises(IntegrityError, match="meeting_correction_reason"):
        Meeting.objects.filter(status="DRAFT").update(corrects=first)


def test_the_database_refuses_to_rewrite_the_minutes_with_a_correction(client, group):
    post_sheet(client, group)
    with pytest.raises(IntegrityError):
        Meeting.objects.update(status="CORRECTED", minutes={"schema": 1})


# As of the meeting's own day


def test_cash_is_held_against_the_books_of_the_day(client, group):
    post_sheet(client, group)
    post_sheet(client, group, held_on=HELD_ON + timedelta(7))
    assert post_correction(client, group, m1_wajib="15000", counted="35000").status_code == 302
    assert CashCount.objects.get().expected == 35_000


def test_what_moved_after_the_meeting_was_not_in_the_box_before_it(client, group):
    save(group.members.first(), 1_000, on=HELD_ON)
    post_sheet(client, group)
    save(group.members.first(), 20_000, on=HELD_ON)
    save(group.members.first(), 300_000, on=HELD_ON + timedelta(1))
    post_correction(client, group, m1_wajib="15000")
    context = client.get(f"/g/{group.code}/meetings/1/correct/").context["sheet"].context
    assert context.cash_before == 1_000


def test_a_correction_of_the_meeting_before_changes_the_cash_before(client, group):
    post_sheet(client, group)
    post_sheet(client, group, held_on=HELD_ON + timedelta(7))
    post_correction(client, group, m1_wajib="15000")
    sheet = client.get(f"/g/{group.code}/meetings/2/correct/").context["sheet"]
    assert (sheet.context.cash_before, sheet.expected_cash) == (35_000, 65_000)


def test_a_correction_asks_for_what_was_due_then(client, group):
    save(group.members.first(), 5_000_000)
    loan = lend(group.members.last(), 1_200_000, 12, first_due=HELD_ON)
    post_sheet(client, group, **{f"l{loan.pk}_paid": "18000"})
    post_sheet(client, group, held_on=HELD_ON + timedelta(7), **{f"l{loan.pk}_paid": "218000"})
    (form,) = client.get(f"/g/{group.code}/meetings/1/correct/").context["sheet"].repayments
    assert (form.due, form.open_loan.outstanding) == (118_000, 1_416_000 - 218_000)


def test_words_leave_the_ledger_alone_whatever_was_paid_since(client, group):
    save(group.members.first(), 5_000_000)
    loan = lend(group.members.last(), 1_200_000, 12, first_due=HELD_ON)
    post_sheet(client, group, **{f"l{loan.pk}_paid": "118000"})
    post_sheet(client, group, held_on=HELD_ON + timedelta(7), **{f"l{loan.pk}_paid": "50000"})
    before = Entry.objects.count()
    assert post_correction(client, group, place="Masjid", **{f"l{loan.pk}_paid": "118000"}).status_code == 302
    assert Entry.objects.count() == before


def test_a_loan_is_kept_through_two_corrections(client, group):
    save(group.members.first(), 5_000_000)
    post_sheet(client, group, loans_0_member=group.members.last().pk, loans_0_principal="100000", loans_0_periods="10")
    post_correction(client, group, m1_wajib="15000")
    post_correction(client, group, m1_wajib="16000", extra={"version": "2"})
    assert balance(group, "LOAN", loan=Loan.objects.get()) == 100_000
    assert Meeting.objects.get(version=3).minutes["kept_loans"] == [1]


def test_a_correction_takes_no_more_statements_than_it_did(client, group):
    save(group.members.first(), 5_000_000)
    loan = lend(group.members.last(), 1_200_000, 12)
    fields = {f"l{loan.pk}_paid": "18000", "agenda_0_title": "Utang", "counted": "0", "explanation": "lupa"}
    post_sheet(client, group, **fields)
    with CaptureQueriesContext(connection) as counted:
        assert post_correction(client, group, m1_wajib="15000", **fields).status_code == 302
    assert len(counted) <= 29, "\n".join(query["sql"][:110] for query in counted.captured_queries)


def test_a_loan_that_never_was_is_not_expected_to_be_missing_from_the_box(client, group):
    save(group.members.first(), 5_000_000)
    post_sheet(client, group, loans_0_member=group.members.last().pk, loans_0_principal="100000", loans_0_periods="10")
    cash, loan = balance(group, "CASH"), Loan.objects.get()
    assert client.get(f"/g/{group.code}/meetings/1/correct/").context["sheet"].expected_cash == cash
    response = post_correction(client, group, extra={f"k{loan.pk}-cancel": "on", "action": "preview"})
    assert response.context["sheet"].expected_cash == cash + 100_000
