"""The rules of a group: their history, and adopting new ones."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from groups.models import Constitution
from tests.factories import facilitator_of, make_group

pytestmark = pytest.mark.django_db


def data(**fields):
    return {
        "version": "2",
        "agreed_on": "2025-03-04",
        "pokok": "50.000",
        "wajib": "Rp 15.000",
        "social": "",
        "fine_late": "1000",
        "fine_absent": "0",
        "loan_rate": "1,5",
        "loan_method": "flat",
        "loan_max_periods": "12",
        "loan_ceiling": "0",
        "loan_round_up_to": "1.000",
        "loan_ladder": "500.000; 1.000.000",
        "loan_savings_times": "0",
        "payoff_fee": "CHARGED",
        "savings_base": "END",
        "borrowing_base": "FEE",
        "share_savings": "40",
        "share_borrowing": "20",
        "share_reserve": "20",
        "share_officers": "10",
        "share_social": "5",
        "share_other": "5",
        "aims": "Menabung bersama",
        **fields,
    }


@pytest.fixture
def group(client):
    group = make_group()
    client.force_login(facilitator_of(group))
    return group


def url(group):
    return reverse("constitution-adopt", args=[group.code])


def test_it_adopts(client, group):
    assert client.post(url(group), data()).url == reverse("constitution", args=[group.code])
    rules = Constitution.objects.get(version=2)
    assert (rules.pokok, rules.wajib, rules.social, float(rules.loan_rate)) == (50_000, 15_000, 0, 0.015)


def test_the_rules_in_force_are_filled_in(client, group):
    content = client.get(url(group)).content.decode()
    assert 'value="10.000"' in content
    assert 'value="1,5"' in content


def test_the_same_form_twice_is_one_version(client, group):
    client.post(url(group), data())
    assert client.post(url(group), data()).status_code == 302
    assert Constitution.objects.count() == 2


def test_rules_changed_meanwhile_are_told_and_can_then_be_saved_over(client, group):
    client.post(url(group), data())
    response = client.post(url(group), data(wajib="20.000"))
    assert "version" in response.context["form"].errors
    content = response.content.decode()
    assert 'name="version" value="3"' in content
    assert 'value="20.000"' in content
    assert Constitution.objects.count() == 2


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("agreed_on", ""),
        ("agreed_on", "2024-01-01"),
        ("agreed_on", (timezone.localdate() + timedelta(1)).isoformat()),
        ("wajib", "-1"),
        ("wajib", "banyak"),
        ("wajib", "9" * 20),
        ("loan_rate", "100"),
        ("loan_rate", "-1"),
        ("loan_rate", "x"),
        ("loan_rate", "1,23456"),
        ("loan_method", "magic"),
        ("loan_max_periods", "0"),
        ("loan_max_periods", "121"),
        ("loan_round_up_to", "0"),
        ("loan_round_up_to", "2.000.000"),
        ("version", "x"),
    ],
)
def test_bad_input_is_told_and_nothing_is_written(client, group, field, value):
    response = client.post(url(group), data(**{field: value}))
    assert response.status_code == 200
    assert list(response.context["form"].errors) == [field]
    assert "Menabung bersama" in response.content.decode()
    assert Constitution.objects.count() == 1


def test_every_version_stays_readable(client, group):
    client.post(url(group), data())
    content = client.get(reverse("constitution", args=[group.code])).content.decode()
    assert "Rp\xa010.000" in content
    assert "Rp\xa015.000" in content
