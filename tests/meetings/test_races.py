"""Two people, one meeting: real threads and real commits."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
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
    base = Meeting.objects.get().draft_version
    sheets = [{**sheet_data(group, m1_wajib=wajib), "base": base} for wajib in (10_000, 15_000)]
    clients = [sign_in(group), sign_in(group)]
    statuses = at_once(
        *(
            lambda c=c, s=s: post_sheet(c, group, number=1, data=s).status_code
            for c, s in zip(clients, sheets, strict=True)
        )
    )
    assert sorted(statuses) == [302, 409]
    assert Entry.objects.count() == 1
    assert cash(group) in (30_000, 35_000)


def test_two_people_close_the_same_draft_with_the_same_entries(group):
    client = sign_in(group)
    post_sheet(client, group, action="draft")
    data = {**sheet_data(group), "base": Meeting.objects.get().draft_version}
    answers = send_at_once(group, [data, {**data, "key": str(uuid.uuid4())}], f"/g/{group.code}/meetings/1/edit/")
    assert sorted(answers) == [(200, "closed"), (200, "known")]
    assert (Meeting.objects.count(), Entry.objects.count(), cash(group)) == (1, 1, 30_000)


def test_one_sheet_sent_by_two_people_at_once_with_other_entries(group):
    data = sheet_data(group, key=uuid.uuid4())
    answers = send_at_once(group, [data, {**data, "place": "Rumah ketua"}], f"/g/{group.code}/meetings/new/")
    assert sorted(answers) == [(200, "closed"), (409, "changed")]
    assert (Meeting.objects.count(), Entry.objects.count(), cash(group)) == (1, 1, 30_000)


def test_one_sheet_sent_by_many_at_once(group):
    data = {name: value for name, value in sheet_data(group).items() if not name.endswith("-wajib")}
    answers = send_at_once(group, [data] * 6, f"/g/{group.code}/meetings/new/")
    assert sorted(answers) == [(200, "closed"), *[(200, "known")] * 5]
    assert Meeting.objects.count() == 1


def send_at_once(group, sheets, path):
    """Close sheets at once, each by a person of their own; return what the programs were told."""

    def send(client, data):
        answer = client.post(path, {**data, "action": "close"}, headers={"accept": "application/json"})
        return answer.status_code, answer.json()["status"]

    clients = [sign_in(group) for _ in sheets]
    return at_once(*(lambda c=c, d=d: send(c, d) for c, d in zip(clients, sheets, strict=True)))


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


def test_a_server_killed_while_closing_leaves_nothing(group):
    """A process of its own dies by SIGKILL after the money was posted, before the commit."""
    database = connection.settings_dict
    url = (
        f"sqlite:///{database['NAME']}"
        if connection.vendor == "sqlite"
        else f"postgres://{database['USER']}:{database['PASSWORD']}@{database['HOST']}:{database['PORT']}/{database['NAME']}"
    )
    killed = subprocess.run(
        [sys.executable, "-c", _DIES, str(group.pk)], env={**os.environ, "DATABASE_URL": url}, check=False, timeout=60
    )
    assert killed.returncode == -signal.SIGKILL
    assert not Meeting.objects.exists()
    assert not Entry.objects.exists()
    assert post_sheet(sign_in(group), group).status_code == 302


_DIES = """
import os, signal, sys
os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
import django
django.setup()
from django.test.utils import setup_test_environment
setup_test_environment()
from finance.models import Entry
from groups.models import Group
from meetings.models import Attendance
from tests.meetings.pages import post_sheet, sign_in

def die(_rows):
    assert Entry.objects.exists()
    os.kill(os.getpid(), signal.SIGKILL)

Attendance.objects.bulk_create = die
group = Group.objects.get(pk=sys.argv[1])
post_sheet(sign_in(group), group)
"""
