"""Snapshots: what the one writer writes of a group, for which days, and when it writes it again."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from assessment.models import Assessment, GroupSnapshot, SnapshotLateness, SnapshotScore
from assessment.services import assessment_finalise, snapshots, snapshots_write
from finance.selectors.loan_performance import performance
from groups.models import BankAccount, ChangedGroup, Group
from tests.assessment.groups import bring_up_to_date, make_kembang_minus_outside, make_staff
from tests.factories import FOUNDED, facilitator_of, lend, make_group, make_meeting, make_member, make_user, save

pytestmark = pytest.mark.django_db

DAY = date(2025, 9, 15)


@pytest.fixture
def months(monkeypatch) -> None:
    monkeypatch.setattr(snapshots, "MONTHS", 3)


def days(group: Group) -> list[tuple[date | None, date]]:
    return list(GroupSnapshot.objects.filter(group=group).order_by("as_of").values_list("month", "as_of"))


def savings(group: Group) -> list[int]:
    return list(GroupSnapshot.objects.filter(group=group).order_by("as_of").values_list("savings", flat=True))


def test_one_for_each_month_end_and_one_for_the_latest_day(months):
    group = make_group(founded_on=date(2025, 7, 20))
    bring_up_to_date(DAY)
    assert days(group) == [
        (date(2025, 7, 1), date(2025, 7, 31)), (date(2025, 8, 1), date(2025, 8, 31)), (None, DAY),
    ]  # fmt: skip


def test_the_latest_moves_on_and_a_month_that_ended_stays(months):
    group = make_group(founded_on=date(2025, 9, 1))
    for day in (DAY, DAY + timedelta(1), date(2025, 10, 2)):
        bring_up_to_date(day)
    assert days(group) == [(date(2025, 9, 1), date(2025, 9, 30)), (None, date(2025, 10, 2))]


def test_a_record_of_the_past_writes_the_months_from_its_day_on(months):
    member = make_member(make_group(founded_on=date(2025, 6, 2)))
    bring_up_to_date(DAY)
    GroupSnapshot.objects.update(savings=1)  # so that it shows which are written anew
    save(member, 5000, on=date(2025, 8, 9))
    bring_up_to_date(DAY)
    assert savings(member.group) == [1, 1, 5000, 5000]


def test_an_older_day_than_the_latest_changes_nothing():
    group = make_group()
    bring_up_to_date(DAY)
    bring_up_to_date(DAY - timedelta(1))
    assert days(group) == [(None, DAY)]


def test_it_says_what_the_records_say():
    group = make_group()
    member = make_member(group, gender="P")
    make_member(group, gender="L")
    save(member, 900_000)
    lend(member, 600_000)
    bring_up_to_date()
    found = GroupSnapshot.objects.get()
    assert (found.members, found.women, found.savings, found.status) == (2, 1, 900_000, "ACTIVE")
    assert found.performance == performance(Group.objects.all(), as_of=timezone.localdate())


def test_lateness_is_of_the_month_and_by_who_closed_them():
    group = make_group()
    for ago in (1, 40):
        make_meeting(group, date(2025, 9, 14) - timedelta(ago), closed_at=timezone.now())
    bring_up_to_date(DAY)
    [found] = SnapshotLateness.objects.all()
    assert (found.person, found.in_time, found.late, found.very_late) == (facilitator_of(group), 0, 0, 1)


def test_a_final_score_is_in_it_as_it_was_kept():
    group = make_kembang_minus_outside()
    final = assessment_finalise(actor=make_staff(group), group=group, as_of=DAY)
    BankAccount.objects.update(closed_on=FOUNDED)
    bring_up_to_date(DAY)
    assert SnapshotScore.objects.get().score == final.score == Assessment.objects.get().score


def test_a_day_to_come_is_refused():
    with pytest.raises(ValidationError, match="future"):
        snapshots_write(groups=Group.objects.all(), as_of=timezone.localdate() + timedelta(1))


def test_staff_reach_their_own_groups_only():
    own, _other = make_group(), make_group()
    assert snapshots_write(actor=make_staff(own), groups=Group.objects.all(), as_of=DAY) == 1
    assert GroupSnapshot.objects.get().group == own


def test_facilitators_write_none():
    with pytest.raises(PermissionDenied):
        snapshots_write(actor=facilitator_of(make_group()), groups=Group.objects.all(), as_of=DAY)


def test_at_most_so_many_at_once():
    for _ in range(3):
        make_group()
    assert snapshots_write(groups=Group.objects.all(), as_of=DAY, most=2) == 2
    assert ChangedGroup.objects.count() == 1


def test_statements_do_not_grow_with_the_groups(months):
    facilitator, taken = make_user(), []
    for size in (2, 6):
        while Group.objects.count() < size:
            group = make_kembang_minus_outside(facilitator, until=DAY, founded_on=date(2025, 6, 2))
            member = make_member(group)
            save(member, 2_000_000, on=date(2025, 6, 2))
            lend(member, disbursed_on=date(2025, 6, 3), first_due=date(2025, 7, 3))
        GroupSnapshot.objects.all().delete()
        bring_up_to_date(DAY)
        GroupSnapshot.objects.all().delete()
        with CaptureQueriesContext(connection) as queries:
            bring_up_to_date(DAY)
        taken.append(len(queries))
    assert taken[0] == taken[1]
