"""The index of a group's books."""

import re

import pytest

from groups.models import Role
from tests.factories import (
    borrow_external,
    count_cash,
    facilitator_of,
    make_group,
    make_member,
    make_officer,
    make_user,
    save,
)
from tests.finance.pages import get, signed_in, statements

pytestmark = pytest.mark.django_db


def test_a_group_without_money_has_empty_books():
    response = get(make_group(), "books")
    assert response.status_code == 200
    assert "cash difference" not in response.content.decode()


def test_balances_and_open_differences_are_shown():
    member = make_member(make_group())
    save(member, 50_000)
    count_cash(member.group, 48_000)
    content = get(member.group, "books").content.decode()
    assert "Rp\xa050.000" in content
    assert "1 cash difference is not settled." in content


def test_what_is_owed_external_is_shown_if_anything_is():
    group = make_group()
    assert "Rp\xa010.000.000" not in get(group, "books").content.decode()
    borrow_external(group)
    for page in ("books", "group"):
        content = get(group, page).content.decode()
        assert '/books/outside/">Rp\xa010.000.000' in content


def test_staff_of_the_organisation_read_it():
    group = make_group()
    staff = make_user(Role.STAFF, organisation=group.organisation)
    assert get(group, "books", user=staff).status_code == 200


def test_another_organisation_finds_nothing():
    assert get(make_group(), "books", user=make_user(Role.STAFF)).status_code == 404


def test_statements_do_not_grow_with_the_differences():
    member = make_member(make_group())
    count_cash(member.group, 1)
    few = statements(member.group, "books")
    for amount in range(2, 9):
        save(member, 1_000)
        count_cash(member.group, amount)
    assert statements(member.group, "books") == few <= 10


def links(content: str) -> list[str]:
    """The addresses of the books, as the page lists them."""
    return re.findall(r'class="list-group-item[^>]* href="([^"]+)"', content)


def test_the_books_stand_under_what_they_are_for():
    content = get(make_group(), "books").content.decode()
    headings = ["Daily books", "Members", "Loans", "Reports", "End of the year"]
    assert [content.index(f">{heading}</h2>") for heading in headings] == sorted(
        content.index(f">{heading}</h2>") for heading in headings
    )


@pytest.mark.parametrize("role", [Role.FACILITATOR, Role.OFFICER, Role.STAFF])
def test_every_book_that_is_offered_opens(role):
    group = make_group()
    member = make_member(group)
    user = facilitator_of(group)
    if role == Role.OFFICER:
        user = make_user(role, organisation=group.organisation, member=member)
        make_officer(member)
    elif role == Role.STAFF:
        user = make_user(role, organisation=group.organisation)
    offered = links(get(group, "books", user=user).content.decode())
    assert len(offered) == (21 if role == Role.FACILITATOR else 18)
    for address in offered:
        assert signed_in(user).get(address).status_code == 200, address
