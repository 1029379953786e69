"""A past month stays as it was: where a group was, of what kind, who accompanied it, and that it was alive."""

from datetime import date, timedelta

import pytest
from django.utils import timezone

from assessment.models import Assessment
from assessment.services import snapshots, snapshots_write
from groups.models import FacilitatorAssignment, Group, GroupStatus
from groups.selectors import groups_alive
from groups.services import assignment_end, facilitator_assign, group_status_change, group_update
from tests.assessment.groups import make_staff, months_ago, stand
from tests.factories import facilitator_of, make_group, make_user, make_village

pytestmark = pytest.mark.django_db
BEFORE, NOW = months_ago(3), months_ago(0)
TUMBUH = 1
OTHER_VILLAGE = "12.01.01.2001"


@pytest.fixture
def group(organisation):
    facilitator = make_user(organisation=organisation, first_name="Rina")
    group = make_group(facilitator, name="Anggrek", village=make_village("35.19.05.2003"), founded_on=date(2020, 1, 1))
    stand(group, TUMBUH, BEFORE)
    stand(group, TUMBUH)
    return group


def counted(client, query):
    """By month how many groups the trend counts, and how many the portfolio."""
    trend = {month.month: month.total for month in client.get(f"/dashboard/?{query}").context["months"]}
    page = client.get(f"/portfolio/?{query}&end={BEFORE:%Y-%m}")
    return trend.get(BEFORE, 0), trend.get(NOW, 0), page.context["total"].groups


def test_a_group_that_moved_stays_where_it_was_then(staff_client, group):
    make_village(OTHER_VILLAGE, "Sumatera Utara", "Kabupaten Nias", "Idanogawo", "Bozihona")
    Group.objects.update(village=OTHER_VILLAGE)
    stand_now(group)
    assert counted(staff_client, "region=35") == (1, 0, 1)
    assert counted(staff_client, "region=12") == (0, 1, 0)


def test_a_group_of_another_kind_now_counts_as_it_was_then(staff_client, group):
    Group.objects.update(kind="SOCIAL")
    stand_now(group)
    assert counted(staff_client, "kind=REVOLVING") == (1, 0, 1)
    assert counted(staff_client, "kind=SOCIAL") == (0, 1, 0)


def test_a_month_counts_with_who_accompanied_the_group_then(staff_client, group):
    rina, staff = facilitator_of(group), make_staff(group)
    other = make_user(organisation=group.organisation, first_name="Dewi")
    FacilitatorAssignment.objects.update(started_on=date(2020, 1, 1))
    day = timezone.localdate() - timedelta(40)
    assignment_end(actor=staff, assignment=group.assignments.get(), ended_on=day)
    facilitator_assign(actor=staff, group=group, facilitator=other, started_on=day)
    assert counted(staff_client, f"facilitator={rina.pk}") == (1, 0, 1)
    assert counted(staff_client, f"facilitator={other.pk}") == (0, 1, 0)


def test_a_group_dissolved_today_stays_in_its_months(staff_client, group):
    group_status_change(
        actor=facilitator_of(group), group=group, status=GroupStatus.DISSOLVED, on=timezone.localdate(), reason="bubar"
    )
    assert counted(staff_client, "")[0::2] == (1, 1)


def test_moves_are_of_where_groups_were_at_the_end(staff_client, group):
    Group.objects.update(kind="SOCIAL")
    query = f"start={BEFORE:%Y-%m}&end={BEFORE:%Y-%m}"
    for kind, count in (("REVOLVING", 1), ("SOCIAL", 0)):
        rows = staff_client.get(f"/dashboard/moves/?{query}&kind={kind}").context["rows"]
        assert sum(row_sum for _label, _cells, row_sum, _was in rows) == count


def test_the_list_behind_a_month_is_the_same_groups(staff_client, group):
    Group.objects.update(kind="SOCIAL")
    address = f"/dashboard/month/?month={BEFORE:%Y-%m}&rank={TUMBUH}&kind="
    assert [row.name for row in staff_client.get(f"{address}REVOLVING").context["page"]] == ["Anggrek"]
    assert list(staff_client.get(f"{address}SOCIAL").context["page"]) == []


def test_alive_is_of_the_day(group):
    day = date(2025, 6, 1)
    group_status_change(actor=facilitator_of(group), group=group, status=GroupStatus.DISSOLVED, on=day, reason="bubar")
    assert list(groups_alive(as_of=day - timedelta(1))) == [group]
    assert list(groups_alive(as_of=day)) == []
    assert list(groups_alive(as_of=date(2019, 12, 31))) == []
    assert not Assessment.objects.exists()


def stand_now(group):
    """The latest snapshot is of the group as it is now."""
    group.refresh_from_db()
    group.snapshots.filter(month=None).update(kind=group.kind, village=group.village)


@pytest.mark.parametrize("was_known", [True, False])
def test_months_first_written_after_a_move_have_the_place_of_their_day(organisation, was_known, monkeypatch):
    monkeypatch.setattr(snapshots, "MONTHS", 4)
    old = make_village("35.19.05.2003") if was_known else None
    new = make_village(OTHER_VILLAGE, "Sumatera Utara", "Kabupaten Nias", "Idanogawo", "Bozihona")
    group = make_group(make_user(organisation=organisation), village=old, founded_on=date(2020, 1, 1))
    group.village, group.kind = new, "SOCIAL"
    group_update(actor=facilitator_of(group), group=group)
    group_update(actor=facilitator_of(group), group=group)
    snapshots_write(groups=Group.objects.filter(pk=group.pk), as_of=timezone.localdate())
    written = {snapshot.month: (snapshot.village, snapshot.kind) for snapshot in group.snapshots.all()}
    # A village that was not known before is no move.
    assert written[BEFORE.replace(day=1)] == (old or new, "REVOLVING")
    assert written[None] == (new, "SOCIAL")
    assert group.earlier_places.count() == 1
