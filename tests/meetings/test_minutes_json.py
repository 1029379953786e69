"""Minutes as they are kept with a closed meeting."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, timedelta

import pytest

from finance.models import Loan
from finance.rules.lines import OtherMoney
from finance.rules.loan_position import LateFine, LoanPosition
from finance.services import terms_by_rules
from groups.models import Group, Member
from meetings.minutes import AgendaRow, CashCounted, MemberRow, Minutes, OtherRow, Repayment
from meetings.minutes_json import minutes_from_json, minutes_to_json, numbers_of_loans_repaid, numbers_of_members
from meetings.models import AttendanceStatus, Meeting
from tests.factories import ask, borrow_external, lend, save
from tests.meetings.pages import post_correction, post_sheet
from tests.meetings.sheets import HELD_ON

SITI, BUDI = Member(pk=71, number=1, name="Siti"), Member(pk=72, number=2, name="Budi")
LOAN, KEPT, GONE = (Loan(pk=80 + number, number=number, member=BUDI) for number in (1, 2, 3))
PAID = Repayment(loan=LOAN, instalments=(), amount=118_000, fine=LateFine(2_500, "Late: instalment 1"), rest=500)
MINUTES = Minutes(
    held_on=HELD_ON,
    place="Balai desa",
    leader=SITI,
    note_taker=BUDI,
    members=(
        MemberRow(SITI, AttendanceStatus.LATE, wajib=10_000, waiver="hujan"),
        MemberRow(BUDI, "PRESENT", pokok=1, social=2, sukarela_in=3, sukarela_out=4, fine=5, fine_reason="lalai",
                  repayments=(PAID,)),
    ),
    agenda=(AgendaRow("Pakan", "harga", "beli", SITI, date(2025, 3, 20), True), AgendaRow("Lain")),
    kept_loans=(KEPT,),
    other=(OtherRow(OtherMoney.EXPENSE, 5_000, "Buku"),),
    cash=CashCounted(0),
)  # fmt: skip


def read(document, **fields):
    loans = {loan.number: loan for loan in (LOAN, KEPT, GONE)}
    positions = {LOAN.number: LoanPosition(loan=LOAN, instalments=(), fee_paid=0, principal_paid=0)}
    return minutes_from_json(document, members={1: SITI, 2: BUDI}, loans=loans, positions=positions)


def test_what_is_written_reads_back():
    assert read(minutes_to_json(MINUTES)) == MINUTES


def test_it_is_plain_json():
    document = minutes_to_json(MINUTES)
    assert json.loads(json.dumps(document)) == document


def test_its_keys_are_sorted():
    document = minutes_to_json(MINUTES)
    for part in (document, document["members"][1], document["members"][1]["repayments"][0], document["agenda"][0]):
        assert list(part) == sorted(part)


def test_people_and_loans_stand_by_their_numbers():
    document = minutes_to_json(MINUTES)
    assert (document["leader"], document["note_taker"], document["kept_loans"]) == (1, 2, [2])
    assert [row["member"] for row in document["members"]] == [1, 2]
    assert document["members"][1]["repayments"][0]["loan"] == 1


def test_what_has_its_usual_value_is_left_out():
    assert minutes_to_json(MINUTES)["members"][0] == {
        "attendance": "LATE", "member": 1, "waiver": "hujan", "wajib": 10_000,
    }  # fmt: skip


def test_a_count_of_nothing_is_a_count():
    assert read(minutes_to_json(MINUTES)).cash == CashCounted(0)
    assert read(minutes_to_json(replace(MINUTES, cash=None))).cash is None


def test_loans_paid_out_are_kept_when_it_is_read_again():
    document = minutes_to_json(MINUTES, paid_out=[GONE])
    assert document["paid_out"] == [3]
    assert read(document).kept_loans == (KEPT, GONE)


def test_a_loan_that_never_was_is_written_and_not_read():
    document = minutes_to_json(replace(MINUTES, kept_loans=(), cancelled_loans=(KEPT,)))
    assert document["cancelled_loans"] == [2]
    assert read(document).kept_loans == ()


def test_it_says_whom_and_which_loans_it_needs():
    document = minutes_to_json(replace(MINUTES, leader=Member(pk=73, number=3, name="Ani")))
    assert numbers_of_members(document) == {1, 2, 3}
    assert numbers_of_loans_repaid(document) == {1}


def test_a_later_schema_is_not_read():
    with pytest.raises(AssertionError):
        read({**minutes_to_json(MINUTES), "schema": 2})


@pytest.mark.django_db
def test_a_new_loan_stands_with_its_terms(group):
    request, lender = ask(group.members.first()), borrow_external(group)
    terms = terms_by_rules(
        group.rules, member=request.member, principal=500_000, periods=10, disbursed_on=HELD_ON, request=request,
        funded_by=lender, purpose="bibit",
    )  # fmt: skip
    (row,) = minutes_to_json(replace(MINUTES, new_loans=(terms,)))["new_loans"]
    assert (row["member"], row["principal"], row["periods"], row["purpose"]) == (1, 500_000, 10, "bibit")
    assert (row["funded_by"], row["request"]) == (lender.number, {"amount": 500_000, "periods": 10})
    assert (row["disbursed_on"], row["rate"]) == ("2025-03-04", str(group.rules.loan_rate))


@pytest.mark.django_db
def test_closing_and_correcting_keep_the_minutes(client, group):
    save(group.members.first(), 5_000_000)
    loan = lend(group.members.last(), 1_200_000, 12)
    borrower = group.members.first().pk
    row = {"loans_0_member": borrower, "loans_0_principal": "100000", "loans_0_periods": "5"}
    post_sheet(client, group, **{f"l{loan.pk}_paid": "18000"}, **row)
    post_correction(client, group, m1_wajib="15000", **{f"l{loan.pk}_paid": "18000"})
    first, second = Meeting.objects.order_by("version")
    assert (first.minutes["paid_out"], first.minutes["members"][0]["wajib"]) == ([2], 10_000)
    assert (second.minutes["kept_loans"], second.minutes["members"][0]["wajib"]) == ([2], 15_000)
    assert second.minutes["members"][2]["repayments"] == [{"amount": 18_000, "loan": loan.number}]


@pytest.mark.django_db
def test_a_draft_has_no_minutes(client, group):
    post_sheet(client, group, action="draft")
    assert Meeting.objects.get().minutes is None


@pytest.mark.django_db
def test_what_a_member_typed_later_does_not_reach_into_the_minutes(client, group):
    post_sheet(client, group)
    Group.objects.filter(pk=group.pk).update(place="Lain")
    Member.objects.filter(group=group).update(joined_on=HELD_ON - timedelta(1))
    assert Meeting.objects.get().minutes["place"] == "Balai desa"
