"""Meetings, decisions and the cash counted at meetings as relations for the SQL of other apps."""

from __future__ import annotations

from django.db import connection

from finance.selectors.relations import CASH_COUNTS
from groups.shared.sql import Relation, days_between, local_time
from meetings.models import MeetingStatus

# A correction keeps the day of the first closing.
_FIRST_CLOSED = """CASE WHEN m.version = 1 THEN m.closed_at ELSE (
            SELECT f.closed_at FROM meetings_meeting f
            WHERE f.group_id = m.group_id AND f.number = m.number AND f.version = 1) END"""

MEETINGS_HELD = Relation(
    "meetings_held",
    f"""
    SELECT m.id, m.group_id, m.number, m.held_on, m.entry_id, m.cash_count_id, m.saved_by_id,
        ROW_NUMBER() OVER (PARTITION BY m.group_id ORDER BY m.held_on DESC, m.number DESC) AS place,
        {days_between("m.held_on", "%(as_of)s")} AS days_ago, m.member_count,
        m.present_count + m.late_count AS attended_count, m.represented_count, m.saver_count, m.agenda_count,
        m.decision_count, m.critical_count, m.critical_decided_count, COALESCE(c.is_settled, 0) AS cash_is_settled,
        {days_between("m.held_on", local_time(_FIRST_CLOSED))} AS days_to_close
    FROM meetings_meeting m LEFT JOIN cash_counts c ON c.id = m.cash_count_id
    WHERE m.group_id {{groups}} AND m.status = '{MeetingStatus.CLOSED.value}'
        AND m.held_on > %(since)s AND m.held_on <= %(as_of)s
    """,  # noqa: S608 - no input
    ("id", "group_id", "number", "held_on", "entry_id", "cash_count_id", "saved_by_id", "place", "days_ago",
     "member_count", "attended_count", "represented_count", "saver_count", "agenda_count", "decision_count",
     "critical_count", "critical_decided_count", "cash_is_settled", "days_to_close"),
    uses=(CASH_COUNTS,),
)  # fmt: skip
"""The closed meetings after `%(since)s`, up to the day; `place` 1 is the newest of a group.

`attended_count` are members present or late. `cash_is_settled` is 1 where cash was counted and no difference is open,
`days_to_close` the days from the meeting to its first closing, by the clock of the place.
"""

DECISIONS_DUE = Relation(
    "decisions_due",
    f"""
    SELECT i.id, i.group_id, m.number AS meeting, i.decision, i.due_on,
        CASE WHEN i.done_on <= %(as_of)s THEN i.done_on END AS done_on
    FROM meetings_agendaitem i JOIN meetings_meeting m ON m.id = i.meeting_id
    WHERE i.group_id {{groups}} AND m.group_id {{groups}} AND i.due_on > %(since)s AND i.due_on <= %(as_of)s
        AND m.status = '{MeetingStatus.CLOSED.value}' AND m.held_on <= %(as_of)s
    """,  # noqa: S608 - no input
    ("id", "group_id", "meeting", "decision", "due_on", "done_on"),
)
"""Decisions of closed meetings that were to be carried out after `%(since)s`, up to the day."""

VALID_CASH_COUNTS = Relation(
    "valid_cash_counts",
    f"""
    SELECT c.id, c.group_id, c.counted_on, c.expected, c.counted, c.explanation, c.is_settled,
        ROW_NUMBER() OVER (PARTITION BY c.group_id ORDER BY c.counted_on DESC, c.id DESC) AS place
    FROM cash_counts c
    WHERE c.counted_on > %(since)s AND c.counted_on <= %(as_of)s AND NOT EXISTS (
        SELECT 1 FROM meetings_meeting m
        WHERE m.cash_count_id = c.id AND m.status = '{MeetingStatus.CORRECTED.value}')
    """,  # noqa: S608 - no input
    ("id", "group_id", "counted_on", "expected", "counted", "explanation", "is_settled", "place"),
    uses=(CASH_COUNTS,),
)
"""Cash counts after `%(since)s`, up to the day; `place` 1 is the newest. Of a corrected meeting only the new count."""

REPEATED_MEETINGS = Relation(
    "repeated_meetings",
    """
    SELECT m.group_id, m.number
    FROM (
        SELECT m.*, LAG(m.id) OVER (PARTITION BY m.group_id ORDER BY m.held_on, m.number) AS before_id
        FROM meetings_held m
    ) m JOIN meetings_held b ON b.id = m.before_id
    WHERE m.agenda_count > 0 AND m.agenda_count = b.agenda_count AND m.decision_count = b.decision_count
        AND m.member_count = b.member_count AND m.attended_count = b.attended_count
        AND m.agenda_count = (
            SELECT COUNT(*)
            FROM meetings_agendaitem a JOIN meetings_agendaitem o ON o.meeting_id = b.id AND o.number = a.number
                AND o.title = a.title AND o.discussion = a.discussion AND o.decision = a.decision
            WHERE a.meeting_id = m.id)
        AND m.member_count = (
            SELECT COUNT(*)
            FROM meetings_attendance a JOIN meetings_attendance o ON o.meeting_id = b.id AND o.member_id = a.member_id
                AND o.status = a.status
            WHERE a.meeting_id = m.id)
    """,
    ("group_id", "number"),
    uses=(MEETINGS_HELD,),
)
"""Meetings whose agenda says in every text what the meeting before said, with the same attendance of every member."""

_CLOSED_LOCAL = local_time("m.closed_at")
if connection.vendor == "sqlite":
    _HOUR, _NIGHT = f"CAST(strftime('%%H', {_CLOSED_LOCAL}) AS INTEGER)", f"date({_CLOSED_LOCAL}, '-12 hours')"
    _CLOSED_ON = f"date({_CLOSED_LOCAL})"
else:
    _HOUR, _NIGHT = f"EXTRACT(HOUR FROM {_CLOSED_LOCAL})", f"({_CLOSED_LOCAL} - INTERVAL '12 hours')::date"
    _CLOSED_ON = f"({_CLOSED_LOCAL})::date"

FIRST_CLOSINGS = Relation(
    "first_closings",
    f"""
    SELECT m.group_id, m.number, {_NIGHT} AS night_of, {_HOUR} AS hour,
        {days_between("m.held_on", _CLOSED_LOCAL)} AS days_to_close
    FROM meetings_meeting m
    WHERE m.group_id {{groups}} AND m.version = 1 AND m.status <> '{MeetingStatus.DRAFT.value}'
        AND m.held_on > %(since)s AND m.held_on <= %(as_of)s AND {_CLOSED_ON} <= %(as_of)s
    """,  # noqa: S608 - no input
    ("group_id", "number", "night_of", "hour", "days_to_close"),
)
"""When meetings after `%(since)s` were first closed, by the clock of the place, as far as it was by the day.

`night_of` is the day on which the night began: the day before, for a closing before noon.
"""

VISITS = Relation(
    "visits",
    """
    SELECT group_id, visited_on, visitor_id FROM meetings_visit
    WHERE group_id {groups} AND visited_on <= %(as_of)s AND withdrawn_at IS NULL AND visitor_id IS NOT NULL
    """,
    ("group_id", "visited_on", "visitor_id"),
)
"""Visits by people of the organisation, with who came; guests are left out."""

LAST_VISITS = Relation(
    "last_visits",
    f"""
    SELECT v.group_id, MAX(v.visited_on) AS last_on, {days_between("MAX(v.visited_on)", "%(as_of)s")} AS days_ago
    FROM meetings_visit v
    WHERE v.group_id {{groups}} AND v.visited_on <= %(as_of)s AND v.withdrawn_at IS NULL AND v.visitor_id IS NOT NULL
    GROUP BY v.group_id
    """,  # noqa: S608 - no input
    ("group_id", "last_on", "days_ago"),
)
"""When somebody of the organisation last visited a group by the day; guests do not count."""
