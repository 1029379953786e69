"""The site served by a process of its own, as `make run` and as production start it, on the test's database."""

from __future__ import annotations

import http.client
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.db import connection

ROOT = Path(__file__).resolve().parent.parent
START_SECONDS = 30
THROUGH_PROXY = {"X-Forwarded-Proto": "https"}
"""What the proxy in front of a production server says of a request that came in by https."""


@contextmanager
def as_make_run() -> Iterator[int]:
    """Serve as `make run` does; yield the port."""
    with _free_port() as port:
        command = ["manage.py", "runserver", "--noreload", f"127.0.0.1:{port}"]
        with _process(command, port, DEBUG="true"):
            yield port


@contextmanager
def as_production(directory: Path) -> Iterator[int]:
    """Serve by gunicorn in production settings, static files collected into `directory`; yield the port."""
    environment = {
        "DEBUG": "false",
        "DJANGO_SETTINGS_MODULE": "tests.production",
        "ALLOWED_HOSTS": "127.0.0.1",
        "TRUST_PROXY": "true",
        "STATIC_ROOT": str(directory),
    }
    collect = [sys.executable, "manage.py", "collectstatic", "--noinput", "--verbosity", "0"]
    subprocess.run(collect, cwd=ROOT, env=_environment(environment), check=True)
    with _free_port() as port:
        command = ["-m", "gunicorn", "kelompok.wsgi", "--bind", f"127.0.0.1:{port}", "--log-level", "warning"]
        with _process(command, port, **environment):
            yield port


@contextmanager
def with_workers(count: int) -> Iterator[tuple[int, int]]:
    """Serve by gunicorn with DEBUG; yield the port and the id of the process that starts others for those that die."""
    with _free_port() as port:
        command = ["-m", "gunicorn", "kelompok.wsgi", "--preload", "--workers", str(count)]
        command += ["--bind", f"127.0.0.1:{port}", "--log-level", "critical"]
        with _process(command, port, DEBUG="true", GUNICORN_CMD_ARGS="") as process:
            yield port, process.pid


@contextmanager
def _free_port() -> Iterator[int]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    yield port


@contextmanager
def _process(arguments: list[str], port: int, **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen([sys.executable, *arguments], cwd=ROOT, env=_environment(environment))
    try:
        _wait_until_it_answers(process, port)
        yield process
    finally:
        process.terminate()
        process.wait(timeout=START_SECONDS)


def _environment(changes: dict[str, str]) -> dict[str, str]:
    own = {"DATABASE_URL": _database_url(), "SECRET_KEY": settings.SECRET_KEY}
    return os.environ | {"DJANGO_SETTINGS_MODULE": "kelompok.settings"} | own | changes


def _database_url() -> str:
    database = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{database['NAME']}"
    user = f"{database['USER']}:{database['PASSWORD']}".rstrip(":")
    return f"postgres://{user}@{database['HOST']}:{database['PORT'] or 5432}/{database['NAME']}"


def _wait_until_it_answers(process: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            if get(port, "/healthz").status == 200:
                return
        except OSError:
            assert process.poll() is None, f"the server ended with {process.returncode}"
            assert time.monotonic() < deadline, "the server does not answer"
            time.sleep(0.1)


def get(port: int, path: str, **headers: str) -> http.client.HTTPResponse:
    """Ask the server for a path; the answer's body is read already, as `.body`."""
    asked = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    asked.request("GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()})
    response = asked.getresponse()
    response.body = response.read()
    asked.close()
    return response
