"""Kept signals are those that would be found now, or stale."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from assessment.keeping import lacking_signals, signals_keep
from assessment.models import KeptSignals
from assessment.signals import read_hits
from finance.models import CashCount
from groups.models import Group, OfficerTerm
from tests.assessment.groups import make_override
from tests.assessment.test_signals_page import TODAY, make_old_terms, make_recorded_alone
from tests.factories import make_group, make_meeting, make_member, make_user, save

pytestmark = pytest.mark.django_db


@pytest.fixture
def group():
    return make_recorded_alone(make_user())


def keep():
    return signals_keep(Group.objects.all(), as_of=TODAY)


def is_stale(group):
    return KeptSignals.objects.get(group=group).is_stale


def test_they_are_those_that_are_found(group):
    assert keep() == 1
    [kept] = KeptSignals.objects.all()
    ids = list(Group.objects.values_list("pk", flat=True))
    found = [hit for hits in read_hits(ids, TODAY).values() for hit in hits]
    assert [one.signal for one in found] == ["one_recorder"]
    assert kept.found == [[one.signal, one.counted, one.amount, list(one.records)] for one in found]
    assert (kept.count, kept.as_of) == (1, TODAY)


def test_a_group_without_any_is_kept_too():
    make_group()
    keep()
    assert KeptSignals.objects.get().found == []


def test_a_meeting_makes_them_stale(group):
    keep()
    make_meeting(group, TODAY - timedelta(3))
    assert is_stale(group)


def test_a_term_changed_around_the_services_makes_them_stale():
    group = make_old_terms(make_user())
    keep()
    OfficerTerm.objects.update(ended_on=TODAY)
    assert is_stale(group)


def test_a_term_that_is_taken_out_makes_them_stale():
    group = make_old_terms(make_user())
    keep()
    assert [name for name, *_rest in KeptSignals.objects.get().found] == ["terms_expired"]
    OfficerTerm.objects.all().delete()
    assert is_stale(group)


def test_a_posting_makes_them_stale(group):
    keep()
    save(make_member(group), 10_000, on=TODAY)
    assert is_stale(group)


def test_a_cash_count_makes_them_stale(group):
    keep()
    CashCount.objects.create(group=group, counted_on=TODAY, expected=0, counted=0, counted_by=group.recorded_by)
    assert is_stale(group)


def test_a_judgement_makes_them_stale(group):
    keep()
    make_override(group, judged_on=TODAY, until=TODAY)
    assert is_stale(group)


def test_other_groups_stay_as_they_are(group):
    other = make_recorded_alone(make_user())
    keep()
    save(make_member(group), 10_000, on=TODAY)
    assert (is_stale(group), is_stale(other)) == (True, False)
    assert lacking_signals(Group.objects.all(), TODAY).get() == group
    assert keep() == 1


def test_another_day_asks_for_others(group):
    keep()
    assert lacking_signals(Group.objects.all(), TODAY - timedelta(1)).get() == group


def test_statements_do_not_grow_with_the_groups(group):
    def count():
        with CaptureQueriesContext(connection) as queries:
            keep()
        return len(queries)

    few = count()
    for _ in range(4):
        make_recorded_alone(make_user())
    KeptSignals.objects.update(is_stale=True)
    assert count() == few
