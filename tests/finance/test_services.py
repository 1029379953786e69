"""What the services allow and refuse, beyond the first cases of `test_ledger`."""

import uuid
from datetime import date

import pytest
from django.core.exceptions import PermissionDenied

from finance import services
from finance.ledger.errors import AlreadyPosted, AlreadyReversed, AlreadySettled, InsufficientFunds, NotAllowed
from finance.models import Account, AccountKind, CashCount, Entry, EntryKind, Loan
from finance.rules import lines
from groups.models import Role
from groups.services import member_leave
from tests.factories import (
    FOUNDED,
    count_cash,
    endow,
    facilitator_of,
    lend,
    make_group,
    make_member,
    make_user,
    repay,
    reverse,
    save,
)

pytestmark = pytest.mark.django_db


def balance(group, kind, **owner):
    return sum(account.balance for account in Account.objects.filter(group=group, kind=kind, **owner))


def withdraw(member, amount, key=None):
    return services.savings_withdraw(
        actor=facilitator_of(member.group), group=member.group, member=member, amount=amount, on=FOUNDED,
        key=key or uuid.uuid4(),
    )  # fmt: skip


def other(group, kind, amount, memo="lain-lain"):
    return services.other_money_record(
        actor=facilitator_of(group), group=group, kind=kind, amount=amount, memo=memo, on=FOUNDED, key=uuid.uuid4()
    )


def settle(count, *, post=False, on=FOUNDED):
    return services.cash_count_settle(
        actor=facilitator_of(count.group), count=count, how="uang ketemu", on=on, post_difference=post,
        key=uuid.uuid4(),
    )  # fmt: skip


def test_the_same_key_twice_is_told_apart_from_money_that_is_gone():
    member = make_member(make_group())
    save(member, 20_000)
    key = uuid.uuid4()
    withdraw(member, 20_000, key)
    with pytest.raises(AlreadyPosted):
        withdraw(member, 20_000, key)
    assert Entry.objects.count() == 2


def test_two_groups_may_use_one_key():
    here, there = make_member(make_group()), make_member(make_group())
    save(here, 20_000)
    save(there, 20_000)
    key = uuid.uuid4()
    withdraw(here, 20_000, key)
    assert withdraw(there, 20_000, key).group == there.group


def test_nothing_is_not_an_amount():
    with pytest.raises(NotAllowed):
        withdraw(make_member(make_group()), 0)


def test_a_person_who_may_only_read_cannot_post():
    group = make_group()
    staff = make_user(Role.STAFF, organisation=group.organisation)
    with pytest.raises(PermissionDenied):
        services.other_money_record(
            actor=staff, group=group, kind=lines.OtherMoney.INCOME, amount=1, memo="", on=FOUNDED, key=uuid.uuid4()
        )


def test_a_facilitator_of_another_group_cannot_post():
    member = make_member(make_group())
    with pytest.raises(PermissionDenied):
        services.savings_deposit(
            actor=facilitator_of(make_group()), group=member.group, member=member, kind=AccountKind.WAJIB, amount=1,
            on=FOUNDED, key=uuid.uuid4(),
        )  # fmt: skip


def test_a_member_of_another_group_is_refused():
    group, stranger = make_group(), make_member(make_group())
    make_member(group, number=stranger.number)
    with pytest.raises(NotAllowed):
        services.savings_deposit(
            actor=facilitator_of(group), group=group, member=stranger, kind=AccountKind.WAJIB, amount=1_000,
            on=FOUNDED, key=uuid.uuid4(),
        )  # fmt: skip


def test_a_member_who_left_takes_savings_out_but_brings_none():
    member = make_member(make_group())
    save(member, 20_000)
    member.left_on = date(2025, 6, 3)
    member.save()
    withdraw(member, 5_000)
    assert balance(member.group, AccountKind.SUKARELA) == 15_000
    with pytest.raises(NotAllowed, match="Siti"):
        save(member, 1_000, on=date(2025, 6, 4))
    with pytest.raises(NotAllowed, match="Siti"):
        lend(member, principal=1_000, disbursed_on=date(2025, 6, 3), first_due=date(2025, 7, 3))


def test_a_member_read_before_somebody_else_recorded_the_leaving_brings_nothing():
    member = make_member(make_group())
    save(member, 20_000)
    member_leave(actor=facilitator_of(member.group), member=member, left_on=date(2025, 6, 3))
    assert member.left_on is None
    with pytest.raises(NotAllowed, match="Siti"):
        save(member, 1_000, on=date(2025, 6, 4))
    with pytest.raises(NotAllowed, match="Siti"):
        lend(member, principal=1_000, disbursed_on=date(2025, 6, 3), first_due=date(2025, 7, 3))
    assert Entry.objects.count() == 1


def test_a_loan_without_money_in_the_box_is_refused_and_leaves_nothing():
    member = make_member(make_group())
    save(member, 100_000)
    with pytest.raises(InsufficientFunds) as refusal:
        lend(member, principal=100_001)
    assert refusal.value.account.kind == AccountKind.CASH
    assert not Loan.objects.exists()


def test_the_first_instalment_is_due_after_the_day_of_the_loan():
    member = make_member(make_group())
    save(member, 100_000)
    with pytest.raises(NotAllowed):
        lend(member, principal=50_000, first_due=date(2025, 2, 4), disbursed_on=date(2025, 2, 4))


def test_loans_are_numbered_in_their_group_and_keep_their_period():
    member = make_member(make_group())
    save(member, 100_000)
    first, second = lend(member, principal=10_000), lend(member, principal=10_000, every="week", periods=2)
    assert (first.number, second.number) == (1, 2)
    assert [line.due_on for line in second.instalments.all()] == [date(2025, 3, 4), date(2025, 3, 11)]


def test_a_loan_paid_off_takes_no_more():
    member = make_member(make_group())
    save(member, 100_000)
    loan = lend(member, principal=100_000, periods=1)
    repay(loan, sum(line.total for line in loan.instalments.all()))
    assert balance(member.group, AccountKind.LOAN) == 0
    with pytest.raises(NotAllowed):
        repay(loan, 1_000)


def test_reversing_a_loan_cancels_it_and_it_takes_no_payment():
    member = make_member(make_group())
    save(member, 100_000)
    loan = lend(member, principal=100_000)
    reverse(Entry.objects.get(kind=EntryKind.LOAN))
    loan.refresh_from_db()
    assert loan.cancelled_at is not None
    assert balance(member.group, AccountKind.CASH) == 100_000
    with pytest.raises(NotAllowed):
        repay(loan, 1_000)


@pytest.mark.parametrize("amount", [1_000, 50_000])
def test_a_loan_with_payments_is_not_cancelled_under_them(amount):
    member = make_member(make_group())
    save(member, 100_000)
    payment = repay(lend(member, principal=100_000), amount)
    disbursement = Entry.objects.get(kind=EntryKind.LOAN)
    with pytest.raises(NotAllowed):
        reverse(disbursement)
    reverse(payment)
    assert reverse(disbursement).reverses == disbursement


def test_an_entry_is_reversed_once():
    save(make_member(make_group()), 100_000)
    entry = Entry.objects.get()
    reverse(entry)
    with pytest.raises(AlreadyReversed):
        reverse(entry)


def test_a_reversal_is_not_reversed():
    save(make_member(make_group()), 100_000)
    with pytest.raises(NotAllowed):
        reverse(reverse(Entry.objects.get()))


def test_money_spent_since_cannot_be_reversed_away():
    group = make_group()
    save(make_member(group), 100_000)
    other(group, lines.OtherMoney.EXPENSE, 60_000)
    with pytest.raises(InsufficientFunds):
        reverse(Entry.objects.get(kind=EntryKind.SAVINGS))


@pytest.mark.parametrize(
    ("kind", "debit", "credit"),
    [
        ("INCOME", "CASH", "OTHER_INCOME"),
        ("EXPENSE", "EXPENSE", "CASH"),
        ("GRANT", "CASH", "GRANT"),
        ("SOCIAL_IN", "CASH", "SOCIAL_FUND"),
        ("SOCIAL_OUT", "SOCIAL_FUND", "CASH"),
        ("BANK_DEPOSIT", "BANK", "CASH"),
        ("BANK_WITHDRAWAL", "CASH", "BANK"),
        ("OFFICERS_OUT", "OFFICERS_FUND", "CASH"),
        ("EDUCATION_OUT", "EDUCATION_FUND", "CASH"),
        ("STAFF_OUT", "STAFF_FUND", "CASH"),
        ("DEVELOPMENT_OUT", "DEVELOPMENT_FUND", "CASH"),
        ("OTHER_FUND_OUT", "OTHER_FUND", "CASH"),
        ("RESERVE_OUT", "RESERVE", "CASH"),
        ("BANK_INCOME", "BANK", "OTHER_INCOME"),
        ("BANK_GRANT", "BANK", "GRANT"),
        ("BANK_EXPENSE", "EXPENSE", "BANK"),
        ("BANK_SOCIAL_OUT", "SOCIAL_FUND", "BANK"),
        ("BANK_OFFICERS_OUT", "OFFICERS_FUND", "BANK"),
        ("BANK_EDUCATION_OUT", "EDUCATION_FUND", "BANK"),
        ("BANK_STAFF_OUT", "STAFF_FUND", "BANK"),
        ("BANK_DEVELOPMENT_OUT", "DEVELOPMENT_FUND", "BANK"),
        ("BANK_OTHER_FUND_OUT", "OTHER_FUND", "BANK"),
        ("BANK_RESERVE_OUT", "RESERVE", "BANK"),
    ],
)
def test_other_money_debits_and_credits(kind, debit, credit):
    group = make_group()
    for fund in {"GRANT", "SOCIAL_FUND", "OTHER_FUND", debit} - {"CASH", "BANK", "EXPENSE"}:
        endow(group, fund, 4_000)
    other(group, "BANK_DEPOSIT", 5_000)
    (line,) = other(group, kind, 4_000).transfers.all()
    assert (line.debit_account.kind, line.credit_account.kind, line.amount) == (debit, credit, 4_000)


@pytest.mark.parametrize("kind", [kind for kind in lines.OtherMoney if kind.endswith("_OUT")])
def test_a_fund_pays_no_more_than_it_holds(kind):
    group = make_group()
    fund = lines.OTHER[kind][0]
    endow(group, fund, 4_000)
    other(group, "BANK_GRANT", 5_000)
    other(group, "INCOME", 5_000)
    with pytest.raises(InsufficientFunds) as refusal:
        other(group, kind, 4_001)
    assert refusal.value.account.kind == fund
    assert balance(group, fund) == 4_000


@pytest.mark.parametrize("kind", [kind for kind in lines.OtherMoney if lines.OTHER[kind][1] == "BANK"])
def test_the_bank_pays_no_more_than_it_holds(kind):
    group = make_group()
    if kind.endswith("_OUT"):
        endow(group, lines.OTHER[kind][0], 9_000)
    other(group, "BANK_INCOME", 4_000)
    with pytest.raises(InsufficientFunds) as refusal:
        other(group, kind, 4_001)
    assert refusal.value.account.kind == "BANK"


def test_no_two_kinds_of_other_money_post_the_same():
    assert len(set(lines.OTHER.values())) == len(lines.OTHER) == len(lines.OtherMoney)


def test_fines_and_the_social_fund_come_from_members():
    member = make_member(make_group())
    common = {"actor": facilitator_of(member.group), "group": member.group, "member": member, "on": FOUNDED}
    services.fine_pay(**common, amount=2_000, reason="terlambat", key=uuid.uuid4())
    services.social_contribute(**common, amount=1_000, key=uuid.uuid4())
    assert balance(member.group, AccountKind.FINE) == 2_000
    assert balance(member.group, AccountKind.SOCIAL_FUND) == 1_000
    assert set(member.transfers.values_list("memo", flat=True)) == {"terlambat", ""}


@pytest.mark.parametrize(("counted", "kind"), [(48_000, AccountKind.EXPENSE), (52_000, AccountKind.OTHER_INCOME)])
def test_a_settled_difference_can_be_posted(counted, kind):
    group = make_group()
    save(make_member(group), 50_000)
    count = settle(count_cash(group, counted), post=True)
    assert balance(group, kind) == 2_000
    assert balance(group, AccountKind.CASH) == counted
    assert count.settlement.kind == EntryKind.SETTLEMENT


def test_a_difference_settled_without_posting_leaves_the_books():
    group = make_group()
    save(make_member(group), 50_000)
    assert settle(count_cash(group, 48_000)).settlement is None
    assert balance(group, AccountKind.CASH) == 50_000


def test_a_difference_is_settled_once():
    count = count_cash(make_group(), 2_000)
    settle(count, post=True)
    with pytest.raises(AlreadySettled):
        settle(count, post=True)
    assert Entry.objects.count() == 1


def test_a_count_that_agrees_has_nothing_to_settle():
    with pytest.raises(NotAllowed):
        settle(count_cash(make_group(), 0))


def test_a_difference_is_not_settled_before_its_day():
    count = count_cash(make_group(), 2_000, on=date(2025, 5, 6))
    with pytest.raises(NotAllowed):
        settle(count, on=date(2025, 5, 5))
    assert CashCount.objects.get().settled_on is None


def test_a_settlement_stands():
    count = settle(count_cash(make_group(), 2_000), post=True)
    with pytest.raises(NotAllowed):
        reverse(count.settlement)
