"""The list by which officers hand over: who to whom, the cash of the day, the bank accounts."""

from datetime import date, timedelta

import pytest

from groups.models import OfficerRole
from groups.services import officers_elect
from kelompok.views.officers import Succession, successions
from tests.factories import FOUNDED, facilitator_of, make_account, make_group, make_member, make_members, save
from tests.finance.pages import get, statements

pytestmark = pytest.mark.django_db

AGAIN = FOUNDED + timedelta(365)
TODAY = date(2026, 11, 30)


@pytest.fixture
def group():
    return make_group()


@pytest.fixture
def people(group):
    return make_members(group, 5)


def elect(group, on, **elected):
    officers_elect(
        actor=facilitator_of(group), group=group, on=on,
        elected={OfficerRole(role): member for role, member in elected.items()},
    )  # fmt: skip


def test_who_was_elected_takes_over_from_who_held_the_office(group, people):
    elect(group, FOUNDED, KETUA=people[0], SEKRETARIS=people[1], BENDAHARA=people[2])
    elect(group, AGAIN, KETUA=people[3], BENDAHARA=people[4])
    assert successions(group, as_of=TODAY) == (AGAIN, [
        Succession(OfficerRole.KETUA, people[0], people[3]), Succession(OfficerRole.BENDAHARA, people[2], people[4]),
    ])  # fmt: skip


def test_a_past_day_knows_no_later_election(group, people):
    elect(group, FOUNDED, KETUA=people[0])
    elect(group, AGAIN, KETUA=people[1])
    assert successions(group, as_of=AGAIN - timedelta(1)) == (FOUNDED, [])


def test_the_list_says_the_cash_the_accounts_and_both_people(group, people):
    elect(group, FOUNDED, BENDAHARA=people[0])
    elect(group, AGAIN, BENDAHARA=people[1])
    save(people[0], 250_000)
    make_account(group, "0071-01", 0)
    page = get(group, "officer-handover").content.decode()
    for text in (people[0].name, people[1].name, "250.000", "0071-01", "Bendahara (treasurer), hands over"):
        assert text in page


def test_who_is_elected_again_hands_nothing_over(group, people):
    elect(group, FOUNDED, KETUA=people[0], BENDAHARA=people[1])
    elect(group, AGAIN, KETUA=people[0], BENDAHARA=people[2])
    assert successions(group, as_of=TODAY)[1] == [Succession(OfficerRole.BENDAHARA, people[1], people[2])]


def test_without_an_election_there_is_nothing_to_hand_over(group):
    assert successions(group, as_of=TODAY) == (None, [])
    assert "nobody took an office over" in get(group, "officer-handover").content.decode()


def test_the_page_of_officers_leads_to_it_and_says_what_each_does(group, people):
    elect(group, FOUNDED, BENDAHARA=people[0])
    page = get(group, "officers").content.decode()
    assert "/officers/handover/" in page
    assert OfficerRole.BENDAHARA.duties in page
    assert OfficerRole.KETUA.duties not in page
    assert OfficerRole.KETUA.duties in get(group, "election").content.decode()


def test_statements_do_not_grow_with_members_or_elections(group, people):
    elect(group, FOUNDED, KETUA=people[0])
    few = statements(group, "officer-handover")
    for number in range(6, 14):
        elect(group, AGAIN + timedelta(number), KETUA=make_member(group, number=number))
    assert statements(group, "officer-handover") == few
