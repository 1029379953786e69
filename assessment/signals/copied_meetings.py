"""A meeting with the attendance of every member, and the texts of the agenda, of the meeting before it.

Texts are title, discussion and decision of every item; without an agenda there is nothing to compare. Source: all
monitoring rests on the minute book (guide on forming groups), and minutes copied forward say nothing.
"""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from assessment.signals.base.signal import MINUTES, Signal, SignalHit
from groups.shared.sql import listed
from meetings.selectors.relations import REPEATED_MEETINGS


def _sentence(hit: SignalHit) -> str:
    return ngettext(
        "%(count)d meeting has the same attendance and the same texts as the one before it",
        "%(count)d meetings have the same attendance and the same texts as the one before them",
        hit.counted,
    ) % {"count": hit.counted}


SIGNAL = Signal(
    place=1,
    relations=(REPEATED_MEETINGS,),
    sql=f"""
        SELECT group_id, COUNT(*) AS counted, 0 AS amount, {listed("number")} AS records
        FROM repeated_meetings GROUP BY group_id""",  # noqa: S608 - no input
    label=_("Meetings like the one before"),
    ask=_("Was there a meeting, or were the minutes of the last one taken over? What was talked about?"),
    sentence=_sentence,
    page="meeting-list",
    page_name=MINUTES,
    of_meetings=True,
    of_cases=True,
)
