"""Nobody of the organisation visited for twice as long as agreed; where nothing was agreed, for a quarter of a year.

Source: Bina Swadaya's work in Jakarta suffered from too few visits. Where no visit was ever recorded and no phase of
mentoring agreed, the organisation does not record visits.
"""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from assessment.signals.base.signal import Signal, SignalHit
from groups.selectors.relations import MENTORING_NOW, MENTORING_PHASES
from meetings.selectors.relations import LAST_VISITS

TIMES = 2
"""So many times the agreed days between visits are too long."""
DAYS = 91
"""Without an agreement a group that was visited before is asked about after a quarter of a year."""


def _sentence(hit: SignalHit) -> str:
    return ngettext("no visit for %(days)d day", "no visit for %(days)d days", hit.counted) % {"days": hit.counted}


SIGNAL = Signal(
    place=8,
    relations=(MENTORING_NOW, MENTORING_PHASES, LAST_VISITS),
    sql=f"""
        SELECT m.group_id, CASE WHEN v.days_ago < m.phase_days THEN v.days_ago ELSE m.phase_days END AS counted,
            0 AS amount, NULL AS records
        FROM mentoring_now m LEFT JOIN last_visits v ON v.group_id = m.group_id
        WHERE m.phase_days > {TIMES} * m.visit_every_days
            AND COALESCE(v.days_ago, m.phase_days) > {TIMES} * m.visit_every_days
        UNION ALL
        SELECT v.group_id, v.days_ago, 0, NULL
        FROM last_visits v
        WHERE v.days_ago > {DAYS} AND NOT EXISTS (SELECT 1 FROM mentoring_phases p WHERE p.group_id = v.group_id)""",  # noqa: S608 - no input
    label=_("Not visited for long"),
    ask=_("When will somebody visit the group? Was there a visit that nobody recorded?"),
    sentence=_sentence,
    page="visits",
    page_name=_("Visits"),
)
