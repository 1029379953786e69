"""All groups of a facilitator go to another one in one step."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from groups.models import FacilitatorAssignment, Group, Role
from groups.services import assignment_end, facilitator_assign
from kelompok.selectors.workload import together, workloads
from kelompok.services.handover import facilitator_handover, handed_over
from meetings.models import PlannedVisit
from meetings.selectors import groups_met
from meetings.services import visit_plan_withdraw
from tests.factories import (
    FOUNDED,
    facilitator_of,
    make_group,
    make_member,
    make_members,
    make_phase,
    make_plan,
    make_user,
    make_village,
    make_visit,
)
from tests.meetings.pages import post_sheet, sign_in

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate()
DAY = timedelta(1)


@pytest.fixture
def former():
    return make_user()


@pytest.fixture
def two(former):
    return make_group(former, name="Anggrek"), make_group(former, name="Bakung")


@pytest.fixture
def successor(former):
    return make_user(organisation=former.organisation)


@pytest.fixture
def staff(former):
    return make_user(Role.STAFF, organisation=former.organisation)


def hand(staff, former, successor, on=TODAY):
    return facilitator_handover(actor=staff, former=former, successor=successor, on=on)


def who(group, day):
    running = FacilitatorAssignment.objects.effective(day).filter(group=group)
    return [assignment.facilitator for assignment in running]


def test_all_groups_go_over_on_the_day_and_were_the_former_ones_before(staff, former, successor, two):
    assert set(hand(staff, former, successor)) == set(two)
    for group in two:
        assert who(group, TODAY - DAY) == [former]
        assert who(group, TODAY) == [successor]
    assert not Group.objects.visible_to(former).exists()
    assert set(Group.objects.visible_to(successor)) == set(two)


def test_a_day_to_come_changes_nothing_until_then(staff, former, successor, two):
    hand(staff, former, successor, TODAY + 10 * DAY)
    assert set(Group.objects.visible_to(former)) == set(two)
    assert not Group.objects.visible_to(successor).exists()
    assert who(two[0], TODAY + 10 * DAY) == [successor]


def test_a_day_before_the_groups_were_there_is_refused_and_nothing_moves(staff, former, successor, two):
    with pytest.raises(ValidationError, match="Not all of these groups were there on that day yet: Anggrek, Bakung"):
        hand(staff, former, successor, FOUNDED - DAY)
    assert who(two[0], FOUNDED) == [former]


def test_an_assignment_that_has_ended_stays_as_it_was(staff, former, successor, two):
    past = make_group(organisation=former.organisation)
    facilitator_assign(actor=staff, group=past, facilitator=former, started_on=FOUNDED, ended_on=TODAY - 5 * DAY)
    assert set(hand(staff, former, successor, TODAY - 20 * DAY)) == set(two)
    assert former in who(past, TODAY - 10 * DAY)
    assert former in who(past, FOUNDED)


def test_done_twice_the_second_time_moves_nothing(staff, former, successor, two):
    hand(staff, former, successor)
    count = FacilitatorAssignment.objects.count()
    assert hand(staff, former, successor) == []
    assert FacilitatorAssignment.objects.count() == count


def test_the_successor_who_is_there_already_stays(staff, former, successor, two):
    facilitator_assign(actor=staff, group=two[0], facilitator=successor, started_on=FOUNDED)
    hand(staff, former, successor)
    assert who(two[0], TODAY) == [successor]


def test_a_substitute_is_followed_by_a_substitute(staff, former, successor):
    group, until = make_group(organisation=former.organisation), TODAY + 20 * DAY
    facilitator_assign(actor=staff, group=group, facilitator=former, started_on=TODAY - DAY, ended_on=until)
    hand(staff, former, successor)
    assert successor in who(group, until - DAY)
    assert successor not in who(group, until)


def test_drafts_and_planned_visits_go_along(staff, former, successor, two):
    group = two[0]
    make_members(group, 2)
    post_sheet(sign_in(group), group, action="draft", held_on=TODAY)
    make_plan(group, TODAY + DAY, purpose="Ukur lahan")
    make_plan(group, TODAY - DAY, purpose="Lewat")
    make_visit(group, TODAY, follow_up="Beli buku")
    [first, second] = handed_over(staff, former=former, on=TODAY)
    assert (first.group, first.drafts, first.plans, first.follow_ups) == (group, 1, 1, 1)
    assert (second.drafts, second.plans, second.follow_ups) == (0, 0, 0)
    hand(staff, former, successor)
    assert [met.group for met in groups_met(successor, as_of=TODAY) if met.drafts] == [group]
    plans = PlannedVisit.objects.open().filter(visitor=successor)
    assert [(plan.purpose, plan.planned_on) for plan in plans] == [("Ukur lahan", TODAY + DAY)]


def test_staff_of_a_region_hand_over_its_groups_alone(former, successor):
    here = make_group(former, village=make_village())
    there = make_group(former, village=make_village("32.04.05.2001", "Jawa Barat", "Bandung", "Ciwidey", "Lebak"))
    of_region = make_user(Role.STAFF, organisation=former.organisation, regions=["35.19"])
    assert hand(of_region, former, successor) == [here]
    assert who(there, TODAY) == [former]


def test_nobody_but_staff_and_administrators_hands_over(former, successor, two):
    officer = make_user(Role.OFFICER, organisation=former.organisation, member=make_member(two[0]))
    for actor in (former, successor, officer):
        with pytest.raises(PermissionDenied):
            hand(actor, former, successor)
    assert hand(make_user(Role.STAFF), former, successor) == []  # sees none of these groups


@pytest.mark.parametrize("of", ["other", "staff", "inactive", "same"])
def test_the_successor_is_another_active_facilitator_of_the_organisation(staff, former, two, of):
    wrong = {
        "other": lambda: make_user(),
        "staff": lambda: make_user(Role.STAFF, organisation=former.organisation),
        "inactive": lambda: make_user(organisation=former.organisation, is_active=False),
        "same": lambda: former,
    }[of]()
    with pytest.raises(ValidationError) as refused:
        hand(staff, former, wrong)
    assert list(refused.value.message_dict) == ["successor"]
    assert who(two[0], TODAY) == [former]


class TestSubstitute:
    def test_a_substitute_sees_the_group_for_a_time(self, staff, former, successor, two):
        until = TODAY + 5 * DAY
        facilitator_assign(actor=staff, group=two[0], facilitator=successor, started_on=TODAY, ended_on=until)
        assert list(Group.objects.visible_to(successor)) == [two[0]]
        assert who(two[0], until) == [former]

    def test_the_time_of_a_substitute_ends_earlier(self, staff, successor, two):
        given = facilitator_assign(
            actor=staff, group=two[0], facilitator=successor, started_on=TODAY - DAY, ended_on=TODAY + 5 * DAY
        )
        assert assignment_end(actor=staff, assignment=given, ended_on=TODAY).ended_on == TODAY
        assert assignment_end(actor=staff, assignment=given, ended_on=TODAY + DAY).ended_on == TODAY

    def test_two_times_of_one_person_do_not_cross(self, staff, successor, two):
        by = {"actor": staff, "group": two[0], "facilitator": successor}
        facilitator_assign(**by, started_on=TODAY, ended_on=TODAY + 5 * DAY)
        for days in ({"ended_on": TODAY + 9 * DAY}, {}):
            with pytest.raises(ValidationError, match="already"):
                facilitator_assign(**by, started_on=TODAY + DAY, **days)
        facilitator_assign(**by, started_on=TODAY + 5 * DAY)


class TestPages:
    def test_what_goes_along_is_shown_before_it_does(self, client, staff, former, successor, two):
        client.force_login(staff)
        client.cookies["django_language"] = "en"
        data = {"former": former.pk, "successor": successor.pk, "on": TODAY.isoformat()}
        page = client.post("/mentoring/handover/", {**data, "action": "look"}).content.decode()
        assert "Anggrek" in page
        assert who(two[0], TODAY) == [former]
        assert client.post("/mentoring/handover/", data).url == "/mentoring/"
        assert who(two[0], TODAY) == [successor]
        assert "2 groups are handed over" in client.get("/mentoring/").content.decode()

    def test_looking_costs_the_same_for_more_groups(self, client, staff, former, successor, two):
        client.force_login(staff)
        data = {"former": former.pk, "successor": successor.pk, "on": TODAY.isoformat(), "action": "look"}
        counts = []
        for _round in range(2):
            for _time in range(3):
                make_plan(make_group(former), TODAY + DAY)
            with CaptureQueriesContext(connection) as queries:
                page = client.post("/mentoring/handover/", data)
            assert two[0].name in page.content.decode()
            counts.append(len(queries))
        assert counts[0] == counts[1]

    def test_people_and_groups_of_another_organisation_are_not_offered(self, client, staff):
        stranger = facilitator_of(make_group())
        client.force_login(staff)
        form = client.get("/mentoring/handover/").context["form"]
        assert stranger not in form.fields["former"].queryset
        assert stranger not in form.fields["successor"].queryset


class TestWorkload:
    def test_groups_visits_phases_and_what_is_overdue_are_counted(self, staff, former, two):
        first, second = two
        make_group()  # of another organisation
        make_phase(first, TODAY - 300 * DAY)
        make_visit(first, TODAY - 40 * DAY)
        make_visit(first, TODAY - 93 * DAY)
        make_visit(second, TODAY - 3 * DAY, visitor=None, visitor_name="Pak Lurah", role="GUEST")
        [work] = workloads(staff, as_of=TODAY)
        assert (work.facilitator, work.groups, work.visits, work.visited) == (former, 2, 1, 1)
        assert (work.not_visited, work.dependent) == (1, 1)
        assert work.phases == {"STRENGTHENING": 1, "": 1}

    def test_a_group_of_two_facilitators_counts_once_in_the_total(self, staff, former, successor, two):
        facilitator_assign(actor=staff, group=two[0], facilitator=successor, started_on=TODAY - 5 * DAY)
        make_visit(two[0], TODAY)
        rows = workloads(staff, as_of=TODAY)
        total = together(rows)
        assert sorted(work.groups for work in rows) == [1, 2]
        assert (total.groups, total.visits, total.visited, total.phases) == (2, 1, 1, {"": 2})

    def test_mentoring_that_ended_is_no_work_that_is_overdue(self, staff, two):
        make_phase(two[0], TODAY - 300 * DAY)
        make_phase(two[0], TODAY - 100 * DAY, "ENDED")
        [work] = workloads(staff, as_of=TODAY)
        assert (work.not_visited, work.dependent, work.phases["ENDED"]) == (0, 0, 1)

    def test_the_page_has_files_and_costs_the_same_for_more_groups(self, client, staff, two):
        client.force_login(staff)
        counts = []
        for _round in range(2):
            for _time in range(3):
                make_visit(make_group(make_user(organisation=staff.organisation)), TODAY)
            with CaptureQueriesContext(connection) as queries:
                page = client.get("/mentoring/")
            counts.append(len(queries))
        assert counts[0] == counts[1]
        assert str(facilitator_of(two[0])) in page.content.decode()
        assert str(facilitator_of(two[0])) in client.get("/mentoring/?format=csv").content.decode()


def test_a_plan_called_off_before_is_not_planned_anew(staff, former, successor, two):
    plan = make_plan(two[0], TODAY + DAY)
    visit_plan_withdraw(actor=former, plan=plan)
    hand(staff, former, successor)
    assert not PlannedVisit.objects.open().exists()
