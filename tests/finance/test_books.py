"""Who gets books that post, and what books say after an entry was taken back."""

import ast
import uuid
from datetime import date, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

import finance
from finance import services
from finance.ledger.errors import AlreadyReversed, InsufficientFunds, NotAllowed
from finance.ledger.posting import Books, Posting, open_books
from finance.ledger.reading import Balances, Line, read_books
from finance.ledger.verify import mismatches
from finance.models import AccountKind, Entry, EntryKind
from groups.models import Role
from tests.factories import FOUNDED, facilitator_of, lend, make_group, make_member, make_user, repay, save, withdraw

pytestmark = pytest.mark.django_db

ROOT = Path(finance.__file__).parent.parent
LATER = FOUNDED + timedelta(10)


@pytest.fixture
def member():
    """A member who saved 50,000 and, ten days later, 20,000."""
    member = make_member(make_group())
    save(member, 50_000)
    save(member, 20_000, on=LATER)
    return member


def books_of(member):
    return open_books(actor=facilitator_of(member.group), group=member.group, everything=True)


def saved(books, member):
    return books.balance(AccountKind.SUKARELA, member=member)


def first_entry(member):
    return member.group.entries.order_by("pk")[0]


def deposit(books, member, amount):
    line = Line(books.account(AccountKind.CASH), books.account(AccountKind.SUKARELA, member=member), amount, member)
    return Posting(EntryKind.SAVINGS, LATER, [line], uuid.uuid4(), memo="salah tulis")


class TestWhoGetsThem:
    @pytest.mark.parametrize(
        "somebody",
        [
            lambda group: make_user(Role.STAFF),
            lambda group: make_user(Role.STAFF, organisation=group.organisation),
            lambda group: make_user(Role.OFFICER, organisation=group.organisation, member=make_member(group)),
            lambda group: make_user(Role.FACILITATOR),
            lambda group: make_user(Role.FACILITATOR, organisation=group.organisation),
            lambda group: make_user(Role.ADMIN),
            lambda group: make_user(Role.ADMIN, organisation=group.organisation, is_active=False),
        ],
        ids=["staff elsewhere", "staff", "officer", "facilitator elsewhere", "facilitator of others", "administrator "
             "elsewhere", "inactive"],
    )  # fmt: skip
    @pytest.mark.parametrize("opened_by", [open_books, lambda **given: Books(**given, everything=False)])
    def test_nobody_without_the_right_gets_an_object_that_posts(self, member, somebody, opened_by):
        with pytest.raises(PermissionDenied):
            opened_by(actor=somebody(member.group), group=member.group)

    def test_what_is_read_cannot_post(self, member):
        balances = read_books(member.group, LATER)
        assert type(balances) is Balances
        assert not hasattr(balances, "post")
        assert not hasattr(balances, "undo")

    def test_balances_cannot_be_made_into_books(self, member):
        with pytest.raises(TypeError):
            Books(member.group, read_books(member.group, LATER).accounts.values())

    def test_nothing_but_open_books_constructs_them(self):
        made = [
            path.relative_to(ROOT).as_posix()
            for app in ("finance", "meetings", "assessment", "kelompok", "groups")
            for path in (ROOT / app).rglob("*.py")
            if constructs_books(ast.parse(path.read_text()))
        ]
        assert made == ["finance/ledger/posting.py"]

    def test_they_need_a_transaction_to_hold_the_lock(self, member, monkeypatch):
        outside = SimpleNamespace(get_connection=lambda: SimpleNamespace(in_atomic_block=False))
        monkeypatch.setattr("finance.ledger.posting.transaction", outside)
        with pytest.raises(AssertionError, match="the lock ends with its transaction"):
            open_books(actor=facilitator_of(member.group), group=member.group)


def constructs_books(tree):
    """Whether the module calls `Books` of the ledger, by whatever name it imports it."""
    names = {"Books"} if any(isinstance(node, ast.ClassDef) and node.name == "Books" for node in tree.body) else set()
    posts = any(isinstance(node, ast.FunctionDef) and node.name == "open_books" for node in tree.body)
    imported = {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == "finance.ledger.posting"
        for alias in node.names
        if alias.name == "Books"
    }
    names = imported | (names if posts else set())
    calls = [node.func for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return any(
        (isinstance(call, ast.Name) and call.id in names)
        or (isinstance(call, ast.Attribute) and call.attr == "Books" and ast.unparse(call.value).endswith("posting"))
        for call in calls
    )


class TestOnADay:
    @pytest.mark.parametrize(
        ("as_of", "amount"),
        [(FOUNDED - timedelta(1), 0), (FOUNDED, 50_000), (LATER - timedelta(1), 50_000), (LATER, 70_000)],
    )
    def test_balances_are_those_at_the_end_of_the_day(self, member, as_of, amount):
        books = read_books(member.group, as_of)
        assert (saved(books, member), books.balance(AccountKind.CASH)) == (amount, amount)

    def test_today_takes_one_statement(self, member):
        with CaptureQueriesContext(
            connection,
        ) as queries:
            read_books(member.group, timezone.localdate())
        assert len(queries) == 1

    def test_a_loan_paid_off_since_runs_on_a_day_before(self, member):
        save(member, 5_000_000)
        loan = lend(member, principal=1_000_000, periods=1)
        services.loan_pay_off(
            actor=facilitator_of(member.group), group=member.group, loan=loan, on=date(2025, 3, 4), key=uuid.uuid4()
        )
        assert read_books(member.group, date(2025, 3, 4)).running_loans() == []
        assert read_books(member.group, date(2025, 3, 3)).running_loans() == [loan]


class TestUndo:
    def test_the_books_are_right_at_once(self, member):
        books = books_of(member)
        books.undo(first_entry(member))
        assert (saved(books, member), books.balance(AccountKind.CASH)) == (20_000, 20_000)

    def test_it_is_posted_by_itself(self, member):
        books, entry = books_of(member), first_entry(member)
        books.undo(entry)
        reversal = books.post_undone(key=uuid.uuid4(), memo="dua kali")
        assert (reversal.reverses, reversal.kind, reversal.memo) == (entry, EntryKind.REVERSAL, "dua kali")
        assert reversal.effective_on == entry.effective_on
        assert saved(read_books(member.group, LATER), member) == saved(books, member) == 20_000
        assert list(mismatches()) == []

    def test_it_is_posted_before_what_takes_its_place(self, member):
        books, entry = books_of(member), first_entry(member)
        books.undo(entry)
        (new,) = books.post([deposit(books, member, 45_000)])
        reversal = Entry.objects.get(reverses=entry)
        assert (reversal.number, new.number) == (3, 4)
        assert reversal.memo == new.memo == "salah tulis"
        assert saved(read_books(member.group, LATER), member) == saved(books, member) == 65_000
        assert list(mismatches()) == []

    def test_on_another_day_what_takes_its_place_comes_last(self, member):
        books, entry = books_of(member), first_entry(member)
        books.undo(entry)
        (new,) = books.post([deposit(books, member, 45_000)])
        assert (entry.effective_on, new.effective_on) == (FOUNDED, LATER)
        assert new.place_in_day == new.number == 4

    def test_of_a_closed_period_it_keeps_its_place_on_the_first_open_day(self, member):
        close = {"through": LATER - timedelta(1), "key": uuid.uuid4()}
        services.period_close(actor=facilitator_of(member.group), group=member.group, **close)
        books, entry = books_of(member), first_entry(member)
        books.undo(entry)
        (new,) = books.post([deposit(books, member, 45_000)])
        assert (new.effective_on, new.place_in_day) == (LATER, entry.place_in_day) == (LATER, 1)

    def test_an_account_may_pass_below_zero_in_between(self, member):
        withdraw(member, 60_000, on=LATER)
        books = books_of(member)
        books.undo(first_entry(member))
        assert saved(books, member) == -40_000
        books.post([deposit(books, member, 40_000)])
        assert saved(books, member) == 0
        assert list(mismatches()) == []

    def test_no_account_ends_below_zero(self, member):
        withdraw(member, 60_000, on=LATER)
        books = books_of(member)
        books.undo(first_entry(member))
        with pytest.raises(InsufficientFunds) as refused, transaction.atomic():
            books.post([deposit(books, member, 39_999)])
        assert refused.value.short == 1

    def test_what_is_never_posted_stays(self, member):
        books_of(member).undo(first_entry(member))
        assert saved(read_books(member.group, LATER), member) == 70_000

    def test_what_is_posted_after_it_is_no_part_of_it(self, member):
        books, entry = books_of(member), first_entry(member)
        books.undo(entry)
        books.post_undone(key=uuid.uuid4(), memo="x")
        books.post([deposit(books, member, 1)])
        assert Entry.objects.filter(reverses=entry).count() == 1
        assert list(mismatches()) == []

    def test_an_entry_is_taken_back_once(self, member):
        books = books_of(member)
        books.undo(first_entry(member))
        books.post([deposit(books, member, 50_000)])
        again = books_of(member)
        again.undo(first_entry(member))
        with pytest.raises(AlreadyReversed), transaction.atomic():
            again.post([deposit(again, member, 50_000)])

    def test_leaving_out_changes_what_is_read_and_nothing_else(self, member):
        balances = read_books(member.group, LATER, everything=True)
        balances.leave_out(first_entry(member))
        assert saved(balances, member) == 20_000
        assert saved(read_books(member.group, LATER), member) == 70_000


class TestRulesAboutLoans:
    """However the books are posted to: the rules are held to every step."""

    @pytest.fixture
    def loan(self, member):
        save(member, 5_000_000)
        return lend(member, principal=1_000_000, periods=1, fine_late_instalment=5_000)

    def test_a_written_off_loan_is_not_set_running(self, loan, member):
        payment = repay(loan, 100_000)
        services.loan_write_off(
            actor=facilitator_of(loan.group), group=loan.group, loan=loan, reason="pindah", on=date(2025, 5, 1),
            key=uuid.uuid4(),
        )  # fmt: skip
        books = books_of(member)
        books.undo(payment)
        with pytest.raises(NotAllowed, match="written off since"):
            books.post_undone(key=uuid.uuid4(), memo="x")

    def test_the_fee_of_a_loan_ended_early_is_not_taken_back(self, loan, member):
        fee = repay(loan, 10_000, on=date(2025, 3, 4))
        services.loan_write_off(
            actor=facilitator_of(loan.group), group=loan.group, loan=loan, reason="pindah", on=date(2025, 5, 1),
            key=uuid.uuid4(),
        )  # fmt: skip
        assert {line.credit_account.kind for line in fee.transfers.all()} <= {
            AccountKind.SERVICE_FEE, AccountKind.LOAN_FINE,
        }  # fmt: skip
        books = books_of(member)
        books.undo(fee)
        with pytest.raises(NotAllowed, match="has come to its end since"):
            books.post_undone(key=uuid.uuid4(), memo="x")
