"""Triggers of minute book and visits: a closed meeting is never edited or deleted, and stays within one group."""

from groups.models import Group, Member
from groups.shared.triggers import (
    Trigger,
    any_row,
    changes,
    forbid_change,
    forbid_delete,
    forbid_insert,
    forbid_insert_of_any,
    forbid_update,
    forbid_update_but_withdrawal,
    forbid_write,
    same_group,
)
from groups.triggers import AFTER_THE_END, MEMBERSHIP_MOVES
from meetings.models import (
    AgendaItem,
    Attendance,
    FollowUp,
    Letter,
    Meeting,
    MeetingStatus,
    MonthReport,
    PlannedVisit,
    Training,
    TrainingParticipant,
    Visit,
)

_NO_DRAFT = f"OLD.status <> '{MeetingStatus.DRAFT}'"

_MEETING, _ATTENDANCE, _MEMBER = (model._meta.db_table for model in (Meeting, Attendance, Member))
_TRAINING, _PARTICIPANT = (model._meta.db_table for model in (Training, TrainingParticipant))

TRIGGERS: tuple[Trigger, ...] = (
    forbid_delete(Meeting, where=_NO_DRAFT),
    # All that happens to a closed meeting is that a correction takes its place.
    forbid_update(Meeting, but=("status",), where=_NO_DRAFT, or_when=f"NEW.status <> '{MeetingStatus.CORRECTED}'"),
    forbid_delete(Attendance),
    forbid_update(Attendance),
    forbid_delete(AgendaItem),
    forbid_update(AgendaItem, but=("done_on", "done_by")),
    # No meeting is held after the end of a group.
    forbid_write(
        "after_end",
        Meeting,
        when=f"NEW.status = '{MeetingStatus.CLOSED}' AND {AFTER_THE_END.format(day='NEW.held_on', unless='')}",
    ),
    # Who attends belongs to the group on the day; on the day of leaving one may still have been there.
    forbid_insert_of_any(
        "membership",
        Attendance,
        when=any_row(
            f"{_MEETING} g JOIN {_MEMBER} m ON m.id = {{row}}.member_id",
            "g.id = {row}.meeting_id AND (g.held_on < m.joined_on OR g.held_on > m.left_on)",
        ),
    ),
    forbid_change(
        "keeps_meetings",
        Member,
        when=f"{MEMBERSHIP_MOVES} AND "
        + any_row(
            f"{_ATTENDANCE} a JOIN {_MEETING} g ON g.id = a.meeting_id",
            f"a.member_id = NEW.id AND g.status = '{MeetingStatus.CLOSED}' "
            "AND (g.held_on < NEW.joined_on OR g.held_on > NEW.left_on)",
        ),
    ),
    forbid_change(
        "keeps_meetings",
        Group,
        when=f"{changes(Group, ('founded_on',))} AND "
        + any_row(
            f"{_MEETING} g",
            f"g.group_id = NEW.id AND g.status = '{MeetingStatus.CLOSED}' AND g.held_on < NEW.founded_on",
        ),
    ),
    # Who takes part in a training belongs to the group on its day, as at a meeting.
    forbid_insert_of_any(
        "membership",
        TrainingParticipant,
        when=any_row(
            f"{_TRAINING} g JOIN {_MEMBER} m ON m.id = {{row}}.member_id",
            "g.id = {row}.training_id AND (g.held_on < m.joined_on OR g.held_on > m.left_on)",
        ),
    ),
    forbid_change(
        "keeps_trainings",
        Member,
        when=f"{MEMBERSHIP_MOVES} AND "
        + any_row(
            f"{_PARTICIPANT} a JOIN {_TRAINING} g ON g.id = a.training_id",
            "a.member_id = NEW.id AND g.withdrawn_at IS NULL "
            "AND (g.held_on < NEW.joined_on OR g.held_on > NEW.left_on)",
        ),
    ),
    # A plan is called off and a visit withdrawn, once each; of what is to follow only whether it is done changes.
    forbid_update_but_withdrawal(PlannedVisit),
    forbid_update_but_withdrawal(Visit),
    forbid_update_but_withdrawal(Training),
    forbid_update_but_withdrawal(Letter),
    forbid_update(TrainingParticipant),
    forbid_update(FollowUp, but=("done_on", "done_by")),
    forbid_update(MonthReport),
    *(
        forbid_delete(model)
        for model in (PlannedVisit, Visit, FollowUp, MonthReport, Training, TrainingParticipant, Letter)
    ),
    forbid_insert("after_end", Visit, when=AFTER_THE_END.format(day="NEW.visited_on", unless="")),
    forbid_insert("after_end", PlannedVisit, when=AFTER_THE_END.format(day="NEW.planned_on", unless="")),
    forbid_insert("after_end", Training, when=AFTER_THE_END.format(day="NEW.held_on", unless="")),
    same_group(Visit, "planned"),
    same_group(Training, "visit"),
    same_group(TrainingParticipant, "training"),
    same_group(TrainingParticipant, "member"),
    same_group(FollowUp, "visit"),
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
