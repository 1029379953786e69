"""One account closed all meetings (ten or more), posted all entries and counted all cash of a year; no other looked in.

Source: two pairs of eyes on the money (guide: the treasurer keeps the cash, the secretary the records). That a
facilitator records alone is usual and no signal yet: somebody else who judged or visited the group in that year did.
"""

from __future__ import annotations

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from assessment.signals.base.signal import MANY_RECORDS, MINUTES, Signal, SignalHit
from finance.selectors.relations import CASH_COUNTS, RECORDED_ENTRIES
from groups.shared.sql import Relation, listed
from meetings.selectors.relations import MEETINGS_HELD, VISITS

JUDGEMENTS = Relation(
    "judgements",
    "SELECT group_id, judged_on, judged_by_id FROM assessment_judgement WHERE group_id {groups}",
    ("group_id", "judged_on", "judged_by_id"),
)


def _sentence(hit: SignalHit) -> str:
    return gettext(
        "nobody else judged or visited the group; one person recorded all %(count)d meetings, entries and "
        "cash counts of a year"
    ) % {"count": hit.counted}


SIGNAL = Signal(
    place=7,
    relations=(MEETINGS_HELD, RECORDED_ENTRIES, CASH_COUNTS, JUDGEMENTS, VISITS),
    sql=f"""
        SELECT group_id, SUM(recorded) AS counted, 0 AS amount, {listed("numbers")} AS records, MIN(person) AS person
        FROM (
            SELECT group_id, saved_by_id AS person, COUNT(*) AS recorded, COUNT(*) AS held,
                {listed("number")} AS numbers
            FROM meetings_held GROUP BY group_id, saved_by_id
            UNION ALL
            SELECT group_id, recorded_by_id, COUNT(*), 0, NULL FROM recorded_entries
            WHERE effective_on > %(since)s AND effective_on <= %(as_of)s GROUP BY group_id, recorded_by_id
            UNION ALL
            SELECT group_id, counted_by_id, COUNT(*), 0, NULL FROM cash_counts
            WHERE counted_on > %(since)s AND counted_on <= %(as_of)s GROUP BY group_id, counted_by_id
            UNION ALL
            SELECT group_id, judged_by_id, 0, 0, NULL FROM judgements
            WHERE judged_on > %(since)s AND judged_on <= %(as_of)s
            UNION ALL
            SELECT group_id, visitor_id, 0, 0, NULL FROM visits WHERE visited_on > %(since)s
        ) recorded
        GROUP BY group_id
        HAVING MIN(person) = MAX(person) AND SUM(held) >= {MANY_RECORDS}""",  # noqa: S608 - no input
    label=_("One recorder, nobody else checks"),
    ask=_("Who else has read the books and counted the cash? Visit the group, and judge what no record measures."),
    sentence=_sentence,
    page="meeting-list",
    page_name=MINUTES,
    names_person=True,
)
