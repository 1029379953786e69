"""The first and the last day that a service of groups accepts; the day beyond is refused in the tests beside."""

from datetime import date, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from groups import services
from groups.models import Constitution, FacilitatorAssignment, GroupStatus, Member, OfficerRole, OfficerTerm, Role
from tests.factories import FOUNDED, facilitator_of, make_group, make_member, make_members, make_officer, make_user

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate()
LATER = date(2025, 4, 1)
KETUA = OfficerRole.KETUA


@pytest.fixture
def group():
    return make_group()


@pytest.fixture
def member(group):
    return make_member(group)


@pytest.mark.parametrize("on", [FOUNDED, TODAY])
def test_a_group_changes_its_status_between_its_founding_and_today(group, on):
    services.group_status_change(
        actor=facilitator_of(group), group=group, status=GroupStatus.DORMANT, on=on, reason="  ketua pindah "
    )
    assert (group.status_changes.get().changed_on, group.status_changes.get().reason) == (on, "ketua pindah")


@pytest.mark.parametrize("left_on", [FOUNDED, TODAY])
def test_a_member_leaves_between_joining_and_today(member, left_on):
    assert member.joined_on == FOUNDED
    services.member_leave(actor=facilitator_of(member.group), member=member, left_on=left_on)
    assert Member.objects.get().left_on == left_on


def test_a_member_leaves_on_the_day_of_the_election(member):
    make_officer(member, started_on=LATER)
    services.member_leave(actor=facilitator_of(member.group), member=member, left_on=LATER)
    assert OfficerTerm.objects.get().ended_on == LATER


def test_joining_can_be_corrected_to_the_day_of_the_first_office(member):
    make_officer(member, started_on=LATER)
    member.joined_on = LATER
    services.member_update(actor=facilitator_of(member.group), member=member)
    assert Member.objects.get().joined_on == LATER


def test_joining_can_be_corrected_to_the_day_of_leaving(member):
    Member.objects.update(left_on=LATER)
    member.refresh_from_db()
    member.joined_on = LATER
    services.member_update(actor=facilitator_of(member.group), member=member)
    assert Member.objects.get().joined_on == LATER


def test_who_left_keeps_a_nik_that_a_member_has_now(member):
    Member.objects.update(left_on=LATER, nik="3519054107850001")
    make_member(member.group, nik="3519054107850001")
    member.refresh_from_db()
    member.name = "Siti Aminah"
    services.member_update(actor=facilitator_of(member.group), member=member)
    assert Member.objects.get(pk=member.pk).name == "Siti Aminah"


def rules_of(group, agreed_on, **fields):
    return Constitution(group=group, version=group.rules.version + 1, agreed_on=agreed_on, **fields)


@pytest.mark.parametrize("agreed_on", [FOUNDED, TODAY])
def test_rules_are_agreed_between_those_in_force_and_today(group, agreed_on):
    assert group.founded_on == group.rules.agreed_on == FOUNDED
    rules = rules_of(group, agreed_on)
    services.constitution_adopt(actor=facilitator_of(group), group=group, constitution=rules)
    group.refresh_from_db()
    assert (group.rules.version, group.rules.agreed_on) == (2, agreed_on)


def test_the_same_rules_from_somebody_else_are_not_taken_for_a_repeat(group):
    services.constitution_adopt(actor=facilitator_of(group), group=group, constitution=rules_of(group, LATER))
    boss = make_user(Role.ADMIN, organisation=group.organisation)
    with pytest.raises(ValidationError) as refusal:
        services.constitution_adopt(actor=boss, group=group, constitution=rules_of(group, LATER))
    assert "version" in refusal.value.message_dict


@pytest.mark.parametrize("on", [FOUNDED, TODAY])
def test_a_member_is_elected_between_joining_and_today(member, on):
    services.officers_elect(actor=facilitator_of(member.group), group=member.group, elected={KETUA: member}, on=on)
    assert OfficerTerm.objects.get().started_on == on


def test_an_election_can_be_on_the_day_the_office_became_free(group):
    first, second = make_members(group, 2)
    make_officer(first, KETUA, started_on=FOUNDED, ended_on=LATER)
    services.officers_elect(actor=facilitator_of(group), group=group, elected={KETUA: second}, on=LATER)
    assert OfficerTerm.objects.get(member=second).started_on == LATER


def test_an_assignment_can_end_on_the_day_it_starts(group):
    boss = make_user(Role.ADMIN, organisation=group.organisation)
    assignment = FacilitatorAssignment.objects.get()
    services.assignment_end(actor=boss, assignment=assignment, ended_on=assignment.started_on)
    assert FacilitatorAssignment.objects.get().ended_on == FOUNDED


@pytest.mark.parametrize(
    ("as_of", "is_effective"),
    [(FOUNDED - timedelta(1), False), (FOUNDED, True), (LATER - timedelta(1), True), (LATER, False)],
)
def test_what_is_dated_begins_on_its_first_day_and_is_over_on_its_last(member, as_of, is_effective):
    make_officer(member, started_on=FOUNDED, ended_on=LATER)
    Member.objects.update(left_on=LATER)
    FacilitatorAssignment.objects.update(ended_on=LATER)
    for rows in (Member.objects, OfficerTerm.objects, FacilitatorAssignment.objects):
        assert rows.effective(as_of).exists() is is_effective


def test_what_has_no_end_goes_on(member):
    make_officer(member)
    for rows in (Member.objects, OfficerTerm.objects, FacilitatorAssignment.objects):
        assert rows.effective(TODAY).exists()
