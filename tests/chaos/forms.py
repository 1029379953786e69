"""The forms of the pages as browsers see them, what a request wrote, and values nobody should send."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urljoin

from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.kelompok.test_access import PUBLIC, WRITES, World, addresses

MALFORMED = (
    "", " ", "-1", "-0", "abc", "1e9", "NaN", "0x10", "9" * 20, "2147483648", "9223372036854775808", "1,5,5", "١٢٣",
    "½", "2025-02-30", "0000-00-00", "9999-12-31", "0001-01-01", "31/13/2025", "\0", "a\0b", "\u202e", "<script>",
    "' OR 1=1", "{{ 7 }}", "../../etc/passwd", "x" * 300, "x" * 100_000, "😀", "true", "null", "[]", "None",
)  # fmt: skip
SESSIONS = re.compile("django_session|groups_signintry")
_SAVEPOINT = re.compile(r'(RELEASE |ROLLBACK TO )?SAVEPOINT "?(\w+)"?')


@dataclass
class Form:
    """A form of a page, with what a browser would send of it; `choices` are the values that a field offers."""

    action: str
    method: str
    values: dict[str, list[str]] = field(default_factory=dict)
    choices: dict[str, list[str]] = field(default_factory=dict)


class _Forms(HTMLParser):
    def __init__(self, url: str) -> None:
        super().__init__()
        self.url, self.forms = url, list[Form]()
        self._select = self._textarea = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            action = urljoin(self.url, given.get("action", ""))
            self.forms.append(Form(action or self.url, given.get("method", "get").lower()))
        if not self.forms:
            return
        form, name = self.forms[-1], given.get("name", "")
        match tag:
            case "input" | "button" if name:
                form.choices.setdefault(name, []).append(given.get("value", ""))
                is_sent = given.get("type") not in ("radio", "checkbox") or "checked" in given
                if is_sent and (tag == "input" or name not in form.values):
                    form.values.setdefault(name, []).append(given.get("value", ""))
            case "select":
                self._select = name
                form.values.setdefault(name, [])
            case "option":
                form.choices.setdefault(self._select, []).append(given.get("value", ""))
                if "selected" in given or not form.values[self._select]:
                    form.values[self._select] = [given.get("value", "")]
            case "textarea":
                self._textarea = name
                form.values[name] = [""]

    def handle_data(self, data: str) -> None:
        if self._textarea:
            self.forms[-1].values[self._textarea] = [data.strip()]

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self._textarea = ""


def forms_of(world: World, client: Client, only: Callable[[list[Any]], list[Any]] = list) -> list[Form]:
    """The forms that somebody finds on the pages of a world, of `only` some; and every bare route. Not signing out."""
    found: dict[tuple[Any, ...], Form] = {}
    for _name, route, url in only(list(addresses(world))):
        if route.capability is PUBLIC:
            continue
        forms = [Form(url, "post")]
        forms += read_forms(client.get(url), url)
        for form in forms:
            if "/logout/" not in form.action and "/language/" not in form.action:
                found.setdefault((form.action, form.method, tuple(form.values)), form)
    return list(found.values())


def read_forms(response: Any, url: str) -> list[Form]:
    """The forms of a page at `url`."""
    page = _Forms(url)
    if response.status_code == 200 and response.headers["Content-Type"].startswith("text/html"):
        page.feed(response.content.decode())
    return page.forms


@dataclass(frozen=True)
class Answer:
    """How a request was answered, and to which tables it wrote for good."""

    status: int
    text: str
    wrote: set[str]


def send(client: Client, form: Form, values: dict[str, list[str]], *, then: Any = None) -> tuple[Answer, Any]:
    """Send a form, look with `then` at what is there afterwards, and take everything back."""
    with transaction.atomic():
        with CaptureQueriesContext(connection) as queries:
            response = getattr(client, form.method)(form.action, values)
        answer = Answer(
            response.status_code,
            response.content.decode(errors="replace"),
            {table for table in written(query["sql"] for query in queries) if not SESSIONS.match(table)},
        )
        seen = then() if then is not None and answer.wrote and answer.status < 500 else None
        transaction.set_rollback(True)
    return answer, seen


def written(statements: Iterable[str]) -> Iterator[str]:
    """Yield the tables that were written to and not rolled back."""
    open_savepoints: list[tuple[str, list[str]]] = [("", [])]
    for statement in statements:
        if found := _SAVEPOINT.match(statement):
            what, name = found.groups()
            if not what:
                open_savepoints.append((name, []))
            elif name in [known for known, _tables in open_savepoints]:
                while open_savepoints[-1][0] != name:
                    _inner, tables = open_savepoints.pop()
                    open_savepoints[-1][1].extend(tables)
                if what.startswith("ROLLBACK"):
                    open_savepoints[-1][1].clear()
                else:
                    _name, tables = open_savepoints.pop()
                    open_savepoints[-1][1].extend(tables)
        elif table := WRITES.match(statement):
            open_savepoints[-1][1].append(table[2])
    for _name, tables in open_savepoints:
        yield from tables
