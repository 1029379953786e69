"""Triggers of groups: rules and status changes stay as recorded, and a closed period stays closed."""

from groups.models import Constitution, Group, GroupStatusChange, MeetingMove, MeetingRhythm, Member, OfficerTerm, User
from groups.shared.triggers import (
    Trigger,
    forbid_change,
    forbid_delete,
    forbid_overlap,
    forbid_update,
    mark_namesakes,
    same_group,
)

TRIGGERS: tuple[Trigger, ...] = (
    mark_namesakes(Member, "group"),
    mark_namesakes(User, "organisation"),
    same_group(OfficerTerm, "member"),
    forbid_overlap(OfficerTerm, "role", "member"),
    same_group(Group, "rules", own="id"),
    forbid_update(Constitution),
    forbid_delete(Constitution),
    forbid_update(GroupStatusChange),
    forbid_delete(GroupStatusChange),
    # A rhythm and a move are withdrawn, once; nothing else about them changes.
    *(
        rule
        for model in (MeetingRhythm, MeetingMove)
        for rule in (
            forbid_update(model, but=("withdrawn_at", "withdrawn_by"), or_when="OLD.withdrawn_at IS NOT NULL"),
            forbid_delete(model),
        )
    ),
    # The day through which the books are closed moves forward only.
    forbid_change(
        "stays_closed",
        Group,
        when="OLD.books_closed_through IS NOT NULL AND (NEW.books_closed_through IS NULL "
        "OR NEW.books_closed_through < OLD.books_closed_through)",
    ),
)
