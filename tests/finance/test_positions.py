"""Balances as at a day: counted from the nearest stored balances, and the same as the plain sum of all transfers."""

import uuid
from contextlib import suppress
from datetime import date, timedelta

import pytest
from django.db.models import Sum
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from finance import selectors, services
from finance.ledger.errors import LedgerError
from finance.ledger.verify import mismatches
from finance.models import Account, Entry, PeriodBalance, PeriodClosing, Transfer
from finance.selectors.account_balances import account_balances, nearest_balances
from groups.models import Group
from tests.factories import FOUNDED, facilitator_of, make_group, make_members, reverse, save, withdraw

pytestmark = pytest.mark.django_db

FIRST_END, SECOND_END = date(2025, 3, 31), date(2025, 9, 30)
NEAR = date(2025, 10, 15)


def close(group, through):
    services.period_close(actor=facilitator_of(group), group=group, through=through, key=uuid.uuid4())
    group.refresh_from_db()


def summed(group, day):
    """Debits and credits of each account by the end of a day, added up from the transfers."""
    lines = Transfer.objects.filter(group=group, entry__effective_on__lte=day)
    return {
        account.code: tuple(
            lines.filter(**{f"{side}_account": account}).aggregate(sum=Sum("amount"))["sum"] or 0
            for side in ("debit", "credit")
        )
        for account in Account.objects.filter(group=group)
    }


def counted(group, *days):
    """What `account_balances` says of the same days, a dictionary for each."""
    found = account_balances(group, *days)
    return [
        {position.account.code: (position.debits[number], position.credits[number]) for position in found}
        for number in range(len(days))
    ]


@pytest.fixture
def group():
    """A group with two closed periods and movements before, between and after their ends."""
    group = make_group()
    member, other = make_members(group, 2)
    for on, amount in ((FOUNDED, 50_000), (FIRST_END, 3_000), (date(2025, 6, 1), 200), (date(2025, 12, 1), 7)):
        save(member, amount, on=on)
    close(group, FIRST_END)
    close(group, SECOND_END)
    save(other, 90, on=date(2025, 11, 1))
    return group


@pytest.mark.parametrize(
    "day",
    [
        date(2025, 1, 1), FOUNDED, FIRST_END - timedelta(1), FIRST_END, FIRST_END + timedelta(1), date(2025, 6, 1),
        SECOND_END, NEAR, date(2025, 12, 1), date(2026, 1, 1), date(9999, 12, 31),
    ],
)  # fmt: skip
def test_a_day_is_the_sum_of_all_before_it(group, day):
    assert counted(group, day) == [summed(group, day)]


def test_several_days_at_once(group):
    days = [FOUNDED, date(2025, 6, 1), SECOND_END, NEAR, date(2030, 1, 1)]
    assert counted(group, *days) == [summed(group, day) for day in days]


def test_each_day_counts_from_what_is_nearest(group):
    days = [FOUNDED, FIRST_END, date(2025, 6, 1), NEAR, date(2030, 1, 1)]
    assert [mark.stored for mark in nearest_balances(group, days)] == [
        FIRST_END,
        FIRST_END,
        FIRST_END,
        SECOND_END,
        None,
    ]
    assert [mark.stored for mark in nearest_balances(make_group(), days)] == [None] * 5


def test_a_reversal_of_what_is_closed_counts_where_it_is_dated(group):
    before = counted(group, SECOND_END)
    reverse(Entry.objects.filter(group=group).earliest("pk"))
    assert counted(group, SECOND_END) == before == [summed(group, SECOND_END)]
    assert counted(group, date(2100, 1, 1)) == [summed(group, date(2100, 1, 1))]


def test_an_account_opened_after_the_close_starts_at_nothing(group):
    assert counted(group, SECOND_END)[0]["21023.2"] == (0, 0)
    assert counted(group, date(2025, 11, 1))[0]["21023.2"] == (0, 90)


@pytest.fixture
def planted(group):
    """The same group with a wrong balance of one member at the end of the second period."""
    # Stored balances cannot be changed: an account that has none yet gets a wrong one.
    other = Account.objects.get(group=group, code="21023.2")
    PeriodBalance.objects.create(group=group, through=SECOND_END, account=other, debits=0, credits=1_000_000)
    return group


def test_what_is_stored_is_what_is_read(planted):
    assert counted(planted, NEAR)[0]["21023.2"] == (0, 1_000_000)
    assert counted(planted, SECOND_END - timedelta(1))[0]["21023.2"] == (0, 1_000_000)
    lines = selectors.trial_balance(planted, end=NEAR, by_account=True).lines
    assert [line.closing for line in lines if line.code == "21023.2"] == [-1_000_000]
    assert selectors.savings_book(planted, end=NEAR).total == 53_200 + 1_000_000
    accounts = list(Account.objects.filter(group=planted, code="21023.2"))
    assert selectors.ledger(planted, accounts, start=NEAR, end=date(2025, 11, 1)).opening == 1_000_000


def test_the_days_after_the_last_entries_read_the_accounts(planted):
    assert counted(planted, date(2100, 1, 1)) == [summed(planted, date(2100, 1, 1))]


def test_a_wrong_stored_balance_is_found(planted):
    assert [found.rule for found in mismatches()] == [
        "the balances of a closed period are those of the transfers by its last day"
    ]


def test_a_balance_that_was_not_stored_is_found(group):
    save(group.members.get(number=2), 5, on=date(2025, 10, 1))
    PeriodClosing.objects.create(
        group=group, through=date(2025, 10, 31), key=uuid.uuid4(), closed_by=facilitator_of(group)
    )
    assert [found.what for found in mismatches()] == [
        f"{code} through 2025-10-31: not stored" for code in ("11010", "21023.1", "21023.2")
    ]


steps = st.lists(
    st.tuples(
        st.sampled_from(["save", "save", "withdraw", "reverse", "close"]),
        st.integers(0, 1),
        st.integers(1, 5_000),
        st.dates(FOUNDED, date(2025, 12, 31)),
    ),
    min_size=3,
    max_size=14,
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=steps, days=st.lists(st.dates(date(2025, 1, 1), date(2026, 2, 1)), min_size=1, max_size=3, unique=True))
def test_whatever_the_history_and_its_closings(steps, days):
    group = make_group()
    members = make_members(group, 2)
    for what, who, amount, on in steps:
        with suppress(LedgerError):
            if what == "close":
                close(group, on)
            elif what == "reverse" and (entry := Entry.objects.filter(group=group, reversed_by=None).first()):
                reverse(entry)
            elif what != "reverse":
                {"save": save, "withdraw": withdraw}[what](members[who], amount, on=on)
    group = Group.objects.get(pk=group.pk)
    days = sorted(days)
    assert counted(group, *days) == [summed(group, day) for day in days]
    cash = list(Account.objects.filter(group=group, kind="CASH"))
    book = selectors.ledger(group, cash, start=days[0], end=days[-1])
    debits, credits = summed(group, days[0] - timedelta(1)).get("11010", (0, 0))
    assert book.opening == debits - credits
    assert [line.running for line in book.lines][-1:] in ([], [book.closing])
