"""Fines by the rules on the sheet: owed, paid, or waived with a word; and what must stay of the savings."""

from __future__ import annotations

import json
import uuid
from datetime import date, timedelta

import pytest
from django.db import transaction

from finance import services
from finance.ledger.errors import InsufficientFunds, NotAllowed
from finance.ledger.fines import open_fines
from finance.ledger.verify import mismatches
from finance.models import Account, Entry, Obligation, ObligationPayment, Transfer
from finance.selectors.owed import owed
from groups.models import Constitution, Member
from meetings.errors import SavingsMustStay
from meetings.minutes import MemberRow, Minutes
from meetings.models import Attendance, AttendanceStatus, Meeting
from meetings.services import meeting_close
from meetings.sheet.context import open_sheet, read_sheet
from tests.factories import facilitator_of, make_group, make_members, save
from tests.finance.pages import signed_in
from tests.meetings.pages import balance, errors, post_correction, post_sheet
from tests.meetings.sheets import HELD_ON

pytestmark = pytest.mark.django_db


FINES = {"fine_late": 2_000, "fine_absent": 5_000, "sukarela_minimum": 10_000}


@pytest.fixture
def group():
    """Late costs Rp 2,000, absence Rp 5,000, and Rp 10,000 of the voluntary savings must stay."""
    group = make_group(rules=FINES)
    make_members(group, 3)
    return group


@pytest.fixture
def client(group):
    return signed_in(facilitator_of(group))


def adopt(group, **changed):
    """New rules come into force, with `changed` in them."""
    number = group.constitutions.count() + 1
    rules = {**FINES, **changed}
    group.rules = Constitution.objects.create(
        group=group, version=number, agreed_on=HELD_ON, recorded_by=group.recorded_by, wajib=10_000, **rules
    )
    group.save()


def reason_field(group, number=1):
    return f"m{group.members.get(number=number).pk}-fine_reason"


def charged(group):
    """The fines that count: member, amount, what for and since when."""
    found = Obligation.objects.filter(group=group, cancelled_at=None)
    return list(found.values_list("member__number", "kind", "amount", "memo", "owed_on"))


def owes(group, number=1):
    owing = owed(group, as_of=date(2026, 12, 31)).get(group.members.get(number=number).pk)
    return owing.fine if owing else 0


@pytest.mark.parametrize(("attendance", "due"), [("LATE", 2_000), ("ABSENT", 5_000)])
def test_a_fine_by_the_rules_is_owed_and_no_income_until_it_is_paid(client, group, attendance, due):
    assert post_sheet(client, group, m1_attendance=attendance, m1_wajib="", m2_wajib="").status_code == 302
    label = AttendanceStatus(attendance).label
    assert charged(group) == [(1, "ATTENDANCE", due, label, HELD_ON)]
    assert owes(group) == due
    assert not Account.objects.filter(group=group, kind="FINE").exists()
    page = client.get(f"/g/{group.code}/meetings/1/").content.decode()
    assert f"fine of Rp\xa0{due // 1000}.000" in page


def test_what_is_owed_is_asked_for_at_the_next_meeting_and_paid_there(client, group):
    post_sheet(client, group, m1_attendance="ABSENT", m1_wajib="")
    page = client.get(f"/g/{group.code}/meetings/new/")
    form, other = page.context["sheet"].members[:2]
    assert (form["fine"].value(), other["fine"].value()) == ("5.000", None)
    post_sheet(client, group, held_on=HELD_ON + timedelta(7), m1_fine="5.000")
    assert (owes(group), balance(group, "FINE")) == (0, 5_000)
    assert ObligationPayment.objects.get().obligation.member.number == 1


def test_a_part_may_be_paid_and_the_oldest_goes_first(client, group):
    post_sheet(client, group, m1_attendance="ABSENT", m1_wajib="")
    later = HELD_ON + timedelta(7)
    assert post_sheet(client, group, held_on=later, m1_attendance="LATE", m1_fine="6.000").status_code == 302
    left = [(fine.memo, fine.left) for fine in open_fines(group).fines]
    assert left == [("Late", 1_000)]
    assert balance(group, "FINE") == 6_000


def test_who_is_not_there_pays_no_fine(client, group):
    response = post_sheet(client, group, m1_attendance="ABSENT", m1_wajib="", m1_fine="5.000")
    assert "Was not there" in errors(response)[reason_field(group).replace("_reason", "")][0]


def test_a_correction_that_says_nobody_was_absent_takes_the_fine_back(client, group):
    post_sheet(client, group, m1_attendance="ABSENT", m1_wajib="")
    assert post_correction(client, group, m1_attendance="EXCUSED", m1_wajib="").status_code == 302
    assert (charged(group), owes(group)) == ([], 0)
    assert Entry.objects.filter(group=group, kind="REVERSAL").count() == 0


def test_a_correction_that_charges_more_keeps_what_stays(client, group):
    post_sheet(client, group, m1_attendance="ABSENT", m1_wajib="")
    first = Obligation.objects.get()
    assert post_correction(client, group, m1_attendance="ABSENT", m1_wajib="", m2_attendance="LATE").status_code == 302
    assert [row[:3] for row in charged(group)] == [(1, "ATTENDANCE", 5_000), (2, "ATTENDANCE", 2_000)]
    assert Obligation.objects.get(member__number=1) == first


def test_a_fine_that_was_paid_since_is_not_taken_back_by_a_correction(client, group):
    post_sheet(client, group, m1_attendance="ABSENT", m1_wajib="")
    post_sheet(client, group, held_on=HELD_ON + timedelta(7), m1_fine="5.000")
    response = post_correction(client, group, m1_attendance="EXCUSED", m1_wajib="")
    assert response.status_code == 422
    assert "was paid since" in " ".join(response.context["sheet"].refusals)
    assert owes(group) == 0


def test_paying_correcting_and_paying_again_is_neutral(client, group):
    post_sheet(client, group, m1_attendance="LATE", m1_fine="2.000")
    before = (charged(group), owes(group), balance(group, "FINE"))
    changed = {"m1_attendance": "LATE", "m1_fine": "2.000", "m2_wajib": "15000"}
    assert post_correction(client, group, **changed).status_code == 302
    assert (charged(group), owes(group), balance(group, "FINE")) == before
    assert post_correction(client, group, extra={"version": 2}, m1_attendance="LATE").status_code == 302
    assert (owes(group), balance(group, "FINE")) == (2_000, 0)
    assert list(mismatches()) == []


@pytest.mark.parametrize("is_of_meeting", [True, False])
def test_a_correction_keeps_what_was_paid_of_a_fine_whose_rest_was_waived(client, group, is_of_meeting):
    who = {"actor": facilitator_of(group), "group": group}
    member, fields = group.members.get(number=1), {"m1_attendance": "LATE", "m1_fine": "500"}
    if not is_of_meeting:
        services.fine_charge(
            **who, member=member, amount=2_000, reason="lalai", on=HELD_ON - timedelta(7), key=uuid.uuid4()
        )
        fields = {"m1_fine": "500"}
    post_sheet(client, group, **fields)
    fine = Obligation.objects.get()
    waiver = services.fine_waive(**who, fine=fine.pk, reason="sakit", on=HELD_ON + timedelta(7), key=uuid.uuid4())
    assert (waiver.amount, owes(group)) == (1_500, 0)
    assert post_correction(client, group, **fields, m2_wajib="15000").status_code == 302
    assert (owes(group), balance(group, "FINE"), Obligation.objects.count()) == (0, 500, 1)
    services.waiver_take_back(**who, waiver=waiver.pk, reason="sanggup", on=HELD_ON + timedelta(14))
    assert owes(group) == 1_500
    assert list(mismatches()) == []


@pytest.fixture
def taken_back(group):
    """A fine of Rp 2,000 from before the meeting, let go a week after it, and owed again from two weeks after it."""
    who = {"actor": facilitator_of(group), "group": group}
    fine = services.fine_charge(
        **who, member=group.members.get(number=1), amount=2_000, reason="lalai", on=HELD_ON - timedelta(7),
        key=uuid.uuid4(),
    )  # fmt: skip
    waiver = services.fine_waive(**who, fine=fine.pk, reason="sakit", on=HELD_ON + timedelta(7), key=uuid.uuid4())
    services.waiver_take_back(**who, waiver=waiver.pk, reason="sanggup", on=HELD_ON + timedelta(14))
    return fine


def test_a_fine_let_go_later_and_owed_again_is_paid_on_a_sheet_of_before(client, group, taken_back):
    assert post_sheet(client, group, m1_fine="2.000").status_code == 302
    assert list(Obligation.objects.all()) == [taken_back]
    assert (owes(group), balance(group, "FINE")) == (0, 2_000)


def test_a_sheet_of_the_days_of_a_waiver_asks_for_nothing(group, taken_back):
    def asked(days):
        return read_sheet(group=group, held_on=HELD_ON + timedelta(days)).fines_owed(taken_back.member)

    assert [asked(days) for days in (-8, -7, 0, 6, 7, 13, 14)] == [0, 2_000, 2_000, 2_000, 0, 0, 2_000]


def test_a_fine_of_the_meeting_that_was_let_go_is_not_paid_by_a_correction(client, group):
    who = {"actor": facilitator_of(group), "group": group}
    post_sheet(client, group, m1_attendance="LATE")
    waiver = services.fine_waive(
        **who, fine=Obligation.objects.get().pk, reason="sakit", on=HELD_ON + timedelta(7), key=uuid.uuid4()
    )
    response = post_correction(client, group, m1_attendance="LATE", m1_fine="2.000")
    assert "was let go. Take that back first" in response.content.decode()
    assert not Transfer.objects.filter(credit_account__kind="FINE").exists()
    services.waiver_take_back(**who, waiver=waiver.pk, reason="sudah dibayar", on=HELD_ON + timedelta(7))
    assert post_correction(client, group, m1_attendance="LATE", m1_fine="2.000").status_code == 302
    assert (owes(group), balance(group, "FINE"), Obligation.objects.count()) == (0, 2_000, 1)


def test_money_of_an_earlier_day_pays_no_fine_that_was_set_since(group):
    who = {"actor": facilitator_of(group), "group": group, "member": group.members.get(number=1)}
    services.fine_charge(**who, amount=2_000, reason="lalai", on=HELD_ON, key=uuid.uuid4())
    services.fine_pay(**who, amount=2_000, reason="telat", on=HELD_ON - timedelta(3), key=uuid.uuid4())
    assert owes(group) == 2_000
    services.fine_pay(**who, amount=2_000, reason="", on=HELD_ON, key=uuid.uuid4())
    assert owes(group) == 0


@pytest.mark.parametrize("attendance", ["PRESENT", "REPRESENTED", "EXCUSED"])
def test_nothing_is_asked_for_without_cause(client, group, attendance):
    response = post_sheet(client, group, m1_attendance=attendance, m1_wajib="")
    assert response.status_code == 302, errors(response)


def test_rules_without_fines_propose_nothing():
    group = make_group(rules={"fine_late": 0})
    make_members(group, 2)
    browser = signed_in(facilitator_of(group))
    assert post_sheet(browser, group, m1_attendance="LATE").status_code == 302
    page = browser.get(f"/g/{group.code}/meetings/new/")
    assert page.context["sheet"].fines == "{}"
    assert not page.context["sheet"].members[0]["fine"].help_text


def test_the_fine_by_the_rules_needs_no_reason(client, group):
    assert post_sheet(client, group, m1_attendance="LATE", m1_fine="2.000").status_code == 302
    assert balance(group, "FINE") == 2_000
    assert Transfer.objects.get(credit_account__kind="FINE").memo == "Late"


def test_another_fine_needs_its_reason(client, group):
    response = post_sheet(client, group, m1_attendance="LATE", m1_fine="3.000")
    assert errors(response)[reason_field(group)] == ["Say what the fine is for."]
    post_sheet(client, group, m1_attendance="LATE", m1_fine="3.000", m1_fine_reason="lalai")
    assert [(row[2], row[3]) for row in charged(group)] == [(3_000, "lalai")]
    assert owes(group) == 0


def test_a_waived_fine_stands_in_the_minutes(client, group):
    response = post_sheet(client, group, m1_attendance="LATE", m1_fine_reason="anaknya sakit")
    assert Attendance.objects.get(status="LATE").waiver == "anaknya sakit"
    assert not Obligation.objects.exists()
    assert "fine waived: anaknya sakit" in client.get(response.url).content.decode()


def test_a_word_without_a_fine_due_is_no_waiver(client, group):
    post_sheet(client, group, m1_fine_reason="terlambat")
    assert not Attendance.objects.exclude(waiver="").exists()


def test_a_word_about_an_older_fine_leads_to_where_it_is_let_go(client, group):
    post_sheet(client, group, m1_attendance="LATE")
    row = {"held_on": HELD_ON + timedelta(7), "m1_fine_reason": "dibebaskan rapat"}
    page = post_sheet(client, group, **row)
    assert "let go on the member" in page.content.decode()
    assert Meeting.objects.count() == 1
    assert post_sheet(client, group, **row, m1_fine="500").status_code == 302


def test_a_fine_that_cannot_be_read_is_told_at_its_own_field(client, group):
    response = post_sheet(client, group, m1_attendance="LATE", m1_fine="dua ribu")
    assert list(errors(response)) == [reason_field(group).replace("_reason", "")]


def test_a_draft_is_not_asked_for_reasons(client, group):
    assert post_sheet(client, group, action="draft", m1_attendance="LATE").status_code == 302
    page = client.get(f"/g/{group.code}/meetings/1/edit/")
    assert not page.context["sheet"].has_errors


def test_the_sheet_shows_the_fines_by_the_rules(client, group):
    page = client.get(f"/g/{group.code}/meetings/new/")
    assert json.loads(page.context["sheet"].fines) == {"LATE": 2_000, "ABSENT": 5_000}
    assert "By the rules: Late: Rp\xa02.000; Absent: Rp\xa05.000." in page.content.decode()


def test_a_waiver_is_kept_through_a_correction(client, group):
    post_sheet(client, group, m1_attendance="LATE", m1_fine_reason="anaknya sakit")
    form = client.get(f"/g/{group.code}/meetings/1/correct/").context["sheet"].members[0]
    assert form["fine_reason"].value() == "anaknya sakit"
    post_correction(client, group, m1_attendance="LATE", m1_fine_reason="anaknya sakit", m2_wajib="15000")
    assert Attendance.objects.get(meeting__version=2, status="LATE").waiver == "anaknya sakit"


def test_another_word_of_waiver_is_a_change(client, group):
    post_sheet(client, group, m1_attendance="LATE", m1_fine_reason="anaknya sakit")
    response = post_correction(
        client, group, m1_attendance="LATE", m1_fine_reason="banjir", extra={"action": "preview"}
    )
    (change,) = response.context["changes"]
    assert (change.before, change.after) == ("anaknya sakit", "banjir")


def test_a_waiver_that_is_taken_out_brings_the_fine(client, group):
    post_sheet(client, group, m1_attendance="LATE", m1_fine_reason="anaknya sakit")
    response = post_correction(client, group, m1_attendance="LATE", extra={"action": "preview"})
    said = [(change.what, change.before, change.after) for change in response.context["changes"]]
    assert [row[1:] for row in said] == [("anaknya sakit", "–"), ("–", "Rp\xa02.000"), ("–", "Late")]
    post_correction(client, group, m1_attendance="LATE")
    assert owes(group) == 2_000


def test_a_correction_does_not_judge_by_the_rules_of_today(client, group):
    adopt(group, fine_late=0)
    post_sheet(client, group, m1_attendance="LATE")
    adopt(group, fine_late=2_000)
    assert post_correction(client, group, m1_attendance="LATE", m2_wajib="15000").status_code == 302


def test_who_turns_out_late_in_a_correction_is_fined(client, group):
    post_sheet(client, group)
    assert post_correction(client, group, m1_attendance="LATE").status_code == 302
    assert owes(group) == 2_000


def withdraw(member, amount):
    return services.savings_withdraw(
        actor=facilitator_of(member.group), group=member.group, member=member, amount=amount, on=HELD_ON,
        key=uuid.uuid4(),
    )  # fmt: skip


def test_what_must_stay_cannot_be_withdrawn_on_the_sheet(client, group):
    save(group.members.first(), 50_000)
    response = post_sheet(client, group, m1_sukarela_out="40001")
    assert errors(response)[reason_field(group).replace("fine_reason", "sukarela_out")] == [
        "By the rules Rp\xa010.000 must stay."
    ]
    assert post_sheet(client, group, m1_sukarela_out="40000").status_code == 302


def test_a_withdrawal_is_kept_through_a_correction_under_stricter_rules(client, group):
    save(group.members.first(), 50_000)
    post_sheet(client, group, m1_sukarela_out="40000")
    adopt(group, sukarela_minimum=20_000)
    assert post_correction(client, group, m1_sukarela_out="40000", m2_wajib="15000").status_code == 302


def test_what_must_stay_cannot_be_withdrawn_between_meetings(group):
    member = group.members.first()
    save(member, 50_000)
    with pytest.raises(NotAllowed, match="must stay"):
        withdraw(member, 40_001)
    withdraw(member, 40_000)
    assert balance(group, "SUKARELA", member=member) == 10_000


def test_who_has_left_takes_everything(group):
    member = group.members.first()
    save(member, 50_000)
    Member.objects.filter(pk=member.pk).update(left_on=HELD_ON - timedelta(1))
    withdraw(Member.objects.get(pk=member.pk), 50_000)
    assert balance(group, "SUKARELA", member=member) == 0


def close(group, **fields):
    """Close a meeting by the service, around the sheet; `fields` are those of the first member's row."""
    actor, key = facilitator_of(group), uuid.uuid4()
    with transaction.atomic():
        context = open_sheet(actor=actor, group=group, held_on=HELD_ON, key=key)
        member = context.members[0]
        row = MemberRow(member=member, attendance="PRESENT", **fields)
        minutes = Minutes(held_on=HELD_ON, place="Balai", leader=member, note_taker=member, members=(row,))
        return meeting_close(context=context, minutes=minutes, key=key)


def test_what_must_stay_stays_whoever_closes_the_meeting(group):
    save(group.members.first(), 50_000)
    with pytest.raises(SavingsMustStay, match=r"10\.000 must stay"):
        close(group, sukarela_in=5_000, sukarela_out=45_001)
    assert not Meeting.objects.exists()
    close(group, sukarela_in=5_000, sukarela_out=45_000)
    assert balance(group, "SUKARELA", member=group.members.first()) == 10_000


def test_more_than_was_saved_is_another_matter(group):
    save(group.members.first(), 50_000)
    with pytest.raises(InsufficientFunds):
        close(group, sukarela_out=50_001)


def test_a_fine_without_an_attendance_is_told_at_the_attendance(client, group):
    member = group.members.first()
    response = post_sheet(client, group, m1_attendance="", m1_fine="5000")
    assert f"m{member.pk}-attendance" in errors(response)
