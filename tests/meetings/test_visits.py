"""Visits to a group: planned, recorded, withdrawn; its guest book, and what is to follow."""

from __future__ import annotations

import uuid
from datetime import date, timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from groups.models import Role
from groups.services import FormUsed, group_status_change
from kelompok.services.dissolving import group_dissolve
from meetings import selectors, services
from meetings.models import FollowUp, PlannedVisit, Visit
from tests.factories import (
    FOUNDED,
    facilitator_of,
    make_group,
    make_member,
    make_officer,
    make_plan,
    make_user,
    make_visit,
)

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate()
DAY = timedelta(1)


@pytest.fixture
def group():
    return make_group()


def plan(group, planned_on=TODAY + DAY, actor=None, **fields):
    facilitator = facilitator_of(group)
    made = PlannedVisit(**{"planned_on": planned_on, "visitor": facilitator, "task": "SURVEY", **fields})
    return services.visit_plan(actor=actor or facilitator, group=group, plan=made)


def record(group, visited_on=TODAY, actor=None, follow_ups=(), **fields):
    facilitator = facilitator_of(group)
    words = {"visitor": facilitator, "role": "FACILITATOR", "task": "PLANNING", "met": "ketua", **fields}
    visit = Visit(visited_on=visited_on, **words)
    return services.visit_record(actor=actor or facilitator, group=group, visit=visit, follow_ups=follow_ups)


def guest(group, visited_on=TODAY, **fields):
    words = {"visitor": None, "visitor_name": "Pak Lurah", "visitor_office": "Kelurahan", "role": "GUEST"}
    return record(group, visited_on, **{**words, "task": "OTHER", **fields})


def officer_of(group):
    member = make_member(group)
    make_officer(member)
    return make_user(Role.OFFICER, organisation=group.organisation, member=member)


class TestPlan:
    def test_a_plan_is_open_until_its_visit_is_made(self, group):
        planned = plan(group)
        assert list(selectors.planned_visits([group])) == [planned]
        record(group, planned=planned)
        assert not selectors.planned_visits([group]).exists()

    def test_a_plan_is_open_again_when_its_visit_was_a_mistake(self, group):
        planned = plan(group)
        visit = record(group, planned=planned)
        services.visit_withdraw(actor=facilitator_of(group), visit=visit, reason="salah kelompok")
        assert list(selectors.planned_visits([group])) == [planned]
        record(group, planned=planned)

    def test_a_plan_called_off_is_open_no_more_and_cannot_be_carried_out(self, group):
        planned = plan(group)
        services.visit_plan_withdraw(actor=facilitator_of(group), plan=planned)
        assert not selectors.planned_visits([group]).exists()
        with pytest.raises(ValidationError, match="not open"):
            record(group, planned=planned)

    def test_a_plan_that_was_carried_out_is_not_called_off(self, group):
        planned = plan(group)
        record(group, planned=planned)
        assert services.visit_plan_withdraw(actor=facilitator_of(group), plan=planned).withdrawn_at is None

    def test_a_day_that_is_over_is_not_planned(self, group):
        with pytest.raises(ValidationError, match="over"):
            plan(group, TODAY - DAY)

    def test_one_plan_is_carried_out_once(self, group):
        planned = plan(group)
        record(group, planned=planned)
        with pytest.raises(ValidationError, match="not open"):
            record(group, planned=planned)
        with pytest.raises(IntegrityError), transaction.atomic():
            make_visit(group, planned=planned)

    def test_the_plan_of_another_group_is_refused(self, group):
        with pytest.raises(ValidationError, match="not open"):
            record(group, planned=plan(make_group()))
        with pytest.raises(IntegrityError, match="same_group"), transaction.atomic():
            make_visit(group, planned=plan(make_group()))

    def test_a_form_sent_twice_plans_once_and_other_words_are_told(self, group):
        key = uuid.uuid4()
        assert plan(group, key=key) == plan(group, key=key)
        with pytest.raises(FormUsed):
            plan(group, key=key, task="REPORT")


class TestRecord:
    def test_a_form_sent_twice_records_once_with_what_is_to_follow(self, group):
        key = uuid.uuid4()
        for _time in range(2):
            visit = record(group, key=key, follow_ups=[FollowUp(what="Beli buku", who="Ketua", due_on=TODAY + DAY)])
        assert group.visits.get() == visit
        assert [(one.number, one.what) for one in visit.follow_ups.all()] == [(1, "Beli buku")]

    @pytest.mark.parametrize("change", [{"met": "semua"}, {"follow_ups": [FollowUp(what="Lain", due_on=TODAY)]}])
    def test_a_form_that_comes_again_with_other_words_is_told(self, group, change):
        key = uuid.uuid4()
        record(group, key=key)
        with pytest.raises(FormUsed):
            record(group, key=key, **change)

    def test_a_guest_is_a_visit_by_name_and_office(self, group):
        visit = guest(group)
        assert (visit.who, visit.visitor_office) == ("Pak Lurah", "Kelurahan")

    @pytest.mark.parametrize("fields", [{"visitor": None}, {"visitor_name": "Pak Lurah"}])
    def test_a_visit_is_by_somebody_who_signs_in_or_by_a_guest(self, group, fields):
        with pytest.raises(ValidationError):
            record(group, **fields)
        with pytest.raises(IntegrityError, match="visit_visitor"), transaction.atomic():
            make_visit(group, **fields)

    @pytest.mark.parametrize("role", [Role.FACILITATOR, Role.STAFF, Role.ADMIN])
    def test_whoever_works_for_the_organisation_records_visits(self, group, role):
        colleague = make_user(role, organisation=group.organisation)
        actor = colleague if role != Role.FACILITATOR else facilitator_of(group)
        assert record(group, actor=actor, visitor=colleague).visitor == colleague

    def test_an_officer_and_a_stranger_may_not(self, group):
        for actor in (officer_of(group), make_user(Role.STAFF)):
            with pytest.raises(PermissionDenied):
                record(group, actor=actor)
            with pytest.raises(PermissionDenied):
                plan(group, actor=actor)

    def test_nobody_of_another_organisation_nor_an_officer_is_the_visitor(self, group):
        for visitor in (make_user(Role.STAFF), officer_of(group)):
            with pytest.raises(ValidationError, match="works for"):
                record(group, visitor=visitor)
            with pytest.raises(ValidationError, match="works for"):
                plan(group, visitor=visitor)

    def test_a_day_to_come_is_refused(self, group):
        with pytest.raises(ValidationError, match="future"):
            record(group, TODAY + DAY)

    def test_a_group_is_visited_before_its_founding_but_not_years_before(self, group):
        record(group, FOUNDED - timedelta(60))
        with pytest.raises(ValidationError, match="year before"):
            record(group, FOUNDED - timedelta(367))

    def test_what_follows_a_visit_is_due_after_it(self, group):
        with pytest.raises(ValidationError) as refused:
            record(group, follow_ups=[FollowUp(what="Beli buku", due_on=TODAY - DAY)])
        assert list(refused.value.message_dict) == ["due_on_1"]
        assert not Visit.objects.exists()

    def test_after_the_end_nobody_visits_and_a_group_does_not_end_before_its_last_visit(self, group):
        actor = facilitator_of(group)
        record(group, TODAY - 5 * DAY)
        end = {"actor": actor, "group": group, "place": "Balai", "present": "semua", "reason": "bubar", "division": ""}
        with pytest.raises(ValidationError):
            group_dissolve(**end, on=TODAY - 6 * DAY, key=uuid.uuid4())
        group_dissolve(**end, on=TODAY - 4 * DAY, key=uuid.uuid4())
        record(group, TODAY - 4 * DAY)
        for refused in (lambda: record(group), lambda: plan(group)):
            with pytest.raises(ValidationError, match="dissolved"):
                refused()
        for around in (make_visit, make_plan):
            with pytest.raises(IntegrityError, match="after_end"), transaction.atomic():
                around(group, TODAY)


class TestReading:
    def test_a_visit_that_was_withdrawn_counts_for_nothing_and_stays_readable(self, group):
        visit = make_visit(group, TODAY, follow_up="Beli buku")
        services.visit_withdraw(actor=facilitator_of(group), visit=visit, reason="salah kelompok")
        assert selectors.last_visited_on(type(group).objects.all(), as_of=TODAY) == {}
        assert not selectors.follow_ups_open([group]).exists()
        assert not selectors.visits_made(group, as_of=TODAY).exists()
        assert list(selectors.visits_of(group)) == [visit]
        visit.refresh_from_db()
        assert visit.withdrawn_why == "salah kelompok"

    def test_a_guest_is_not_who_accompanies_the_group(self, group):
        record(group, TODAY - 9 * DAY)
        guest(group)
        assert selectors.last_visited_on(type(group).objects.all(), as_of=TODAY) == {group.pk: TODAY - 9 * DAY}

    def test_what_is_done_is_not_to_follow_any_more_and_can_be_opened_again(self, group):
        make_visit(group, TODAY, follow_up="Beli buku")
        follow_up = FollowUp.objects.get()
        for on, count in ((TODAY, 0), (None, 1)):
            services.follow_up_done(actor=facilitator_of(group), group=group, follow_up=follow_up, on=on)
            assert selectors.follow_ups_open([group]).count() == count


class TestPages:
    def get(self, client, group, path="", **data):
        client.force_login(facilitator_of(group))
        client.cookies["django_language"] = "en"
        address = f"/g/{group.code}/visits/{path}"
        return client.post(address, data) if data else client.get(address)

    def form(self, client, group, path="new/", **data):
        form = self.get(client, group, path).context["form"]
        sent = {name: form[name].value() for name in form.fields if form[name].value() is not None}
        return {**{name: getattr(value, "pk", value) for name, value in sent.items()}, **data}

    def test_a_planned_visit_is_recorded_from_its_link(self, client, group):
        data = self.form(client, group, "plan/", planned_on=TODAY.isoformat(), task="SURVEY", purpose="Ukur lahan")
        assert self.get(client, group, "plan/", **data).status_code == 302
        planned = group.planned_visits.get()
        assert f"?plan={planned.pk}" in self.get(client, group).content.decode()
        data = self.form(client, group, f"new/?plan={planned.pk}")
        assert (int(data["planned"]), data["purpose"]) == (planned.pk, "Ukur lahan")
        data |= {"met": "ketua", "advice": "Rapikan buku", "what_1": "Beli buku", "due_on_1": "2030-01-01"}
        answer = self.get(client, group, "new/", **data)
        visit = group.visits.get()
        assert answer.url == f"/g/{group.code}/visits/{visit.pk}/"
        assert visit.planned == planned
        page = client.get(answer.url).content.decode()
        assert "Rapikan buku" in page
        assert "Beli buku" in page
        assert self.get(client, group, "new/", **data).url == answer.url

    def test_what_is_refused_stands_at_its_field(self, client, group):
        data = self.form(client, group, met="ketua", task="SURVEY", visitor="", what_1="Beli buku", who_2="Ketua")
        errors = self.get(client, group, "new/", **data).context["form"].errors
        assert set(errors) == {"visitor", "due_on_1", "what_2"}

    def test_the_guest_book_lists_guests_and_visits_as_page_and_files(self, client, group):
        guest(group, advice="Bagus")
        record(group, purpose="Melihat kas")
        withdrawn = guest(group, visitor_name="Pak Salah")
        services.visit_withdraw(actor=facilitator_of(group), visit=withdrawn, reason="salah")
        page = self.get(client, group, "guest-book/").content.decode()
        file = self.get(client, group, "guest-book/?format=csv").content.decode()
        for text in (page, file):
            assert "Pak Lurah" in text
            assert "Melihat kas" in text
            assert "Pak Salah" not in text
        assert "Signature" in page

    def test_a_visit_is_withdrawn_with_a_reason(self, client, group):
        visit = record(group)
        assert self.get(client, group, f"{visit.pk}/withdraw/", reason="salah").status_code == 302
        assert "Withdrawn" in self.get(client, group, f"{visit.pk}/").content.decode()

    def test_who_accompanies_the_group_sees_plans_and_what_follows_at_home(self, client, group):
        make_plan(group, TODAY + DAY, purpose="Ukur lahan")
        make_plan(group, TODAY + DAY, purpose="Orang lain", visitor=make_user(organisation=group.organisation))
        make_visit(group, TODAY, follow_up="Beli buku")
        home = self.get(client, group).client.get("/").content.decode()
        assert "Ukur lahan" in home
        assert "Orang lain" not in home
        assert "Beli buku" not in home
        make_visit(group, TODAY - 10 * DAY, follow_up="Beli kas")
        assert "Beli kas" in client.get("/").content.decode()

    def test_calendar_and_group_page_say_what_is_planned(self, client, group):
        make_plan(group, TODAY + DAY, purpose="Ukur lahan")
        make_visit(group, date(2026, 1, 5))
        self.get(client, group)
        assert "Ukur lahan" in client.get(f"/g/{group.code}/calendar/").content.decode()
        assert "Last visited on" in client.get(f"/g/{group.code}/").content.decode()

    def test_an_officer_reads_visits_and_sees_no_buttons(self, client, group):
        visit = make_visit(group, TODAY, follow_up="Beli buku")
        make_plan(group, TODAY)
        client.force_login(officer_of(group))
        for path in ("", f"{visit.pk}/", "guest-book/"):
            page = client.get(f"/g/{group.code}/visits/{path}").content.decode()
            assert "visits/new/" not in page
            assert "done/" not in page
            assert "withdraw/" not in page

    def test_statements_do_not_grow_with_the_visits(self, client, group):
        counts = []
        make_plan(group, TODAY)
        for _round in range(2):
            for number in range(4):
                make_visit(group, TODAY - number * DAY, follow_up="Beli buku")
                make_plan(group, TODAY + number * DAY)
            with CaptureQueriesContext(connection) as queries:
                for path in ("", "guest-book/"):
                    self.get(client, group, path)
                client.get("/")
            counts.append(len(queries))
        assert counts[0] == counts[1]


def test_a_group_that_sleeps_is_visited_all_the_same(group):
    group_status_change(actor=facilitator_of(group), group=group, status="DORMANT", on=TODAY, reason="panen")
    assert record(group).group == group
