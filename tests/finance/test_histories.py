"""Random histories keep every promise of the ledger, and hledger reads the same balances from them."""

import csv
import subprocess
from io import StringIO

import pytest
from django.core.management import call_command
from django.utils import translation
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from finance.ledger.export import account_name
from finance.ledger.verify import mismatches
from finance.models import Account, Entry, EntryKind, Side
from tests.conftest import program
from tests.finance.histories import History, walk

pytestmark = pytest.mark.django_db

QUICK = settings(
    max_examples=12,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
LONG = 300
"""Entries of the long history."""


def test_every_promise_holds_after_every_step():
    run_state_machine_as_test(History, settings=QUICK)
    assert list(mismatches()) == []


@pytest.mark.hledger
def test_hledger_reads_the_same_balances_from_a_long_history_of_everything():
    group = walk(seed=3, entries=LONG).group
    entries = Entry.objects.filter(group=group)
    assert entries.count() >= LONG
    assert set(entries.values_list("kind", flat=True)) == set(EntryKind.values)
    assert list(mismatches()) == []
    assert hledger_balances(group) == our_balances(group)


def hledger_balances(group):
    journal = StringIO()
    call_command("export_ledger", group=group.code, format="hledger", stdout=journal)
    judged = subprocess.run(
        [program("hledger"), "-f", "-", "balance", "--flat", "-O", "csv", "--strict", "-N"],
        input=journal.getvalue(), capture_output=True, text=True, check=True,
    )  # fmt: skip
    rows = list(csv.reader(StringIO(judged.stdout)))[1:]
    return {name: int(amount.removeprefix("IDR ").removesuffix(".") or 0) for name, amount in rows}


def our_balances(group):
    """Balances as hledger has them: credits negative, empty accounts left out."""
    accounts = Account.objects.filter(group=group).select_related("member")
    signed = {account_name(a): a.balance if a.normal_side == Side.DEBIT else -a.balance for a in accounts}
    return {name: balance for name, balance in signed.items() if balance}


def test_names_in_an_export_are_of_one_language():
    with translation.override("en"):
        assert account_name(Account(kind="CASH", code="11010")) == "Assets:11010 Cash box (kas)"
