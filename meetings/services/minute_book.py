"""Writing one version of a meeting into the minute book, without its money."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from finance.models import Loan
from groups.ending import after_the_end
from groups.membership import outside_membership
from groups.models import User
from groups.shared.clock import now
from meetings.errors import GroupDissolvedBefore, NotAMemberThen
from meetings.minutes import Minutes
from meetings.minutes_json import minutes_to_json
from meetings.models import AgendaItem, Attendance, Meeting, MeetingStatus


def write_version(
    meeting: Meeting,
    minutes: Minutes,
    loans: Sequence[Loan],
    *,
    actor: User,
    key: uuid.UUID,
    content: str,
    done: dict[tuple[str, str], AgendaItem] | None = None,
) -> Meeting:
    """Write `meeting` as closed, with its minutes, attendance and agenda.

    `loans` are the new loans of the minutes as written, and `done` the decisions carried out before a correction.
    Raises `NotAMemberThen` for somebody who did not belong to the group on that day, `GroupDissolvedBefore` for a day
    after its end.
    """
    if message := after_the_end(meeting.group, minutes.held_on):
        raise GroupDissolvedBefore(message)
    require_members(minutes)
    meeting.status = MeetingStatus.CLOSED
    meeting.key, meeting.content = key, content
    meeting.draft = None
    meeting.minutes = minutes_to_json(minutes, paid_out=loans)
    meeting.held_on = minutes.held_on
    meeting.place = minutes.place
    meeting.leader = minutes.leader
    meeting.note_taker = minutes.note_taker
    meeting.saved_by = actor
    meeting.saved_at = meeting.closed_at = now()
    for name, count in minutes.tallies().items():
        setattr(meeting, name, count)
    meeting.save()
    Attendance.objects.bulk_create(
        Attendance(group=meeting.group, meeting=meeting, member=row.member, status=row.attendance, waiver=row.waiver)
        for row in minutes.members
    )
    AgendaItem.objects.bulk_create(_agenda(meeting, minutes, done or {}))
    return meeting


def require_members(minutes: Minutes) -> None:
    """Refuse with `NotAMemberThen` whoever is named and did not belong to the group on the day of the meeting.

    On the day of leaving one may still have been there. The members are as read while the group is locked.
    """
    on = minutes.held_on
    for row in minutes.members:
        if message := outside_membership(row.member, on, leaving_day=True):
            raise NotAMemberThen(message, member=row.member)
    for field, member in (("leader", minutes.leader), ("note_taker", minutes.note_taker)):
        if message := outside_membership(member, on, leaving_day=True):
            raise NotAMemberThen(message, field=field)
    for item in minutes.agenda:
        if item.responsible is not None and (message := outside_membership(item.responsible, on, leaving_day=True)):
            raise NotAMemberThen(message)


def _agenda(meeting: Meeting, minutes: Minutes, done: dict[tuple[str, str], AgendaItem]) -> list[AgendaItem]:
    items = []
    for number, row in enumerate(minutes.agenda, start=1):
        carried_out = done.get((row.title, row.decision))
        items.append(
            AgendaItem(
                group=meeting.group,
                meeting=meeting,
                number=number,
                title=row.title,
                discussion=row.discussion,
                decision=row.decision,
                responsible=row.responsible,
                due_on=row.due_on,
                is_critical=row.is_critical,
                done_on=carried_out.done_on if carried_out else None,
                done_by_id=carried_out.done_by_id if carried_out else None,
            )
        )
    return items
