"""Guessing passwords ends before they are hashed, and never at the cost of other people."""

from __future__ import annotations

import uuid
from datetime import timedelta
from unittest import mock

import pytest
from django.contrib.auth.hashers import MD5PasswordHasher
from django.core.management import call_command
from django.db.models import F
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from groups.models import Role, SignInTry, User
from groups.sign_ins import COOKIE, FREE_TRIES, KEPT, LOCKED, NAMES, TRIES, begin_try, end_try
from tests.factories import PASSWORD, make_user
from tests.groups.test_races import at_once

URL = reverse("login")
VILLAGE, ELSEWHERE = "203.0.113.7", "198.51.100.9"


@pytest.fixture
def user(db):
    return make_user(Role.ADMIN, username="sri")


@pytest.fixture
def hashed():
    """Counts the passwords that are hashed."""
    with mock.patch.object(MD5PasswordHasher, "encode", autospec=True, side_effect=MD5PasswordHasher.encode) as encode:
        yield encode


def sign_in(client, username="sri", password=PASSWORD, address=VILLAGE, path=URL):
    return client.post(path, {"username": username, "password": password}, REMOTE_ADDR=address)


def fail(times, username="sri", address=VILLAGE, client=None):
    return [sign_in(client or Client(), username, "salah", address).status_code for _ in range(times)]


def known_device(username="sri"):
    """A phone on which this person signed in before, and out again."""
    client = Client()
    assert sign_in(client, username).status_code == 302
    client.post(reverse("logout"))
    return client


def later(by):
    SignInTry.objects.update(tried_at=F("tried_at") - by)


def test_a_person_is_locked_at_one_address_before_the_password_is_hashed(client, user, hashed):
    assert fail(TRIES + 3) == [200] * TRIES + [429] * 3
    assert sign_in(client).status_code == 429
    assert hashed.call_count == TRIES


def test_the_page_says_how_long_to_wait(client, user):
    fail(TRIES)
    client.cookies["django_language"] = "id"
    response = sign_in(client)
    assert "Kata sandi terlalu sering salah. Coba lagi dalam 15 menit." in response.content.decode()
    assert 0 < int(response.headers["Retry-After"]) <= LOCKED.total_seconds()


def test_refused_tries_make_nobody_wait_longer(client, user):
    fail(TRIES)
    later(LOCKED - timedelta(minutes=1))
    fail(3)
    later(timedelta(minutes=1))
    assert sign_in(client).status_code == 302


def test_a_person_locked_at_one_address_signs_in_at_another(client, user):
    fail(TRIES)
    assert sign_in(client, address=ELSEWHERE).status_code == 302


def test_one_persons_forgetting_locks_nobody_at_the_same_address(client, user, hashed):
    make_user(username="budi")
    hashed.reset_mock()
    fail(150)
    assert hashed.call_count == TRIES
    assert sign_in(client, "budi").status_code == 302
    assert hashed.call_count == TRIES + 1


def test_many_names_from_one_address_end_there(client, user, hashed):
    make_user(username="budi")
    hashed.reset_mock()
    for number in range(150):
        fail(1, f"orang{number}")
    assert hashed.call_count == NAMES
    assert sign_in(client, "budi").status_code == 429
    assert sign_in(client, "budi", address=ELSEWHERE).status_code == 302


def test_a_known_device_signs_in_at_a_locked_address(user):
    phone = known_device()
    for number in range(NAMES):
        fail(1, f"orang{number}")
    assert sign_in(Client()).status_code == 429
    assert sign_in(phone).status_code == 302


def test_a_known_device_is_not_locked_by_others_at_its_address(user):
    phone = known_device()
    fail(TRIES)
    assert sign_in(phone).status_code == 302


def test_guessing_on_a_known_device_ends_too(user, hashed):
    phone = known_device()
    hashed.reset_mock()
    assert fail(TRIES + 1, client=phone) == [200] * TRIES + [429]
    assert fail(1, client=phone, address=ELSEWHERE) == [429]
    assert hashed.call_count == TRIES


def test_the_device_is_bound_to_the_person(user):
    make_user(username="budi")
    phone = known_device("budi")
    fail(TRIES)
    assert sign_in(phone).status_code == 429
    assert sign_in(phone, "budi").status_code == 302


def test_several_people_share_a_phone(user):
    make_user(username="budi")
    phone = known_device("budi")
    assert sign_in(phone).status_code == 302
    phone.post(reverse("logout"))
    fail(TRIES)
    fail(TRIES, "budi")
    assert sign_in(phone, "budi").status_code == 302
    phone.post(reverse("logout"))
    assert sign_in(phone).status_code == 302


def test_the_cookie_is_for_the_server_alone_and_must_be_signed(user):
    phone = known_device()
    cookie = phone.cookies[COOKIE]
    assert cookie["httponly"] and cookie["path"] == URL and cookie["samesite"] == "Lax"
    fail(TRIES)
    phone.cookies[COOKIE] = cookie.value[:-1] + ("A" if cookie.value[-1] != "A" else "B")
    assert sign_in(phone).status_code == 429


def test_a_person_alone_is_slowed_and_never_locked(client, user, hashed):
    """The more wrong tries there were anywhere, the longer the wait after one's own; a new address has none."""
    for number in range(FREE_TRIES - 1):
        assert fail(1, address=f"192.0.2.{number}") == [200]
    assert fail(1, address=ELSEWHERE) == [200]
    assert sign_in(client, address=ELSEWHERE).headers["Retry-After"] == "1"
    later(timedelta(seconds=1))
    assert fail(1, address=ELSEWHERE) == [200]
    assert sign_in(client, address=ELSEWHERE).headers["Retry-After"] == "2"
    assert fail(1, address="192.0.2.50") == [200]
    later(timedelta(seconds=2))
    refused = sign_in(client, address=ELSEWHERE)
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "2")
    assert hashed.call_count == FREE_TRIES + 2
    later(timedelta(seconds=2))
    assert sign_in(client, address=ELSEWHERE).status_code == 302


class TestManyAddressesGuessingAtOneName:
    """More than would ever pass, each of which fails as often as it may."""

    @pytest.fixture(autouse=True)
    def attack(self, user):
        later_tries = [
            SignInTry(username="sri", address=f"198.18.{number // 250}.{number % 250}") for number in range(600)
        ]
        SignInTry.objects.bulk_create(later_tries)

    def go_on(self):
        """Tries that come in again and again, from addresses old and new."""
        for number in (0, 1, 2, 700, 701, 702):
            fail(1, address=f"198.18.{number // 250}.{number % 250}")

    def test_the_person_gets_in_on_a_new_device_at_once(self, client):
        assert sign_in(client, address=ELSEWHERE).status_code == 302

    def test_and_a_minute_after_an_own_mistake_whatever_the_others_do(self, client):
        assert fail(1, address=ELSEWHERE) == [200]
        for _quarter in range(4):
            refused = sign_in(client, address=ELSEWHERE)
            assert refused.status_code == 429
            assert int(refused.headers["Retry-After"]) <= 60
            self.go_on()
            later(timedelta(seconds=15.1))
        assert sign_in(client, address=ELSEWHERE).status_code == 302

    def test_no_address_guesses_faster_for_that(self, hashed):
        hashed.reset_mock()
        assert fail(3, address=ELSEWHERE) == [200, 429, 429]
        later(timedelta(seconds=30))
        assert fail(1, address=ELSEWHERE) == [429]
        assert hashed.call_count == 1

    def test_in_a_quarter_of_an_hour_an_address_guesses_no_more_than_ever(self, hashed):
        hashed.reset_mock()
        for _minute in range(14):
            fail(1, address=ELSEWHERE)
            later(timedelta(seconds=61))
        assert hashed.call_count == TRIES

    def test_the_page_says_that_it_takes_a_minute_at_the_longest(self, client):
        fail(1, address=ELSEWHERE)
        client.cookies["django_language"] = "id"
        assert "Coba lagi dalam" in sign_in(client, address=ELSEWHERE).content.decode()


def test_a_known_device_is_not_slowed(user):
    phone = known_device()
    for number in range(FREE_TRIES + 3):
        later(timedelta(seconds=60))
        fail(1, address=f"192.0.2.{number}")
    assert sign_in(phone).status_code == 302


def test_addresses_of_one_ipv6_network_are_one(user):
    tries = [sign_in(Client(), password="salah", address=f"2001:db8:1:2::{n}").status_code for n in range(TRIES + 1)]
    assert tries == [200] * TRIES + [429]


def test_addresses_of_ipv4_written_as_ipv6_are_each_one_alone(user):
    fail(TRIES, address=f"::ffff:{ELSEWHERE}")
    assert sign_in(Client(), address=ELSEWHERE).status_code == 429
    assert sign_in(Client(), address=f"::ffff:{VILLAGE}").status_code == 302


def test_a_right_password_forgets_the_wrong_ones(client, user):
    fail(TRIES - 1)
    assert sign_in(client).status_code == 302
    assert fail(TRIES) == [200] * TRIES


def test_names_in_any_case_are_one_person(user):
    assert fail(3, "Sri") + fail(3, " SRI ") == [200] * TRIES + [429]


def test_a_name_as_long_as_can_be_is_refused_like_any_other(client, user):
    assert sign_in(client, "\N{LATIN CAPITAL LETTER I WITH DOT ABOVE}" * 150).status_code == 200


def test_the_administration_has_the_same_limits(client, user, hashed):
    fail(TRIES)
    response = client.post(f"{reverse('admin:login')}?next=/admin/", {"username": "sri", "password": PASSWORD})
    assert response.url.startswith(URL)
    assert sign_in(client, path=response.url).status_code == 429
    assert hashed.call_count == TRIES


@pytest.mark.usefixtures("committed_db")
def test_tries_at_the_same_moment_are_counted_as_well(hashed):
    make_user(username="sri")
    hashed.reset_mock()
    answers = at_once(lambda _number: fail(1)[0], 12)
    assert set(answers) <= {200, 429}
    assert hashed.call_count <= TRIES
    assert SignInTry.objects.count() <= TRIES


def test_old_tries_are_forgotten_at_night(user):
    fail(1)
    later(KEPT + timedelta(days=1))
    fail(1)
    call_command("nightly")
    assert SignInTry.objects.get().tried_at > timezone.now() - timedelta(minutes=1)


def test_superusers_alone_see_the_tries(client, user):
    fail(1)
    page = reverse("admin:groups_signintry_changelist")
    client.force_login(user)
    assert client.get(page).status_code == 403
    client.force_login(User.objects.create_superuser(f"root{uuid.uuid4().hex[:6]}", password=PASSWORD, role=Role.ADMIN))
    assert "sri" in client.get(page).content.decode()


def test_two_sign_ins_of_the_same_moment_both_succeed(db):
    """Each is a failed try until its password is found right, and the first forgets those."""
    first, second = (begin_try("sri", "198.18.0.1", "") for _ in range(2))
    end_try(first)
    end_try(second)
    assert list(SignInTry.objects.values_list("username", "signed_in")) == [("sri", True)] * 2
