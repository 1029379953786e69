"""Groups, their rules, members and officers as relations for the SQL of other apps."""

from __future__ import annotations

from django.db import connection

from groups.models import ActivityKind, Constitution, MentoringStage
from groups.shared.sql import Relation, days_between


def _text(column: str) -> str:
    return f"COALESCE(CAST({column} AS TEXT), '')"


_RULES = Constitution.rule_fields()
GROUP_PROFILES = Relation(
    "group_profiles",
    f"""
    SELECT g.id AS group_id, {days_between("COALESCE(f.held_on, g.founded_on)", "%(as_of)s")} AS age_days,
        CAST(%(as_of)s AS TEXT) AS as_of,
        COALESCE(b.bank, '') AS bank_name, COALESCE(b.number, '') AS bank_account_number,
        COALESCE(s.signatures, 0) AS bank_signatories, c.version AS rules_version,
        c.agreed_on AS rules_agreed_on,
        CASE WHEN c.agreed_in_meeting THEN 1 ELSE 0 END AS rules_agreed_in_meeting
    FROM groups_group g
    LEFT JOIN groups_founding f ON f.group_id = g.id AND f.withdrawn_at IS NULL AND f.held_on <= %(as_of)s
    LEFT JOIN groups_bankaccount b ON b.id = (
        SELECT o.id FROM groups_bankaccount o WHERE o.group_id = g.id AND o.opened_on <= %(as_of)s
            AND (o.closed_on IS NULL OR o.closed_on > %(as_of)s) ORDER BY o.opened_on DESC, o.id DESC LIMIT 1)
    LEFT JOIN groups_bankmandate s ON s.id = (
        SELECT d.id FROM groups_bankmandate d WHERE d.account_id = b.id AND d.valid_from <= %(as_of)s
        ORDER BY d.valid_from DESC, d.id DESC LIMIT 1)
    LEFT JOIN groups_constitution c ON c.id = (
        SELECT v.id FROM groups_constitution v WHERE v.group_id = g.id AND v.agreed_on <= %(as_of)s
        ORDER BY v.agreed_on DESC, v.version DESC LIMIT 1)
        AND NOT (c.version = 1 AND {" AND ".join(f"c.{rule.attname} = %(empty_{rule.attname})s" for rule in _RULES)})
    WHERE g.id {{groups}}
    """,  # noqa: S608 - no input
    ("group_id", "age_days", "as_of", "bank_name", "bank_account_number", "bank_signatories", "rules_version",
     "rules_agreed_on", "rules_agreed_in_meeting"),
    values={f"empty_{rule.attname}": rule.get_db_prep_save(rule.get_default(), connection) for rule in _RULES},
)  # fmt: skip
"""A row for each group: its age, its rules and its bank account on the day, the one opened last of several.

The age counts from the founding meeting, where one is recorded, else from the day the group began.
`rules_version` is NULL where there are none: those a group is registered with are empty.
"""

_PARTS = ("agreed_from", "every", "weekday", "week", "day_of_month", "pasaran", "days", "counted_from")
AGREED_CALENDARS = Relation(
    "agreed_calendars",
    f"""
    SELECT r.group_id, {" || ',' || ".join(_text(f"r.{part}") for part in _PARTS)} AS agreed
    FROM groups_meetingrhythm r WHERE r.group_id {{groups}} AND r.withdrawn_at IS NULL
    UNION ALL
    SELECT m.group_id, {_text("m.planned_on")} || ',' || {_text("m.moved_to")}
    FROM groups_meetingmove m WHERE m.group_id {{groups}} AND m.withdrawn_at IS NULL
    """,  # noqa: S608 - no input
    ("group_id", "agreed"),
)
"""All rhythms and moves of a group, one text for each, which `groups.selectors.calendars.calendar_of` reads."""

MEMBER_NAMES = Relation(
    "member_names",
    "SELECT id, group_id, called AS name FROM groups_member WHERE group_id {groups}",
    ("id", "group_id", "name"),
)
"""Everybody who is or was a member, by what they are called: the name, with the number where another has it."""

MEMBERSHIP_DAYS = Relation(
    "membership_days",
    "SELECT id, group_id, number, joined_on, left_on FROM groups_member WHERE group_id {groups}",
    ("id", "group_id", "number", "joined_on", "left_on"),
)
"""Everybody who is or was a member, with the first day and the day of leaving, NULL for who is one still."""

MEMBERSHIPS = Relation(
    "memberships",
    """
    SELECT id, group_id, number, called AS name,
        CASE WHEN joined_on <= %(as_of)s AND (left_on IS NULL OR left_on > %(as_of)s) THEN 1 ELSE 0 END AS is_member,
        CASE WHEN joined_on <= %(since)s AND (left_on IS NULL OR left_on > %(since)s) THEN 1 ELSE 0 END AS was_member
    FROM groups_member WHERE group_id {groups}
    """,
    ("id", "group_id", "number", "name", "is_member", "was_member"),
)
"""Whoever ever joined: whether a member on the day, and on `%(since)s`. Who leaves on a day is none any more."""

_YEARS_HELD = (
    "(strftime('%%Y%%m%%d', %(as_of)s) - strftime('%%Y%%m%%d', t.started_on)) / 10000"
    if connection.vendor == "sqlite"
    else "EXTRACT(YEAR FROM AGE(%(as_of)s::date, t.started_on))"
)
OFFICER_TERMS = Relation(
    "officer_terms",
    f"""
    SELECT t.id, t.group_id, t.role, t.started_on, m.called AS member_name, {_YEARS_HELD} AS years_held,
        CASE WHEN t.ended_on IS NULL OR t.ended_on > %(as_of)s THEN 1 ELSE 0 END AS is_held
    FROM groups_officerterm t LEFT JOIN groups_member m ON m.id = t.member_id
    WHERE t.group_id {{groups}} AND t.started_on <= %(as_of)s
    """,  # noqa: S608 - no input
    ("id", "group_id", "role", "started_on", "member_name", "years_held", "is_held"),
)
"""Terms of office begun by the day, the whole years since then, and whether they are still held."""

MENTORING_NOW = Relation(
    "mentoring_now",
    f"""
    SELECT p.id, p.group_id, p.phase_since, p.mentoring_until, p.first_planned_until, p.visit_every_days,
        {days_between("p.phase_since", "%(as_of)s")} AS phase_days,
        {days_between("p.phase_since", "p.first_planned_until")} AS agreed_days
    FROM groups_mentoringphase p
    WHERE p.group_id {{groups}} AND p.withdrawn_at IS NULL AND p.started_on <= %(as_of)s
        AND p.phase <> '{MentoringStage.ENDED.value}' AND NOT EXISTS (
            SELECT 1 FROM groups_mentoringphase o
            WHERE o.group_id = p.group_id AND o.withdrawn_at IS NULL AND o.started_on <= %(as_of)s
                AND o.started_on > p.started_on)
    """,  # noqa: S608 - no input
    ("id", "group_id", "phase_since", "mentoring_until", "first_planned_until", "visit_every_days", "phase_days",
     "agreed_days"),
)  # fmt: skip
"""The phase of mentoring in which a group is on the day, and how many days it lasts and was first agreed to last.

A group whose mentoring ended, or in no phase, has none.
"""

MENTORING_PHASES = Relation(
    "mentoring_phases",
    """
    SELECT group_id, started_on FROM groups_mentoringphase
    WHERE group_id {groups} AND withdrawn_at IS NULL AND started_on <= %(as_of)s
    """,
    ("group_id", "started_on"),
)
"""The phases of mentoring begun by the day, the end of mentoring among them."""

LETTERHEADS = Relation(
    "letterheads",
    """
    SELECT g.id AS group_id, v.name AS village, d.name AS district, r.name AS regency, o.role, m.called AS holder
    FROM groups_group g
    LEFT JOIN groups_region v ON v.code = g.village_id
    LEFT JOIN groups_region d ON d.code = v.parent_id
    LEFT JOIN groups_region r ON r.code = d.parent_id
    LEFT JOIN groups_officerterm o ON o.group_id = g.id
        AND o.started_on <= %(as_of)s AND (o.ended_on IS NULL OR o.ended_on > %(as_of)s)
    LEFT JOIN groups_member m ON m.id = o.member_id
    WHERE g.id {groups}
    """,
    ("group_id", "village", "district", "regency", "role", "holder"),
)
"""A row for each officer of a group on the day, or one without any, with the village, the district and the regency."""

OUTSIDE_DAYS = 365
"""How long an activity with somebody outside tells how a group works now."""
_TALKS = ActivityKind.TALKS.value
_RECENT = f"{days_between('a.held_on', '%(as_of)s')} < {OUTSIDE_DAYS}"
OUTSIDE_ACTIVITIES = Relation(
    "outside_activities",
    f"""
    SELECT a.id, a.group_id, a.held_on, a.kind, a.what, p.name AS partner_name,
        CASE WHEN {_RECENT} AND a.kind = '{_TALKS}' THEN 1 ELSE 0 END AS is_talk,
        CASE WHEN {_RECENT} AND a.kind <> '{_TALKS}' THEN 1 ELSE 0 END AS is_joint,
        CASE WHEN {_RECENT} AND a.kind <> '{_TALKS}' AND EXISTS (
            SELECT 1 FROM groups_partnershipagreement s WHERE s.partnership_id = a.partnership_id
                AND s.withdrawn_at IS NULL AND s.starts_on <= %(as_of)s
                AND (s.ends_on IS NULL OR s.ends_on >= %(as_of)s) AND (s.ended_on IS NULL OR s.ended_on > %(as_of)s)
        ) THEN 1 ELSE 0 END AS is_agreed
    FROM groups_partneractivity a JOIN groups_partner p ON p.id = a.partner_id
    WHERE a.group_id {{groups}} AND a.withdrawn_at IS NULL AND a.held_on <= %(as_of)s
    """,  # noqa: S608 - no input
    ("id", "group_id", "held_on", "kind", "what", "partner_name", "is_talk", "is_joint", "is_agreed"),
)
"""Activities up to the day; talks, joint ones and those of a partnership with an agreement in force on the day count in
the last `OUTSIDE_DAYS` days."""
