"""At each of the last six meetings every member brought the same amount, all money of a member taken together.

Savings, instalments, fines and social fund count, so that compulsory savings alone, equal by the rules, are no signal
once one member borrows, is fined or saves more. Source: auditing of savings groups; real cash varies.
"""

from __future__ import annotations

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from assessment.signals.base.signal import Signal, SignalHit
from finance.selectors.relations import MEMBER_RECEIPTS
from groups.shared.money import rupiah
from groups.shared.sql import listed
from meetings.selectors.relations import MEETINGS_HELD

ALIKE_MEETINGS = 6
"""Half a year of monthly meetings at which everybody brought the same amount."""


def _sentence(hit: SignalHit) -> str:
    return gettext("at the last %(count)d meetings every member brought %(amount)s") % {
        "count": hit.counted,
        "amount": rupiah(hit.amount),
    }


SIGNAL = Signal(
    place=2,
    relations=(MEETINGS_HELD, MEMBER_RECEIPTS),
    sql=f"""
        SELECT group_id, COUNT(*) AS counted, MIN(least) AS amount, {listed("number")} AS records
        FROM (
            SELECT group_id, number, MIN(amount) AS least, MAX(amount) AS most
            FROM (
                SELECT m.group_id, m.number, r.member_id, SUM(r.amount) AS amount
                FROM (
                    SELECT group_id FROM meetings_held WHERE place <= {ALIKE_MEETINGS} GROUP BY group_id
                    HAVING COUNT(*) = {ALIKE_MEETINGS} AND SUM(member_count - saver_count) = 0
                        AND MIN(member_count) > 1
                ) everybody
                JOIN meetings_held m ON m.group_id = everybody.group_id AND m.place <= {ALIKE_MEETINGS}
                JOIN member_receipts r ON r.entry_id = m.entry_id
                GROUP BY m.group_id, m.number, r.member_id
            ) brought
            GROUP BY group_id, number
        ) of_meetings
        GROUP BY group_id
        HAVING COUNT(*) = {ALIKE_MEETINGS} AND MIN(least) = MAX(most)""",  # noqa: S608 - no input
    label=_("Same amounts for everybody every time"),
    ask=_("Did every member bring the money in person? Do the members' own passbooks say the same?"),
    sentence=_sentence,
    page="savings-book",
    page_name=_("Savings book"),
    of_meetings=True,
)
