"""A wrong election is put right: another day, or it never was."""

from datetime import date, timedelta

import pytest
from auditlog.models import LogEntry
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from groups import services
from groups.models import OfficerRole, OfficerTerm, Role
from tests.factories import FOUNDED, facilitator_of, make_group, make_member, make_members, make_officer, make_user

pytestmark = pytest.mark.django_db
FEBRUARY, MARCH, APRIL, MAY = date(2025, 2, 4), date(2025, 3, 4), date(2025, 4, 1), date(2025, 5, 6)
TOMORROW = timezone.localdate() + timedelta(1)


@pytest.fixture
def group():
    group = make_group()
    make_members(group, 3)
    return group


@pytest.fixture
def people(group):
    return list(group.members.order_by("number"))


def elect(group, on, **elected):
    services.officers_elect(
        actor=facilitator_of(group), group=group, elected={OfficerRole(r): m for r, m in elected.items()}, on=on
    )


def term_of(member, role="KETUA"):
    return OfficerTerm.objects.filter(member=member, role=role).latest("pk")


def days(member, role="KETUA"):
    term = term_of(member, role)
    return term.started_on, term.ended_on


def redate(term, on, *, whole=False, reason="salah tanggal"):
    return services.term_redate(
        actor=facilitator_of(term.group), term=term, started_on=on, whole_election=whole, reason=reason
    )


def remove(term, *, whole=False):
    services.term_remove(actor=facilitator_of(term.group), term=term, whole_election=whole, reason="tidak terjadi")


class TestRedate:
    @pytest.mark.parametrize("on", [FEBRUARY, MAY])
    def test_the_term_before_ends_on_the_right_day(self, group, people, on):
        a, b, _c = people
        elect(group, FOUNDED, KETUA=a)
        elect(group, APRIL, KETUA=b)
        redate(term_of(b), on)
        assert (days(a), days(b)) == ((FOUNDED, on), (on, None))

    @pytest.mark.parametrize("on", [FEBRUARY, MAY])
    def test_officers_who_changed_places_move_together(self, group, people, on):
        a, b, _c = people
        elect(group, FOUNDED, KETUA=a, BENDAHARA=b)
        elect(group, APRIL, KETUA=b, BENDAHARA=a)
        redate(term_of(b), on, whole=True)
        assert days(a) == days(b, "BENDAHARA") == (FOUNDED, on)
        assert days(b) == days(a, "BENDAHARA") == (on, None)

    def test_alone_one_of_them_cannot_move_into_the_others_office(self, group, people):
        a, b, _c = people
        elect(group, FOUNDED, KETUA=a, BENDAHARA=b)
        elect(group, APRIL, KETUA=b, BENDAHARA=a)
        with pytest.raises(ValidationError) as refusal:
            redate(term_of(b), MARCH)
        assert list(refusal.value.message_dict) == ["started_on"]

    def test_whoever_left_does_not_hold_the_office_longer(self, group, people):
        a, b, _c = people
        elect(group, FOUNDED, KETUA=a)
        services.member_leave(actor=facilitator_of(group), member=a, left_on=MARCH)
        elect(group, MARCH, KETUA=b)
        redate(term_of(b), APRIL)
        assert (days(a), days(b)) == ((FOUNDED, MARCH), (APRIL, None))

    def test_other_offices_stay_unless_told(self, group, people):
        a, b, _c = people
        elect(group, MARCH, KETUA=a, BENDAHARA=b)
        redate(term_of(a), APRIL)
        assert days(b, "BENDAHARA") == (MARCH, None)

    def test_the_same_correction_twice_is_one(self, group, people):
        elect(group, MARCH, KETUA=people[0])
        redate(term_of(people[0]), APRIL)
        assert redate(term_of(people[0]), APRIL) == []
        assert LogEntry.objects.filter(additional_data__isnull=False).count() == 1

    @pytest.mark.parametrize("on", [TOMORROW, FOUNDED - timedelta(1), date(1, 1, 1), date.max])
    def test_a_day_to_come_or_before_the_member_joined_is_refused(self, group, people, on):
        elect(group, MARCH, KETUA=people[0])
        with pytest.raises(ValidationError) as refusal:
            redate(term_of(people[0]), on)
        assert list(refusal.value.message_dict) == ["started_on"]
        assert days(people[0]) == (MARCH, None)

    def test_a_day_after_the_term_ended_is_refused(self, group, people):
        a, b, _c = people
        elect(group, MARCH, KETUA=a)
        elect(group, APRIL, KETUA=b)
        with pytest.raises(ValidationError):
            redate(term_of(a), MAY)

    def test_a_day_before_the_term_before_began_is_refused(self, group, people):
        a, b, _c = people
        elect(group, MARCH, KETUA=a)
        elect(group, APRIL, KETUA=b)
        with pytest.raises(ValidationError):
            redate(term_of(b), FEBRUARY)

    def test_a_day_in_an_earlier_office_of_the_member_is_refused(self, group, people):
        a, b, _c = people
        elect(group, FEBRUARY, BENDAHARA=a)
        elect(group, APRIL, BENDAHARA=b)
        elect(group, APRIL, KETUA=a)
        with pytest.raises(ValidationError):
            redate(term_of(a), MARCH)

    def test_staff_and_strangers_may_not(self, group, people):
        elect(group, MARCH, KETUA=people[0])
        for actor in (make_user(Role.STAFF, organisation=group.organisation), make_user()):
            with pytest.raises(PermissionDenied):
                services.term_redate(
                    actor=actor, term=term_of(people[0]), started_on=APRIL, whole_election=False, reason="x"
                )


class TestRemove:
    def test_whoever_held_the_office_before_holds_it_on(self, group, people):
        a, b, c = people
        elect(group, FOUNDED, KETUA=a)
        elect(group, MARCH, KETUA=b)
        elect(group, APRIL, KETUA=c)
        remove(term_of(b))
        assert (days(a), days(c)) == ((FOUNDED, APRIL), (APRIL, None))
        remove(term_of(c))
        assert days(a) == (FOUNDED, None)

    def test_the_first_holder_leaves_the_office_empty(self, group, people):
        elect(group, MARCH, KETUA=people[0])
        remove(term_of(people[0]))
        assert not OfficerTerm.objects.exists()

    def test_the_whole_election_is_removed(self, group, people):
        a, b, c = people
        elect(group, FOUNDED, KETUA=a, BENDAHARA=b)
        elect(group, MARCH, KETUA=b, BENDAHARA=a, SEKRETARIS=c)
        remove(term_of(b), whole=True)
        assert days(a) == days(b, "BENDAHARA") == (FOUNDED, None)
        assert OfficerTerm.objects.count() == 2

    def test_two_elections_of_one_day_are_removed_together(self, group, people):
        a, b, c = people
        elect(group, FOUNDED, KETUA=a)
        elect(group, MARCH, KETUA=b)
        elect(group, MARCH, KETUA=c)
        remove(term_of(c), whole=True)
        assert days(a) == (FOUNDED, None)
        assert OfficerTerm.objects.count() == 1

    def test_nobody_gets_a_second_office_back(self, group, people):
        a, b, _c = people
        elect(group, FOUNDED, KETUA=a)
        elect(group, MARCH, KETUA=b, BENDAHARA=a)
        remove(term_of(b))
        assert (days(a), days(a, "BENDAHARA")) == ((FOUNDED, MARCH), (MARCH, None))

    def test_nobody_who_left_gets_the_office_back_for_longer(self, group, people):
        a, b, _c = people
        elect(group, FOUNDED, KETUA=a)
        elect(group, MARCH, KETUA=b)
        services.member_leave(actor=facilitator_of(group), member=a, left_on=APRIL)
        remove(term_of(b))
        assert days(a) == (FOUNDED, APRIL)

    def test_a_term_removed_meanwhile_is_told(self, group, people):
        elect(group, MARCH, KETUA=people[0])
        term = term_of(people[0])
        OfficerTerm.objects.all().delete()
        with pytest.raises(ValidationError):
            remove(term)


@pytest.mark.parametrize("changed", [{"role": "BENDAHARA"}, {"member": 1}])
def test_the_database_refuses_terms_that_overlap(people, changed):
    """The same office and the same member, also where both terms have ended."""
    make_officer(people[0], started_on=FEBRUARY, ended_on=APRIL)
    role, member = changed.get("role", "KETUA"), people[changed.get("member", 0)]
    with pytest.raises(IntegrityError, match="overlap"), transaction.atomic():
        make_officer(member, role, started_on=MARCH, ended_on=MAY)
    later = make_officer(member, role, started_on=APRIL)
    with pytest.raises(IntegrityError, match="overlap"), transaction.atomic():
        OfficerTerm.objects.filter(pk=later.pk).update(started_on=MARCH)


class TestPage:
    @pytest.fixture
    def term(self, client, group, people):
        client.force_login(facilitator_of(group))
        elect(group, MARCH, KETUA=people[0], BENDAHARA=people[1])
        return term_of(people[0])

    def post(self, client, term, **fields):
        fields = {"what": "day", "started_on": "2025-04-01", "reason": "salah tulis", **fields}
        return client.post(reverse("term-correct", args=[term.group.code, term.pk]), fields)

    def test_it_corrects_the_day_of_the_whole_election(self, client, term):
        assert self.post(client, term, whole_election="on").url == reverse("officers", args=[term.group.code])
        assert set(OfficerTerm.objects.values_list("started_on", flat=True)) == {APRIL}

    def test_it_removes_one_term(self, client, term, people):
        self.post(client, term, what="all", started_on="")
        assert list(OfficerTerm.objects.values_list("member", flat=True)) == [people[1].pk]

    def test_the_officers_page_says_who_when_and_why(self, client, term, people):
        self.post(client, term)
        self.post(client, term_of(people[1], "BENDAHARA"), what="all", reason="tidak pernah dipilih")
        page = client.get(reverse("officers", args=[term.group.code]))
        removed, moved = page.context["corrections"]
        assert (removed.member, removed.now, removed.reason) == (people[1].name, None, "tidak pernah dipilih")
        assert (moved.was.started_on, moved.now.started_on) == (MARCH, APRIL)
        assert moved.by == str(facilitator_of(term.group))
        assert "salah tulis" in page.content.decode()

    def test_corrections_of_another_group_are_not_shown(self, client, term):
        self.post(client, term)
        other = make_member(make_group(facilitator_of(term.group))).group
        assert client.get(reverse("officers", args=[other.code])).context["corrections"] == []

    def test_the_other_offices_of_the_day_are_offered_only_where_there_are_some(self, client, term):
        page = client.get(reverse("term-correct", args=[term.group.code, term.pk]))
        assert "whole_election" in page.context["form"].fields
        self.post(client, term)
        page = client.get(reverse("term-correct", args=[term.group.code, term.pk]))
        assert "whole_election" not in page.context["form"].fields

    @pytest.mark.parametrize(
        ("field", "value"),
        [("started_on", ""), ("started_on", "x"), ("started_on", TOMORROW.isoformat()), ("started_on", "2024-01-01"),
         ("reason", " "), ("reason", "x" * 201), ("what", "nothing")],
    )  # fmt: skip
    def test_bad_input_is_told_and_nothing_is_written(self, client, term, field, value):
        response = self.post(client, term, **{field: value})
        assert list(response.context["form"].errors) == [field]
        assert set(OfficerTerm.objects.values_list("started_on", flat=True)) == {MARCH}

    def test_a_removal_sent_twice_is_one(self, client, term):
        self.post(client, term, what="all")
        assert self.post(client, term, what="all").status_code == 302
        assert OfficerTerm.objects.count() == 1

    def test_statements_do_not_grow_with_corrections(self, client, term):
        def count():
            with CaptureQueriesContext(connection) as queries:
                client.get(reverse("officers", args=[term.group.code]))
            return len(queries)

        self.post(client, term)
        before = count()
        for month in range(5, 10):
            self.post(client, term, started_on=f"2025-{month:02}-01")
        assert count() == before
