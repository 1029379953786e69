"""Groups are registered, change their profile, fall asleep and end."""

from __future__ import annotations

import secrets
from datetime import date

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from groups.models import (
    Constitution,
    EarlierPlace,
    FacilitatorAssignment,
    Group,
    GroupStatus,
    GroupStatusChange,
    MeetingRhythm,
    Organisation,
    Role,
    User,
)
from groups.permissions import Capability, lock_group, require
from groups.records import recorded_days_of_group
from groups.selectors import status_of
from groups.services.profiles import fields_outside, form_used, refuse_changed
from groups.services.rhythms import rhythm_of_founding, same_rhythm
from groups.shared.clock import refuse_to_come, today, today_of
from groups.shared.seen import refuse_unseen

CODE_ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
"""No 0 and O, no 1, I and L, no U: codes are read aloud and copied by hand."""
CODE_LENGTH = 6
GROUP_PROFILE = ("name", "kind", "status", "founded_on", "village", "place")


@transaction.atomic
def group_register(*, actor: User, group: Group, rhythm: MeetingRhythm) -> Group:
    """Register an unsaved group in the actor's organisation, with its code, its number and a first, empty set of rules.

    The unsaved `rhythm` counts from the founding on. A facilitator is assigned to the group. The same `group.key` sent
    twice returns the group it made, and raises `FormUsed` with another profile or rhythm.
    """
    require(actor, Capability.RECORD)
    if actor.organisation is None:
        raise ValidationError(_("You belong to no organisation, so there is nowhere to register the group."))
    # One person's submits queue up here: there is no group yet to lock.
    User.objects.select_for_update(no_key=True).get(pk=actor.pk)
    earlier = Group.objects.filter(key=group.key, recorded_by=actor).first()
    if earlier is not None:
        refuse_changed(earlier, group, GROUP_PROFILE)
        rhythm.clean()
        if not any(same_rhythm(known, rhythm) for known in earlier.rhythms.all()):
            raise form_used(earlier)
        return earlier
    group.organisation = actor.organisation
    group.recorded_by = actor
    group.code = _new_code()
    group.number = _next_number(actor.organisation)
    group.full_clean()
    group.save()
    group.rules = Constitution.objects.create(group=group, version=1, agreed_on=group.founded_on, recorded_by=actor)
    group.save(update_fields=["rules"])
    rhythm.group, rhythm.agreed_from, rhythm.recorded_by = group, group.founded_on, actor
    rhythm.full_clean()
    rhythm.save()
    if actor.role == Role.FACILITATOR:
        FacilitatorAssignment.objects.create(group=group, facilitator=actor, started_on=today())
    return group


@transaction.atomic
def group_update(
    *,
    actor: User,
    group: Group,
    status: str | None = None,
    status_on: date | None = None,
    status_reason: str = "",
    seen: str = "",
) -> Group:
    """Save the changed profile of a group; nothing else of it is touched.

    A changed `status` is written down with its day, by default today, and its reason: see `group_status_change`; None
    is the stored one. Where the group was until today, and of what kind, is written down too, unless it had no village
    yet. Raises `ChangedMeanwhile` where another state is stored than the one that was `seen`, if it is known which.
    """
    stored = lock_group(actor, Capability.RECORD, group)
    group.status = status or stored.status
    refuse_unseen(actor, stored, group, GROUP_PROFILE, seen=seen)
    was_at = stored.village_id or group.village_id
    if (was_at, stored.kind) != (group.village_id, group.kind):
        EarlierPlace.objects.create(group=stored, village_id=was_at, kind=stored.kind, until=today(), recorded_by=actor)
    group.full_clean(exclude=fields_outside(Group, GROUP_PROFILE))
    group_status_change(
        actor=actor,
        group=group,
        status=GroupStatus(group.status),
        on=status_on or today_of(group),
        reason=status_reason,
    )
    group.save(update_fields=[name for name in GROUP_PROFILE if name != "status"])
    group.refresh_from_db(fields=["status"])
    rhythm_of_founding(actor=actor, group=group, founded_on=stored.founded_on)
    return group


@transaction.atomic
def group_status_change(
    *, actor: User, group: Group, status: GroupStatus, on: date, reason: str
) -> GroupStatusChange | None:
    """Let a group fall asleep, end or become active again from the day `on`, and write down why.

    The day may be past: what was recorded of later days stands from those days on. A change on the day of an earlier
    one takes its place, and both stay readable. Returns None where the group had the status on that day already. Raises
    `ValidationError` without a reason for an end or a sleep, for a day to come or before the group, and for an end
    before what books and minutes hold.
    """
    stored = lock_group(actor, Capability.RECORD, group)
    before = status_of(stored, as_of=on)
    if before == status:
        return None
    if status != GroupStatus.ACTIVE and not reason.strip():
        raise ValidationError({"status_reason": _("Write why the group is no longer active.")})
    refuse_to_come(on, today_of(group), at="status_on")
    if on < group.founded_on:
        raise ValidationError({"status_on": _("The group did not exist yet on this date.")})
    last = recorded_days_of_group(stored).last if status == GroupStatus.DISSOLVED else None
    if last is not None and last > on:
        raise ValidationError({"status_on": _("This group is in the records until %s.") % date_format(last)})
    change = GroupStatusChange.objects.create(
        group=stored,
        from_status=before,
        to_status=status,
        changed_on=on,
        reason=reason.strip(),
        recorded_by=actor,
    )
    stored.status = status_of(stored, as_of=today_of(group))
    stored.save(update_fields=["status"])
    return change


def _next_number(organisation: Organisation) -> int:
    """Return the next number of a group of `organisation`; until the transaction ends nobody else gets one."""
    Organisation.objects.select_for_update(no_key=True).get(pk=organisation.pk)
    last = Group.objects.filter(organisation=organisation).aggregate(last=Max("number"))["last"]
    return (last or 0) + 1


def _new_code() -> str:
    while True:
        code = "".join(secrets.choice(CODE_ALPHABET) for _position in range(CODE_LENGTH))
        if not Group.objects.filter(code=code).exists():
            return code
