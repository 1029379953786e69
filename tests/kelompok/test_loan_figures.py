"""What loans owe on a day is one fact: every page, book, score and figure says the same of any group and day."""

import random
from itertools import accumulate

import pytest
from django.urls import reverse

from assessment.metrics import all_metrics
from assessment.scoring import arrears_of, read_records
from finance import selectors
from finance.management.commands.statement import as_json
from finance.models import AccountKind, LoanEnd, Transfer
from groups.models import Group
from tests.factories import facilitator_of
from tests.finance.loan_histories import history, some_days

pytestmark = pytest.mark.django_db
METRICS = ("repayment_rate", "portfolio_quality", "internal_lending")


def moved(loan, kind, side, as_of):
    lines = Transfer.objects.filter(
        **{f"{side}_account__loan": loan, f"{side}_account__kind": kind}, entry__effective_on__lte=as_of
    )
    return sum(lines.values_list("amount", flat=True))


class Owed:
    """A loan on a day, counted line by line from its schedule and its postings."""

    def __init__(self, loan, as_of):
        self.number, self.member = loan.number, loan.member
        balance = moved(loan, AccountKind.LOAN, "debit", as_of) - moved(loan, AccountKind.LOAN, "credit", as_of)
        fee = moved(loan, AccountKind.SERVICE_FEE, "credit", as_of) - moved(
            loan, AccountKind.SERVICE_FEE, "debit", as_of
        )
        schedule = list(loan.instalments.order_by("number"))
        ended = loan.ended_as if loan.ended_on is not None and loan.ended_on <= as_of else ""
        last_day = loan.ended_on if ended == LoanEnd.RESCHEDULED else as_of
        over = [line for line in schedule if line.late_after < last_day]
        principals, fees = (sum(getattr(line, name) for line in over) for name in ("principal", "service_fee"))
        unpaid = loan.unpaid_principal if ended else 0
        self.fell_due = principals + (fees if balance or ended else min(fees, fee))
        self.fell_due_paid = min(principals, loan.principal - balance - unpaid) + min(fees, fee)
        lines = schedule if balance else []
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


@pytest.fixture(params=range(4))
def days(request, client):
    """A random group with some random days, and what each of its loans owed on them."""
    chance = random.Random(request.param)
    group = history(chance)
    client.force_login(facilitator_of(group))
    loans = list(group.loans.select_related("member").order_by("number"))
    return group, {
        as_of: [Owed(loan, as_of) for loan in loans if loan.disbursed_on <= as_of] for as_of in some_days(chance, 4)
    }


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
        listed = all_metrics()["repayment_rate"].evidence(group, as_of).tables[0].rows
        assert [[row.cells[1], row.cells[2]] for row in listed if not row.is_total] == [
            [loan.fell_due, loan.fell_due_paid] for loan in owed if loan.fell_due
        ]
        listed = all_metrics()["portfolio_quality"].evidence(group, as_of).tables[0].rows
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
