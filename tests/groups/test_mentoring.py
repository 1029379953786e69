"""Phases of mentoring: what was agreed, which phase holds on a day, who stays dependent, and how it ends."""

from __future__ import annotations

import uuid
from datetime import date, timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from groups import services
from groups.models import ExitReview, Group, MentoringPhase, MentoringStage, Role
from groups.selectors import mentoring_of
from groups.services import EXIT_REVIEW, FormUsed
from tests.factories import FOUNDED, facilitator_of, make_group, make_member, make_officer, make_user, make_visit

pytestmark = pytest.mark.django_db
DAY = timedelta(1)
TODAY = timezone.localdate()
START = date(2026, 1, 1)
REVIEW = dict.fromkeys(EXIT_REVIEW, "baik")


@pytest.fixture
def group():
    return make_group()


def begin(group, phase="STRENGTHENING", started_on=START, days=100, until=400, every=30, actor=None, **fields):
    agreed = {
        "planned_until": started_on + timedelta(days), "mentoring_until": started_on + timedelta(until),
        "visit_every_days": every, "criteria": "buku rapi", **fields,
    }  # fmt: skip
    made = MentoringPhase(phase=phase, started_on=started_on, **agreed)
    return services.mentoring_phase_begin(actor=actor or facilitator_of(group), group=group, phase=made)


def end(group, started_on=TODAY, actor=None, key=None, **review):
    phase = MentoringPhase(started_on=started_on, key=key or uuid.uuid4())
    review = ExitReview(**{**REVIEW, **review})
    return services.mentoring_end(actor=actor or facilitator_of(group), group=group, phase=phase, review=review)


def on(group, day):
    found = mentoring_of([group], as_of=day).get(group.pk)
    return found.agreed.phase if found is not None else None


class TestPhases:
    def test_a_phase_holds_from_its_day_until_the_next(self, group):
        begin(group, "FORMING")
        begin(group, "STRENGTHENING", START + 30 * DAY)
        begin(group, "ACCESS", START + 90 * DAY, every=60)
        end(group, START + 200 * DAY)
        days = (-1, 0, 29, 30, 90, 199, 200)
        assert [on(group, START + number * DAY) for number in days] == [
            None, "FORMING", "FORMING", "STRENGTHENING", "ACCESS", "ACCESS", "ENDED",
        ]  # fmt: skip

    def test_a_group_that_falls_back_is_strengthened_again(self, group):
        begin(group, "ACCESS", every=60)
        begin(group, "STRENGTHENING", START + 30 * DAY, every=14)
        assert on(group, START + 30 * DAY) == "STRENGTHENING"

    def test_a_phase_made_longer_keeps_when_it_began_and_was_first_to_end(self, group):
        first = begin(group)
        longer = begin(group, started_on=START + 90 * DAY, days=200, note="panen gagal")
        assert (longer.phase_since, longer.first_planned_until) == (START, first.planned_until)

    def test_before_the_end_visits_become_fewer(self, group):
        begin(group, every=30)
        for every in (30, 14):
            with pytest.raises(ValidationError) as refused:
                begin(group, "ACCESS", START + 30 * DAY, every=every)
            assert list(refused.value.message_dict) == ["visit_every_days"]
        begin(group, "ACCESS", START + 30 * DAY, every=31)

    @pytest.mark.parametrize(
        "fields", [{"days": 0}, {"until": 99}, {"criteria": ""}, {"every": None}, {"every": 0}, {"days": -5}]
    )
    def test_days_follow_each_other_and_what_is_to_be_reached_is_said(self, group, fields):
        with pytest.raises(ValidationError):
            begin(group, **fields)

    def test_the_database_refuses_an_agreement_that_is_none(self, group):
        agreed = {"group": group, "phase": "ACCESS", "started_on": START, "phase_since": START}
        with pytest.raises(IntegrityError, match="mentoring_agreed"), transaction.atomic():
            MentoringPhase.objects.create(**agreed, recorded_by=facilitator_of(group))

    def test_the_next_phase_begins_after_the_one_before(self, group):
        begin(group)
        for day in (START, START - DAY):
            with pytest.raises(ValidationError, match="phase before"):
                begin(group, "ACCESS", day, every=60)

    def test_days_to_come_and_long_before_the_founding_are_refused(self, group):
        begin(group, "FORMING", FOUNDED - timedelta(60))
        for day in (TODAY + DAY, FOUNDED - timedelta(367)):
            with pytest.raises(ValidationError):
                begin(make_group(), started_on=day)

    def test_a_form_sent_twice_is_one_phase(self, group):
        key = uuid.uuid4()
        assert begin(group, key=key) == begin(group, key=key)
        with pytest.raises(FormUsed):
            begin(group, key=key, criteria="lain")

    def test_the_latest_phase_is_withdrawn_and_the_one_before_goes_on(self, group):
        actor = facilitator_of(group)
        first, second = begin(group), begin(group, "ACCESS", START + 30 * DAY, every=60)
        with pytest.raises(ValidationError, match="later phase"):
            services.mentoring_phase_withdraw(actor=actor, phase=first, reason="salah")
        services.mentoring_phase_withdraw(actor=actor, phase=second, reason="salah")
        assert on(group, TODAY) == "STRENGTHENING"
        begin(group, "ACCESS", START + 30 * DAY, every=60)

    def test_an_officer_and_a_stranger_agree_on_nothing(self, group):
        member = make_member(group)
        make_officer(member)
        officer = make_user(Role.OFFICER, organisation=group.organisation, member=member)
        for actor in (officer, make_user(), make_user(Role.STAFF)):
            with pytest.raises(PermissionDenied):
                begin(group, actor=actor)


class TestDependence:
    def why(self, group, day):
        return mentoring_of([group], as_of=day)[group.pk].dependent_why

    def test_a_group_stays_dependent_once_the_agreed_end_is_past(self, group):
        begin(group, days=300, until=310)
        assert self.why(group, START + 310 * DAY) == ""
        assert "mentoring was to end" in self.why(group, START + 311 * DAY)

    def test_a_group_stays_dependent_where_a_phase_lasts_half_as_long_again(self, group):
        begin(group, days=100)
        assert self.why(group, START + 150 * DAY) == ""
        assert "phase was to end" in self.why(group, START + 151 * DAY)

    def test_a_phase_made_longer_is_measured_by_what_was_first_agreed(self, group):
        begin(group, days=100, until=600)
        begin(group, started_on=START + 90 * DAY, days=400, until=600)
        assert "phase was to end" in self.why(group, START + 151 * DAY)

    def test_a_group_whose_mentoring_ended_is_not_dependent(self, group):
        begin(group, days=10, until=20)
        end(group)
        assert self.why(group, TODAY) == ""

    def test_a_new_phase_is_measured_anew(self, group):
        begin(group, days=10, until=1000)
        begin(group, "ACCESS", START + 100 * DAY, days=60, until=900, every=60)
        assert self.why(group, START + 150 * DAY) == ""


class TestEnd:
    def test_the_review_looks_at_the_people_too(self, group):
        begin(group)
        for name in ExitReview.SOCIAL:
            with pytest.raises(ValidationError) as refused:
                end(group, **{name: ""})
            assert name in refused.value.message_dict
        assert on(group, TODAY) == "STRENGTHENING"
        assert end(group).exit_review.voice == "baik"

    def test_only_mentoring_that_goes_on_ends(self, group):
        with pytest.raises(ValidationError):
            end(group)
        begin(group)
        end(group, TODAY - DAY)
        with pytest.raises(ValidationError):
            end(group)
        with pytest.raises(ValidationError):
            begin(make_group(), MentoringStage.ENDED)

    def test_a_form_sent_twice_ends_once(self, group):
        begin(group)
        key = uuid.uuid4()
        assert end(group, key=key) == end(group, key=key)
        with pytest.raises(FormUsed):
            end(group, key=key, voice="lain")


class TestPages:
    def get(self, client, group, path="", **data):
        client.force_login(facilitator_of(group))
        client.cookies["django_language"] = "en"
        address = f"/g/{group.code}/mentoring/{path}"
        return client.post(address, data) if data else client.get(address)

    def test_a_phase_is_agreed_and_shown_with_the_next_visit(self, client, group):
        form = self.get(client, group, "phase/").context["form"]
        data = {
            "key": form["key"].value(), "phase": "STRENGTHENING", "started_on": TODAY - 20 * DAY,
            "planned_until": TODAY + 90 * DAY, "mentoring_until": TODAY + 200 * DAY, "criteria": "Buku rapi",
            "visit_every_days": "14",
        }  # fmt: skip
        assert self.get(client, group, "phase/", **data).status_code == 302
        page = self.get(client, group)
        assert page.context["visit_due_on"] == TODAY - 6 * DAY
        assert "Buku rapi" in page.content.decode()
        make_visit(group, TODAY)
        assert self.get(client, group).context["visit_due_on"] == TODAY + 14 * DAY
        assert "Strengthening" in client.get(f"/g/{group.code}/").content.decode()

    def test_what_is_refused_stands_on_the_form(self, client, group):
        form = self.get(client, group, "phase/").context["form"]
        data = {"key": form["key"].value(), "phase": "ACCESS", "started_on": TODAY, "planned_until": TODAY - DAY,
                "mentoring_until": TODAY, "criteria": "x", "visit_every_days": "14"}  # fmt: skip
        assert "ends after it begins" in self.get(client, group, "phase/", **data).content.decode()

    def test_mentoring_ends_with_a_review_to_print(self, client, group):
        begin(group, days=10, until=20)
        assert "stays dependent" in self.get(client, group).content.decode()
        form = self.get(client, group, "end/").context["form"]
        data = {"key": form["key"].value(), "started_on": TODAY, **REVIEW, "voice": "Ibu-ibu memimpin"}
        answer = self.get(client, group, "end/", **data)
        page = client.get(answer.url).content.decode()
        assert "Ibu-ibu memimpin" in page
        assert "Signatures" in page
        assert "stays dependent" not in self.get(client, group).content.decode()

    def test_the_latest_phase_is_withdrawn_with_a_reason(self, client, group):
        phase = begin(group)
        assert self.get(client, group, f"{phase.pk}/withdraw/", reason="salah").status_code == 302
        assert on(group, TODAY) is None


def test_one_statement_tells_the_phases_of_any_number_of_groups():
    counts = []
    for _round in range(2):
        for _time in range(3):
            group = make_group()
            begin(group)
            begin(group, "ACCESS", START + 9 * DAY, every=60)
        with CaptureQueriesContext(connection) as queries:
            found = mentoring_of(Group.objects.all(), as_of=TODAY)
        counts.append(len(queries))
    assert counts == [1, 1]
    assert {one.agreed.phase for one in found.values()} == {"ACCESS"}
