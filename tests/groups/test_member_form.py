"""Registering and editing a member on the form; NIK and phone are shown there and nowhere else."""

import uuid

import pytest
from django.urls import reverse

from groups.models import Member
from tests.factories import FOUNDED, facilitator_of, make_group, make_member

pytestmark = pytest.mark.django_db
NIK = "3519054107850001"


def data(**fields):
    return {
        "key": uuid.uuid4(),
        "name": "Siti Aminah",
        "gender": "P",
        "birth_year": "1985",
        "phone": "0812-3456-7890",
        "nik": "",
        "joined_on": FOUNDED.isoformat(),
        **fields,
    }


@pytest.fixture
def group(client):
    group = make_group()
    client.force_login(facilitator_of(group))
    return group


def url(group):
    return reverse("member-create", args=[group.code])


def test_it_registers(client, group):
    response = client.post(url(group), data(nik="3519 0541 0785 0001"))
    member = Member.objects.get()
    assert response.url == reverse("group", args=[group.code])
    assert (member.number, member.phone, member.nik) == (1, "081234567890", NIK)


def test_another_can_follow(client, group):
    assert client.post(url(group), data(another="1")).url == url(group)


def test_the_same_form_twice_is_one_member(client, group):
    form = data(nik=NIK)
    client.post(url(group), form)
    assert client.post(url(group), form).status_code == 302
    assert Member.objects.count() == 1


def test_the_same_form_with_somebody_else_is_not_lost(client, group):
    form = data()
    client.post(url(group), form)
    response = client.post(url(group), form | {"name": "Budi Santoso", "gender": "L"})
    content = response.content.decode()
    assert "Siti Aminah" in content and "Budi Santoso" in content
    assert Member.objects.count() == 1
    fresh = response.context["form"]["key"].value()
    assert fresh != str(form["key"])
    client.post(url(group), form | {"name": "Budi Santoso", "gender": "L", "key": fresh})
    assert [member.name for member in Member.objects.order_by("number")] == ["Siti Aminah", "Budi Santoso"]


@pytest.mark.parametrize("phone", ["+62 812 3456 7890", "6281234567890", "(0812) 34567890", "81234567890"])
def test_a_phone_number_may_be_written_in_many_ways(client, group, phone):
    client.post(url(group), data(phone=phone))
    assert Member.objects.get().phone == "081234567890"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", " "),
        ("name", "x" * 121),
        ("gender", ""),
        ("birth_year", "1899"),
        ("birth_year", "3000"),
        ("birth_year", "-5"),
        ("birth_year", "abc"),
        ("birth_year", "9" * 20),
        ("phone", "123"),
        ("phone", "telepon"),
        ("phone", "0812" * 10),
        ("nik", "12345"),
        ("nik", "3519059907850001"),
        ("nik", "0019054107850001"),
        ("joined_on", "2024-01-01"),
        ("joined_on", "2999-01-01"),
        ("joined_on", "kemarin"),
        ("key", ""),
    ],
)
def test_bad_input_is_told_at_its_field_and_nothing_is_written(client, group, field, value):
    response = client.post(url(group), data(**{field: value}))
    assert response.status_code == 200
    assert list(response.context["form"].errors) == [field]
    assert not Member.objects.exists()


def test_a_nik_used_in_the_group_is_told_at_its_field(client, group):
    make_member(group, nik=NIK)
    response = client.post(url(group), data(nik=NIK))
    assert list(response.context["form"].errors) == ["nik"]


def test_editing_saves_and_shows_phone_and_nik(client, group):
    member = make_member(group, phone="081234567890", nik=NIK)
    edit = reverse("member-edit", args=[group.code, member.pk])
    content = client.get(edit).content.decode()
    assert NIK in content
    assert "081234567890" in content
    client.post(edit, data(name="Aminah", nik=NIK))
    assert Member.objects.get().name == "Aminah"


def test_editing_with_bad_input_writes_nothing(client, group):
    member = make_member(group, name="Siti")
    response = client.post(reverse("member-edit", args=[group.code, member.pk]), data(name="", phone="1"))
    assert list(response.context["form"].errors) == ["name", "phone"]
    assert Member.objects.get().name == "Siti"


def test_a_member_of_another_group_is_not_found(client, group):
    stranger = make_member(make_group(facilitator_of(group)))
    assert client.get(reverse("member-edit", args=[group.code, stranger.pk])).status_code == 404


@pytest.mark.parametrize("page", ["group", "group-list", "officers", "constitution", "member"])
def test_no_other_page_shows_phone_or_nik(client, group, page):
    member = make_member(group, phone="081234567890", nik=NIK)
    args = {"group-list": [], "member": [group.code, member.pk]}.get(page, [group.code])
    content = client.get(reverse(page, args=args)).content.decode()
    assert NIK not in content
    assert "081234567890" not in content
