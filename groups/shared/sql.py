"""Plain SQL over many groups, the same text for SQLite and PostgreSQL, and relations that one app offers another."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from io import StringIO
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import Model, QuerySet
from django.utils import timezone

from groups.models import Group


@dataclass(frozen=True, slots=True)
class Relation:
    """Rows of the tables of one app under a name, for the SQL of the apps above it, which know none of its tables.

    `sql` is a SELECT of `columns`, among them `group_id`. In it `{groups}` stands after a column with the id of a group
    (`WHERE group_id {groups}`), and `%(as_of)s` for the day; a docstring beside it names what else it reads. `uses` are
    the relations that `sql` names, `values` parameters that are always the same.
    """

    name: str
    sql: str
    columns: tuple[str, ...]
    uses: tuple[Relation, ...] = ()
    values: Mapping[str, Any] = field(default_factory=dict)


def with_relations(relations: Iterable[Relation]) -> str:
    """Return the WITH clause that defines `relations` and those they use, each once, still with `{groups}`."""
    defined: dict[str, str] = {}

    def define(relation: Relation) -> None:
        for used in relation.uses:
            define(used)
        defined.setdefault(relation.name, f"{relation.name} AS ({relation.sql})")

    for relation in relations:
        define(relation)
    return "WITH " + ",\n".join(defined.values())


def run_over(sql: str, groups: QuerySet[Group], values: Mapping[str, Any], **words: str) -> list[tuple[Any, ...]]:
    """Run `sql` with `{groups}` standing for the ids of `groups`, `%(name)s` for `values`, `{name}` for `words`.

    No rows where the groups are known to be none.
    """
    try:
        chosen, filters = groups.order_by().values("pk").query.get_compiler(connection=connection).as_sql()
    except EmptyResultSet:
        return []
    chosen %= tuple(f"%(group{number})s" for number in range(len(filters)))
    of_groups = {f"group{number}": value for number, value in enumerate(filters)}
    return read(sql.format(groups=chosen, **words), {**values, **of_groups})


def read_relations(
    sql: str,
    relations: Sequence[Relation],
    groups: QuerySet[Group] | Sequence[int],
    values: Mapping[str, Any],
    **words: str,
) -> list[tuple[Any, ...]]:
    """Run `sql`, a SELECT from `relations` of `groups`, as `run_over` does; ids of groups are a single parameter."""
    values = {name: value for relation in relations for name, value in relation.values.items()} | dict(values)
    if isinstance(groups, QuerySet):
        defined = with_relations(relations).removeprefix("WITH ").replace("{groups}", "IN (SELECT id FROM chosen)")
        return run_over(f"WITH chosen (id) AS ({{groups}}),\n{defined}\n{sql}", groups, values, **words)
    sql = f"{with_relations(relations)}\n{sql}"
    if connection.vendor == "sqlite":
        condition = "IN (SELECT value FROM json_each(%(groups)s))"
        return read(sql.format(groups=condition, **words), {**values, "groups": json.dumps(list(groups))})
    return read(sql.format(groups="= ANY(%(groups)s)", **words), {**values, "groups": list(groups)})


def rows_of(
    relation: Relation,
    columns: Sequence[str],
    groups: QuerySet[Group] | Sequence[int],
    values: Mapping[str, Any],
    *,
    reads: Sequence[Relation] = (),
) -> list[tuple[Any, ...]]:
    """Return `columns` of all rows that `relation` has of `groups`; `reads` are relations that it reads itself."""
    sql = f"SELECT {', '.join(columns)} FROM {relation.name}"  # noqa: S608 - no input
    return read_relations(sql, [*reads, relation], groups, values)


def sums_of(
    relation: Relation,
    columns: Sequence[str],
    groups: QuerySet[Group] | Sequence[int],
    values: Mapping[str, Any],
    *,
    by: Sequence[str],
    **words: str,
) -> list[tuple[Any, ...]]:
    """Return the sums of `columns` over the rows of `groups` that have the same values in `by`, behind these.

    In the order of `by`. `words` are those that the relation leaves open.
    """
    named, sums = ", ".join(by), ", ".join(f"SUM({column})" for column in columns)
    sql = f"SELECT {named}, {sums} FROM {relation.name} GROUP BY {named} ORDER BY {named}"  # noqa: S608 - no input
    return read_relations(sql, [relation], groups, values, **words)


def read(sql: str, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """Return the rows of `sql` with `%(name)s` standing for `values`."""
    with connection.cursor() as cursor:
        cursor.execute(sql, {name: _adapted(value) for name, value in values.items()})
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows


def write(sql: str, values: Sequence[Any]) -> None:
    """Run a statement that gives no rows, with each `%s` standing for one of `values`."""
    with connection.cursor() as cursor:
        cursor.execute(sql, values)


def insert_rows(model: type[Model], columns: Sequence[str], rows: Iterable[Sequence[str | int | None]]) -> None:
    """Insert rows of plain values as both databases read them: days as ISO text, truth as 0 and 1.

    One COPY on PostgreSQL, half the time of an INSERT; one prepared statement on SQLite.
    """
    table, named = model._meta.db_table, ", ".join(columns)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            lines = ("\t".join(map(_copy_text, row)) + "\n" for row in rows)
            cursor.copy_expert(f"COPY {table} ({named}) FROM STDIN", StringIO("".join(lines)))
        else:
            places = ", ".join(["%s"] * len(columns))
            cursor.executemany(f"INSERT INTO {table} ({named}) VALUES ({places})", list(rows))  # noqa: S608 - no input


def tidy(*models: type[Model]) -> None:
    """Let PostgreSQL know what stands in tables that were written anew, or it reads the wide rows behind an index."""
    if connection.vendor != "postgresql" or connection.in_atomic_block:
        return
    with connection.cursor() as cursor:
        for model in models:
            cursor.execute(f"VACUUM (ANALYZE) {connection.ops.quote_name(model._meta.db_table)}")


_COPY_ESCAPES = str.maketrans({"\\": r"\\", "\t": r"\t", "\n": r"\n", "\r": r"\r"})


def _copy_text(value: str | int | None) -> str:
    return r"\N" if value is None else str(value).translate(_COPY_ESCAPES)


def as_day(value: date | str) -> date:
    """Return a day as the database gave it: SQLite gives text."""
    return value if isinstance(value, date) else date.fromisoformat(value)


def local_time(column: str) -> str:
    """Return SQL for the date and time of `column` by the clock of the server's time zone."""
    if connection.vendor == "sqlite":
        # Indonesia has no summer time, so one offset serves for every day of the year.
        offset = timezone.localtime(timezone=timezone.get_default_timezone()).utcoffset()
        assert offset is not None
        return f"datetime({column}, '{round(offset.total_seconds() / 60):+d} minutes')"
    return f"({column} AT TIME ZONE '{timezone.get_default_timezone_name()}')"


def days_between(day: str, moment: str) -> str:
    """Return SQL for the whole days from the date `day` to the date of `moment`."""
    if connection.vendor == "sqlite":
        return f"CAST(julianday(date({moment})) - julianday({day}) AS INTEGER)"
    return f"({moment}::date - {day})"


def listed(column: str) -> str:
    """Return SQL for the values of a column in one text, separated by commas."""
    return f"GROUP_CONCAT({column})" if connection.vendor == "sqlite" else f"STRING_AGG({column}::text, ',')"


def quoted(*values: str) -> str:
    """Return values of an enum for SQL: `'ASKED', 'APPROVED'`."""
    return ", ".join(f"'{value}'" for value in values)


def joined(column: str, between: str) -> str:
    """Return SQL for the texts of `column` in one text, in any order, with `between` between them."""
    function = "GROUP_CONCAT" if connection.vendor == "sqlite" else "STRING_AGG"
    return f"{function}({column}, '{between}')"


def _adapted(value: Any) -> Any:
    if isinstance(value, datetime):
        return connection.ops.adapt_datetimefield_value(value)
    return connection.ops.adapt_datefield_value(value) if isinstance(value, date) else value
