"""Several people score at once: real threads and real commits."""

from __future__ import annotations

from datetime import timedelta

import pytest

from assessment.models import Assessment
from assessment.services import assess_groups, assessment_finalise
from groups.models import Group
from tests.assessment.groups import AS_OF, make_staff
from tests.factories import make_group, make_user
from tests.meetings.test_races import at_once

pytestmark = pytest.mark.usefixtures("committed_db")


def test_the_same_and_different_days_at_once_leave_one_latest():
    facilitator = make_user()
    for _ in range(3):
        make_group(facilitator)
    days = [AS_OF, AS_OF, AS_OF + timedelta(1), AS_OF + timedelta(2)]
    counts = at_once(*(lambda day=day: assess_groups(groups=Group.objects.all(), as_of=day) for day in days))
    assert counts == [3, 3, 3, 3]
    assert Assessment.objects.count() == 9
    assert {a.as_of for a in Assessment.objects.filter(latest=True)} == {AS_OF + timedelta(2)}
    assert Assessment.objects.filter(closes_month=True).count() == 3


def test_two_people_make_it_final_at_once():
    group = make_group()
    staff = [make_staff(group), make_staff(group)]
    finals = at_once(*(lambda s=s: assessment_finalise(actor=s, group=group, as_of=AS_OF) for s in staff))
    assert len({final.pk for final in finals}) == 1
    assert Assessment.objects.get().finalised_by in staff
