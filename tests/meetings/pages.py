"""Steps that tests of the minute book share."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.test import Client

from finance.models import Account
from groups.models import Group
from tests.factories import facilitator_of
from tests.meetings.sheets import sheet_data


def sign_in(group: Group) -> Client:
    """A browser of the group's facilitator."""
    client = Client()
    client.force_login(facilitator_of(group))
    return client


def post_sheet(
    client: Client, group: Group, action: str = "close", number: int | None = None, **fields: Any
) -> HttpResponse:
    """Send a sheet: a new one, or that of the draft `number`; `data` replaces the usual one."""
    url = f"/g/{group.code}/meetings/{f'{number}/edit' if number else 'new'}/"
    data = fields.pop("data", None) or sheet_data(group, **fields)
    return client.post(url, {**data, "action": action})


def post_correction(client: Client, group: Group, number: int = 1, **fields: Any) -> HttpResponse:
    """Send a correction of a closed meeting."""
    data = {"version": "1", "reason": "salah catat", "action": "correct", **fields.pop("extra", {})}
    return client.post(f"/g/{group.code}/meetings/{number}/correct/", {**sheet_data(group, **fields), **data})


def balance(group: Group, kind: str, **owner: Any) -> int:
    return Account.objects.get(group=group, kind=kind, **owner).balance


def errors(response: HttpResponse) -> dict[str, list[str]]:
    """The error messages of a sheet's page by field name."""
    sheet = response.context["sheet"]
    return {form.add_prefix(name): list(found) for form in sheet._parts() for name, found in form.errors.items()}
