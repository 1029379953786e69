"""The database's own refusals, by going around the services."""

import uuid
from datetime import date

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from finance import services
from finance.models import Account, CashCount, Entry, Instalment, InventoryWriteDown, Loan, LoanRequest, Transfer
from tests.factories import (
    FOUNDED,
    ask,
    buy,
    count_cash,
    facilitator_of,
    lend,
    make_entry,
    make_group,
    make_member,
    repay,
    reverse,
    save,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def loan():
    """A group with savings, a loan with a payment, and a cash count."""
    member = make_member(make_group())
    save(member, 5_000_000)
    loan = lend(member)
    repay(loan, 50_000)
    count_cash(member.group, 1)
    return loan


def refused(rule):
    return pytest.raises(IntegrityError, match=rule)


def run(statement):
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


@pytest.mark.parametrize("table", ["entry", "transfer", "instalment"])
def test_what_is_posted_is_never_updated(loan, table):
    column = {"entry": "memo = 'x'", "transfer": "amount = amount + 1", "instalment": "principal = 1"}[table]
    with refused(f"finance_{table}_no_update"):
        run(f"UPDATE finance_{table} SET {column}")


@pytest.mark.parametrize("table", ["entry", "transfer", "instalment", "account", "loan", "cashcount"])
def test_nothing_of_the_ledger_is_deleted(loan, table):
    with refused(f"finance_{table}_no_delete"):
        run(f"DELETE FROM finance_{table}")


@pytest.mark.parametrize(
    "change",
    ["kind = 'BANK'", "code = '9'", "normal_side = 'C'", "may_go_negative = TRUE", "member_id = NULL", "loan_id = 1"],
)
def test_an_account_stays_what_it_is(loan, change):
    where = "kind = 'SUKARELA'" if "member" in change else "kind = 'CASH'"
    with refused("finance_account_no_update"):
        run(f"UPDATE finance_account SET {change} WHERE {where}")


@pytest.mark.parametrize("field", ["principal", "periods", "round_up_to", "number"])
def test_the_terms_of_a_loan_stay(loan, field):
    with refused("finance_loan_no_update"), transaction.atomic():
        Loan.objects.update(**{field: getattr(loan, field) + 1})


@pytest.mark.parametrize(("field", "value"), [("method", "annuity"), ("every", "week"), ("rate", "0.01")])
def test_the_conditions_of_a_loan_stay(loan, field, value):
    with refused("finance_loan_no_update"), transaction.atomic():
        Loan.objects.update(**{field: value})


def test_a_loan_saved_unchanged_is_no_change(loan):
    Loan.objects.get().save()


@pytest.mark.parametrize("kind", ["LOAN", "SERVICE_FEE"])
def test_nothing_is_paid_on_a_loan_before_it_was_paid_out(loan, kind):
    early = make_entry(loan.group, kind="REPAYMENT", on=date(2025, 2, 3))
    account = Account.objects.get(loan=loan, kind=kind)
    with refused("finance_transfer_before_loan"), transaction.atomic():
        transfer(loan, entry=early, credit_account=account)
    transfer(loan, entry=loan.group.entries.latest("effective_on"), credit_account=account)


def test_a_loan_is_not_moved_past_a_payment(loan):
    repay(loan, 1_000, on=date(2025, 2, 10))
    with refused("finance_loan_after_payment"), transaction.atomic():
        Loan.objects.update(disbursed_on=date(2025, 2, 11))
    Loan.objects.update(disbursed_on=date(2025, 2, 10))


def test_a_loan_is_moved_past_a_payment_taken_back(loan):
    reverse(repay(loan, 1_000, on=date(2025, 2, 10)))
    Loan.objects.update(disbursed_on=date(2025, 2, 11))


@pytest.mark.parametrize("field", ["counted", "expected"])
def test_a_count_stays_as_it_was_written(loan, field):
    with refused("finance_cashcount_no_update"), transaction.atomic():
        CashCount.objects.update(**{field: 2})


@pytest.mark.parametrize(
    ("where", "change", "rule"),
    [
        ({"kind": "CASH"}, {"credits_posted": 10**12}, "account_funds"),
        ({"kind": "SUKARELA"}, {"debits_posted": 10**12}, "account_funds"),
        ({"kind": "LOAN"}, {"credits_posted": 10**12}, "account_funds"),
        ({"kind": "CASH"}, {"credits_posted": -1}, "account_sums"),
    ],
)
def test_no_balance_goes_below_zero(loan, where, change, rule):
    with refused(rule), transaction.atomic():
        Account.objects.filter(**where).update(**change)


def stranger():
    """A member of another group who saved."""
    member = make_member(make_group())
    save(member, 50_000)
    return member


def transfer(loan, **fields):
    accounts = {account.kind: account for account in Account.objects.filter(group=loan.group)}
    return Transfer.objects.create(
        **{
            "entry": Entry.objects.filter(group=loan.group).first(),
            "group": loan.group,
            "debit_account": accounts["CASH"],
            "credit_account": accounts["SUKARELA"],
            "amount": 1,
            "debit_balance_after": 0,
            "credit_balance_after": 0,
            **fields,
        }
    )


@pytest.mark.parametrize("field", ["entry", "debit_account", "credit_account", "member"])
def test_a_transfer_stays_in_one_group(loan, field):
    other = stranger()
    there = {
        "entry": other.group.entries.first(),
        "debit_account": other.group.accounts.get(kind="CASH"),
        "credit_account": other.group.accounts.get(kind="SUKARELA"),
        "member": other,
    }[field]
    with refused(f"finance_transfer_{field}_id_same_group"), transaction.atomic():
        transfer(loan, **{field: there})


@pytest.mark.parametrize(("fields", "rule"), [({"amount": 0}, "transfer_amount"), ({"amount": -5}, "transfer_amount")])
def test_an_amount_is_more_than_zero(loan, fields, rule):
    with refused(rule), transaction.atomic():
        transfer(loan, **fields)


def test_a_transfer_has_two_accounts(loan):
    cash = loan.group.accounts.get(kind="CASH")
    with refused("transfer_two_accounts"), transaction.atomic():
        transfer(loan, debit_account=cash, credit_account=cash)


def test_an_account_belongs_to_a_member_of_its_group(loan):
    with refused("finance_account_member_id_same_group"), transaction.atomic():
        Account.objects.create(group=loan.group, kind="WAJIB", member=stranger(), code="x", normal_side="C")


def test_a_loan_belongs_to_a_member_of_its_group(loan):
    copy = Loan.objects.get()
    copy.pk, copy.number, copy.member = None, 2, stranger()
    with refused("finance_loan_member_id_same_group"), transaction.atomic():
        copy.save()


def test_an_instalment_belongs_to_a_loan_of_its_group(loan):
    with refused("finance_instalment_loan_id_same_group"), transaction.atomic():
        Instalment.objects.create(
            group=stranger().group, loan=loan, number=99, due_on=FOUNDED, late_after=FOUNDED, principal=1, service_fee=0
        )


def test_a_reversal_stays_in_its_group(loan):
    other = stranger().group
    with refused("finance_entry_reverses_id_same_group"), transaction.atomic():
        make_entry(other, "REVERSAL", reverses=loan.group.entries.first())


def test_a_voucher_number_is_used_once_in_a_group(loan):
    with refused("entry_number_once|finance_entry.number"), transaction.atomic():
        make_entry(loan.group, number=1)
    assert make_entry(stranger().group).number == 2, "another group has its own"


def test_voucher_numbers_begin_at_one(loan):
    with refused("entry_number"), transaction.atomic():
        make_entry(loan.group, number=0)


def test_only_a_reversal_reverses(loan):
    with refused("entry_reversal"), transaction.atomic():
        make_entry(loan.group, reverses=loan.group.entries.first())


def test_a_difference_needs_an_explanation():
    with refused("cash_count_explained"), transaction.atomic():
        count_cash(make_group(), 1, explanation="")


def test_a_settlement_is_whole(loan):
    with refused("cash_count_settled"), transaction.atomic():
        CashCount.objects.update(settled_on=FOUNDED)


def test_nothing_is_posted_on_the_last_day_of_a_closed_period(loan):
    services.period_close(
        actor=facilitator_of(loan.group), group=loan.group, through=date(2025, 6, 30), key=uuid.uuid4()
    )
    for on in (date(2025, 6, 30), date(2025, 6, 29)):
        with refused("finance_entry_period_closed"), transaction.atomic():
            make_entry(loan.group, on=on)
    make_entry(loan.group, on=date(2025, 7, 1))


def test_a_closed_period_is_that_of_its_group(loan):
    services.period_close(
        actor=facilitator_of(loan.group), group=loan.group, through=date(2025, 6, 30), key=uuid.uuid4()
    )
    make_entry(make_group(), on=date(2025, 6, 30))


@pytest.mark.parametrize("field", ["item", "entry"])
def test_a_write_down_stays_in_one_group(loan, field):
    own, other = buy(loan.group), buy(stranger().group, 50_000)
    row = {"item": own, "entry": own.entry, field: {"item": other, "entry": other.entry}[field]}
    with refused(f"finance_inventorywritedown_{field}_id_same_group"), transaction.atomic():
        InventoryWriteDown.objects.create(group=loan.group, amount=1, **row)


@pytest.mark.parametrize("status", ["ASKED", "APPROVED"])
def test_a_second_running_request_of_a_member(loan, status):
    asked = ask(loan.member)
    if status == "APPROVED":
        services.loan_request_approve(
            actor=facilitator_of(loan.group), group=loan.group, request=asked, amount=1, periods=1, on=FOUNDED,
            in_meeting=False,
        )  # fmt: skip
    second = LoanRequest(
        group=loan.group, member=loan.member, amount=1, periods=1, asked_on=FOUNDED, key=uuid.uuid4(),
        recorded_by=loan.group.recorded_by,
    )  # fmt: skip
    with refused("finance_loanrequest_one_running"), transaction.atomic():
        second.save()
    second.member = make_member(loan.group)
    second.save()


def test_a_request_that_was_paid_out_is_not_running_until_its_loan_is_cancelled(loan):
    asked = ask(loan.member)
    paid = Loan.objects.get(pk=loan.pk)
    paid.pk, paid.number, paid.request = None, 2, asked
    paid.save()
    second = ask(loan.member)
    LoanRequest.objects.filter(pk=second.pk).update(
        status="CANCELLED", cancelled_on=FOUNDED, cancelled_by=loan.group.recorded_by, cancelled_why="x"
    )
    Loan.objects.filter(pk=paid.pk).update(cancelled_at=timezone.now())
    second.pk, second.key = None, uuid.uuid4()
    with refused("finance_loanrequest_one_running"), transaction.atomic():
        second.save()
