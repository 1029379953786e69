"""Markup in every text column of every model is text on every page, print and file."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from io import BytesIO, StringIO
from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.core.management import call_command
from django.db import IntegrityError, connection, models, transaction
from django.db.models import F, Value
from django.db.models.functions import Cast, Concat
from django.test import Client
from django.urls import reverse
from openpyxl import load_workbook

from groups.models import Member
from groups.shared.triggers import installed
from tests.kelompok.test_access import PUBLIC, World, addresses, build

PAYLOADS = (
    "=cmd|'</textarea><script onkz=1>{{kz}}</script>\"onkz=1 &amp;kz",
    "=kz|'<kz onkz=1>\"onkz=1 {{kz}}&amp;",
    '=kz<kz>"onkz=1',
    '=<kz>"&',
)
"""What a text column holds, the first that fits. No page has an element `kz` or an attribute `onkz` of its own."""
LEFT_OUT = {
    "User.password": "nobody could sign in",
    "Region.code": "a key",
    "Group.code": "an address",
    "Account.code": "a code of the chart of accounts, which the program gives",
    "Constitution.loan_kinds": "names of loan kinds, joined",
    "Constitution.loan_ladder": "amounts, joined",
    "SentForm.content": "a hash",
    "Meeting.content": "a hash",
    "Indicator.metric": "the name of a metric in the code",
    **{f"GroupSnapshot.{ratio}_class": "a class" for ratio in ("lar", "par", "rr", "ccr", "roi")},
}
FORMULA = ("=", "+", "-", "@", "\t", "\r")
QUERIES = ("", "format=csv", "format=xlsx")
MORE = {
    "dashboard-quality": ["list=late", "list=cash", "list=drafts", "list=rules", "list=officers"],
    "dashboard-compare": ["by=facilitator", "by=region"],
    "group-list": ["q=kz"],
    "assessment-what-if": ["attendance=0"],
}


def text_columns() -> Iterator[tuple[type[models.Model], models.Field[Any, Any], str]]:
    """Every column that takes free text, with the payload for it."""
    for label in ("groups", "finance", "meetings", "assessment"):
        for model in apps.get_app_config(label).get_models():
            for field in model._meta.concrete_fields:
                is_text = isinstance(field, models.CharField | models.TextField) and not field.choices
                if not is_text or isinstance(field, models.SlugField) or type(field).__name__ == "FoldedField":
                    continue
                if f"{model.__name__}.{field.name}" not in LEFT_OUT:
                    room = (field.max_length or 999) - 7 * is_unique(field)  # its key follows what must be unique
                    yield model, field, next(payload for payload in PAYLOADS if len(payload) <= room)


def is_unique(field: models.Field[Any, Any]) -> bool:
    """Whether rows must differ in the column, with or without others."""
    constraints = field.model._meta.constraints
    return field.unique or any(field.name in getattr(constraint, "fields", ()) for constraint in constraints)


def switch_triggers_off() -> None:
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for name, table in installed():
            cursor.execute(f"DROP TRIGGER {name}" + (f" ON {table}" if connection.vendor == "postgresql" else ""))


def put_markup() -> None:
    """Write the payload into every text column, and into the texts within the draft and the minutes of meetings."""
    switch_triggers_off()
    for model, field, payload in text_columns():
        value: Any = Value(payload)
        if is_unique(field):
            value = Concat(value, Cast("pk", models.CharField()), output_field=models.CharField())
        try:
            with transaction.atomic():
                model._default_manager.update(**{field.name: value})
        except IntegrityError:  # empty, or not, with other columns
            model._default_manager.exclude(**{field.name: ""}).update(**{field.name: value})
    Member.objects.update(called=F("name"))


@pytest.fixture(scope="module")
def world(module_db: None) -> World:
    built = build()
    put_markup()
    built.group.refresh_from_db()
    return built


@pytest.fixture
def client(world: World, db: None) -> Client:
    client = Client()
    client.force_login(world.people["superuser"])
    return client


class Markup(HTMLParser):
    """What of a page is markup that came from data."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.problems: list[str] = []
        self.text: list[str] = []
        self.feed(page)
        self.close()
        twice = re.findall(r"&amp;(?:lt|gt|quot|#x27|#39|amp;amp);", page)
        self.problems += [f"escaped twice: {one}" for one in twice]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "kz" or any(name.startswith("onkz") or "kz" in name for name, _value in attrs):
            self.problems.append(self.get_starttag_text() or tag)

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def problems_of(response: Any) -> list[str]:
    """What in a page or a file is not the text that it should be."""
    kind = response.headers.get("Content-Type", "")
    if kind.startswith("text/csv"):
        return formulas_in_csv(response.content.decode("utf-8-sig"))
    if "spreadsheetml" in kind:
        sheets = load_workbook(BytesIO(response.content)).worksheets
        return [f"{cell.coordinate} is {cell.data_type}" for sheet in sheets for row in sheet for cell in row
                if "kz" in str(cell.value) and cell.data_type != "s"]  # fmt: skip
    return Markup(response.content.decode()).problems


def formulas_in_csv(text: str) -> list[str]:
    rows = csv.reader(StringIO(text), delimiter=";" if text.count(";") > text.count(",") else ",")
    return [
        cell for row in rows for cell in row if cell.startswith(FORMULA) and not re.fullmatch(r"-?\d+(\.\d+)?", cell)
    ]


def test_pages_and_files_show_markup_as_text(client, world):
    wrong, shown = {}, 0
    for name, route, url in addresses(world):
        if route.capability is PUBLIC:
            continue
        for query in (*QUERIES, *MORE.get(name, ())):
            response = client.get(f"{url}?{query}")
            assert response.status_code in route.get, (name, query)
            shown += b"kz" in response.content
            if problems := problems_of(response):
                wrong[f"{name}?{query}"] = problems[:3]
    assert wrong == {}
    assert shown > 200


def test_the_admin_shows_markup_as_text(client, world):
    wrong = {}
    for model in admin.site._registry:
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        pages = [reverse(f"{name}_changelist")]
        if (row := model._default_manager.order_by("-pk").first()) is not None:
            pages += [reverse(f"{name}_{page}", args=[row.pk]) for page in ("change", "history")]
        for page in pages:
            response = client.get(page)
            if response.status_code not in {200, 403} or (problems := problems_of(response)):
                wrong[page] = response.status_code if response.status_code != 200 else problems[:3]
    assert wrong == {}


def test_what_is_left_out_is_still_a_column():
    columns = {f"{m.__name__}.{f.name}" for m in apps.get_models() for f in m._meta.concrete_fields}
    assert set(LEFT_OUT) <= columns


def export(world: World, kind: str) -> str:
    out = StringIO()
    call_command("export_ledger", group=world.group.code, format=kind, stdout=out)
    return out.getvalue()


def test_an_exported_journal_holds_no_formula(world, db):
    assert formulas_in_csv(export(world, "csv")) == []


def test_an_exported_journal_is_well_formed(world, db):
    """Every line is of a kind that hledger knows: what stands in a memo or a name starts nothing."""
    line = re.compile(
        r"|; .*|commodity IDR 1000\.|account [A-Z][a-z]+:.*|\d{4}-\d\d-\d\d \(\d+\) [^;|]*"
        r"|    ; (recorded|key|reverses):\S+|    [A-Z][a-z]+:(\S| (?! ))+  IDR -?\d+(  ; [^;|]*)?"
    )
    journal = export(world, "hledger")
    assert "kz" in journal
    assert [one for one in journal.splitlines() if not line.fullmatch(one)] == []
