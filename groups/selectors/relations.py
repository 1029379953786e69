"""Groups, their rules, members and officers as relations for the SQL of other apps."""

from __future__ import annotations

from django.db import connection

from groups.models import ActivityKind, Constitution, Gender, MentoringStage
from groups.models.member import LeadershipMatter
from groups.shared.sql import Relation, days_between, listed


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
_HELD_UNTIL = "CASE WHEN t.ended_on <= %(as_of)s THEN t.ended_on ELSE %(as_of)s END"
USUAL_TERM = Constitution._meta.get_field("term_years").get_default()
OFFICER_TERMS = Relation(
    "officer_terms",
    f"""
    SELECT t.id, t.group_id, t.member_id, t.role, t.started_on, m.called AS member_name, {_YEARS_HELD} AS years_held,
        CASE WHEN t.ended_on IS NULL OR t.ended_on > %(as_of)s THEN 1 ELSE 0 END AS is_held,
        {days_between("t.started_on", "%(as_of)s")} AS days_since,
        {days_between("t.started_on", _HELD_UNTIL)} AS days_held,
        CASE WHEN m.gender = '{Gender.FEMALE.value}' THEN 1 ELSE 0 END AS is_woman,
        COALESCE((
            SELECT c.term_years FROM groups_constitution c WHERE c.group_id = t.group_id AND c.agreed_on <= %(as_of)s
            ORDER BY c.agreed_on DESC, c.version DESC LIMIT 1), {USUAL_TERM}) AS term_years
    FROM groups_officerterm t LEFT JOIN groups_member m ON m.id = t.member_id
    WHERE t.group_id {{groups}} AND t.started_on <= %(as_of)s
    """,  # noqa: S608 - no input
    ("id", "group_id", "member_id", "role", "started_on", "member_name", "years_held", "is_held", "days_since",
     "days_held", "is_woman", "term_years"),
)  # fmt: skip
"""Terms of office begun by the day, the whole years since then, whether they are still held and for how many days.

`term_years` is how long a term is by the rules of the day.
"""

LONG_TERMS = 2
"""Who was elected again and leads for as long as so many terms together is asked about."""
CHANGES_DAYS, MANY_HOLDERS = 730, 3
"""So many new holders of one office within two years are many."""
FEW = 3
"""Of a group with so many women and so many men at the least, somebody of each should lead."""
LEADERSHIP = Relation(
    "leadership",
    f"""
    SELECT group_id, '{LeadershipMatter.TERM_OVER.value}' AS matter, COUNT(*) AS counted, {listed("role")} AS records
    FROM officer_terms WHERE is_held = 1 AND years_held >= term_years GROUP BY group_id
    UNION ALL
    SELECT group_id, '{LeadershipMatter.SAME_PERSON.value}', COUNT(*), {listed("member_id")}
    FROM (
        SELECT group_id, member_id FROM officer_terms GROUP BY group_id, member_id
        HAVING MAX(is_held) = 1 AND COUNT(*) > 1 AND SUM(days_held) >= {LONG_TERMS} * 365 * MAX(term_years)
    ) long_in_office GROUP BY group_id
    UNION ALL
    SELECT group_id, '{LeadershipMatter.CHANGES.value}', MAX(holders), {listed("role")}
    FROM (
        SELECT group_id, role, COUNT(DISTINCT member_id) AS holders FROM officer_terms
        WHERE days_since <= {CHANGES_DAYS} GROUP BY group_id, role HAVING COUNT(DISTINCT member_id) >= {MANY_HOLDERS}
    ) often GROUP BY group_id
    UNION ALL
    SELECT m.group_id, '{LeadershipMatter.NO_WOMAN.value}', m.women, NULL
    FROM (
        SELECT group_id, COUNT(*) AS members,
            SUM(CASE WHEN gender = '{Gender.FEMALE.value}' THEN 1 ELSE 0 END) AS women
        FROM groups_member
        WHERE group_id {{groups}} AND joined_on <= %(as_of)s AND (left_on IS NULL OR left_on > %(as_of)s)
        GROUP BY group_id
    ) m JOIN (
        SELECT group_id, SUM(is_woman) AS women FROM officer_terms WHERE is_held = 1 GROUP BY group_id
    ) o ON o.group_id = m.group_id
    WHERE o.women = 0 AND m.women >= {FEW} AND m.members - m.women >= {FEW}
    """,  # noqa: S608 - no input
    ("group_id", "matter", "counted", "records"),
)
"""What is worth a question about who leads a group, as `LeadershipMatter` names it; it reads `OFFICER_TERMS`.

`records` are the offices of terms that are over or changed often, or the ids of members long in office; `counted` is
how many these are, the most holders of one office, or the women among the members.
"""

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
