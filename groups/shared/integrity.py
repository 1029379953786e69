"""Whether a database still has the rules that keep the books, word for word: triggers and constraints of the models."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import cache

from django.apps import apps
from django.core.exceptions import ImproperlyConfigured
from django.db import DEFAULT_DB_ALIAS, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper
from django.db.models import Model

from groups.shared.triggers import declared_apps, declared_triggers

Definitions = dict[str, str]
"""What a database says of its constraints, indexes and triggers, by name; one of each of a name are joined."""

MISSING, CHANGED = "is missing", "is not as declared"

_SCRATCH = "kelompok_declared"
"""The schema in which PostgreSQL makes the declared tables where it may not make temporary ones."""


def faulty_rules(using: str = DEFAULT_DB_ALIAS) -> list[tuple[str, str]]:
    """Return the triggers and constraints that the database `using` lacks or has otherwise, by name with what it is.

    A database without our tables lacks nothing yet.
    """
    connection = connections[using]
    tables = set(connection.introspection.table_names())
    if not any(model._meta.db_table in tables for model in _models()):
        return []
    if connection.vendor == "sqlite":
        declared, present = _declared_in_sqlite(using), _present_in_sqlite(connection)
    else:
        declared, present = (
            _declared_in_postgresql(using),
            _present_in_postgresql(connection, "current_schema()::text::regnamespace"),
        )
    return [
        (name, CHANGED if name in present else MISSING)
        for name in sorted(_names())
        if present.get(name) != declared[name]
    ]


def _models() -> list[type[Model]]:
    return [model for label in declared_apps() for model in apps.get_app_config(label).get_models()]


def _names() -> set[str]:
    """Return the names of the rules that are compared."""
    constraints = {rule.name for model in _models() for rule in model._meta.constraints}
    return constraints | {part for trigger in declared_triggers() for part in trigger.installed}


def _present_in_sqlite(connection: BaseDatabaseWrapper) -> Definitions:
    with connection.cursor() as cursor:
        cursor.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL")
        return _by_name(sql for (sql,) in cursor.fetchall())


@cache
def _declared_in_sqlite(using: str) -> Definitions:
    """SQLite keeps each statement as it was written, so none needs to be executed."""
    editor = connections[using].schema_editor(collect_sql=True)
    editor.deferred_sql = []
    tables = [editor.table_sql(model)[0] for model in _models()]
    triggers = (statement for trigger in declared_triggers() for statement in trigger.sqlite)
    return _by_name([*tables, *map(str, editor.deferred_sql), *triggers])


def _by_name(statements: Iterable[str]) -> Definitions:
    """Return triggers, indexes and the constraints in tables by the name that the statements give them."""
    found = {}
    for statement in statements:
        parts = parts_of(statement) if statement.startswith("CREATE TABLE") else [" ".join(statement.split())]
        for part in parts:
            if name := re.match(r'(?:CONSTRAINT|CREATE (?:UNIQUE )?INDEX|CREATE TRIGGER) "?(\w+)', part):
                found[name[1]] = part
    return found


def parts_of(create_table: str) -> Iterator[str]:
    """Yield the columns and constraints of a CREATE TABLE of SQLite."""
    text, depth, part = create_table[create_table.index("(") + 1 : create_table.rindex(")")], 0, ""
    for letter in text + ",":
        depth += (letter == "(") - (letter == ")")
        if letter == "," and not depth:
            yield " ".join(part.split())
            part = ""
        else:
            part += letter


def _present_in_postgresql(connection: BaseDatabaseWrapper, schema: str) -> Definitions:
    """Return the definitions in a schema as PostgreSQL writes them; a trigger has the text of its function.

    `schema` is an SQL expression. A trigger that is switched off is left out: it refuses nothing.
    """
    statement = f"""
        WITH of_schema AS (SELECT {schema} AS space)
        SELECT space::text, conname, pg_get_constraintdef(oid) FROM pg_constraint JOIN of_schema ON space = connamespace
        UNION ALL
        SELECT space::text, relname, pg_get_indexdef(oid)
        FROM pg_class JOIN of_schema ON space = relnamespace WHERE relkind = 'i'
        UNION ALL
        SELECT space::text, t.tgname, pg_get_triggerdef(t.oid) || p.prosrc
        FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_proc p ON p.oid = t.tgfoid
            JOIN of_schema ON space = c.relnamespace
        WHERE NOT t.tgisinternal AND t.tgenabled IN ('O', 'A')
    """  # noqa: S608 - no input
    found = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(statement)
        for space, name, text in cursor.fetchall():
            found[name].append(re.sub(rf"\b(?:{space}|pg_temp)\.", "", text))
    return {name: "\n".join(sorted(texts)) for name, texts in found.items()}


@cache
def _declared_in_postgresql(using: str) -> Definitions:
    """PostgreSQL writes a definition in its own words, so tables beside ours get all rules, and are rolled back.

    They are temporary, or, where the role lacks the privilege TEMP, in a schema of their own.
    """
    connection = connections[using]
    with transaction.atomic(using), connection.cursor() as cursor:
        space = _space_for_declared(cursor)
        cursor.execute(f"SELECT 'SET LOCAL search_path TO {space}, ' || quote_ident(current_schema())")
        cursor.execute(*cursor.fetchone())
        with connection.schema_editor(atomic=False) as editor:
            for model in _models():
                editor.create_model(model)
            # Other indexes are no rules, and foreign keys also point at tables that are not temporary.
            deferred = map(str, editor.deferred_sql)
            editor.deferred_sql = [sql for sql in deferred if not re.search("^CREATE INDEX|FOREIGN KEY", sql)]
        for trigger in declared_triggers():
            for statement in trigger.postgresql:
                cursor.execute(re.sub(r"\bFUNCTION (\w+)\(\)", rf"FUNCTION {space}.\1()", statement))
        schema = "pg_my_temp_schema()" if space == "pg_temp" else f"'{space}'"
        found = _present_in_postgresql(connection, f"{schema}::regnamespace")
        transaction.set_rollback(True, using)
    return found


def _space_for_declared(cursor: CursorWrapper) -> str:
    """Return the schema for the declared tables. Raises `ImproperlyConfigured` where the role can make none."""
    cursor.execute(
        "SELECT current_user, current_database(), has_database_privilege(current_database(), 'TEMP'), "
        "has_database_privilege(current_database(), 'CREATE')"
    )
    role, database, may_make_temporary, may_make_schema = cursor.fetchone()
    if may_make_temporary:
        return "pg_temp"
    if not may_make_schema:
        raise ImproperlyConfigured(
            f"To compare the rules of the database with the models, the role {role} needs the privilege TEMP. Run: "
            f'GRANT TEMP ON DATABASE "{database}" TO "{role}";'
        )
    cursor.execute(f"CREATE SCHEMA {_SCRATCH}")
    return _SCRATCH
