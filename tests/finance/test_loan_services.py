"""A loan through its life: fines for lateness, payoff, overpayment, rescheduling, writing off, recovery."""

import uuid
from datetime import date, timedelta
from decimal import Decimal

import pytest

from finance import selectors, services
from finance.ledger.errors import AlreadyPosted, NotAllowed, RuleBroken
from finance.ledger.fines import open_fines
from finance.ledger.verify import mismatches
from finance.models import Account, Entry, EntryKind, Loan, Obligation
from tests.factories import cover, facilitator_of, lend, make_group, make_member, reverse, save

pytestmark = pytest.mark.django_db

DAY = date.resolution
FIRST_DUE = date(2025, 3, 4)
SECOND_DUE = date(2025, 4, 4)


@pytest.fixture
def member():
    member = make_member(make_group(), "Siti Aminah")
    save(member, 9_000_000)
    return member


@pytest.fixture(autouse=True)
def books_are_sound(db):
    yield
    assert list(mismatches()) == []


def balance(loan, kind):
    return sum(a.balance for a in Account.objects.filter(loan=loan, kind=kind))


def fines(loan):
    """What is owed of fines on a loan, and what was paid and so is income."""
    return open_fines(loan.group).of_loan(loan), balance(loan, "LOAN_FINE")


def of_group(group, kind):
    return sum(a.balance for a in Account.objects.filter(group=group, kind=kind))


def do(service, loan, **arguments):
    return service(
        actor=facilitator_of(loan.group),
        group=loan.group,
        **({} if "member" in arguments else {"loan": Loan.objects.get(pk=loan.pk)}),
        **{"key": uuid.uuid4(), **arguments},
    )


def pay(loan, amount, on=FIRST_DUE, **how):
    return do(services.loan_repay, loan, amount=amount, on=on, **how)


# Fines for late instalments


def test_a_payment_in_time_brings_no_fine(member):
    loan = lend(member, fine_late_instalment=5_000)
    pay(loan, 118_000, on=FIRST_DUE)
    assert (balance(loan, "LOAN_FINE"), balance(loan, "LOAN")) == (0, 1_100_000)


def test_a_late_instalment_is_fined_once_and_the_fine_comes_after_what_is_due(member):
    loan = lend(member, fine_late_instalment=5_000)
    entry = pay(loan, 118_000, on=FIRST_DUE + DAY)
    assert (fines(loan), balance(loan, "LOAN")) == ((5_000, 0), 1_100_000)
    assert Obligation.objects.get(entry=entry, loan=loan).memo == "Late: instalment 1"
    pay(loan, 5_000, on=FIRST_DUE + 2 * DAY)
    assert (fines(loan), balance(loan, "LOAN")) == ((0, 5_000), 1_100_000)


def test_a_fine_that_goes_first(member):
    loan = lend(member, fine_late_instalment=5_000, fine_first=True)
    pay(loan, 118_000, on=FIRST_DUE + DAY)
    assert (fines(loan), balance(loan, "SERVICE_FEE"), balance(loan, "LOAN")) == ((0, 5_000), 18_000, 1_105_000)


def test_instalments_missed_together_are_fined_each(member):
    loan = lend(member, fine_late_instalment=5_000)
    pay(loan, 10_000, on=date(2025, 5, 7))
    assert fines(loan) == (15_000, 0)
    pay(loan, 10_000, on=date(2025, 6, 4))
    assert fines(loan) == (15_000, 0)


def test_a_fine_is_waived_with_a_reason(member):
    loan = lend(member, fine_late_instalment=5_000)
    entry = pay(loan, 118_000, on=FIRST_DUE + DAY, waive_fine="panen gagal")
    assert fines(loan) == (0, 0)
    assert set(entry.transfers.values_list("memo", flat=True)) == {"panen gagal"}
    pay(loan, 10_000, on=SECOND_DUE)
    assert fines(loan) == (0, 0)


def test_a_reason_without_a_fine_is_not_kept(member):
    loan = lend(member, fine_late_instalment=5_000)
    entry = pay(loan, 118_000, on=FIRST_DUE, waive_fine="panen gagal")
    assert set(entry.transfers.values_list("memo", flat=True)) == {""}


def test_a_payment_taken_back_takes_its_fine_along_and_the_next_one_charges_it(member):
    loan = lend(member, fine_late_instalment=5_000)
    reverse(pay(loan, 118_000, on=FIRST_DUE + DAY))
    assert fines(loan) == (0, 0)
    pay(loan, 118_000, on=FIRST_DUE + 3 * DAY)
    assert fines(loan) == (5_000, 0)


def test_terms_without_a_fine_never_charge_one(member):
    loan = lend(member)
    pay(loan, 118_000, on=date(2025, 9, 9))
    assert not Account.objects.filter(kind="LOAN_FINE").exists()
    assert not Obligation.objects.exists()


def test_a_loan_is_not_paid_off_before_its_fine(member):
    loan = lend(member, principal=100_000, periods=1, fine_late_instalment=5_000)
    pay(loan, 102_000, on=FIRST_DUE + DAY)
    assert (fines(loan), balance(loan, "LOAN")) == ((0, 5_000), 4_500)
    pay(loan, 4_500, on=FIRST_DUE + DAY)
    assert balance(loan, "LOAN") == 0


def test_a_fine_that_was_paid_since_is_not_taken_back_and_one_brought_back_stays_owed(member):
    loan = lend(member, principal=100_000, periods=2, fine_late_instalment=5_000, fine_first=True)
    first = pay(loan, 1_000, on=FIRST_DUE + DAY)
    second = pay(loan, 4_000, on=FIRST_DUE + DAY)
    do(services.loan_pay_off, loan, on=FIRST_DUE + DAY)
    with pytest.raises(NotAllowed, match="The fine of Siti Aminah was paid since"):
        reverse(first)
    reverse(second)
    assert (fines(loan), balance(loan, "LOAN")) == ((4_000, 1_000), 0)


def test_a_fee_is_not_taken_back_from_a_loan_that_is_paid_off(member):
    loan = lend(member)
    fee, rest = pay(loan, 18_000), do(services.loan_pay_off, loan, on=SECOND_DUE)
    with pytest.raises(NotAllowed, match="Loan 1 has come to its end since"):
        reverse(fee)
    assert balance(loan, "SERVICE_FEE") == 12 * 18_000
    reverse(rest)
    reverse(fee)
    assert (balance(loan, "SERVICE_FEE"), balance(loan, "LOAN")) == (0, 1_200_000)


def test_a_fee_is_taken_back_from_a_running_loan(member):
    loan = lend(member)
    reverse(pay(loan, 18_000))
    assert balance(loan, "SERVICE_FEE") == 0


@pytest.mark.parametrize("end", ["reschedule", "write_off"])
def test_a_fee_is_not_taken_back_from_a_loan_that_ended(member, end):
    loan = lend(member)
    fee = pay(loan, 18_000)
    {"reschedule": reschedule, "write_off": write_off}[end](loan)
    with pytest.raises(NotAllowed, match="come to its end since"):
        reverse(fee)


# Payoff and overpayment


def test_paying_off_early_with_the_fee_of_the_remaining_months_charged(member):
    loan = lend(member)
    pay(loan, 118_000)
    do(services.loan_pay_off, loan, on=SECOND_DUE)
    assert (balance(loan, "SERVICE_FEE"), balance(loan, "LOAN")) == (12 * 18_000, 0)


def test_paying_off_early_with_the_fee_of_the_remaining_months_waived(member):
    loan = lend(member, payoff_fee="WAIVED")
    pay(loan, 118_000)
    entry = do(services.loan_pay_off, loan, on=SECOND_DUE)
    assert sum(entry.transfers.values_list("amount", flat=True)) == 18_000 + 1_100_000
    assert (balance(loan, "SERVICE_FEE"), balance(loan, "LOAN")) == (36_000, 0)


def test_the_payoff_amount_paid_as_an_amount_pays_off_too(member):
    loan = lend(member, payoff_fee="WAIVED")
    pay(loan, 1_218_000)
    assert balance(loan, "LOAN") == 0


def test_who_pays_more_at_first_pays_no_more_in_all_where_the_fee_to_come_is_waived(member):
    terms = {"principal": 600_000, "periods": 6, "rate": Decimal("0.02"), "payoff_fee": "WAIVED"}
    slow, quick = (lend(member, **terms) for _ in range(2))
    pay(slow, 112_000)
    pay(quick, 412_000)
    assert (balance(quick, "SERVICE_FEE"), balance(quick, "LOAN")) == (48_000, 236_000)
    with pytest.raises(NotAllowed, match=r"paid off with Rp\s212\.000"):
        pay(quick, 212_001, on=SECOND_DUE)
    before = of_group(member.group, "CASH")
    last = do(services.loan_pay_off, quick, on=SECOND_DUE)
    assert of_group(member.group, "CASH") - before == 212_000
    do(services.loan_pay_off, slow, on=SECOND_DUE)
    assert of_group(member.group, "CASH") - before == 212_000 + 512_000
    for loan in (slow, quick):
        assert (balance(loan, "SERVICE_FEE"), balance(loan, "LOAN")) == (24_000, 0)
        card = selectors.loan_card(loan.group, loan.number, as_of=SECOND_DUE)
        assert sum(payment.total for payment in card.payments) == 624_000
        assert (card.row.fee_paid, card.row.principal_paid) == (24_000, 600_000)
        assert sum(payment.service_fee for payment in card.payments) == 24_000
    reverse(last)
    assert (balance(quick, "SERVICE_FEE"), balance(quick, "LOAN")) == (48_000, 236_000)


def test_fee_paid_ahead_counts_at_leaving_too(member):
    loan = lend(member, principal=600_000, periods=6, rate=Decimal("0.02"), payoff_fee="WAIVED")
    pay(loan, 412_000)
    leaving = selectors.money_at_leaving(member, as_of=SECOND_DUE)
    assert (leaving.payoffs[0].total, leaving.owed) == (212_000, 212_000)
    before = of_group(member.group, "SUKARELA")
    member.left_on = SECOND_DUE
    member.save()
    services.member_settle(
        actor=facilitator_of(member.group), group=member.group, member=member, on=SECOND_DUE, key=uuid.uuid4()
    )
    assert (balance(loan, "SERVICE_FEE"), balance(loan, "LOAN"), of_group(member.group, "SUKARELA")) == (24_000, 0, 0)
    assert before == leaving.payout + 212_000


# Payment on the principal alone


def test_a_payment_on_the_principal_alone_leaves_the_fee_due(member):
    loan = lend(member, principal_alone=True)
    pay(loan, 300_000, principal_alone=True)
    assert (balance(loan, "SERVICE_FEE"), balance(loan, "LOAN")) == (0, 900_000)
    card = selectors.loan_card(loan.group, loan.number, as_of=FIRST_DUE + DAY)
    assert (card.row.arrears.late_fee, card.row.arrears.late_principal) == (18_000, 0)


def test_no_payment_goes_to_the_principal_alone_where_the_terms_do_not_allow_it(member):
    loan = lend(member)
    with pytest.raises(NotAllowed, match="By the terms of this loan"):
        pay(loan, 300_000, principal_alone=True)
    assert balance(loan, "LOAN") == 1_200_000


def test_the_last_principal_is_not_paid_alone(member):
    loan = lend(member, principal_alone=True)
    with pytest.raises(NotAllowed, match="pay it off"):
        pay(loan, 1_200_000, principal_alone=True)
    pay(loan, 1_199_999, principal_alone=True)
    do(services.loan_pay_off, loan, on=FIRST_DUE)
    assert (balance(loan, "SERVICE_FEE"), balance(loan, "LOAN")) == (12 * 18_000, 0)


def test_a_payoff_brings_the_fine_unless_it_is_waived(member):
    fined, spared = (lend(member, fine_late_instalment=5_000, payoff_fee="WAIVED") for _ in range(2))
    do(services.loan_pay_off, fined, on=FIRST_DUE + DAY)
    do(services.loan_pay_off, spared, on=FIRST_DUE + DAY, waive_fine="sakit")
    assert [fines(loan) for loan in (fined, spared)] == [(0, 5_000), (0, 0)]


def test_an_overpayment_is_refused_with_what_is_enough(member):
    loan = lend(member)
    with pytest.raises(NotAllowed, match=r"paid off with Rp\s1\.416\.000; Rp\s84\.000 is too much"):
        pay(loan, 1_500_000)
    assert balance(loan, "LOAN") == 1_200_000


def test_an_overpayment_goes_to_voluntary_savings_by_choice(member):
    loan = lend(member)
    before = of_group(member.group, "SUKARELA")
    pay(loan, 1_500_000, rest_to_savings=True)
    assert (balance(loan, "LOAN"), of_group(member.group, "SUKARELA") - before) == (0, 84_000)


def test_the_choice_changes_nothing_for_a_payment_that_is_not_too_much(member):
    loan = lend(member)
    before = of_group(member.group, "SUKARELA")
    pay(loan, 118_000, rest_to_savings=True)
    assert of_group(member.group, "SUKARELA") == before


def test_what_is_too_much_is_not_saved_for_somebody_who_left(member):
    loan = lend(member)
    member.left_on = SECOND_DUE
    member.save()
    with pytest.raises(NotAllowed, match="left the group"):
        pay(loan, 1_500_000, on=SECOND_DUE + timedelta(1), rest_to_savings=True)


@pytest.mark.parametrize("amount", [0, -5])
def test_a_payment_is_more_than_zero(member, amount):
    with pytest.raises(NotAllowed, match="more than zero"):
        pay(lend(member), amount)


@pytest.mark.parametrize("step", [services.loan_repay, services.loan_pay_off])
def test_nothing_is_paid_before_the_loan_was_paid_out(member, step):
    loan = lend(member)
    how = {"amount": 118_000} if step is services.loan_repay else {}
    with pytest.raises(RuleBroken, match="Loan 1 was paid out on 4 February 2025, after this day") as refused:
        do(step, loan, on=date(2025, 2, 3), **how)
    assert refused.value.field == "on"
    do(step, loan, on=date(2025, 2, 4), **how)


def test_a_payoff_sent_twice_is_one(member):
    loan, key = lend(member), uuid.uuid4()
    do(services.loan_pay_off, loan, on=FIRST_DUE, key=key)
    with pytest.raises(AlreadyPosted):
        do(services.loan_pay_off, loan, on=FIRST_DUE, key=key)


def test_a_closed_loan_takes_no_step(member):
    loan = lend(member)
    do(services.loan_pay_off, loan, on=FIRST_DUE)
    for step in (
        lambda: pay(loan, 1),
        lambda: do(services.loan_pay_off, loan, on=FIRST_DUE),
        lambda: reschedule(loan),
        lambda: write_off(loan),
    ):
        with pytest.raises(NotAllowed, match="closed"):
            step()


# Rescheduling


def reschedule(loan, on=date(2025, 5, 6), *, add_fee=False, first_due=date(2025, 6, 4), **fields):
    schedule = services.NewSchedule(periods=6, rate=Decimal("0.01"), first_due=first_due)
    return do(
        services.loan_reschedule,
        loan,
        **{"schedule": schedule, "add_fee": add_fee, "reason": "panen gagal", "on": on, **fields},
    )


def test_a_rescheduled_loan_is_a_new_one_and_the_old_terms_stay(member):
    loan = lend(member)
    pay(loan, 118_000)
    cash = of_group(member.group, "CASH")
    new = reschedule(loan)
    loan.refresh_from_db()
    assert (loan.ended_as, loan.ended_on, loan.unpaid_principal) == ("RESCHEDULED", date(2025, 5, 6), 1_100_000)
    assert (loan.principal, loan.periods, loan.rate) == (1_200_000, 12, Decimal("0.015"))
    assert (new.replaces, new.principal, new.periods, new.rate) == (loan, 1_100_000, 6, Decimal("0.01"))
    assert (balance(loan, "LOAN"), balance(new, "LOAN"), of_group(member.group, "CASH")) == (0, 1_100_000, cash)
    assert Entry.objects.get(kind=EntryKind.RESCHEDULE).memo == "panen gagal"


def test_the_fee_due_is_added_or_let_go(member):
    added, let_go = lend(member), lend(member)
    assert reschedule(added, add_fee=True).principal == 1_200_000 + 3 * 18_000
    assert reschedule(let_go).principal == 1_200_000
    assert (balance(added, "SERVICE_FEE"), balance(let_go, "SERVICE_FEE")) == (54_000, 0)


def test_fee_paid_ahead_counts_as_principal_when_the_loan_is_rescheduled(member):
    loan = lend(member)
    pay(loan, 3 * 118_000 + 18_000)  # three instalments and the fee of the fourth; two are due on 4 April
    new = reschedule(loan, on=SECOND_DUE, add_fee=True)
    loan.refresh_from_db()
    assert new.principal == loan.unpaid_principal == 1_200_000 - 300_000 - 2 * 18_000
    assert (balance(loan, "SERVICE_FEE"), balance(loan, "LOAN"), balance(new, "LOAN")) == (36_000, 0, new.principal)
    assert list(mismatches()) == []
    reverse(Entry.objects.get(kind=EntryKind.RESCHEDULE))
    assert (balance(loan, "SERVICE_FEE"), balance(loan, "LOAN")) == (72_000, 900_000)


def test_a_loan_that_the_fee_paid_ahead_covers_is_not_rescheduled(member):
    loan = lend(member, principal=100_000, periods=2, rate=Decimal("0.4"), first_due=date(2025, 6, 4))
    pay(loan, 175_000)  # both fees, and 95.000 of the principal
    with pytest.raises(NotAllowed, match="nothing is left to reschedule"):
        reschedule(loan)


def test_fines_not_paid_stay_owed_by_the_member(member):
    loan = lend(member, fine_late_instalment=5_000)
    pay(loan, 118_000, on=FIRST_DUE + DAY)
    new = reschedule(loan)
    assert (fines(loan), fines(new)) == ((5_000, 0), (0, 0))
    do(services.fine_pay, loan, member=member, amount=5_000, reason="denda lama", on=date(2025, 6, 4))
    assert fines(loan) == (0, 0)
    assert of_group(loan.group, "FINE") == 5_000


def test_the_terms_besides_the_schedule_stay(member):
    loan = lend(member, fine_late_instalment=5_000, fine_first=True, payoff_fee="WAIVED", method="declining")
    new = reschedule(loan)
    for term in ("fine_late_instalment", "fine_first", "payoff_fee", "method", "every", "round_up_to"):
        assert getattr(new, term) == getattr(loan, term)


def test_a_reschedule_undone_sets_the_old_loan_running(member):
    loan = lend(member)
    new = reschedule(loan)
    reverse(Entry.objects.get(kind=EntryKind.RESCHEDULE))
    loan.refresh_from_db()
    new.refresh_from_db()
    assert (loan.ended_as, loan.ended_on, loan.unpaid_principal) == ("", None, 0)
    assert new.cancelled_at is not None
    assert balance(loan, "LOAN") == 1_200_000
    reschedule(loan)


def test_a_reschedule_is_not_undone_after_payments_on_the_new_loan(member):
    new = reschedule(lend(member))
    pay(new, 10_000, on=date(2025, 6, 4))
    with pytest.raises(NotAllowed, match="reverse them first"):
        reverse(Entry.objects.get(kind=EntryKind.RESCHEDULE))


def test_a_payment_is_not_taken_back_from_a_loan_rescheduled_since(member):
    loan = lend(member)
    entry = pay(loan, 118_000)
    reschedule(loan)
    with pytest.raises(NotAllowed, match="rescheduled or written off since"):
        reverse(entry)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [({"first_due": date(2025, 5, 6)}, "is due after"), ({"on": date(2025, 3, 3)}, "last paid on or paid out on")],
)
def test_days_that_do_not_follow_are_refused(member, wrong, message):
    loan = lend(member)
    pay(loan, 118_000)
    with pytest.raises(NotAllowed, match=message):
        reschedule(loan, **wrong)
    assert Loan.objects.count() == 1


@pytest.mark.parametrize(("every", "longest"), [("month", 24), ("fortnight", 52), ("week", 104)])
def test_a_loan_is_not_rescheduled_for_longer_than_the_rules_allow(member, every, longest):
    def over(periods):
        return services.NewSchedule(periods=periods, rate=Decimal("0.01"), first_due=date(2025, 6, 4))

    loan = lend(member, every=every)
    with pytest.raises(RuleBroken, match="at most 24 months") as refused:
        reschedule(loan, schedule=over(longest + 1))
    assert refused.value.field == "periods"
    assert reschedule(loan, schedule=over(longest)).periods == longest


def test_a_reschedule_sent_twice_is_one(member):
    loan, key = lend(member), uuid.uuid4()
    reschedule(loan, key=key)
    with pytest.raises(AlreadyPosted):
        reschedule(loan, key=key)
    assert Loan.objects.count() == 2


@pytest.mark.parametrize("end", ["reschedule", "write_off"])
def test_a_loan_does_not_end_before_others_covered_it(member, end):
    other = make_member(member.group)
    save(other, 1_000_000)
    loan = lend(member)
    cover(loan, {other: 118_000}, on=date(2025, 3, 20))
    with pytest.raises(RuleBroken, match="last paid on"):
        {"reschedule": reschedule, "write_off": write_off}[end](loan, on=date(2025, 3, 19))
    {"reschedule": reschedule, "write_off": write_off}[end](loan, on=date(2025, 3, 20))


# Writing off and recovering


def write_off(loan, on=date(2025, 5, 6), **fields):
    return do(services.loan_write_off, loan, **{"reason": "pindah tanpa kabar", "on": on, **fields})


def recover(loan, amount, on=date(2025, 7, 1), **fields):
    return do(services.loan_recover, loan, **{"amount": amount, "on": on, **fields})


def test_a_loan_written_off_is_a_loss(member):
    loan = lend(member, fine_late_instalment=5_000)
    pay(loan, 118_000, on=FIRST_DUE + DAY)
    entry = write_off(loan)
    loan.refresh_from_db()
    assert (loan.ended_as, loan.unpaid_principal) == ("WRITTEN_OFF", 1_100_000)
    assert (entry.memo, entry.recorded_by) == ("pindah tanpa kabar", facilitator_of(loan.group))
    assert of_group(loan.group, "LOAN_LOSS") == 1_100_000
    assert entry.transfers.get().member == member
    assert (balance(loan, "LOAN"), fines(loan)) == (0, (5_000, 0))


def test_money_that_comes_in_later_is_recovered_up_to_what_was_written_off(member):
    loan = lend(member)
    write_off(loan)
    recover(loan, 700_000)
    with pytest.raises(NotAllowed, match=r"Only Rp\s500\.000"):
        recover(loan, 500_001)
    recover(loan, 500_000)
    assert balance(loan, "RECOVERY") == 1_200_000
    with pytest.raises(NotAllowed):
        recover(loan, 1)


def test_only_a_loan_written_off_is_recovered(member):
    running, rescheduled = lend(member), lend(member)
    reschedule(rescheduled)
    for loan in (running, rescheduled):
        with pytest.raises(NotAllowed, match="not written off"):
            recover(loan, 1)


def test_nothing_is_recovered_before_the_loan_was_written_off(member):
    loan = lend(member)
    write_off(loan)
    with pytest.raises(NotAllowed, match="written off on 6 May 2025"):
        recover(loan, 1, on=date(2025, 5, 5))


def test_a_write_off_undone_sets_the_loan_running(member):
    loan = lend(member)
    reverse(write_off(loan))
    pay(loan, 118_000, on=date(2025, 6, 1))
    assert (of_group(loan.group, "LOAN_LOSS"), balance(loan, "LOAN")) == (0, 1_136_000)


def test_a_write_off_is_not_undone_after_something_was_recovered(member):
    loan = lend(member)
    entry = write_off(loan)
    recovered = recover(loan, 10)
    with pytest.raises(NotAllowed, match="recovered"):
        reverse(entry)
    reverse(recovered)
    reverse(entry)


def test_a_write_off_before_the_last_payment_is_refused(member):
    loan = lend(member)
    pay(loan, 118_000)
    with pytest.raises(NotAllowed, match="4 March 2025"):
        write_off(loan, on=FIRST_DUE - DAY)


def test_steps_on_a_loan_of_another_group_are_refused(member):
    loan = lend(member)
    group = make_group(facilitator_of(loan.group))
    with pytest.raises(NotAllowed, match="another group"):
        services.loan_write_off(
            actor=facilitator_of(group), group=group, loan=loan, reason="x", on=date(2025, 5, 6), key=uuid.uuid4()
        )


# Fines by day and per cent


def test_a_fine_by_day_counts_each_day_once(member):
    loan = lend(member, fine_late_by="DAY", fine_late_instalment=500)
    pay(loan, 10_000, on=FIRST_DUE + 10 * DAY)
    assert fines(loan) == (5_000, 0)
    pay(loan, 10_000, on=FIRST_DUE + 14 * DAY)
    assert fines(loan) == (7_000, 0)
    pay(loan, 98_000, on=FIRST_DUE + 14 * DAY)
    assert fines(loan) == (7_000, 0)
    pay(loan, 125_000, on=SECOND_DUE)
    assert fines(loan) == (0, 7_000)


def test_a_fine_by_day_counts_each_instalment_whose_time_is_over(member):
    loan = lend(member, fine_late_by="DAY", fine_late_instalment=100)
    # Those due on 4 April and 4 May are in time up to the first Tuesday of May, the 6th.
    pay(loan, 1_000, on=SECOND_DUE + 2 * DAY)
    assert fines(loan) == (100 * 33, 0)
    pay(loan, 1_000, on=date(2025, 5, 8))
    assert fines(loan) == (100 * (33 + 32 + 2 + 2), 0)


@pytest.mark.parametrize(("percent", "fine"), [("2.5", 2_950), ("0.01", 12), ("0", 0)])
def test_a_fine_per_cent_of_the_instalment(member, percent, fine):
    loan = lend(member, fine_late_by="PERCENT", fine_late_percent=Decimal(percent))
    pay(loan, 10_000, on=FIRST_DUE + 10 * DAY)
    assert fines(loan) == (fine, 0)
    pay(loan, 10_000, on=FIRST_DUE + 14 * DAY)
    assert fines(loan) == (fine, 0)


def test_nobody_is_fined_on_the_due_day_whatever_the_kind(member):
    for terms in ({"fine_late_by": "DAY", "fine_late_instalment": 500},
                  {"fine_late_by": "PERCENT", "fine_late_percent": Decimal(5)}):  # fmt: skip
        loan = lend(member, principal=100_000, **terms)
        pay(loan, 1_000, on=FIRST_DUE)
        assert fines(loan) == (0, 0)
