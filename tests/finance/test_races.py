"""Many at once on one cash box: nothing lost, never negative, no deadlock."""

import uuid
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection
from django.utils import timezone

from finance import services
from finance.ledger.errors import AlreadyPosted, AlreadySettled, InsufficientFunds, NotAllowed
from finance.ledger.verify import mismatches
from finance.models import Account, AccountKind, Entry, SurplusDivision, Transfer
from finance.selectors import share_out_plan
from tests.factories import FOUNDED, count_cash, facilitator_of, lend, make_group, make_member, make_members, save
from tests.finance.surplus import decide, post, share_out, worked_year

THREADS = 8


def at_once(work, arguments):
    """Run `work` for each of `arguments` in a thread of its own, all starting together."""
    start = Barrier(len(arguments))

    def run(argument):
        start.wait(timeout=20)
        try:
            return work(argument)
        finally:
            connection.close()

    with ThreadPoolExecutor(len(arguments)) as pool:
        return list(pool.map(run, arguments))


def withdraw(member, amount, key):
    services.savings_withdraw(
        actor=facilitator_of(member.group), group=member.group, member=member, amount=amount, on=FOUNDED, key=key
    )


def test_eight_threads_on_one_cash_box(committed_db):
    group = make_group()
    members = make_members(group, THREADS)
    for member in members:
        save(member, 10_000)

    def come_and_go(member):
        for _ in range(5):
            save(member, 700)
            withdraw(member, 300, uuid.uuid4())

    at_once(come_and_go, members)
    assert Account.objects.get(group=group, kind=AccountKind.CASH).balance == THREADS * (10_000 + 5 * 400)
    assert Entry.objects.count() == THREADS * 11
    assert list(mismatches()) == []


def test_the_last_money_is_taken_once(committed_db):
    group = make_group()
    members = make_members(group, THREADS)
    for member in members:
        save(member, 1_000)

    # Only three loans of 2,500 fit into the 8,000 in the box.
    def borrow(member):
        try:
            return lend(member, principal=2_500)
        except InsufficientFunds:
            return None

    assert sum(loan is not None for loan in at_once(borrow, members)) == 3
    assert Account.objects.get(group=group, kind=AccountKind.CASH).balance == 500
    assert list(mismatches()) == []


def test_the_same_key_from_two_threads_is_one_entry(committed_db):
    (member,) = make_members(make_group(), 1)
    save(member, 10_000)
    key = uuid.uuid4()

    def once(_number):
        try:
            withdraw(member, 1_000, key)
        except AlreadyPosted:
            return "already"
        return "posted"

    assert sorted(at_once(once, [1, 2])) == ["already", "posted"]
    assert Transfer.objects.filter(debit_account__kind="SUKARELA").count() == 1


def test_one_loan_repaid_by_two_at_once_is_repaid_once(committed_db):
    (member,) = make_members(make_group(), 1)
    save(member, 10_000)
    loan = lend(member, principal=10_000, periods=1)
    everything = sum(line.total for line in loan.instalments.all())

    def repay(_number):
        try:
            services.loan_repay(
                actor=facilitator_of(member.group), group=member.group, loan=loan, amount=everything,
                on=loan.disbursed_on, key=uuid.uuid4(),
            )  # fmt: skip
        except NotAllowed:
            return False
        return True

    assert sorted(at_once(repay, [1, 2])) == [False, True]
    assert list(mismatches()) == []


def test_two_people_settle_one_difference(committed_db):
    count = count_cash(make_group(), 5_000)

    def settle(_number):
        try:
            services.cash_count_settle(
                actor=facilitator_of(count.group), count=count, how="uang ketemu", on=FOUNDED, post_difference=True,
                key=uuid.uuid4(),
            )  # fmt: skip
        except AlreadySettled:
            return False
        return True

    assert sorted(at_once(settle, [1, 2])) == [False, True]
    assert Entry.objects.count() == 1


@pytest.mark.parametrize("groups", [2])
def test_groups_do_not_wait_for_each_other_or_mix(committed_db, groups):
    members = [make_members(make_group(), 1)[0] for _ in range(groups)]
    at_once(lambda member: [save(member, 100) for _ in range(5)], members)
    for member in members:
        assert Account.objects.get(group=member.group, kind=AccountKind.CASH).balance == 500


def test_two_people_decide_and_post_at_once(committed_db):
    group, _members = worked_year()

    def attempt(work):
        try:
            work()
        except (AlreadyPosted, NotAllowed):
            return False
        return True

    assert sorted(at_once(lambda _n: attempt(lambda: decide(group)), [1, 2])) == [False, True]
    division = SurplusDivision.objects.get()
    assert sorted(at_once(lambda _n: attempt(lambda: post(division)), [1, 2])) == [False, True]
    assert Entry.objects.filter(kind="SURPLUS").count() == 1
    assert list(mismatches()) == []


def test_two_people_share_out_at_once(committed_db):
    group = make_group()
    save(make_member(group), 10_000)
    plan = share_out_plan(group, as_of=timezone.localdate(), keep=frozenset())

    def attempt(_number):
        try:
            share_out(group, seen=plan.payout)
        except NotAllowed:
            return False
        return True

    assert sorted(at_once(attempt, [1, 2])) == [False, True]
    assert not Account.objects.get(group=group, kind=AccountKind.CASH).balance
    assert list(mismatches()) == []
