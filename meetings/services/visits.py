"""Visits are planned, recorded and withdrawn; what is to follow from them is marked as done."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from groups.ending import require_alive
from groups.models import Group, User
from groups.permissions import Capability, lock_group
from groups.services.profiles import form_used, refuse_changed
from groups.shared.clock import refuse_to_come, today_of
from meetings.models import FollowUp, PlannedVisit, Visit

PLANNED_VISIT = ("planned_on", "visitor", "task", "purpose")
"""The fields of a planned visit that a form sends."""
VISIT = (
    "visited_on", "visitor", "visitor_name", "visitor_office", "role", "task", "purpose", "met", *Visit.FINDINGS,
    "advice", "planned",
)  # fmt: skip
"""The fields of a visit that a form sends."""
FOLLOW_UP = ("what", "who", "due_on")
"""The fields of a follow-up that a form sends."""
BEFORE_FOUNDING = timedelta(days=366)
"""A group is visited before its founding, for the survey and to bring people together, but not years before."""


@transaction.atomic
def visit_plan(*, actor: User, group: Group, plan: PlannedVisit) -> PlannedVisit:
    """Record an unsaved plan to visit a group; the same key twice is one plan.

    Raises `FormUsed` if the key came with other words before, and `ValidationError` for a day that is over and for
    somebody of another organisation.
    """
    group = lock_group(actor, Capability.MENTOR, group)
    earlier = PlannedVisit.objects.filter(group=group, key=plan.key).first()
    if earlier is not None:
        refuse_changed(earlier, plan, PLANNED_VISIT)
        return earlier
    if plan.planned_on < today_of(group):
        raise ValidationError({"planned_on": _("This day is over: record the visit instead.")})
    require_alive(group, plan.planned_on, field="planned_on")
    _require_colleague(group, plan.visitor, field="visitor")
    plan.group, plan.recorded_by = group, actor
    plan.full_clean()
    plan.save()
    return plan


@transaction.atomic
def visit_plan_withdraw(*, actor: User, plan: PlannedVisit) -> PlannedVisit:
    """Call a planned visit off; one that was made or called off stays as it is."""
    lock_group(actor, Capability.MENTOR, plan.group)
    plan = PlannedVisit.objects.get(pk=plan.pk)
    if not plan.visits.valid().exists():
        plan.withdraw(actor)
    return plan


@transaction.atomic
def visit_record(*, actor: User, group: Group, visit: Visit, follow_ups: Sequence[FollowUp] = ()) -> Visit:
    """Record an unsaved visit with its unsaved follow-ups; the same key twice is one visit.

    Raises `FormUsed` if the key came with other words before, and `ValidationError` for a day to come, after the end of
    the group or long before its founding, for a plan that is not open, and for a follow-up due before the visit.
    """
    group = lock_group(actor, Capability.MENTOR, group)
    earlier = Visit.objects.filter(group=group, key=visit.key).first()
    if earlier is not None:
        refuse_changed(earlier, visit, VISIT)
        said = [_said(one) for one in earlier.follow_ups.all()]
        if said != [_said(one) for one in follow_ups]:
            raise form_used(earlier)
        return earlier
    visit.group, visit.recorded_by = group, actor
    _check_day(visit)
    if visit.visitor is not None:
        _require_colleague(group, visit.visitor, field="visitor")
    if visit.planned is not None and not PlannedVisit.objects.open().filter(group=group, pk=visit.planned.pk).exists():
        raise ValidationError({"planned": _("This plan is not open any more.")})
    visit.full_clean()
    visit.save()
    for number, one in enumerate(follow_ups, start=1):
        one.group, one.visit, one.number = group, visit, number
        if one.due_on < visit.visited_on:
            raise ValidationError({f"due_on_{number}": _("This is before the visit.")})
        one.full_clean()
        one.save()
    return visit


@transaction.atomic
def visit_withdraw(*, actor: User, visit: Visit, reason: str) -> Visit:
    """Take back a visit recorded by mistake; it stays readable with the reason, and its plan is open again.

    Raises `ValidationError` while a training is recorded of it.
    """
    lock_group(actor, Capability.MENTOR, visit.group)
    visit = Visit.objects.get(pk=visit.pk)
    if visit.withdrawn_at is None:
        if visit.trainings.valid().exists():
            raise ValidationError(_("A training is recorded of this visit: withdraw the training first."))
        visit.withdraw(actor, reason)
    return visit


@transaction.atomic
def follow_up_done(*, actor: User, group: Group, follow_up: FollowUp, on: date | None) -> FollowUp:
    """Mark a follow-up as done on a day, or as open again with None."""
    group = lock_group(actor, Capability.MENTOR, group)
    follow_up = FollowUp.objects.get(pk=follow_up.pk, group=group)
    if on is not None:
        refuse_to_come(on, today_of(group), at="on")
    follow_up.done_on, follow_up.done_by = on, actor if on else None
    follow_up.save(update_fields=["done_on", "done_by"])
    return follow_up


def _check_day(visit: Visit) -> None:
    refuse_to_come(visit.visited_on, today_of(visit.group), at="visited_on")
    require_alive(visit.group, visit.visited_on, field="visited_on")
    if visit.visited_on < visit.group.founded_on - BEFORE_FOUNDING:
        raise ValidationError({"visited_on": _("This is more than a year before the group was founded.")})


def _require_colleague(group: Group, visitor: User, *, field: str) -> None:
    if visitor.organisation_id != group.organisation_id or visitor.member_id is not None:
        raise ValidationError({field: _("Choose somebody who works for the organisation of the group.")})


def _said(follow_up: FollowUp) -> tuple[object, ...]:
    return tuple(getattr(follow_up, name) for name in FOLLOW_UP)
