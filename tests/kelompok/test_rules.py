"""New rules of a past day say what they change about the wajib that members missed."""

from datetime import timedelta

import pytest
from django.contrib.messages import get_messages
from django.core.exceptions import PermissionDenied
from django.urls import reverse
from django.utils import timezone

from finance.selectors.owed import owed
from groups.models import Constitution, Role
from groups.selectors import meeting_calendar
from groups.shared.money import rupiah
from kelompok import services
from tests.factories import facilitator_of, make_group, make_member, make_user, save
from tests.finance.pages import signed_in
from tests.groups.test_constitution import data

pytestmark = pytest.mark.django_db


@pytest.fixture
def group():
    """A group of two whose books began 100 days ago, and who brought nothing since."""
    group = make_group(rules={"missed_wajib": "ASKED"})
    members = [make_member(group) for _number in range(2)]
    save(members[0], 1_000, on=timezone.localdate() - timedelta(100))
    return group


def adopt(group, **fields):
    """What is said when rules of 4 March 2025 are adopted."""
    response = signed_in(facilitator_of(group)).post(
        reverse("constitution-adopt", args=[group.code]), data(**{"missed_wajib": "ASKED", "wajib": "10.000", **fields})
    )
    assert response.status_code == 302
    said = [str(message) for message in get_messages(response.wsgi_request)]
    assert said[0] == "The new rules are in force."
    return said[1:]


def missed(group):
    today = timezone.localdate()
    meetings = meeting_calendar(group).expected(today - timedelta(100), today - timedelta(1))
    assert meetings >= 3
    return meetings


def wajib(group):
    return sum(owing.wajib for owing in owed(group, as_of=timezone.localdate()).values())


def test_more_wajib_since_a_past_day_is_told_with_the_sum(group):
    before, more = wajib(group), 2 * 5_000 * missed(group)
    assert adopt(group, wajib="15.000") == [
        f"By these rules 2 members together are {rupiah(more)} further behind with compulsory savings (wajib)."
    ]
    assert wajib(group) == before + more


def test_arrears_that_vanish_are_told(group):
    before = wajib(group)
    assert before == 2 * 10_000 * missed(group)
    assert adopt(group, missed_wajib="LET_GO") == [
        f"By these rules 2 members together are {rupiah(before)} less behind with compulsory savings (wajib)."
    ]
    assert wajib(group) == 0


def test_one_member_is_told_as_one(group):
    save(group.members.get(number=1), 10_000_000, kind="WAJIB", on=timezone.localdate() - timedelta(100))
    (text,) = adopt(group, wajib="15.000")
    assert text.startswith("By these rules 1 member is ")


def test_rules_that_ask_for_the_same_say_nothing_more(group):
    assert adopt(group, fine_late="2.000") == []


def test_rules_of_today_change_nothing_that_was_missed_before(group):
    assert adopt(group, wajib="15.000", agreed_on=timezone.localdate().isoformat()) == []


def test_a_form_sent_twice_tells_it_once(group):
    assert adopt(group, wajib="15.000") != []
    assert adopt(group, wajib="15.000") == []
    assert Constitution.objects.filter(group=group).count() == 2


def test_only_who_records_adopts(group):
    stranger = make_user(Role.FACILITATOR)
    with pytest.raises(PermissionDenied):
        services.constitution_adopt(actor=stranger, group=group, constitution=Constitution(version=2))
