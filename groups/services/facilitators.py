"""Facilitators are assigned to groups."""

from __future__ import annotations

from datetime import date

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from groups.models import (
    FacilitatorAssignment,
    Group,
    User,
)
from groups.permissions import Capability, lock_group


@transaction.atomic
def facilitator_assign(*, actor: User, group: Group, facilitator: User, started_on: date) -> FacilitatorAssignment:
    """Give a facilitator of the group's organisation access to the group from `started_on`."""
    group = lock_group(actor, Capability.CONFIGURE, group)
    running = FacilitatorAssignment.objects.filter(group=group, facilitator=facilitator, ended_on__isnull=True)
    earlier = running.first()
    if earlier is not None:
        return earlier
    assignment = FacilitatorAssignment(group=group, facilitator=facilitator, started_on=started_on)
    assignment.full_clean()
    assignment.save()
    return assignment


@transaction.atomic
def assignment_end(*, actor: User, assignment: FacilitatorAssignment, ended_on: date) -> FacilitatorAssignment:
    """End an assignment: from the day `ended_on` the facilitator sees the group no more.

    One that ended meanwhile stays as it ended.
    """
    lock_group(actor, Capability.CONFIGURE, assignment.group)
    assignment = FacilitatorAssignment.objects.get(pk=assignment.pk)
    if assignment.ended_on is not None:
        return assignment
    if ended_on < assignment.started_on:
        raise ValidationError({"ended_on": _("An assignment cannot end before it starts.")})
    assignment.ended_on = ended_on
    assignment.save(update_fields=["ended_on"])
    return assignment
