"""Partnerships of a group: where each of the five steps stands, agreements by date, and activities."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from django.db.models import Max, Min, Prefetch, Q, QuerySet

from groups.models import (
    Group,
    Partner,
    PartnerActivity,
    Partnership,
    PartnershipAgreement,
    PartnershipAspect,
    PartnershipCandidate,
    PartnershipStep,
    StepNumber,
)
from groups.records import RecordedDays, spanning


class StepState(StrEnum):
    """Where a step of a partnership stands on a day."""

    OPEN = "open"
    PLANNED = "planned"
    OVERDUE = "overdue"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class StepOnDay:
    """A step with its state and the day it is done or planned for; `step` is its last record, None without one.

    The fifth step is done with the `agreement` and has no record of its own then.
    """

    number: StepNumber
    state: StepState
    on: date | None
    step: PartnershipStep | None = None
    agreement: PartnershipAgreement | None = None


@dataclass(frozen=True, slots=True)
class PartnershipOnDay:
    """A partnership with its steps on a day, the partner it is with, and its agreements that were not withdrawn."""

    partnership: Partnership
    steps: list[StepOnDay]
    partner: Partner | None
    agreements: list[PartnershipAgreement]
    in_force: list[PartnershipAgreement]
    ends_soon: PartnershipAgreement | None

    @property
    def done(self) -> int:
        """How many of the steps are done."""
        return sum(step.state == StepState.DONE for step in self.steps)

    @property
    def next_step(self) -> StepOnDay | None:
        """The first step that is not done."""
        return next((step for step in self.steps if step.state != StepState.DONE), None)


def partnerships_on(group: Group, *, as_of: date) -> list[PartnershipOnDay]:
    """Return the partnerships of a group, the open ones first, as they stand on a day; five statements at most."""
    return _on_day(Partnership.objects.filter(group=group), as_of)


def partnership_on(partnership: Partnership, *, as_of: date) -> PartnershipOnDay:
    """Return one partnership as it stands on a day."""
    [found] = _on_day(Partnership.objects.filter(pk=partnership.pk), as_of)
    return found


def _on_day(partnerships: QuerySet[Partnership], as_of: date) -> list[PartnershipOnDay]:
    steps = PartnershipStep.objects.select_related("partner", "recorded_by").order_by("pk")
    details = steps.prefetch_related(
        Prefetch("aspects", PartnershipAspect.objects.order_by("priority")),
        Prefetch("candidates", PartnershipCandidate.objects.select_related("partner").order_by("pk")),
    )
    agreements = PartnershipAgreement.objects.valid().select_related("partner").order_by("-starts_on", "-pk")
    found = partnerships.select_related("recorded_by", "closed_by").prefetch_related(
        Prefetch("steps", details), Prefetch("agreements", agreements)
    )
    return [_stand(partnership, as_of) for partnership in found]


def _stand(partnership: Partnership, as_of: date) -> PartnershipOnDay:
    last = {StepNumber(step.number): step for step in partnership.steps.all()}
    agreements = list(partnership.agreements.all())
    first = agreements[-1] if agreements else None
    consent = last.get(StepNumber.CONSENT)
    partner = agreements[0].partner if agreements else consent.partner if consent is not None else None
    in_force = [agreement for agreement in agreements if agreement.is_in_force(as_of)]
    return PartnershipOnDay(
        partnership,
        [_step_on_day(number, last.get(number), first, as_of) for number in StepNumber],
        partner,
        agreements,
        in_force,
        next((agreement for agreement in _ending(in_force, agreements, as_of)), None),
    )


def _step_on_day(
    number: StepNumber, step: PartnershipStep | None, agreement: PartnershipAgreement | None, as_of: date
) -> StepOnDay:
    if number == StepNumber.WRITTEN and agreement is not None:
        return StepOnDay(number, StepState.DONE, agreement.agreed_on, agreement=agreement)
    if step is None:
        return StepOnDay(number, StepState.OPEN, None)
    if step.done_on is not None:
        return StepOnDay(number, StepState.DONE, step.done_on, step)
    assert step.due_on is not None, "a step has one of two days"
    state = StepState.OVERDUE if step.due_on < as_of else StepState.PLANNED
    return StepOnDay(number, state, step.due_on, step)


def _ending(
    in_force: Iterable[PartnershipAgreement], agreements: Iterable[PartnershipAgreement], as_of: date
) -> list[PartnershipAgreement]:
    """Return the agreements that end soon and that no later one goes on with."""
    return [
        ending
        for ending in in_force
        if ending.ends_soon(as_of) and not any(one.starts_on > ending.starts_on for one in agreements)
    ]


@dataclass(frozen=True, slots=True)
class PartnershipLine:
    """What a group's page says of its partnerships: agreements in force, and the one to renew."""

    in_force: int
    ends_soon: PartnershipAgreement | None


def partnership_line(group: Group, *, as_of: date) -> PartnershipLine:
    """Return what stands of agreements with partners on the page of a group on a day, in one statement."""
    valid = PartnershipAgreement.objects.valid().filter(group=group).select_related("partner")
    agreements = list(valid.order_by("partnership", "-starts_on", "-pk"))
    in_force = [agreement for agreement in agreements if agreement.is_in_force(as_of)]
    ending = [
        agreement
        for agreement in in_force
        if _ending([agreement], [one for one in agreements if one.partnership_id == agreement.partnership_id], as_of)
    ]
    soonest = min(ending, key=lambda agreement: agreement.ends_on or date.max, default=None)
    return PartnershipLine(len(in_force), soonest)


def partnerships_open(as_of: date) -> QuerySet[Partnership]:
    """Return the partnerships that ran on a day."""
    return Partnership.objects.filter(Q(closed_on__isnull=True) | Q(closed_on__gt=as_of), started_on__lte=as_of)


def steps_done(partnership: Partnership) -> dict[StepNumber, PartnershipStep]:
    """Return the steps of which the last record says that they are done, by number."""
    last = {StepNumber(step.number): step for step in partnership.steps.order_by("pk").select_related("partner")}
    return {number: step for number, step in last.items() if step.done_on is not None}


def partner_of(partnership: Partnership) -> Partner | None:
    """Return the partner a partnership is with: of the latest agreement, or of the fourth step; None before."""
    agreement = partnership.agreements.valid().select_related("partner").order_by("-starts_on", "-pk").first()
    if agreement is not None:
        found: Partner = agreement.partner
        return found
    consent = steps_done(partnership).get(StepNumber.CONSENT)
    return consent.partner if consent is not None else None


def partner_activities(group: Group) -> QuerySet[PartnerActivity]:
    """Return the activities of a group with others, withdrawn ones too, the latest first."""
    activities = PartnerActivity.objects.filter(group=group)
    return activities.select_related("partner", "partnership", "recorded_by", "withdrawn_by").order_by(
        "-held_on", "-pk"
    )


def partnership_days(group: Group) -> RecordedDays:
    """Return the first and the last day on which a partnership of the group or an activity is recorded."""
    days = []
    for rows, field in (
        (Partnership.objects.filter(group=group), "started_on"),
        (PartnershipStep.objects.filter(group=group), "done_on"),
        (PartnershipAgreement.objects.valid().filter(group=group), "agreed_on"),
        (PartnerActivity.objects.valid().filter(group=group), "held_on"),
    ):
        days.append(RecordedDays(**rows.order_by().aggregate(first=Min(field), last=Max(field))))
    return spanning(days)
