"""A form whose session ended while it was filled in is handed back, to be sent once more."""

from __future__ import annotations

import pytest
from django.test import Client

from groups.models import Member
from tests.factories import facilitator_of, make_group

pytestmark = pytest.mark.django_db
OWN = {"origin": "http://testserver"}


@pytest.fixture
def group():
    return make_group()


@pytest.fixture
def browser():
    """A browser whose tokens are checked."""
    return Client(enforce_csrf_checks=True)


def kept(response) -> list[tuple[str, str]]:
    assert response.status_code == 403
    assert response.templates[0].name == "resend.html"
    return response.context["fields"]


def post(browser, group, headers, **fields):
    browser.get("/login/")
    token = browser.cookies["csrftoken"].value if "csrftoken" in browser.cookies else ""
    data = {"csrfmiddlewaretoken": token, "name": "Ani", **fields}
    return browser.post(f"/g/{group.code}/members/new/", data, headers=headers)


def test_a_stranger_gets_the_form_back(browser, group):
    response = post(browser, group, OWN, note=["a", "b\nc"])
    assert kept(response) == [("name", "Ani"), ("note", "a"), ("note", "b\nc")]
    assert f'action="/g/{group.code}/members/new/"' in response.content.decode()
    assert not Member.objects.filter(group=group, name="Ani").exists()


def test_a_token_of_an_earlier_session_gives_the_form_back(browser, group):
    browser.force_login(facilitator_of(group))
    response = post(browser, group, OWN, csrfmiddlewaretoken="x" * 64)
    assert kept(response) == [("name", "Ani")]
    browser.cookies["csrftoken"] = token = response.context["csrf_token"]
    again = post(browser, group, OWN, csrfmiddlewaretoken=token)
    assert again.status_code == 200
    assert again.context["form"]["name"].value() == "Ani"


@pytest.mark.parametrize("headers", [{}, {"origin": "https://elsewhere.example"}, {"origin": "null"}])
def test_a_form_of_another_site_is_not_offered(browser, group, headers):
    browser.force_login(facilitator_of(group))
    assert kept(post(browser, group, headers, csrfmiddlewaretoken="x" * 64)) == []


def test_passwords_are_not_handed_back(browser):
    response = browser.post("/login/", {"username": "ani", "password": "rahasia"}, headers=OWN)
    assert kept(response) == []
    assert "rahasia" not in response.content.decode()


def test_a_stranger_who_reads_is_sent_to_sign_in(browser, group):
    response = browser.get(f"/g/{group.code}/members/new/")
    assert response.url == f"/login/?next=/g/{group.code}/members/new/"


def test_a_stranger_who_sends_no_form_of_ours_is_sent_to_sign_in(browser, group):
    response = post(browser, group, {})
    assert response.url == f"/login/?next=/g/{group.code}/members/new/"
