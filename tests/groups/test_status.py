"""A group falls asleep, ends or comes back to life: the service, the form, the admin, and what is kept."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from groups.models import GroupStatus, GroupStatusChange, Role
from groups.services import group_status_change, group_update
from tests.factories import FOUNDED, facilitator_of, make_group, make_user

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
            "bank_signatories": 0,
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
    assert client.post(address, data | {"status": "DISSOLVED"}).status_code == 200
    assert GroupStatusChange.objects.count() == 0
    assert client.post(address, data | {"status": "DISSOLVED", "status_reason": "bubar"}).status_code == 302
    made = GroupStatusChange.objects.get()
    assert (made.to_status, made.reason, made.recorded_by) == ("DISSOLVED", "bubar", admin)
