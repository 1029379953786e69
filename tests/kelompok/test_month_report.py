"""The month of somebody who accompanies groups: told by the records, changed by the person, printed and signed."""

from __future__ import annotations

import uuid
from datetime import date, timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from assessment.models import GroupSnapshot, SnapshotScore
from groups.models import FacilitatorAssignment, Role
from groups.services import FormUsed
from kelompok.selectors.month_report import month_of
from meetings.models import MonthReport
from meetings.services import month_report_write, visit_withdraw
from tests.factories import (
    facilitator_of,
    make_group,
    make_meeting,
    make_member,
    make_officer,
    make_report,
    make_user,
    make_visit,
)

pytestmark = pytest.mark.django_db
MONTH, END = date(2026, 3, 1), date(2026, 4, 1)
DAY = timedelta(1)
TODAY = timezone.localdate()


@pytest.fixture
def group():
    return make_group(name="Anggrek")


@pytest.fixture
def person(group):
    return facilitator_of(group)


def write(person, text="Dua kunjungan", month=MONTH, key=None):
    return month_report_write(actor=person, month=month, text=text, key=key or uuid.uuid4())


def stand(group, month, stage, rank):
    empty = dict.fromkeys(
        ("members", "women", "savings", "balance", "risk_30", "at_risk", "due", "paid", "income", "costs", "capital"), 0
    )
    as_of = (month.replace(day=28) + timedelta(4)).replace(day=1) - DAY
    snapshot = GroupSnapshot.objects.create(
        group=group, month=month, as_of=as_of, status="ACTIVE", kind="REVOLVING", **empty
    )
    SnapshotScore.objects.create(
        snapshot=snapshot, group=group, month=month, as_of=as_of, scheme="kotaku", stage=stage, rank=rank, score=50,
        measured_rank=rank, measured_score=50,
    )  # fmt: skip


class TestMonth:
    def test_what_the_person_did_in_the_month_is_told(self, group, person):
        for day in (MONTH - DAY, MONTH, END - DAY, END):
            make_visit(group, day, task="TRAINING" if day == MONTH else "REPORT", advice=f"saran {day}")
            make_meeting(group, day)
        told = month_of(person, person, MONTH)
        assert [visit.visited_on for visit in told.visits] == [MONTH, END - DAY]
        assert [visit.visited_on for visit in told.trainings] == [MONTH]
        assert [meeting.held_on for meeting in told.meetings] == [MONTH, END - DAY]
        assert f"Anggrek: saran {MONTH}" in told.words
        assert "Visits: 2" in told.words
        assert f"saran {END}" not in told.words

    def test_visits_of_others_guests_and_mistakes_are_not_the_persons(self, group, person):
        other = make_user(organisation=group.organisation)
        make_visit(group, MONTH, visitor=other)
        make_visit(group, MONTH, visitor=None, visitor_name="Pak Lurah", role="GUEST")
        visit_withdraw(actor=person, visit=make_visit(group, MONTH), reason="salah")
        make_meeting(group, MONTH, saved_by=other)
        told = month_of(person, person, MONTH)
        assert (told.visits, told.meetings, told.not_visited) == ([], [], [group])

    def test_groups_are_those_of_the_month(self, group, person):
        later = make_group(person, name="Bakung")
        FacilitatorAssignment.objects.filter(group=later).update(started_on=END)
        assert month_of(person, person, MONTH).groups == [group]
        assert set(month_of(person, person, END).groups) == {group, later}

    def test_nothing_is_told_of_groups_that_the_person_sees_no_more(self, group, person):
        make_visit(group, MONTH, advice="rahasia")
        FacilitatorAssignment.objects.update(ended_on=TODAY)
        told = month_of(person, person, MONTH)
        assert (told.groups, told.visits) == ([], [])
        assert "rahasia" not in told.words

    def test_groups_that_changed_stage_are_named_with_both(self, group, person):
        same = make_group(person, name="Bakung")
        for one, became in ((group, "TUMBUH"), (same, "TUNAS")):
            stand(one, date(2026, 2, 1), "TUNAS", 0)
            stand(one, MONTH, became, int(became == "TUMBUH"))
        [move] = month_of(person, person, MONTH).moves
        assert (move.group, move.was, move.became) == (group, "Tunas", "Tumbuh")

    def test_statements_do_not_grow_with_the_groups(self, person, group):
        counts = []
        for _round in range(2):
            for number in range(3):
                one = make_group(person)
                make_visit(one, MONTH + number * DAY, advice="x")
                make_meeting(one, MONTH)
            with CaptureQueriesContext(connection) as queries:
                assert month_of(person, person, MONTH).words
            counts.append(len(queries))
        assert counts[0] == counts[1]


class TestWriting:
    def test_each_change_is_another_version_and_the_same_words_are_none(self, person):
        first = write(person)
        assert write(person) == first
        second = write(person, "Tiga kunjungan")
        assert [(one.version, one.text) for one in MonthReport.objects.order_by("version")] == [
            (1, "Dua kunjungan"), (2, "Tiga kunjungan"),
        ]  # fmt: skip
        assert second.version == 2

    def test_a_form_sent_twice_is_one_version(self, person):
        key = uuid.uuid4()
        assert write(person, key=key) == write(person, key=key)
        with pytest.raises(FormUsed):
            write(person, "lain", key=key)

    def test_a_month_to_come_is_refused(self, person):
        with pytest.raises(ValidationError):
            write(person, month=(TODAY.replace(day=28) + timedelta(4)).replace(day=1))

    def test_an_officer_writes_none(self, group):
        member = make_member(group)
        make_officer(member)
        with pytest.raises(PermissionDenied):
            write(make_user(Role.OFFICER, organisation=group.organisation, member=member))


class TestWhoSees:
    @pytest.mark.parametrize("role", [Role.STAFF, Role.ADMIN])
    def test_staff_and_administrators_read_all_of_their_organisation(self, person, role):
        report = make_report(person)
        make_report(make_user())
        reader = make_user(role, organisation=person.organisation)
        assert list(MonthReport.objects.visible_to(reader)) == [report]

    def test_others_read_their_own_alone(self, person):
        report = make_report(person)
        colleague = make_user(organisation=person.organisation)
        of_region = make_user(Role.STAFF, organisation=person.organisation, regions=["35.19"])
        assert list(MonthReport.objects.visible_to(person)) == [report]
        assert not MonthReport.objects.visible_to(colleague).exists()
        assert not MonthReport.objects.visible_to(of_region).exists()


class TestPages:
    def get(self, client, person, path="month/?month=2026-03", **data):
        client.force_login(person)
        client.cookies["django_language"] = "en"
        address = f"/mentoring/{path}"
        return client.post(address, data) if data else client.get(address)

    def test_the_report_begins_as_the_records_tell_it_and_is_changed_printed_and_signed(self, client, group, person):
        make_visit(group, MONTH, advice="Hitung kas")
        form = self.get(client, person).context["form"]
        assert "Hitung kas" in form["text"].value()
        answer = self.get(client, person, key=form["key"].value(), text="Saya menulis sendiri")
        page = client.get(answer.url).content.decode()
        assert "Saya menulis sendiri" in page
        assert "Signatures" in page
        assert self.get(client, person).context["form"]["text"].value() == "Saya menulis sendiri"
        assert "March 2026" in self.get(client, person, "months/").content.decode()

    def test_a_month_that_is_none_is_this_one(self, client, person):
        this = TODAY.replace(day=1)
        for asked in ("x", "2026-13", f"{TODAY.year + 1}-01", ""):
            assert self.get(client, person, f"month/?month={asked}").context["month"] == this

    def test_the_report_of_somebody_else_is_not_found(self, client, person):
        report = make_report(person)
        assert self.get(client, make_user(), f"months/{report.pk}/").status_code == 404
        assert self.get(client, person, f"months/{report.pk}/").status_code == 200
