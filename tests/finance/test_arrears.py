"""What is late, as of any day: the SQL for many loans says what the schedule of each loan says."""

import uuid
from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from finance import selectors, services
from finance.performance import Collectability
from finance.rules.lines import OtherMoney
from groups.models import Group
from tests.factories import facilitator_of, lend, make_group, make_members, other, repay, reverse, save

pytestmark = pytest.mark.django_db


def of(group):
    return Group.objects.filter(pk=group.pk)


def rich_group(members=3, **fields):
    group = make_group(**fields)
    for member in make_members(group, members):
        save(member, 5_000_000)
    return group


def write_off(loan, on):
    services.loan_write_off(
        actor=facilitator_of(loan.group), group=loan.group, loan=loan, reason="pindah", on=on, key=uuid.uuid4()
    )


def test_a_loan_on_time_is_current():
    group = rich_group()
    lend(group.members.all()[0])
    (loan,) = selectors.loan_arrears(of(group), as_of=date(2025, 3, 4))
    assert (loan.days_late, loan.instalments_late, loan.late, loan.collectability) == (0, 0, 0, Collectability.LANCAR)
    assert loan.balance == 1_200_000


def test_an_instalment_is_late_from_the_day_after():
    group = rich_group()
    lend(group.members.all()[0])
    (loan,) = selectors.loan_arrears(of(group), as_of=date(2025, 3, 5))
    assert (loan.days_late, loan.instalments_late, loan.late) == (1, 1, 118_000)
    assert loan.collectability == Collectability.PERHATIAN


def test_before_the_opening_balances_the_books_know_no_loan():
    group = make_group()
    terms = services.LoanTerms(
        member=make_members(group, 1)[0], principal=1_200_000, periods=12, rate=Decimal("0.015"), method="flat",
        round_up_to=1000, disbursed_on=date(2025, 2, 4), first_due=date(2025, 3, 4),
    )  # fmt: skip
    brought = services.OpeningLoan(terms=terms, principal_paid=100_000, fee_paid=18_000)
    opening = services.Opening(on=date(2025, 5, 31), capital=1_100_000, loans=(brought,))
    services.opening_record(actor=facilitator_of(group), group=group, opening=opening, key=uuid.uuid4())
    before, after = (selectors.performance(of(group), as_of=date(2025, 5, day)) for day in (30, 31))
    assert (before.loans, before.due, before.repayment_rate) == (0, 0, None)
    assert (after.loans, after.due, after.paid) == (1, 354_000, 118_000)


def test_what_is_paid_counts_on_its_own_day_only():
    group = rich_group()
    loan = lend(group.members.all()[0])
    repay(loan, 136_000, on=date(2025, 4, 20))  # two fees, then the first principal
    (before,) = selectors.loan_arrears(of(group), as_of=date(2025, 4, 19))
    (after,) = selectors.loan_arrears(of(group), as_of=date(2025, 4, 20))
    assert (before.instalments_late, before.late_since) == (2, date(2025, 3, 4))
    assert (after.instalments_late, after.late_since, after.balance) == (1, date(2025, 4, 4), 1_100_000)


def test_a_part_payment_leaves_the_instalment_late():
    group = rich_group()
    repay(lend(group.members.all()[0]), 20_000, on=date(2025, 3, 4))
    (loan,) = selectors.loan_arrears(of(group), as_of=date(2025, 3, 10))
    assert (loan.instalments_late, loan.late_principal, loan.late_fee) == (1, 98_000, 0)


def test_a_loan_paid_off_or_cancelled_is_not_there():
    group = rich_group()
    first, second, _third = group.members.all()
    repay(lend(first, principal=100_000, periods=1, round_up_to=1), 101_500)
    reverse(lend(second).accounts.get(kind="LOAN").debits.get().entry)
    assert selectors.loan_arrears(of(group), as_of=date(2025, 12, 31)) == []


def test_a_loan_does_not_exist_before_it_is_paid_out():
    group = rich_group()
    lend(group.members.all()[0])
    assert selectors.loan_arrears(of(group), as_of=date(2025, 2, 3)) == []


def test_no_groups_no_loans():
    lend(rich_group().members.all()[0])
    assert selectors.loan_arrears(Group.objects.none(), as_of=date(2025, 12, 31)) == []
    assert selectors.performance(Group.objects.none(), as_of=date(2025, 12, 31)).loans == 0


@pytest.mark.parametrize("on", [date(2025, 3, 4), date(2025, 5, 20), date(2025, 11, 30), date(2026, 8, 1)])
def test_it_agrees_with_the_loan_book(on):
    """Two ways to the same figures: Python over each schedule, and SQL over all of them."""
    group = rich_group(4)
    for number, member in enumerate(group.members.all()):
        method = ("flat", "declining")[number % 2]
        loan = lend(member, principal=700_000 + 37 * number, periods=3 + 3 * number, method=method)
        repay(loan, 130_000 * (number + 1), on=date(2025, 4, 4 + number))
    book = {row.loan.number: row for row in selectors.loan_rows(selectors.loans_on(group, as_of=on), as_of=on)}
    found = selectors.loan_arrears(of(group), as_of=on)
    assert {loan.number for loan in found} == {number for number, row in book.items() if row.is_running}
    for loan in found:
        row = book[loan.number]
        assert (loan.balance, loan.late, loan.days_late, loan.late_since) == (
            row.outstanding, row.arrears.late, row.arrears.days_late, row.arrears.late_since,
        )  # fmt: skip
    figures = selectors.performance(of(group), as_of=on)
    assert (figures.balance, figures.late) == (sum(x.balance for x in found), sum(x.late for x in found))
    assert figures.loans_late == sum(1 for x in found if x.late)
    levels = [sum(loan.collectability == level for loan in found) for level in Collectability]
    assert [part.loans for part in figures.by_collectability()] == levels


def test_a_borrower_of_two_loans_counts_once_with_the_worst():
    group = rich_group()
    member = group.members.all()[0]
    lend(member)
    lend(member, first_due=date(2025, 8, 4))
    figures = selectors.performance(of(group), as_of=date(2025, 8, 1))
    assert (figures.loans, figures.borrowers) == (2, 1)
    assert figures.lar == 1
    assert figures.upk_par == Fraction(1, 2)
    assert figures.par_30 == Fraction(1, 2)


def test_repayment_rate_is_paid_of_due():
    group = rich_group()
    repay(lend(group.members.all()[0]), 118_000)
    assert selectors.performance(of(group), as_of=date(2025, 3, 5)).repayment_rate == 1
    assert selectors.performance(of(group), as_of=date(2025, 5, 6)).repayment_rate == 1  # the meeting is that day
    assert selectors.performance(of(group), as_of=date(2025, 5, 7)).repayment_rate == Fraction(1, 3)


def test_what_falls_due_on_the_day_does_not_count_in_the_repayment_rate_yet():
    group = rich_group()
    repay(lend(group.members.all()[0]), 118_000)
    assert selectors.performance(of(group), as_of=date(2025, 3, 4)).repayment_rate is None
    assert selectors.performance(of(group), as_of=date(2025, 4, 4)).repayment_rate == 1


def test_what_is_written_off_stays_due_and_is_not_paid():
    group = rich_group()
    loan = lend(group.members.all()[0])
    repay(loan, 118_000)
    write_off(loan, date(2025, 5, 10))
    assert selectors.performance(of(group), as_of=date(2025, 5, 9)).repayment_rate == Fraction(1, 3)
    figures = selectors.performance(of(group), as_of=date(2025, 5, 10))
    assert (figures.loans, figures.repayment_rate) == (0, Fraction(1, 3))
    assert selectors.performance(of(group), as_of=date(2025, 7, 2)).repayment_rate == Fraction(1, 4)


def test_a_rescheduled_loan_is_due_until_that_day_only():
    group = rich_group()
    loan = lend(group.members.all()[0])
    services.loan_reschedule(
        actor=facilitator_of(group),
        group=group,
        loan=loan,
        schedule=services.NewSchedule(periods=12, rate=Decimal(0), first_due=date(2025, 6, 4)),
        add_fee=False,
        reason="panen gagal",
        on=date(2025, 5, 10),
        key=uuid.uuid4(),
    )
    before, after = (selectors.performance(of(group), as_of=date(2025, 5, day)) for day in (9, 20))
    assert (before.loans, before.loans_late, before.due, before.paid) == (1, 1, 354_000, 0)
    # From the day on what moved is asked for by the new loan alone.
    assert (after.loans, after.loans_late, after.due, after.paid) == (1, 0, 0, 0)


def test_a_fee_waived_on_early_payoff_is_not_due():
    group = rich_group(rules={"payoff_fee": "WAIVED"})
    loan = lend(group.members.all()[0], payoff_fee="WAIVED")
    services.loan_pay_off(actor=facilitator_of(group), group=group, loan=loan, on=date(2025, 3, 4), key=uuid.uuid4())
    assert selectors.performance(of(group), as_of=date(2026, 3, 4)).repayment_rate == 1


def test_money_of_the_year():
    group = rich_group()
    other(group, OtherMoney.GRANT, 1_000_000, on=date(2025, 2, 1))
    other(group, OtherMoney.INCOME, 300_000, on=date(2025, 12, 30))
    other(group, OtherMoney.INCOME, 150_000, on=date(2026, 1, 2))
    other(group, OtherMoney.STATIONERY, 120_000, on=date(2026, 3, 2))
    other(group, OtherMoney.INCOME, 999_000, on=date(2026, 4, 1))
    figures = selectors.performance(of(group), as_of=date(2026, 3, 31))
    assert (figures.income, figures.costs, figures.capital) == (150_000, 120_000, 1_000_000)
    assert figures.cost_coverage == Fraction(125, 100)
    assert figures.return_on_investment == Fraction(30_000 * 4, 1_000_000)


def test_many_groups_are_the_sum_of_each():
    groups = [rich_group(), rich_group()]
    for group in groups:
        lend(group.members.all()[0])
    both = Group.objects.filter(pk__in=[group.pk for group in groups])
    on = date(2025, 7, 1)
    by_group = selectors.performance_by_group(both, as_of=on)
    assert {pk: figures.balance for pk, figures in by_group.items()} == {group.pk: 1_200_000 for group in groups}
    assert selectors.performance(both, as_of=on).balance == 2_400_000
    assert selectors.performance(both, as_of=on).late == sum(figures.late for figures in by_group.values())


def test_statements_are_few_and_fixed():
    group = rich_group()
    for _ in range(2):
        for member in group.members.all():
            lend(member)
        with CaptureQueriesContext(connection) as queries:
            selectors.loan_arrears(of(group), as_of=timezone.localdate())
            selectors.performance(of(group), as_of=timezone.localdate())
        assert len(queries) == 4
