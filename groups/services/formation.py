"""A group is formed step by step and founded at a meeting; one that fell asleep is revived."""

from __future__ import annotations

from datetime import date

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from groups.ending import require_alive
from groups.models import FormationNote, Founding, Group, GroupStatus, GroupStatusChange, Member, User
from groups.permissions import Capability, lock_group
from groups.selectors import formation_of, founding_of, status_of
from groups.services.groups import group_status_change
from groups.services.profiles import refuse_changed
from groups.shared.clock import refuse_to_come, today_of

NOTE = ("step", "done_on", "text", "people", "first_saving")
FOUNDING = ("held_on", "place", "present", "activity", "address")
"""The fields that forms send."""


@transaction.atomic
def formation_note_record(*, actor: User, group: Group, note: FormationNote) -> FormationNote:
    """Write down an unsaved note of what was done for a step; it counts from now on, earlier ones stay readable.

    The same `note.key` twice is one note, and raises `FormUsed` with other words. Errors name `done_on`.
    """
    group = lock_group(actor, Capability.RECORD, group)
    earlier = FormationNote.objects.filter(group=group, key=note.key).first()
    if earlier is not None:
        refuse_changed(earlier, note, NOTE)
        return earlier
    _check_day(group, note.done_on, field="done_on", may_be_before=True)
    note.group, note.recorded_by = group, actor
    note.full_clean()
    note.save()
    return note


@transaction.atomic
def formation_note_withdraw(*, actor: User, note: FormationNote, reason: str) -> FormationNote:
    """Withdraw a note recorded by mistake: the one before it counts again. A second time changes nothing."""
    lock_group(actor, Capability.RECORD, note.group)
    note = FormationNote.objects.get(pk=note.pk)
    note.withdraw(actor, reason)
    return note


@transaction.atomic
def founding_record(*, actor: User, group: Group, founding: Founding) -> Founding:
    """Write down the unsaved meeting that founded a group, of which there is one.

    The same `founding.key` twice is one, and raises `FormUsed` with other words. Errors name `held_on`: for a day to
    come, before the group, or on which nobody was a member.
    """
    group = lock_group(actor, Capability.RECORD, group)
    earlier = Founding.objects.filter(group=group, key=founding.key).first()
    if earlier is not None:
        refuse_changed(earlier, founding, FOUNDING)
        return earlier
    if founding_of(group) is not None:
        raise ValidationError(_("The founding of this group is recorded already. Withdraw it first."))
    _check_day(group, founding.held_on, field="held_on")
    if not Member.objects.filter(group=group).effective(founding.held_on).exists():
        raise ValidationError({"held_on": _("Nobody was a member on this date. Register the members first.")})
    founding.group, founding.recorded_by = group, actor
    founding.full_clean()
    founding.save()
    return founding


@transaction.atomic
def founding_withdraw(*, actor: User, founding: Founding, reason: str) -> Founding:
    """Withdraw a founding recorded by mistake; a group that became active by it is being formed again from its day."""
    group = lock_group(actor, Capability.RECORD, founding.group)
    founding = Founding.objects.get(pk=founding.pk)
    if founding.withdrawn_at is not None:
        return founding
    require_alive(group, today_of(group), field="reason")
    founding.withdraw(actor, reason)
    became_active = GroupStatusChange.objects.filter(
        group=group, from_status=GroupStatus.FORMING, to_status=GroupStatus.ACTIVE, changed_on=founding.held_on
    )
    if became_active.exists() and status_of(group, as_of=founding.held_on) == GroupStatus.ACTIVE:
        group_status_change(actor=actor, group=group, status=GroupStatus.FORMING, on=founding.held_on, reason=reason)
    return founding


@transaction.atomic
def group_found(*, actor: User, group: Group) -> Group:
    """Let a group that is being formed be active from the day of its founding meeting, once all steps are done.

    A group that is active already stays so. Raises `ValidationError` where a step or the founding meeting is missing.
    """
    group = lock_group(actor, Capability.RECORD, group)
    if group.status == GroupStatus.ACTIVE:
        return group
    founding = founding_of(group)
    if group.status != GroupStatus.FORMING or founding is None:
        raise ValidationError(_("Record the founding meeting first."))
    left = [state for state in formation_of([group], as_of=today_of(group))[group.pk] if not state.is_done]
    if left:
        raise ValidationError(_("Not done yet: %s.") % "; ".join(str(state.step.label) for state in left))
    group_status_change(actor=actor, group=group, status=GroupStatus.ACTIVE, on=founding.held_on, reason="")
    group.refresh_from_db(fields=["status"])
    return group


@transaction.atomic
def group_revive(*, actor: User, group: Group, on: date, reason: str) -> GroupStatusChange | None:
    """Let a group that fell asleep be active again from the day `on`; None where it was so already.

    Raises `ValidationError` for a dissolved group, whose dissolution is taken back instead, without a reason, and at
    `status_on` for a day that cannot be.
    """
    group = lock_group(actor, Capability.RECORD, group)
    if group.status == GroupStatus.DISSOLVED:
        raise ValidationError(_("The group is dissolved. Take the dissolution back if it is alive."))
    if not reason.strip():
        raise ValidationError({"status_reason": _("Write why the group is active again.")})
    asleep = group.status_changes.filter(to_status=GroupStatus.DORMANT).first()
    if asleep is not None and on < asleep.changed_on:
        raise ValidationError({"status_on": _("The group fell asleep on %s only.") % date_format(asleep.changed_on)})
    return group_status_change(actor=actor, group=group, status=GroupStatus.ACTIVE, on=on, reason=reason)


def _check_day(group: Group, day: date, *, field: str, may_be_before: bool = False) -> None:
    """Refuse at `field` a day to come, after the end of the group or, without `may_be_before`, before it began."""
    refuse_to_come(day, today_of(group), at=field)
    require_alive(group, day, field=field)
    if day < group.founded_on and not may_be_before:
        raise ValidationError({field: _("The group did not exist yet on this date.")})
