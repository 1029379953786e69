"""Rules that neither a foreign key nor a check constraint can state, kept by triggers on both databases.

Each app lists its triggers in `triggers.py` and installs them after every migrate: on SQLite an altered table is
rebuilt and silently loses its triggers. A refused write raises `IntegrityError` with the rule's name in its text.

Triggers are built from models. Conditions are SQL about `OLD` and `NEW`, the row before and after; they compare with
`IS DISTINCT FROM`, for which nothing is a value like any other.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from django.apps import AppConfig
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import ForeignKey, Model
from django.db.models.signals import post_migrate
from django.utils import timezone

NEVER = "1=0"


@dataclass(frozen=True)
class Trigger:
    """One rule on one table: the statements that install it, by database vendor.

    `installed` are the names its parts have in the database.
    """

    name: str
    table: str
    installed: tuple[str, ...]
    sqlite: tuple[str, ...]
    postgresql: tuple[str, ...]


_declared: dict[str, tuple[Trigger, ...]] = {}


def keep_installed(app: AppConfig, triggers: tuple[Trigger, ...]) -> None:
    """Install the `triggers` of `app` after each migrate, and count them among those that must be there."""
    _declared[app.label] = triggers
    post_migrate.connect(_after_migrate, sender=app)


def _after_migrate(app_config: AppConfig, using: str, **_kwargs: object) -> None:
    install(_declared[app_config.label], using)


def install(triggers: Iterable[Trigger], using: str) -> None:
    """Install `triggers` on the database `using`; safe to repeat."""
    connection = connections[using]
    with connection.cursor() as cursor:
        for trigger in triggers:
            for statement in trigger.sqlite if connection.vendor == "sqlite" else trigger.postgresql:
                cursor.execute(statement)


def declared_apps() -> list[str]:
    """Return the labels of the apps whose tables have triggers."""
    return list(_declared)


def install_all(using: str = DEFAULT_DB_ALIAS) -> None:
    """Put the triggers of every app back, as a migrate does."""
    install(declared_triggers(), using)


def declared_triggers() -> list[Trigger]:
    """Return the triggers of every app."""
    return [trigger for triggers in _declared.values() for trigger in triggers]


def installed(using: str = DEFAULT_DB_ALIAS) -> set[tuple[str, str]]:
    """Return the triggers in the database `using`, as pairs of name and table."""
    connection = connections[using]
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT name, tbl_name FROM sqlite_master WHERE type = 'trigger'")
        else:
            cursor.execute("SELECT tgname, tgrelid::regclass::text FROM pg_trigger WHERE NOT tgisinternal")
        return set(cursor.fetchall())


def any_row(source: str, where: str) -> str:
    """Return the SQL condition that `source`, a table with its alias or a join of some, has a row like this."""
    return f"EXISTS (SELECT 1 FROM {source} WHERE {where})"


def changes(model: type[Model], fields: Collection[str] | None = None, *, but: Collection[str] = ()) -> str:
    """Return the SQL condition that an update changes one of `fields` of `model`, of all its columns `but` some."""
    named = {*but, *(fields or ())}
    unknown = named - {field.name for field in model._meta.concrete_fields}
    assert not unknown, f"{model.__name__} has no {unknown}"
    columns = [
        field.column
        for field in model._meta.concrete_fields
        if field.name not in but and (fields is None or field.name in fields)
    ]
    return "(" + " OR ".join(f"OLD.{column} IS DISTINCT FROM NEW.{column}" for column in columns) + ")"


WITHDRAWN = ("withdrawn_at", "withdrawn_by", "withdrawn_why")
"""The fields that withdrawing a record sets."""


def forbid_update(
    model: type[Model], *, but: Collection[str] = (), where: str = "1=1", or_when: str = NEVER
) -> Trigger:
    """Refuse to change any column of a row of `model` but those of the fields `but`; without `but`, any update.

    It holds for the rows for which `where` holds. `or_when` refuses further changes, of the columns that may change.
    """
    condition = f"({where}) AND ({changes(model, but=but)} OR {or_when})" if but else where
    return _row_trigger(f"{model._meta.db_table}_no_update", model, "UPDATE", condition)


def forbid_update_but_withdrawal(model: type[Model]) -> Trigger:
    """Refuse to change a row of `model`, a `groups.models.withdrawable.Withdrawable`, but to withdraw it, once."""
    names = {field.name for field in model._meta.fields}
    return forbid_update(
        model, but=[name for name in WITHDRAWN if name in names], or_when="OLD.withdrawn_at IS NOT NULL"
    )


def forbid_delete(model: type[Model], *, where: str = "1=1") -> Trigger:
    """Refuse to delete the rows of `model` for which `where` holds."""
    return _row_trigger(f"{model._meta.db_table}_no_delete", model, "DELETE", where)


def forbid_insert(name: str, model: type[Model], *, when: str) -> Trigger:
    """Refuse to insert a row of `model` for which `when` holds; it may look at any table."""
    return _trigger(f"{model._meta.db_table}_{name}", model, {"INSERT": when}, "BEFORE")


def forbid_insert_of_any(name: str, model: type[Model], *, when: str) -> Trigger:
    """Refuse to insert rows of `model` for which `when` holds, an SQL condition on `{row}`.

    PostgreSQL looks once at all the rows of a statement, which is cheaper than `forbid_insert` for many.
    """
    table = model._meta.db_table
    name = f"{table}_{name}"
    return Trigger(
        name=name,
        table=table,
        installed=(f"{name}_insert",),
        sqlite=_sqlite(f"{name}_insert", table, "BEFORE INSERT", when.format(row="NEW"), name),
        postgresql=_postgresql_for_each_statement(
            f"{name}_insert", table, any_row("fresh f", when.format(row="f")), name
        ),
    )


def forbid_change(name: str, model: type[Model], *, when: str) -> Trigger:
    """Refuse to update the rows of `model` for which `when` holds; it may look at any table."""
    return _trigger(f"{model._meta.db_table}_{name}", model, {"UPDATE": when}, "BEFORE")


def forbid_write(name: str, model: type[Model], *, when: str, change: str = "1=1") -> Trigger:
    """Refuse to insert a row of `model` for which `when` holds, and to update one so where `change` holds too."""
    update = f"({change}) AND ({when})"
    return _trigger(f"{model._meta.db_table}_{name}", model, {"INSERT": when, "UPDATE": update}, "BEFORE")


def same_group(model: type[Model], field: str, *, own: str = "group") -> Trigger:
    """Refuse a row of `model` whose foreign key `field` points at a row that belongs to another group.

    `own` is the field that says which group a row belongs to.
    """
    table, key = model._meta.db_table, model._meta.get_field(field)
    assert isinstance(key, ForeignKey), f"{field} points at nothing"
    parent, column = key.related_model._meta.db_table, key.column
    own_column = model._meta.get_field(own).column  # type: ignore[union-attr]  # a column of the table itself
    name = f"{table}_{column}_same_group"
    stray = any_row(f"{parent} p", f"p.id = NEW.{column} AND p.group_id <> NEW.{own_column}")
    strays = any_row(f"fresh f JOIN {parent} p ON p.id = f.{column}", f"p.group_id <> f.{own_column}")
    update = f"UPDATE OF {column}, {own_column}"
    return Trigger(
        name=name,
        table=table,
        installed=(f"{name}_insert", f"{name}_update"),
        sqlite=(
            *_sqlite(f"{name}_insert", table, "BEFORE INSERT", stray, name),
            *_sqlite(f"{name}_update", table, f"BEFORE {update}", stray, name),
        ),
        postgresql=(
            # A statement trigger: one look at all the rows of a bulk insert instead of one for each.
            *_postgresql_for_each_statement(f"{name}_insert", table, strays, name),
            *_postgresql(f"{name}_update", table, f"AFTER {update}", stray, name),
        ),
    )


def frozen_with(model: type[Model], frozen: str) -> Trigger:
    """Refuse to add, change or delete the rows of `model` that the SQL query `frozen` finds frozen.

    `{row}` in the query stands for the row's old and new state in turn.
    """
    old, new = (f"EXISTS ({frozen.format(row=row)})" for row in ("OLD", "NEW"))
    conditions = {"INSERT": new, "UPDATE": f"{old} OR {new}", "DELETE": old}
    return _trigger(f"{model._meta.db_table}_frozen", model, conditions, "BEFORE")


def forbid_overlap(model: type[Model], *fields: str) -> Trigger:
    """Refuse two rows of one group that share a value of `fields` and a day from `started_on` to before `ended_on`."""
    table = model._meta.db_table
    columns = [model._meta.get_field(field).column for field in fields]  # type: ignore[union-attr]
    shared = " OR ".join(f"o.{column} = NEW.{column}" for column in columns)
    overlaps = (
        f"EXISTS (SELECT 1 FROM {table} o WHERE o.group_id = NEW.group_id AND o.id <> NEW.id AND ({shared}) "
        "AND o.started_on < COALESCE(NEW.ended_on, '9999-12-31') "
        "AND NEW.started_on < COALESCE(o.ended_on, '9999-12-31'))"
    )
    # AFTER, because on SQLite a new row has no id before.
    return _trigger(f"{table}_overlap", model, {"INSERT": overlaps, "UPDATE": overlaps}, "AFTER")


def mark_namesakes(model: type[Model], within: str) -> Trigger:
    """Keep `has_namesake` of the rows of `model`: whether another row of the same `within` has the same `name_key`.

    A row without a name has none to share.
    """
    table, column = model._meta.db_table, model._meta.get_field(within).column  # type: ignore[union-attr]
    name = f"{table}_namesakes"
    is_shared = (
        f"(SELECT COUNT(*) FROM {table} o WHERE o.{column} = {table}.{column} AND o.name_key = {table}.name_key) > 1"
    )

    def recount(*rows: str) -> str:
        named = " OR ".join(f"({column} = {row}.{column} AND name_key = {row}.name_key)" for row in rows)
        return (
            f"UPDATE {table} SET has_namesake = ({is_shared}) "
            f"WHERE name_key <> '' AND ({named}) AND has_namesake <> ({is_shared})"
        )

    events = {
        f"{name}_insert": ("INSERT", recount("NEW")),
        f"{name}_update": (f"UPDATE OF name_key, {column}, has_namesake", recount("NEW", "OLD")),
    }
    return Trigger(
        name=name,
        table=table,
        installed=tuple(events),
        sqlite=tuple(
            statement
            for part, (event, write) in events.items()
            for statement in (
                f"DROP TRIGGER IF EXISTS {part}",
                f"CREATE TRIGGER {part} AFTER {event} ON {table} BEGIN {write}; END",
            )
        ),
        postgresql=tuple(
            statement
            for part, (event, write) in events.items()
            for statement in (
                f"CREATE OR REPLACE FUNCTION {part}() RETURNS trigger LANGUAGE plpgsql AS $$ "
                f"BEGIN {write}; RETURN NULL; END $$",
                f"DROP TRIGGER IF EXISTS {part} ON {table}",
                f"CREATE TRIGGER {part} AFTER {event} ON {table} FOR EACH ROW EXECUTE FUNCTION {part}()",
            )
        ),
    )


def earlier(one: str, other: str) -> str:
    """Return SQL for the earlier of two days, either of which may be NULL."""
    return f"CASE WHEN {one} IS NULL OR {other} < {one} THEN {other} ELSE {one} END"


def mark_changed(
    model: type[Model], marked: str, *, group: str = "{row}.group_id", others: str = "", **days: str
) -> Iterator[Trigger]:
    """Write to `marked` from which day on the groups of the rows of `model` have changed; an earlier day stays.

    `days` are by event (insert, update, delete) SQL for that day about `{new}`, `{old}` and `{today}`, NULL where
    nothing that counts changed. `group` is SQL for the id of a group of `{row}`; where one row counts for many groups,
    it is a column of `others`, `table WHERE condition`. PostgreSQL looks once at all rows of a statement, and takes the
    groups in order of their ids.
    """
    keep_earliest = (
        "ON CONFLICT (group_id) DO UPDATE SET changed_from = excluded.changed_from "
        f"WHERE excluded.changed_from < {marked}.changed_from"
    )
    sources = {
        "insert": ("NEW TABLE AS new_rows", "new_rows n"),
        "update": ("OLD TABLE AS old_rows NEW TABLE AS new_rows", "new_rows n JOIN old_rows o ON o.id = n.id"),
        "delete": ("OLD TABLE AS old_rows", "old_rows o"),
    }
    table = model._meta.db_table
    other, _where, condition = others.partition(" WHERE ")
    for event, day in days.items():
        name = f"{table}_{event}_marks_changed"
        tables, source = sources[event]
        one = {"new": "NEW", "old": "OLD", "row": "OLD" if event == "delete" else "NEW", "today": _today_sqlite()}
        each = {"new": "n", "old": "o", "row": "o" if event == "delete" else "n", "today": _TODAY_POSTGRESQL}
        of_one = f"FROM {other} WHERE {condition.format(**one)} AND" if others else "WHERE"
        joined = f"JOIN {other} ON {condition.format(**each)}" if others else ""
        rows = f"SELECT {group.format(**each)} AS id, {day.format(**each)} AS day FROM {source} {joined}"
        yield Trigger(
            name=name,
            table=table,
            installed=(name,),
            sqlite=(
                f"DROP TRIGGER IF EXISTS {name}",
                f"CREATE TRIGGER {name} AFTER {event.upper()} ON {table} BEGIN "
                f"INSERT INTO {marked} (group_id, changed_from) SELECT {group.format(**one)}, {day.format(**one)} "
                f"{of_one} {day.format(**one)} IS NOT NULL {keep_earliest}; END",
            ),
            postgresql=(
                f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
                f"INSERT INTO {marked} (group_id, changed_from) SELECT r.id, MIN(r.day) FROM ({rows}) r "
                f"WHERE r.day IS NOT NULL GROUP BY r.id ORDER BY r.id {keep_earliest}; RETURN NULL; END $$",
                f"DROP TRIGGER IF EXISTS {name} ON {table}",
                f"CREATE TRIGGER {name} AFTER {event.upper()} ON {table} REFERENCING {tables} "
                f"FOR EACH STATEMENT EXECUTE FUNCTION {name}()",
            ),
        )


def _today_sqlite() -> str:
    """Today in the place; Indonesia has no summer time, so one offset serves for every day of the year."""
    offset = timezone.localtime(timezone=timezone.get_default_timezone()).utcoffset()
    assert offset is not None
    return f"date('now', '{round(offset.total_seconds() / 60):+d} minutes')"


_TODAY_POSTGRESQL = f"(CURRENT_TIMESTAMP AT TIME ZONE '{timezone.get_default_timezone_name()}')::date"


def _trigger(name: str, model: type[Model], conditions: dict[str, str], sqlite_time: str) -> Trigger:
    """One rule with a condition for each event; each condition may look at any table."""
    table = model._meta.db_table
    parts = {event: f"{name}_{event.lower()}" for event in conditions}
    return Trigger(
        name=name,
        table=table,
        installed=tuple(parts.values()),
        sqlite=tuple(
            statement
            for event, condition in conditions.items()
            for statement in _sqlite(parts[event], table, f"{sqlite_time} {event}", condition, name)
        ),
        # The condition stands in the function: a WHEN clause of PostgreSQL takes no subquery. AFTER, because
        # the function returns NULL, which would skip the row before the fact.
        postgresql=tuple(
            statement
            for event, condition in conditions.items()
            for statement in _postgresql(parts[event], table, f"AFTER {event}", condition, name)
        ),
    )


def _row_trigger(name: str, model: type[Model], event: str, when: str) -> Trigger:
    """One rule whose condition looks at the row alone."""
    table = model._meta.db_table
    return Trigger(
        name=name,
        table=table,
        installed=(name,),
        sqlite=_sqlite(name, table, f"BEFORE {event}", when, name),
        postgresql=(
            _function(name, "TRUE", name),
            f"DROP TRIGGER IF EXISTS {name} ON {table}",
            f"CREATE TRIGGER {name} BEFORE {event} ON {table} FOR EACH ROW WHEN ({when}) EXECUTE FUNCTION {name}()",
        ),
    )


def _sqlite(part: str, table: str, time: str, condition: str, name: str) -> tuple[str, str]:
    condition = condition.replace("IS DISTINCT FROM", "IS NOT")  # the only spelling before SQLite 3.39
    return (
        f"DROP TRIGGER IF EXISTS {part}",
        f"CREATE TRIGGER {part} {time} ON {table} WHEN {condition} BEGIN SELECT RAISE(ABORT, '{name}'); END",
    )


def _postgresql(part: str, table: str, time: str, condition: str, name: str) -> tuple[str, str, str]:
    return (
        _function(part, condition, name),
        f"DROP TRIGGER IF EXISTS {part} ON {table}",
        f"CREATE TRIGGER {part} {time} ON {table} FOR EACH ROW EXECUTE FUNCTION {part}()",
    )


def _postgresql_for_each_statement(part: str, table: str, condition: str, name: str) -> tuple[str, str, str]:
    """Look once at all the rows of an INSERT, which are `fresh`."""
    return (
        _function(part, condition, name),
        f"DROP TRIGGER IF EXISTS {part} ON {table}",
        f"CREATE TRIGGER {part} AFTER INSERT ON {table} REFERENCING NEW TABLE AS fresh "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {part}()",
    )


def _function(function: str, condition: str, name: str) -> str:
    return (
        f"CREATE OR REPLACE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql AS $$ "
        f"BEGIN IF {condition} THEN "
        f"RAISE EXCEPTION '{name}' USING ERRCODE = 'integrity_constraint_violation'; "
        f"END IF; RETURN NULL; END $$"
    )
