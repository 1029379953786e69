"""The savings book page."""

import pytest

from groups.models import Role
from tests.factories import make_group, make_member, make_members, make_user, save
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


def test_another_organisation_finds_nothing():
    assert get(make_group(), "savings-book", user=make_user(Role.ADMIN)).status_code == 404


def test_statements_do_not_grow_with_the_members():
    group = make_group()
    save(make_member(group), 1_000)
    few = statements(group, "savings-book")
    for member in make_members(make_group(), 0) + [make_member(group) for _ in range(7)]:
        save(member, 1_000)
    assert statements(group, "savings-book") == few <= 9
