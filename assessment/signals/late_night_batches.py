"""Three or more meetings first closed in one night, between 22:00 and 04:00, each over a week after its date.

The clock is that of the server's time zone. Source: books are in time within a week (the metric `books_complete`);
records made up for a visit of the auditors are written in one go.
"""

from __future__ import annotations

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from assessment.metrics.base.metric import CLOSING_DAYS
from assessment.signals.base.signal import MINUTES, Signal, SignalHit
from groups.shared.sql import listed
from meetings.selectors.relations import FIRST_CLOSINGS

NIGHT_BATCH = 3
"""Meetings closed in one night are a batch from three on."""
NIGHT_BEGINS, NIGHT_ENDS = 22, 4
"""Hours of the local clock."""


def _sentence(hit: SignalHit) -> str:
    return gettext(
        "%(count)d meetings closed late at night, several in one night, each more than a week after its date"
    ) % {"count": hit.counted}


SIGNAL = Signal(
    place=3,
    relations=(FIRST_CLOSINGS,),
    sql=f"""
        SELECT group_id, SUM(batch) AS counted, 0 AS amount, {listed("numbers")} AS records
        FROM (
            SELECT group_id, night_of, COUNT(*) AS batch, {listed("number")} AS numbers
            FROM first_closings
            WHERE days_to_close > {CLOSING_DAYS} AND (hour >= {NIGHT_BEGINS} OR hour < {NIGHT_ENDS})
            GROUP BY group_id, night_of
            HAVING COUNT(*) >= {NIGHT_BATCH}
        ) batches
        GROUP BY group_id""",  # noqa: S608 - no input
    label=_("Recorded in batches late at night"),
    ask=_("What were the minutes written from? Are there notes on paper of those days?"),
    sentence=_sentence,
    page="meeting-list",
    page_name=MINUTES,
    of_meetings=True,
    of_cases=True,
)
