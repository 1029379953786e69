"""A member's passbook page."""

from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from finance import selectors
from groups.models import Role
from tests.factories import facilitator_of, lend, make_group, make_member, make_user, repay, save
from tests.finance.pages import get, signed_in, statements

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


def test_a_period_has_its_savings_at_both_ends_and_its_lines():
    member = make_member(make_group())
    for month, amount in ((2, 5_000), (3, 70), (3, 300), (4, 1)):
        save(member, amount, on=date(2025, month, 4))
    response = get(member.group, "member", member.pk, start="2025-03-01", end="2025-03-31")
    book = response.context["book"]
    assert (book.opening.total, book.savings.total) == (5_000, 5_370)
    assert [line.running for line in response.context["page"]] == [5_370, 5_070]
    assert "Savings before 1 March 2025" in response.content.decode()


def test_every_page_runs_on_from_the_one_before():
    member = make_member(make_group(founded_on=date(2025, 1, 4)))
    for number in range(1, 111):
        save(member, number, on=date(2025, 1 + number % 12, 4))
    whole = [line.running for line in selectors.passbook(member, end=date(2026, 1, 1)).lines]
    paged = [
        line.running for page in "123" for line in get(member.group, "member", member.pk, page=page).context["page"]
    ]
    assert paged == whole
    assert (whole[0], len(whole)) == (110 * 111 // 2, 110)


def test_a_past_day_offers_nothing_to_do():
    member = make_member(make_group())
    save(member, 5_000)
    member.left_on = date(2025, 5, 5)
    member.save()
    link = f'/g/{member.group.code}/members/{member.pk}/leave/"'
    assert link in get(member.group, "member", member.pk).content.decode()
    assert link not in get(member.group, "member", member.pk, end="2025-06-01").content.decode()


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
    assert statements(member.group, "member", member.pk) == few <= 16
    for _ in range(60):
        save(member, 1_000)
    client = signed_in(facilitator_of(member.group))
    with CaptureQueriesContext(connection) as second:
        client.get(reverse("member", args=[member.group.code, member.pk]), {"page": 2})
    assert len(second) == few
    assert not any("OVER (" in query["sql"] for query in second)
