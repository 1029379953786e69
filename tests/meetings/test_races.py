"""Two people, one meeting: real threads and real commits."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable

import pytest
from django.db import connection

from finance.models import Account, Entry
from meetings.models import Meeting
from tests.factories import make_group, make_members
from tests.meetings.pages import post_sheet, sign_in
from tests.meetings.sheets import sheet_data

pytestmark = pytest.mark.usefixtures("committed_db")


def at_once(*actions: Callable[[], object]) -> list[object]:
    """Run the actions in threads that start together; return what each gave."""
    start = threading.Barrier(len(actions))
    results: list[object] = [None] * len(actions)

    def run(index: int, action: Callable[[], object]) -> None:
        start.wait()
        try:
            results[index] = action()
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(actions)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return results


@pytest.fixture
def group():
    group = make_group()
    make_members(group, 3)
    return group


def cash(group):
    return Account.objects.get(group=group, kind="CASH").balance


def test_two_people_close_the_same_draft(group):
    client = sign_in(group)
    post_sheet(client, group, action="draft")
    base = str(Meeting.objects.get().key)
    sheets = [{**sheet_data(group), "base": base} for _ in range(2)]
    clients = [sign_in(group), sign_in(group)]
    statuses = at_once(
        *(
            lambda c=c, s=s: post_sheet(c, group, number=1, data=s).status_code
            for c, s in zip(clients, sheets, strict=True)
        )
    )
    assert sorted(statuses) == [302, 422]
    assert Entry.objects.count() == 1
    assert cash(group) == 30_000


def test_the_same_form_from_two_browsers_at_once(group):
    data = sheet_data(group, key=uuid.uuid4())
    clients = [sign_in(group), sign_in(group)]
    statuses = at_once(*(lambda c=c: post_sheet(c, group, data=data).status_code for c in clients))
    assert statuses == [302, 302]
    assert Meeting.objects.count() == 1
    assert cash(group) == 30_000


def test_two_new_sheets_for_one_day_at_once(group):
    clients = [sign_in(group), sign_in(group)]
    statuses = at_once(*(lambda c=c: post_sheet(c, group).status_code for c in clients))
    assert sorted(statuses) == [302, 422]
    assert Meeting.objects.filter(status="CLOSED").count() == 1


def test_two_drafts_at_once_get_their_own_numbers(group):
    clients = [sign_in(group), sign_in(group)]
    at_once(*(lambda c=c: post_sheet(c, group, action="draft") for c in clients))
    assert sorted(Meeting.objects.values_list("number", flat=True)) == [1, 2]


def test_a_crash_while_closing_leaves_nothing(group, monkeypatch):
    client = sign_in(group)
    client.raise_request_exception = False
    monkeypatch.setattr("meetings.models.Attendance.objects.bulk_create", lambda _rows: 1 / 0)
    assert post_sheet(client, group).status_code == 500
    assert not Meeting.objects.exists()
    assert not Entry.objects.exists()
