"""The ledger through its services, and the database's own refusals by going around them."""

import uuid
from datetime import date, timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from finance import services
from finance.ledger.errors import AlreadyPosted, DayToCome, InsufficientFunds, NotAllowed
from finance.ledger.posting import Posting, open_books
from finance.models import Account, AccountKind, Entry, EntryKind, Transfer
from finance.rules.lines import OtherMoney, other_money
from groups.shared.clock import today_of
from tests.factories import FOUNDED, facilitator_of, lend, make_group, make_member, save

pytestmark = pytest.mark.django_db


def balance(group, kind, **owner):
    return Account.objects.get(group=group, kind=kind, **owner).balance


def test_savings_come_in_and_go_out():
    member = make_member(make_group())
    save(member, 50_000)
    services.savings_withdraw(
        actor=facilitator_of(member.group), group=member.group, member=member, amount=20_000, on=FOUNDED,
        key=uuid.uuid4(),
    )  # fmt: skip
    assert balance(member.group, "CASH") == 30_000
    assert balance(member.group, "SUKARELA", member=member) == 30_000


def test_withdrawal_above_savings_is_refused():
    member = make_member(make_group())
    save(member, 50_000)
    with pytest.raises(InsufficientFunds) as refusal:
        services.savings_withdraw(
            actor=facilitator_of(member.group), group=member.group, member=member, amount=50_001, on=FOUNDED,
            key=uuid.uuid4(),
        )  # fmt: skip
    assert refusal.value.account.kind == AccountKind.SUKARELA
    assert refusal.value.short == 1
    assert Entry.objects.count() == 1


def test_payment_goes_to_the_fee_first_then_to_the_oldest_principal():
    member = make_member(make_group())
    save(member, 5_000_000)
    loan = lend(member, principal=1_200_000, periods=12)
    services.loan_repay(
        actor=facilitator_of(member.group), group=member.group, loan=loan, amount=50_000, on=date(2025, 3, 4),
        key=uuid.uuid4(),
    )  # fmt: skip
    assert balance(member.group, "SERVICE_FEE", loan=loan) == 18_000
    assert balance(member.group, "LOAN", loan=loan) == 1_200_000 - 32_000


def test_a_payment_above_the_balance_is_refused():
    member = make_member(make_group())
    save(member, 5_000_000)
    loan = lend(member, principal=1_200_000, periods=12)
    with pytest.raises(NotAllowed):
        services.loan_repay(
            actor=facilitator_of(member.group), group=member.group, loan=loan, amount=1_416_001,
            on=date(2025, 3, 4), key=uuid.uuid4(),
        )  # fmt: skip


def test_nothing_is_posted_on_a_day_to_come():
    member = make_member(make_group())
    tomorrow = today_of(member.group) + timedelta(1)
    with pytest.raises(DayToCome):
        save(member, 10_000, on=tomorrow)
    save(member, 10_000, on=tomorrow - timedelta(1))


def test_reversal_mirrors_the_entry():
    member = make_member(make_group())
    save(member, 50_000)
    entry = Entry.objects.get()
    reversal = services.entry_reverse(
        actor=facilitator_of(member.group), entry=entry, reason="salah hitung", key=uuid.uuid4()
    )
    assert reversal.reverses == entry
    assert balance(member.group, "CASH") == 0


@pytest.mark.parametrize("statement", ["UPDATE finance_transfer SET amount = 1", "DELETE FROM finance_transfer"])
def test_the_database_refuses_to_touch_transfers(statement):
    save(make_member(make_group()), 50_000)
    with pytest.raises(IntegrityError, match="finance_transfer_no_"), connection.cursor() as cursor:
        cursor.execute(statement)


def test_the_database_refuses_a_negative_balance():
    save(make_member(make_group()), 50_000)
    with pytest.raises(IntegrityError, match="account_funds"):
        Account.objects.filter(kind="CASH").update(credits_posted=50_001)


def test_the_database_refuses_a_transfer_between_groups():
    here, there = make_member(make_group()), make_member(make_group())
    save(here, 50_000)
    save(there, 50_000)
    entry = Entry.objects.filter(group=here.group).get()
    with pytest.raises(IntegrityError, match="same_group"):
        Transfer.objects.create(
            entry=entry, group=here.group, amount=1, debit_balance_after=0, credit_balance_after=0,
            debit_account=Account.objects.get(group=here.group, kind="CASH"),
            credit_account=Account.objects.get(group=there.group, kind="SUKARELA"),
        )  # fmt: skip


def test_the_database_refuses_a_key_that_was_posted():
    group, key = make_group(), uuid.uuid4()

    @transaction.atomic
    def post():
        books = open_books(actor=facilitator_of(group), group=group)
        books.post([Posting(EntryKind.OTHER, FOUNDED, other_money(books, OtherMoney.GRANT, 1_000, "hibah"), key)])

    post()
    with pytest.raises(AlreadyPosted):
        post()
    assert Entry.objects.count() == 1
