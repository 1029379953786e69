"""`make bench`: print every figure as a line of JSON; exit 1 if one is above its limit.

Runs in production settings, on a PostgreSQL database that is made for it and dropped afterwards.
"""

from __future__ import annotations

import os
import secrets
import sys
import tempfile

import django


def main() -> int:
    """Run all benchmarks and return the exit code."""
    with tempfile.TemporaryDirectory() as static:
        os.environ.update(
            DJANGO_SETTINGS_MODULE="tests.production",
            DEBUG="false",
            SECRET_KEY=secrets.token_urlsafe(50),
            ALLOWED_HOSTS="testserver",
            STATIC_ROOT=static,
        )
        django.setup()
        return run()


def run() -> int:
    """Make the database, report every figure, drop the database; return the exit code."""
    from django.core.management import call_command
    from django.db import connection

    from tests.bench import bench_assessment, bench_books, bench_meeting

    if connection.vendor != "postgresql":
        sys.exit("DATABASE_URL must name a PostgreSQL.")
    call_command("collectstatic", interactive=False, verbosity=0)
    connection.settings_dict["TEST"].update(NAME="kelompok_bench", MIGRATE=False)
    before = connection.settings_dict["NAME"]
    connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    above = 0
    try:
        for bench in (bench_meeting, bench_books, bench_assessment):
            for figure in bench.figures():
                figure.report()
                above += figure.ratio > figure.limit
    finally:
        connection.creation.destroy_test_db(before, verbosity=0)
    return 1 if above else 0


if __name__ == "__main__":
    sys.exit(main())
