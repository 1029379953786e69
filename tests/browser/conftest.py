"""A real Chromium on a real server, with a phone's screen; every page it opens is watched for complaints."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ConsoleMessage, Page, Response, sync_playwright
from pytest_django.live_server_helper import LiveServer

from tests.conftest import program
from tests.factories import PASSWORD

# Playwright keeps an event loop on the main thread, where Django would refuse the test's own queries.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"

PHONE = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]


@dataclass
class Site:
    """The site as one person sees it: open pages by address, sign in, look at what a page is like."""

    page: Page
    address: str
    complaints: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("console", self._on_console)
        self.page.on("pageerror", lambda error: self.complaints.append(f"{self.page.url}: {error}"))
        self.page.on("response", self._on_response)

    def _on_console(self, message: ConsoleMessage) -> None:
        # Chromium also writes a line for each refused form (422, 409), which is an answer like any other.
        if message.type in ("error", "warning") and "status of 4" not in message.text:
            self.complaints.append(f"{self.page.url}: {message.text}")

    def _on_response(self, response: Response) -> None:
        if response.status >= 500 or response.status == 404:
            self.complaints.append(f"{response.url}: {response.status}")

    def open(self, path: str) -> None:
        """Open a page by its path."""
        self.page.goto(self.address + path)

    @property
    def path(self) -> str:
        """The path of the page that is open."""
        return urlsplit(self.page.url).path

    def sign_in(self, username: str, password: str = PASSWORD) -> None:
        """Sign in through the form; without `password`, as somebody made by the factories."""
        self.open("/login/")
        self.page.fill("[name=username]", username)
        self.page.fill("[name=password]", password)
        self.page.click("main form button")
        assert self.path != "/login/", self.page.inner_text("main")

    def fill(self, **fields: object) -> None:
        """Fill in the fields of the page by name, as a person does: type, choose, tick."""
        for name, value in fields.items():
            field = self.page.locator(f"main [name='{name}']:not([type=hidden])")
            match field.first.evaluate("node => node.type"):
                case "radio":
                    self.page.check(f"main [name='{name}'][value='{value}']")
                case "checkbox":
                    field.set_checked(bool(value))
                case "select-one":
                    field.select_option(str(value))
                case _:
                    field.fill(str(value))

    def press(self, button: str) -> None:
        """Press the button with this text, which sends its form."""
        with self.page.expect_navigation():
            self.page.get_by_role("button", name=button, exact=True).click()

    def follow(self, link: str) -> None:
        """Follow the first link with this text."""
        with self.page.expect_navigation():
            self.page.locator("main").get_by_role("link", name=link, exact=True).first.click()

    @property
    def text(self) -> str:
        """What the page says, with plain spaces."""
        return self.page.inner_text("main").replace("\xa0", " ")

    def fact(self, name: str) -> str:
        """What the page's list of facts says about `name`."""
        return self.page.locator(f"dt:text-is('{name}') + dd").first.inner_text().replace("\xa0", " ")

    def scrolls_sideways(self) -> bool:
        """Whether the page is wider than the screen."""
        return bool(self.page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"))

    def widest(self) -> list[str]:
        """The elements that reach beyond the screen, outermost first."""
        return self.page.evaluate(
            """() => [...document.querySelectorAll("body *")]
                .filter((node) => node.getBoundingClientRect().right > document.documentElement.clientWidth + 1)
                .slice(0, 5).map((node) => node.cloneNode(false).outerHTML)"""
        )

    def cut_tables(self) -> list[str]:
        """The tables that are wider than the place they stand in, all details opened, with the columns cut."""
        return self.page.evaluate(
            """() => {
                document.querySelectorAll("details").forEach((node) => { node.open = true; });
                const shown = [...document.querySelectorAll("table")].filter((table) => table.offsetParent);
                return shown.flatMap((table) => {
                    const edge = table.parentElement.getBoundingClientRect().right + 1;
                    const cells = [...table.querySelectorAll("th, td")].filter((cell) => cell.offsetWidth > 1);
                    const cut = cells.filter((cell) => cell.getBoundingClientRect().right > edge);
                    return cut.slice(0, 2).map((cell) => cell.outerHTML.slice(0, 150));
                });
            }"""
        )

    def accessibility_violations(self) -> list[str]:
        """What axe finds serious or critical on the page, by rule and element."""
        result = Axe().run(self.page, options={"resultTypes": ["violations"]})
        return [
            f"{violation['id']}: {node['html'][:120]}"
            for violation in result.response["violations"]
            if violation["impact"] in ("serious", "critical")
            for node in violation["nodes"]
        ]


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program("browser"), args=FLAGS)
        yield browser
        browser.close()


@contextmanager
def profiles(chromium: Browser, live_server: LiveServer) -> Iterator[Callable[..., Site]]:
    """Hand out what opens the site in a fresh browser profile; no page of it may complain until the end."""
    sites: list[Site] = []

    def start(**options: Any) -> Site:
        context = chromium.new_context(**PHONE | {"locale": "id-ID"} | options)
        context.set_default_timeout(10_000)
        sites.append(Site(context.new_page(), live_server.url))
        return sites[-1]

    yield start
    for site in sites:
        site.page.context.close()
    assert [complaint for site in sites for complaint in site.complaints] == []


@pytest.fixture
def visit(chromium: Browser, committed_db: None, live_server: LiveServer) -> Iterator[Callable[..., Site]]:
    """Open the site for one test."""
    with profiles(chromium, live_server) as start:
        yield start


@pytest.fixture(scope="module")
def visit_of_module(
    chromium: Browser, committed_module: None, live_server: LiveServer
) -> Iterator[Callable[..., Site]]:
    """Open the site for all tests of a module."""
    with profiles(chromium, live_server) as start:
        yield start
