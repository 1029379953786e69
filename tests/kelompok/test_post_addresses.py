"""Addresses that take posts alone: what is shown there again leads on, and whoever only looks is led to the page."""

from __future__ import annotations

import re
import uuid
from datetime import date
from html import unescape

import pytest
from django.db import transaction
from django.test import Client
from django.urls import resolve, reverse

from finance.models import PeriodClosing
from finance.rules.lines import OtherMoney
from finance.services import period_close
from finance.views import cash, period
from tests.factories import facilitator_of, make_group, make_member, other, save
from tests.kelompok.test_access import PUBLIC, addresses, own, worlds  # noqa: F401 - fixtures

pytestmark = pytest.mark.django_db
LINK = re.compile(r'href="(\?[^"]*)"')
LANGUAGE = re.compile(r'name="next" value="([^"]*)"')


def takes_posts_alone(address):
    return hasattr(resolve(address).func, "page")


@pytest.fixture
def browser(own):  # noqa: F811 - the fixture
    client = Client()
    client.force_login(own.people["superuser"])
    return client


def sent(browser, address, data=None):
    """The answer to a post of which nothing is kept."""
    with transaction.atomic():
        answer = browser.post(address, data or {})
        transaction.set_rollback(True)
    return answer


def dead_ends(browser, address, answer):
    """The relative links of a page, and where it comes back to in another language, that do not lead to a page."""
    html = answer.content.decode()
    links = [address + unescape(link) for link in LINK.findall(html)] + [
        unescape(path) for path in LANGUAGE.findall(html)
    ]
    return [link for link in links if browser.get(link, follow=True).status_code != 200], links


def test_no_page_but_that_of_signing_out_refuses_to_be_looked_at(browser, own):  # noqa: F811
    refusing = [name for name, _route, url in addresses(own) if browser.get(url).status_code == 405]
    assert refusing == ["logout"]


def test_who_looks_is_led_to_the_page_with_the_query(browser, own):  # noqa: F811
    wrong, seen = [], 0
    for name, _route, url in addresses(own):
        if takes_posts_alone(url):
            seen += 1
            answer = browser.get(url, {"page": "1"}, follow=True)
            last = answer.redirect_chain[-1][0]
            if answer.status_code != 200 or not last.endswith("?page=1") or takes_posts_alone(last.partition("?")[0]):
                wrong.append((name, answer.status_code, answer.redirect_chain))
    assert wrong == []
    assert seen > 10


def test_a_page_shown_again_has_no_link_that_leads_nowhere(browser, own):  # noqa: F811
    """Every address is sent an empty form, and one that is refused elsewhere too."""
    wrong, shown = [], set()
    for name, route, url in addresses(own):
        for data in ({}, {"action": "look"}, {"page": "x", "on": "x"}):
            answer = sent(browser, url, data) if route.capability is not PUBLIC else None
            if (
                answer is not None
                and answer.status_code in {200, 409, 422}
                and "html" in answer.headers["Content-Type"]
            ):
                shown.add(name)
                wrong += [(name, link) for link in dead_ends(browser, url, answer)[0]]
    assert wrong == []
    assert {"period-close", "bank-tick", "group-edit"} <= shown


class TestLinesOnSeveralPages:
    """The two pages on which a form is shown again at another address than theirs."""

    @pytest.fixture
    def group(self, monkeypatch):
        monkeypatch.setattr(cash, "LINES_ON_A_PAGE", 1)
        monkeypatch.setattr(period, "PERIODS_ON_A_PAGE", 1)
        group = make_group()
        save(make_member(group), 500_000)
        return group

    @pytest.mark.parametrize(
        ("address", "data"), [("bank-tick", {"statement_on": "x"}), ("period-close", {"through": "x"})]
    )
    def test_each_link_leads_to_a_page(self, client, group, address, data):
        actor = facilitator_of(group)
        for month in (1, 2):
            other(group, OtherMoney.BANK_DEPOSIT, 100_000, on=date(2025, month, 20))
            period_close(actor=actor, group=group, through=date(2025, month, 28), key=uuid.uuid4())
        client.force_login(actor)
        url = reverse(address, args=[group.code])
        answer = client.post(url, data)
        assert answer.status_code == 422
        wrong, links = dead_ends(client, url, answer)
        assert wrong == []
        assert f"{url}?print=all" in links

    def test_and_only_looking_writes_nothing(self, client, group):
        client.force_login(facilitator_of(group))
        for address, page in (("bank-tick", "bank-statement"), ("period-close", "periods")):
            answer = client.get(reverse(address, args=[group.code]), {"through": "2025-01-31"})
            assert answer.url == reverse(page, args=[group.code]) + "?through=2025-01-31"
        assert not PeriodClosing.objects.exists()
