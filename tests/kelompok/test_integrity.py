"""A database whose triggers or constraints are lost or changed is found out, and gets its triggers back."""

from io import StringIO

import pytest
from django.core.checks import run_checks
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.db import connection

from finance.ledger.triggers import TRIGGERS
from finance.models import LedgerVerification
from groups.shared.integrity import CHANGED, MISSING, _declared_in_postgresql, faulty_rules
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


def execute(*statements):
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def rewrite_in_sqlite(table, old, new):
    execute(
        "PRAGMA writable_schema = 1",
        f"UPDATE sqlite_master SET sql = replace(sql, '{old}', '{new}') WHERE name = '{table}'",
        "PRAGMA writable_schema = 0",
    )


def test_nothing_is_wrong_after_migrating():
    assert faulty_rules() == []
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
    code, text = run("install_triggers")
    assert (code, text.splitlines()[-1]) == (0, f"{count} triggers were put back.")
    assert f"{TRIGGER} was missing." in text
    assert installed() == before
    assert faulty_rules() == []


def weaken_condition():
    """The trigger is there by its name, and its condition never holds."""
    drop(TRIGGER, TABLE)
    if connection.vendor == "sqlite":
        execute(
            f"CREATE TRIGGER {TRIGGER} BEFORE UPDATE ON {TABLE} WHEN 1=0 BEGIN SELECT RAISE(ABORT, '{TRIGGER}'); END"
        )
    else:
        execute(
            f"CREATE TRIGGER {TRIGGER} BEFORE UPDATE ON {TABLE} FOR EACH ROW WHEN (1=0) EXECUTE FUNCTION {TRIGGER}()"
        )


def empty_body():
    """The trigger stands as declared, and what it does is nothing."""
    if connection.vendor == "sqlite":
        drop(TRIGGER, TABLE)
        execute(f"CREATE TRIGGER {TRIGGER} BEFORE UPDATE ON {TABLE} WHEN 1=1 BEGIN SELECT 1; END")
    else:
        execute(
            f"CREATE OR REPLACE FUNCTION {TRIGGER}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$"
        )


def other_event():
    drop(TRIGGER, TABLE)
    if connection.vendor == "sqlite":
        execute(
            f"CREATE TRIGGER {TRIGGER} BEFORE DELETE ON {TABLE} WHEN 1=1 BEGIN SELECT RAISE(ABORT, '{TRIGGER}'); END"
        )
    else:
        execute(f"CREATE TRIGGER {TRIGGER} BEFORE DELETE ON {TABLE} FOR EACH ROW EXECUTE FUNCTION {TRIGGER}()")


@pytest.mark.parametrize("change", [weaken_condition, empty_body, other_event])
def test_a_trigger_of_the_right_name_with_another_text_is_found_and_put_back(change):
    change()
    assert faulty_rules() == [(TRIGGER, CHANGED)]
    code, text = run("verify_ledger")
    assert (code, f"{TRIGGER} is not as declared" in text) == (1, True)
    assert run("install_triggers") == (0, f"{TRIGGER} was not as declared.\n1 triggers were put back.\n")
    assert faulty_rules() == []


def test_a_trigger_that_is_switched_off_is_missing():
    if connection.vendor == "sqlite":
        return  # a trigger of SQLite cannot be switched off
    for off in ("DISABLE TRIGGER", "ENABLE REPLICA TRIGGER"):
        execute(f"ALTER TABLE {TABLE} {off} {TRIGGER}")
        assert faulty_rules() == [(TRIGGER, MISSING)]


def test_a_constraint_that_was_dropped_is_found():
    if connection.vendor == "postgresql":
        execute("ALTER TABLE finance_entry DROP CONSTRAINT entry_key_once")
    else:
        rewrite_in_sqlite("finance_entry", "entry_key_once", "gone")
    assert faulty_rules() == [("entry_key_once", MISSING)]
    assert run("install_triggers")[0] == 1


def test_a_constraint_of_the_right_name_with_another_condition_is_found():
    if connection.vendor == "postgresql":
        execute(
            "ALTER TABLE groups_group DROP CONSTRAINT group_number",
            "ALTER TABLE groups_group ADD CONSTRAINT group_number CHECK (number >= 0)",
        )
    else:
        rewrite_in_sqlite("groups_group", '"number" >= 1', '"number" >= 0')
    assert faulty_rules() == [("group_number", CHANGED)]


def test_a_unique_index_that_covers_fewer_rows_is_found():
    execute(
        "DROP INDEX assignment_open_once",
        "CREATE UNIQUE INDEX assignment_open_once ON groups_facilitatorassignment (group_id, facilitator_id) "
        "WHERE ended_on IS NULL AND group_id < 0",
    )
    assert faulty_rules() == [("assignment_open_once", CHANGED)]


def as_role(may):
    """Go on as a role of PostgreSQL that may make no temporary tables, and may do to the database what is given."""
    name = connection.settings_dict["NAME"]
    execute(
        "CREATE ROLE kelompok_plain",
        "GRANT USAGE, CREATE ON SCHEMA public TO kelompok_plain",
        "GRANT REFERENCES ON ALL TABLES IN SCHEMA public TO kelompok_plain",
        f'REVOKE TEMP ON DATABASE "{name}" FROM PUBLIC',
        *(f'GRANT {privilege} ON DATABASE "{name}" TO kelompok_plain' for privilege in may),
        "SET LOCAL ROLE kelompok_plain",
    )
    _declared_in_postgresql.cache_clear()


@pytest.mark.parametrize("may", [["TEMP"], ["CREATE"]])
def test_temporary_tables_or_a_schema_are_enough_to_compare(may):
    if connection.vendor == "sqlite":
        return  # it has no roles
    drop(TRIGGER, TABLE)
    as_role(may)
    assert faulty_rules() == [(TRIGGER, MISSING)]
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_namespace WHERE nspname = 'kelompok_declared'")
        assert cursor.fetchone() == (0,)


def test_without_both_the_privilege_that_lacks_is_named():
    if connection.vendor == "sqlite":
        return  # it has no roles
    as_role([])
    with pytest.raises(ImproperlyConfigured, match=r"kelompok_plain needs the privilege TEMP.*GRANT TEMP ON DATABASE"):
        faulty_rules()
