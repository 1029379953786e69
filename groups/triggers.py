"""Rules that neither a foreign key nor a check constraint can state, kept by triggers on both databases.

Each app lists its triggers and installs them after every migrate: on SQLite an altered table is rebuilt
and silently loses its triggers. A refused write raises `IntegrityError` with the rule's name in its text.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import connections


@dataclass(frozen=True)
class Trigger:
    """One rule on one table: the statements that install it, by database vendor."""

    name: str
    table: str
    sqlite: tuple[str, ...]
    postgresql: tuple[str, ...]


def install(triggers: Iterable[Trigger], using: str) -> None:
    """Install `triggers` on the database `using`; safe to repeat."""
    connection = connections[using]
    with connection.cursor() as cursor:
        for trigger in triggers:
            for statement in trigger.sqlite if connection.vendor == "sqlite" else trigger.postgresql:
                cursor.execute(statement)


def forbid_delete(table: str, *, when: str = "1=1") -> Trigger:
    """Refuse to delete the rows of `table` for which `when`, an SQL condition on `OLD`, holds."""
    return _row_trigger(f"{table}_no_delete", table, "DELETE", when)


def forbid_update(table: str, *, when: str = "1=1") -> Trigger:
    """Refuse to update the rows of `table` for which `when`, an SQL condition on `OLD` and `NEW`, holds."""
    return _row_trigger(f"{table}_no_update", table, "UPDATE", when)


def forbid_insert(name: str, table: str, *, when: str) -> Trigger:
    """Refuse to insert rows into `table` for which `when`, an SQL condition on `NEW`, holds."""
    return Trigger(
        name=name,
        table=table,
        sqlite=(
            f"DROP TRIGGER IF EXISTS {name}",
            f"CREATE TRIGGER {name} BEFORE INSERT ON {table} WHEN {when} BEGIN SELECT RAISE(ABORT, '{name}'); END",
        ),
        postgresql=(
            _function(name, when, name),
            f"DROP TRIGGER IF EXISTS {name} ON {table}",
            f"CREATE TRIGGER {name} AFTER INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION {name}()",
        ),
    )


def forbid_insert_of_any(name: str, table: str, *, when: str) -> Trigger:
    """Refuse to insert rows into `table` for which `when` holds, an SQL condition on `{row}`.

    PostgreSQL looks once at all the rows of a statement, which is cheaper than `forbid_insert` for many.
    """
    return Trigger(
        name=name,
        table=table,
        sqlite=(
            f"DROP TRIGGER IF EXISTS {name}",
            f"CREATE TRIGGER {name} BEFORE INSERT ON {table} WHEN {when.format(row='NEW')} "
            f"BEGIN SELECT RAISE(ABORT, '{name}'); END",
        ),
        postgresql=(
            _function(name, f"EXISTS (SELECT 1 FROM fresh f WHERE {when.format(row='f')})", name),
            f"DROP TRIGGER IF EXISTS {name} ON {table}",
            f"CREATE TRIGGER {name} AFTER INSERT ON {table} REFERENCING NEW TABLE AS fresh "
            f"FOR EACH STATEMENT EXECUTE FUNCTION {name}()",
        ),
    )


def forbid_change(name: str, table: str, *, when: str) -> Trigger:
    """Refuse to update the rows of `table` for which `when` holds, a condition that may look at any table."""
    return _trigger(name, table, {"UPDATE": when}, "BEFORE")


def same_group(table: str, column: str, parent: str, *, own: str = "group_id") -> Trigger:
    """Refuse a row whose `column` points at a row of `parent` that belongs to another group.

    `own` is the column of `table` that says which group a row belongs to.
    """
    name = f"{table}_{column}_same_group"
    stray = f"SELECT 1 FROM {parent} p WHERE p.id = NEW.{column} AND p.group_id <> NEW.{own}"
    strays = f"SELECT 1 FROM fresh f JOIN {parent} p ON p.id = f.{column} WHERE p.group_id <> f.{own}"
    return Trigger(
        name=name,
        table=table,
        sqlite=tuple(
            statement
            for event, suffix in (("INSERT", "insert"), (f"UPDATE OF {column}, {own}", "update"))
            for statement in (
                f"DROP TRIGGER IF EXISTS {name}_{suffix}",
                f"CREATE TRIGGER {name}_{suffix} BEFORE {event} ON {table} WHEN EXISTS ({stray}) "
                f"BEGIN SELECT RAISE(ABORT, '{name}'); END",
            )
        ),
        postgresql=(
            # A statement trigger: one look at all the rows of a bulk insert instead of one for each.
            _function(f"{name}_insert", f"EXISTS ({strays})", name),
            f"DROP TRIGGER IF EXISTS {name}_insert ON {table}",
            f"CREATE TRIGGER {name}_insert AFTER INSERT ON {table} REFERENCING NEW TABLE AS fresh "
            f"FOR EACH STATEMENT EXECUTE FUNCTION {name}_insert()",
            _function(f"{name}_update", f"EXISTS ({stray})", name),
            f"DROP TRIGGER IF EXISTS {name}_update ON {table}",
            f"CREATE TRIGGER {name}_update AFTER UPDATE OF {column}, {own} ON {table} "
            f"FOR EACH ROW EXECUTE FUNCTION {name}_update()",
        ),
    )


def frozen_with(table: str, frozen: str) -> Trigger:
    """Refuse to add, change or delete the rows of `table` that the SQL query `frozen` finds frozen.

    `{row}` in the query stands for the row's old and new state in turn.
    """
    old, new = (f"EXISTS ({frozen.format(row=row)})" for row in ("OLD", "NEW"))
    return _trigger(f"{table}_frozen", table, {"INSERT": new, "UPDATE": f"{old} OR {new}", "DELETE": old}, "BEFORE")


def run_after(name: str, table: str, statement: str, event: str) -> Trigger:
    """Run `statement` after each row of `table` that `event` touches; it may look at `NEW`, after DELETE at `OLD`."""
    return Trigger(
        name=name,
        table=table,
        sqlite=(
            f"DROP TRIGGER IF EXISTS {name}",
            f"CREATE TRIGGER {name} AFTER {event} ON {table} BEGIN {statement}; END",
        ),
        postgresql=(
            f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ "
            f"BEGIN {statement}; RETURN NULL; END $$",
            f"DROP TRIGGER IF EXISTS {name} ON {table}",
            f"CREATE TRIGGER {name} AFTER {event} ON {table} FOR EACH ROW EXECUTE FUNCTION {name}()",
        ),
    )


def forbid_overlap(table: str, *columns: str) -> Trigger:
    """Refuse two rows of one group that share a value of `columns` and a day from `started_on` to before `ended_on`."""
    shared = " OR ".join(f"o.{column} = NEW.{column}" for column in columns)
    overlaps = (
        f"EXISTS (SELECT 1 FROM {table} o WHERE o.group_id = NEW.group_id AND o.id <> NEW.id AND ({shared}) "
        "AND o.started_on < COALESCE(NEW.ended_on, '9999-12-31') "
        "AND NEW.started_on < COALESCE(o.ended_on, '9999-12-31'))"
    )
    # AFTER, because on SQLite a new row has no id before.
    return _trigger(f"{table}_overlap", table, {"INSERT": overlaps, "UPDATE": overlaps}, "AFTER")


def _trigger(name: str, table: str, conditions: dict[str, str], sqlite_time: str) -> Trigger:
    """One rule with a condition for each event; each condition may look at any table."""
    return Trigger(
        name=name,
        table=table,
        sqlite=tuple(
            statement
            for event, condition in conditions.items()
            for statement in (
                f"DROP TRIGGER IF EXISTS {name}_{event.lower()}",
                f"CREATE TRIGGER {name}_{event.lower()} {sqlite_time} {event} ON {table} WHEN {condition} "
                f"BEGIN SELECT RAISE(ABORT, '{name}'); END",
            )
        ),
        # The condition stands in the function: a WHEN clause of PostgreSQL takes no subquery. AFTER, because
        # the function returns NULL, which would skip the row before the fact.
        postgresql=tuple(
            statement
            for event, condition in conditions.items()
            for statement in (
                _function(f"{name}_{event.lower()}", condition, name),
                f"DROP TRIGGER IF EXISTS {name}_{event.lower()} ON {table}",
                f"CREATE TRIGGER {name}_{event.lower()} AFTER {event} ON {table} "
                f"FOR EACH ROW EXECUTE FUNCTION {name}_{event.lower()}()",
            )
        ),
    )


def _row_trigger(name: str, table: str, event: str, when: str) -> Trigger:
    return Trigger(
        name=name,
        table=table,
        sqlite=(
            f"DROP TRIGGER IF EXISTS {name}",
            f"CREATE TRIGGER {name} BEFORE {event} ON {table} WHEN {when} BEGIN SELECT RAISE(ABORT, '{name}'); END",
        ),
        postgresql=(
            _function(name, "TRUE", name),
            f"DROP TRIGGER IF EXISTS {name} ON {table}",
            f"CREATE TRIGGER {name} BEFORE {event} ON {table} FOR EACH ROW WHEN ({when}) EXECUTE FUNCTION {name}()",
        ),
    )


def _function(function: str, condition: str, name: str) -> str:
    return (
        f"CREATE OR REPLACE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql AS $$ "
        f"BEGIN IF {condition} THEN "
        f"RAISE EXCEPTION '{name}' USING ERRCODE = 'integrity_constraint_violation'; "
        f"END IF; RETURN NULL; END $$"
    )
