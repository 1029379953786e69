"""Members join, change their profile, leave and come back."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import date

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max, Q
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from groups.ending import after_the_end, require_alive
from groups.models import (
    Group,
    Member,
    OfficerTerm,
    User,
)
from groups.permissions import Capability, lock_group
from groups.records import recorded_days_of_member
from groups.services.profiles import fields_outside, form_used, refuse_changed
from groups.shared.audit import log_created
from groups.shared.clock import refuse_to_come, today_of
from groups.shared.seen import refuse_unseen

MEMBER_PROFILE = ("name", "gender", "birth_year", "phone", "nik", "joined_on")
MOST_AT_ONCE = 40
"""Members that one form registers at most."""


@transaction.atomic
def member_register(*, actor: User, group: Group, member: Member) -> Member:
    """Register an unsaved member under the group's next number; the same `member.key` twice is one member.

    Raises `FormUsed` if the key came with another profile before.
    """
    group = lock_group(actor, Capability.RECORD, group)
    earlier = Member.objects.filter(group=group, key=member.key).first()
    if earlier is not None:
        refuse_changed(earlier, member, MEMBER_PROFILE)
        return earlier
    if member.joined_on is not None:
        require_alive(group, member.joined_on, field="joined_on")
    last = Member.objects.filter(group=group).aggregate(last=Max("number"))["last"] or 0
    member.group = group
    member.number = last + 1
    member.recorded_by = actor
    _refuse_taken_nik(member)
    member.full_clean()
    member.save()
    return member


def key_of_row(form_key: uuid.UUID, row: int) -> uuid.UUID:
    """Return the idempotency key of the member in a row, from 0, of a form of many."""
    return uuid.uuid5(form_key, str(row))


@transaction.atomic
def members_register(*, actor: User, group: Group, members: Sequence[Member], form_key: uuid.UUID) -> list[Member]:
    """Register unsaved members under the group's next numbers in their order, all or none.

    Each has the key that `key_of_row` gives for its row of the form. The same form twice returns the members it made,
    and raises `FormUsed` with other rows. What a row says wrong is told with the member's name.
    """
    group = lock_group(actor, Capability.RECORD, group)
    keys = {key_of_row(form_key, row) for row in range(MOST_AT_ONCE)}
    earlier = {member.key: member for member in Member.objects.filter(group=group, key__in=keys).order_by("number")}
    if earlier:
        if earlier.keys() != {member.key for member in members}:
            raise form_used(next(iter(earlier.values())))
        for member in members:
            refuse_changed(earlier[member.key], member, MEMBER_PROFILE)
        return list(earlier.values())
    last = Member.objects.filter(group=group).aggregate(last=Max("number"))["last"] or 0
    for number, member in enumerate(members, start=last + 1):
        member.group, member.number, member.recorded_by = group, number, actor
    _refuse_rows(group, members)
    Member.objects.bulk_create(members)
    log_created(members, actor=actor)
    return list(members)


def _refuse_rows(group: Group, members: Sequence[Member]) -> None:
    """Raise `ValidationError` for what is wrong with unsaved members, without a statement for each of them."""
    with_nik = Member.objects.filter(group=group, left_on__isnull=True).exclude(nik="")
    nik_taken = set(with_nik.values_list("nik", flat=True))
    problems: list[str] = []
    for member in members:
        try:
            member.clean_fields(exclude=fields_outside(Member, MEMBER_PROFILE))
            member.clean()
        except ValidationError as error:
            problems += [f"{member.name}: {message}" for message in error.messages]
            continue
        if message := after_the_end(group, member.joined_on):
            problems.append(f"{member.name}: {message}")
        if member.nik in nik_taken:
            problems.append(f"{member.name}: {_('Another member of this group has this NIK.')}")
        if member.nik:
            nik_taken.add(member.nik)
    if problems:
        raise ValidationError(problems)


@transaction.atomic
def member_update(*, actor: User, member: Member, seen: str = "") -> Member:
    """Save the changed profile of a member; when the member left is as it is stored.

    Raises `ChangedMeanwhile` where another state is stored than the one that was `seen`, if it is known which.
    """
    stored = _lock_member(actor, member)
    refuse_unseen(actor, stored, member, MEMBER_PROFILE, seen=seen)
    member.left_on = stored.left_on
    _refuse_taken_nik(member)
    member.full_clean(exclude=fields_outside(Member, MEMBER_PROFILE))
    first_office = OfficerTerm.objects.filter(member=member).order_by("started_on").first()
    if first_office is not None and first_office.started_on < member.joined_on:
        raise ValidationError({"joined_on": _("The member took an office before this date.")})
    if member.left_on is not None and member.left_on < member.joined_on:
        raise ValidationError({"joined_on": _("The member left before this date.")})
    member.save(update_fields=MEMBER_PROFILE)
    return member


@transaction.atomic
def member_leave(*, actor: User, member: Member, left_on: date) -> Member:
    """Let a member leave the group on a day not later than today; offices the member holds end with it.

    A second leaving changes nothing and returns the member as first left.
    """
    member = _lock_member(actor, member)
    if member.left_on is not None:
        return member
    refuse_to_come(left_on, today_of(member.group), at="left_on")
    if left_on < member.joined_on:
        raise ValidationError({"left_on": _("The member joined after this date.")})
    last = recorded_days_of_member(member).last
    if last is not None and left_on < last:
        raise ValidationError({"left_on": _("This member is in the records until %s.") % date_format(last)})
    held_later = OfficerTerm.objects.filter(Q(ended_on__isnull=True) | Q(ended_on__gt=left_on), member=member)
    if held_later.filter(started_on__gt=left_on).exists():
        raise ValidationError({"left_on": _("The member took an office after this date.")})
    for term in held_later:
        term.ended_on = left_on
        term.save(update_fields=["ended_on"])
    member.left_on = left_on
    member.save(update_fields=["left_on"])
    return member


@transaction.atomic
def member_leave_undo(*, actor: User, member: Member) -> Member:
    """Take back a leaving recorded by mistake; the offices that ended with it stay ended."""
    member = _lock_member(actor, member)
    member.left_on = None
    _refuse_taken_nik(member)
    member.save(update_fields=["left_on"])
    return member


def _lock_member(actor: User, member: Member) -> Member:
    """Lock the group and return the member as stored, so that a refusal leaves the caller's object as it was."""
    group = lock_group(actor, Capability.RECORD, member.group)
    return group.members.get(pk=member.pk)


def _refuse_taken_nik(member: Member) -> None:
    others = Member.objects.filter(group=member.group, left_on__isnull=True).exclude(pk=member.pk)
    if member.nik and member.left_on is None and others.filter(nik=member.nik).exists():
        raise ValidationError({"nik": _("Another member of this group has this NIK.")})
