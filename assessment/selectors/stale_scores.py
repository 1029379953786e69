"""Which groups have records that their newest score does not know."""

from __future__ import annotations

from django.db.models import QuerySet

from assessment.instruments import DEFAULT_SCHEME
from groups.models import Group
from groups.shared.sql import local_time, run_over

# `known` is the oldest of a group's newest scores, one for each scheme its organisation uses. Every record a metric
# looks at has its line below: when it was written, where it says so, and the day it is of, for a score as of an earlier
# day than today. Loans have none: whatever becomes of one is an entry or a corrected meeting. Profiles, members, terms
# of office and the follow-up of decisions keep no time of their own last change, so the audit log says it. Decisions
# are many, so they are looked through only for a score as of a day before it was computed.
_NEWER_SQL = """
WITH chosen AS (SELECT id, organisation_id FROM groups_group WHERE id IN ({groups})),
used AS (
    SELECT s.organisation_id, s.scheme
    FROM (
        SELECT organisation_id, scheme FROM assessment_schemeuse
        UNION ALL
        SELECT o.id, %(default)s FROM groups_organisation o
        WHERE NOT EXISTS (SELECT 1 FROM assessment_schemeuse u WHERE u.organisation_id = o.id)
    ) s
    WHERE EXISTS (
        SELECT 1 FROM assessment_instrument i
        WHERE i.code = s.scheme AND i.status = 'PUBLISHED'
            AND (i.organisation_id IS NULL OR i.organisation_id = s.organisation_id))
),
known AS (
    SELECT c.id AS group_id, c.organisation_id, MIN(a.computed_at) AS at, MIN(a.as_of) AS day,
        SUM(CASE WHEN a.id IS NULL OR i.status = 'RETIRED' THEN 1 ELSE 0 END) AS outdated
    FROM chosen c
    JOIN used u ON u.organisation_id = c.organisation_id
    LEFT JOIN assessment_assessment a ON a.group_id = c.id AND a.scheme = u.scheme AND a.latest
    LEFT JOIN assessment_instrument i ON i.id = a.instrument_id
    GROUP BY c.id, c.organisation_id
),
changes AS (
    SELECT l.object_id, l.timestamp AS at, l.cid, t.model
    FROM auditlog_logentry l JOIN django_content_type t ON t.id = l.content_type_id
    WHERE l.timestamp > (SELECT MIN(at) FROM known)
        AND t.app_label IN ('groups', 'meetings') AND t.model IN ('group', 'member', 'officerterm', 'agendaitem')
)
SELECT k.group_id FROM known k WHERE k.outdated > 0
UNION
SELECT k.group_id FROM known k
JOIN used u ON u.organisation_id = k.organisation_id
JOIN assessment_instrument i ON i.code = u.scheme AND i.status = 'PUBLISHED'
    AND (i.organisation_id IS NULL OR i.organisation_id = k.organisation_id)
WHERE i.published_at > k.at
UNION
SELECT k.group_id FROM known k JOIN meetings_meeting m ON m.group_id = k.group_id
WHERE m.status = 'CLOSED' AND (m.closed_at > k.at OR m.held_on > k.day)
UNION
SELECT k.group_id FROM known k JOIN finance_entry e ON e.group_id = k.group_id
WHERE e.recorded_at > k.at OR e.effective_on > k.day
UNION
SELECT k.group_id FROM known k JOIN finance_cashcount c ON c.group_id = k.group_id
WHERE c.counted_at > k.at OR c.counted_on > k.day OR c.settled_at > k.at OR c.settled_on > k.day
UNION
SELECT k.group_id FROM known k JOIN assessment_judgement j ON j.group_id = k.group_id
WHERE j.judged_at > k.at OR j.judged_on > k.day OR j.withdrawn_at > k.at OR j.withdrawn_on > k.day
UNION
SELECT k.group_id FROM known k JOIN groups_constitution c ON c.group_id = k.group_id
WHERE c.recorded_at > k.at OR c.agreed_on > k.day
UNION
SELECT k.group_id FROM known k JOIN groups_member m ON m.group_id = k.group_id
WHERE m.recorded_at > k.at OR m.joined_on > k.day OR m.left_on > k.day
UNION
SELECT k.group_id FROM known k JOIN groups_officerterm t ON t.group_id = k.group_id
WHERE t.recorded_at > k.at OR t.started_on > k.day OR t.ended_on > k.day
UNION
SELECT k.group_id FROM known k JOIN meetings_agendaitem i ON i.group_id = k.group_id
WHERE i.done_on > k.day AND k.day < date({scored_at})
UNION
SELECT k.group_id FROM known k JOIN changes c ON c.object_id = k.group_id AND c.model = 'group'
WHERE c.at > k.at
UNION
SELECT k.group_id FROM changes c JOIN groups_member m ON m.id = c.object_id AND c.model = 'member'
JOIN known k ON k.group_id = m.group_id
WHERE c.at > k.at
UNION
SELECT k.group_id FROM changes c JOIN groups_officerterm t ON t.id = c.object_id AND c.model = 'officerterm'
JOIN known k ON k.group_id = t.group_id
WHERE c.at > k.at
UNION
SELECT k.group_id FROM known k JOIN changes c ON c.model = 'officerterm' AND c.cid = 'officer-terms-' || k.group_id
WHERE c.at > k.at
UNION
SELECT k.group_id FROM changes c JOIN meetings_agendaitem i ON i.id = c.object_id AND c.model = 'agendaitem'
JOIN known k ON k.group_id = i.group_id
WHERE c.at > k.at
ORDER BY 1
"""


def with_newer_records(groups: QuerySet[Group]) -> list[int]:
    """Return the ids of the groups that scoring would tell something new, in one statement.

    These have records or an instrument that their newest score does not know, or no score by one of the schemes in
    use. What changes by the passing of time alone is not among them: a window that moves on, an instalment that falls
    due, an override that ends.
    """
    rows = run_over(_NEWER_SQL, groups, {"default": DEFAULT_SCHEME}, scored_at=local_time("k.at"))
    return [group_id for (group_id,) in rows]
