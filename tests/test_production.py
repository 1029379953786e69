"""The site as README.md says to start it in production."""

import re
import subprocess
import sys

import pytest
from django.urls import reverse

from tests.servers import ROOT, THROUGH_PROXY, as_production, get


@pytest.fixture
def port(committed_db, tmp_path):
    with as_production(tmp_path) as port:
        yield port


def test_it_serves_pages_and_lasting_static_files_over_https_only(port):
    healthy = get(port, "/healthz")
    assert (healthy.status, healthy.body) == (200, b"ok")

    plain = get(port, reverse("login"))
    assert plain.status == 301
    assert plain.headers["Location"].startswith("https://")

    page = get(port, reverse("login"), **THROUGH_PROXY)
    assert page.status == 200
    assert "max-age=31536000" in page.headers["Strict-Transport-Security"]
    assert "default-src 'self'" in page.headers["Content-Security-Policy"]
    assert all("Secure" in cookie for cookie in page.headers.get_all("Set-Cookie", []))

    (stylesheet,) = re.findall(rb'href="(/static/kelompok/kelompok\.[0-9a-f]{12}\.css)"', page.body)
    static = get(port, stylesheet.decode(), **THROUGH_PROXY, Accept_Encoding="gzip")
    assert static.status == 200
    assert static.headers["Content-Encoding"] == "gzip"
    assert "immutable" in static.headers["Cache-Control"]


def test_it_does_not_start_without_a_secret_key():
    environment = {"DATABASE_URL": "sqlite://:memory:"}
    started = subprocess.run(
        [sys.executable, "manage.py", "check"], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert started.returncode != 0
    assert "SECRET_KEY" in started.stderr


@pytest.mark.parametrize(("length", "starts"), [(49, False), (50, True)])
def test_it_does_not_start_with_a_short_secret_key(length, starts):
    environment = {"DATABASE_URL": "sqlite://:memory:", "SECRET_KEY": ("aB3!x9Qz+" * 6)[:length]}
    started = subprocess.run(
        [sys.executable, "manage.py", "check"], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert (started.returncode == 0) == starts, started.stderr
    assert ("at least 50 characters" in started.stderr) != starts
