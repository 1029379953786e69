"""A federation of some groups of each organisation: they meet every month, contribute and deal with others."""

from __future__ import annotations

import uuid
from datetime import date, timedelta
from random import Random

from django.core.exceptions import ValidationError
from django.db import transaction

from groups import services
from groups.models import (
    ContributionEvery,
    Federation,
    FederationContact,
    FederationContribution,
    FederationMeeting,
    FederationMembership,
    FederationOfficer,
    FederationPayment,
    Group,
    GroupStatus,
    OfficerRole,
    OfficerTerm,
    Partner,
    User,
)
from groups.shared.clock import clock_set_to
from kelompok.demo import words
from kelompok.demo.organisations import DemoOrganisation
from kelompok.demo.partners import moment
from kelompok.services.federations import contribution_pay
from meetings.models import Meeting

_MOST_GROUPS, _MONTHS = 5, 4
_AMOUNT = 10_000
_LEFT_ALONE = (words.SHOWING["same_amounts"], words.SHOWING["cash_always_agrees"], *words.ALIKE)
"""A payment to a federation would spoil what these groups show."""


def record_federations(organisations: list[DemoOrganisation], shown: list[Group], *, seed: int, today: date) -> None:
    """Let groups of each organisation join into a federation some months ago, and record what it did since."""
    for demo in organisations:
        founded_on = today - timedelta(31 * _MONTHS)
        chosen = Group.objects.filter(
            organisation=demo.organisation, pk__in=[group.pk for group in shown], status=GroupStatus.ACTIVE,
            founded_on__lte=founded_on,
        )  # fmt: skip
        members = list(chosen.exclude(name__in=_LEFT_ALONE).order_by("code")[:_MOST_GROUPS])
        if len(members) > 1:
            rng = Random(f"{seed}-federation-{demo.short}")  # noqa: S311 - demo data, repeatable by its seed
            FederationRecorder(demo, members, rng, founded_on=founded_on, today=today).record()


class FederationRecorder:
    """Records one federation from its founding to yesterday."""

    def __init__(
        self, demo: DemoOrganisation, members: list[Group], rng: Random, *, founded_on: date, today: date
    ) -> None:
        self.demo, self.members, self.rng = demo, members, rng
        self.founded_on, self.end = founded_on, today - timedelta(1)

    def record(self) -> None:
        """Record founding, joining, officers, contributions, meetings and contacts."""
        with clock_set_to(moment(self.founded_on)):
            self._found()
        self.recorders = {
            group.pk: User.objects.get(assignments__group=group, assignments__ended_on=None) for group in self.members
        }
        partners = list(Partner.objects.filter(organisation=self.demo.organisation).order_by("pk"))
        days = [self.founded_on + timedelta(31 * month + 14) for month in range(_MONTHS)]
        for month, day in enumerate([*(day for day in days if day < self.end), self.end]):
            if day <= self.end:
                with clock_set_to(moment(day)):
                    self._meet(day, words.FEDERATION_MEETINGS[month % len(words.FEDERATION_MEETINGS)])
                    self._contribute(day)
                    self._deal(day, partners[self.rng.randrange(len(partners))], month)

    def _found(self) -> None:
        staff, on = self.demo.staff, self.founded_on
        self.federation = services.federation_create(
            actor=staff,
            federation=Federation(
                name=words.FEDERATIONS[self.demo.short], founded_on=on, region_id=self.demo.villages[0][0][:5],
                purpose=words.FEDERATION_PURPOSE, key=self._key(),
            ),
        )  # fmt: skip
        for group in self.members:
            services.federation_join(
                actor=staff, federation=self.federation, group=group,
                membership=FederationMembership(started_on=on, key=self._key()),
            )  # fmt: skip
        for group, role in zip(self.members, OfficerRole, strict=False):
            term = OfficerTerm.objects.effective(on).filter(group=group).select_related("member__group").first()
            if term is not None:
                officer = FederationOfficer(member=term.member, role=role, started_on=on, key=self._key())
                services.federation_elect(actor=staff, federation=self.federation, officer=officer)
        contribution = FederationContribution(
            agreed_from=on, amount=_AMOUNT, every=ContributionEvery.MONTH, key=self._key()
        )
        services.contribution_agree(actor=staff, federation=self.federation, contribution=contribution)

    def _meet(self, on: date, topic: tuple[str, str]) -> None:
        there = [group for group in self.members if self.rng.random() < 0.8] or self.members[:1]
        meeting = FederationMeeting(
            held_on=on, place=words.FEDERATION_PLACE, agenda=topic[0], decisions=topic[1], key=self._key()
        )
        services.federation_meeting_record(
            actor=self.recorders[self.members[0].pk], federation=self.federation, meeting=meeting, present=there
        )

    def _contribute(self, on: date) -> None:
        """Let most groups pay; the books have what was paid after the last meeting, if the cash box had enough."""
        for group in self.members:
            key = self._key()
            if self.rng.random() < 0.8:
                is_counted = Meeting.objects.filter(group=group, held_on__gte=on).exists()
                try:
                    self._pay(group, on, key, in_books=not is_counted)
                except ValidationError:
                    self._pay(group, on, key, in_books=False)

    def _pay(self, group: Group, on: date, key: uuid.UUID, *, in_books: bool) -> None:
        with transaction.atomic():
            contribution_pay(
                actor=self.recorders[group.pk], federation=self.federation, group=group, in_books=in_books,
                payment=FederationPayment(group=group, paid_on=on, amount=_AMOUNT, key=key),
            )  # fmt: skip

    def _deal(self, on: date, partner: Partner, month: int) -> None:
        what, result = words.FEDERATION_CONTACTS[month % len(words.FEDERATION_CONTACTS)]
        contact = FederationContact(partner=partner, held_on=on, what=what, result=result, key=self._key())
        services.federation_contact_record(
            actor=self.recorders[self.members[0].pk], federation=self.federation, contact=contact
        )

    def _key(self) -> uuid.UUID:
        return uuid.UUID(int=self.rng.getrandbits(128), version=4)
