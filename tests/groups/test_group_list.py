"""The list of groups: who sees which, search, filters, pages, and how many statements it takes."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from groups.models import Role
from tests.factories import facilitator_of, make_group, make_member, make_user, make_village

pytestmark = pytest.mark.django_db
URL = reverse("group-list")


def names(response):
    return [group.name for group in response.context["page"]]


@pytest.fixture
def group(client):
    group = make_group(name="Mawar", code="MAWAR2", village=make_village(), kind="SOCIAL")
    client.force_login(facilitator_of(group))
    return group


def test_it_lists_only_assigned_groups(client, group):
    make_group(name="Elsewhere")
    make_group(make_user(organisation=group.organisation), name="Colleague")
    assert names(client.get(URL)) == ["Mawar"]


def test_staff_see_all_groups_of_their_organisation(client, group):
    make_group(make_user(organisation=group.organisation), name="Anggrek")
    client.force_login(make_user(Role.STAFF, organisation=group.organisation))
    assert names(client.get(URL)) == ["Anggrek", "Mawar"]


@pytest.mark.parametrize("words", ["maw", "MAWAR2", "sukamaju"])
def test_it_finds_by_name_code_and_village(client, group, words):
    make_group(facilitator_of(group), name="Anggrek")
    assert names(client.get(URL, {"q": words})) == ["Mawar"]


def test_it_filters_by_kind_and_status(client, group):
    make_group(facilitator_of(group), name="Anggrek", status="DORMANT")
    assert names(client.get(URL, {"kind": "SOCIAL"})) == ["Mawar"]
    assert names(client.get(URL, {"status": "DORMANT"})) == ["Anggrek"]


def test_nonsense_in_the_filters_is_no_error(client, group):
    response = client.get(URL, {"kind": "X", "status": "'", "page": "-9", "q": "%"})
    assert response.status_code == 200


def test_it_says_when_nothing_matches_and_when_there_is_nothing(client, group):
    assert "Mawar" not in client.get(URL, {"q": "zzz"}).content.decode()
    client.force_login(make_user())
    response = client.get(URL)
    assert response.context["page"].paginator.count == 0
    assert reverse("group-create") in response.content.decode()


def test_it_counts_current_members(client, group):
    make_member(group)
    make_member(group, left_on=group.founded_on)
    assert client.get(URL).context["page"][0].member_count == 1


def test_staff_are_not_offered_to_register(client, group):
    client.force_login(make_user(Role.STAFF, organisation=group.organisation))
    assert reverse("group-create") not in client.get(URL).content.decode()


def test_statements_do_not_grow_with_groups(client, group):
    def count():
        with CaptureQueriesContext(
            connection,
        ) as queries:
            client.get(URL)
        return len(queries)

    before = count()
    for number in range(12):
        make_member(make_group(facilitator_of(group), village=make_village(f"35.19.05.20{number + 10}")))
    assert count() == before <= 6


def test_it_is_paged(client, group):
    for number in range(26):
        make_group(facilitator_of(group), name=f"Melati {number:02}")
    response = client.get(URL, {"q": "Melati"})
    assert len(names(response)) == 25
    assert "?q=Melati&amp;page=2" in response.content.decode()
    assert names(client.get(URL, {"q": "Melati", "page": 2})) == ["Melati 25"]
