"""A group agrees a rhythm to meet in, and meetings are moved to another day."""

from __future__ import annotations

from datetime import date, timedelta

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from groups import selectors
from groups.models import Group, MeetingMove, MeetingRhythm, User
from groups.models.rhythm import ALL_PARTS, PARTS
from groups.permissions import Capability, lock_group
from groups.shared.clock import today_of

MOST_AHEAD = timedelta(days=366)
"""A rhythm counts from a year ahead at most, and a meeting is moved by a year at most."""
RHYTHM = ("every", *ALL_PARTS)
"""The fields of a rhythm that a group agrees, besides the day from which it counts."""


@transaction.atomic
def rhythm_adopt(*, actor: User, group: Group, rhythm: MeetingRhythm) -> MeetingRhythm:
    """Let an unsaved rhythm count from its day `agreed_from` on, which may be past, until the next one does.

    One that counts from the same day is withdrawn for it; the same rhythm sent twice returns the one there is. Raises
    `ValidationError` at `agreed_from` for a day before the group or more than a year ahead.
    """
    group = lock_group(actor, Capability.RECORD, group)
    if rhythm.agreed_from < group.founded_on:
        raise ValidationError({"agreed_from": _("The group did not exist yet on this date.")})
    if rhythm.agreed_from > today_of(group) + MOST_AHEAD:
        raise ValidationError({"agreed_from": _("This date is more than a year ahead.")})
    rhythm.group = group
    rhythm.recorded_by = actor
    rhythm.clean()
    earlier = MeetingRhythm.objects.valid().filter(group=group, agreed_from=rhythm.agreed_from).first()
    if earlier is not None:
        if same_rhythm(earlier, rhythm):
            return earlier
        earlier.withdraw(actor)
    rhythm.full_clean()
    rhythm.save()
    return rhythm


@transaction.atomic
def rhythm_withdraw(*, actor: User, rhythm: MeetingRhythm) -> MeetingRhythm:
    """Take back a rhythm recorded by mistake: the one before it goes on. The only one is changed, not taken back."""
    lock_group(actor, Capability.RECORD, rhythm.group)
    rhythm = MeetingRhythm.objects.get(pk=rhythm.pk)
    if rhythm.withdrawn_at is not None:
        return rhythm
    if not MeetingRhythm.objects.valid().filter(group=rhythm.group).exclude(pk=rhythm.pk).exists():
        raise ValidationError(_("This is the only rhythm of the group. Record the right one from the same day."))
    rhythm.withdraw(actor)
    return rhythm


def rhythm_of_founding(*, actor: User, group: Group, founded_on: date) -> None:
    """Let the rhythm that counted from the founding count from the corrected one; `founded_on` is the day before that.

    Called inside the transaction that corrects the day, under the group's lock.
    """
    if group.founded_on == founded_on:
        return
    first = MeetingRhythm.objects.valid().filter(group=group, agreed_from=founded_on).first()
    if first is None or MeetingRhythm.objects.valid().filter(group=group, agreed_from=group.founded_on).exists():
        return
    first.withdraw(actor)
    agreed = {field: getattr(first, field) for field in RHYTHM}
    if "counted_from" in PARTS[first.every]:
        agreed["counted_from"] = first.counted_from or founded_on  # the days stay as they were
    MeetingRhythm.objects.create(group=group, agreed_from=group.founded_on, recorded_by=actor, **agreed)


def same_rhythm(one: MeetingRhythm, other: MeetingRhythm) -> bool:
    """Say whether two versions agree the same, from whatever day."""
    return all(getattr(one, field) == getattr(other, field) for field in RHYTHM)


@transaction.atomic
def move_record(*, actor: User, group: Group, planned_on: date, moved_to: date | None, reason: str) -> MeetingMove:
    """Write down that the meeting agreed for `planned_on` is on `moved_to`, or with None does not take place.

    Due days of loans are another matter: `kelompok.services.meeting_move` moves both. The same move sent twice returns
    the one there is. Raises `ValidationError` for a day that is no agreed one, or was moved already, and at `moved_to`
    for a day that has another agreed meeting, or is before the group or over a year away.
    """
    group = lock_group(actor, Capability.RECORD, group)
    earlier = MeetingMove.objects.valid().filter(group=group, planned_on=planned_on).first()
    if earlier is not None:
        if (earlier.moved_to, earlier.reason) == (moved_to, reason.strip()):
            return earlier
        raise ValidationError({"planned_on": _("The meeting of this day was moved already. Take that back first.")})
    calendar = selectors.meeting_calendar(group)
    if next(calendar.planned(planned_on, planned_on), None) is None:
        raise ValidationError({"planned_on": _("The group did not agree to meet on this day.")})
    if moved_to is not None:
        _check_target(group, planned_on, moved_to, is_taken=calendar.expected(moved_to, moved_to) > 0)
    move = MeetingMove(
        group=group, planned_on=planned_on, moved_to=moved_to, reason=reason.strip(), recorded_by=actor
    )  # fmt: skip
    move.full_clean()
    move.save()
    return move


def _check_target(group: Group, planned_on: date, moved_to: date, *, is_taken: bool) -> None:
    problem = ""
    if moved_to == planned_on:
        problem = _("This is the agreed day itself.")
    elif is_taken:
        problem = _("The group has another agreed meeting on this day. Call this meeting off, or choose another day.")
    elif moved_to < group.founded_on:
        problem = _("The group did not exist yet on this date.")
    elif abs(moved_to - planned_on) > MOST_AHEAD:
        problem = _("This is more than a year from the agreed day.")
    if problem:
        raise ValidationError({"moved_to": problem})


@transaction.atomic
def move_withdraw(*, actor: User, move: MeetingMove) -> MeetingMove:
    """Take a move back: the meeting is on its agreed day again."""
    lock_group(actor, Capability.RECORD, move.group)
    move = MeetingMove.objects.get(pk=move.pk)
    move.withdraw(actor)
    return move
