"""Officers with their terms, and the election form."""

from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from groups.models import OfficerTerm
from tests.factories import facilitator_of, make_group, make_member, make_members, make_officer

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
    assert list(client.get(reverse("officers", args=[group.code])).context["terms"]) == [running, ended]


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
