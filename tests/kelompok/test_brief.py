"""One page before a visit: what to ask about, at a constant cost."""

from __future__ import annotations

import re
import uuid
from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from finance.services import fine_charge
from groups.models import Role
from kelompok.brief import MOST_LINES, brief
from meetings.models import AgendaItem, Attendance
from meetings.services import visit_withdraw
from tests.assessment.groups import bring_up_to_date
from tests.factories import (
    count_cash,
    facilitator_of,
    lend,
    make_group,
    make_meeting,
    make_member,
    make_members,
    make_user,
    make_visit,
    save,
)

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate()
DAY = timedelta(1)
MOST_STATEMENTS = 15
OF_REQUEST = re.compile(r'FROM "(django_session|groups_user|groups_group)"')
"""What every page of a group asks: the session, the person, the group."""


@pytest.fixture
def group():
    return make_group(rules={"wajib": 0, "pokok": 0})


def attend(group, held_on, **statuses):
    meeting = make_meeting(group, held_on)
    for name, status in statuses.items():
        member = group.members.get(name=name)
        Attendance.objects.create(group=group, meeting=meeting, member=member, status=status)
    return meeting


def names(lines):
    return [(str(member), what) for member, what in lines.shown]


def test_who_missed_two_of_the_last_four_meetings_is_named_with_how_many(group):
    for name in ("Ani", "Budi", "Cici", "Dedi"):
        make_member(group, name)
    attend(group, TODAY - 60 * DAY, Ani="PRESENT", Budi="ABSENT", Cici="ABSENT", Dedi="ABSENT")
    attend(group, TODAY - 40 * DAY, Ani="PRESENT", Budi="ABSENT", Cici="LATE", Dedi="REPRESENTED")
    attend(group, TODAY - 30 * DAY, Ani="ABSENT", Budi="EXCUSED", Cici="PRESENT", Dedi="PRESENT")
    attend(group, TODAY - 20 * DAY, Ani="PRESENT", Budi="ABSENT", Cici="PRESENT", Dedi="PRESENT")
    attend(group, TODAY - 10 * DAY, Ani="PRESENT", Budi="PRESENT", Cici="ABSENT", Dedi="PRESENT")
    found = brief(group, as_of=TODAY)
    assert (names(found.absent), found.meetings) == ([("Budi", 3)], 4)
    assert names(brief(group, as_of=TODAY - 30 * DAY).absent) == [("Budi", 3)]
    assert brief(group, as_of=TODAY - 60 * DAY).absent.shown == []


def test_loans_late_and_what_is_owed_besides_are_named_with_their_sums(group):
    ani, budi = make_member(group, "Ani"), make_member(group, "Budi")
    save(budi, 5_000_000)
    lend(ani, 1_200_000)
    fine_charge(
        actor=facilitator_of(group), group=group, member=budi, amount=5_000, reason="lalai", on=date(2025, 3, 1),
        key=uuid.uuid4(),
    )  # fmt: skip
    found = brief(group, as_of=date(2025, 4, 1))
    assert [(str(member), loan.late) for member, loan in found.late.shown] == [("Ani", found.late_total)]
    assert found.late_total == 118_000
    assert names(found.owed) == [("Budi", found.owed_total)]
    assert found.owed_total == 5_000


def test_decisions_due_cash_differences_and_the_last_advice_are_there(group):
    meeting = make_meeting(group, TODAY - 30 * DAY)
    for number, due_on in enumerate((TODAY - DAY, TODAY, TODAY + DAY), start=1):
        AgendaItem.objects.create(
            group=group, meeting=meeting, number=number, title="Kas", decision=f"putusan {number}", due_on=due_on
        )
    count_cash(group, 500)
    make_visit(group, TODAY - 20 * DAY, advice="Lama")
    make_visit(group, TODAY - 10 * DAY, advice="Hitung kas", follow_up="Beli buku")
    make_visit(group, TODAY - 5 * DAY, visitor=None, visitor_name="Pak Lurah", role="GUEST", advice="Bagus")
    found = brief(group, as_of=TODAY)
    assert [item.decision for item in found.decisions.shown] == ["putusan 1", "putusan 2"]
    assert [count.difference for count in found.differences.shown] == [500]
    assert found.last_visit.advice == "Hitung kas"
    assert [(one.what, one.done_on) for one in found.follow_ups] == [("Beli buku", None)]
    visit_withdraw(actor=facilitator_of(group), visit=found.last_visit, reason="salah")
    assert brief(group, as_of=TODAY).last_visit.advice == "Lama"


def test_of_many_lines_the_first_are_shown_and_the_others_counted(group):
    meeting = make_meeting(group, TODAY - 30 * DAY)
    for number in range(MOST_LINES + 3):
        AgendaItem.objects.create(
            group=group, meeting=meeting, number=number, title="Kas", decision="putusan", due_on=TODAY
        )
    decisions = brief(group, as_of=TODAY).decisions
    assert (len(decisions.shown), decisions.more) == (MOST_LINES, 3)


def fill(group, members):
    """Give a group everything that the page shows, for so many members more."""
    people = [make_member(group) for _time in range(members)]
    for number in range(members):
        meeting = make_meeting(group, TODAY - (30 + 7 * group.meetings.count()) * DAY)
        for member in people:
            Attendance.objects.create(group=group, meeting=meeting, member=member, status="ABSENT")
        AgendaItem.objects.create(
            group=group, meeting=meeting, number=number, title="Kas", decision="putusan", due_on=TODAY
        )
        make_visit(group, TODAY - number * DAY, follow_up="Beli buku")
    for member in people:
        save(member, 2_000_000)
        lend(member, 1_200_000)
        fine_charge(
            actor=facilitator_of(group), group=group, member=member, amount=5_000, reason="lalai",
            on=date(2025, 3, 1), key=uuid.uuid4(),
        )  # fmt: skip
    count_cash(group, 500)


@pytest.mark.parametrize("role", [Role.FACILITATOR, Role.STAFF])
def test_statements_are_few_and_do_not_grow_with_members_history_and_groups(client, role):
    counts = []
    group = make_group()
    person = facilitator_of(group) if role == Role.FACILITATOR else make_user(role, organisation=group.organisation)
    client.force_login(person)
    for members in (2, 6):
        fill(group, members)
        make_members(make_group(facilitator_of(group)), members)
        bring_up_to_date()
        with CaptureQueriesContext(connection) as queries:
            page = client.get(f"/g/{group.code}/visits/brief/")
        assert page.status_code == 200
        assert page.context["brief"].lacking is not None
        of_request = [query["sql"] for query in queries if OF_REQUEST.search(query["sql"])]
        counts.append(len(queries) - len(of_request))
    assert counts[0] == counts[1]
    assert counts[1] <= MOST_STATEMENTS, "\n".join(query["sql"][:150] for query in queries)
