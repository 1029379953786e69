"""What the books say, and that reading them costs the same however long they are."""

import uuid
from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from finance import selectors, services
from finance.models import Account, AccountKind, Entry, Transfer
from finance.rules.lines import OtherMoney
from tests.factories import (
    FOUNDED,
    count_cash,
    facilitator_of,
    lend,
    make_group,
    make_member,
    make_members,
    repay,
    reverse,
    save,
)

pytestmark = pytest.mark.django_db

LATER = date(2025, 12, 2)


def other(group, kind, amount, on=FOUNDED):
    return services.other_money_record(
        actor=facilitator_of(group), group=group, kind=kind, amount=amount, memo="", on=on, key=uuid.uuid4()
    )


def book(group, start, end, kind=AccountKind.CASH):
    return selectors.cash_book(group, start=start, end=end, kind=kind)


def statements(work):
    with CaptureQueriesContext(
        connection,
    ) as queries:
        work()
    return len(queries)


def test_the_summary_of_a_group():
    group = make_group()
    member = make_member(group)
    for kind, amount in (("POKOK", 50_000), ("WAJIB", 10_000), ("SUKARELA", 1_000_000)):
        save(member, amount, kind=kind)
    repay(lend(member, principal=600_000), 59_000)
    other(group, OtherMoney.GRANT, 100_000)
    other(group, OtherMoney.SOCIAL_IN, 5_000)
    other(group, OtherMoney.INCOME, 7_000)
    other(group, OtherMoney.EXPENSE, 4_000)
    other(group, OtherMoney.BANK_DEPOSIT, 200_000)
    assert selectors.group_summary(group) == selectors.GroupSummary(
        cash=1_060_000 - 600_000 + 59_000 + 100_000 + 5_000 + 7_000 - 4_000 - 200_000,
        bank=200_000, pokok=50_000, wajib=10_000, sukarela=1_000_000, social_fund=5_000, grants=100_000,
        reserve=0, officers_fund=0, other_fund=0, income=9_000 + 7_000, expenses=4_000, divided=0,
        loans_outstanding=550_000, loans_running=1, external_loans=0,
    )  # fmt: skip
    assert selectors.group_summary(group).surplus == 12_000
    assert selectors.group_summary(group).savings == 1_060_000


def test_the_summary_of_an_empty_group_is_zeros():
    summary = selectors.group_summary(make_group())
    assert (summary.cash, summary.savings, summary.surplus, summary.loans_running) == (0, 0, 0, 0)


def test_a_cash_book_runs_by_date_and_opens_with_what_was_there():
    member = make_member(make_group())
    save(member, 1_000, on=date(2025, 3, 4))
    save(member, 200, on=date(2025, 4, 8))
    save(member, 30, on=date(2025, 3, 11))  # written late
    save(member, 4, on=date(2025, 2, 4))
    march = book(member.group, date(2025, 3, 1), date(2025, 3, 31))
    assert (march.opening, march.total_in, march.total_out, march.closing) == (4, 1_030, 0, 1_034)
    assert [(line.money_in, line.running) for line in march.lines] == [(1_000, 1_004), (30, 1_034)]


def test_a_book_closes_where_the_next_one_opens():
    member = make_member(make_group())
    for month in range(1, 7):
        save(member, 1_000 * month, on=date(2025, month, 28))
    first = book(member.group, date(2025, 1, 1), date(2025, 3, 31))
    second = book(member.group, date(2025, 4, 1), date(2025, 6, 30))
    assert first.closing == second.opening == 6_000
    assert second.closing == selectors.group_summary(member.group).cash


def test_a_page_of_a_book_carries_the_balance_on():
    member = make_member(make_group())
    for _ in range(5):
        save(member, 100)
    lines = book(member.group, FOUNDED, FOUNDED).lines
    assert [line.running for line in lines[3:]] == [400, 500]


def test_a_reversed_entry_and_its_reversal_are_both_in_the_book():
    save(make_member(make_group()), 1_000)
    entry = Entry.objects.get()
    reversal = reverse(entry)
    first, second = book(entry.group, FOUNDED, FOUNDED).lines
    assert (first.number, first.reversed_by) == (entry.number, reversal.number)
    assert (second.number, second.reverses) == (reversal.number, entry.number)
    assert (second.money_out, second.running) == (1_000, 0)


def test_the_bank_has_its_own_book():
    group = make_group()
    save(make_member(group), 1_000)
    other(group, OtherMoney.BANK_DEPOSIT, 400, on=LATER)
    assert [line.running for line in book(group, FOUNDED, LATER, kind=AccountKind.BANK).lines] == [400]
    assert selectors.latest_movement(group, kind=AccountKind.BANK) == LATER
    assert selectors.latest_movement(make_group()) is None


def test_another_groups_money_stays_out():
    save(make_member(make_group()), 1_000)
    group = make_group()
    save(make_member(group), 1)
    assert book(group, FOUNDED, LATER).closing == 1


def test_the_savings_book_lists_members_by_kind():
    group = make_group()
    first, second, gone = make_members(group, 3)
    save(first, 1_000, kind="WAJIB")
    save(first, 500)
    save(gone, 70, kind="POKOK")
    gone.left_on = LATER
    gone.save()
    never = make_member(group, left_on=LATER)
    savings = selectors.savings_book(group, end=LATER)
    assert [(row.member, row.pokok, row.wajib, row.sukarela) for row in savings.rows] == [
        (first, 0, 1_000, 500), (second, 0, 0, 0), (gone, 70, 0, 0),
    ]  # fmt: skip
    assert (savings.pokok, savings.wajib, savings.sukarela, savings.total) == (70, 1_000, 500, 1_570)
    assert never not in [row.member for row in savings.rows]


@pytest.fixture
def loans():
    """One loan late with a part payment, one paid off, one cancelled."""
    member = make_member(make_group())
    save(member, 5_000_000)
    late = lend(member, principal=1_200_000)
    repay(late, 50_000)
    over = lend(member, principal=100_000, periods=1)
    repay(over, sum(line.total for line in over.instalments.all()))
    cancelled = lend(member, principal=70_000)
    reverse(Entry.objects.filter(kind="LOAN").latest("pk"))
    return late, over, cancelled


def test_the_loan_book_as_of_a_day(loans):
    late = loans[0]
    on = date(2025, 5, 6)
    found = selectors.loans_on(late.group, as_of=on)
    first, second, third = selectors.loan_rows(found, as_of=on)
    # Three instalments of 118,000 fell due on the 4th of March, April and May; 50,000 is paid.
    assert (first.arrears.due, first.arrears.late, first.arrears.days_late) == (304_000, 304_000, 63)
    assert (first.outstanding, first.principal_paid, first.fee_paid) == (1_168_000, 32_000, 18_000)
    assert first.asked == 1_416_000 - 50_000
    assert (second.outstanding, second.arrears.late, second.is_running) == (0, 0, False)
    assert (third.principal_paid, third.arrears.late) == (0, 0)
    assert len({first.status, second.status, third.status}) == 3
    assert selectors.loan_totals(late.group, as_of=on) == selectors.LoanTotals(
        count=3, principal=1_300_000, principal_paid=132_000, fee_paid=19_500, outstanding=1_168_000, late=304_000
    )
    assert list(selectors.loans_on(late.group, as_of=on, only_running=True)) == [late]


def test_the_loan_book_of_an_earlier_day_knows_nothing_of_later_payments(loans):
    on = date(2025, 3, 3)
    late, over, _cancelled = selectors.loan_rows(selectors.loans_on(loans[0].group, as_of=on), as_of=on)
    assert (late.outstanding, late.fee_paid, late.arrears.late) == (1_200_000, 0, 0)
    assert over.is_running
    assert not selectors.loans_on(loans[0].group, as_of=date(2025, 2, 3)).exists()


def test_totals_agree_with_the_rows(loans):
    on = date(2026, 6, 1)
    found = selectors.loans_on(loans[0].group, as_of=on)
    rows = selectors.loan_rows(found, as_of=on)
    totals = selectors.loan_totals(loans[0].group, as_of=on)
    assert totals.late == sum(row.arrears.late for row in rows) == 1_366_000
    assert totals.outstanding == sum(row.outstanding for row in rows)


def test_a_loan_card_shows_what_each_instalment_lacks(loans):
    late, _over, _cancelled = loans
    card = selectors.loan_card(late.group, late.number, as_of=LATER)
    assert [(paid.service_fee, paid.principal) for _line, paid, _left in card.schedule[:2]] == [
        (18_000, 32_000),
        (0, 0),
    ]
    assert [(p.service_fee, p.principal, p.total) for p in card.payments] == [(18_000, 32_000, 50_000)]


def test_a_loan_card_shows_payments_taken_back(loans):
    late = loans[0]
    reverse(Entry.objects.filter(kind="REPAYMENT").earliest("pk"))
    card = selectors.loan_card(late.group, late.number, as_of=LATER)
    assert [payment.total for payment in card.payments] == [50_000, -50_000]
    assert card.row.outstanding == 1_200_000


def test_the_card_of_a_cancelled_loan_shows_no_payment(loans):
    card = selectors.loan_card(loans[2].group, loans[2].number, as_of=LATER)
    assert card.payments == []
    assert card.row.principal_paid == 0


def test_there_is_no_card_of_another_groups_loan(loans):
    assert selectors.loan_card(make_group(), loans[0].number, as_of=LATER) is None


def test_a_passbook_holds_the_members_own_lines_only():
    group = make_group()
    member, neighbour = make_members(group, 2)
    save(member, 5_000, kind="WAJIB", on=LATER)
    save(member, 100_000)
    save(neighbour, 700_000)
    lend(member, principal=60_000)
    services.fine_pay(
        actor=facilitator_of(group), group=group, member=member, amount=2_000, reason="", on=FOUNDED, key=uuid.uuid4()
    )
    services.social_contribute(
        actor=facilitator_of(group), group=group, member=member, amount=1_000, on=FOUNDED, key=uuid.uuid4()
    )
    passbook = selectors.passbook(member, end=LATER)
    assert (passbook.savings.wajib, passbook.savings.sukarela) == (5_000, 100_000)
    assert (passbook.fines, passbook.social) == (2_000, 1_000)
    assert [row.loan.principal for row in passbook.loans] == [60_000]
    assert [(line.money_in, line.money_out, line.running) for line in passbook.lines] == [
        (5_000, 0, 105_000),
        (0, 60_000, 100_000),
        (1_000, 0, 100_000),
        (2_000, 0, 100_000),
        (100_000, 0, 100_000),
    ]


def test_a_fine_taken_back_does_not_count():
    member = make_member(make_group())
    entry = services.fine_pay(
        actor=facilitator_of(member.group), group=member.group, member=member, amount=2_000, reason="", on=FOUNDED,
        key=uuid.uuid4(),
    )  # fmt: skip
    reverse(entry)
    assert selectors.passbook(member, end=LATER).fines == 0


def test_open_differences_are_those_not_settled():
    group = make_group()
    save(make_member(group), 1_000)
    count_cash(group, 1_000)
    short = count_cash(group, 900)
    count_cash(make_group(), 5)
    assert list(selectors.cash_differences(group, is_open=True)) == [short]
    assert list(selectors.cash_differences(group, is_open=False)) == []


def read_everything(group):
    on = LATER
    list(book(group, FOUNDED, on).lines)
    selectors.group_summary(group)
    selectors.savings_book(group, start=FOUNDED, end=on)
    found = selectors.loans_on(group, as_of=on)
    selectors.loan_rows(found, as_of=on)
    selectors.loan_totals(group, as_of=on)
    selectors.loan_card(group, 1, as_of=on)
    member = group.members.get(number=1)
    member.group = group
    list(selectors.passbook(member, end=on).lines)
    list(selectors.cash_differences(group, is_open=True))
    selectors.latest_movement(group)


def grow(group, members):
    for member in members:
        save(member, 1_000_000)
        repay(lend(member, principal=100_000), 20_000)
        count_cash(group, 1)


def test_statements_do_not_grow_with_the_books():
    group = make_group()
    members = make_members(group, 8)
    grow(group, members[:1])
    few = statements(lambda: read_everything(group))
    grow(group, members)
    assert Transfer.objects.count() > 30
    assert statements(lambda: read_everything(group)) == few
    assert few <= 24


def test_balances_of_the_books_agree_with_the_accounts(loans):
    group = loans[0].group
    stored = sum(account.balance for account in Account.objects.filter(group=group, kind="LOAN"))
    assert selectors.loan_totals(group, as_of=LATER).outstanding == stored
    assert selectors.group_summary(group).loans_outstanding == stored


def test_an_instalment_is_not_late_on_its_day(loans):
    for on, late in ((date(2025, 4, 4), 68_000), (date(2025, 4, 5), 186_000)):
        found = selectors.loans_on(loans[0].group, as_of=on, only_running=True)
        (row,) = selectors.loan_rows(found, as_of=on)
        assert selectors.loan_totals(loans[0].group, as_of=on).late == row.arrears.late == late
