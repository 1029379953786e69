"""What the tests of pages share: somebody signed in, and the page in English."""

from __future__ import annotations

from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from groups.models import Group, User
from tests.factories import facilitator_of


def signed_in(user: User) -> Client:
    client = Client()
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
    client.force_login(user, backend="groups.auth.UserBackend")
    return client


def get(group: Group, name: str, *args: object, user: User | None = None, **query: str):
    """The page `name` of `group`, as its facilitator sees it."""
    return signed_in(user or facilitator_of(group)).get(reverse(name, args=[group.code, *args]), query)


def statements(group: Group, name: str, *args: object) -> int:
    """How many statements the page takes."""
    client = signed_in(facilitator_of(group))
    with CaptureQueriesContext(connection) as queries:
        assert client.get(reverse(name, args=[group.code, *args])).status_code == 200
    return len(queries)
