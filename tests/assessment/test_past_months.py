"""A past month stays as it was: where a group was, of what kind, who accompanied it, and that it was alive."""

from datetime import date, timedelta

import pytest
from django.utils import timezone

from assessment.models import Assessment
from assessment.selectors.moves import Place, Way
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


@pytest.fixture
def dissolved(group):
    """The group was dissolved today, and its latest snapshot of this month does not know it yet."""
    day = timezone.localdate()
    group_status_change(actor=facilitator_of(group), group=group, status=GroupStatus.DISSOLVED, on=day, reason="bubar")
    assert group.snapshots.get(month=None).status == GroupStatus.ACTIVE
    return group


class TestDissolvedSinceItsSnapshot:
    def test_it_counts_no_more_in_this_month(self, staff_client, dissolved):
        assert counted(staff_client, "") == (1, 0, 1)
        table = staff_client.get("/portfolio/?table=months&format=csv").content.decode()
        assert [line.split(",")[1] for line in table.splitlines()[1:] if line.startswith(f"{NOW:%Y-%m}")] in ([], ["0"])

    def test_neither_do_its_members(self, staff_client, dissolved):
        stand(make_group(facilitator_of(dissolved)), TUMBUH, of_snapshot={"members": 7, "women": 2})
        months = {month.month: month for month in staff_client.get("/dashboard/").context["months"]}
        assert (months[NOW].total, months[NOW].people.members, months[NOW].people.women) == (1, 7, 2)

    def test_the_list_behind_the_number_leaves_it_out(self, staff_client, dissolved):
        for month, names in ((NOW, []), (BEFORE, ["Anggrek"])):
            page = staff_client.get(f"/dashboard/month/?month={month:%Y-%m}&rank={TUMBUH}").context["page"]
            assert [row.name for row in page] == names

    def test_its_score_is_not_offered_to_be_made_final(self, staff_client, dissolved):
        assert list(staff_client.get("/dashboard/final/").context["page"]) == []

    def test_it_moved_to_the_dissolved_ones(self, staff_client, dissolved):
        for start, was in ((BEFORE, TUMBUH), (NOW, Place.DISSOLVED)):
            page = staff_client.get(f"/dashboard/moves/groups/?start={start:%Y-%m}&way={Way.OTHER.value}")
            assert [(row.was, row.became) for row in page.context["page"]] == [(was, Place.DISSOLVED)]

    def test_a_month_that_was_over_keeps_it(self, staff_client, dissolved):
        dissolved.snapshots.exclude(month=None).delete()
        for row in (dissolved.snapshots.get(), dissolved.snapshot_scores.get()):
            type(row).objects.filter(pk=row.pk).update(as_of=BEFORE)
        assert counted(staff_client, "")[0::2] == (1, 1)

    def test_a_group_active_again_counts(self, staff_client, dissolved):
        again = {"status": GroupStatus.ACTIVE, "on": timezone.localdate(), "reason": ""}
        group_status_change(actor=facilitator_of(dissolved), group=dissolved, **again)
        assert counted(staff_client, "") == (1, 1, 1)


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
