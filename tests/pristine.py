"""The database of a test run as it was made, put back after a test that commits.

Django would flush it and send `post_migrate`, which makes hundreds of triggers anew: seconds for each test.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Iterator
from contextlib import closing, contextmanager
from io import StringIO
from typing import Any

from django.db import connection, transaction


class Pristine:
    """What the database held when it was made."""

    def __init__(self, put_back: Callable[[], None]) -> None:
        self._put_back = put_back
        self._is_shared = False

    def restore(self) -> None:
        """Put it back, unless tests share what came since."""
        if not self._is_shared:
            self._put_back()

    @contextmanager
    def shared(self) -> Iterator[None]:
        """Let tests that only read share what is committed inside; then put the database back."""
        self._is_shared = True
        yield
        self._is_shared = False
        self.restore()


@contextmanager
def pristine() -> Iterator[Pristine]:
    """Keep what the database holds now."""
    with _kept_sqlite() if connection.vendor == "sqlite" else _kept_postgresql() as put_back:
        yield Pristine(put_back)


@contextmanager
def _kept_sqlite() -> Iterator[Callable[[], None]]:
    """Copy the pages of the whole file, tables and triggers alike."""
    with closing(sqlite3.connect(":memory:")) as copy:
        connection.ensure_connection()
        connection.connection.backup(copy)

        def put_back() -> None:
            connection.ensure_connection()
            copy.backup(connection.connection)

        yield put_back


@contextmanager
def _kept_postgresql() -> Iterator[Callable[[], None]]:
    """Delete the rows of the tables that have any, and copy back what they began with.

    The triggers that refuse to delete sleep meanwhile; TRUNCATE, which they do not see, would make a new file for each
    table and index.
    """
    with connection.cursor() as cursor:
        tables = sorted(connection.introspection.table_names(cursor))
        rows = {table: _rows(cursor, table) for table in _filled(cursor, tables)}

    def put_back() -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            changed = sorted({*rows, *_filled(cursor, tables)})
            cursor.execute(";".join(f'ALTER TABLE "{table}" DISABLE TRIGGER USER' for table in changed))
            cursor.execute(";".join(f'DELETE FROM "{table}"' for table in changed))
            for table, text in rows.items():
                cursor.copy_expert(f'COPY "{table}" FROM STDIN', StringIO(text))
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # no table is altered while checks of it wait
            cursor.execute(";".join(f'ALTER TABLE "{table}" ENABLE TRIGGER USER' for table in changed))

    yield put_back


def _filled(cursor: Any, tables: Collection[str]) -> list[str]:
    """Return which of the tables have rows."""
    cursor.execute(" UNION ALL ".join(f"SELECT '{table}' WHERE EXISTS (SELECT 1 FROM \"{table}\")" for table in tables))
    return [table for (table,) in cursor.fetchall()]


def _rows(cursor: Any, table: str) -> str:
    text = StringIO()
    cursor.copy_expert(f'COPY "{table}" TO STDOUT', text)
    return text.getvalue()
