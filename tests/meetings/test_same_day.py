"""Members who answer for one another at a meeting: from its page to the cover, and the cover on its page."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from groups.models import Role
from tests.factories import cover, facilitator_of, lend, make_group, make_members, make_user, pay_back, reverse, save
from tests.finance.pages import signed_in
from tests.meetings.pages import post_sheet
from tests.meetings.sheets import HELD_ON

pytestmark = pytest.mark.django_db

MEETING = HELD_ON + timedelta(7)


@pytest.fixture
def loan():
    """A loan with Rp 118,000 late on the day of a closed meeting; everybody has savings."""
    group = make_group()
    people = make_members(group, 3)
    for member in people:
        save(member, 2_000_000)
    loan = lend(people[2])
    post_sheet(signed_in(facilitator_of(group)), group, held_on=MEETING)
    return loan


def page(loan, user=None):
    return signed_in(user or facilitator_of(loan.group)).get(f"/g/{loan.group.code}/meetings/1/").content.decode()


def others(loan):
    return loan.group.members.exclude(pk=loan.member.pk).order_by("number")


def test_the_meeting_leads_to_the_cover_of_its_day(loan):
    address = f"/g/{loan.group.code}/books/loans/{loan.number}/cover/?on={MEETING.isoformat()}"
    assert address in page(loan)
    form = signed_in(facilitator_of(loan.group)).get(address).context["form"]
    assert (form["on"].value(), form["amount"].value()) == (MEETING, "118.000")


@pytest.mark.parametrize("day", ["", "kemarin", "2025-02-30"])
def test_a_day_that_is_none_begins_with_today(loan, day):
    address = f"/g/{loan.group.code}/books/loans/{loan.number}/cover/?on={day}"
    assert signed_in(facilitator_of(loan.group)).get(address).context["form"]["amount"].value() == "1.416.000"


def test_who_may_only_read_is_not_led_there(loan):
    assert "?on=" not in page(loan, make_user(Role.STAFF, organisation=loan.group.organisation))


def test_nothing_late_leads_nowhere(loan):
    cover(loan, {others(loan)[0]: 118_000}, on=MEETING)
    assert "?on=" not in page(loan)


def test_the_cover_of_the_day_stands_on_the_minutes(loan):
    first, second = others(loan)
    cover(loan, {first: 100_000}, on=MEETING)
    cover(loan, {second: 18_000}, on=MEETING, from_savings=False)
    content = page(loan)
    assert f"{first} paid Rp\xa0100.000 on loan 1 of {loan.member}</a> (from voluntary savings)" in content
    assert f"{second} paid Rp\xa018.000 on loan 1 of {loan.member}</a> (in cash)" in content


def test_what_was_paid_back_that_day_stands_there_too(loan):
    first = others(loan)[0]
    cover(loan, {first: 118_000}, on=HELD_ON + timedelta(1))
    pay_back(loan.member, {first: 50_000}, on=MEETING)
    content = page(loan)
    assert f"{loan.member} paid Rp\xa050.000 back to {first}" in content
    assert "on loan 1 of" not in content


def test_another_day_and_what_was_taken_back_stay_out(loan):
    first = others(loan)[0]
    cover(loan, {first: 50_000}, on=MEETING + timedelta(1))
    reverse(cover(loan, {first: 50_000}, on=MEETING))
    assert "outside the sheet" not in page(loan)


def test_the_statements_do_not_grow_with_covers(loan):
    def count():
        with CaptureQueriesContext(connection) as counted:
            page(loan)
        return len(counted)

    first, second = others(loan)
    cover(loan, {first: 1_000}, on=MEETING)
    few = count()
    for _ in range(3):
        cover(loan, {first: 1_000, second: 1_000}, on=MEETING)
    assert count() == few
