"""What loans owe on a day is one fact: every page, book, score and figure says the same of any group and day."""

import random
import uuid
from datetime import timedelta
from decimal import Decimal
from itertools import accumulate

import pytest
from django.urls import reverse

from assessment.metrics import all_metrics
from assessment.scoring import arrears_of, read_records
from finance import selectors, services
from finance.management.commands.statement import as_json
from finance.models import AccountKind, LoanEnd, Transfer
from groups.models import Group
from tests.factories import facilitator_of, lend, make_group, make_members, save
from tests.finance.loan_histories import history, some_days

pytestmark = pytest.mark.django_db
METRICS = ("repayment_rate", "portfolio_quality", "internal_lending")


def moved(loan, kind, side, as_of):
    lines = Transfer.objects.filter(
        **{f"{side}_account__loan": loan, f"{side}_account__kind": kind}, entry__effective_on__lte=as_of
    )
    return sum(lines.values_list("amount", flat=True))


def paid(loan, kind, as_of):
    """What the borrower paid, without what moved into another loan or was lost."""
    elsewhere = (AccountKind.LOAN, AccountKind.LOAN_LOSS)
    came = Transfer.objects.filter(entry__effective_on__lte=as_of, entry__reverses=None, credit_account__loan=loan)
    came = came.filter(credit_account__kind=kind).exclude(debit_account__kind__in=elsewhere)
    back = Transfer.objects.filter(entry__effective_on__lte=as_of, debit_account__loan=loan)
    back = back.filter(debit_account__kind=kind).exclude(entry__reverses=None)
    back = back.exclude(credit_account__kind__in=elsewhere)
    return sum(came.values_list("amount", flat=True)) - sum(back.values_list("amount", flat=True))


class Owed:
    """A loan on a day, counted line by line from its schedule and its postings."""

    def __init__(self, loan, as_of):
        self.number, self.member = loan.number, loan.member
        balance = moved(loan, AccountKind.LOAN, "debit", as_of) - moved(loan, AccountKind.LOAN, "credit", as_of)
        fee = moved(loan, AccountKind.SERVICE_FEE, "credit", as_of) - moved(
            loan, AccountKind.SERVICE_FEE, "debit", as_of
        )
        lines = list(loan.instalments.order_by("number")) if balance else []
        before = [line for line in lines if line.due_on < as_of]
        self.balance = balance
        self.arrears = max(0, sum(line.principal for line in before) - (loan.principal - balance))
        self.arrears += max(0, sum(line.service_fee for line in before) - fee)
        principals = accumulate(line.principal for line in before)
        fees = accumulate(line.service_fee for line in before)
        late = [
            line.due_on
            for line, principal, service_fee in zip(before, principals, fees, strict=True)
            if principal > loan.principal - balance or service_fee > fee
        ]
        self.days_late = (as_of - late[0]).days if late else 0
        self.fell_due, self.fell_due_paid = self._fell_due(loan, as_of)

    def _fell_due(self, loan, as_of):
        """What fell due before the day and what of it was paid; what moved into another loan is that one's."""
        self.ended = loan.ended_as if loan.ended_on and loan.ended_on <= as_of else ""
        until = loan.ended_on if self.ended == LoanEnd.RESCHEDULED else as_of
        before = [line for line in loan.instalments.all() if line.late_after < until]
        principal, fee = sum(line.principal for line in before), sum(line.service_fee for line in before)
        paid_principal = min(principal, paid(loan, AccountKind.LOAN, as_of))
        paid_fee = min(fee, paid(loan, AccountKind.SERVICE_FEE, as_of))
        if self.ended == LoanEnd.RESCHEDULED:
            principal, fee = paid_principal, paid_fee
        elif not self.balance and not self.ended:
            fee = paid_fee
        return principal + fee, paid_principal + paid_fee


@pytest.fixture(scope="module", params=[(0, 0.05), (1, 0.05), (2, 0.05), (3, 0.05), (4, 0.4), (5, 0.4), (6, 0.4)])
def figures(request, module_db):
    """A random group with some random days, and what each of its loans owed on them; some reschedule often."""
    seed, reschedules = request.param
    chance = random.Random(seed)
    group = history(chance, reschedules=reschedules)
    loans = list(group.loans.select_related("member").order_by("number"))
    return group, {
        as_of: [Owed(loan, as_of) for loan in loans if loan.disbursed_on <= as_of] for as_of in some_days(chance, 4)
    }


@pytest.fixture
def days(figures, client):
    group, by_day = figures
    client.force_login(facilitator_of(group))
    return Group.objects.get(pk=group.pk), by_day


def running(owed):
    return [loan for loan in owed if loan.balance]


def shown(client, name, *arguments, **query):
    response = client.get(reverse(name, args=arguments), query)
    assert response.status_code == 200
    return response.context


def as_row(row):
    return row.loan.number, row.outstanding, row.arrears.late, row.arrears.days_late


def as_owed(loan):
    return loan.number, loan.balance, loan.arrears, loan.days_late


def test_the_loan_book_the_cards_and_the_member_pages(days, client):
    group, by_day = days
    for as_of, owed in by_day.items():
        book = shown(client, "loan-book", group.code, on=as_of, show="all")
        assert sorted(map(as_row, book["rows"])) == [as_owed(loan) for loan in owed]
        assert book["totals"].late == sum(loan.arrears for loan in owed)
        for loan in owed:
            card = shown(client, "loan", group.code, loan.number, on=as_of)["card"]
            assert as_row(card.row) == as_owed(loan)
            passbook = shown(client, "member", group.code, loan.member.pk, end=as_of)["book"]
            assert as_owed(loan) in map(as_row, passbook.loans)


def test_the_health_of_the_loans(days, client):
    group, by_day = days
    for as_of, owed in by_day.items():
        page = shown(client, "health", group.code, on=as_of)
        figures = page["figures"]
        assert figures.balance == sum(loan.balance for loan in owed)
        assert figures.late == sum(loan.arrears for loan in owed)
        assert figures.loans_late == sum(1 for loan in owed if loan.arrears)
        assert figures.balance_later_than(30) == sum(loan.balance for loan in owed if loan.days_late > 30)
        own = Group.objects.filter(pk=group.pk)
        assert sorted(
            (loan.number, loan.balance, loan.late, loan.days_late) for loan in selectors.loan_arrears(own, as_of=as_of)
        ) == [as_owed(loan) for loan in running(owed)]
        assert selectors.performance_by_group(own, as_of=as_of)[group.pk] == figures


def test_what_a_score_counts_and_lists(days):
    group, by_day = days
    for as_of, owed in by_day.items():
        records = read_records([group.pk], as_of, METRICS)[group.pk]
        rate, quality, lending = (records[metric] for metric in METRICS)
        assert arrears_of(records) == sum(loan.arrears for loan in owed)
        assert quality["balance"] == sum(loan.balance for loan in owed)
        assert quality["late"] == sum(loan.balance for loan in owed if loan.days_late > 30)
        assert lending["borrowers"] == len({loan.member for loan in running(owed)})
        figures = selectors.performance(Group.objects.filter(pk=group.pk), as_of=as_of)
        assert (rate["paid"], rate["due"]) == (figures.paid, figures.due)
        assert rate["due"] == sum(loan.fell_due for loan in owed)
        assert rate["paid"] == sum(loan.fell_due_paid for loan in owed)
        listed = all_metrics()["repayment_rate"].tables(group, as_of)[0].rows
        assert [[row.cells[1], row.cells[2]] for row in listed if not row.is_total] == [
            [loan.fell_due, loan.fell_due_paid] for loan in owed if loan.fell_due
        ]
        # What is unpaid is in arrears in the loan book too, but for what was written off.
        assert all(
            loan.fell_due - loan.fell_due_paid <= loan.arrears for loan in owed if loan.ended != LoanEnd.WRITTEN_OFF
        )
        listed = all_metrics()["portfolio_quality"].tables(group, as_of)[0].rows
        assert [(row.cells[2], row.cells[3]) for row in listed if not row.is_total] == [
            (loan.days_late, loan.balance) for loan in running(owed)
        ]


def test_the_statement(days):
    group, by_day = days
    for as_of, owed in by_day.items():
        said = as_json(selectors.statement(group, as_of=as_of))["loans"]
        assert [(loan["number"], loan["principal_left"], loan["arrears"], loan["days_late"]) for loan in said] == [
            as_owed(loan) for loan in running(owed)
        ]


def test_a_loan_rescheduled_and_repaid_leaves_nothing_unpaid_for_ever(client):
    """300,000 over 3 months at 1 %: 103,000 a month. One month is missed, then all moves into a new loan."""
    group = make_group()
    (member,) = make_members(group, 1)
    save(member, 5_000_000)
    old = lend(member, principal=300_000, periods=3, rate=Decimal("0.01"), payoff_fee="CHARGED")
    due_on = old.instalments.get(number=1).due_on
    record = {"actor": facilitator_of(group), "group": group}
    rescheduled_on = due_on + timedelta(2)

    def due_and_paid(as_of):
        figures = selectors.performance(Group.objects.filter(pk=group.pk), as_of=as_of)
        return figures.due, figures.paid

    assert due_and_paid(due_on + timedelta(1)) == due_and_paid(rescheduled_on) == (103_000, 0)
    schedule = services.NewSchedule(periods=1, rate=Decimal(0), first_due=rescheduled_on + timedelta(30))
    new = services.loan_reschedule(
        **record, loan=old, schedule=schedule, add_fee=True, reason="panen gagal", on=rescheduled_on, key=uuid.uuid4()
    )
    assert due_and_paid(due_on + timedelta(1)) == (103_000, 0)
    assert due_and_paid(rescheduled_on) == (0, 0)  # from the day it moved the new loan asks for it
    asked_on = new.instalments.get().late_after
    assert due_and_paid(asked_on + timedelta(1)) == (303_000, 0)
    services.loan_repay(**record, loan=new, amount=303_000, on=asked_on, key=uuid.uuid4())
    assert due_and_paid(asked_on + timedelta(1)) == (303_000, 303_000)
