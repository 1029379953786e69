"""Many at once on one group: the same sheet and others, closings beside the end of a period, corrections beside the
administration. Every request is whole or refused, and the books agree."""

from __future__ import annotations

import uuid
from datetime import date, timedelta
from functools import partial
from typing import Any

import pytest
from django.urls import reverse

from finance.ledger.verify import mismatches
from finance.models import Account, Transfer
from groups.models import Group, Role
from meetings.models import MeetingStatus
from tests.chaos.forms import read_forms
from tests.factories import make_group, make_members, make_user
from tests.meetings.pages import post_correction, post_sheet, sign_in
from tests.meetings.sheets import HELD_ON, sheet_data
from tests.meetings.test_races import at_once

pytestmark = pytest.mark.usefixtures("committed_db")

MEMBERS, WAJIB = 3, 10_000


@pytest.fixture
def group():
    group = make_group()
    make_members(group, MEMBERS)
    return group


def cash(group: Group) -> int:
    return Account.objects.get(group=group, kind="CASH").balance


def agree(attempts: Any, what: str) -> None:
    attempts.check(not (wrong := list(mismatches())), f"{what}: {wrong}")


def test_sheets_of_the_same_and_of_other_keys(group, attempts):
    """Of each key one is recorded, once; a sheet with other entries under that key is told so."""
    clients = [sign_in(group) for _ in range(6)]
    path = reverse("meeting-new", args=[group.code])

    def close(client: Any, data: dict[str, Any]) -> tuple[str, str]:
        answer = client.post(path, {**data, "action": "close"}, headers={"accept": "application/json"})
        return data["key"], answer.json()["status"]

    day, recorded = HELD_ON, 0
    for number in range(attempts.many(4, 270)):
        sheets = []
        for _key in range(attempts.rng.choice((1, 2, 3))):
            day += timedelta(1)
            sheets.append(sheet_data(group, held_on=day, key=uuid.uuid4()))
        recorded += len(sheets)
        sent = [dict(attempts.rng.choice(sheets)) for _client in clients[len(sheets) :]] + sheets
        for data in sent[: -len(sheets)]:
            data["place"] = attempts.rng.choice(["Balai desa", "Rumah ketua"])
        answers = at_once(*(partial(close, client, data) for client, data in zip(clients, sent, strict=True)))
        for data in sheets:
            told = sorted(status for key, status in answers if key == data["key"])
            attempts.check(
                told.count("closed") == 1 and set(told) <= {"closed", "known", "changed"}, f"{number}: {told}"
            )
        attempts.made += len(sent) - len(sheets)
    meetings = group.meetings.count()
    attempts.check(meetings == recorded, f"{meetings} meetings of {recorded}")
    attempts.check(cash(group) == recorded * MEMBERS * WAJIB, f"{cash(group)} in the box")
    agree(attempts, "sheets")
    assert attempts.failures == []


def test_closings_beside_the_end_of_a_period(group, attempts):
    """Whoever is first: the money of a meeting is within the balances that were closed, or after them."""
    post_sheet(sign_in(group), group, held_on=date(2025, 2, 4))
    meeting, period = sign_in(group), sign_in(group)
    through = date(2025, 3, 1)
    for number in range(attempts.many(4, 250)):
        held_on = through - timedelta(attempts.rng.randrange(3))
        end = {"key": str(uuid.uuid4()), "through": through.isoformat(), "aware": "on"}
        statuses = at_once(
            lambda held_on=held_on: post_sheet(meeting, group, held_on=held_on).status_code,
            lambda end=end: period.post(reverse("period-close", args=[group.code]), end).status_code,
        )
        attempts.check(set(statuses) <= {200, 302, 409, 422}, f"{number}: {statuses}")
        through += timedelta(1)
    closed = group.meetings.filter(status=MeetingStatus.CLOSED).count()
    attempts.check(cash(group) == closed * MEMBERS * WAJIB, f"{cash(group)} of {closed} meetings")
    agree(attempts, "periods")
    assert attempts.failures == []


def test_corrections_beside_the_administration(group, attempts):
    """The administration changes what its form has; a correction changes the meeting; neither undoes the other."""
    post_sheet(sign_in(group), group)
    boss, facilitator = sign_in(group), sign_in(group)
    boss.force_login(make_user(Role.ADMIN, organisation=group.organisation))
    page = reverse("admin:groups_group_change", args=[group.pk])
    for number in range(1, attempts.many(4, 250) + 1):
        (form,) = [form for form in read_forms(boss.get(page), page) if "name" in form.values]
        values = form.values | {"name": [f"Melati {number}"]}
        wajib = WAJIB + number * 1_000
        extra = {"version": str(number), "key": str(uuid.uuid4())}
        statuses = at_once(
            lambda values=values: boss.post(page, values).status_code,
            lambda wajib=wajib, extra=extra: (
                post_correction(facilitator, group, m1_wajib=wajib, extra=extra).status_code
            ),
        )
        attempts.check(statuses == [302, 302], f"{number}: {statuses}")
        group.refresh_from_db()
        attempts.check(group.name == f"Melati {number}", f"{number}: the group is called {group.name}")
        of_group = Transfer.objects.filter(group=group, member__number=1)
        standing = of_group.filter(entry__reverses=None, entry__reversed_by=None)
        attempts.check([one.amount for one in standing] == [wajib], f"{number}: the correction is lost")
    agree(attempts, "corrections")
    assert attempts.failures == []
