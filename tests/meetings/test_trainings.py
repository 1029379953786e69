"""Trainings: what was taught, who took part, their lists, and whom they reached."""

from __future__ import annotations

import uuid
from datetime import date, timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from groups.models import Group, Role
from groups.services import FormUsed
from kelompok.selectors.month_report import month_of
from kelompok.services import member_leave
from kelompok.services.dissolving import group_dissolve
from meetings import selectors, services
from meetings.models import Training, TrainingParticipant
from tests.factories import (
    FOUNDED,
    facilitator_of,
    make_group,
    make_member,
    make_members,
    make_training,
    make_user,
    make_visit,
)

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate()
DAY = timedelta(1)


@pytest.fixture
def group():
    return make_group(name="Anggrek")


@pytest.fixture
def members(group):
    return [make_member(group, "Ani", gender="P"), make_member(group, "Budi", gender="L")]


def record(group, members, held_on=TODAY, actor=None, **fields):
    words = {"subject": "Pembukuan", "trainer": "Bu Ratna", "hours": 3, **fields}
    training = Training(held_on=held_on, **words)
    return services.training_record(
        actor=actor or facilitator_of(group), group=group, training=training, members=members
    )


class TestRecord:
    def test_a_training_sent_twice_is_one_and_other_words_or_people_are_told(self, group, members):
        key = uuid.uuid4()
        assert record(group, members, key=key) == record(group, members, key=key)
        for change in ({"members": members[:1]}, {"members": members, "hours": 4}):
            with pytest.raises(FormUsed):
                record(group, key=key, **change)
        assert group.trainings.get().participants.count() == 2

    def test_who_takes_part_belongs_to_the_group_on_the_day(self, group, members):
        late = make_member(group, "Cici", joined_on=TODAY - 5 * DAY)
        record(group, [late], TODAY - 5 * DAY)
        with pytest.raises(ValidationError) as refused:
            record(group, [members[0], late], TODAY - 6 * DAY)
        assert list(refused.value.message_dict) == ["members"]
        assert "Cici" in str(refused.value)
        with pytest.raises(IntegrityError, match="membership"), transaction.atomic():
            make_training(group, late, held_on=TODAY - 6 * DAY)

    def test_a_member_of_another_group_is_refused(self, group):
        stranger = make_member(make_group())
        with pytest.raises(IntegrityError, match="same_group"), transaction.atomic():
            make_training(group, stranger)
        training = make_training(group)
        with pytest.raises(IntegrityError, match="same_group"), transaction.atomic():
            TrainingParticipant.objects.create(group=stranger.group, training=training, member=stranger)

    def test_somebody_took_part(self, group):
        with pytest.raises(ValidationError) as refused:
            record(group, [])
        assert list(refused.value.message_dict) == ["members"]

    @pytest.mark.parametrize("held_on", [TODAY + DAY, FOUNDED - DAY])
    def test_a_day_that_cannot_be_is_refused_at_its_field(self, group, members, held_on):
        with pytest.raises(ValidationError) as refused:
            record(group, members, held_on)
        assert list(refused.value.message_dict) == ["held_on"]

    @pytest.mark.parametrize("fields", [{"hours": 0}, {"hours": 501}, {"guests": 1_001}, {"subject": ""}])
    def test_numbers_and_words_that_cannot_be_are_refused(self, group, members, fields):
        with pytest.raises(ValidationError) as refused:
            record(group, members, **fields)
        assert list(refused.value.message_dict) == list(fields)
        with pytest.raises(IntegrityError), transaction.atomic():
            make_training(group, **fields)

    def test_a_visit_of_another_day_or_group_or_withdrawn_is_refused(self, group, members):
        with pytest.raises(ValidationError, match="day of the visit"):
            record(group, members, visit=make_visit(group, TODAY - DAY))
        with pytest.raises(ValidationError, match="withdrawn"):
            record(group, members, visit=make_visit(make_group(), TODAY))
        visit = make_visit(group, TODAY)
        services.visit_withdraw(actor=facilitator_of(group), visit=visit, reason="salah")
        with pytest.raises(ValidationError, match="withdrawn"):
            record(group, members, visit=visit)

    def test_a_visit_with_a_training_is_withdrawn_after_it(self, group, members):
        visit = make_visit(group, TODAY, task="TRAINING")
        training = record(group, members, visit=visit)
        by = facilitator_of(group)
        with pytest.raises(ValidationError, match="withdraw the training first"):
            services.visit_withdraw(actor=by, visit=visit, reason="salah")
        services.training_withdraw(actor=by, training=training, reason="salah")
        services.visit_withdraw(actor=by, visit=visit, reason="salah")
        visit.refresh_from_db()
        assert visit.withdrawn_why == "salah"

    def test_officers_and_strangers_may_not(self, group, members):
        officer = make_user(Role.OFFICER, organisation=group.organisation, member=members[0])
        for actor in (officer, make_user(Role.STAFF)):
            with pytest.raises(PermissionDenied):
                record(group, members, actor=actor)

    def test_a_member_does_not_leave_nor_a_group_end_before_its_training(self, group, members):
        record(group, members, TODAY - 5 * DAY)
        by = facilitator_of(group)
        with pytest.raises(ValidationError):
            member_leave(actor=by, member=members[0], left_on=TODAY - 6 * DAY, key=uuid.uuid4())
        end = {"actor": by, "group": group, "place": "Balai", "present": "semua", "reason": "bubar", "division": ""}
        with pytest.raises(ValidationError):
            group_dissolve(**end, on=TODAY - 6 * DAY, key=uuid.uuid4())
        group_dissolve(**end, on=TODAY - 4 * DAY, key=uuid.uuid4())
        with pytest.raises(ValidationError, match="dissolved"):
            record(group, members)
        with pytest.raises(IntegrityError, match="after_end"), transaction.atomic():
            make_training(group, held_on=TODAY)


class TestReached:
    def test_each_member_is_counted_once_and_each_time_in_the_sum(self, group, members):
        ani, budi = members
        other = make_group(facilitator_of(group))
        make_training(group, ani, budi, held_on=TODAY - 2 * DAY, guests=2)
        make_training(group, ani, held_on=TODAY)
        make_training(other, make_member(other, gender="P"), held_on=TODAY)
        mistake = make_training(group, budi, held_on=TODAY)
        services.training_withdraw(actor=facilitator_of(group), training=mistake, reason="salah")
        held = selectors.trainings_held(Group.objects.all(), start=TODAY - 2 * DAY, end=TODAY)
        assert selectors.reached_by(held) == selectors.Reached(
            trainings=3, groups=2, members=3, women=2, took_part=4, women_took_part=3, guests=2, hours=9
        )
        counts = [(one.members, one.women) for one in selectors.with_counts(held)]
        assert counts == [(1, 1), (1, 1), (2, 1)]
        assert selectors.reached_by(selectors.trainings_held([group], end=FOUNDED - DAY)).members == 0

    def test_the_trainings_of_a_member_are_those_up_to_the_day(self, group, members):
        first = make_training(group, members[0], held_on=TODAY - DAY)
        make_training(group, members[1], held_on=TODAY - DAY)
        make_training(group, members[0], held_on=TODAY)
        assert list(selectors.trainings_of_member(members[0], as_of=TODAY - DAY)) == [first]

    def test_the_report_of_the_month_tells_them_and_visits_without_a_record(self, group, members):
        month = TODAY.replace(day=1)
        visit = make_visit(group, month, task="TRAINING", purpose="Ternak")
        person = facilitator_of(group)
        assert [one.pk for one in month_of(person, person, month).trainings] == [visit.pk]
        make_training(group, *members, held_on=month, visit=visit, subject="Pakan ayam")
        told = month_of(person, person, month)
        assert told.trainings == []
        assert "Trainings: 1" in told.words
        assert "Pakan ayam (Bu Ratna), members: 2, women: 1" in told.words


class TestPages:
    def get(self, client, group, path, person=None, **data):
        client.force_login(person or facilitator_of(group))
        client.cookies["django_language"] = "en"
        return client.post(path, data) if data else client.get(path)

    def test_a_training_is_recorded_from_its_visit(self, client, group, members):
        visit = make_visit(group, TODAY - DAY, task="TRAINING", purpose="Ternak ayam")
        shown = self.get(client, group, f"/g/{group.code}/visits/{visit.pk}/").content.decode()
        path = f"/g/{group.code}/trainings/new/?visit={visit.pk}"
        assert path in shown
        form = self.get(client, group, path).context["form"]
        data = {name: form[name].value() for name in ("key", "held_on", "subject", "trainer", "guests")}
        assert (data["subject"], data["held_on"]) == ("Ternak ayam", visit.visited_on)
        answer = self.get(client, group, path, **data, hours=2, members=[members[0].pk])
        made = group.trainings.get()
        assert (answer.url, made.visit) == (f"/g/{group.code}/trainings/{made.pk}/", visit)
        assert self.get(client, group, path, **data, hours=2, members=[members[0].pk]).url == answer.url
        page = client.get(answer.url).content.decode()
        assert "Ani" in page
        assert "Budi" not in page
        assert "Signature" in page
        for address in (f"visits/{visit.pk}/", "visits/", f"members/{members[0].pk}/"):
            assert "Ternak ayam" in client.get(f"/g/{group.code}/{address}").content.decode()
        assert "Ternak ayam" not in client.get(f"/g/{group.code}/members/{members[1].pk}/").content.decode()

    def test_what_is_refused_stands_at_its_field_and_entries_are_kept(self, client, group, members):
        path = f"/g/{group.code}/trainings/new/"
        sent = {"key": uuid.uuid4(), "held_on": TODAY.isoformat(), "subject": "Kas", "trainer": "Bu Ratna", "guests": 0}
        stranger = make_member(make_group())
        bad = (
            ({"hours": 0, "members": [members[0].pk]}, "hours"),
            ({"hours": "x", "members": [members[0].pk]}, "hours"),
            ({"hours": 2}, "members"),
            ({"hours": 2, "members": [stranger.pk]}, "members"),
            ({"hours": 2, "members": ["x", "9" * 30]}, "members"),
            ({"hours": 2, "members": [members[0].pk], "held_on": "2025-02-30"}, "held_on"),
        )
        for change, field in bad:
            answer = self.get(client, group, path, **{**sent, **change})
            assert answer.status_code in {200, 409, 422}
            assert list(answer.context["form"].errors) == [field]
            assert answer.context["form"]["subject"].value() == "Kas"
        assert not Training.objects.exists()

    def test_the_visit_of_another_group_or_none_is_not_found(self, client, group):
        for asked in (make_visit(make_group(), TODAY).pk, "x", "9" * 30, "²"):
            assert self.get(client, group, f"/g/{group.code}/trainings/new/?visit={asked}").status_code == 404

    def test_a_training_withdrawn_counts_for_nothing_and_stays_readable(self, client, group, members):
        training = make_training(group, *members, held_on=TODAY)
        path = f"/g/{group.code}/trainings/{training.pk}/"
        assert self.get(client, group, path + "withdraw/", reason="salah").status_code == 302
        assert "Withdrawn" in client.get(path).content.decode()
        assert "Pembukuan" not in client.get(f"/g/{group.code}/visits/").content.decode()

    def test_the_blank_list_has_the_members_of_the_day_and_lines_for_guests(self, client, group, members):
        make_member(group, "Cici", joined_on=TODAY)
        path = f"/g/{group.code}/trainings/attendance/"
        assert "Cici" in self.get(client, group, path).content.decode()
        page = client.get(f"{path}?on={TODAY - DAY}").content.decode()
        assert "Ani" in page
        assert "Guest 5" in page
        assert "Cici" not in page

    def test_its_pages_stand_under_mentoring(self, client, group, members):
        training = make_training(group, *members)
        for path in (f"trainings/{training.pk}/", "trainings/attendance/", "visits/guest-book/"):
            page = self.get(client, group, f"/g/{group.code}/{path}").content.decode()
            assert f'<a href="/g/{group.code}/visits/" aria-current="page">' in page

    def test_staff_see_the_trainings_of_a_period_in_groups_they_may_see(self, client, group, members):
        make_training(group, *members, held_on=TODAY)
        make_training(group, members[1], held_on=date(TODAY.year - 1, 5, 5), subject="Lama")
        make_training(make_group(), held_on=TODAY, subject="Orang lain")
        staff = make_user(Role.STAFF, organisation=group.organisation)
        page = self.get(client, group, "/trainings/", staff).content.decode()
        assert "2 members reached, 1 of them women" in page
        for query in ("", "?format=csv"):
            text = client.get(f"/trainings/{query}").content.decode()
            assert "Pembukuan" in text
            assert "Lama" not in text
            assert "Orang lain" not in text
        assert "Lama" in client.get(f"/trainings/?start={TODAY.year - 1}-01-01").content.decode()
        assert client.get("/trainings/?format=xlsx").status_code == 200
        assert "No training" in client.get("/trainings/?start=2001-01-01&end=2001-02-01").content.decode()

    def test_statements_do_not_grow_with_trainings_members_and_groups(self, client, group, members):
        staff, counts = make_user(Role.STAFF, organisation=group.organisation), []
        client.force_login(staff)
        client.get(f"/g/{group.code}/members/{members[0].pk}/")
        for _round in range(2):
            other = make_group(facilitator_of(group))
            make_members(other, 4)
            make_training(other, *other.members.all(), held_on=TODAY)
            for _time in range(3):
                training = make_training(group, *members, held_on=TODAY)
            with CaptureQueriesContext(connection) as queries:
                self.get(client, group, "/trainings/", staff)
                for path in ("visits/", f"trainings/{training.pk}/", "trainings/attendance/", "trainings/new/"):
                    self.get(client, group, f"/g/{group.code}/{path}", staff)
                self.get(client, group, f"/g/{group.code}/members/{members[0].pk}/", staff)
            counts.append(len(queries))
        assert counts[0] == counts[1]
