"""Officers who record the meetings of their own group, from the third phase of mentoring on."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from finance.services import fine_charge
from groups.models import Group, Role, User
from groups.permissions import Capability, lock_group, require
from meetings.models import Meeting
from meetings.services import draft_discard
from tests.factories import facilitator_of, make_group, make_member, make_members, make_officer, make_phase, make_user
from tests.meetings.pages import post_sheet

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate()
DAY = timedelta(1)


@pytest.fixture
def group():
    group = make_group(rules={"wajib": 0})
    make_members(group, 2)
    make_phase(group, phase="ACCESS")
    group.organisation.officers_record = True
    group.organisation.save()
    return group


@pytest.fixture
def officer(group):
    member = make_member(group, "Ani")
    make_officer(member, "SEKRETARIS")
    return make_user(Role.OFFICER, organisation=group.organisation, member=member, records_meetings=True)


@pytest.fixture
def browser(officer):
    client = Client()
    client.force_login(officer)
    client.cookies["django_language"] = "en"
    return client


def may(officer, group) -> bool:
    """Whether the officer may record, as pages, services and the query say, which must agree."""
    client = Client()
    client.force_login(officer)
    shown = client.get(reverse("meeting-new", args=[group.code])).status_code == 200
    page = client.get(reverse("group", args=[group.code]))
    assert (reverse("meeting-new", args=[group.code]) in page.content.decode()) == shown
    assert Group.objects.recordable_by(officer).filter(pk=group.pk).exists() == shown
    try:
        require(officer, Capability.MEET, group=group)
        with transaction.atomic():
            lock_group(officer, Capability.MEET, group)
    except PermissionDenied:
        assert not shown
        return False
    return shown


def test_an_officer_keeps_a_draft_and_closes_a_meeting_which_says_who_recorded_it(browser, group, officer):
    post_sheet(browser, group, action="draft")
    assert group.meetings.get().saved_by == officer
    number = group.meetings.get().number
    draft_discard(actor=officer, group=group, number=number)
    post_sheet(browser, group)
    meeting = Meeting.objects.get(group=group)
    assert (meeting.status, meeting.saved_by) == ("CLOSED", officer)
    page = browser.get(reverse("meeting", args=[group.code, meeting.number])).content.decode()
    assert "officer of the group" in page


def taken_away(officer, group):
    User.objects.filter(pk=officer.pk).update(records_meetings=False)


def forbidden(officer, group):
    group.organisation.officers_record = False
    group.organisation.save()


def not_so_far(officer, group):
    make_phase(group, TODAY, "STRENGTHENING")


def phase_withdrawn(officer, group):
    group.mentoring_phases.update(
        withdrawn_at=timezone.now(), withdrawn_by=facilitator_of(group), withdrawn_why="salah"
    )


def office_ended(officer, group):
    officer.member.terms.update(ended_on=TODAY)


def left(officer, group):
    officer.member.terms.update(ended_on=TODAY)
    officer.member.left_on = TODAY
    officer.member.save()


def inactive(officer, group):
    User.objects.filter(pk=officer.pk).update(is_active=False)


@pytest.mark.parametrize("change", [taken_away, forbidden, not_so_far, phase_withdrawn, office_ended, left, inactive])
def test_it_ends_by_itself(officer, group, change):
    assert may(officer, group)
    stale = User.objects.get(pk=officer.pk)
    change(officer, group)
    # Somebody who was read before is refused too.
    for person in (stale, User.objects.get(pk=officer.pk)):
        with pytest.raises(PermissionDenied), transaction.atomic():
            lock_group(person, Capability.MEET, group)
    client = Client()
    client.force_login(User.objects.get(pk=officer.pk))
    assert client.get(reverse("meeting-new", args=[group.code])).status_code in {302, 403, 404}


def test_after_the_end_of_mentoring_officers_go_on(officer, group):
    make_phase(group, TODAY, "ENDED")
    assert may(officer, group)


def test_it_begins_with_the_phase_and_not_before(officer, group):
    phase_withdrawn(officer, group)
    make_phase(group, TODAY + DAY, "ACCESS")
    assert not may(officer, group)


def test_other_officers_and_those_of_other_groups_do_not(officer, group):
    untrained = make_member(group)
    make_officer(untrained, "BENDAHARA")
    assert not may(make_user(Role.OFFICER, organisation=group.organisation, member=untrained), group)
    neighbour = make_group(facilitator_of(group))
    make_phase(neighbour, phase="ACCESS")
    client = Client()
    client.force_login(officer)
    assert client.get(reverse("meeting-new", args=[neighbour.code])).status_code == 404
    with pytest.raises(PermissionDenied), transaction.atomic():
        lock_group(officer, Capability.MEET, neighbour)


def test_an_officer_records_nothing_but_meetings(officer, group):
    for capability in (Capability.RECORD, Capability.MENTOR, Capability.CONFIGURE, Capability.ASSESS):
        with pytest.raises(PermissionDenied):
            require(officer, capability, group=group)
    with pytest.raises(PermissionDenied):
        fine_charge(
            actor=officer, group=group, member=group.members.first(), amount=5_000, reason="lalai", on=TODAY,
            key=uuid.uuid4(),
        )  # fmt: skip


def test_nobody_but_an_officer_is_let_do_so(group):
    person = facilitator_of(group)
    person.records_meetings = True
    with pytest.raises(ValidationError, match="group officer"):
        person.full_clean()
    with pytest.raises(IntegrityError, match="user_records_as_officer"), transaction.atomic():
        User.objects.filter(pk=person.pk).update(records_meetings=True)


def test_the_administration_gives_and_takes_it(client, officer, group):
    client.force_login(make_user(Role.ADMIN, organisation=group.organisation))
    for address in (
        reverse("admin:groups_user_change", args=[officer.pk]),
        reverse("admin:groups_organisation_change", args=[group.organisation_id]),
    ):
        page = client.get(address).content.decode()
        assert 'name="records_meetings"' in page or 'name="officers_record"' in page
    path = reverse("admin:groups_user_change", args=[officer.pk])
    form = client.get(path).context["adminform"].form
    data = {name: form[name].value() for name in form.fields if form[name].value() not in (None, False, True)}
    data |= {"is_active": "on", "member": officer.member_id}
    answer = client.post(path, {name: value for name, value in data.items() if name != "password"})
    assert answer.status_code == 302, answer.context["errors"]
    assert not User.objects.get(pk=officer.pk).records_meetings
