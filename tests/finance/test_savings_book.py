"""The savings book page."""

from datetime import date

import pytest

from groups.models import Role
from tests.factories import make_group, make_member, make_members, make_user, save, withdraw
from tests.finance.pages import get, statements

pytestmark = pytest.mark.django_db


def test_a_group_without_members_says_so():
    assert b"The group has no members yet." in get(make_group(), "savings-book").content


def test_members_and_totals():
    member = make_member(make_group(), "Siti Aminah")
    save(member, 10_000, kind="WAJIB")
    save(member, 5_000)
    content = get(member.group, "savings-book").content.decode()
    assert "Siti Aminah" in content
    assert content.count("Rp\xa015.000") == 2


def test_as_at_a_past_day_it_shows_what_was_there_and_who():
    group = make_group()
    stayed, left = make_member(group, "Siti"), make_member(group, "Tuti", left_on=date(2025, 6, 1))
    make_member(group, "Wati", joined_on=date(2025, 7, 1))
    save(stayed, 10_000, on=date(2025, 3, 4))
    save(stayed, 500, on=date(2025, 5, 6))
    book = get(group, "savings-book", end="2025-05-05").context["book"]
    assert [(row.member, row.total) for row in book.rows] == [(stayed, 10_000), (left, 0)]
    book = get(group, "savings-book", end="2025-07-01").context["book"]
    assert [row.member.name for row in book.rows] == ["Siti", "Wati"]


def test_a_period_shows_what_came_and_went_for_each_kind():
    member = make_member(make_group(), "Siti")
    save(member, 10_000, on=date(2025, 3, 4))
    save(member, 500, on=date(2025, 4, 8))
    save(member, 70, kind="WAJIB", on=date(2025, 4, 8))
    withdraw(member, 2_000, on=date(2025, 4, 30))
    save(member, 9, on=date(2025, 5, 6))
    response = get(member.group, "savings-book", start="2025-04-01", end="2025-04-30")
    assert [(*moved[1:], moved.closing) for moved in response.context["book"].movements] == [
        ("WAJIB", 0, 70, 0, 70), ("SUKARELA", 10_000, 500, 2_000, 8_500),
    ]  # fmt: skip
    content = response.content.decode()
    assert "Rp\xa08.570" in content
    assert "Voluntary savings (simpanan sukarela)" in content


def test_another_organisation_finds_nothing():
    assert get(make_group(), "savings-book", user=make_user(Role.ADMIN)).status_code == 404


def test_statements_do_not_grow_with_the_members():
    group = make_group()
    save(make_member(group), 1_000)
    few = statements(group, "savings-book")
    for member in make_members(make_group(), 0) + [make_member(group) for _ in range(7)]:
        save(member, 1_000)
    assert statements(group, "savings-book") == few <= 9
