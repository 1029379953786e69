"""The people of one organisation, as the tests of the dashboards need them."""

from __future__ import annotations

import pytest
from django.test import Client

from assessment.services import snapshots
from groups.models import Organisation, Role, User
from tests.factories import make_organisation, make_user


@pytest.fixture
def organisation(db: None) -> Organisation:
    return make_organisation()


@pytest.fixture
def facilitator(organisation: Organisation) -> User:
    return make_user(organisation=organisation)


@pytest.fixture
def staff_client(client: Client, organisation: Organisation) -> Client:
    """NGO staff of the organisation, reading English."""
    client.force_login(make_user(Role.STAFF, organisation=organisation))
    client.cookies["django_language"] = "en"
    return client


@pytest.fixture(autouse=True)
def latest_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Groups of tests are years old; writing the snapshot of every month is for the tests about months."""
    monkeypatch.setattr(snapshots, "MONTHS", 0)
