"""What a correction changes, in words."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from django.utils import translation

from finance.models import ExternalLoan, Loan
from finance.rules.lines import OtherMoney
from finance.rules.loan_position import LateFine
from finance.services import terms_by_rules
from groups.models import Constitution, Member
from meetings.changes import changes
from meetings.minutes import AgendaRow, CashCounted, MemberRow, Minutes, OtherRow, Repayment
from tests.meetings.sheets import HELD_ON

SITI, BUDI = Member(pk=71, number=1, name="Siti"), Member(pk=72, number=2, name="Budi")
LOANS = tuple(Loan(pk=80 + number, number=number, member=SITI, principal=100_000) for number in (1, 2))
ROW, PAID = MemberRow(SITI, "PRESENT"), Repayment(LOANS[0], (), 10_000)
AGENDA = AgendaRow("Pakan", "harga", "beli", SITI, date(2025, 3, 20))
MINUTES = Minutes(
    held_on=HELD_ON, place="Balai", leader=SITI, note_taker=BUDI, members=(ROW, MemberRow(BUDI, "PRESENT")),
    agenda=(AGENDA,), kept_loans=LOANS[:1], other=(OtherRow(OtherMoney.EXPENSE, 5_000, "Buku"),), cash=CashCounted(0),
)  # fmt: skip
TERMS = terms_by_rules(
    Constitution(), member=BUDI, principal=70_000, periods=5, disbursed_on=HELD_ON,
    funded_by=ExternalLoan(number=1, lender="BRI"),
)  # fmt: skip


@pytest.fixture(autouse=True)
def _in_english():
    with translation.override("en"):
        yield


def said(before=MINUTES, **fields):
    """The changes from `before` to minutes with other `fields`, with ordinary blanks."""
    found = changes(before, replace(before, **fields))
    return [tuple(text.replace("\N{NO-BREAK SPACE}", " ") for text in (c.what, c.before, c.after)) for c in found]


def test_the_same_minutes_have_no_changes():
    assert said() == []


@pytest.mark.parametrize(
    ("fields", "change"),
    [
        ({"held_on": date(2025, 3, 5)}, ("Date", "4 March 2025", "5 March 2025")),
        ({"place": "Masjid"}, ("Place", "Balai", "Masjid")),
        ({"leader": BUDI}, ("Led by", "Siti", "Budi")),
        ({"note_taker": SITI}, ("Minutes by", "Budi", "Siti")),
        ({"cash": CashCounted(500)}, ("Cash counted", "Rp 0", "Rp 500")),
        ({"cash": None}, ("Cash counted", "Rp 0", "–")),
        ({"cash": CashCounted(0, "hilang")}, ("Explanation of the difference", "–", "hilang")),
        ({"other": ()}, ("Other money 1: Out: other expense Buku", "Rp 5.000", "–")),
        ({"other": (OtherRow("EXPENSE", 6_000, "Buku"),)},
         ("Other money 1: Out: other expense Buku", "Rp 5.000", "Rp 6.000")),
        ({"kept_loans": ()}, ("Loan 1: Siti", "Rp 100.000", "–")),
    ],
)  # fmt: skip
def test_a_change_of_the_meeting(fields, change):
    assert said(**fields) == [change]


@pytest.mark.parametrize(
    ("fields", "change"),
    [
        ({"attendance": "LATE"}, ("attendance", "Present", "Late")),
        ({"pokok": 1}, ("initial savings", "–", "Rp 1")),
        ({"wajib": 1}, ("compulsory savings", "–", "Rp 1")),
        ({"social": 1}, ("social fund", "–", "Rp 1")),
        ({"sukarela_in": 1}, ("voluntary savings in", "–", "Rp 1")),
        ({"sukarela_out": 1}, ("voluntary savings out", "–", "Rp 1")),
        ({"charged": 1}, ("fine", "–", "Rp 1")),
        ({"fine": 1}, ("fine paid", "–", "Rp 1")),
        ({"fine_reason": "lalai"}, ("reason for the fine", "–", "lalai")),
        ({"waiver": "hujan"}, ("why the fine by the rules is waived", "–", "hujan")),
    ],
)
def test_a_change_of_a_member(fields, change):
    what, before, after = change
    assert said(members=(replace(ROW, **fields), MINUTES.members[1])) == [(f"Siti: {what}", before, after)]


@pytest.mark.parametrize(
    ("fields", "change"),
    [
        ({"amount": 12_000}, ("instalment of loan 1", "Rp 10.000", "Rp 12.000")),
        ({"rest": 500}, ("rest to voluntary savings, loan 1", "–", "Rp 500")),
        ({"fine": LateFine(2_500, "")}, ("fine for a late instalment", "–", "Rp 2.500")),
        ({"waived": "sakit"}, ("why the fine is waived", "–", "sakit")),
    ],
)
def test_a_change_of_an_instalment(fields, change):
    before = replace(MINUTES, members=(replace(ROW, repayments=(PAID,)),))
    what, was, will_be = change
    after = (replace(ROW, repayments=(replace(PAID, **fields),)),)
    assert said(before, members=after) == [(f"Siti: {what}", was, will_be)]


@pytest.mark.parametrize(
    ("fields", "change"),
    [
        ({"title": "Pupuk"}, ("Agenda 1", "Pakan", "Pupuk")),
        ({"discussion": ""}, ("Agenda 1: discussed", "harga", "–")),
        ({"decision": "jual"}, ("Agenda 1: decision", "beli", "jual")),
        ({"responsible": BUDI}, ("Agenda 1: who does it", "Siti", "Budi")),
        ({"responsible": None}, ("Agenda 1: who does it", "Siti", "–")),
        ({"due_on": date(2025, 4, 1)}, ("Agenda 1: by when", "20 March 2025", "1 April 2025")),
        ({"is_critical": True}, ("Agenda 1: critical matter", "–", "yes")),
    ],
)
def test_a_change_of_the_agenda(fields, change):
    assert said(agenda=(replace(AGENDA, **fields),)) == [change]


def test_a_row_more_on_the_agenda_has_its_own_number():
    assert said(agenda=(AGENDA, AgendaRow("Pupuk"))) == [("Agenda 2", "–", "Pupuk")]


def test_a_new_loan_says_to_whom_and_from_whose_money():
    assert said(new_loans=(TERMS,)) == [
        ("New loan 1: Budi", "–", "Rp 70.000"), ("New loan 1: passed on from", "–", "BRI 1"),
    ]  # fmt: skip


def test_changes_stand_in_the_order_of_the_sheet():
    found = said(place="Masjid", members=(replace(ROW, fine=1),), agenda=())
    assert [what.partition(":")[0] for what, _before, _after in found] == [
        "Place", "Budi", "Agenda 1", "Agenda 1", "Agenda 1", "Agenda 1", "Agenda 1", "Siti",
    ]  # fmt: skip


def test_of_two_members_with_one_name_the_number_stands_beside_it():
    one, other = (Member(pk=70 + number, number=number, name="Siti", has_namesake=True) for number in (1, 3))
    row = replace(ROW, member=one)
    before = replace(MINUTES, leader=one, members=(row, MemberRow(other, "PRESENT")))
    assert said(before, members=(replace(row, fine=1), before.members[1])) == [("Siti (1): fine paid", "–", "Rp 1")]
    assert said(before, leader=other) == [("Led by", "Siti (1)", "Siti (3)")]


def test_fines_on_two_loans_of_a_member_are_told_apart():
    both = tuple(Repayment(loan, (), 10_000, fine=LateFine(2_500, "")) for loan in LOANS)
    before = replace(MINUTES, members=(replace(ROW, repayments=both),))
    after = (replace(ROW, repayments=(replace(both[0], fine=None), both[1])),)
    assert said(before, members=after) == [("Siti: fine for a late instalment", "Rp 2.500", "–")]
