"""A member's passbook page."""

import pytest

from groups.models import Role
from tests.factories import lend, make_group, make_member, make_user, repay, save
from tests.finance.pages import get, statements

pytestmark = pytest.mark.django_db


def test_a_new_member_has_an_empty_passbook():
    member = make_member(make_group())
    content = get(member.group, "member", member.pk).content.decode()
    assert "No money has moved for this member yet." in content
    assert "No loan so far." in content


def test_phone_and_nik_are_masked():
    member = make_member(make_group(), phone="081234567890", nik="3519052003800001")
    content = get(member.group, "member", member.pk).content.decode()
    assert member.phone not in content
    assert member.nik not in content
    assert member.phone_masked in content
    assert member.nik_masked in content


def test_savings_loans_and_lines():
    member = make_member(make_group())
    save(member, 5_000_000)
    repay(lend(member), 50_000)
    response = get(member.group, "member", member.pk)
    assert len(response.context["page"]) == 4
    assert response.context["book"].loans[0].outstanding == 1_168_000
    assert "Rp\xa05.000.000" in response.content.decode()


def test_only_who_records_is_led_to_the_profile_form():
    member = make_member(make_group())
    staff = make_user(Role.STAFF, organisation=member.group.organisation)
    link = f"/g/{member.group.code}/members/{member.pk}/edit/"
    assert link in get(member.group, "member", member.pk).content.decode()
    assert link not in get(member.group, "member", member.pk, user=staff).content.decode()


def test_lines_are_paged():
    member = make_member(make_group())
    for _ in range(51):
        save(member, 1_000)
    response = get(member.group, "member", member.pk, page="2")
    assert [line.running for line in response.context["page"]] == [1_000]


def test_a_member_of_another_group():
    member = make_member(make_group())
    assert get(make_group(), "member", member.pk).status_code == 404


def test_another_organisation_finds_nothing():
    member = make_member(make_group())
    assert get(member.group, "member", member.pk, user=make_user(Role.ADMIN)).status_code == 404


def test_statements_do_not_grow_with_the_lines():
    member = make_member(make_group())
    save(member, 5_000_000)
    lend(member, principal=10_000)
    few = statements(member.group, "member", member.pk)
    for _ in range(5):
        repay(lend(member, principal=100_000), 20_000)
    assert statements(member.group, "member", member.pk) == few <= 12
