"""What every page says, read with its tags taken away: no date of a machine, no dashes for a choice, clear buttons."""

from __future__ import annotations

import re
from html import unescape

import pytest
from django.test import Client
from django.urls import reverse

from tests.factories import facilitator_of, make_group, make_visit
from tests.kelompok.test_access import addresses, own, worlds  # noqa: F401 - fixtures

pytestmark = pytest.mark.django_db
UNSEEN = re.compile(r"<(script|style|template)\b.*?</\1>|<[^>]*>", re.DOTALL)
DATE_OF_A_MACHINE = re.compile(r"\b\d{4}-\d\d-\d\d\b")
BUTTON = re.compile(
    r'<button class="btn btn-primary"[^>]*>\s*(.*?)\s*</button>\s*<a class="btn btn-link"[^>]*>(.*?)</a>'
)


def words_of(html):
    return unescape(UNSEEN.sub(" ", html))


@pytest.fixture(scope="module")
def pages():
    """The pages read so far, by name."""
    return {}


@pytest.fixture
def shown(own, pages):  # noqa: F811 - the fixture
    """What each page of the world shows to somebody who may see all of it."""
    if not pages:
        client = Client()
        client.force_login(own.people["superuser"])
        for name, _route, url in addresses(own):
            answer = client.get(url)
            if answer.status_code == 200 and answer.headers["Content-Type"].startswith("text/html"):
                pages[name] = answer.content.decode()
    assert len(pages) > 100
    return pages


def test_no_date_is_written_as_a_machine_does(shown):
    found = {name: DATE_OF_A_MACHINE.findall(words_of(html)) for name, html in shown.items()}
    assert {name: dates for name, dates in found.items() if dates} == {}


def test_no_choice_is_a_row_of_dashes(shown):
    assert [name for name, html in shown.items() if "-----" in words_of(html)] == []


def test_beside_a_button_that_takes_something_back_nothing_else_says_so(shown):
    """“Batalkan” beside “Batal” can be pressed for the other one."""
    pairs = {name: BUTTON.findall(html) for name, html in shown.items()}
    assert sum(map(len, pairs.values())) > 30
    wrong = [
        (name, pair)
        for name, of_page in pairs.items()
        for pair in of_page
        if "batal" in pair[0].lower() and pair[1] == "Batal"
    ]
    assert wrong == []


@pytest.mark.parametrize("page", ["visit-withdraw", "mentoring-withdraw", "document-withdraw", "founding-withdraw"])
def test_a_page_that_withdraws_names_that_on_its_button(shown, page):
    assert ("Ya, batalkan catatan ini", "Kembali") in BUTTON.findall(shown[page])


def test_any_other_form_is_saved_or_left(client):
    group = make_group()
    make_visit(group)
    client.force_login(facilitator_of(group))
    html = client.get(reverse("bank-account-open", args=[group.code])).content.decode()
    assert ("Simpan", "Batal") in BUTTON.findall(html)
