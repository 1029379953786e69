"""Registering groups and members, elections, rules and assignments."""

from __future__ import annotations

import secrets
import uuid
from datetime import date, timedelta

import pytest
from auditlog.models import LogEntry
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from assessment.metrics.base.reading import read_rows
from groups import services
from groups.models import Constitution, FacilitatorAssignment, Group, Member, OfficerRole, OfficerTerm, Role
from groups.selectors import rules_in_force
from groups.selectors.relations import GROUP_PROFILES
from tests.factories import (
    FOUNDED,
    facilitator_of,
    first_tuesdays,
    make_group,
    make_member,
    make_members,
    make_officer,
    make_organisation,
    make_user,
)

pytestmark = pytest.mark.django_db
TOMORROW = timezone.localdate() + timedelta(1)
MARCH = date(2025, 3, 4)
APRIL = date(2025, 4, 1)
KETUA, SEKRETARIS, BENDAHARA = OfficerRole.KETUA, OfficerRole.SEKRETARIS, OfficerRole.BENDAHARA


def register(actor, **fields):
    group = Group(**{"name": "Mawar", "founded_on": FOUNDED, **fields})
    return services.group_register(actor=actor, group=group, rhythm=first_tuesdays())


def register_member(group, **fields):
    member = Member(**{"name": "Siti", "gender": "P", "joined_on": FOUNDED, **fields})
    return services.member_register(actor=facilitator_of(group), group=group, member=member)


def elect(group, on=MARCH, **elected):
    return services.officers_elect(
        actor=facilitator_of(group), group=group, elected={OfficerRole(r): m for r, m in elected.items()}, on=on
    )


def adopt(group, version=2, **rules):
    constitution = Constitution(version=version, **{"agreed_on": MARCH, "wajib": 20_000, **rules})
    return services.constitution_adopt(actor=facilitator_of(group), group=group, constitution=constitution)


def holders(group):
    return {term.role: term.member for term in OfficerTerm.objects.filter(group=group, ended_on__isnull=True)}


class TestRegisterGroup:
    def test_the_facilitator_is_assigned_and_sees_it(self):
        actor = make_user()
        group = register(actor)
        assert group.organisation == actor.organisation
        assert list(Group.objects.visible_to(actor)) == [group]

    def test_it_gets_its_first_rules(self):
        group = register(make_user())
        assert (group.rules.version, group.rules.agreed_on, group.rules.wajib) == (1, FOUNDED, 0)

    def test_an_administrator_is_not_assigned(self):
        register(make_user(Role.ADMIN))
        assert not FacilitatorAssignment.objects.exists()

    def test_codes_are_long_unambiguous_and_different(self):
        actor = make_user()
        codes = {register(actor).code for _ in range(20)}
        assert len(codes) == 20
        assert all(len(code) == 6 and set(code) <= set(services.CODE_ALPHABET) for code in codes)
        assert not set("0O1IL") & set(services.CODE_ALPHABET)

    def test_a_code_that_exists_is_not_given_again(self, monkeypatch):
        taken = make_group(code="222222")
        letters = iter("222222333333")
        monkeypatch.setattr(secrets, "choice", lambda _alphabet: next(letters))
        assert register(facilitator_of(taken)).code == "333333"

    def test_the_same_key_twice_is_one_group(self):
        actor, key = make_user(), uuid.uuid4()
        assert register(actor, key=key) == register(actor, key=key)
        assert Group.objects.count() == 1

    def test_the_key_of_somebody_else_is_refused(self):
        key = uuid.uuid4()
        register(make_user(), key=key)
        with pytest.raises(ValidationError) as refusal:
            register(make_user(), key=key)
        assert "key" in refusal.value.message_dict

    def test_founding_in_the_future_is_refused(self):
        with pytest.raises(ValidationError) as refusal:
            register(make_user(), founded_on=TOMORROW)
        assert "founded_on" in refusal.value.message_dict
        assert not Group.objects.exists()

    @pytest.mark.parametrize("role", [Role.STAFF])
    def test_who_may_not_record_may_not_register(self, role):
        with pytest.raises(PermissionDenied):
            register(make_user(role))

    def test_a_superuser_without_organisation_is_told_so(self):
        actor = make_user(Role.ADMIN, is_superuser=True)
        actor.organisation = None
        actor.save()
        with pytest.raises(ValidationError, match=r"organisation|organisasi"):
            register(actor)


class TestUpdateGroup:
    def test_it_saves_the_profile(self):
        group = make_group()
        group.name = "Kenanga"
        services.group_update(actor=facilitator_of(group), group=group)
        assert Group.objects.get().name == "Kenanga"

    def test_it_touches_nothing_but_the_profile(self):
        group = make_group()
        code, group.code = group.code, "HACKED"
        services.group_update(actor=facilitator_of(group), group=group)
        assert Group.objects.get().code == code

    def test_founding_after_the_first_member_joined_is_refused(self):
        group = make_group()
        make_member(group)
        group.founded_on = MARCH
        with pytest.raises(ValidationError) as refusal:
            services.group_update(actor=facilitator_of(group), group=group)
        assert "founded_on" in refusal.value.message_dict

    def test_another_facilitator_is_refused(self):
        group = make_group()
        with pytest.raises(PermissionDenied):
            services.group_update(actor=make_user(organisation=group.organisation), group=group)


class TestRegisterMember:
    def test_numbers_count_up_and_are_not_reused(self):
        group = make_group()
        make_member(group, number=1)
        make_member(group, number=7, left_on=MARCH)
        assert register_member(group).number == 8

    def test_the_same_key_twice_is_one_member(self):
        group, key = make_group(), uuid.uuid4()
        assert register_member(group, key=key) == register_member(group, key=key)
        assert Member.objects.count() == 1

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("joined_on", TOMORROW),
            ("joined_on", FOUNDED - timedelta(1)),
            ("birth_year", 1899),
            ("birth_year", timezone.localdate().year + 1),
            ("phone", "12"),
            ("nik", "1234"),
            ("name", ""),
            ("name", "x" * 121),
            ("gender", "X"),
        ],
    )
    def test_what_cannot_be_is_refused_at_its_field(self, field, value):
        with pytest.raises(ValidationError) as refusal:
            register_member(make_group(), **{field: value})
        assert list(refusal.value.message_dict) == [field]
        assert not Member.objects.exists()

    def test_a_nik_used_in_the_group_is_refused(self):
        group = make_group()
        register_member(group, nik="3519054107850001")
        with pytest.raises(ValidationError) as refusal:
            register_member(group, nik="3519054107850001")
        assert "nik" in refusal.value.message_dict

    def test_who_left_may_join_again_with_the_same_nik(self):
        group = make_group()
        first = register_member(group, nik="3519054107850001")
        services.member_leave(actor=facilitator_of(group), member=first, left_on=MARCH)
        assert register_member(group, nik="3519054107850001", joined_on=APRIL).number == 2

    def test_the_audit_log_keeps_neither_phone_nor_nik(self):
        member = register_member(make_group(), phone="081234567890", nik="3519054107850001")
        member.phone = "081298765432"
        services.member_update(actor=facilitator_of(member.group), member=member)
        log = str([entry.changes for entry in LogEntry.objects.get_for_object(member)])
        assert "••••••••5432" in log
        assert not [digits for digits in ("3519054107850001", "07850001", "0812", "345678") if digits in log]

    def test_another_organisation_is_refused(self):
        with pytest.raises(PermissionDenied):
            services.member_register(actor=make_user(), group=make_group(), member=Member(name="Siti"))


class TestUpdateMember:
    def test_it_saves_the_profile(self):
        member = make_member(make_group())
        member.name = "Aminah"
        services.member_update(actor=facilitator_of(member.group), member=member)
        assert Member.objects.get().name == "Aminah"

    def test_joining_after_taking_office_is_refused(self):
        member = make_member(make_group())
        make_officer(member)
        member.joined_on = MARCH
        with pytest.raises(ValidationError) as refusal:
            services.member_update(actor=facilitator_of(member.group), member=member)
        assert "joined_on" in refusal.value.message_dict

    def test_joining_after_leaving_is_refused(self):
        member = make_member(make_group(), left_on=MARCH)
        member.joined_on = APRIL
        with pytest.raises(ValidationError) as refusal:
            services.member_update(actor=facilitator_of(member.group), member=member)
        assert "joined_on" in refusal.value.message_dict


class TestLeave:
    def leave(self, member, left_on=MARCH):
        return services.member_leave(actor=facilitator_of(member.group), member=member, left_on=left_on)

    def test_it_ends_the_office(self):
        member = make_member(make_group())
        make_officer(member)
        self.leave(member)
        assert Member.objects.get().left_on == MARCH
        assert OfficerTerm.objects.get().ended_on == MARCH

    def test_twice_changes_nothing(self):
        member = make_member(make_group())
        self.leave(member)
        self.leave(member, APRIL)
        assert Member.objects.get().left_on == MARCH

    @pytest.mark.parametrize("day", [FOUNDED - timedelta(1), TOMORROW])
    def test_a_day_that_cannot_be_is_refused(self, day):
        with pytest.raises(ValidationError) as refusal:
            self.leave(make_member(make_group()), day)
        assert "left_on" in refusal.value.message_dict

    def test_a_day_before_the_office_began_is_refused(self):
        member = make_member(make_group())
        make_officer(member, started_on=APRIL)
        with pytest.raises(ValidationError):
            self.leave(member, MARCH)
        assert Member.objects.get().left_on is None

    def test_undoing_leaves_the_office_ended(self):
        member = make_member(make_group())
        make_officer(member)
        self.leave(member)
        services.member_leave_undo(actor=facilitator_of(member.group), member=member)
        assert Member.objects.get().left_on is None
        assert OfficerTerm.objects.get().ended_on == MARCH


class TestElect:
    def test_three_officers_take_office(self):
        group = make_group()
        a, b, c = make_members(group, 3)
        elect(group, KETUA=a, SEKRETARIS=b, BENDAHARA=c)
        assert holders(group) == {KETUA: a, SEKRETARIS: b, BENDAHARA: c}

    def test_the_earlier_term_ends_that_day_and_is_kept(self):
        group = make_group()
        a, b = make_members(group, 2)
        elect(group, KETUA=a)
        elect(group, APRIL, KETUA=b)
        assert holders(group) == {KETUA: b}
        assert OfficerTerm.objects.get(member=a).ended_on == APRIL

    def test_two_officers_can_change_places(self):
        group = make_group()
        a, b = make_members(group, 2)
        elect(group, KETUA=a, BENDAHARA=b)
        elect(group, APRIL, KETUA=b, BENDAHARA=a)
        assert holders(group) == {KETUA: b, BENDAHARA: a}

    def test_an_office_not_voted_on_stays(self):
        group = make_group()
        a, b = make_members(group, 2)
        elect(group, KETUA=a)
        elect(group, APRIL, BENDAHARA=b)
        assert OfficerTerm.objects.get(role=KETUA).ended_on is None

    def test_a_second_term_is_a_new_term(self):
        group = make_group()
        (a,) = make_members(group, 1)
        elect(group, KETUA=a)
        elect(group, APRIL, KETUA=a)
        assert [(t.started_on, t.ended_on) for t in OfficerTerm.objects.order_by("pk")] == [
            (MARCH, APRIL),
            (APRIL, None),
        ]

    def test_the_same_election_twice_is_one(self):
        group = make_group()
        a, b = make_members(group, 2)
        elect(group, KETUA=a, BENDAHARA=b)
        assert elect(group, KETUA=a, BENDAHARA=b) == []
        assert OfficerTerm.objects.count() == 2

    def test_a_second_office_is_refused(self):
        group = make_group()
        (a,) = make_members(group, 1)
        elect(group, KETUA=a)
        with pytest.raises(ValidationError) as refusal:
            elect(group, APRIL, BENDAHARA=a)
        assert "BENDAHARA" in refusal.value.message_dict

    def test_one_person_in_two_offices_is_refused(self):
        group = make_group()
        (a,) = make_members(group, 1)
        with pytest.raises(ValidationError):
            elect(group, KETUA=a, BENDAHARA=a)
        assert not OfficerTerm.objects.exists()

    def test_a_member_who_left_is_refused(self):
        group = make_group()
        with pytest.raises(ValidationError) as refusal:
            elect(group, APRIL, KETUA=make_member(group, left_on=MARCH))
        assert "KETUA" in refusal.value.message_dict

    def test_a_member_of_another_group_is_refused(self):
        with pytest.raises(ValidationError):
            elect(make_group(), KETUA=make_member(make_group()))

    def test_a_member_who_joined_later_is_refused(self):
        group = make_group()
        with pytest.raises(ValidationError):
            elect(group, MARCH, KETUA=make_member(group, joined_on=APRIL))

    @pytest.mark.parametrize("day", [TOMORROW, MARCH - timedelta(1)])
    def test_a_day_in_the_future_or_before_the_running_term_is_refused(self, day):
        group = make_group()
        a, b = make_members(group, 2)
        elect(group, MARCH, KETUA=a)
        with pytest.raises(ValidationError) as refusal:
            elect(group, day, KETUA=b)
        assert "started_on" in refusal.value.message_dict

    def test_a_day_inside_an_ended_term_is_refused(self):
        group = make_group()
        a, b = make_members(group, 2)
        make_officer(a, ended_on=APRIL)
        with pytest.raises(ValidationError):
            elect(group, MARCH, KETUA=b)

    def test_the_database_refuses_two_holders(self):
        a, b = make_members(make_group(), 2)
        make_officer(a)
        with pytest.raises(IntegrityError), transaction.atomic():
            make_officer(b)


class TestAdopt:
    def test_it_becomes_the_rules_in_force_and_the_old_stay(self):
        group = make_group()
        adopt(group)
        group.refresh_from_db()
        assert (group.rules.version, group.rules.wajib) == (2, 20_000)
        assert Constitution.objects.get(version=1).wajib == 10_000

    def test_the_same_rules_twice_are_one_version(self):
        group = make_group()
        assert adopt(group) == adopt(group)
        assert Constitution.objects.count() == 2

    def test_rules_changed_meanwhile_are_not_overwritten(self):
        group = make_group()
        adopt(group)
        with pytest.raises(ValidationError) as refusal:
            adopt(group, wajib=30_000)
        assert "version" in refusal.value.message_dict

    @pytest.mark.parametrize("day", [TOMORROW, FOUNDED - timedelta(1)])
    def test_a_day_that_cannot_be_is_refused(self, day):
        with pytest.raises(ValidationError) as refusal:
            adopt(make_group(), agreed_on=day)
        assert "agreed_on" in refusal.value.message_dict

    def test_rules_of_a_past_day_count_until_a_later_version(self):
        group = make_group()
        adopt(group, agreed_on=APRIL, wajib=20_000)
        adopt(group, 3, agreed_on=MARCH, wajib=15_000)
        group.refresh_from_db()
        assert (group.rules.version, group.rules.wajib) == (2, 20_000)
        days = (FOUNDED, MARCH - timedelta(1), MARCH, APRIL - timedelta(1), APRIL)
        found = [rules_in_force(group, as_of=day).version for day in days]
        assert found == [1, 1, 3, 3, 2]
        versions = [read_rows(GROUP_PROFILES, group, day)[0].rules_version for day in days]
        assert versions == [1, 1, 3, 3, 2]

    def test_of_one_day_the_version_written_last_counts(self):
        group = make_group()
        adopt(group, agreed_on=APRIL)
        adopt(group, 3, agreed_on=APRIL, wajib=15_000)
        assert rules_in_force(group, as_of=APRIL).wajib == 15_000

    def test_the_database_refuses_to_edit_rules(self):
        make_group()
        with pytest.raises(IntegrityError), transaction.atomic():
            Constitution.objects.update(wajib=1)


class TestAssignments:
    def assign(self, group, facilitator):
        staff = make_user(Role.STAFF, organisation=group.organisation)
        return services.facilitator_assign(actor=staff, group=group, facilitator=facilitator, started_on=FOUNDED)

    def test_an_assignment_gives_access_and_its_end_takes_it(self):
        group = make_group()
        facilitator = make_user(organisation=group.organisation)
        assignment = self.assign(group, facilitator)
        assert Group.objects.visible_to(facilitator).exists()
        staff = make_user(Role.STAFF, organisation=group.organisation)
        services.assignment_end(actor=staff, assignment=assignment, ended_on=timezone.localdate())
        assert not Group.objects.visible_to(facilitator).exists()

    def test_twice_is_one_assignment(self):
        group = make_group()
        facilitator = make_user(organisation=group.organisation)
        assert self.assign(group, facilitator) == self.assign(group, facilitator)

    @pytest.mark.parametrize("role", [Role.STAFF, Role.ADMIN])
    def test_only_facilitators_are_assigned(self, role):
        group = make_group()
        with pytest.raises(ValidationError):
            self.assign(group, make_user(role, organisation=group.organisation))

    def test_a_facilitator_of_another_organisation_is_refused(self):
        with pytest.raises(ValidationError):
            self.assign(make_group(), make_user(organisation=make_organisation()))

    def test_a_facilitator_may_not_assign(self):
        group = make_group()
        with pytest.raises(PermissionDenied):
            services.facilitator_assign(
                actor=facilitator_of(group), group=group, facilitator=make_user(), started_on=FOUNDED
            )
