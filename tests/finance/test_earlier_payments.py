"""A payment on a loan that is recorded after later ones: those are those after it are then worked out anew."""

import uuid
from datetime import date
from decimal import Decimal

import pytest
from django.urls import reverse as url

from finance import selectors, services
from finance.ledger.errors import AlreadyPosted, NotAllowed, PeriodClosed
from finance.ledger.fines import open_fines
from finance.ledger.verify import mismatches
from finance.models import Account, Entry, EntryKind, Obligation
from tests.factories import cover, facilitator_of, lend, make_group, make_member, repay, save
from tests.finance.pages import get, signed_in
from tests.meetings.pages import post_sheet, sign_in

DAY = date.resolution
FIRST, SECOND, THIRD = date(2025, 3, 4), date(2025, 4, 4), date(2025, 5, 4)


@pytest.fixture
def member(db):
    member = make_member(make_group(), "Siti Aminah")
    save(member, 9_000_000)
    yield member
    assert list(mismatches()) == []


def balance(loan, kind):
    return sum(account.balance for account in Account.objects.filter(loan=loan, kind=kind))


def card(loan):
    return selectors.loan_card(loan.group, loan.number, as_of=date(2026, 1, 1))


def standing(loan):
    """What was paid on each day and stands: fee, principal and fine."""
    return [
        (payment.entry.effective_on, payment.service_fee, payment.principal, payment.fine)
        for payment in card(loan).payments
        if payment.entry.reverses_id is None and not Entry.objects.filter(reverses=payment.entry).exists()
    ]


def pay(loan, amount, on, **how):
    return services.loan_repay(
        actor=facilitator_of(loan.group), group=loan.group, loan=loan, amount=amount, on=on,
        **{"key": uuid.uuid4(), **how},
    )  # fmt: skip


def test_later_payments_are_posted_again_as_if_this_one_had_come_first(member):
    late, in_order = lend(member, payoff_fee="WAIVED"), lend(member, payoff_fee="WAIVED")
    for loan, days in ((late, (SECOND, THIRD, FIRST)), (in_order, (FIRST, SECOND, THIRD))):
        amounts = {FIRST: 150_000, SECOND: 118_000, THIRD: 400_000}
        for on in days:
            pay(loan, amounts[on], on)
    assert standing(late) == standing(in_order)
    assert balance(late, "LOAN") == balance(in_order, "LOAN")
    assert Entry.objects.filter(kind=EntryKind.REVERSAL).count() == 2


def test_a_fine_that_lost_its_ground_is_taken_back(member):
    loan = lend(member, fine_late_instalment=5_000)
    pay(loan, 118_000, FIRST + 3 * DAY)
    assert open_fines(loan.group).of_loan(loan) == 5_000
    pay(loan, 118_000, FIRST)
    assert open_fines(loan.group).of_loan(loan) == 0
    assert Obligation.objects.get().cancelled_at is not None
    assert balance(loan, "LOAN") == 1_000_000


def test_a_fine_that_was_paid_meanwhile_goes_to_the_loan_instead(member):
    loan = lend(member, fine_late_instalment=5_000)
    pay(loan, 123_000, FIRST + 3 * DAY)
    assert balance(loan, "LOAN_FINE") == 5_000
    pay(loan, 118_000, FIRST)
    assert (balance(loan, "LOAN_FINE"), balance(loan, "SERVICE_FEE"), balance(loan, "LOAN")) == (0, 41_000, 1_000_000)


def test_a_fine_that_keeps_its_ground_stays(member):
    loan = lend(member, fine_late_instalment=5_000)
    pay(loan, 118_000, FIRST + 3 * DAY)
    pay(loan, 10_000, FIRST)
    assert Obligation.objects.get(cancelled_at__isnull=True).amount == 5_000
    # What is more than due now pays it.
    assert (open_fines(loan.group).of_loan(loan), balance(loan, "LOAN_FINE")) == (0, 5_000)


def test_a_waiver_and_what_was_too_much_stay_as_they_were(member):
    loan = lend(member, principal=100_000, periods=1, fine_late_instalment=5_000)
    pay(loan, 20_000, FIRST + DAY, waive_fine="sakit")
    pay(loan, 10_000, FIRST)
    assert open_fines(loan.group).of_loan(loan) == 0
    assert {line.memo for line in card(loan).payments[-1].entry.transfers.all()} == {"sakit"}
    assert [fee + principal for _day, fee, principal, _fine in standing(loan)] == [10_000, 20_000]


def test_money_spent_since_does_not_matter(member):
    loan = lend(member)
    pay(loan, 118_000, SECOND)
    cash = Account.objects.get(kind="CASH").balance
    services.savings_withdraw(
        actor=facilitator_of(loan.group), group=loan.group, member=member, amount=cash, on=SECOND, key=uuid.uuid4()
    )
    assert Account.objects.get(kind="CASH").balance == 0
    pay(loan, 50_000, FIRST)
    assert Account.objects.get(kind="CASH").balance == 50_000


def test_sent_twice_it_is_one(member):
    loan, key = lend(member), uuid.uuid4()
    pay(loan, 118_000, SECOND)
    pay(loan, 50_000, FIRST, key=key)
    with pytest.raises(AlreadyPosted):
        pay(loan, 50_000, FIRST, key=key)
    assert len(standing(loan)) == 2


def test_a_later_payment_that_would_be_too_much_stands_in_the_way(member):
    loan = lend(member, payoff_fee="WAIVED")
    pay(loan, 1_200_000, SECOND)
    before = Entry.objects.count()
    with pytest.raises(NotAllowed, match="too much"):
        pay(loan, 500_000, FIRST)
    assert Entry.objects.count() == before
    assert balance(loan, "LOAN") > 0


def at_meeting(loan, amount, on):
    post_sheet(sign_in(loan.group), loan.group, held_on=on, **{f"l{loan.pk}_paid": str(amount)})


def sums(loan):
    """What is paid as fee and as principal, and what of both is late on some days."""
    days = [FIRST + count * DAY for count in range(0, 200, 10)]
    card_on = [selectors.loan_card(loan.group, loan.number, as_of=day).row for day in days]
    return balance(loan, "SERVICE_FEE"), balance(loan, "LOAN"), [(row.outstanding, row.arrears.late) for row in card_on]


@pytest.mark.parametrize("payoff_fee", ["CHARGED", "WAIVED"])
def test_a_payment_before_one_at_a_meeting_divides_that_anew(member, payoff_fee):
    late, in_order = lend(member, payoff_fee=payoff_fee), lend(member, payoff_fee=payoff_fee)
    at_meeting(late, 130_000, SECOND)
    pay(late, 50_000, FIRST)
    pay(in_order, 50_000, FIRST)
    pay(in_order, 130_000, SECOND)
    assert sums(late) == sums(in_order)
    assert Entry.objects.filter(kind=EntryKind.REALLOCATION).exists()
    assert not Entry.objects.filter(kind=EntryKind.REVERSAL).exists()


def test_a_payment_before_what_others_covered_divides_that_anew(member):
    late, in_order, other = lend(member), lend(member), make_member(member.group)
    save(other, 900_000)
    cover(late, {other: 60_000}, on=SECOND)
    pay(late, 50_000, FIRST)
    pay(in_order, 50_000, FIRST)
    cover(in_order, {other: 60_000}, on=SECOND)
    assert sums(late) == sums(in_order)


def test_a_payment_before_one_at_a_meeting_is_fined_as_of_its_day(member):
    loan = lend(member, fine_late_instalment=5_000)
    at_meeting(loan, 118_000, SECOND)
    before = open_fines(loan.group).of_loan(loan)
    pay(loan, 10_000, FIRST)
    assert open_fines(loan.group).of_loan(loan) == before
    pay(loan, 10_000, FIRST + 3 * DAY)
    assert Obligation.objects.filter(owed_on=FIRST + 3 * DAY).count() == 1


def test_a_payment_before_a_loan_was_paid_off_at_a_meeting_says_what_stands_in_the_way(member):
    loan = lend(member, 300_000, 3)
    at_meeting(loan, 313_500, SECOND)
    with pytest.raises(NotAllowed, match="The loan was paid off on 4 April 2025"):
        pay(loan, 50_000, FIRST)


def test_no_more_than_the_loan_asks_for_comes_before_a_meeting(member):
    loan = lend(member)
    at_meeting(loan, 1_100_000, SECOND)
    before = Entry.objects.count()
    with pytest.raises(NotAllowed, match="is too much"):
        pay(loan, 316_001, FIRST)
    assert Entry.objects.count() == before


def test_a_loan_is_not_paid_off_before_a_payment_at_a_meeting(member):
    loan = lend(member)
    at_meeting(loan, 118_000, SECOND)
    with pytest.raises(NotAllowed, match="it was paid on 4 April 2025 as well"):
        services.loan_pay_off(actor=facilitator_of(loan.group), group=loan.group, loan=loan, on=FIRST, key=uuid.uuid4())


@pytest.mark.parametrize("record", [pay, at_meeting])
def test_the_last_payment_recorded_is_not_the_one_that_ends_a_loan_with_waived_fee(member, record):
    """600,000 over 6 months at 2 %: with each instalment paid in time the whole of the second is still asked for."""
    terms = {"principal": 600_000, "periods": 6, "rate": Decimal("0.02"), "payoff_fee": "WAIVED"}
    loan = lend(member, **terms)
    days = [line.due_on for line in loan.instalments.order_by("number")]
    for day in (days[0], *days[2:]):
        at_meeting(loan, 112_000, day)
    record(loan, 112_000, days[1])
    assert (balance(loan, "LOAN"), balance(loan, "SERVICE_FEE")) == (0, 72_000)


def test_a_payment_before_a_loan_was_paid_off_says_what_stands_in_the_way(member):
    loan = lend(member, 300_000, 3)
    pay(loan, 313_500, SECOND)
    with pytest.raises(NotAllowed, match="would be paid off before"):
        pay(loan, 50_000, FIRST)
    assert standing(loan) == [(SECOND, 13_500, 300_000, 0)]


def test_a_closed_period_stands_in_the_way(member):
    loan = lend(member)
    pay(loan, 118_000, SECOND)
    services.period_close(actor=facilitator_of(loan.group), group=loan.group, through=SECOND, key=uuid.uuid4())
    with pytest.raises(PeriodClosed):
        pay(loan, 50_000, FIRST)


def test_paying_off_on_an_earlier_day_stands_in_the_way_of_the_later_payment(member):
    loan = lend(member)
    pay(loan, 118_000, SECOND)
    with pytest.raises(NotAllowed, match="Undo that first"):
        services.loan_pay_off(actor=facilitator_of(loan.group), group=loan.group, loan=loan, on=FIRST, key=uuid.uuid4())


def test_the_page_says_what_was_changed(member):
    loan = lend(member, fine_late_instalment=5_000)
    repay(loan, 118_000, on=FIRST + 3 * DAY)
    page = url("loan-pay", args=[loan.group.code, loan.number])
    client = signed_in(facilitator_of(loan.group))
    assert "those after it are then worked out anew" in get(loan.group, "loan-pay", loan.number).content.decode()
    sent = {"key": str(uuid.uuid4()), "how": "amount", "amount": "118.000", "on": FIRST.isoformat(), "waive_fine": ""}
    said = client.post(page, sent, follow=True).content.decode()
    assert "1 later payment was undone and posted again." in said
    assert "lost their ground" in said
    early = client.post(page, {**sent, "key": str(uuid.uuid4()), "on": "2025-02-03"})
    assert "on" in early.context["form"].errors
