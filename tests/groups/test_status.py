"""A group falls asleep, ends or comes back to life: the service, the form, the admin, and what is kept."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from groups.models import Group, GroupStatus, GroupStatusChange, Role
from groups.selectors import status_of, statuses_on
from groups.services import group_status_change, group_update
from tests.factories import FOUNDED, facilitator_of, make_group, make_meeting, make_user

pytestmark = pytest.mark.django_db
DAY = date(2025, 6, 3)


@pytest.fixture
def group():
    return make_group()


def change(group, status=GroupStatus.DORMANT, on=DAY, reason="ketua pindah"):
    return group_status_change(actor=facilitator_of(group), group=group, status=status, on=on, reason=reason)


def test_it_is_written_down(group):
    made = change(group)
    group.refresh_from_db()
    assert group.status == "DORMANT"
    assert (made.from_status, made.to_status, made.changed_on, made.reason, made.recorded_by) == (
        "ACTIVE",
        "DORMANT",
        DAY,
        "ketua pindah",
        facilitator_of(group),
    )


def test_the_same_twice_is_one(group):
    change(group)
    assert change(group) is None
    assert GroupStatusChange.objects.count() == 1


@pytest.mark.parametrize("status", [GroupStatus.DORMANT, GroupStatus.DISSOLVED])
def test_an_end_needs_a_reason(group, status):
    with pytest.raises(ValidationError, match="Write why"):
        change(group, status, reason=" ")


def test_coming_back_to_life_needs_none(group):
    change(group)
    assert change(group, GroupStatus.ACTIVE, reason="").reason == ""


@pytest.mark.parametrize("on", [FOUNDED - timedelta(1), timezone.localdate() + timedelta(1)])
def test_days_out_of_bounds_are_refused(group, on):
    with pytest.raises(ValidationError) as error:
        change(group, on=on)
    assert list(error.value.message_dict) == ["status_on"]


def test_a_stranger_changes_nothing(group):
    with pytest.raises(PermissionDenied):
        group_status_change(actor=make_user(), group=group, status=GroupStatus.DORMANT, on=DAY, reason="x")


def test_another_change_of_the_profile_writes_nothing_down(group):
    group.place = "balai desa"
    group_update(actor=facilitator_of(group), group=group)
    assert GroupStatusChange.objects.count() == 0


def test_the_database_keeps_every_change(group):
    made = change(group)
    with pytest.raises(IntegrityError), transaction.atomic():
        GroupStatusChange.objects.filter(pk=made.pk).update(reason="lain")
    with pytest.raises(IntegrityError), transaction.atomic():
        GroupStatusChange.objects.filter(pk=made.pk).delete()


@pytest.mark.parametrize(
    "fields",
    [{"reason": ""}, {"to_status": "ACTIVE"}, {"to_status": "ASLEEP"}],
)
def test_the_database_refuses_what_is_no_change(group, fields):
    row = {"from_status": "ACTIVE", "to_status": "DORMANT", "changed_on": DAY, "reason": "x", **fields}
    with pytest.raises(IntegrityError), transaction.atomic():
        GroupStatusChange.objects.create(group=group, recorded_by=facilitator_of(group), **row)


def test_before_the_first_change_a_group_has_the_status_it_changed_from(group):
    Group.objects.filter(pk=group.pk).update(status="FORMING")
    group.refresh_from_db()
    change(group, GroupStatus.ACTIVE, reason="")
    assert [status_of(group, as_of=day) for day in (FOUNDED, DAY - timedelta(1), DAY)] == [
        "FORMING",
        "FORMING",
        "ACTIVE",
    ]


def test_a_group_that_never_changed_has_been_forming_or_active_from_the_beginning():
    groups = [make_group(status=status) for status in GroupStatus]
    found = statuses_on([group.pk for group in groups], FOUNDED)
    assert list(found.values()) == ["FORMING", "ACTIVE", "ACTIVE", "ACTIVE"]


def test_a_change_recorded_late_leaves_later_ones(group):
    change(group, on=DAY)
    change(group, GroupStatus.ACTIVE, on=DAY + timedelta(60), reason="")
    change(group, GroupStatus.ACTIVE, on=DAY + timedelta(10), reason="")
    change(group, on=DAY + timedelta(20))
    days = [status_of(group, as_of=DAY + timedelta(days)) for days in (-1, 0, 10, 20, 60)]
    assert days == ["ACTIVE", "DORMANT", "ACTIVE", "DORMANT", "ACTIVE"]
    group.refresh_from_db()
    assert group.status == "ACTIVE"


def test_a_status_is_taken_back_by_another_change_of_its_day(group):
    change(group, GroupStatus.DISSOLVED)
    change(group, GroupStatus.ACTIVE, reason="salah catat")
    assert status_of(group, as_of=DAY) == "ACTIVE"
    group.refresh_from_db()
    assert group.status == "ACTIVE"
    assert GroupStatusChange.objects.count() == 2


def test_nothing_was_recorded_after_an_end(group):
    make_meeting(group, DAY + timedelta(1))
    with pytest.raises(ValidationError, match="This group is in the records until") as refused:
        change(group, GroupStatus.DISSOLVED)
    assert list(refused.value.message_dict) == ["status_on"]
    assert change(group, GroupStatus.DISSOLVED, on=DAY + timedelta(1)) is not None


class TestForm:
    def post(self, client, group, **fields):
        client.force_login(facilitator_of(group))
        data = {
            "name": group.name,
            "kind": group.kind,
            "status": "DORMANT",
            "status_on": DAY.isoformat(),
            "status_reason": "ketua pindah",
            "founded_on": group.founded_on.isoformat(),
            **fields,
        }
        return client.post(f"/g/{group.code}/edit/", data)

    def test_it_records(self, client, group):
        assert self.post(client, group).status_code == 302
        made = GroupStatusChange.objects.get()
        assert (made.to_status, made.changed_on, made.reason) == ("DORMANT", DAY, "ketua pindah")

    def test_without_a_day_it_is_today(self, client, group):
        assert self.post(client, group, status_on="").status_code == 302
        assert GroupStatusChange.objects.get().changed_on == timezone.localdate()

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("status_reason", ""),
            ("status_on", "kemarin"),
            ("status_on", "2999-01-01"),
            ("status_on", "2024-12-31"),
        ],
    )
    def test_bad_input_gets_a_message_at_the_field(self, client, group, field, value):
        response = self.post(client, group, **{field: value})
        assert response.status_code == 200
        assert list(response.context["form"].errors) == [field]
        group.refresh_from_db()
        assert group.status == "ACTIVE"


def test_the_admin_writes_it_down(client, group):
    admin = make_user(Role.ADMIN, organisation=group.organisation)
    client.force_login(admin)
    address = f"/admin/groups/group/{group.pk}/change/"
    form = client.get(address).context["adminform"].form
    data = {name: value for name, value in form.initial.items() if value is not None and name in form.fields}
    assert client.post(address, data | {"status": "DORMANT"}).status_code == 200
    assert client.post(address, data | {"status": "DISSOLVED", "status_reason": "bubar"}).status_code == 200
    assert GroupStatusChange.objects.count() == 0
    assert client.post(address, data | {"status": "DORMANT", "status_reason": "tidur"}).status_code == 302
    made = GroupStatusChange.objects.get()
    assert (made.to_status, made.reason, made.recorded_by) == ("DORMANT", "tidur", admin)
