"""Bytes on the wire for the meeting sheet of 25 members: a facilitator pays for each of them, on a weak signal."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from tests.browser.conftest import PHONE
from tests.factories import facilitator_of, lend, make_group, make_members, save
from tests.servers import THROUGH_PROXY, as_make_run, as_production

pytestmark = pytest.mark.browser

FIRST_LOAD = 100_000
LATER_LOAD = 20_000


@pytest.fixture
def group(committed_db):
    group = make_group()
    members = make_members(group, 25)
    save(members[0], 20_000_000)
    for member in members[:11]:
        lend(member)
    return group


@pytest.fixture(params=["make run", "production"])
def server(request, committed_db, tmp_path):
    """The address of a server, and what a proxy would add to each request."""
    run = request.param == "make run"
    with as_make_run() if run else as_production(tmp_path) as port:
        yield f"http://127.0.0.1:{port}", {} if run else THROUGH_PROXY


def test_the_sheet_is_light_the_first_time_and_lighter_afterwards(server, group, chromium):
    address, headers = server
    client = Client()
    client.force_login(facilitator_of(group))
    session = client.cookies["sessionid"].value
    context = chromium.new_context(**PHONE, extra_http_headers=headers)
    context.add_cookies([{"name": "sessionid", "value": session, "url": address}])
    page = context.new_page()
    wire = context.new_cdp_session(page)
    wire.send("Network.enable")
    received: list[float] = []
    wire.on("Network.loadingFinished", lambda event: received.append(event["encodedDataLength"]))

    def weigh() -> float:
        received.clear()
        page.goto(address + reverse("meeting-new", args=[group.code]), wait_until="networkidle")
        assert page.locator("[data-member]").count() == 25
        assert page.evaluate("getComputedStyle(document.querySelector('.panel')).borderRadius") != "0px"
        return sum(received)

    first = weigh()
    page.goto("about:blank")
    later = weigh()
    context.close()
    assert 0 < first <= FIRST_LOAD
    assert 0 < later <= LATER_LOAD
