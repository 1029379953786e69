"""What loans owe on a day, in SQL and in memory: both say the same of any history."""

import random
import uuid
from datetime import date
from decimal import Decimal

import pytest

from finance import selectors, services
from finance.models import AccountKind, Loan, LoanEnd
from finance.selectors.loan_positions import LOAN_POSITIONS
from groups.models import Group
from groups.shared.sql import as_day, read_relations
from tests.factories import facilitator_of, lend, make_group, make_members, repay, reverse, save
from tests.finance.loan_histories import FIRST, LAST, history, some_days

pytestmark = pytest.mark.django_db


def positions(groups, as_of):
    """The rows of the relation by loan, each by the names of its columns."""
    columns = LOAN_POSITIONS.columns
    rows = read_relations(
        f"SELECT {', '.join(columns)} FROM loan_positions", [LOAN_POSITIONS], groups, {"as_of": as_of}
    )
    found = [dict(zip(columns, row, strict=True)) for row in rows]
    return {row["number"]: row for row in found}


def of(group):
    return Group.objects.filter(pk=group.pk)


@pytest.mark.parametrize("seed", range(6))
def test_the_relation_agrees_with_the_schedule_of_each_loan(seed):
    chance = random.Random(seed)
    group = history(chance)
    for day in some_days(chance, 12):
        found = positions(of(group), day)
        rows = selectors.loan_rows(selectors.loans_on(group, as_of=day), as_of=day)
        assert set(found) == {row.loan.number for row in rows}
        for row in rows:
            arrears, of_loan = row.arrears, found[row.loan.number]
            late_since = of_loan["late_since"]
            assert (
                of_loan["balance"], of_loan["principal_paid"], of_loan["fee_paid"], of_loan["fee_left"],
                of_loan["due_principal"], of_loan["due_fee"], of_loan["due"],
                of_loan["late_principal"], of_loan["late_fee"], of_loan["arrears"], of_loan["days_late"],
                of_loan["instalments_late"], None if late_since is None else as_day(late_since),
            ) == (
                row.outstanding, row.principal_paid, row.fee_paid, arrears.fee_left,
                arrears.due_principal, arrears.due_fee, arrears.due,
                arrears.late_principal, arrears.late_fee, arrears.late, arrears.days_late,
                arrears.instalments_late, arrears.late_since,
            )  # fmt: skip


@pytest.mark.parametrize("seed", range(6))
def test_what_was_to_be_paid_in_time_on_a_running_loan_is_paid_or_in_arrears(seed):
    chance = random.Random(seed)
    group = history(chance)
    for day in some_days(chance, 12):
        for of_loan in positions(of(group), day).values():
            if of_loan["balance"]:
                over = list(Loan.objects.get(pk=of_loan["id"]).instalments.filter(late_after__lt=day))
                assert of_loan["fell_due"] == sum(line.total for line in over)
                unpaid = max(0, sum(line.principal for line in over) - of_loan["principal_paid"])
                unpaid += max(0, sum(line.service_fee for line in over) - of_loan["fee_paid"])
                assert of_loan["fell_due"] - of_loan["fell_due_paid"] == unpaid <= of_loan["arrears"]


def a_loan(**terms):
    group = make_group(rules={"payoff_fee": "WAIVED"})
    (member,) = make_members(group, 1)
    save(member, 5_000_000)
    return lend(member, **terms)


def test_an_instalment_due_on_the_day_is_due_and_not_in_arrears():
    loan = a_loan()
    on_the_day, after = (positions(of(loan.group), day)[loan.number] for day in (date(2025, 3, 4), date(2025, 3, 5)))
    assert (on_the_day["due"], on_the_day["arrears"], on_the_day["days_late"], on_the_day["fell_due"]) == (
        118_000, 0, 0, 0,
    )  # fmt: skip
    assert (after["due"], after["arrears"], after["days_late"], after["fell_due"]) == (118_000, 118_000, 1, 118_000)


def test_a_payment_ahead_on_one_loan_does_not_hide_the_arrears_of_another():
    ahead = a_loan()
    late = lend(ahead.member)
    repay(ahead, 700_000)
    found = positions(of(ahead.group), date(2025, 3, 5))
    assert found[ahead.number]["fell_due_paid"] == found[ahead.number]["fell_due"] == 118_000
    assert (found[late.number]["fell_due_paid"], found[late.number]["arrears"]) == (0, 118_000)


def test_principal_paid_ahead_does_not_pay_a_fee():
    group = make_group()
    terms = services.LoanTerms(
        member=make_members(group, 1)[0], principal=1_200_000, periods=12, rate=Decimal("0.015"), method="flat",
        round_up_to=1000, disbursed_on=FIRST, first_due=date(2025, 3, 4),
    )  # fmt: skip
    brought = services.OpeningLoan(terms=terms, principal_paid=600_000, fee_paid=0)
    opening = services.Opening(on=date(2025, 3, 31), capital=600_000, loans=(brought,))
    services.opening_record(actor=facilitator_of(group), group=group, opening=opening, key=uuid.uuid4())
    (of_loan,) = positions(of(group), date(2025, 3, 31)).values()
    assert (of_loan["fell_due"], of_loan["fell_due_paid"]) == (118_000, 100_000)
    assert (of_loan["late_principal"], of_loan["late_fee"], of_loan["fee_left"]) == (0, 18_000, 216_000)


def test_before_the_opening_balances_the_books_and_the_loan_book_know_no_loan():
    group = make_group()
    terms = services.LoanTerms(
        member=make_members(group, 1)[0], principal=1_200_000, periods=12, rate=Decimal("0.015"), method="flat",
        round_up_to=1000, disbursed_on=FIRST, first_due=date(2025, 3, 4),
    )  # fmt: skip
    opening = services.Opening(on=date(2025, 5, 31), capital=1_200_000, loans=(services.OpeningLoan(terms, 0, 0),))
    services.opening_record(actor=facilitator_of(group), group=group, opening=opening, key=uuid.uuid4())
    assert not positions(of(group), date(2025, 5, 30))
    assert not selectors.loans_on(group, as_of=date(2025, 5, 30)).exists()


def test_an_early_payoff_that_waives_the_fee_leaves_nothing_due():
    loan = a_loan(payoff_fee="WAIVED")
    services.loan_pay_off(
        actor=facilitator_of(loan.group), group=loan.group, loan=loan, on=date(2025, 3, 4), key=uuid.uuid4()
    )
    of_loan = positions(of(loan.group), date(2026, 3, 4))[loan.number]
    assert (of_loan["balance"], of_loan["fee_left"], of_loan["due"], of_loan["fee_paid"]) == (0, 0, 0, 18_000)
    assert of_loan["fell_due"] == of_loan["fell_due_paid"] == 1_218_000


def test_a_loan_written_off_stays_due_and_unpaid():
    loan = a_loan()
    repay(loan, 118_000)
    services.loan_write_off(
        actor=facilitator_of(loan.group), group=loan.group, loan=loan, reason="pindah", on=date(2025, 5, 10),
        key=uuid.uuid4(),
    )  # fmt: skip
    assert Loan.objects.get(pk=loan.pk).ended_as == LoanEnd.WRITTEN_OFF
    of_loan = positions(of(loan.group), date(2025, 7, 2))[loan.number]
    assert (of_loan["balance"], of_loan["arrears"], of_loan["principal_paid"]) == (0, 0, 100_000)
    assert (of_loan["fell_due"], of_loan["fell_due_paid"]) == (472_000, 118_000)


def test_a_loan_that_never_was_paid_out_is_not_there():
    loan = a_loan()
    reverse(loan.accounts.get(kind=AccountKind.LOAN).debits.get().entry)
    assert not positions(of(loan.group), date(2025, 12, 31))


def test_loans_of_other_groups_stay_out():
    loan, other = a_loan(), a_loan()
    assert {row["group_id"] for row in positions(of(loan.group), LAST).values()} == {loan.group_id}
    both = Group.objects.filter(pk__in=[loan.group_id, other.group_id])
    rows = read_relations("SELECT group_id FROM loan_positions", [LOAN_POSITIONS], both, {"as_of": LAST})
    assert sorted(rows) == sorted([(loan.group_id,), (other.group_id,)])
