"""Triggers of the minute book: a closed meeting is never edited or deleted, and stays within one group."""

from groups.triggers import Trigger, forbid_delete, forbid_update, same_group

_KEPT = (
    "number", "version", "held_on", "place", "member_count", "present_count", "late_count", "represented_count",
    "excused_count", "absent_count", "saver_count", "agenda_count", "decision_count", "critical_count",
    "critical_decided_count", "closed_at", "key",
)  # fmt: skip

TRIGGERS: tuple[Trigger, ...] = (
    forbid_delete("meetings_meeting", when="OLD.status <> 'DRAFT'"),
    forbid_update(
        "meetings_meeting",
        when="OLD.status <> 'DRAFT' AND (NEW.status <> 'CORRECTED' OR "
        + " OR ".join(f"OLD.{column} <> NEW.{column}" for column in _KEPT)
        + " OR COALESCE(OLD.entry_id, 0) <> COALESCE(NEW.entry_id, 0)"
        + " OR COALESCE(OLD.cash_count_id, 0) <> COALESCE(NEW.cash_count_id, 0)"
        + ")",
    ),
    forbid_delete("meetings_attendance"),
    forbid_update("meetings_attendance"),
    forbid_delete("meetings_agendaitem"),
    forbid_update(
        "meetings_agendaitem",
        when="OLD.meeting_id <> NEW.meeting_id OR OLD.number <> NEW.number OR OLD.title <> NEW.title "
        "OR OLD.discussion <> NEW.discussion OR OLD.decision <> NEW.decision OR OLD.is_critical <> NEW.is_critical",
    ),
    same_group("meetings_attendance", "meeting_id", "meetings_meeting"),
    same_group("meetings_attendance", "member_id", "groups_member"),
    same_group("meetings_agendaitem", "meeting_id", "meetings_meeting"),
    same_group("meetings_agendaitem", "responsible_id", "groups_member"),
    same_group("meetings_meeting", "entry_id", "finance_entry"),
    same_group("meetings_meeting", "cash_count_id", "finance_cashcount"),
    same_group("meetings_meeting", "leader_id", "groups_member"),
    same_group("meetings_meeting", "note_taker_id", "groups_member"),
    same_group("meetings_meeting", "corrects_id", "meetings_meeting"),
)
