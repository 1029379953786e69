"""Federations: who records and sees them, who belongs on a day, what groups owe of their contributions."""

import uuid
from datetime import date, timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from groups import selectors, services
from groups.models import (
    Federation,
    FederationContact,
    FederationContribution,
    FederationMeeting,
    FederationMembership,
    FederationOfficer,
    FederationPayment,
    GroupStatus,
    Role,
)
from tests.factories import (
    FOUNDED,
    facilitator_of,
    make_federation,
    make_group,
    make_member,
    make_officer,
    make_organisation,
    make_partner,
    make_user,
    make_village,
)

pytestmark = pytest.mark.django_db
DAY = timedelta(1)
SPRING, SUMMER, AUTUMN = date(2025, 3, 1), date(2025, 6, 1), date(2025, 9, 1)


@pytest.fixture
def group():
    return make_group(village=make_village())


@pytest.fixture
def staff(group):
    return make_user(Role.STAFF, organisation=group.organisation)


@pytest.fixture
def federation(group):
    return make_federation(group)


def join(staff, federation, group, started_on=SPRING, **fields):
    membership = FederationMembership(started_on=started_on, **fields)
    return services.federation_join(actor=staff, federation=federation, group=group, membership=membership)


def meet(actor, federation, present, held_on=SUMMER, **fields):
    meeting = FederationMeeting(held_on=held_on, place="Balai", agenda="pupuk", **fields)
    return services.federation_meeting_record(actor=actor, federation=federation, meeting=meeting, present=present)


def elect(staff, federation, member, role="KETUA", started_on=SPRING):
    officer = FederationOfficer(member=member, role=role, started_on=started_on)
    return services.federation_elect(actor=staff, federation=federation, officer=officer)


class TestWhoMay:
    def test_staff_record_one_and_facilitators_do_not(self, group, staff):
        made = services.federation_create(actor=staff, federation=Federation(name="Gapoktan", founded_on=FOUNDED))
        assert made.organisation == group.organisation
        with pytest.raises(PermissionDenied):
            services.federation_create(
                actor=facilitator_of(group), federation=Federation(name="Gapoktan", founded_on=FOUNDED)
            )

    def test_the_same_form_twice_is_one(self, staff):
        key = uuid.uuid4()
        for _ in range(2):
            services.federation_create(actor=staff, federation=Federation(name="G", founded_on=FOUNDED, key=key))
        assert Federation.objects.count() == 1
        with pytest.raises(services.FormUsed):
            services.federation_create(actor=staff, federation=Federation(name="H", founded_on=FOUNDED, key=key))

    def test_facilitators_of_a_member_group_record_meetings_and_staff_do_not(self, group, staff, federation):
        assert meet(facilitator_of(group), federation, [group]).attendances.get().group == group
        with pytest.raises(PermissionDenied):
            meet(staff, federation, [group])
        with pytest.raises(PermissionDenied):
            meet(make_user(organisation=group.organisation), federation, [group])

    def test_nobody_sees_one_of_another_organisation(self, federation):
        other = make_organisation()
        for role in (Role.ADMIN, Role.STAFF, Role.FACILITATOR):
            assert not Federation.objects.visible_to(make_user(role, organisation=other)).exists()

    def test_facilitators_and_officers_see_those_of_their_groups(self, group, federation):
        make_federation(make_group(organisation=group.organisation))
        chair = make_member(group)
        make_officer(chair)
        officer = make_user(Role.OFFICER, organisation=group.organisation, member=chair)
        for actor in (facilitator_of(group), officer):
            assert list(Federation.objects.visible_to(actor)) == [federation]

    def test_staff_of_a_region_see_those_with_a_group_or_a_place_there(self, group, federation):
        of_place = make_federation(make_group(organisation=group.organisation), region=make_village())

        def seen(region):
            staff = make_user(Role.STAFF, organisation=group.organisation, regions=[region])
            return set(Federation.objects.visible_to(staff))

        assert seen("35.19") == {federation, of_place}
        assert seen("32") == set()


class TestJoiningAndLeaving:
    def test_a_group_belongs_from_the_day_it_joins_to_the_day_it_leaves(self, group, staff):
        federation = make_federation(make_group(organisation=group.organisation))
        membership = join(staff, federation, group, SPRING)
        services.federation_leave(actor=staff, membership=membership, ended_on=AUTUMN, why="pindah")
        on_days = [selectors.federation_of(group, as_of=day) for day in (SPRING - DAY, SPRING, AUTUMN - DAY, AUTUMN)]
        assert [found is not None for found in on_days] == [False, True, True, False]

    def test_it_belongs_to_one_at_a_time(self, group, staff, federation):
        other = make_federation(make_group(organisation=group.organisation))
        with pytest.raises(ValidationError, match="belongs to"):
            join(staff, other, group)
        membership = federation.memberships.get()
        services.federation_leave(actor=staff, membership=membership, ended_on=SUMMER, why="pindah")
        with pytest.raises(ValidationError, match="belongs to"):
            join(staff, other, group, SUMMER - DAY)
        assert join(staff, other, group, SUMMER).federation == other

    @pytest.mark.parametrize("day", [FOUNDED - DAY, timezone.localdate() + DAY])
    def test_none_joins_before_it_was_there_or_in_days_to_come(self, group, staff, day):
        federation = make_federation(make_group(organisation=group.organisation))
        with pytest.raises(ValidationError) as refused:
            join(staff, federation, group, day)
        assert "started_on" in refused.value.message_dict

    def test_a_group_of_another_organisation_does_not_join(self, group, staff, federation):
        stranger = make_group()
        with pytest.raises(PermissionDenied):
            join(staff, federation, stranger)
        with pytest.raises(IntegrityError, match="same_organisation"), transaction.atomic():
            FederationMembership.objects.create(
                group=stranger, federation=federation, started_on=SPRING, recorded_by=staff
            )

    def test_none_leaves_before_a_meeting_it_was_at(self, group, staff, federation):
        meet(facilitator_of(group), federation, [group], SUMMER)
        with pytest.raises(ValidationError, match="was at the meeting"):
            services.federation_leave(
                actor=staff, membership=federation.memberships.get(), ended_on=SUMMER - DAY, why="x"
            )

    def test_offices_end_with_the_membership_of_the_group(self, group, staff, federation):
        officer = elect(staff, federation, make_member(group))
        services.federation_leave(actor=staff, membership=federation.memberships.get(), ended_on=SUMMER, why="pindah")
        officer.refresh_from_db()
        assert officer.ended_on == SUMMER


class TestOfficers:
    def test_the_next_one_ends_the_term_of_the_last(self, group, staff, federation):
        first = elect(staff, federation, make_member(group))
        elect(staff, federation, make_member(group), started_on=SUMMER)
        first.refresh_from_db()
        assert first.ended_on == SUMMER

    def test_one_person_holds_one_office(self, group, staff, federation):
        member = make_member(group)
        elect(staff, federation, member)
        with pytest.raises(ValidationError, match="already"):
            elect(staff, federation, member, "BENDAHARA")

    def test_it_is_a_member_of_a_group_that_belongs(self, group, staff, federation):
        stranger = make_member(make_group(organisation=group.organisation))
        gone = make_member(group, left_on=SPRING)
        for member in (stranger, gone):
            with pytest.raises(ValidationError) as refused:
                elect(staff, federation, member)
            assert "member" in refused.value.message_dict


class TestMeetings:
    def test_only_groups_that_belong_on_the_day_were_there(self, group, federation):
        other = make_group(facilitator_of(group))
        with pytest.raises(ValidationError, match="Did not belong"):
            meet(facilitator_of(group), federation, [group, other])

    def test_the_same_form_twice_is_one(self, group, federation):
        key = uuid.uuid4()
        assert meet(facilitator_of(group), federation, [group], key=key) == meet(
            facilitator_of(group), federation, [group], key=key
        )
        with pytest.raises(services.FormUsed):
            meet(facilitator_of(group), federation, [group], key=key, decisions="beli")

    @pytest.mark.parametrize("day", [FOUNDED - DAY, timezone.localdate() + DAY])
    def test_none_is_before_the_federation_or_to_come(self, group, federation, day):
        with pytest.raises(ValidationError) as refused:
            meet(facilitator_of(group), federation, [group], day)
        assert "held_on" in refused.value.message_dict

    def test_a_withdrawn_one_stays_readable(self, group, federation):
        meeting = meet(facilitator_of(group), federation, [group])
        services.federation_record_withdraw(actor=facilitator_of(group), record=meeting, why="salah")
        assert [one.withdrawn_why for one in selectors.federation_meetings(federation)] == ["salah"]

    def test_a_contact_is_with_a_partner_of_the_organisation(self, group, federation):
        def record(partner):
            contact = FederationContact(partner=partner, held_on=SPRING, what="bertamu", result="diundang")
            return services.federation_contact_record(
                actor=facilitator_of(group), federation=federation, contact=contact
            )

        assert record(make_partner(group.organisation)).federation == federation
        with pytest.raises(ValidationError, match="another organisation"):
            record(make_partner(make_organisation()))


class TestContributions:
    def agree(self, staff, federation, agreed_from, amount, every="MONTH"):
        contribution = FederationContribution(agreed_from=agreed_from, amount=amount, every=every)
        return services.contribution_agree(actor=staff, federation=federation, contribution=contribution)

    def due(self, federation, as_of):
        memberships = list(federation.memberships.all())
        found = selectors.contributions_due(list(federation.contributions.all()), memberships, as_of=as_of)
        return found.get(memberships[0].group_id, 0)

    def test_it_falls_due_on_its_day_and_each_month_after_it(self, staff, federation):
        self.agree(staff, federation, date(2025, 3, 15), 10_000)
        days = [date(2025, 3, 14), date(2025, 3, 15), date(2025, 3, 31), date(2025, 4, 1), date(2026, 1, 1)]
        assert [self.due(federation, day) for day in days] == [0, 10_000, 10_000, 20_000, 110_000]

    def test_each_year_in_january(self, staff, federation):
        self.agree(staff, federation, date(2025, 3, 15), 50_000, "YEAR")
        assert [self.due(federation, day) for day in (date(2025, 12, 31), date(2026, 1, 1))] == [50_000, 100_000]

    def test_a_later_one_takes_its_place_and_nothing_ends_it(self, staff, federation):
        self.agree(staff, federation, date(2025, 3, 1), 10_000)
        self.agree(staff, federation, date(2025, 5, 1), 20_000)
        self.agree(staff, federation, date(2025, 6, 1), 0)
        assert self.due(federation, date(2025, 12, 1)) == 2 * 10_000 + 20_000

    def test_a_month_or_year_that_fell_due_is_not_asked_for_again(self, staff, federation):
        self.agree(staff, federation, date(2025, 3, 15), 10_000)
        self.agree(staff, federation, date(2025, 5, 15), 20_000)
        self.agree(staff, federation, date(2025, 5, 20), 50_000)
        days = [date(2025, 5, 31), date(2025, 6, 1), date(2025, 7, 1)]
        assert [self.due(federation, day) for day in days] == [30_000, 80_000, 130_000]
        self.agree(staff, federation, date(2025, 7, 10), 300_000, "YEAR")
        assert [self.due(federation, day) for day in (date(2025, 12, 31), date(2026, 1, 1))] == [130_000, 430_000]
        self.agree(staff, federation, date(2026, 3, 1), 10_000)
        assert [self.due(federation, day) for day in (date(2026, 12, 31), date(2027, 1, 1))] == [430_000, 440_000]

    def test_a_group_owes_while_it_belongs(self, group, staff, federation):
        self.agree(staff, federation, date(2025, 3, 1), 10_000)
        services.federation_leave(
            actor=staff, membership=federation.memberships.get(), ended_on=date(2025, 5, 1), why="pindah"
        )
        assert self.due(federation, date(2025, 12, 1)) == 20_000

    def test_what_was_paid_is_told_from_what_is_left(self, group, staff, federation):
        self.agree(staff, federation, date(2025, 3, 1), 10_000)
        payment = FederationPayment(paid_on=date(2025, 3, 2), amount=4_000)
        services.federation_payment_record(
            actor=facilitator_of(group), federation=federation, group=group, payment=payment
        )
        memberships = list(federation.memberships.all())
        found = selectors.contributions_of(federation, memberships, as_of=date(2025, 3, 31))[group.pk]
        assert (found.due, found.paid, found.left) == (10_000, 4_000, 6_000)
        services.federation_record_withdraw(actor=facilitator_of(group), record=payment, why="salah")
        found = selectors.contributions_of(federation, memberships, as_of=date(2025, 3, 31))[group.pk]
        assert found.paid == 0

    def test_a_group_does_not_pay_before_it_joined(self, group, federation):
        payment = FederationPayment(paid_on=FOUNDED - DAY, amount=4_000)
        with pytest.raises(ValidationError, match="did not belong"):
            services.federation_payment_record(
                actor=facilitator_of(group), federation=federation, group=group, payment=payment
            )

    def test_what_is_agreed_comes_after_what_was_agreed_last(self, staff, federation):
        self.agree(staff, federation, SUMMER, 10_000)
        with pytest.raises(ValidationError, match="already"):
            self.agree(staff, federation, SUMMER, 20_000)


def test_a_group_does_not_end_before_what_it_paid(group, federation):
    payment = FederationPayment(paid_on=SUMMER, amount=10_000)
    services.federation_payment_record(actor=facilitator_of(group), federation=federation, group=group, payment=payment)
    with pytest.raises(ValidationError, match="in the records until"):
        services.group_status_change(
            actor=facilitator_of(group), group=group, status=GroupStatus.DISSOLVED, on=SUMMER - DAY, reason="bubar"
        )
