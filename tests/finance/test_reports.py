"""Reports over all accounts: worked examples, and sums that agree across reports whatever the history."""

from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from finance import selectors
from finance.ledger.chart import ASSETS, SAVINGS
from finance.models import AccountKind, Entry
from finance.rules.lines import OtherMoney
from groups.models import Group
from tests.factories import FOUNDED, lend, make_group, make_member, make_members, other, repay, reverse, save
from tests.finance.histories import History

pytestmark = pytest.mark.django_db

LATER = date(2025, 12, 31)


@pytest.fixture
def group():
    """A year of a small group: savings, a loan with one instalment, a grant, income and expenses."""
    group = make_group()
    first, second = make_members(group, 2)
    save(first, 50_000, kind="POKOK")
    save(first, 2_000_000)
    save(second, 300_000, kind="WAJIB", on=date(2025, 2, 4))
    other(group, OtherMoney.GRANT, 1_000_000, on=date(2025, 2, 4))
    repay(lend(first), 118_000)
    other(group, OtherMoney.INCOME, 70_000, on=date(2025, 4, 1))
    other(group, OtherMoney.STATIONERY, 25_000, on=date(2025, 4, 1))
    other(group, OtherMoney.BANK_DEPOSIT, 500_000, on=date(2025, 5, 6))
    return group


def amounts(lines):
    return {line.kind: line.amount for line in lines if line.amount}


class TestTrialBalance:
    def test_each_kind_stands_on_its_side(self, group):
        balance = selectors.trial_balance(group, end=LATER)
        assert {line.code: (line.closing_debit, line.closing_credit) for line in balance.lines} == {
            "11010": (1_813_000, 0),
            "11021": (500_000, 0),
            "11030": (1_100_000, 0),
            "21021": (0, 50_000),
            "21022": (0, 300_000),
            "21023": (0, 2_000_000),
            "31020": (0, 1_000_000),
            "41010": (0, 18_000),
            "41020": (0, 70_000),
            "51030": (25_000, 0),
        }
        assert balance.total("closing_debit") == balance.total("closing_credit") == 3_438_000
        assert balance.is_balanced

    def test_accounts_come_by_code_and_each_by_itself_on_demand(self, group):
        lines = selectors.trial_balance(group, end=LATER, by_account=True).lines
        assert [line.code for line in lines] == sorted(line.code for line in lines)
        assert [line.account.member.name for line in lines if line.code in ("21022.2", "21023.1")] == [
            "Siti 2",
            "Siti 1",
        ]

    def test_as_at_a_past_day_counts_what_had_happened(self, group):
        balance = selectors.trial_balance(group, end=date(2025, 2, 3))
        assert {line.code: line.closing for line in balance.lines} == {
            "11010": 2_050_000, "21021": -50_000, "21023": -2_000_000,
        }  # fmt: skip

    def test_a_period_opens_moves_and_closes(self, group):
        balance = selectors.trial_balance(group, start=date(2025, 3, 1), end=date(2025, 4, 30))
        cash = balance.lines[0]
        assert (cash.opening, cash.debits, cash.credits, cash.closing) == (2_150_000, 188_000, 25_000, 2_313_000)
        assert balance.is_balanced

    def test_a_correction_counts_on_the_day_of_what_it_corrects(self, group):
        reverse(Entry.objects.get(memo="", kind="OTHER", transfers__credit_account__kind="OTHER_INCOME"))
        assert "41020" not in {line.code for line in selectors.trial_balance(group, end=LATER).lines if line.closing}

    def test_an_empty_group_has_an_empty_balance(self):
        balance = selectors.trial_balance(make_group(), end=LATER)
        assert balance.lines == []
        assert balance.is_balanced

    def test_the_books_of_another_group_stay_out(self, group):
        save(make_member(make_group()), 7)
        assert selectors.trial_balance(group, end=LATER).total("closing_debit") == 3_438_000


class TestBalanceSheet:
    def test_what_there_is_and_where_it_comes_from(self, group):
        sheet = selectors.balance_sheet(group, as_of=LATER)
        assert amounts(sheet.assets) == {"CASH": 1_813_000, "BANK": 500_000, "LOAN": 1_100_000}
        assert amounts(sheet.liabilities) == {"POKOK": 50_000, "WAJIB": 300_000, "SUKARELA": 2_000_000}
        assert amounts(sheet.equity) == {"GRANT": 1_000_000}
        assert (sheet.surplus_before, sheet.surplus_year) == (0, 63_000)
        assert sheet.total_assets == sheet.total_sources == 3_413_000

    def test_the_surplus_of_last_year_waits_to_be_divided(self, group):
        other(group, OtherMoney.INCOME, 5_000, on=date(2026, 1, 5))
        sheet = selectors.balance_sheet(group, as_of=date(2026, 1, 31))
        assert (sheet.surplus_before, sheet.surplus_year) == (63_000, 5_000)


class TestIncomeStatement:
    def test_the_period_beside_the_year(self, group):
        statement = selectors.income_statement(group, start=date(2025, 4, 1), end=date(2025, 4, 30))
        assert amounts(statement.income) == {"OTHER_INCOME": 70_000}
        assert amounts(statement.expenses) == {"STATIONERY": 25_000}
        assert {line.kind: line.year for line in statement.income if line.year} == {
            "SERVICE_FEE": 18_000, "OTHER_INCOME": 70_000,
        }  # fmt: skip
        assert (statement.surplus, statement.year_surplus) == (45_000, 63_000)

    def test_every_account_has_its_line(self, group):
        statement = selectors.income_statement(group, start=FOUNDED, end=LATER)
        codes = [line.code for line in (*statement.income, *statement.expenses)]
        assert codes == sorted(codes)
        assert {"41010", "41020", "41030", "51010", "51030", "51040", "51080"} <= set(codes)

    def test_a_year_that_is_over_stays_out_of_the_next(self, group):
        statement = selectors.income_statement(group, start=date(2026, 1, 1), end=date(2026, 6, 30))
        assert (statement.surplus, statement.year_surplus) == (0, 0)

    def test_a_period_over_new_year_counts_the_year_of_its_end(self, group):
        other(group, OtherMoney.INCOME, 5_000, on=date(2026, 1, 5))
        statement = selectors.income_statement(group, start=date(2025, 4, 1), end=date(2026, 1, 31))
        assert (statement.surplus, statement.year_surplus) == (50_000, 5_000)


class TestLedger:
    def book(self, group, *codes, start=FOUNDED, end=LATER):
        accounts = [account for account in selectors.accounts_of(group) if account.code in codes]
        return selectors.ledger(group, accounts, start=start, end=end)

    def test_an_account_that_grows_on_the_credit_side(self, group):
        book = self.book(group, "21023.1")
        assert (book.opening, book.total_in, book.total_out, book.closing) == (0, 2_000_000, 0, 2_000_000)

    def test_it_opens_with_what_was_there(self, group):
        book = self.book(group, "11010", start=date(2025, 4, 1), end=date(2025, 4, 30))
        assert book.opening == 2_268_000
        assert [line.running for line in book.lines] == [2_338_000, 2_313_000]

    def test_a_kind_is_all_its_accounts_together(self, group):
        save(group.members.get(number=2), 400)
        assert self.book(group, "21023.1", "21023.2").closing == 2_000_400

    def test_each_page_runs_on_from_the_one_before(self, group):
        book = self.book(group, "11010")
        whole = [line.running for line in book.lines]
        assert len(whole) == len(book.lines) == 10
        paged = [line.running for start in range(0, 10, 3) for line in book.lines[start : start + 3]]
        assert paged == whole
        assert whole[-1] == book.closing

    def test_no_account_is_an_empty_book(self):
        book = selectors.ledger(make_group(), [], start=FOUNDED, end=LATER)
        assert (book.closing, list(book.lines), len(book.lines)) == (0, [], 0)


def test_statements_do_not_grow_with_the_history(group):
    def read():
        with CaptureQueriesContext(connection) as queries:
            selectors.trial_balance(group, end=LATER)
            selectors.trial_balance(group, start=date(2025, 2, 1), end=LATER, by_account=True)
            selectors.balance_sheet(group, as_of=LATER)
            selectors.income_statement(group, start=FOUNDED, end=LATER)
            book = selectors.ledger(group, selectors.accounts_of(group), start=FOUNDED, end=LATER)
            book.lines[0:10]
        return len(queries)

    few = read()
    for number in range(3, 8):
        member = make_member(group, number=number)
        save(member, 10_000)
        lend(member, principal=5_000)
    assert read() == few == 12


DAYS = [date(2025, 1, 7), date(2025, 3, 31), date(2025, 8, 15), date(2025, 12, 31), date(2026, 12, 31)]


def reports_agree(group):
    """Every sum that two reports both show is the same in both."""
    before, before_balances = None, {}
    for on in DAYS:
        trial = selectors.trial_balance(group, end=on)
        sheet = selectors.balance_sheet(group, as_of=on)
        balances = {line.kind: line.closing for line in trial.lines}
        assert trial.is_balanced
        assert selectors.trial_balance(group, end=on, by_account=True).is_balanced
        assert sheet.total_assets == sheet.total_sources
        assert amounts(sheet.assets) == {kind: balances[kind] for kind in ASSETS if balances.get(kind)}
        for kind in (AccountKind.CASH, AccountKind.BANK):
            book = selectors.cash_book(group, start=FOUNDED, end=on, kind=kind)
            assert book.closing == amounts(sheet.assets).get(kind, 0)
            assert [line.running for line in book.lines][-1:] in ([], [book.closing])
        if on >= LATER:  # a payment may be dated before its loan, which is in no loan book yet
            lent = amounts(sheet.assets).get(AccountKind.LOAN, 0)
            assert selectors.loan_totals(group, as_of=on).outstanding == lent
            assert selectors.performance(Group.objects.filter(pk=group.pk), as_of=on).balance == lent
        savings_agree(group, on, {kind: -balances.get(kind, 0) for kind in SAVINGS})
        outside = selectors.external_rows(selectors.external_loans_on(group, as_of=on), as_of=on)
        if on >= LATER:
            assert sum(row.outstanding for row in outside) == -balances.get(AccountKind.EXTERNAL_LOAN, 0)
        if before is not None:
            since = before.as_of + timedelta(1)
            statement = selectors.income_statement(group, start=since, end=on)
            divided = balances.get(AccountKind.SURPLUS_DIVIDED, 0) - before_balances.get(AccountKind.SURPLUS_DIVIDED, 0)
            assert statement.surplus == sheet.surplus - before.surplus + divided
            period = selectors.trial_balance(group, start=since, end=on)
            assert period.is_balanced
            assert {line.kind: line.closing for line in period.lines if line.closing} == {
                kind: closing for kind, closing in balances.items() if closing
            }
        before, before_balances = sheet, balances


def savings_agree(group, on, balances):
    """The savings book, the passbooks and the ledger say the same of each kind at the end of `on` and before it."""
    start = on - timedelta(90)
    book = selectors.savings_book(group, start=start, end=on)
    assert {kind: getattr(book, kind.lower()) for kind in SAVINGS} == balances
    assert book.moved("closing") == book.total
    passbooks = [selectors.passbook(member, start=start, end=on) for member in group.members.all()]
    for kind in SAVINGS:
        assert sum(getattr(passbook.savings, kind.lower()) for passbook in passbooks) == balances[kind]
        opened = sum(moved.opening for moved in book.movements if moved.kind == kind)
        assert sum(getattr(passbook.opening, kind.lower()) for passbook in passbooks) == opened
        accounts = [account for account in selectors.accounts_of(group) if account.kind == kind]
        ledger = selectors.ledger(group, accounts, start=start, end=on)
        assert (ledger.opening, ledger.closing) == (opened, balances[kind])
    for passbook in passbooks:
        running = [line.running for line in passbook.lines]
        assert running[:1] in ([], [passbook.savings.total])


def test_sums_agree_across_reports_whatever_the_history():
    histories = []

    class Reported(History):
        def __init__(self):
            super().__init__()
            self.treasurer.looks_at_every_step = False

        def teardown(self):
            self.treasurer.look()
            if Entry.objects.filter(group=self.group).count() > 3:
                histories.append(self.group)
            reports_agree(self.group)

    run_state_machine_as_test(
        Reported,
        settings=settings(
            max_examples=12,
            stateful_step_count=25,
            phases=[Phase.explicit, Phase.reuse, Phase.generate],
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
        ),
    )
    assert histories
