"""Fines that members owe: outside the ledger until they are paid, paid the oldest first, open again when undone."""

from __future__ import annotations

import uuid
from contextlib import suppress
from datetime import date, timedelta
from random import Random

import pytest
from django.db import IntegrityError, transaction

from finance import selectors, services
from finance.ledger.errors import NotAllowed
from finance.ledger.fines import Charge, open_fines, write_charges
from finance.ledger.posting import Posting, open_books
from finance.ledger.reading import Line
from finance.ledger.verify import mismatches
from finance.models import Account, AccountKind, Entry, EntryKind, Obligation, ObligationKind, ObligationPayment
from finance.selectors.owed import owed
from tests.factories import facilitator_of, lend, make_group, make_member, reverse, save

pytestmark = pytest.mark.django_db

DAY = timedelta(1)
START = date(2025, 3, 4)


@pytest.fixture
def member():
    return make_member(make_group(), "Siti Aminah")


def charge(member, amount, on=START, memo="lalai", **fields):
    """A fine that the member owes."""
    (fine,) = write_charges(
        [Charge(member, ObligationKind.OTHER, amount, memo, **fields)],
        group=member.group,
        actor=facilitator_of(member.group),
        on=on,
    )
    return fine


def pay(member, amount, on=START, reason="denda"):
    return services.fine_pay(
        actor=facilitator_of(member.group), group=member.group, member=member, amount=amount, reason=reason, on=on,
        key=uuid.uuid4(),
    )  # fmt: skip


def left(member, as_of=date(2026, 12, 31)):
    found = owed(member.group, as_of=as_of).get(member.pk)
    return found.fine if found else 0


def income(group):
    return sum(account.balance for account in Account.objects.filter(group=group, kind="FINE"))


def test_a_fine_is_no_income_before_it_is_paid(member):
    charge(member, 5_000)
    year = {"start": START, "end": START + DAY}
    assert (left(member), selectors.income_statement(member.group, **year).surplus) == (5_000, 0)
    pay(member, 5_000)
    assert (left(member), selectors.income_statement(member.group, **year).surplus) == (0, 5_000)


def test_the_oldest_fine_is_paid_first(member):
    young, old = charge(member, 3_000, on=START + DAY), charge(member, 2_000)
    pay(member, 2_500, on=START + 2 * DAY)
    paid = dict(ObligationPayment.objects.values_list("obligation", "amount"))
    assert paid == {old.pk: 2_000, young.pk: 500}


def test_two_payments_in_one_step_pay_each_fine_once(member):
    old, young = charge(member, 2_000), charge(member, 3_000, on=START + DAY)
    with transaction.atomic():
        books = open_books(actor=facilitator_of(member.group), group=member.group)
        fines = books.account(AccountKind.FINE)
        books.post([
            Posting(
                EntryKind.OTHER, START + 2 * DAY, [Line(books.account(AccountKind.CASH), fines, amount, member)],
                uuid.uuid4(),
            )
            for amount in (2_000, 3_000)
        ])  # fmt: skip
    paid = ObligationPayment.objects.order_by("entry").values_list("obligation", "amount")
    assert list(paid) == [(old.pk, 2_000), (young.pk, 3_000)]


def test_an_entry_that_is_taken_back_takes_its_own_fine_with_it_and_no_other(member):
    entries = []
    for amount in (5_000, 6_000):
        with transaction.atomic():
            books = open_books(actor=facilitator_of(member.group), group=member.group)
            line = Line(books.account(AccountKind.CASH), books.account(AccountKind.SUKARELA, member=member), 1, member)
            brought = [Charge(member, ObligationKind.OTHER, amount, "lalai menimba")]
            entries += books.post([Posting(EntryKind.SAVINGS, START, [line], uuid.uuid4(), charges=brought)])
    reverse(entries[0])
    assert [fine.amount for fine in open_fines(member.group).fines] == [6_000]


def test_a_fine_that_an_entry_brings_is_paid_once_in_the_same_step(member):
    charge(member, 1_000)
    with transaction.atomic():
        books = open_books(actor=facilitator_of(member.group), group=member.group)
        line = Line(books.account(AccountKind.CASH), books.account(AccountKind.FINE), 7_000, member)
        brought = [Charge(member, ObligationKind.OTHER, 5_000, "lalai menimba")]
        books.post([Posting(EntryKind.OTHER, START, [line], uuid.uuid4(), charges=brought)])
    assert list(ObligationPayment.objects.order_by("pk").values_list("amount", flat=True)) == [1_000, 5_000]


def test_a_fine_that_an_entry_brings_is_among_those_of_the_books_with_its_words(member):
    with transaction.atomic():
        books = open_books(actor=facilitator_of(member.group), group=member.group)
        savings = books.account(AccountKind.SUKARELA, member=member)
        books.post(
            [
                Posting(
                    EntryKind.SAVINGS, START, [Line(books.account(AccountKind.CASH), savings, 1_000, member)],
                    uuid.uuid4(), charges=[Charge(member, ObligationKind.OTHER, 5_000, "lalai menimba")],
                )
            ]
        )  # fmt: skip
        (fine,) = books.fines.fines
    assert (fine.memo, fine.amount, fine.left, fine.owed_on) == ("lalai menimba", 5_000, 5_000, START)


def test_what_is_paid_beyond_what_is_owed_is_a_fine_of_the_day(member):
    charge(member, 2_000)
    pay(member, 5_000, on=START + DAY, reason="HP berbunyi")
    assert Obligation.objects.get(amount=3_000).memo == "HP berbunyi"
    assert (left(member), income(member.group)) == (0, 5_000)


def test_nobody_pays_the_fine_of_another(member):
    other = make_member(member.group, "Budi")
    charge(other, 2_000)
    pay(member, 1_000)
    assert (left(other), left(member)) == (2_000, 0)


def test_a_payment_undone_leaves_the_fine_open_again_and_it_is_paid_again(member):
    charge(member, 2_000)
    for _time in range(2):
        entry = pay(member, 2_000)
        assert left(member) == 0
        reverse(entry)
        assert (left(member), income(member.group)) == (2_000, 0)
    pay(member, 2_000)
    assert (left(member), income(member.group)) == (0, 2_000)
    assert list(mismatches()) == []


def test_a_fine_of_the_day_goes_with_the_payment_that_is_undone(member):
    reverse(pay(member, 2_000))
    assert (left(member), income(member.group)) == (0, 0)
    assert Obligation.objects.get().cancelled_at is not None


def test_what_was_owed_on_a_day_stays_what_it_was(member):
    charge(member, 2_000)
    charge(member, 3_000, on=START + 2 * DAY)
    pay(member, 2_500, on=START + 3 * DAY)
    days = [START - DAY, START, START + 2 * DAY, START + 3 * DAY]
    assert [left(member, day) for day in days] == [0, 2_000, 5_000, 2_500]


def test_a_fine_for_a_late_instalment_is_asked_for_with_its_loan_and_not_twice(member):
    save(member, 2_000_000)
    loan = lend(member, fine_late_instalment=5_000)
    by = {"actor": facilitator_of(member.group), "group": member.group}
    services.loan_repay(**by, loan=loan, amount=10_000, on=START + DAY, key=uuid.uuid4())
    assert left(member) == 5_000
    pay(member, 1_000, on=START + 2 * DAY, reason="HP berbunyi")
    assert (left(member), open_fines(member.group).of_loan(loan)) == (5_000, 5_000)


def test_who_leaves_pays_the_fines_from_the_savings(member):
    save(member, 20_000)
    charge(member, 5_000)
    entry = services.member_settle(
        actor=facilitator_of(member.group), group=member.group, member=member, on=START + DAY, key=uuid.uuid4()
    )
    assert (left(member), income(member.group)) == (0, 5_000)
    assert entry.transfers.get(credit_account__kind="CASH").amount == 15_000


def test_who_owes_more_than_was_saved_does_not_leave(member):
    save(member, 4_000)
    charge(member, 5_000)
    with pytest.raises(NotAllowed, match=r"owes Rp\xa01.000 more than was saved"):
        services.member_settle(
            actor=facilitator_of(member.group), group=member.group, member=member, on=START + DAY, key=uuid.uuid4()
        )


def test_what_is_owed_is_read_in_one_statement(member, django_assert_num_queries):
    for number in range(3):
        charge(member, 1_000 + number)
    with django_assert_num_queries(1):
        open_fines(member.group)
    for other in range(5):
        charge(make_member(member.group), 1_000 + other)
    with django_assert_num_queries(1):
        open_fines(member.group)


@pytest.mark.parametrize("seed", range(3))
def test_charged_less_paid_and_waived_is_what_is_owed_on_every_day(seed):
    chance = Random(seed)
    group = make_group()
    members = [make_member(group) for _ in range(3)]
    for member in members:
        save(member, 1_000_000)
    loans = [
        lend(member, 500_000, 5, fine_late_instalment=1_500, fine_first=chance.random() < 0.5) for member in members
    ]
    by = {"actor": facilitator_of(group), "group": group}
    for step in range(40):
        number = chance.randrange(3)
        member, on = members[number], START + DAY * (step + chance.randrange(5))
        match chance.randrange(4):
            case 0:
                charge(member, chance.randint(1, 5_000), on=on)
            case 1:
                pay(member, chance.randint(1, 5_000), on=on)
            case 2:
                if Account.objects.get(loan=loans[number], kind="LOAN").balance > 20_000:
                    amount = chance.randint(1, 20_000)
                    services.loan_repay(**by, loan=loans[number], amount=amount, on=on, key=uuid.uuid4())
            case 3:
                standing = Entry.objects.filter(
                    group=group, kind__in=(EntryKind.FINE, EntryKind.REPAYMENT), reversed_by=None
                )
                if (entry := standing.order_by("?").first()) is not None:
                    with suppress(NotAllowed):  # the fine it brought was paid since
                        reverse(entry)
        if step % 8 == 0:
            _holds(group, members, START + DAY * 50)
    for days in range(0, 50, 7):
        _holds(group, members, START + DAY * days)
    assert list(mismatches()) == []


def _holds(group, members, as_of):
    """What is owed on the day, from the rows one by one."""
    for member in members:
        owing = 0
        for fine in Obligation.objects.filter(member=member, cancelled_at=None, owed_on__lte=as_of):
            paid = [
                payment.amount
                for payment in fine.payments.select_related("entry")
                if payment.entry.effective_on <= as_of
                and not Entry.objects.filter(reverses=payment.entry, effective_on__lte=as_of).exists()
            ]
            assert sum(paid) <= fine.amount
            is_waived = fine.waivers.filter(waived_on__lte=as_of).exists()
            owing += 0 if is_waived else fine.amount - sum(paid)
        assert left(member, as_of) == owing >= 0


def refused(rule, rows):
    with pytest.raises(IntegrityError, match=rule), transaction.atomic():
        rows()


def test_the_database_takes_no_more_for_a_fine_than_it_is(member):
    fine, entry = charge(member, 2_000), pay(member, 1_500)
    other = Entry.objects.create(
        group=member.group, number=99, kind="FINE", effective_on=START, recorded_by=entry.recorded_by, key=uuid.uuid4()
    )
    more = ObligationPayment(group=member.group, obligation=fine, amount=501, entry=other)
    refused("finance_obligationpayment_owed", more.save)
    more.amount = 500
    more.save()


def test_the_database_refuses_a_fine_on_the_loan_of_another(member):
    other = make_member(member.group)
    save(other, 2_000_000)
    fine = Obligation(
        group=member.group, member=member, kind="LATE_INSTALMENT", amount=1, owed_on=START, memo="x", loan=lend(other),
        recorded_by=facilitator_of(member.group),
    )  # fmt: skip
    refused("finance_obligation_of_its_borrower", fine.save)


@pytest.mark.parametrize(
    ("rule", "fields"),
    [
        ("obligation_amount", {"amount": 0}),
        ("obligation_kind", {"kind": "?"}),
        ("obligation_loan", {"kind": "LATE_INSTALMENT"}),
    ],
)
def test_the_database_refuses_a_fine_that_cannot_be(member, rule, fields):
    usual = {"kind": "OTHER", "amount": 1, "memo": "x"}
    fine = Obligation(
        group=member.group, member=member, owed_on=START, recorded_by=facilitator_of(member.group), **(usual | fields)
    )
    refused(rule, fine.save)
