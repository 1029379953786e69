"""Officers with their terms, and the election form."""

from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from groups.models import OfficerTerm
from tests.factories import facilitator_of, make_group, make_member, make_members, make_officer
from tests.finance.pages import signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def group(client):
    group = make_group()
    client.force_login(facilitator_of(group))
    return group


def elect(client, group, **fields):
    fields = {"started_on": "2025-03-04", **{role: m.pk if hasattr(m, "pk") else m for role, m in fields.items()}}
    return client.post(reverse("election", args=[group.code]), fields)


def test_it_elects(client, group):
    a, b = make_members(group, 2)
    assert elect(client, group, KETUA=a, BENDAHARA=b).url == reverse("officers", args=[group.code])
    assert set(OfficerTerm.objects.values_list("role", "member")) == {("KETUA", a.pk), ("BENDAHARA", b.pk)}


class TestLeadership:
    """What is worth a question about who leads, on the page of the officers."""

    @pytest.fixture
    def client(self, group):
        return signed_in(facilitator_of(group))

    @pytest.fixture
    def group(self):
        return make_group(founded_on=date(2015, 1, 6))

    def said(self, client, group):
        return [notice.sentence for notice in client.get(reverse("officers", args=[group.code])).context["notices"]]

    def test_nothing_is_asked_of_a_group_that_elected_lately(self, client, group):
        make_officer(make_members(group, 1)[0], started_on=date(2026, 1, 1))
        assert self.said(client, group) == []

    def test_terms_that_are_over_and_who_leads_for_long_are_named(self, client, group):
        siti = make_member(group, "Siti Aminah")
        make_officer(siti, started_on=date(2016, 1, 1), ended_on=date(2019, 1, 1))
        make_officer(siti, started_on=date(2019, 1, 1))
        assert self.said(client, group) == [
            "The term is over: Ketua (chair).", "In office for two terms or longer: Siti Aminah.",
        ]  # fmt: skip
        (running, _ended) = client.get(reverse("officers", args=[group.code])).context["terms"]
        assert (running.until, running.is_over) == (date(2022, 1, 1), True)

    def test_that_no_woman_leads_is_said_with_the_question(self, client, group):
        people = [make_member(group, gender=gender) for gender in "PLPLPL"]
        make_officer(people[-1], started_on=date(2026, 1, 1))
        assert self.said(client, group) == ["3 women are members, and none holds an office."]
        assert "Do women speak in the meetings?" in client.get(reverse("officers", args=[group.code])).content.decode()

    def test_no_more_statements_with_more_terms(self, client, group):
        people = make_members(group, 8)
        make_officer(people[0])

        def count():
            with CaptureQueriesContext(connection) as queries:
                client.get(reverse("officers", args=[group.code]))
            return len(queries)

        few = count()
        for number, member in enumerate(people[1:]):
            days = [date(2025, 2, 1) + timedelta(30 * step) for step in (number, number + 1)]
            make_officer(member, "BENDAHARA", started_on=days[0], ended_on=days[1])
        assert count() == few


def test_the_same_form_twice_is_one_election(client, group):
    (a,) = make_members(group, 1)
    elect(client, group, KETUA=a)
    assert elect(client, group, KETUA=a).status_code == 302
    assert OfficerTerm.objects.count() == 1


def test_one_person_in_two_offices_is_told(client, group):
    (a,) = make_members(group, 1)
    assert list(elect(client, group, KETUA=a, BENDAHARA=a).context["form"].errors) == ["BENDAHARA"]


def test_an_election_of_nobody_is_told(client, group):
    assert elect(client, group).context["form"].non_field_errors()


@pytest.mark.parametrize("on", ["", "2999-01-01", "2024-12-01", "x"])
def test_a_bad_date_is_told_and_nothing_is_written(client, group, on):
    (a,) = make_members(group, 1)
    assert elect(client, group, KETUA=a, started_on=on).context["form"].errors
    assert not OfficerTerm.objects.exists()


def test_strangers_and_people_who_left_cannot_be_chosen(client, group):
    left = make_member(group, left_on=date(2025, 2, 4))
    stranger = make_member(make_group())
    for person in (left, stranger, "abc"):
        assert list(elect(client, group, KETUA=person).context["form"].errors) == ["KETUA"]


def test_running_terms_come_before_ended_ones(client, group):
    a, b = make_members(group, 2)
    ended = make_officer(a, ended_on=date(2025, 3, 4))
    running = make_officer(b, started_on=date(2025, 3, 4))
    shown = client.get(reverse("officers", args=[group.code])).context["terms"]
    assert [(row.term, row.until, row.is_over) for row in shown] == [
        (running, date(2028, 3, 4), False),
        (ended, None, False),
    ]


def test_statements_do_not_grow_with_terms(client, group):
    def count():
        with CaptureQueriesContext(connection) as queries:
            client.get(reverse("officers", args=[group.code]))
        return len(queries)

    a, b = make_members(group, 2)
    make_officer(a, ended_on=date(2025, 2, 4))
    before = count()
    for month in range(2, 8):
        make_officer(b, started_on=date(2025, month, 4), ended_on=date(2025, month + 1, 4))
    assert count() == before
