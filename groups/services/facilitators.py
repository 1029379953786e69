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
def facilitator_assign(
    *, actor: User, group: Group, facilitator: User, started_on: date, ended_on: date | None = None
) -> FacilitatorAssignment:
    """Give a facilitator of the group's organisation access to the group from `started_on`.

    A substitute has it for a time, to before `ended_on`. Raises `ValidationError` where the time lies across another
    one of the same person; whoever accompanies the group without an end is assigned already.
    """
    group = lock_group(actor, Capability.CONFIGURE, group)
    own = FacilitatorAssignment.objects.filter(group=group, facilitator=facilitator)
    earlier = own.filter(ended_on__isnull=True).first()
    if earlier is not None:
        return earlier
    across = own.filter(ended_on__gt=started_on)
    if (across.filter(started_on__lt=ended_on) if ended_on is not None else across).exists():
        raise ValidationError({"started_on": _("This person accompanies the group in this time already.")})
    assignment = FacilitatorAssignment(group=group, facilitator=facilitator, started_on=started_on, ended_on=ended_on)
    assignment.full_clean()
    assignment.save()
    return assignment


@transaction.atomic
def assignment_end(*, actor: User, assignment: FacilitatorAssignment, ended_on: date) -> FacilitatorAssignment:
    """End an assignment: from the day `ended_on` the facilitator sees the group no more.

    One that ended by then stays as it ended; that of a substitute may end earlier than was planned.
    """
    lock_group(actor, Capability.CONFIGURE, assignment.group)
    assignment = FacilitatorAssignment.objects.get(pk=assignment.pk)
    if assignment.ended_on is not None and assignment.ended_on <= ended_on:
        return assignment
    if ended_on < assignment.started_on:
        raise ValidationError({"ended_on": _("An assignment cannot end before it starts.")})
    assignment.ended_on = ended_on
    assignment.save(update_fields=["ended_on"])
    return assignment
