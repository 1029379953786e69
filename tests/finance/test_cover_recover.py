"""The page on which a member pays back to those who covered, and the claims in the passbooks."""

import uuid

import pytest
from django.urls import reverse as url

from finance.models import CoverRecovery, Entry
from groups.models import Role
from tests.factories import cover, facilitator_of, lend, make_group, make_member, make_user, pay_back
from tests.factories import save as deposit
from tests.finance.pages import get, signed_in, statements

pytestmark = pytest.mark.django_db


@pytest.fixture
def siti():
    """Ani covered 200,000 and Budi 50,000 of Siti's loan."""
    group = make_group()
    siti = make_member(group, "Siti")
    ani, budi = make_member(group, "Ani"), make_member(group, "Budi")
    deposit(ani, 2_000_000)
    deposit(budi, 100_000)
    cover(lend(siti), {ani: 200_000, budi: 50_000})
    return siti


def of(siti, name):
    return siti.group.members.get(name=name)


def send(siti, user=None, **data):
    amounts = {f"back_{of(siti, name).pk}": data.pop(name) for name in ("Ani", "Budi") if name in data}
    return signed_in(user or facilitator_of(siti.group)).post(
        url("cover-recover", args=[siti.group.code, siti.pk]),
        {"key": str(uuid.uuid4()), "on": "2025-06-10", "to": "savings", **amounts, **data},
    )


def errors(response, field):
    return " ".join(response.context["form"].errors.get(field, []))


def test_the_passbooks_say_who_owes_whom(siti):
    debtor = get(siti.group, "member", siti.pk).content.decode()
    assert "Owes other members Rp\xa0250.000" in debtor
    assert url("cover-recover", args=[siti.group.code, siti.pk]) in debtor
    coverer = get(siti.group, "member", of(siti, "Ani").pk).content.decode()
    assert "Has Rp\xa0200.000 to get back" in coverer
    assert "pay-back" not in coverer


def test_who_reads_only_is_not_offered_the_form(siti):
    staff = make_user(Role.STAFF, organisation=siti.group.organisation)
    assert "pay-back" not in get(siti.group, "member", siti.pk, user=staff).content.decode()
    assert send(siti, user=staff, Ani="1000").status_code == 403


def test_paying_back(siti):
    response = send(siti, Ani="150.000", Budi="50.000")
    assert response.url == url("member", args=[siti.group.code, siti.pk])
    content = get(siti.group, "member", siti.pk).content.decode()
    assert "Owes other members Rp\xa050.000" in content
    assert "Rp\xa050.000 of Rp\xa0200.000" in content
    assert "get back" not in get(siti.group, "member", of(siti, "Budi").pk).content.decode()


def test_in_cash(siti):
    send(siti, Ani="200000", to="cash")
    assert list(CoverRecovery.objects.values_list("amount", "to_savings")) == [(200_000, False)]


def test_more_than_is_owed_is_said_at_the_field(siti):
    response = send(siti, Ani="200001", Budi="1000")
    assert "Only Rp\xa0200.000 is owed" in errors(response, f"back_{of(siti, 'Ani').pk}")
    assert 'value="200001"' in response.content.decode()
    assert CoverRecovery.objects.count() == 0


def test_before_the_cover_nothing_is_owed(siti):
    response = send(siti, Ani="1000", on="2025-05-09")
    assert "only Rp\xa00 to get back" in errors(response, f"back_{of(siti, 'Ani').pk}")


def test_savings_of_somebody_who_left(siti):
    siti.group.members.filter(name="Ani").update(left_on="2025-06-01")
    assert "has left the group" in errors(send(siti, Ani="1000"), f"back_{of(siti, 'Ani').pk}")
    assert send(siti, Ani="1000", to="cash").status_code == 302


@pytest.mark.parametrize("amount", ["-5", "lima", "9" * 20])
def test_amounts_that_are_none(siti, amount):
    assert errors(send(siti, Ani=amount), f"back_{of(siti, 'Ani').pk}")


def test_no_amount_at_all(siti):
    assert "how much" in errors(send(siti), "__all__")


@pytest.mark.parametrize(("field", "value"), [("on", "2099-01-01"), ("to", "x"), ("key", "x"), ("on", "")])
def test_other_fields(siti, field, value):
    assert errors(send(siti, Ani="1000", **{field: value}), field)


def test_the_same_form_twice_pays_back_once(siti):
    key = str(uuid.uuid4())
    for _ in range(2):
        assert send(siti, Ani="200000", key=key).status_code == 302
    assert CoverRecovery.objects.count() == 1


def test_a_member_who_owes_nothing(siti):
    ani = of(siti, "Ani")
    assert b"Nothing is owed to other members." in get(siti.group, "cover-recover", ani.pk).content
    before = Entry.objects.count()
    response = signed_in(facilitator_of(siti.group)).post(
        url("cover-recover", args=[siti.group.code, ani.pk]),
        {"key": str(uuid.uuid4()), "on": "2025-06-10", "to": "savings", f"back_{siti.pk}": "5"},
    )
    assert response.status_code == 200
    assert Entry.objects.count() == before


def test_a_member_of_another_group(siti):
    assert get(make_group(), "cover-recover", siti.pk).status_code == 404


def test_statements_do_not_grow_with_covers(siti):
    ani = of(siti, "Ani")
    deposit(ani, 1_000)
    page, passbook = (statements(siti.group, name, siti.pk) for name in ("cover-recover", "member"))
    for _ in range(4):
        other = make_member(siti.group)
        deposit(other, 50_000)
        cover(siti.loans.get(), {other: 1_000, ani: 1_000})
        pay_back(siti, {other: 500})
    assert statements(siti.group, "cover-recover", siti.pk) == page <= 8
    assert statements(siti.group, "member", siti.pk) == passbook <= 16
