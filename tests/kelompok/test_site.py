"""What holds for the site as a whole: headers, languages, error pages, health, and declared views."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.checks import run_checks
from django.db import OperationalError, connection
from django.http import HttpResponse
from django.test import override_settings
from django.urls import path, reverse

from groups.models import Role
from groups.permissions import Capability, requires
from kelompok.middleware import JsonProblemsMiddleware
from kelompok.urls import urlpatterns as project_urls
from kelompok.views import site as views
from tests.factories import make_user

ROOT = Path(__file__).resolve().parents[2]


def undeclared(_request):
    return HttpResponse("open")


@requires(Capability.READ)
def broken(_request):
    raise RuntimeError


@requires(Capability.READ)
def without_database(_request):
    raise OperationalError("database or disk is full")


urlpatterns = [
    *project_urls,
    path("undeclared/", undeclared),
    path("broken/", broken),
    path("without-database/", without_database),
]
handler500 = views.server_error


@override_settings(ROOT_URLCONF=__name__)
def test_the_system_check_names_views_that_declare_nothing():
    problems = [problem.msg for problem in run_checks() if problem.id == "kelompok.E001"]
    assert len(problems) == 1
    assert "undeclared/" in problems[0]


def test_every_view_of_the_project_declares():
    assert [problem for problem in run_checks() if problem.id == "kelompok.E001"] == []


@pytest.mark.django_db
@override_settings(ROOT_URLCONF=__name__)
def test_a_view_that_declares_nothing_is_refused(client):
    client.force_login(make_user())
    assert client.get("/undeclared/").status_code == 403


@pytest.mark.django_db
def test_the_content_security_policy_is_strict(client):
    policy = client.get(reverse("login")).headers["Content-Security-Policy"]
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules["default-src"] == "'self'"
    assert rules["object-src"] == rules["base-uri"] == rules["frame-ancestors"] == "'none'"
    assert "script-src" not in rules
    assert "unsafe" not in policy


@pytest.mark.django_db
def test_pages_are_not_framed_and_types_not_guessed(client):
    headers = client.get(reverse("login")).headers
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"


@pytest.mark.django_db
def test_a_browser_set_to_english_gets_indonesian(client):
    page = client.get("/login/", headers={"accept-language": "en-US,en;q=0.9"})
    assert page.headers["Content-Language"] == "id"


def test_the_language_is_indonesian_until_somebody_chooses(client):
    assert '<html lang="id">' in client.get(reverse("login")).content.decode()
    client.post(reverse("language"), {"language": "en", "next": "/login/"})
    assert '<html lang="en">' in client.get(reverse("login")).content.decode()
    client.post(reverse("language"), {"language": "xx"})
    assert '<html lang="en">' in client.get(reverse("login")).content.decode()


UNSTORABLE = pytest.mark.parametrize(
    "text", ["a%00b", "%00", "a%5Cud800b"], ids=["nul", "only nul", "half a character"]
)
ODD_CHARSET = {"content_type": "text/plain; charset=unicode_escape"}
"""With it `%5Cud800` is half a character: a lone surrogate."""


@pytest.mark.django_db
@UNSTORABLE
@pytest.mark.parametrize("url", ["/g/{}/", "/g/{}/books/", "/groups/?q={}", "/groups/?page={}", "/{}", "/static/{}"])
def test_text_that_no_database_keeps_is_no_server_error_in_an_address(client, url, text):
    client.force_login(make_user())
    assert client.get(url.format(text), headers=ODD_CHARSET).status_code in (200, 404)


@pytest.mark.django_db
@UNSTORABLE
def test_text_that_no_database_keeps_is_no_server_error_at_the_sign_in(client, text):
    typed = f"username={text}&password={text}&next={text}"
    response = client.post("/login/", typed, content_type="application/x-www-form-urlencoded")
    assert response.status_code == 200


@pytest.mark.django_db
def test_a_session_that_no_database_keeps_is_none(client):
    client.cookies["sessionid"] = "abcdefgh\0abcdefgh"
    assert client.get("/").url.startswith("/login/")


@pytest.mark.django_db
def test_other_text_reaches_the_page_as_it_was_sent(client):
    client.force_login(make_user(Role.ADMIN))
    page = client.get("/groups/", {"q": "Melati ☘ 𝒶\u00a0b"})
    assert 'value="Melati ☘ 𝒶\u00a0b"' in page.content.decode()


@pytest.mark.django_db
def test_health_is_answered_to_anybody(client):
    response = client.get(reverse("healthz"))
    assert (response.status_code, response.content) == (200, b"ok")


@pytest.mark.django_db
def test_health_is_asked_by_address(client):
    assert client.get("/healthz", headers={"host": "10.0.0.5"}).status_code == 200
    assert client.get("/login/", headers={"host": "10.0.0.5"}).status_code == 400


def test_there_is_no_health_without_a_database(client, monkeypatch):
    def away():
        raise OperationalError("connection refused")

    monkeypatch.setattr(connection, "cursor", away)
    assert client.get("/healthz").status_code == 503


@pytest.mark.django_db
@override_settings(ROOT_URLCONF=__name__)
def test_a_database_that_is_away_is_said_without_a_claim_of_what_was_recorded(client):
    client.raise_request_exception = False
    client.force_login(make_user())
    response = client.get("/without-database/")
    assert response.status_code == 503
    assert "tidak diketahui" in response.content.decode()
    assert "tidak tercatat dua kali" in response.content.decode()


@pytest.mark.django_db
@override_settings(ROOT_URLCONF=__name__)
def test_a_program_is_told_that_the_database_is_away(client):
    client.raise_request_exception = False
    client.force_login(make_user())
    response = client.get("/without-database/", headers={"accept": "application/json"})
    assert (response.status_code, response.json()["status"]) == (503, "unavailable")


@pytest.mark.django_db
@pytest.mark.parametrize("page", ["/", "/groups/", "/nowhere/"])
def test_pages_stay_out_of_caches(client, page):
    client.force_login(make_user())
    assert set(client.get(page).headers["Cache-Control"].split(", ")) >= {"private", "no-store"}


def test_static_files_may_be_cached(client):
    assert "no-store" not in client.get("/static/kelompok/kelompok.css").headers.get("Cache-Control", "")


@pytest.mark.django_db
def test_a_commit_waits_for_the_disk():
    statement, waits = {
        "sqlite": ("PRAGMA synchronous", 2),
        "postgresql": ("SHOW synchronous_commit", "on"),
    }[connection.vendor]
    with connection.cursor() as cursor:
        cursor.execute(statement)
        assert cursor.fetchone() == (waits,)


@pytest.mark.django_db
@pytest.mark.parametrize("signed_in", [True, False])
def test_a_page_that_is_not_there(client, signed_in):
    if signed_in:
        client.force_login(make_user())
    response = client.get("/nowhere/")
    assert response.status_code == 404
    assert reverse("home") in response.content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/nowhere/", "/g/ZZZZZZ/", "/static/nothing.css", "/admin/nowhere/"])
def test_debug_shows_our_own_page_for_what_is_not_there(client, settings, path):
    settings.DEBUG = True
    client.force_login(make_user(Role.ADMIN))
    response = client.get(path)
    assert response.status_code == 404
    assert response.headers["Content-Language"] == "id"
    assert reverse("home") in response.content.decode()
    assert "urlconf" not in response.content.decode().lower()


@pytest.mark.django_db
@override_settings(ROOT_URLCONF=__name__, DEBUG=True)
def test_debug_shows_what_broke(client):
    client.raise_request_exception = False
    client.force_login(make_user())
    assert "RuntimeError" in client.get("/broken/").content.decode()


@pytest.mark.django_db
def test_a_page_that_is_not_allowed(client):
    client.force_login(make_user())
    response = client.get(reverse("dashboard"))
    assert response.status_code == 403
    assert reverse("home") in response.content.decode()


def test_a_request_that_cannot_be_read_gets_a_page_of_ours(client):
    response = client.get("/login/", headers={"host": "elsewhere.example"})
    assert response.status_code == 400
    assert response.headers["Content-Language"] == "id"
    assert "kelompok/kelompok" in response.content.decode()


@override_settings(ROOT_URLCONF=__name__)
def test_an_error_of_ours_needs_no_database(client, rf):
    client.raise_request_exception = False
    response = views.server_error(rf.get("/"))
    assert response.status_code == 500
    assert b"<h1>" in response.content


def check_deploy(**environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "DATABASE_URL": "sqlite://:memory:", **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_production_settings_pass_the_check_for_deployment():
    done = check_deploy(SECRET_KEY="3fR" * 20 + "!x9Qz+", ALLOWED_HOSTS="kelompok.example.org")
    assert done.returncode == 0, done.stderr


def test_settings_for_debugging_do_not():
    assert check_deploy(DEBUG="true").returncode != 0


@pytest.mark.parametrize(("status", "name"), [(400, "broken"), (404, "missing"), (500, "failed"), (503, "unavailable")])
def test_a_program_is_told_in_json_what_went_wrong(rf, status, name):
    answer = JsonProblemsMiddleware(lambda _request: HttpResponse("<h1>", status=status))
    told = answer(rf.post("/", headers={"accept": "application/json"}))
    assert told.status_code == status
    said = json.loads(told.content)
    assert (said["status"], said["meeting"], said["url"], said["cash"]) == (name, None, None, None)
    assert answer(rf.post("/", headers={"accept": "text/html,*/*;q=0.8"})).content == b"<h1>"
