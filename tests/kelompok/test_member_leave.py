"""A member leaves: the money still open is shown and must be known."""

from datetime import date, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from groups.models import Member, OfficerTerm
from tests.factories import FOUNDED, facilitator_of, lend, make_group, make_member, make_officer, save

pytestmark = pytest.mark.django_db


@pytest.fixture
def member(client):
    member = make_member(make_group())
    client.force_login(facilitator_of(member.group))
    return member


def leave(client, member, left_on="2025-03-04", **fields):
    return client.post(reverse("member-leave", args=[member.group.code, member.pk]), {"left_on": left_on, **fields})


def test_it_records_the_leaving_and_ends_the_office(client, member):
    make_officer(member)
    assert leave(client, member).url == reverse("group", args=[member.group.code])
    assert Member.objects.get().left_on == OfficerTerm.objects.get().ended_on == date(2025, 3, 4)


def test_open_money_is_shown_and_must_be_known(client, member):
    save(member, 2_000_000)
    lend(member, principal=1_200_000)
    response = leave(client, member)
    assert list(response.context["form"].errors) == ["aware"]
    assert "Rp\xa02.000.000" in response.content.decode()
    assert "Rp\xa01.200.000" in response.content.decode()
    assert Member.objects.get().left_on is None
    leave(client, member, aware="on")
    assert Member.objects.get().left_on is not None


@pytest.mark.parametrize(
    "day", ["", "x", (FOUNDED - timedelta(1)).isoformat(), (timezone.localdate() + timedelta(1)).isoformat()]
)
def test_a_bad_day_is_told_and_nothing_is_written(client, member, day):
    assert list(leave(client, member, day).context["form"].errors) == ["left_on"]
    assert Member.objects.get().left_on is None


def test_who_has_left_cannot_leave_again(client, member):
    leave(client, member)
    response = leave(client, member, "2025-04-01")
    assert response.url == reverse("member", args=[member.group.code, member.pk])
    assert Member.objects.get().left_on == date(2025, 3, 4)
