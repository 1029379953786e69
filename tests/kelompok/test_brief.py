"""One page before a visit: what to ask about, at a constant cost."""

from __future__ import annotations

import uuid
from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from finance.models import OpeningDue
from finance.services import fine_charge
from groups.models import Role
from kelompok.selectors.brief import MOST_LINES, brief
from meetings.models import AgendaItem, Attendance, Training
from meetings.services import training_withdraw, visit_withdraw
from tests.assessment.groups import bring_up_to_date
from tests.factories import (
    count_cash,
    facilitator_of,
    lend,
    make_entry,
    make_group,
    make_meeting,
    make_member,
    make_members,
    make_training,
    make_user,
    make_visit,
    save,
)

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate()
DAY = timedelta(1)
MOST_STATEMENTS = 15
"""Of the whole page, with the session, the person and the group."""


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


def test_the_last_training_is_there_also_before_the_first_visit(group):
    assert brief(group, as_of=TODAY).last_training is None
    make_training(group, held_on=TODAY - 20 * DAY)
    last = make_training(group, held_on=TODAY - 10 * DAY, subject="Ternak ayam")
    make_training(group, held_on=TODAY)
    for _time in range(2):
        found = brief(group, as_of=TODAY - DAY)
        assert (found.last_training.pk, found.last_training.subject) == (last.pk, "Ternak ayam")
        make_visit(group, TODAY - 30 * DAY)
    assert brief(group, as_of=TODAY - DAY).last_visit is not None
    mistake = Training.objects.get(pk=last.pk)
    training_withdraw(actor=facilitator_of(group), training=mistake, reason="salah")
    assert brief(group, as_of=TODAY - DAY).last_training.held_on == TODAY - 20 * DAY


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
    make_training(group, held_on=TODAY, subject="Pembukuan")
    for members in (2, 6):
        fill(group, members)
        make_members(make_group(facilitator_of(group)), members)
        bring_up_to_date()
        with CaptureQueriesContext(connection) as queries:
            page = client.get(f"/g/{group.code}/visits/brief/")
        assert page.status_code == 200
        assert page.context["brief"].lacking is not None
        assert "Pembukuan" in page.content.decode()
        counts.append(len(queries))
    assert counts[0] == counts[1]
    assert counts[1] <= MOST_STATEMENTS, "\n".join(query["sql"][:150] for query in queries)


def test_on_the_day_of_a_meeting_with_opening_balances_it_takes_no_more_statements(client):
    """What is owed is read from more records then: the meeting of the day and what members brought as missed."""
    group = make_group(rules={"missed_wajib": "ASKED"}, rhythm={"every": "WEEK", "weekday": TODAY.weekday()})
    members = [make_member(group) for _time in range(3)]
    opening = make_entry(group, "OPENING")
    for member in members:
        OpeningDue.objects.create(group=group, member=member, amount=20_000, entry=opening)
    for weeks in (2, 3, 4):
        meeting = make_meeting(group, TODAY - 7 * weeks * DAY)
        for member in members:
            Attendance.objects.create(group=group, meeting=meeting, member=member, status="PRESENT")
    client.force_login(facilitator_of(group))
    bring_up_to_date()
    before = brief(group, as_of=TODAY).owed_total
    with CaptureQueriesContext(connection) as queries:
        assert client.get(f"/g/{group.code}/visits/brief/").context["brief"].owed_total == before
    assert len(queries) <= MOST_STATEMENTS
    meeting = make_meeting(group, TODAY)
    Attendance.objects.create(group=group, meeting=meeting, member=members[0], status="PRESENT")
    assert brief(group, as_of=TODAY).owed_total == before + 3 * 10_000
