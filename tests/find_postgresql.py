"""Print the address of a PostgreSQL to test on, or nothing if none answers; with CI set, one must."""

from __future__ import annotations

import os
import sys

import environ
import psycopg2

CANDIDATES = ("postgres://postgres@127.0.0.1:5432/kelompok", "postgres://root@127.0.0.1:5432/kelompok")


def find() -> str | None:
    """Return the first address whose server lets us in; the database it names need not exist."""
    given = os.environ.get("TEST_DATABASE_URL")
    for url in [given] if given else CANDIDATES:
        config = environ.Env.db_url_config(url)
        try:
            psycopg2.connect(
                host=config["HOST"],
                port=config["PORT"] or 5432,
                user=config["USER"],
                password=config["PASSWORD"],
                dbname="postgres",
                connect_timeout=3,
            ).close()
        except psycopg2.OperationalError as error:
            print(f"No PostgreSQL at {config['HOST']} for {config['USER']}: {error}".strip(), file=sys.stderr)
            if given:
                sys.exit(1)
        else:
            return url
    if os.environ.get("CI"):
        sys.exit("CI is set, and no PostgreSQL answers.")
    return None


if __name__ == "__main__":
    print(find() or "")
