"""Signing in and out; how often people may try is in `test_sign_in_limits`."""

import pytest
from django.db import IntegrityError
from django.urls import reverse

from groups.models import Role
from kelompok.proxy import client_address
from tests.factories import PASSWORD, make_user

pytestmark = pytest.mark.django_db
URL = reverse("login")


@pytest.fixture
def user():
    return make_user(Role.ADMIN, username="sri")


def sign_in(client, password=PASSWORD, **fields):
    return client.post(URL, {"username": "sri", "password": password, **fields})


def test_it_signs_in_and_goes_where_one_was_going(client, user):
    assert sign_in(client).url == reverse("home")
    client.logout()
    assert sign_in(client, next="/groups/").url == "/groups/"


def test_it_goes_nowhere_else(client, user):
    assert sign_in(client, next="https://elsewhere.example/").url == reverse("home")


def test_a_wrong_password_is_told_and_the_name_kept(client, user):
    response = sign_in(client, "salah")
    assert response.status_code == 200
    assert response.context["form"].non_field_errors()
    content = response.content.decode()
    assert 'value="sri"' in content
    assert "What you typed is still here" not in content  # nothing is recorded by signing in


def test_a_deactivated_person_cannot_sign_in(client, user):
    user.is_active = False
    user.save()
    assert sign_in(client).status_code == 200


@pytest.mark.parametrize(
    ("trusted", "forwarded", "address"),
    [
        (True, "10.0.0.9, 203.0.113.7", "203.0.113.7"),
        (True, "2001:db8::7", "2001:db8::7"),
        (True, "203.0.113.7, nonsense", "127.0.0.1"),
        (True, None, "127.0.0.1"),
        (False, "203.0.113.7", "127.0.0.1"),
    ],
)
def test_wrong_passwords_count_for_the_address_that_the_proxy_saw(rf, settings, trusted, forwarded, address):
    settings.TRUST_PROXY = trusted
    headers = {} if forwarded is None else {"HTTP_X_FORWARDED_FOR": forwarded}
    assert client_address(rf.get("/", **headers)) == address


@pytest.mark.parametrize("path", ["/admin/", "/admin/login/?next=/admin/"])
def test_the_admin_has_the_same_door(client, user, path):
    assert client.get(path, follow=True).redirect_chain[-1][0].startswith(URL)
    assert client.post("/admin/login/", {"username": "sri", "password": PASSWORD}).url.startswith(URL)


def test_who_is_in_but_may_not_administrate_is_told(client):
    client.force_login(make_user())
    assert client.get("/admin/", follow=True).status_code == 403


def test_signing_out_needs_a_post(client, user):
    client.force_login(user)
    assert client.get(reverse("logout")).status_code == 405
    assert client.post(reverse("logout")).url == URL
    assert client.get(reverse("home")).status_code == 302


@pytest.mark.parametrize("name", ["Sri", "SRI", " sri "])
def test_the_case_of_the_name_does_not_matter(client, user, name):
    assert client.post(URL, {"username": name, "password": PASSWORD}).url == reverse("home")


def test_a_name_in_capital_letters_is_found_by_small_ones(client):
    make_user(username="Budi")
    assert client.post(URL, {"username": "budi", "password": PASSWORD}).url == reverse("home")


def test_two_people_have_not_the_same_name_in_another_case(user):
    with pytest.raises(IntegrityError):
        make_user(username="SRI")
