"""Triggers of the minute book: a closed meeting is never edited or deleted, and stays within one group."""

from groups.shared.triggers import Trigger, forbid_delete, forbid_update, same_group
from meetings.models import AgendaItem, Attendance, Meeting, MeetingStatus

_NO_DRAFT = f"OLD.status <> '{MeetingStatus.DRAFT}'"

TRIGGERS: tuple[Trigger, ...] = (
    forbid_delete(Meeting, where=_NO_DRAFT),
    # All that happens to a closed meeting is that a correction takes its place.
    forbid_update(Meeting, but=("status",), where=_NO_DRAFT, or_when=f"NEW.status <> '{MeetingStatus.CORRECTED}'"),
    forbid_delete(Attendance),
    forbid_update(Attendance),
    forbid_delete(AgendaItem),
    forbid_update(AgendaItem, but=("done_on", "done_by")),
    same_group(Attendance, "meeting"),
    same_group(Attendance, "member"),
    same_group(AgendaItem, "meeting"),
    same_group(AgendaItem, "responsible"),
    same_group(Meeting, "entry"),
    same_group(Meeting, "cash_count"),
    same_group(Meeting, "leader"),
    same_group(Meeting, "note_taker"),
    same_group(Meeting, "corrects"),
)
