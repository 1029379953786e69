"""Fixtures shared by all tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import connection


@pytest.fixture
def committed_db(transactional_db: None) -> Iterator[None]:
    """A database with real commits, for threads, races and browsers.

    The flush after such a test deletes rows, which the triggers refuse on SQLite; it also sends `post_migrate`,
    which puts the triggers back.
    """
    yield
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
            for (name,) in cursor.fetchall():
                cursor.execute(f'DROP TRIGGER "{name}"')
