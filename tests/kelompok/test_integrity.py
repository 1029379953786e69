"""A database that lost triggers or constraints is found out, and gets its triggers back."""

from io import StringIO

import pytest
from django.core.checks import run_checks
from django.core.management import call_command
from django.db import connection

from finance.ledger.triggers import TRIGGERS
from finance.models import LedgerVerification
from groups.shared.integrity import missing_rules
from groups.shared.triggers import installed

pytestmark = pytest.mark.django_db
TRIGGER, TABLE = "finance_transfer_no_update", "finance_transfer"


def drop(name, table):
    with connection.cursor() as cursor:
        on = f" ON {table}" if connection.vendor == "postgresql" else ""
        cursor.execute(f"DROP TRIGGER {name}{on}")


def run(command):
    out = StringIO()
    try:
        call_command(command, stdout=out)
    except SystemExit as stopped:
        return stopped.code, out.getvalue()
    return 0, out.getvalue()


def test_nothing_is_missing_after_migrating():
    assert missing_rules() == []
    assert run("verify_ledger")[0] == 0


def test_verifying_the_ledger_finds_a_trigger_that_was_dropped():
    drop(TRIGGER, TABLE)
    code, text = run("verify_ledger")
    assert (code, TRIGGER in text) == (1, True)
    assert not LedgerVerification.objects.exists()


def test_the_check_of_the_database_finds_it():
    drop(TRIGGER, TABLE)
    (problem,) = [one for one in run_checks(databases=["default"]) if one.id == "kelompok.W001"]
    assert TRIGGER in problem.msg


def test_the_command_puts_all_triggers_back():
    before = installed()
    for trigger in TRIGGERS:
        for part in trigger.installed:
            drop(part, trigger.table)
    count = sum(len(trigger.installed) for trigger in TRIGGERS)
    assert run("install_triggers") == (0, f"{count} triggers were missing.\n")
    assert installed() == before


def test_a_constraint_that_was_dropped_is_found():
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("ALTER TABLE finance_entry DROP CONSTRAINT entry_key_once")
        else:
            cursor.execute("PRAGMA writable_schema = 1")
            cursor.execute(
                "UPDATE sqlite_master SET sql = replace(sql, 'entry_key_once', 'gone') WHERE name = 'finance_entry'"
            )
            cursor.execute("PRAGMA writable_schema = 0")
    assert missing_rules() == ["entry_key_once"]
    assert run("install_triggers")[0] == 1
