"""Servers die by SIGKILL while meetings are closed: what was acknowledged is there, and nothing is half-written."""

from __future__ import annotations

import http.client
import json
import os
import signal
import threading
import time
import uuid
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from django.db import connection

from finance.ledger.verify import mismatches
from finance.models import Account
from groups.models import Group
from meetings.models import Meeting, MeetingStatus
from tests.factories import make_group, make_members
from tests.meetings.pages import sign_in
from tests.meetings.sheets import sheet_data
from tests.servers import with_workers

GROUPS, MEMBERS, WAJIB = 3, 4, 10_000
TOKEN = "k" * 32


class Recorder(threading.Thread):
    """Closes one meeting of a group after another; where no answer comes, it sends the same again or goes on."""

    def __init__(self, group: Group, port: int, rng: Any) -> None:
        super().__init__()
        self.group, self.port, self.rng = group, port, rng
        session = sign_in(group).cookies["sessionid"].value
        self.headers = {
            "Cookie": f"sessionid={session}; csrftoken={TOKEN}",
            "X-CSRFToken": TOKEN,
            "Accept": "application/json",
            "Content-Type": "application/x-www-form-urlencoded",
        }
        self.usual = sheet_data(group)
        self.sent, self.unanswered = 0, 0
        self.acknowledged: list[str] = []
        self.refused: list[str] = []
        self.is_over = threading.Event()

    def run(self) -> None:
        day = date(2025, 3, 4)
        while not self.is_over.is_set():
            day += timedelta(1)
            key = str(uuid.uuid4())
            answer = self.close(day, key)
            while answer is None and self.rng.random() < 0.5:
                answer = self.close(day, key)
            if answer in {"closed", "known"}:
                self.acknowledged.append(key)
            elif answer is not None:
                self.refused.append(answer)

    def close(self, day: date, key: str) -> str | None:
        """Return what the server said, None for no answer."""
        self.sent += 1
        body = urlencode({**self.usual, "held_on": day.isoformat(), "key": key, "action": "close"})
        try:
            asked = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
            asked.request("POST", f"/g/{self.group.code}/meetings/new/", body, self.headers)
            response = asked.getresponse()
            text = response.read().decode()
            return json.loads(text)["status"] if response.status == 200 else f"{response.status} {text[:200]}"
        except (OSError, http.client.HTTPException):
            self.unanswered += 1
            return None
        finally:
            asked.close()


def workers_of(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def test_what_was_acknowledged_survives_kills(committed_db, attempts):
    groups = [make_group() for _ in range(GROUPS)]
    for group in groups:
        make_members(group, MEMBERS)
    with with_workers(GROUPS) as (port, master):
        recorders = [Recorder(group, port, attempts.rng) for group in groups]
        for recorder in recorders:
            recorder.start()
        for _ in range(attempts.many(6, 210)):
            time.sleep(attempts.rng.uniform(0.05, 0.5))
            if alive := workers_of(master):
                os.kill(attempts.rng.choice(alive), signal.SIGKILL)
                attempts.made += 1
        time.sleep(0.5)
        for recorder in recorders:
            recorder.is_over.set()
        for recorder in recorders:
            recorder.join(timeout=90)
    assert sum(len(recorder.acknowledged) for recorder in recorders) > 0
    for recorder in recorders:
        attempts.check(not recorder.refused, f"refused: {recorder.refused[:3]}")
        check_group(recorder, attempts)
    assert attempts.failures == []


def check_group(recorder: Recorder, attempts: Any) -> None:
    """Every meeting that was acknowledged is there once, every one that is there is whole, and the books agree."""
    meetings = Meeting.objects.filter(group=recorder.group)
    there = {str(meeting.key): meeting for meeting in meetings}
    for key in recorder.acknowledged:
        attempts.check(key in there, f"{recorder.group}: the acknowledged meeting {key} is gone")
    for meeting in meetings:
        whole = (
            meeting.status == MeetingStatus.CLOSED
            and meeting.attendances.count() == MEMBERS
            and meeting.entry is not None
            and meeting.entry.transfers.count() == MEMBERS
        )
        attempts.check(whole, f"{recorder.group}: meeting {meeting.number} is half-written")
    cash = Account.objects.get(group=recorder.group, kind="CASH").balance
    attempts.check(cash == len(there) * MEMBERS * WAJIB, f"{recorder.group}: {cash} of {len(there)} meetings")
    attempts.check(not list(mismatches()), f"{recorder.group}: the books do not agree")
    connection.close()
