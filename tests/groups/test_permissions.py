"""Who may do what, as services and views ask it."""

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest

from groups.models import Group, Role, User
from groups.permissions import (
    Capability,
    can,
    capabilities_context,
    declared_capability,
    lock_group,
    public,
    require,
    requires,
)
from tests.factories import facilitator_of, make_group, make_member, make_officer, make_user

READ, RECORD, CONFIGURE, ASSESS = Capability.READ, Capability.RECORD, Capability.CONFIGURE, Capability.ASSESS
MENTOR, MEET = Capability.MENTOR, Capability.MEET
MAY = [
    (Role.ADMIN, {READ, RECORD, MEET, CONFIGURE, MENTOR, ASSESS}),
    (Role.STAFF, {READ, CONFIGURE, MENTOR, ASSESS}),
    (Role.FACILITATOR, {READ, RECORD, MEET, MENTOR}),
    (Role.OFFICER, {READ}),
]


@pytest.mark.parametrize(("role", "capabilities"), MAY)
def test_a_role_may_do_what_the_table_says_and_nothing_else(role, capabilities):
    assert {capability for capability in Capability if can(User(role=role), capability)} == capabilities


@pytest.mark.parametrize("role", Role.values)
def test_somebody_inactive_may_do_nothing(role):
    assert not any(can(User(role=role, is_active=False), capability) for capability in Capability)


def test_a_superuser_may_do_everything_unless_inactive():
    superuser = User(role=Role.OFFICER, is_superuser=True)
    assert all(can(superuser, capability) for capability in Capability)
    superuser.is_active = False
    assert not any(can(superuser, capability) for capability in Capability)


def test_somebody_unknown_may_do_nothing():
    assert not any(can(AnonymousUser(), capability) for capability in Capability)


def test_templates_are_told_what_the_person_may_do():
    request = HttpRequest()
    request.user = User(role=Role.FACILITATOR)
    assert capabilities_context(request) == {
        "can": {"read": True, "record": True, "meet": True, "configure": False, "mentor": True, "assess": False},
    }


def test_templates_of_a_request_without_anybody_are_told_nothing_is_allowed():
    assert not any(capabilities_context(HttpRequest())["can"].values())


def test_a_view_says_what_it_needs():
    assert declared_capability(requires(CONFIGURE)(lambda request: None)) is CONFIGURE
    assert declared_capability(public(lambda request: None)) is None


def test_a_view_that_says_nothing_is_a_mistake():
    with pytest.raises(LookupError):
        declared_capability(lambda request: None)


def lock(actor, capability, group):
    with transaction.atomic():
        return lock_group(actor, capability, group)


def require_of(actor, capability, group):
    require(actor, capability, group=group)


BOTH = pytest.mark.parametrize("check", [require_of, lock])


@pytest.mark.django_db
class TestGroup:
    @BOTH
    def test_who_may_and_sees_the_group_passes(self, check):
        group = make_group()
        check(facilitator_of(group), RECORD, group)

    @BOTH
    def test_who_lacks_the_capability_is_refused(self, check):
        group = make_group()
        with pytest.raises(PermissionDenied):
            check(facilitator_of(group), CONFIGURE, group)

    @BOTH
    @pytest.mark.parametrize("role", [Role.ADMIN, Role.STAFF, Role.FACILITATOR])
    def test_who_does_not_see_the_group_is_refused(self, check, role):
        with pytest.raises(PermissionDenied):
            check(make_user(role), READ, make_group())

    @BOTH
    def test_who_became_inactive_is_refused(self, check):
        group = make_group()
        actor = facilitator_of(group)
        actor.is_active = False
        with pytest.raises(PermissionDenied):
            check(actor, RECORD, group)

    def test_without_a_group_only_the_capability_counts(self):
        require(make_user(Role.FACILITATOR), RECORD)
        with pytest.raises(PermissionDenied):
            require(make_user(Role.FACILITATOR), ASSESS)

    def test_the_locked_group_is_the_stored_one(self):
        group = make_group()
        group.name = "not saved"
        locked = lock(facilitator_of(group), RECORD, group)
        assert locked.name == Group.objects.get().name != "not saved"

    def test_rules_read_before_the_lock_serve_while_they_are_in_force(self, django_assert_num_queries):
        group = Group.objects.select_related("rules").get(pk=make_group().pk)
        locked = lock(facilitator_of(group), RECORD, group)
        with django_assert_num_queries(0):
            assert locked.rules == group.rules

    def test_rules_adopted_meanwhile_are_read_anew(self):
        group = Group.objects.select_related("rules").get(pk=make_group().pk)
        other = group.constitutions.create(version=9, agreed_on=group.founded_on, recorded_by=facilitator_of(group))
        Group.objects.update(rules=other)
        assert lock(facilitator_of(group), RECORD, group).rules == other

    def test_an_officer_reads_the_own_group_and_no_other(self):
        member = make_member(make_group())
        make_officer(member)
        officer = make_user(Role.OFFICER, organisation=member.group.organisation, member=member)
        require(officer, READ, group=member.group)
        with pytest.raises(PermissionDenied):
            require(officer, READ, group=make_group())
