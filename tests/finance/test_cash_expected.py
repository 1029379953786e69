"""What the cash box should hold: the books of the day, and the differences that are open."""

import random
import uuid
from datetime import date, timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from finance import selectors, services
from finance.ledger.errors import AlreadySettled, LedgerError, NotAllowed
from finance.ledger.posting import open_books
from finance.ledger.reading import read_books
from finance.ledger.verify import mismatches
from finance.models import CashCount, Transfer
from tests.factories import FOUNDED, count_cash, cover, facilitator_of, lend, make_group, make_member, reverse, save
from tests.finance.pages import get

pytestmark = pytest.mark.django_db
FIRST, NEXT, LATER = FOUNDED, FOUNDED + timedelta(7), FOUNDED + timedelta(14)


@pytest.fixture
def group():
    """Rp 200,000 in the books on the first day."""
    group = make_group()
    save(make_member(group), 200_000, on=FIRST)
    return group


def balance(group, kind):
    return group.accounts.get(kind=kind).balance


def settle(count, *, post, on=LATER):
    return services.cash_count_settle(
        actor=facilitator_of(count.group), count=count, how="dicari", on=on, post_difference=post, key=uuid.uuid4()
    )


def withdraw(group, amount, on):
    return services.savings_withdraw(
        actor=facilitator_of(group), group=group, member=group.members.get(), amount=amount, on=on, key=uuid.uuid4()
    )


def differences(group):
    return [count.difference for count in group.cash_counts.order_by("counted_on", "place", "pk")]


def expected_on(group, day):
    return selectors.expected_cash(read_books(group, day), on=day)


def test_whether_fines_stand_beside_the_accounts_is_read_with_them(group):
    assert not read_books(group, LATER).has_fines
    services.fine_charge(
        actor=facilitator_of(group), group=group, member=group.members.get(), amount=5_000, reason="terlambat",
        on=FIRST, key=uuid.uuid4(),
    )  # fmt: skip
    assert read_books(group, LATER).has_fines


@pytest.mark.parametrize(("day", "more", "expected"), [(FIRST, 1, 190_000), (NEXT, 0, 185_000), (LATER, 0, 185_000)])
def test_only_before_the_last_count_differences_are_read_anew(group, day, more, expected, django_assert_num_queries):
    count_cash(group, 190_000, on=FIRST)
    count_cash(group, 185_000, on=NEXT)
    books = read_books(group, day)
    with django_assert_num_queries(more):
        assert selectors.expected_cash(books, on=day) == expected


def test_a_difference_is_what_is_new_since_the_last_count(group):
    first = count_cash(group, 190_000, on=FIRST)
    save(group.members.get(), 50_000, on=NEXT)
    assert expected_on(group, NEXT) == 240_000
    second = count_cash(group, 240_000, on=NEXT)
    assert (first.difference, second.expected, second.difference) == (-10_000, 240_000, 0)
    settle(first, post=True)
    assert balance(group, "CASH") == expected_on(group, LATER) == 240_000
    assert list(mismatches()) == []


def test_a_settlement_pays_no_difference_twice(group):
    first = count_cash(group, 190_000, on=FIRST)
    second = count_cash(group, 190_000, on=NEXT)
    with pytest.raises(NotAllowed):
        settle(second, post=True)
    settle(first, post=True)
    with pytest.raises(AlreadySettled):
        settle(first, post=True)
    assert balance(group, "CASH") == 190_000


def test_what_comes_on_top_of_an_open_difference_is_a_difference_of_its_own(group):
    count_cash(group, 190_000, on=FIRST)
    count_cash(group, 187_000, on=NEXT)
    assert differences(group) == [-10_000, -3_000]
    assert expected_on(group, LATER) == 187_000


def test_money_that_turned_up_is_expected_in_the_box_again(group):
    first = count_cash(group, 190_000, on=FIRST)
    settle(first, post=False, on=NEXT)
    assert expected_on(group, FIRST) == 190_000
    assert expected_on(group, NEXT) == 200_000


def test_turned_up_before_a_count_that_was_recorded_already(group):
    first = count_cash(group, 190_000, on=FIRST)
    count_cash(group, 200_000, on=LATER)
    settle(first, post=False, on=NEXT)
    assert differences(group) == [-10_000, 0]
    assert list(mismatches()) == []


def test_settled_with_an_entry_before_a_count_that_was_recorded_already(group):
    first = count_cash(group, 190_000, on=FIRST)
    count_cash(group, 190_000, on=LATER)
    settle(first, post=True, on=NEXT)
    assert differences(group) == [-10_000, 0]
    assert list(mismatches()) == []


def test_what_is_recorded_late_carries_through_to_the_next_count_only(group):
    for day in (NEXT, LATER):
        count_cash(group, 190_000, on=day)
    withdraw(group, 10_000, on=FIRST)
    assert differences(group) == [0, 0]
    assert [count.carried for count in group.cash_counts.order_by("pk")] == [-10_000, 0]
    content = get(group, "cash-differences").content.decode()
    assert "No difference is open." in content


def test_what_is_recorded_late_without_cash_changes_no_count(group):
    other = make_member(group)
    save(other, 50_000)
    loan = lend(group.members.first(), 120_000)
    count = count_cash(group, 130_000, on=date(2025, 6, 1))
    cover(loan, {other: 12_000}, on=date(2025, 5, 10))
    count.refresh_from_db()
    assert (count.carried, count.difference) == (0, 0)
    assert list(mismatches()) == []


def test_of_the_counts_of_one_day_the_next_is_the_one_with_the_earlier_place(group):
    """A count that is taken anew is recorded after the others of its day, and keeps its place before them."""
    count_cash(group, 200_000, on=NEXT)
    save(group.members.get(), 1_000, on=NEXT)
    count_cash(group, 201_000, on=NEXT)
    anew = group.cash_counts.earliest("pk")
    with transaction.atomic():
        CashCount.objects.filter(pk=anew.pk).update(corrected_at=timezone.now())
        books = open_books(group=group, actor=facilitator_of(group))
        services.cash_count_record(books, expected=200_000, counted=200_000, explanation="", on=NEXT, place=anew.place)
    save(group.members.get(), 5_000, on=FIRST)
    carried = group.cash_counts.order_by("pk").values_list("place", "carried")
    assert list(carried) == [(anew.place, 0), (anew.place + 1, 0), (anew.place, 5_000)]


def test_a_late_record_that_no_count_knew_of_is_a_difference_of_the_next_count(group):
    for day in (NEXT, LATER):
        count_cash(group, 200_000, on=day)
    save(group.members.get(), 5_000, on=FIRST)
    assert differences(group) == [-5_000, 0]
    assert "−Rp\xa05.000" in get(group, "cash-differences").content.decode()


def test_what_moved_after_the_count_on_its_day_changes_nothing(group):
    count = count_cash(group, 200_000, on=FIRST)
    withdraw(group, 50_000, on=FIRST)
    count.refresh_from_db()
    assert (count.difference, expected_on(group, FIRST)) == (0, 150_000)
    assert list(mismatches()) == []


def test_taking_back_what_the_count_of_the_day_saw_changes_it(group):
    save(group.members.get(), 50_000, on=FIRST)
    entry = group.entries.order_by("number").last()
    count_cash(group, 200_000, on=FIRST)
    save(group.members.get(), 1_000, on=FIRST)
    reverse(entry)
    assert differences(group) == [0]
    assert list(mismatches()) == []


def test_a_settled_count_stays_and_the_next_one_has_what_changed(group):
    settle(count_cash(group, 190_000, on=NEXT), post=True, on=NEXT)
    count_cash(group, 190_000, on=LATER)
    save(group.members.get(), 4_000, on=FIRST)
    assert differences(group) == [-10_000, -4_000]
    assert list(mismatches()) == []


def test_a_count_of_a_past_day_is_held_against_the_books_of_that_day(group):
    save(group.members.get(), 30_000, on=LATER)
    count_cash(group, 230_000, on=LATER)
    late = services.cash_count_take(
        actor=facilitator_of(group), group=group, pieces={100_000: 1, 50_000: 1, 20_000: 2}, on=NEXT,
        explanation="kurang", key=uuid.uuid4(),
    )  # fmt: skip
    assert (late.expected, late.difference) == (200_000, -10_000)
    # The money was there again at the count after it.
    assert differences(group) == [-10_000, 10_000]
    assert list(mismatches()) == []


def test_a_count_before_the_books_begin_is_refused():
    group = make_group()
    services.opening_record(
        actor=facilitator_of(group),
        group=group,
        opening=services.Opening(on=NEXT, cash=100_000, capital=100_000),
        key=uuid.uuid4(),
    )
    with pytest.raises(NotAllowed, match="begin"):
        services.cash_count_take(
            actor=facilitator_of(group), group=group, pieces={}, on=FIRST, explanation="kosong", key=uuid.uuid4()
        )


def test_a_count_in_a_closed_period_stays(group):
    count = count_cash(group, 200_000, on=FIRST)
    services.period_close(actor=facilitator_of(group), group=group, through=FIRST, key=uuid.uuid4())
    group.refresh_from_db()
    count_cash(group, 200_000, on=LATER)
    save(group.members.get(), 5_000, on=NEXT)
    count.refresh_from_db()
    assert differences(group) == [0, -5_000]
    assert list(mismatches()) == []


def test_verify_finds_a_count_that_follows_no_books(group):
    CashCount.objects.create(
        group=group, counted_on=NEXT, expected=1, counted=1, counted_by=facilitator_of(group), place=1
    )
    (found,) = mismatches()
    assert found.what == f"count of {NEXT}: expected 1, is 200000"


@pytest.mark.parametrize("settled", [True, False])
def test_the_database_keeps_a_count_that_is_settled_or_was_taken_anew(group, settled):
    count = count_cash(group, 190_000, on=FIRST)
    if settled:
        settle(count, post=False)
    else:
        CashCount.objects.update(corrected_at=timezone.now())
    for change in ({"carried": 1}, {"corrected_at": timezone.now() + timedelta(1)}):
        with pytest.raises(IntegrityError, match="finance_cashcount_no_update"), transaction.atomic():
            CashCount.objects.update(**change)


class Box:
    """The counts of a group, recomputed from its entries one by one."""

    def __init__(self, group):
        self.group = group
        self.moves = []
        for line in Transfer.objects.filter(group=group).select_related("entry", "debit_account", "credit_account"):
            sign = (line.debit_account.kind == "CASH") - (line.credit_account.kind == "CASH")
            self.moves.append((line.entry.effective_on, line.entry.place or line.entry.number, sign * line.amount))
        self.counts = list(group.cash_counts.select_related("settlement").order_by("counted_on", "place", "pk"))

    def expected(self, count):
        before = [one for one in self.counts[: self.counts.index(count)] if self.was_open(one, count)]
        cash = sum(amount for day, place, amount in self.moves if (day, place) <= (count.counted_on, count.place))
        return cash + sum(one.difference for one in before)

    @staticmethod
    def was_open(one, count):
        if one.settled_on is None or one.settled_on > count.counted_on:
            return True
        if one.settled_on < count.counted_on:
            return False
        if one.settlement:
            return one.settlement.number > count.place
        return one.settled_at > count.counted_at


@pytest.mark.parametrize("seed", range(12))
def test_random_records_in_any_order_keep_every_count_true(seed):
    chance = random.Random(seed)
    group = make_group()
    member, entries = make_member(group), []
    save(member, 2_000_000, on=FOUNDED)

    def any_day():
        return FOUNDED + timedelta(chance.randrange(12))

    for _step in range(40):
        what = chance.choice(["saves", "saves", "withdraws", "counts", "counts", "counts", "settles", "reverses"])
        try:
            with transaction.atomic():
                if what == "saves":
                    save(member, chance.randrange(1, 9) * 1_000, on=any_day())
                    entries.append(group.entries.order_by("number").last())
                elif what == "withdraws":
                    entries.append(withdraw(group, chance.randrange(1, 9) * 1_000, on=any_day()))
                elif what == "counts":
                    day = any_day()
                    count_cash(group, expected_on(group, day) + chance.choice((0, 0, -3_000, 500)), on=day)
                elif what == "settles":
                    count = chance.choice(list(CashCount.objects.differing().filter(settled_on=None)) or [None])
                    if count is not None:
                        settle(count, post=chance.random() < 0.5, on=count.counted_on + timedelta(chance.randrange(4)))
                elif entries:
                    reverse(entries.pop(chance.randrange(len(entries))))
        except LedgerError:
            continue
        box = Box(group)
        assert [count.expected_now for count in box.counts if count.settled_on is None] == [
            box.expected(count) for count in box.counts if count.settled_on is None
        ]
    assert list(mismatches()) == []
    last = date(2030, 1, 1)
    open_now = sum(count.difference for count in group.cash_counts.filter(settled_on=None))
    assert expected_on(group, last) == balance(group, "CASH") + open_now
