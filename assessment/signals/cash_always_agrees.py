"""Ten or more counts of a box with money in it within a year, and not one differed from the books by a rupiah.

Source: auditing of savings groups; with coins and change a small difference happens, and counting that never finds one
may be copying. An empty box agrees by itself and does not count.
"""

from __future__ import annotations

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from assessment.signals.base.signal import MANY_RECORDS, Signal, SignalHit
from groups.shared.sql import listed
from meetings.selectors.relations import VALID_CASH_COUNTS


def _sentence(hit: SignalHit) -> str:
    return gettext("%(count)d counts of the cash in a year, none with a difference") % {"count": hit.counted}


SIGNAL = Signal(
    place=4,
    relations=(VALID_CASH_COUNTS,),
    sql=f"""
        SELECT group_id, COUNT(*) AS counted, 0 AS amount, {listed("id")} AS records
        FROM valid_cash_counts
        WHERE counted <> 0 OR expected <> 0
        GROUP BY group_id
        HAVING COUNT(*) >= {MANY_RECORDS}
            AND SUM(CASE WHEN counted = expected THEN 0 ELSE 1 END) = 0""",  # noqa: S608 - no input
    label=_("Cash never differs"),
    ask=_("Is the box really counted at the meeting, by whom, and who watches?"),
    sentence=_sentence,
    page="cash-differences",
    page_name=_("Cash differences"),
)
