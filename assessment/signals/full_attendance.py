"""Every member came to every meeting of a year: ten or more meetings, the first at least eleven months ago.

Source: DreamSave counts attendance as present / members; over a year illness and harvest keep somebody away.
"""

from __future__ import annotations

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from assessment.signals.base.signal import MANY_RECORDS, MINUTES, Signal, SignalHit
from groups.shared.sql import listed
from meetings.selectors.relations import MEETINGS_HELD

ELEVEN_MONTHS_DAYS = 330
"""Meetings that reach back so far are those of a year; the next one may be a month away."""


def _sentence(hit: SignalHit) -> str:
    return gettext("every member at every one of %(count)d meetings in a year") % {"count": hit.counted}


SIGNAL = Signal(
    place=5,
    relations=(MEETINGS_HELD,),
    sql=f"""
        SELECT group_id, COUNT(*) AS counted, 0 AS amount, {listed("number")} AS records
        FROM meetings_held
        GROUP BY group_id
        HAVING COUNT(*) >= {MANY_RECORDS} AND MIN(member_count) > 0 AND SUM(member_count - attended_count) = 0
            AND MAX(days_ago) >= {ELEVEN_MONTHS_DAYS}""",  # noqa: S608 - no input
    label=_("Full attendance for a year"),
    ask=_("Are those who are ill or away marked as present? Is there a list with signatures?"),
    sentence=_sentence,
    page="meeting-list",
    page_name=MINUTES,
)
