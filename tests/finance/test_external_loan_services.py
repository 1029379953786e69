"""Loans from outside: received, repaid, passed on, and what the ledger keeps of them."""

import csv
import uuid
from datetime import date
from decimal import Decimal
from io import StringIO

import pytest
from django.core.exceptions import PermissionDenied
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from hypothesis import given
from hypothesis import strategies as st

from finance import selectors, services
from finance.ledger.errors import AlreadyPosted, InsufficientFunds, NotAllowed, RuleBroken
from finance.ledger.reading import read_books
from finance.ledger.verify import mismatches
from finance.models import Account, EntryKind, ExternalLoan, ExternalPayment, Loan
from finance.schedules import allocate_payment
from groups.models import Role
from tests.factories import (
    borrow_external,
    facilitator_of,
    lend,
    make_group,
    make_member,
    make_user,
    repay_external,
    reverse,
    save,
)

pytestmark = pytest.mark.django_db

ALL = 11_000_000  # 10,000,000 at 1 % flat for 10 months: 1,000,000 + 100,000 a month


@pytest.fixture
def loan():
    return borrow_external(make_group())


def balance(group, kind, **of):
    return Account.objects.get(group=group, kind=kind, **of).balance


def row(loan, on):
    (found,) = selectors.external_rows(selectors.external_loans_on(loan.group, as_of=on), as_of=on)
    return found


def test_received_in_cash(loan):
    assert balance(loan.group, "CASH") == balance(loan.group, "EXTERNAL_LOAN", external_loan=loan) == 10_000_000
    entry = loan.group.entries.get()
    assert (entry.kind, entry.effective_on) == (EntryKind.EXTERNAL_LOAN, date(2025, 2, 4))
    assert list(mismatches()) == []


def test_received_in_the_bank_as_the_second_loan(loan):
    second = borrow_external(loan.group, principal=3_000_000, into="BANK")
    assert second.number == 2
    assert balance(loan.group, "BANK") == 3_000_000
    assert balance(loan.group, "CASH") == 10_000_000


def test_repaid_fee_first_and_the_fee_is_an_expense(loan):
    payment = repay_external(loan, 300_000)
    assert (payment.service_fee, payment.principal) == (100_000, 200_000)
    assert balance(loan.group, "EXTERNAL_FEE") == 100_000
    assert balance(loan.group, "EXTERNAL_LOAN", external_loan=loan) == 9_800_000
    assert balance(loan.group, "CASH") == 9_700_000
    assert selectors.group_summary(loan.group).surplus == -100_000
    assert list(mismatches()) == []


def test_two_lenders_keep_their_fees_apart(loan):
    second = borrow_external(loan.group, principal=1_000_000)
    repay_external(loan, 100_000)
    repay_external(second, 110_000)
    assert [(p.external_loan_id, p.service_fee, p.principal) for p in ExternalPayment.objects.all()] == [
        (loan.pk, 100_000, 0), (second.pk, 10_000, 100_000),
    ]  # fmt: skip


def test_what_is_due_and_late(loan):
    assert row(loan, date(2025, 3, 4)).due_now == 1_100_000
    assert row(loan, date(2025, 3, 4)).arrears.late == 0
    late = row(loan, date(2025, 4, 5))
    assert (late.arrears.late, late.arrears.days_late, late.due_now) == (2_200_000, 32, 2_200_000)
    repay_external(loan, 1_500_000, on=date(2025, 4, 5))
    assert row(loan, date(2025, 4, 5)).arrears.late == 700_000
    assert row(loan, date(2025, 4, 4)).arrears.late == 1_100_000


def test_paid_to_the_end_it_is_closed(loan):
    borrow_external(loan.group, principal=2_000_000)
    for month in range(3, 13):
        repay_external(loan, 1_100_000, on=date(2025, month, 4))
    assert row_of(loan).status == "paid off"
    with pytest.raises(NotAllowed, match="closed"):
        repay_external(loan, 1)
    assert list(mismatches()) == []


def row_of(loan, on=date(2026, 1, 1)):
    return selectors.external_card(loan.group, loan.number, as_of=on).row


def test_more_than_the_lender_asks_for(loan):
    borrow_external(loan.group)
    with pytest.raises(NotAllowed, match="more than the balance"):
        repay_external(loan, ALL + 1)
    assert ExternalPayment.objects.count() == 0


def test_more_than_there_is_in_the_bank(loan):
    with pytest.raises(InsufficientFunds):
        repay_external(loan, 100_000, source="BANK")
    assert ExternalPayment.objects.count() == 0


@pytest.mark.parametrize("amount", [0])
def test_nothing_paid(loan, amount):
    with pytest.raises(NotAllowed, match="more than zero"):
        repay_external(loan, amount)


def test_not_before_it_was_received(loan):
    with pytest.raises(NotAllowed, match="not received yet"):
        repay_external(loan, 1_000, on=date(2025, 2, 3))


def test_the_first_instalment_comes_after_the_money():
    group = make_group()
    with pytest.raises(NotAllowed, match="first instalment"):
        borrow_external(group, first_due=date(2025, 2, 4))
    with pytest.raises(NotAllowed, match="more than zero"):
        borrow_external(group, principal=0)
    assert ExternalLoan.objects.count() == 0


def test_the_same_key_twice(loan):
    order = {
        "actor": facilitator_of(loan.group), "group": loan.group, "loan": loan, "amount": 1_000, "source": "CASH",
        "on": date(2025, 3, 4), "key": uuid.uuid4(),
    }  # fmt: skip
    services.external_loan_repay(**order)
    with pytest.raises(AlreadyPosted):
        services.external_loan_repay(**order)


def test_a_loan_of_another_group(loan):
    with pytest.raises(NotAllowed, match="another group"):
        services.external_loan_repay(
            actor=facilitator_of(loan.group), group=loan.group, loan=borrow_external(make_group()), amount=1,
            source="CASH", on=date(2025, 3, 4), key=uuid.uuid4(),
        )  # fmt: skip


def test_staff_may_not(loan):
    with pytest.raises(PermissionDenied):
        services.external_loan_repay(
            actor=make_user(Role.STAFF, organisation=loan.group.organisation), group=loan.group, loan=loan, amount=1,
            source="CASH", on=date(2025, 3, 4), key=uuid.uuid4(),
        )  # fmt: skip


def test_a_payment_taken_back_is_asked_for_again(loan):
    reverse(repay_external(loan, 300_000).entry)
    assert row_of(loan, date(2025, 3, 4)).asked == ALL
    assert (repay_external(loan, 300_000).service_fee, balance(loan.group, "EXTERNAL_FEE")) == (100_000, 100_000)
    assert list(mismatches()) == []


def test_a_receipt_taken_back_cancels_the_loan(loan):
    reverse(loan.group.entries.get())
    assert row_of(loan).status == "cancelled"
    assert row_of(loan).principal_paid == 0
    with pytest.raises(NotAllowed, match="closed"):
        repay_external(loan, 1_000)
    assert list(mismatches()) == []


def test_a_receipt_stands_while_payments_do(loan):
    payment = repay_external(loan, 50_000)
    with pytest.raises(NotAllowed, match="reverse them first"):
        reverse(loan.group.entries.earliest("pk"))
    reverse(payment.entry)
    reverse(loan.group.entries.earliest("pk"))
    assert list(mismatches()) == []


@given(
    payments=st.lists(st.integers(1, 4_000_000), max_size=12),
    days=st.lists(st.dates(date(2025, 2, 5), date(2026, 6, 1)), min_size=12, max_size=12),
)
def test_payments_in_any_order_repay_principal_and_fee_and_no_more(payments, days):
    """The waterfall over the lender's schedule, without a database."""
    terms = ExternalLoan(
        principal=10_000_000, rate=Decimal("0.01"), method="flat", periods=10, every="month", round_up_to=1000,
        first_due=date(2025, 3, 4),
    )  # fmt: skip
    schedule = terms.schedule()
    assert sum(line.total for line in schedule) == ALL
    fee = principal = 0
    for amount, on in zip(payments, days, strict=False):
        amount = min(amount, ALL - fee - principal)
        if amount:
            parts = allocate_payment(schedule, fee_paid=fee, principal_paid=principal, amount=amount, on=on)
            assert parts.service_fee + parts.principal == amount
            fee, principal = fee + parts.service_fee, principal + parts.principal
    assert fee <= 1_000_000
    assert principal <= 10_000_000
    assert (fee + principal == ALL) == (principal == 10_000_000)


def test_passed_on_to_members(loan):
    siti, ani = make_member(loan.group, "Siti"), make_member(loan.group, "Ani")
    passed = lend(siti, principal=4_000_000, funded_by=loan)
    lend(ani, principal=1_000_000)
    out = selectors.passed_on(loan, as_of=date(2025, 3, 1))
    assert (out.loans, out.principal, out.outstanding) == ([passed], 4_000_000, 4_000_000)


def test_a_cancelled_loan_was_not_passed_on(loan):
    lend(make_member(loan.group), principal=4_000_000, funded_by=loan)
    reverse(loan.group.entries.get(kind="LOAN"))
    assert selectors.passed_on(loan, as_of=date(2025, 3, 1)).loans == []


def test_only_the_own_lenders_money_is_passed_on(loan):
    stranger = make_member(make_group())
    borrow_external(stranger.group)
    with pytest.raises(NotAllowed, match="another group"):
        lend(stranger, principal=4_000, funded_by=loan)
    copy = lend(stranger, principal=4_000)
    copy.pk, copy.number, copy.funded_by = None, 2, loan
    with pytest.raises(IntegrityError, match="finance_loan_funded_by_id_same_group"), transaction.atomic():
        copy.save()


def test_only_a_running_loan_is_passed_on(loan):
    siti = make_member(loan.group)
    with pytest.raises(RuleBroken, match="received on 4 February 2025") as refused:
        lend(siti, principal=4_000, funded_by=loan, disbursed_on=date(2025, 2, 3))
    assert refused.value.field == "funded_by"
    save(siti, 2_000_000)
    repay_external(loan, ALL)
    with pytest.raises(RuleBroken, match="not running any more"):
        lend(siti, principal=4_000, funded_by=loan)
    assert not Loan.objects.exists()


def test_a_loan_runs_until_its_last_rupiah_is_repaid(loan):
    save(make_member(loan.group), 2_000_000)
    repay_external(loan, ALL - 1)
    assert read_books(loan.group, date(2025, 3, 4)).running_external_loans() == [loan]
    repay_external(loan, 1)
    assert read_books(loan.group, date(2025, 3, 4)).running_external_loans() == []


def test_where_the_money_came_from_stays(loan):
    lend(make_member(loan.group), principal=4_000)
    with pytest.raises(IntegrityError, match="finance_loan_no_update"), transaction.atomic():
        Loan.objects.update(funded_by=loan)


def run(statement):
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


@pytest.mark.parametrize("change", ["lender = 'x'", "number = 9", "received_on = '2025-01-31'", "every = 'week'"])
def test_the_terms_of_the_lender_stay(loan, change):
    with pytest.raises(IntegrityError, match="finance_externalloan_no_update"):
        run(f"UPDATE finance_externalloan SET {change}")


def test_payments_are_never_changed_or_deleted(loan):
    repay_external(loan, 1_000)
    with pytest.raises(IntegrityError, match="finance_externalpayment_no_update"):
        run("UPDATE finance_externalpayment SET principal = 1")
    with pytest.raises(IntegrityError, match="finance_externalpayment_no_delete"):
        run("DELETE FROM finance_externalpayment")


@pytest.mark.parametrize("field", ["external_loan", "entry"])
def test_a_payment_stays_in_one_group(loan, field):
    other = borrow_external(make_group())
    there = {"external_loan": other, "entry": other.group.entries.get()}[field]
    row = {"external_loan": loan, "entry": loan.group.entries.get(), field: there}
    with pytest.raises(IntegrityError, match=f"finance_externalpayment_{field}_id_same_group"), transaction.atomic():
        ExternalPayment.objects.create(group=loan.group, service_fee=1, principal=0, **row)


def test_verify_finds_a_payment_that_is_not_what_was_moved(loan):
    ExternalPayment.objects.create(
        group=loan.group, external_loan=loan, service_fee=1, principal=0, entry=loan.group.entries.get()
    )
    assert {m.rule for m in mismatches()} == {"what was paid to a lender is what its entry moved"}


@pytest.mark.parametrize("change", ["cancelled_at = recorded_at", None])
def test_verify_finds_a_loan_that_was_not_received_whole(loan, change):
    if change:
        run(f"UPDATE finance_externalloan SET {change}")
    else:
        loan.pk, loan.number, loan.key = None, 2, uuid.uuid4()
        loan.save()
    assert {m.rule for m in mismatches()} == {"a loan from outside is owed less what was repaid"}


def test_an_export_names_the_lender(loan):
    repay_external(loan, 300_000)
    out = StringIO()
    call_command("export_ledger", group=loan.group.code, format="csv", stdout=out)
    rows = list(csv.DictReader(StringIO(out.getvalue())))
    assert rows[0]["credit_account"] == "Liabilities:21010.1 Loan from outside (utang):UPK Dolopo"
    assert [r["debit_code"] for r in rows] == ["11010", "51070", "21010.1"]
