"""`manage.py verify_ledger`: silent about sound books, exact about tampered ones."""

import uuid
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection

from finance import services
from finance.ledger.verify import CHECKS, mismatches
from finance.models import Account, Entry, EntryKind, InventoryItem, LedgerVerification, Loan, Transfer
from groups.models import Member
from tests.factories import (
    FOUNDED,
    buy,
    lend,
    make_entry,
    make_group,
    make_member,
    make_members,
    repay,
    reverse,
    save,
    withdraw,
)
from tests.meetings.pages import post_sheet, sign_in
from tests.meetings.sheets import HELD_ON

pytestmark = pytest.mark.django_db


@pytest.fixture
def loan():
    """Savings, a loan with a payment made twice and once taken back, and a loan cancelled."""
    member = make_member(make_group(code="MELATI"))
    save(member, 5_000_000)
    save(member, 10_000, kind="WAJIB")
    loan = lend(member, principal=1_200_000)
    repay(loan, 50_000)
    reverse(repay(loan, 118_000))
    lend(member, principal=500_000)
    reverse(Entry.objects.filter(kind=EntryKind.LOAN).latest("pk"))
    return loan


def run(statement, *, lift=()):
    """Tamper in raw SQL, with the triggers of the table in `lift` out of the way."""
    connection.check_constraints()  # PostgreSQL drops no trigger of a table with foreign keys yet to check
    table = statement.split()[1]
    with connection.cursor() as cursor:
        for trigger in lift:
            cursor.execute(f"DROP TRIGGER {trigger}" + (f" ON {table}" if connection.vendor == "postgresql" else ""))
        cursor.execute(statement)


def found():
    return {(m.rule, m.group, m.what) for m in mismatches()}


def rules():
    return {m.rule for m in mismatches()}


def test_sound_books_are_passed_with_what_was_checked(loan):
    out = StringIO()
    call_command("verify_ledger", stdout=out)
    assert out.getvalue() == (
        f"{len(CHECKS)} rules checked over 1 groups, 6 accounts, 8 entries, 11 transfers, 2 loans: 0 mismatches.\n"
    )


def test_a_tampered_balance_is_found_and_fails_the_command(loan):
    run("UPDATE finance_account SET debits_posted = debits_posted + 1 WHERE kind = 'CASH'")
    out = StringIO()
    with pytest.raises(SystemExit) as stopped:
        call_command("verify_ledger", stdout=out)
    assert stopped.value.code == 1
    assert "MELATI: 11010: stored " in out.getvalue()
    assert "1 mismatches" in out.getvalue()


def test_a_tampered_amount_is_found(loan):
    payment = Transfer.objects.filter(credit_account__kind="LOAN").earliest("pk")
    run(f"UPDATE finance_transfer SET amount = amount + 1 WHERE id = {payment.pk}", lift=["finance_transfer_no_update"])
    assert rules() >= {
        "stored sums are those of the transfers",
        "each line carries its accounts' balances after it",
        "a loan's balance is its principal less what was repaid",
    }


def test_a_tampered_balance_after_is_found(loan):
    line = Transfer.objects.earliest("pk")
    run(
        f"UPDATE finance_transfer SET debit_balance_after = 1 WHERE id = {line.pk}", lift=["finance_transfer_no_update"]
    )
    assert found() == {
        (
            "each line carries its accounts' balances after it",
            "MELATI",
            f"11010: transfer {line.pk} says 1, is 5000000",
        )
    }


def test_an_entry_without_lines_is_found(loan):
    entry = make_entry(loan.group)
    assert found() == {("every entry moves money", "MELATI", f"entry {entry.number}")}


def test_a_gap_in_the_voucher_numbers_is_found(loan):
    entry = make_entry(loan.group, number=loan.group.entries.count() + 2)
    rule = "the voucher numbers of a group run from 1 without gaps"
    assert (rule, "MELATI", f"entry {entry.number} should be {entry.number - 1}") in found()


def test_a_thing_without_its_money_is_found(loan):
    item = buy(loan.group, price=10_000)
    InventoryItem.objects.create(
        group=loan.group, name="Meja", acquired_on=item.acquired_on, price=1, entry=item.entry,
        recorded_by=item.recorded_by, key=uuid.uuid4(),
    )  # fmt: skip
    rule = "the things a group owns are worth what its inventory account holds"
    assert found() == {(rule, "MELATI", "12020: 10000, things 10001")}


def test_a_reversal_that_is_no_mirror_is_found(loan):
    reversal = Entry.objects.filter(kind="REVERSAL").earliest("pk")
    first = reversal.transfers.earliest("pk")
    run(f"UPDATE finance_transfer SET member_id = NULL WHERE id = {first.pk}", lift=["finance_transfer_no_update"])
    assert rules() == {"a reversal mirrors its entry, line by line, on the same day unless that is closed"}


def test_a_reversal_of_another_day_is_found(loan):
    run(
        "UPDATE finance_entry SET effective_on = '2026-01-01' WHERE kind = 'REVERSAL'", lift=["finance_entry_no_update"]
    )
    assert rules() == {"a reversal mirrors its entry, line by line, on the same day unless that is closed"}


def test_a_loan_that_was_not_paid_out_whole_is_found(loan):
    run(f"UPDATE finance_loan SET principal = 1200001 WHERE id = {loan.pk}", lift=["finance_loan_no_update"])
    assert rules() == {
        "a loan's balance is its principal less what was repaid",
        "a loan was paid out, and its schedule repays it",
    }


def test_a_cancelled_loan_that_was_paid_out_is_found(loan):
    Loan.objects.filter(pk=loan.pk).update(cancelled_at=loan.recorded_at)
    assert rules() == {"a loan's balance is its principal less what was repaid"}


def test_a_loan_nobody_paid_out_is_found(loan):
    loan.pk, loan.number = None, 3
    loan.save()
    assert rules() == {"a loan was paid out, and its schedule repays it"}


OF_MEMBERS = "money is moved of members of the day, and of who left what settles the membership"


def outside():
    return {what for rule, _group, what in found() if rule == OF_MEMBERS}


def test_money_of_somebody_who_had_not_joined_is_found(loan):
    joined_on = FOUNDED + timedelta(1)
    run(
        f"UPDATE groups_member SET joined_on = '{joined_on}' WHERE id = {loan.member.pk}",
        lift=["groups_member_keeps_money_update"],
    )
    assert outside() == {"entry 1: member 1", "entry 2: member 1"}


def test_savings_brought_after_leaving_are_found_and_what_settles_is_not():
    member = make_member(make_group())
    save(member, 5_000)
    save(member, 1_000, on=FOUNDED + timedelta(7))
    withdraw(member, 6_000, on=FOUNDED + timedelta(8))
    Member.objects.filter(pk=member.pk).update(left_on=FOUNDED + timedelta(1))
    assert outside() == {"entry 2: member 1"}
    Member.objects.filter(pk=member.pk).update(left_on=FOUNDED + timedelta(7))
    assert outside() == set()


def test_what_was_taken_back_is_no_money_outside_a_membership():
    member = make_member(make_group())
    reverse(save_later(member))
    Member.objects.filter(pk=member.pk).update(left_on=FOUNDED + timedelta(1))
    assert rules() == set()


def save_later(member):
    save(member, 1_000, on=FOUNDED + timedelta(7))
    return Entry.objects.latest("pk")


def test_a_loan_repaid_after_leaving_is_as_the_services_allow_it(loan):
    member = make_member(loan.group)
    own = lend(member, 100_000, 2)
    Member.objects.filter(pk=member.pk).update(left_on=own.disbursed_on + timedelta(1))
    own.refresh_from_db()
    repay(own, 20_000)
    assert outside() == set()


def test_the_money_of_a_meeting_in_a_closed_period_counts_on_the_first_open_day():
    group = make_group(rules={"wajib": 10_000})
    make_members(group, 3)
    services.period_close(actor=group.recorded_by, group=group, through=HELD_ON, key=uuid.uuid4())
    assert post_sheet(sign_in(group), group).status_code == 302
    Member.objects.filter(group=group, number=3).update(left_on=HELD_ON)
    assert rules() == set()


def test_a_transfer_between_groups_is_found(loan):
    other = make_member(make_group())
    save(other, 5_000_000)
    there = Account.objects.get(group=other.group, kind="SUKARELA")
    run(
        f"UPDATE finance_transfer SET credit_account_id = {there.pk} WHERE id = {Transfer.objects.earliest('pk').pk}",
        lift=["finance_transfer_no_update", "finance_transfer_credit_account_id_same_group_update"],
    )
    assert "entry, transfer and accounts belong to one group" in rules()


def verify(*arguments):
    """What the command says, and whether it found nothing."""
    out = StringIO()
    try:
        call_command("verify_ledger", *arguments, stdout=out)
    except SystemExit:
        return out.getvalue(), False
    return out.getvalue(), True


class TestOnlyWhatIsNew:
    @pytest.fixture
    def later(self, loan):
        """Another group, in which money is saved after a full run."""
        member = make_member(make_group(code="MAWAR"))
        save(member, 5_000)
        verify()
        save(member, 7_000)
        return member

    def test_it_looks_at_the_groups_with_new_entries(self, later):
        said, is_right = verify("--new")
        assert is_right
        assert "over 1 groups with new entries, 2 accounts, 2 entries, 2 transfers, 0 loans: 0 mism" in said

    def test_nothing_new_is_nothing_to_look_at(self, loan):
        verify()
        assert "over 0 groups with new entries" in verify("--new")[0]

    @pytest.mark.parametrize(
        ("statement", "lift"),
        [
            ("UPDATE finance_account SET credits_posted = credits_posted + 1 WHERE {}", []),
            ("UPDATE finance_transfer SET amount = amount + 1 WHERE {}", ["finance_transfer_no_update"]),
            ("UPDATE finance_transfer SET debit_balance_after = 1 WHERE {}", ["finance_transfer_no_update"]),
            ("UPDATE finance_entry SET number = number + 10 WHERE {}", ["finance_entry_no_update"]),
        ],
    )
    def test_what_was_tampered_with_in_them_is_found(self, later, statement, lift):
        run(statement.format(f"group_id = {later.group_id}"), lift=lift)
        assert not verify("--new")[1]

    def test_a_new_transfer_that_strayed_to_another_group_is_found(self, later, loan):
        transfer = Transfer.objects.latest("pk")
        run(
            f"UPDATE finance_transfer SET group_id = {loan.group_id} WHERE id = {transfer.pk}",
            lift=["finance_transfer_no_update", *(
                f"finance_transfer_{field}_id_same_group_update"
                for field in ("entry", "debit_account", "credit_account", "member")
            )],
        )  # fmt: skip
        assert "entry, transfer and accounts belong to one group" in verify("--new")[0]

    def test_the_groups_without_are_left_to_a_full_run(self, later, loan):
        run(f"UPDATE finance_account SET debits_posted = debits_posted + 1 WHERE loan_id = {loan.pk} AND kind = 'LOAN'")
        assert verify("--new")[1]
        assert not verify()[1]

    def test_without_a_full_run_everything_is_checked(self, loan):
        said, is_right = verify("--new")
        assert is_right
        assert said.startswith("No full run found nothing since; everything is checked.\n")
        assert "over 1 groups, 6 accounts" in said

    def test_a_run_that_found_something_is_not_remembered(self, loan):
        run("UPDATE finance_account SET debits_posted = debits_posted + 1 WHERE kind = 'CASH'")
        verify()
        assert not LedgerVerification.objects.exists()

    def test_looking_at_what_is_new_does_not_count_as_a_full_run(self, later):
        before = LedgerVerification.objects.get()
        verify("--new")
        assert LedgerVerification.objects.get() == before

    def test_an_entry_that_came_in_below_makes_the_run_full(self, later):
        # As one does that was being written while the run was looking.
        LedgerVerification.objects.update(entries=LedgerVerification.objects.get().entries - 1)
        assert "everything is checked" in verify("--new")[0]

    def test_it_takes_as_many_statements_whatever_the_number_of_groups(self, later, django_assert_num_queries):
        with django_assert_num_queries(len(CHECKS) + 10):
            verify("--new")
