"""What most tests of the minute book begin with: a group of three members, and its facilitator signed in."""

from __future__ import annotations

import pytest
from django.test import Client

from groups.models import Group
from tests.factories import make_group, make_members
from tests.meetings.pages import sign_in


@pytest.fixture
def group() -> Group:
    group = make_group()
    make_members(group, 3)
    return group


@pytest.fixture
def client(group: Group) -> Client:
    return sign_in(group)
