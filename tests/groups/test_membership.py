"""The days of a membership and of a group, and what cannot pass them."""

from datetime import date, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from groups import services
from groups.forms.groups import GroupEditForm
from groups.forms.members import MemberForm
from groups.membership import outside_membership
from groups.models import Group, Member, OfficerRole, OfficerTerm
from meetings.models import Attendance
from tests.factories import (
    facilitator_of,
    make_group,
    make_meeting,
    make_member,
    make_officer,
    reverse,
    save,
)

pytestmark = pytest.mark.django_db
JOINED, LEFT = date(2025, 2, 1), date(2025, 6, 1)
DAY = timedelta(1)


@pytest.fixture
def group():
    return make_group()


@pytest.fixture
def member(group):
    return make_member(group, "Rina", joined_on=JOINED, left_on=LEFT)


@pytest.mark.parametrize(
    ("on", "belongs", "is_named"),
    [(JOINED - DAY, False, False), (JOINED, True, True), (LEFT - DAY, True, True), (LEFT, False, True),
     (LEFT + DAY, False, False)],
)  # fmt: skip
def test_a_membership_is_from_joining_to_the_day_before_leaving(member, on, belongs, is_named):
    assert member.is_member_on(on) is belongs
    assert (member in member.group.members.effective(on)) is belongs
    assert (not outside_membership(member, on)) is belongs
    assert (not outside_membership(member, on, leaving_day=True)) is is_named


def test_why_somebody_is_outside_is_said(member):
    assert outside_membership(member, LEFT) == "Rina left the group on 1 June 2025."
    assert outside_membership(member, LEFT, leaving_day=True) == ""


class TestJoining:
    def joining(self, member, joined_on):
        data = {"name": member.name, "gender": "P", "joined_on": joined_on.isoformat()}
        form = MemberForm(data, instance=Member.objects.get(pk=member.pk))
        return form.errors.get("joined_on", [])

    def test_it_is_not_after_what_the_books_hold(self, group):
        member = make_member(group, "Rina")
        save(member, 1_000, on=JOINED)
        assert self.joining(member, JOINED + DAY) == ["This member is in the records from 1 February 2025 on."]
        assert self.joining(member, JOINED) == []

    def test_it_is_not_after_what_the_minutes_hold(self, group):
        member = make_member(group, "Rina")
        attend(member, JOINED)
        assert self.joining(member, JOINED + DAY) == ["This member is in the records from 1 February 2025 on."]
        member.joined_on = JOINED + DAY
        with pytest.raises(ValidationError, match="This member is in the records"):
            services.member_update(actor=facilitator_of(group), member=member)

    def test_what_was_taken_back_does_not_hold_it(self, group):
        member = make_member(group, "Rina")
        save(member, 1_000, on=JOINED)
        reverse(group.entries.get())
        assert self.joining(member, JOINED + DAY) == []


class TestLeaving:
    def test_it_is_not_before_what_the_records_hold(self, group):
        member = make_member(group, "Rina")
        attend(member, JOINED)
        with pytest.raises(ValidationError, match="member is in the records until"):
            services.member_leave(actor=facilitator_of(group), member=member, left_on=JOINED - DAY)
        services.member_leave(actor=facilitator_of(group), member=member, left_on=JOINED)

    def test_it_ends_an_office_that_ended_later(self, group):
        member = make_member(group, "Rina")
        term = make_officer(member, ended_on=LEFT)
        services.member_leave(actor=facilitator_of(group), member=member, left_on=LEFT - DAY)
        term.refresh_from_db()
        assert term.ended_on == LEFT - DAY


class TestFounding:
    def founding(self, group, founded_on):
        form = GroupEditForm({"name": group.name, "founded_on": founded_on.isoformat()}, instance=group)
        return form.errors.get("founded_on", [])

    def test_it_is_not_after_what_the_minutes_hold(self, group):
        make_meeting(group, JOINED)
        assert self.founding(group, JOINED + DAY) == ["This group is in the records from 1 February 2025 on."]
        assert self.founding(group, JOINED) == []

    def test_the_database_holds_it_too(self, group):
        make_meeting(group, JOINED)
        with pytest.raises(IntegrityError, match="keeps_meetings"), transaction.atomic():
            Group.objects.filter(pk=group.pk).update(founded_on=JOINED + DAY)
        Group.objects.filter(pk=group.pk).update(founded_on=JOINED)
        make_member(group, joined_on=JOINED)
        with pytest.raises(IntegrityError, match="keeps_"), transaction.atomic():
            Group.objects.filter(pk=group.pk).update(founded_on=JOINED + DAY)


class TestOffices:
    def elect(self, member, on):
        return services.officers_elect(
            actor=facilitator_of(member.group), group=member.group, elected={OfficerRole.KETUA: member}, on=on
        )

    @pytest.mark.parametrize("on", [JOINED - DAY, LEFT])
    def test_outside_the_membership_nobody_is_elected(self, member, on):
        with pytest.raises(ValidationError) as refused:
            self.elect(member, on)
        assert "KETUA" in refused.value.message_dict

    def test_an_election_recorded_late_ends_with_the_membership(self, member):
        (term,) = self.elect(member, JOINED)
        assert (term.started_on, term.ended_on) == (JOINED, LEFT)

    @pytest.mark.parametrize("days", [(JOINED - DAY, LEFT), (JOINED, None), (JOINED, LEFT + DAY)])
    def test_the_database_keeps_terms_within_the_membership(self, member, days):
        with pytest.raises(IntegrityError, match="groups_officerterm_membership"), transaction.atomic():
            make_officer(member, started_on=days[0], ended_on=days[1])
        term = make_officer(member, ended_on=LEFT)
        with pytest.raises(IntegrityError, match="groups_officerterm_membership"), transaction.atomic():
            OfficerTerm.objects.filter(pk=term.pk).update(started_on=days[0], ended_on=days[1])
        with pytest.raises(IntegrityError, match="keeps_offices"), transaction.atomic():
            Member.objects.filter(pk=member.pk).update(left_on=LEFT - DAY)


class TestAttendance:
    @pytest.mark.parametrize("on", [JOINED - DAY, LEFT + DAY])
    def test_the_database_refuses_it_outside_the_membership(self, member, on):
        with pytest.raises(IntegrityError, match="meetings_attendance_membership"), transaction.atomic():
            attend(member, on)

    def test_it_holds_the_days_of_the_membership(self, member):
        attend(member, LEFT)
        for change in ({"joined_on": LEFT + DAY, "left_on": None}, {"left_on": LEFT - DAY}):
            with pytest.raises(IntegrityError, match="keeps_meetings"), transaction.atomic():
                Member.objects.filter(pk=member.pk).update(**change)


def attend(member, on):
    meeting = make_meeting(member.group, on)
    return Attendance.objects.create(group=member.group, meeting=meeting, member=member, status="PRESENT")
