"""Plain SQL over the groups of a query set, the same text for SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import QuerySet
from django.utils import timezone

from groups.models import Group


def run_over(
    sql: str, groups: QuerySet[Group], values: Mapping[str, int | str | date], **words: str
) -> list[tuple[Any, ...]]:
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


def read(sql: str, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """Return the rows of `sql` with `%(name)s` standing for `values`."""
    with connection.cursor() as cursor:
        cursor.execute(sql, {name: _adapted(value) for name, value in values.items()})
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows


def as_day(value: date | str) -> date:
    """Return a day as the database gave it: SQLite gives text."""
    return value if isinstance(value, date) else date.fromisoformat(value)


def local_time(column: str) -> str:
    """Return SQL for the date and time of `column` by the clock of the server's time zone."""
    if connection.vendor == "sqlite":
        # Indonesia has no summer time, so one offset serves for every day of the year.
        offset = timezone.localtime().utcoffset()
        assert offset is not None
        return f"datetime({column}, '{round(offset.total_seconds() / 60):+d} minutes')"
    return f"({column} AT TIME ZONE '{timezone.get_default_timezone_name()}')"


def days_between(day: str, moment: str) -> str:
    """Return SQL for the whole days from the date `day` to the date of `moment`."""
    if connection.vendor == "sqlite":
        return f"CAST(julianday(date({moment})) - julianday({day}) AS INTEGER)"
    return f"({moment}::date - {day})"


def _adapted(value: Any) -> Any:
    if isinstance(value, datetime):
        return connection.ops.adapt_datetimefield_value(value)
    return connection.ops.adapt_datefield_value(value) if isinstance(value, date) else value
