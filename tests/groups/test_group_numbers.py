"""The number of a group in its organisation, and its address by code."""

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from groups import services
from groups.models import Group, Role
from tests.factories import FOUNDED, facilitator_of, first_tuesdays, make_group, make_organisation, make_user
from tests.groups.test_races import at_once

pytestmark = pytest.mark.django_db


def register(actor, name="Mawar"):
    return services.group_register(actor=actor, group=Group(name=name, founded_on=FOUNDED), rhythm=first_tuesdays())


def test_groups_of_an_organisation_are_numbered_one_after_the_other():
    actor, other = make_user(), make_user()
    assert [register(who).number_shown for who in (actor, actor, other, actor)] == [
        "KSM-0001", "KSM-0002", "KSM-0001", "KSM-0003",
    ]  # fmt: skip


def test_the_organisation_sets_the_prefix():
    organisation = make_organisation()
    organisation.group_prefix = "BDN"
    organisation.save()
    group = register(make_user(organisation=organisation))
    assert group.number_shown == "BDN-0001"


@pytest.mark.parametrize("prefix", ["ksm", "K-M", "1A", "ABCDEFGHI"])
def test_administrators_write_a_prefix_in_capital_letters_and_digits(client, prefix):
    admin = make_user(Role.ADMIN)
    client.force_login(admin)
    url = reverse("admin:groups_organisation_change", args=[admin.organisation.pk])
    response = client.post(url, {"name": "Yayasan Baru", "group_prefix": prefix})
    assert "group_prefix" in response.context["adminform"].errors
    assert client.post(url, {"name": "Yayasan Baru", "group_prefix": "KM2"}).status_code == 302
    admin.organisation.refresh_from_db()
    assert admin.organisation.group_prefix == "KM2"


def test_the_database_gives_a_number_once_in_an_organisation():
    group = make_group()
    other = make_group(facilitator_of(group))
    for number in (group.number, 0):
        with pytest.raises(IntegrityError), transaction.atomic():
            Group.objects.filter(pk=other.pk).update(number=number)


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("committed_db")
def test_groups_registered_at_once_get_different_numbers():
    organisation = make_organisation()
    actors = [make_user(organisation=organisation) for _number in range(8)]
    numbers = [group.number for group in at_once(lambda number: register(actors[number]))]
    assert sorted(numbers) == list(range(1, 9))


@pytest.fixture
def group(client):
    group = make_group(name="Berkah Jum’at", code="MAWAR2")
    client.force_login(facilitator_of(group))
    return group


def test_a_group_opens_by_its_code_in_any_case(client, group):
    response = client.get("/g/mawar2/meetings/?page=2")
    assert (response.status_code, response.url) == (302, "/g/MAWAR2/meetings/?page=2")
    assert client.get("/g/Mawar2/").url == "/g/MAWAR2/"
    assert client.get("/g/MAWAR2/").status_code == 200


def test_a_form_sent_to_the_code_in_small_letters_is_not_lost(client, group):
    response = client.post("/g/mawar2/members/new/", {"name": ""})
    assert response.status_code == 200
    assert response.context["form"].errors


def test_a_foreign_group_is_not_found_in_any_case(client, group):
    make_group(code="ASING3")
    for code in ("asing3", "ASING3", "tiada9"):
        assert client.get(f"/g/{code}/").status_code == 404


@pytest.mark.parametrize(
    "words",
    ["jum'at", "JUMAT", "berkah  jum’at", "bérkah", "berkahjumat", "mawar2", "KSM-0001", "ksm 1", "ksm0001", "1"],
)
def test_search_finds_by_name_code_and_number_however_written(client, group, words):
    make_group(facilitator_of(group), name="Anggrek", code="ANGGR3")
    page = client.get(reverse("group-list"), {"q": words}).context["page"]
    assert [found.name for found in page] == ["Berkah Jum’at"]


def test_search_finds_a_code_with_a_dash(client, group):
    make_group(facilitator_of(group), name="Anggrek", code="BINA-0001")
    page = client.get(reverse("group-list"), {"q": " bina-0001"}).context["page"]
    assert [found.name for found in page] == ["Anggrek"]


@pytest.mark.parametrize("words", ["BDN-0001", "KSM-0010", "'", "melati", "KSM-1O"])
def test_search_finds_nothing_else(client, group, words):
    assert not client.get(reverse("group-list"), {"q": words}).context["page"].object_list


def test_lists_and_pages_show_the_number(client, group):
    for page in (reverse("group-list"), reverse("group", args=[group.code]), reverse("cash-book", args=[group.code])):
        assert "KSM-0001" in client.get(page).content.decode()
