"""Whom groups of the demo work with: partners of their organisation, five steps, an agreement and activities.

How much a group does with others follows its quality, from nothing to an agreement with activities under it.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from random import Random
from typing import Any

from django.utils import timezone

from groups import services
from groups.models import (
    ActivityKind,
    Aspect,
    Group,
    Partner,
    PartnerActivity,
    Partnership,
    PartnershipAgreement,
    PartnershipDocument,
    PartnershipPattern,
    PartnershipStep,
    StepNumber,
    User,
)
from groups.shared.clock import clock_set_to
from kelompok.demo import words
from kelompok.demo.organisations import DemoOrganisation
from kelompok.demo.plans import GroupPlan

_LEVELS = 4
"""Nothing, talks, one activity, an agreement with activities."""
_BETWEEN = timedelta(75)
_STEPS_TAKE = timedelta(4)
_EVENING = time(17)
_ENDS_SOON = 6
"""The agreement of one group in so many ends in some weeks."""


def record_partners(demo: DemoOrganisation, *, on: date) -> None:
    """Record whom an organisation knows: buyers, suppliers, lenders, offices."""
    places = sorted({village[:5] for villages in demo.villages for village in villages})
    with clock_set_to(moment(on)):
        for number, (name, kind, contact, criteria) in enumerate(words.PARTNERS):
            partner = Partner(
                name=name,
                kind=kind,
                region_id=places[number % len(places)],
                contact_person=contact,
                phone=f"08135{number:02}{on:%m%d}7",
                criteria=criteria,
                key=uuid.uuid5(uuid.NAMESPACE_URL, f"{demo.short} {name}"),
            )
            services.partner_create(actor=demo.facilitators[0], partner=partner)


class PartnershipRecorder:
    """Records what one group does with others from `start` to yesterday, as its plan has it."""

    def __init__(self, plan: GroupPlan, group: Group, *, start: date, end: date) -> None:
        self.plan, self.group, self.start, self.end = plan, group, start, end
        self.actor: User = plan.facilitator
        self.rng = Random(f"partners-{plan.code}")  # noqa: S311 - demo data, repeatable
        self.partners = list(Partner.objects.filter(organisation=group.organisation_id).order_by("pk"))

    def record(self) -> None:
        """Record talks, activities and an agreement, a row of each that the quality of the group brings."""
        level = self._level(0.8)
        if not self.partners or level == 0 or (self.end - self.start).days < 21:
            return
        first = self.start + timedelta(max(7, int((self.end - self.start).days * 0.1)))
        buyer = self.rng.choice([one for one in self.partners if one.kind in ("BUYER", "COOPERATIVE")])
        self._act(self.start + timedelta(3), buyer, ActivityKind.TALKS, words.TALKS)
        if level == 1:
            self._every(first, lambda day: self._act(day, buyer, ActivityKind.TALKS, words.TALKS))
            return
        partnership = self._begin(self.start + timedelta(3))
        self._steps(partnership, buyer, first, level)
        if level == _LEVELS - 1:
            self._agree(partnership, buyer, first)
            self._every(first, lambda day: self._trade(day, buyer, partnership))
        else:
            self._act(max(first, self.end - timedelta(40)), buyer, ActivityKind.MARKETING, words.SALES, partnership)

    def _level(self, share: float) -> int:
        return min(_LEVELS - 1, int(self.plan.quality(share) * _LEVELS))

    def _every(self, first: date, act: Callable[[date], None]) -> None:
        day = first
        while day < self.end:
            act(day)
            day += _BETWEEN + timedelta(self.rng.randint(-9, 9))

    def _begin(self, on: date) -> Partnership:
        with clock_set_to(moment(on)):
            partnership = Partnership(title=self.rng.choice(words.PARTNERSHIPS), started_on=on, key=self._key())
            return services.partnership_begin(actor=self.actor, group=self.group, partnership=partnership)

    def _steps(self, partnership: Partnership, partner: Partner, by: date, level: int) -> None:
        """Take four steps up to a day, or plan the fourth where the group is not that far."""
        others = [one for one in self.partners if one != partner]
        details: dict[StepNumber, dict[str, Any]] = {
            StepNumber.LACKS: {"text": self.rng.choice(words.LACKS)},
            StepNumber.ASPECTS: {"aspects": [(Aspect.RESULTS, words.NEEDS[0]), (Aspect.FUNDS, words.NEEDS[1])]},
            StepNumber.CANDIDATES: {"candidates": [(partner, words.FITS[0]), (self.rng.choice(others), words.FITS[1])]},
            StepNumber.CONSENT: {"partner": partner, "text": words.CONSENT},
        }
        for number, detail in details.items():
            day = min(by, partnership.started_on + _STEPS_TAKE * (number - 1))
            named = {name: detail.pop(name) for name in ("text", "partner") if name in detail}
            with clock_set_to(moment(day)):
                step = PartnershipStep(number=number, done_on=day, key=self._key(), **named)
                services.partnership_step(actor=self.actor, partnership=partnership, step=step, **detail)
        if level < _LEVELS - 1:
            with clock_set_to(moment(by)):
                step = PartnershipStep(number=StepNumber.WRITTEN, due_on=self.end + timedelta(14), key=self._key())
                services.partnership_step(actor=self.actor, partnership=partnership, step=step)

    def _agree(self, partnership: Partnership, partner: Partner, on: date) -> None:
        ends_soon = (self.group.number or 0) % _ENDS_SOON == 0
        ends_on = self.end + timedelta(25) if ends_soon else date(self.end.year + 1, 12, 31)
        with clock_set_to(moment(on)):
            agreement = PartnershipAgreement(
                partner=partner, pattern=self.rng.choice(PartnershipPattern.values), number=f"{on:%m}/PK/{on.year}",
                agreed_on=on, place=self.group.place, starts_on=on, ends_on=ends_on,
                group_rights=words.GROUP_RIGHTS, group_duties=words.GROUP_DUTIES, partner_rights=words.PARTNER_RIGHTS,
                partner_duties=words.PARTNER_DUTIES, rules=words.PARTNERSHIP_RULES,
                partner_signer=partner.contact_person, partner_office=words.SIGNS_AS,
                kept_at=words.KEPT_AT, key=self._key(),
            )  # fmt: skip
            letter = PartnershipDocument(
                title=words.LETTER, number=f"{on:%d}/S/{on.year}", dated_on=on, kept_at=words.KEPT_AT, key=self._key()
            )
            services.agreement_sign(actor=self.actor, partnership=partnership, agreement=agreement)
            services.partnership_document_add(actor=self.actor, partnership=partnership, document=letter)

    def _act(
        self,
        on: date,
        partner: Partner,
        kind: ActivityKind,
        happened: tuple[tuple[str, str, int], ...],
        partnership: Partnership | None = None,
    ) -> None:
        what, result, value = self.rng.choice(happened)
        aspect = "" if kind == ActivityKind.TALKS else Aspect.RESULTS
        with clock_set_to(moment(on)):
            activity = PartnerActivity(
                partner=partner, partnership=partnership, held_on=on, kind=kind, aspect=aspect, what=what,
                result=result, value=value * self.rng.randint(8, 14) // 10 // 1000 * 1000, key=self._key(),
            )  # fmt: skip
            services.partner_activity_record(actor=self.actor, group=self.group, activity=activity)

    def _trade(self, on: date, partner: Partner, partnership: Partnership) -> None:
        kinds = ((ActivityKind.MARKETING, words.SALES), (ActivityKind.RAW_MATERIAL, words.PURCHASES))
        kind, happened = self.rng.choice(kinds)
        self._act(on, partner, kind, happened, partnership)

    def _key(self) -> uuid.UUID:
        return uuid.UUID(int=self.rng.getrandbits(128), version=4)


def moment(day: date) -> datetime:
    """Return the evening of a day, on which it is recorded."""
    return datetime.combine(day, _EVENING, tzinfo=timezone.get_default_timezone())
