"""Registering and editing a group on its form, and choosing a village by typing."""

import uuid
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from groups.models import Group
from tests.factories import FOUNDED, facilitator_of, make_group, make_member, make_user, make_village

pytestmark = pytest.mark.django_db
URL = reverse("group-create")


def data(**fields):
    return {
        "key": uuid.uuid4(),
        "name": "Mawar",
        "kind": "REVOLVING",
        "founded_on": FOUNDED.isoformat(),
        "place": "Balai desa",
        "every": "MONTH",
        "weekday": "1",
        "week": "1",
        **fields,
    }


@pytest.fixture(autouse=True)
def _signed_in(client):
    client.force_login(make_user())


def test_it_registers_and_goes_to_the_group(client):
    response = client.post(URL, data())
    group = Group.objects.get()
    assert response.url == reverse("group", args=[group.code])


@pytest.mark.parametrize(("status", "next_step"), [("FORMING", "langkah pertama"), ("ACTIVE", "anggotanya")])
def test_what_is_said_comes_first_on_the_page_that_follows(client, status, next_step):
    page = client.post(URL, data(status=status), follow=True)
    [message] = [str(one) for one in page.context["messages"]]
    assert next_step in message


def test_the_same_form_twice_is_one_group(client):
    form = data()
    assert client.post(URL, form).url == client.post(URL, form).url
    assert Group.objects.count() == 1


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("name", "   "),
        ("name", "x" * 121),
        ("kind", "BANK"),
        ("founded_on", ""),
        ("founded_on", "31/02/2025"),
        ("founded_on", (timezone.localdate() + timedelta(1)).isoformat()),
        ("every", "DAY"),
        ("weekday", "7"),
        ("weekday", ""),
        ("week", "6"),
        ("week", ""),
        ("village_text", "Nowhere"),
        ("village_text", "99.99.99.9999"),
        ("key", "not-a-key"),
    ],
)
def test_bad_input_is_told_at_its_field_and_entries_stay(client, field, value):
    response = client.post(URL, data(**{field: value}))
    assert response.status_code == 200
    assert list(response.context["form"].errors) == [field]
    assert 'value="Balai desa"' in response.content.decode()
    assert not Group.objects.exists()


@pytest.mark.parametrize(("typed", "status"), [({}, "ACTIVE"), ({"status": "FORMING"}, "FORMING")])
def test_a_group_may_still_be_forming(client, typed, status):
    client.post(URL, data(**typed))
    assert Group.objects.get().status == status


def test_nobody_registers_a_dissolved_group(client):
    assert list(client.post(URL, data(status="DISSOLVED")).context["form"].errors) == ["status"]


def test_names_are_trimmed(client):
    client.post(URL, data(name="  Mawar  "))
    assert Group.objects.get().name == "Mawar"


@pytest.mark.parametrize(
    "text", ["Sukamaju", "sukamaju", "Suka", "35.19.05.2003", "3519052003", "Sukamaju, Dolopo", "Sukamaju,madiun"]
)
def test_a_village_is_found_by_name_or_code(client, text):
    village = make_village()
    client.post(URL, data(village_text=text))
    assert Group.objects.get().village == village


def test_of_several_villages_one_is_chosen(client):
    make_village()
    other = make_village("32.04.05.2001", "Jawa Barat", "Kabupaten Bandung", "Cibeber", "Sukamaju")
    response = client.post(URL, data(village_text="Sukamaju"))
    assert "Sukamaju, Cibeber, Kabupaten Bandung, Jawa Barat" in response.content.decode()
    assert not Group.objects.exists()
    client.post(URL, data(village_text="Sukamaju", village_choice=other.pk))
    assert Group.objects.get().village == other


def test_a_choice_that_was_not_offered_is_refused(client):
    make_village()
    make_village("32.04.05.2001", "Jawa Barat", "Kabupaten Bandung", "Cibeber", "Sukamaju")
    stray = make_village("32.04.05.2002", "Jawa Barat", "Kabupaten Bandung", "Cibeber", "Mekarsari")
    client.post(URL, data(village_text="Sukamaju", village_choice=stray.pk))
    assert not Group.objects.exists()


def test_a_name_of_too_many_villages_asks_for_more(client):
    for number in range(14):
        make_village(f"35.19.{number + 10}.2003", "Jawa Timur", "Kabupaten Madiun", f"Kecamatan {number}", "Sukamaju")
    response = client.post(URL, data(village_text="Sukamaju"))
    assert list(response.context["form"].errors) == ["village_text"]
    client.post(URL, data(village_text="Sukamaju, Kecamatan 13"))
    assert Group.objects.get().village.code == "35.19.23.2003"


class TestEdit:
    def edit(self, client, group, **fields):
        client.force_login(facilitator_of(group))
        fields = {"village_text": "", "status": "ACTIVE", **fields}
        return client.post(reverse("group-edit", args=[group.code]), data(**fields))

    def test_it_saves(self, client):
        group = make_group()
        response = self.edit(client, group, name="Kenanga", status="DORMANT", status_reason="musim paceklik")
        assert response.url == reverse("group", args=[group.code])
        group.refresh_from_db()
        assert (group.name, group.status) == ("Kenanga", "DORMANT")

    def test_the_village_stays_when_its_text_is_left_as_it_was(self, client):
        village = make_village()
        make_village("32.04.05.2001", "Jawa Barat", "Kabupaten Bandung", "Cibeber", "Sukamaju")
        group = make_group(village=village)
        self.edit(client, group, village_text=village.path)
        group.refresh_from_db()
        assert group.village == village

    def test_an_emptied_village_is_taken_away(self, client):
        group = make_group(village=make_village())
        self.edit(client, group)
        group.refresh_from_db()
        assert group.village is None

    def test_founding_after_the_first_member_is_told_at_its_field(self, client):
        group = make_group()
        make_member(group)
        response = self.edit(client, group, founded_on="2025-03-04", name="Kenanga")
        assert list(response.context["form"].errors) == ["founded_on"]
        assert group.name in response.content.decode()
