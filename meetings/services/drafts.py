"""Sheets saved before they are closed: nothing of them is checked or posted."""

from __future__ import annotations

import uuid
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from groups.models import Group, User
from groups.permissions import Capability, lock_group
from groups.shared.clock import now, today_of
from meetings.errors import AlreadyRecorded, MeetingChanged, NoSuchMeeting
from meetings.models import Meeting, MeetingStatus
from meetings.sheet.context import SheetContext, open_sheet
from meetings.sheet.day import day_of, read_day


@transaction.atomic
def draft_save(
    *,
    actor: User,
    group: Group,
    key: uuid.UUID,
    draft: dict[str, Any],
    number: int | None = None,
    base: str = "",
) -> Meeting:
    """Keep a sheet as it was typed; nothing of it is checked or posted.

    `base` is the `draft_version` the form was opened from: if somebody else saved or closed the meeting since
    then, `MeetingChanged` says so and nothing is written. The same `key` twice is one draft.
    """
    context = open_sheet(
        actor=actor, group=group, held_on=day_of(draft, group=group, today=today_of(group)), key=key, number=number
    )
    meeting = meeting_to_save(context, key=key, base=base)
    meeting.key = key
    meeting.draft = draft
    meeting.held_on = read_day(draft)
    meeting.saved_at, meeting.saved_by = now(), actor
    meeting.save()
    return meeting


@transaction.atomic
def draft_discard(*, actor: User, group: Group, number: int) -> None:
    """Throw a draft away; it posted nothing, so nothing else changes. A closed meeting is `NoSuchMeeting`."""
    group = lock_group(actor, Capability.MEET, group)
    deleted, _by_model = Meeting.objects.filter(group=group, number=number, status=MeetingStatus.DRAFT).delete()
    if not deleted:
        raise NoSuchMeeting


def meeting_to_save(context: SheetContext, *, key: uuid.UUID, base: str) -> Meeting:
    """Return the draft on the sheet, or a new meeting.

    Refuses with `AlreadyRecorded` a sheet that was closed before, and with `MeetingChanged` a draft somebody changed.
    """
    meeting, actor = context.meeting, context.open_books.actor
    if context.sent is not None:
        raise AlreadyRecorded(context.sent, actor=actor)
    if meeting is None:
        return Meeting(group=context.group, number=context.next_number, key=key, recorded_by=actor, saved_by=actor)
    if meeting.status == MeetingStatus.CLOSED:
        raise AlreadyRecorded(meeting, actor=actor)
    is_own = meeting.key == key and meeting.saved_by_id == actor.pk
    if base != meeting.draft_version and not (is_own and not base):
        raise MeetingChanged(_changed_meanwhile(meeting, by_oneself=meeting.saved_by_id == actor.pk))
    return meeting


def _changed_meanwhile(draft: Meeting, *, by_oneself: bool) -> str:
    if by_oneself:
        return _(
            "You changed this draft yourself after opening this page. "
            "Your entries are below; send them again to replace the others."
        )
    told = _("%(who)s changed this draft meanwhile. Your entries are below; send them again to replace the others.")
    return told % {"who": draft.saved_by}
