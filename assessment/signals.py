"""Signals beside the score: what in the records of a group, or of a facilitator, is worth a question.

They are never counted in a score, and none of them is an accusation: each has an innocent explanation, and a person
looks into it. Each signal is one named function that gives its SQL, with the rule and its source; `found_in` runs all
of them in one statement, for one group or for thousands, as of any day. The thresholds are our own: the field names
the patterns but no figures, so they are set where a chance hit is rare.

The SQL of a signal reads the ids of the groups from `chosen` and the closed meetings of the last year from `meetings`,
in which `place` counts a group's meetings back from the newest. Its columns: the signal, the group, how many records
gave rise to it, an amount in rupiah where one belongs to it, and which records, separated by commas.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.db import connection
from django.db.models import QuerySet
from django.utils import timezone

from assessment.metrics.base.metric import CLOSING_DAYS
from groups.models import Group
from groups.shared.sql import days_between, local_time, run_over

YEAR_DAYS = 365
"""Records of the last year count: older ones cannot be asked about any more."""
ELEVEN_MONTHS_DAYS = 330
"""Meetings that reach back so far are those of a year; the next one may be a month away."""
MANY_RECORDS = 10
"""So many meetings or counts without any exception are more than luck; a group that meets monthly has twelve a year."""
ALIKE_MEETINGS = 6
"""Half a year of monthly meetings at which everybody brought the same amount."""
NIGHT_BATCH = 3
"""Meetings closed in one night are a batch from three on."""
NIGHT_BEGINS, NIGHT_ENDS = 22, 4
"""Hours of the local clock."""
TERM_YEARS = 3
"""The rules of a group have no length of a term; three years is what PNPM sets for the leaders of a BKM."""
FACILITATOR_GROUPS = 5
"""With fewer groups, scores that are alike say nothing."""
ALIKE_POINTS = 2
"""Scores within two points of each other are alike."""


def copied_meetings() -> str:
    """A meeting with the attendance of every member, and the texts of the agenda, of the meeting before it.

    Texts are title, discussion and decision of every item; without an agenda there is nothing to compare. Source: all
    monitoring rests on the minute book (guide on forming groups), and minutes copied forward say nothing.
    """
    return """
SELECT 'copied_meetings' AS signal, m.group_id, COUNT(*) AS counted, 0 AS amount, {list_number} AS records
FROM meetings m JOIN meetings b ON b.id = m.before_id
WHERE m.agenda_count > 0 AND m.agenda_count = b.agenda_count AND m.decision_count = b.decision_count
    AND m.member_count = b.member_count AND m.present_count = b.present_count AND m.late_count = b.late_count
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
GROUP BY m.group_id"""


def same_amounts() -> str:
    """At each of the last six meetings every member brought the same amount, all money of a member taken together.

    Savings, instalments, fines and social fund count, so that compulsory savings alone, equal by the rules, are no
    signal once one member borrows, is fined or saves more. Source: auditing of savings groups; real cash varies.
    """
    return """
SELECT 'same_amounts', group_id, COUNT(*), MIN(least), {list_number}
FROM (
    SELECT group_id, number, MIN(amount) AS least, MAX(amount) AS most
    FROM (
        SELECT m.group_id, m.number, t.member_id, SUM(t.amount) AS amount
        FROM (
            SELECT group_id FROM meetings WHERE place <= %(alike)s GROUP BY group_id
            HAVING COUNT(*) = %(alike)s AND SUM(member_count - saver_count) = 0 AND MIN(member_count) > 1
        ) everybody
        JOIN meetings m ON m.group_id = everybody.group_id AND m.place <= %(alike)s
        JOIN finance_transfer t ON t.entry_id = m.entry_id AND t.member_id IS NOT NULL
        JOIN finance_account a ON a.id = t.debit_account_id AND a.kind = 'CASH'
        GROUP BY m.group_id, m.number, t.member_id
    ) brought
    GROUP BY group_id, number
) m
GROUP BY group_id
HAVING COUNT(*) = %(alike)s AND MIN(least) = MAX(most)"""


def late_night_batches() -> str:
    """Three or more meetings first closed in one night, between 22:00 and 04:00, each over a week after its date.

    The clock is that of the server's time zone. Source: books are in time within a week (the metric `books_complete`);
    records made up for a visit of the auditors are written in one go.
    """
    return """
SELECT 'late_night_batches', group_id, SUM(batch), 0, {list_numbers}
FROM (
    SELECT group_id, night, COUNT(*) AS batch, {list_number} AS numbers
    FROM (
        SELECT f.group_id, f.number, {night} AS night, {hour} AS hour
        FROM meetings_meeting f
        WHERE f.group_id IN (SELECT id FROM chosen) AND f.version = 1 AND f.status <> 'DRAFT'
            AND f.held_on > %(year)s AND f.held_on <= %(as_of)s
            AND f.closed_at < %(day_end)s AND {days} > %(closing)s
    ) m
    WHERE hour >= %(night_begins)s OR hour < %(night_ends)s
    GROUP BY group_id, night
    HAVING COUNT(*) >= %(batch)s
) batches
GROUP BY group_id"""


def cash_always_agrees() -> str:
    """Ten or more counts of a box with money in it within a year, and not one differed from the books by a rupiah.

    Source: auditing of savings groups; with coins and change a small difference happens, and counting that never finds
    one may be copying. An empty box agrees by itself and does not count.
    """
    return """
SELECT 'cash_always_agrees', c.group_id, COUNT(*), 0, ''
FROM finance_cashcount c
WHERE c.group_id IN (SELECT id FROM chosen) AND c.counted_on > %(year)s AND c.counted_on <= %(as_of)s
    AND (c.counted <> 0 OR c.expected <> 0)
    AND NOT EXISTS (SELECT 1 FROM meetings_meeting m WHERE m.cash_count_id = c.id AND m.status = 'CORRECTED')
GROUP BY c.group_id
HAVING COUNT(*) >= %(many)s AND SUM(CASE WHEN c.counted = c.expected THEN 0 ELSE 1 END) = 0"""


def full_attendance() -> str:
    """Every member came to every meeting of a year: ten or more meetings, the first at least eleven months ago.

    Source: DreamSave counts attendance as present / members; over a year illness and harvest keep somebody away.
    """
    return """
SELECT 'full_attendance', group_id, COUNT(*), 0, ''
FROM meetings
GROUP BY group_id
HAVING COUNT(*) >= %(many)s AND MIN(member_count) > 0 AND SUM(member_count - present_count - late_count) = 0
    AND MIN(held_on) <= %(eleven_months)s"""


def terms_expired() -> str:
    """An office held for more than three years without a new election.

    Source: the guide asks for an agreed change of leaders. No rules of a group say how long a term is yet, so it is
    `TERM_YEARS`.
    """
    return """
SELECT 'terms_expired', t.group_id, COUNT(*), 0, {list_role}
FROM groups_officerterm t
WHERE t.group_id IN (SELECT id FROM chosen) AND t.started_on <= %(term)s
    AND (t.ended_on IS NULL OR t.ended_on > %(as_of)s)
GROUP BY t.group_id"""


def one_recorder() -> str:
    """One account closed all meetings (ten or more), posted all entries and counted all cash of a year; none judged.

    Source: two pairs of eyes on the money (guide: the treasurer keeps the cash, the secretary the records). That a
    facilitator records alone is usual and no signal yet: somebody else who judged the group in that year looked in.
    """
    return """
SELECT 'one_recorder', group_id, SUM(records), 0, CAST(MIN(person) AS VARCHAR(20))
FROM (
    SELECT m.group_id, m.saved_by_id AS person, COUNT(*) AS records, COUNT(*) AS held
    FROM meetings m GROUP BY m.group_id, m.saved_by_id
    UNION ALL
    SELECT e.group_id, e.recorded_by_id, COUNT(*), 0 FROM finance_entry e
    WHERE e.group_id IN (SELECT id FROM chosen) AND e.effective_on > %(year)s AND e.effective_on <= %(as_of)s
    GROUP BY e.group_id, e.recorded_by_id
    UNION ALL
    SELECT c.group_id, c.counted_by_id, COUNT(*), 0 FROM finance_cashcount c
    WHERE c.group_id IN (SELECT id FROM chosen) AND c.counted_on > %(year)s AND c.counted_on <= %(as_of)s
    GROUP BY c.group_id, c.counted_by_id
    UNION ALL
    SELECT j.group_id, j.judged_by_id, 0, 0 FROM assessment_judgement j
    WHERE j.group_id IN (SELECT id FROM chosen) AND j.judged_on > %(year)s AND j.judged_on <= %(as_of)s
) recorded
GROUP BY group_id
HAVING MIN(person) = MAX(person) AND SUM(held) >= %(many)s"""


def facilitator_groups_alike() -> str:
    """A facilitator with five or more groups, all of whose scores lie within two points of each other.

    Of each group its newest score counts, by the scheme asked for. Source: groups of different age and place differ;
    alike scores may be alike records. Columns: facilitator, groups, least and highest score.
    """
    return """
SELECT f.facilitator_id, COUNT(DISTINCT f.group_id), MIN(s.score), MAX(s.score)
FROM groups_facilitatorassignment f
JOIN assessment_assessment s ON s.group_id = f.group_id AND s.scheme = %(scheme)s AND s.latest
WHERE f.group_id IN ({groups}) AND f.started_on <= %(on)s AND (f.ended_on IS NULL OR f.ended_on > %(on)s)
GROUP BY f.facilitator_id
HAVING COUNT(DISTINCT f.group_id) >= %(groups_at_least)s AND MAX(s.score) - MIN(s.score) <= %(alike_points)s
ORDER BY 2 DESC, f.facilitator_id"""


SIGNALS: dict[str, Callable[[], str]] = {
    signal.__name__: signal
    for signal in (
        copied_meetings,
        same_amounts,
        late_night_batches,
        cash_always_agrees,
        full_attendance,
        terms_expired,
        one_recorder,
    )
}
"""The signals of a group, by name."""
BITS = {name: 1 << place for place, name in enumerate(SIGNALS)}
"""The bit of each signal in `KeptSignals.names`."""

_RECORDS = """
WITH chosen (id) AS ({groups}),
meetings AS (
    SELECT m.id, m.group_id, m.number, m.held_on, m.entry_id, m.saved_by_id, m.member_count, m.present_count,
        m.late_count, m.saver_count, m.agenda_count, m.decision_count,
        ROW_NUMBER() OVER (PARTITION BY m.group_id ORDER BY m.held_on DESC, m.number DESC) AS place,
        LAG(m.id) OVER (PARTITION BY m.group_id ORDER BY m.held_on, m.number) AS before_id
    FROM meetings_meeting m
    WHERE m.group_id IN (SELECT id FROM chosen) AND m.status = 'CLOSED'
        AND m.held_on > %(year)s AND m.held_on <= %(as_of)s
)
"""


@dataclass(frozen=True, slots=True)
class SignalHit:
    """A signal of a group: how many records gave rise to it, the amount in rupiah if it has one, and which records.

    `records` are numbers of meetings, the earliest first; of expired terms the offices; of one recorder the person's
    id.
    """

    signal: str
    group_id: int
    counted: int
    amount: int
    records: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AlikeScores:
    """A facilitator whose groups all score alike, with the least and the highest score."""

    facilitator_id: int
    groups: int
    least: int
    most: int


def found_in(groups: QuerySet[Group], as_of: date) -> list[SignalHit]:
    """Return the signals of `groups` as of a day, in the order of `SIGNALS`, in one statement."""
    sql = _RECORDS + "\nUNION ALL\n".join(signal() for signal in SIGNALS.values())
    rows = run_over(sql, groups, _values(as_of), **_words())
    order = list(SIGNALS)
    found = [
        SignalHit(name, group, int(counted), int(amount), _sorted(records))
        for name, group, counted, amount, records in rows
    ]
    return sorted(found, key=lambda one: (order.index(one.signal), one.group_id))


def alike_facilitators(groups: QuerySet[Group], on: date, scheme: str) -> list[AlikeScores]:
    """Return who accompanies `groups` on a day that all score alike by `scheme`, in one statement."""
    values: dict[str, int | str | date] = {
        "on": on,
        "scheme": scheme,
        "groups_at_least": FACILITATOR_GROUPS,
        "alike_points": ALIKE_POINTS,
    }
    return [AlikeScores(*map(int, row)) for row in run_over(facilitator_groups_alike(), groups, values)]


def _values(as_of: date) -> dict[str, int | str | date]:
    day_end = datetime.combine(as_of + timedelta(1), time(), tzinfo=timezone.get_default_timezone())
    return {
        "as_of": as_of,
        "year": as_of - timedelta(YEAR_DAYS),
        "eleven_months": as_of - timedelta(ELEVEN_MONTHS_DAYS),
        "term": _years_before(as_of, TERM_YEARS),
        "day_end": day_end,
        "many": MANY_RECORDS,
        "alike": ALIKE_MEETINGS,
        "batch": NIGHT_BATCH,
        "closing": CLOSING_DAYS,
        "night_begins": NIGHT_BEGINS,
        "night_ends": NIGHT_ENDS,
    }


def _words() -> dict[str, str]:
    """Return what the two databases say differently: lists, and the clock of the place."""
    columns = {"list_number": "m.number", "list_numbers": "numbers", "list_role": "t.role"}
    closed = local_time("f.closed_at")
    if connection.vendor == "sqlite":
        return {name: f"GROUP_CONCAT({column})" for name, column in columns.items()} | {
            "night": f"date({closed}, '-{NIGHT_ENDS} hours')",
            "hour": f"CAST(strftime('%%H', {closed}) AS INTEGER)",
            "days": days_between("f.held_on", closed),
        }
    return {name: f"STRING_AGG({column}::text, ',')" for name, column in columns.items()} | {
        "night": f"({closed} - INTERVAL '{NIGHT_ENDS} hours')::date",
        "hour": f"EXTRACT(HOUR FROM {closed})",
        "days": days_between("f.held_on", closed),
    }


def _years_before(day: date, years: int) -> date:
    """Return the same day of an earlier year; 29 February becomes the 28th."""
    last = 28 if (day.month, day.day) == (2, 29) else day.day
    return day.replace(year=day.year - years, day=last)


def _sorted(records: str) -> tuple[str, ...]:
    """The databases give a list in no order."""
    return tuple(sorted(records.split(","), key=lambda record: (len(record), record))) if records else ()
