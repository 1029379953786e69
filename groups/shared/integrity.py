"""Whether a database still has the rules that keep the books: its triggers and the constraints of the models."""

from __future__ import annotations

import re

from django.apps import apps
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper

from groups.shared.triggers import declared_apps, missing_triggers


def missing_rules(using: str = DEFAULT_DB_ALIAS) -> list[str]:
    """Return what the database `using` lacks of the triggers and constraints that the models declare, by name.

    A database without our tables lacks nothing yet.
    """
    models = [model for label in declared_apps() for model in apps.get_app_config(label).get_models()]
    present = _named_in(connections[using])
    if not any(model._meta.db_table in present for model in models):
        return []
    names = {rule.name for model in models for rule in model._meta.constraints}
    return [*missing_triggers(using), *sorted(names - present)]


def _named_in(connection: BaseDatabaseWrapper) -> set[str]:
    """Return the names of the tables, constraints and indexes of a database, in one statement.

    Django's own introspection asks for each index by itself, more than a thousand times on SQLite.
    """
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT name, COALESCE(sql, '') FROM sqlite_master WHERE type IN ('table', 'index')")
            found = cursor.fetchall()
            return {name for name, _sql in found} | {
                name for _name, sql in found for name in re.findall(r'CONSTRAINT "(\w+)"', sql)
            }
        cursor.execute(
            "SELECT conname FROM pg_constraint UNION SELECT relname FROM pg_class WHERE relkind IN ('r', 'i')"
        )
        return {name for (name,) in cursor.fetchall()}
