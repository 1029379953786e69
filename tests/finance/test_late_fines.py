"""Fines for late instalments that lose their ground when an earlier payment is recorded later."""

import uuid
from datetime import date
from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse as url

from finance.ledger.errors import AlreadyDone, NotAllowed
from finance.ledger.fines import open_fines
from finance.ledger.reading import read_books
from finance.models import Obligation, Transfer
from finance.rules.loan_position import loan_position
from finance.selectors.late_fines import fines_without_ground
from finance.services import obligations
from tests.factories import facilitator_of, lend, make_group, make_member, make_user, repay, save
from tests.finance.pages import get, signed_in
from tests.meetings.pages import post_sheet, sign_in


@pytest.fixture
def late_loan(db):
    """A loan whose first instalment was paid a day late, at a fine of 5.000."""
    member = make_member(make_group(rhythm={"every": "WEEK", "weekday": 1}, rules={"wajib": 0}), "Siti Aminah")
    save(member, 9_000_000)
    loan = lend(member, fine_late_instalment=5_000)
    repay(loan, 118_000, on=date(2025, 3, 5))
    return loan


def test_the_fine_of_a_loan_is_paid_by_its_member(late_loan):
    repay(late_loan, 123_000, on=date(2025, 4, 1))
    (line,) = Transfer.objects.filter(credit_account__kind="LOAN_FINE")
    assert (line.amount, line.member_id) == (5_000, late_loan.member_id)


@pytest.mark.parametrize("fine_first", [False, True])
@pytest.mark.parametrize(
    "terms", [{}, {"fine_late_by": "DAY"}, {"fine_late_by": "PERCENT", "fine_late_percent": Decimal(5)}]
)
def test_money_that_went_to_a_fine_brings_no_other_fine(late_loan, terms, fine_first):
    loan = lend(late_loan.member, fine_late_instalment=5_000, fine_first=fine_first, **terms)
    repay(loan, 118_000, on=date(2025, 3, 5))
    repay(loan, 20_000, on=date(2025, 3, 20))
    repay(loan, 98_000, on=date(2025, 4, 1))
    assert Transfer.objects.filter(credit_account__loan=loan, credit_account__kind="LOAN_FINE").exists()
    position = loan_position(read_books(loan.group, date.max), loan)
    assert position.arrears_on(date(2025, 5, 1)).late > 0
    assert position.late_fine(date(2025, 5, 6)) is None
    repay(loan, 118_000, on=date(2025, 5, 6))
    assert [fine.owed_on for fine in Obligation.objects.filter(loan=loan)] == [date(2025, 3, 5)]
    assert fines_without_ground(loan) == []


def test_a_rupiah_less_than_what_was_asked_in_all_is_fined(late_loan):
    repay(late_loan, 20_000, on=date(2025, 3, 20))
    repay(late_loan, 97_999, on=date(2025, 4, 1))
    repay(late_loan, 118_001, on=date(2025, 5, 6))
    assert [fine.owed_on for fine in Obligation.objects.order_by("pk")] == [date(2025, 3, 5), date(2025, 5, 6)]


def test_a_meeting_fines_nobody_for_money_that_went_to_a_fine(late_loan):
    repay(late_loan, 20_000, on=date(2025, 3, 20))
    pay_at_meeting(late_loan, 98_000, held_on=date(2025, 4, 1))
    pay_at_meeting(late_loan, 118_000, held_on=date(2025, 5, 6))
    assert Obligation.objects.count() == 1


def test_a_payment_recorded_late_takes_the_ground_from_a_fine_with_what_it_paid_of_another(late_loan):
    """118,000 of 9 April were 98,000 late, for 20,000 were brought before; then 98,000 of 1 April turn up."""
    repay(late_loan, 20_000, on=date(2025, 3, 20))
    repay(late_loan, 118_000, on=date(2025, 4, 9))
    _first, second = Obligation.objects.order_by("pk")
    assert fines_without_ground(late_loan) == []
    pay_at_meeting(late_loan, 97_999, held_on=date(2025, 4, 1))
    assert fines_without_ground(late_loan) == []
    pay_at_meeting(late_loan, 1, held_on=date(2025, 3, 25))
    assert fines_without_ground(late_loan) == [second]


def test_a_fine_loses_its_ground_however_the_late_payment_was_divided(late_loan):
    """The fee that the late payment pays was paid by the later one, which is divided anew."""
    repay(late_loan, 118_000, on=date(2025, 5, 4))
    assert [fine.amount for fine in fines_without_ground(late_loan)] == []
    pay_at_meeting(late_loan, 123_000, held_on=date(2025, 4, 1))
    paid = Transfer.objects.filter(credit_account__loan=late_loan, entry__kind="MEETING")
    assert dict(paid.values_list("credit_account__kind", "amount")) == {
        "SERVICE_FEE": 18_000, "LOAN": 100_000, "LOAN_FINE": 5_000,
    }  # fmt: skip
    fines = Obligation.objects.filter(loan=late_loan).order_by("owed_on")
    assert [fine.owed_on for fine in fines] == [date(2025, 3, 5), date(2025, 5, 4)]
    assert fines_without_ground(late_loan) == [fines[1]]


def take_back(loan):
    return obligations.late_fines_take_back(actor=facilitator_of(loan.group), group=loan.group, loan=loan)


def pay_at_meeting(loan, amount=118_000, held_on=date(2025, 3, 4)):
    response = post_sheet(sign_in(loan.group), loan.group, held_on=held_on, **{f"l{loan.pk}_paid": str(amount)})
    assert response.status_code == 302


def test_a_meeting_recorded_late_takes_the_ground_from_a_later_fine(late_loan):
    assert fines_without_ground(late_loan) == []
    assert "Take the fines back" not in get(late_loan.group, "loan", late_loan.number).content.decode()
    pay_at_meeting(late_loan)
    assert [fine.amount for fine in fines_without_ground(late_loan)] == [5_000]
    assert "Take the fines back" in get(late_loan.group, "loan", late_loan.number).content.decode()
    minutes = get(late_loan.group, "meeting", 1).content.decode()
    assert "later fines for lateness have no ground any more" in minutes
    client = signed_in(facilitator_of(late_loan.group))
    page = url("loan-fines-take-back", args=[late_loan.group.code, late_loan.number])
    assert "Fines for lateness of Rp\xa05.000 are taken back." in client.post(page, follow=True).content.decode()
    assert open_fines(late_loan.group).of_loan(late_loan) == 0
    assert "No fine of this loan has lost its ground." in client.post(page, follow=True).content.decode()


def test_a_payment_recorded_late_that_was_too_small_leaves_the_fine(late_loan):
    pay_at_meeting(late_loan, 117_999)
    assert fines_without_ground(late_loan) == []
    assert "no ground any more" not in get(late_loan.group, "meeting", 1).content.decode()
    with pytest.raises(AlreadyDone):
        take_back(late_loan)
    assert open_fines(late_loan.group).of_loan(late_loan) == 5_000


def test_a_fine_without_ground_that_was_paid_is_undone_with_its_payment(late_loan):
    repay(late_loan, 123_000, on=date(2025, 4, 1))
    pay_at_meeting(late_loan)
    with pytest.raises(NotAllowed, match="was paid since; undo that payment first"):
        take_back(late_loan)


def test_a_waived_fine_needs_no_ground(late_loan):
    fine = Obligation.objects.get()
    obligations.fine_waive(
        actor=facilitator_of(late_loan.group), group=late_loan.group, fine=fine.pk, reason="sakit", on=date(2025, 3, 6),
        key=uuid.uuid4(),
    )  # fmt: skip
    pay_at_meeting(late_loan)
    assert fines_without_ground(late_loan) == []


def test_only_who_records_takes_fines_back(late_loan):
    pay_at_meeting(late_loan)
    with pytest.raises(PermissionDenied):
        obligations.late_fines_take_back(actor=make_user(), group=late_loan.group, loan=late_loan)
    other = make_group()
    with pytest.raises(NotAllowed):
        obligations.late_fines_take_back(actor=facilitator_of(other), group=other, loan=late_loan)
