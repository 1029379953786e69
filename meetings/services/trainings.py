"""Trainings of a group are recorded with who took part, and withdrawn."""

from __future__ import annotations

from collections.abc import Sequence

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from groups.ending import require_alive
from groups.membership import outside_membership
from groups.models import Group, Member, User
from groups.permissions import Capability, lock_group
from groups.services.profiles import form_used, refuse_changed
from groups.shared.clock import refuse_to_come, today_of
from meetings.models import Training, TrainingParticipant, Visit

TRAINING = ("held_on", "subject", "trainer", "trainer_office", "place", "hours", "guests")
"""The fields of a training that a form sends; the participants and the visit come beside them."""


@transaction.atomic
def training_record(*, actor: User, group: Group, training: Training, members: Sequence[Member]) -> Training:
    """Record an unsaved training with the members who took part; the same key twice is one training.

    Raises `FormUsed` if the key came with other words before, and `ValidationError` for a day to come, before the
    founding or after the end of the group, for a visit that was withdrawn or of another day, and for nobody or somebody
    who did not belong to the group on the day.
    """
    group = lock_group(actor, Capability.MENTOR, group)
    earlier = Training.objects.filter(group=group, key=training.key).first()
    if earlier is not None:
        refuse_changed(earlier, training, (*TRAINING, "visit_id"))
        if set(earlier.participants.values_list("member", flat=True)) != {member.pk for member in members}:
            raise form_used(earlier)
        return earlier
    training.group, training.recorded_by = group, actor
    _check_day(training)
    _check_members(training, members)
    training.full_clean()
    training.save()
    TrainingParticipant.objects.bulk_create(
        TrainingParticipant(group=group, training=training, member=member) for member in members
    )
    return training


@transaction.atomic
def training_withdraw(*, actor: User, training: Training, reason: str) -> Training:
    """Take back a training recorded by mistake; it stays readable with the reason."""
    lock_group(actor, Capability.MENTOR, training.group)
    training = Training.objects.get(pk=training.pk)
    training.withdraw(actor, reason)
    return training


def _check_day(training: Training) -> None:
    group, on = training.group, training.held_on
    refuse_to_come(on, today_of(group), at="held_on")
    if on < group.founded_on:
        raise ValidationError({"held_on": _("The group did not exist yet on this date.")})
    require_alive(group, on, field="held_on")
    if training.visit_id is not None:
        visit = Visit.objects.valid().filter(group=group, pk=training.visit_id).first()
        if visit is None:
            raise ValidationError(_("The visit of this training was withdrawn."))
        if visit.visited_on != on:
            raise ValidationError({"held_on": _("This is not the day of the visit.")})


def _check_members(training: Training, members: Sequence[Member]) -> None:
    if not members:
        raise ValidationError({"members": _("Tick who took part.")})
    outside = [outside_membership(member, training.held_on, leaving_day=True) for member in members]
    if any(outside):
        raise ValidationError({"members": " ".join(filter(None, outside))})
