"""Staff assign facilitators to a group and end assignments."""

import pytest
from django.urls import reverse

from groups.models import FacilitatorAssignment, Group, Role
from tests.factories import facilitator_of, make_group, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def group(client):
    group = make_group()
    client.force_login(make_user(Role.STAFF, organisation=group.organisation))
    return group


def assign(client, group, facilitator, started_on="2025-03-04"):
    return client.post(
        reverse("facilitators", args=[group.code]), {"facilitator": facilitator.pk, "started_on": started_on}
    )


def test_it_assigns(client, group):
    facilitator = make_user(organisation=group.organisation)
    assert assign(client, group, facilitator).status_code == 302
    assert Group.objects.visible_to(facilitator).get() == group


def test_only_free_facilitators_of_the_organisation_are_offered(client, group):
    colleague = make_user(organisation=group.organisation)
    for other in (facilitator_of(group), make_user(), make_user(Role.STAFF, organisation=group.organisation)):
        assert list(assign(client, group, other).context["form"].errors) == ["facilitator"]
    form = client.get(reverse("facilitators", args=[group.code])).context["form"]
    assert list(form.fields["facilitator"].queryset) == [colleague]


def test_a_bad_date_is_told(client, group):
    facilitator = make_user(organisation=group.organisation)
    assert list(assign(client, group, facilitator, "x").context["form"].errors) == ["started_on"]


def test_ending_takes_the_access_today(client, group):
    assignment = FacilitatorAssignment.objects.get()
    client.post(reverse("facilitator-end", args=[group.code, assignment.pk]))
    assert not Group.objects.visible_to(facilitator_of(group)).exists()


def test_ending_twice_changes_nothing(client, group):
    FacilitatorAssignment.objects.update(ended_on="2025-06-03")
    assignment = FacilitatorAssignment.objects.get()
    assert client.post(reverse("facilitator-end", args=[group.code, assignment.pk])).status_code == 302
    assert FacilitatorAssignment.objects.get().ended_on == assignment.ended_on


def test_ending_needs_a_post(client, group):
    assignment = FacilitatorAssignment.objects.get()
    assert client.get(reverse("facilitator-end", args=[group.code, assignment.pk])).status_code == 302
    assert FacilitatorAssignment.objects.get() == assignment
    assert FacilitatorAssignment.objects.get().ended_on is None
