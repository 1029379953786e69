"""Mentoring goes from phase to phase, each with what was agreed, and ends with a review."""

from __future__ import annotations

from datetime import date, timedelta

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from groups.ending import require_alive
from groups.models import ExitReview, Group, MentoringPhase, MentoringStage, User
from groups.permissions import Capability, lock_group
from groups.services.profiles import form_used, refuse_changed
from groups.shared.clock import refuse_to_come, today_of

MENTORING_PHASE = (
    "phase", "started_on", "planned_until", "mentoring_until", "criteria", "visit_every_days", "note",
)  # fmt: skip
"""The fields of a phase that a form sends."""
EXIT_REVIEW = ("present", *ExitReview.MONEY_AND_BOOKS, *ExitReview.SOCIAL, *ExitReview.AFTERWARDS)
"""The fields of an exit review that a form sends."""
BEFORE_FOUNDING = timedelta(days=366)
"""Mentoring begins before the founding, when a group is brought together, but not years before."""


@transaction.atomic
def mentoring_phase_begin(*, actor: User, group: Group, phase: MentoringPhase) -> MentoringPhase:
    """Begin an unsaved phase with what was agreed, or make the running one longer; the same key twice is one phase.

    Raises `FormUsed` if the key came with other words before, and `ValidationError` for a day to come, not after the
    phase before, or after the end of the group, for days that do not follow each other, and where before the end
    visits do not become fewer.
    """
    group = lock_group(actor, Capability.MENTOR, group)
    earlier = MentoringPhase.objects.filter(group=group, key=phase.key).first()
    if earlier is not None:
        refuse_changed(earlier, phase, MENTORING_PHASE)
        return earlier
    if phase.phase == MentoringStage.ENDED:
        raise ValidationError({"phase": _("Mentoring ends with an exit review.")})
    return _record(actor, group, phase)


@transaction.atomic
def mentoring_end(*, actor: User, group: Group, phase: MentoringPhase, review: ExitReview) -> MentoringPhase:
    """End the mentoring of a group with an unsaved phase and its unsaved review; the same key twice is one end."""
    group = lock_group(actor, Capability.MENTOR, group)
    phase.phase = MentoringStage.ENDED
    earlier = MentoringPhase.objects.filter(group=group, key=phase.key).first()
    if earlier is not None:
        refuse_changed(earlier, phase, ("started_on", "note"))
        if any(getattr(earlier.exit_review, name) != getattr(review, name) for name in EXIT_REVIEW):
            raise form_used(earlier)
        return earlier
    running = _latest(group)
    if running is None or running.phase == MentoringStage.ENDED:
        raise ValidationError(_("Nobody accompanies the group in a phase that could end."))
    phase = _record(actor, group, phase)
    review.group, review.phase = group, phase
    review.full_clean()
    review.save()
    return phase


@transaction.atomic
def mentoring_phase_withdraw(*, actor: User, phase: MentoringPhase, reason: str) -> MentoringPhase:
    """Take back the latest phase, which was recorded by mistake: the one before goes on, and the row stays readable."""
    group = lock_group(actor, Capability.MENTOR, phase.group)
    phase = MentoringPhase.objects.get(pk=phase.pk)
    if phase.withdrawn_at is not None:
        return phase
    if phase != _latest(group):
        raise ValidationError(_("A later phase follows: withdraw that one first."))
    phase.withdraw(actor, reason)
    return phase


def _latest(group: Group) -> MentoringPhase | None:
    return MentoringPhase.objects.begun(date.max).filter(group=group).first()


def _record(actor: User, group: Group, phase: MentoringPhase) -> MentoringPhase:
    before = _latest(group)
    _check_day(group, phase.started_on, before)
    goes_on = before is not None and before.phase == phase.phase
    phase.phase_since = before.phase_since if before is not None and goes_on else phase.started_on
    phase.first_planned_until = before.first_planned_until if before is not None and goes_on else phase.planned_until
    if before is not None and before.visit_every_days and phase.phase == MentoringStage.ACCESS and not goes_on:
        _check_fewer_visits(before.visit_every_days, phase)
    phase.group, phase.recorded_by = group, actor
    phase.full_clean()
    phase.save()
    return phase


def _check_day(group: Group, started_on: date, before: MentoringPhase | None) -> None:
    refuse_to_come(started_on, today_of(group), at="started_on")
    require_alive(group, started_on, field="started_on")
    if started_on < group.founded_on - BEFORE_FOUNDING:
        raise ValidationError({"started_on": _("This is more than a year before the group was founded.")})
    if before is not None and started_on <= before.started_on:
        message = _("The phase before began on %s.") % date_format(before.started_on)
        raise ValidationError({"started_on": message})


def _check_fewer_visits(days_before: int, phase: MentoringPhase) -> None:
    if phase.visit_every_days is not None and phase.visit_every_days <= days_before:
        message = _("Before the end visits become fewer: there were %s days between them until now.") % days_before
        raise ValidationError({"visit_every_days": message})
