"""Meetings with cash counted, no open difference, and closed within 7 days / meetings, over the last four; a share.

A correction later on counts as the day of the first closing. Fewer than two meetings of 182 days are not enough data.
Source: Panca Sutra 3, bookkeeping.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from assessment.metrics.base.metric import CLOSING_DAYS, Facts, Metric, Reads, Rows, recent, share_of_recent
from assessment.metrics.base.reading import rows_of
from assessment.metrics.base.tables import NUMBER, counts_table, meetings_table, recent_meetings, records_of_recent
from assessment.metrics.base.words import last_meetings
from finance.selectors.relations import CASH_COUNTS
from finance.tables.table import Column, Table
from groups.models import Group
from meetings.selectors.relations import MEETINGS_HELD


def _sentence(facts: Facts) -> str:
    return _("books complete in %(counted)d of the %(meetings)s") % {**facts, "meetings": last_meetings(facts)}


def _tables(group: Group, as_of: date) -> list[Table]:
    rows = rows_of(group, as_of)
    recent = recent_meetings(rows)
    columns = [Column(_("What is missing"), on_phone=False), Column(_("Books complete"), NUMBER)]
    table = meetings_table(group, as_of, recent, columns, lambda m: [_missing(m), int(not _missing(m))])
    return [table, counts_table(group, as_of, _counts(rows))]


def _records(rows: Rows) -> dict[str, list[int]]:
    return records_of_recent(rows) | {"cash_counts": [count.id for count in _counts(rows)]}


def _counts(rows: Rows) -> list[Any]:
    of_meetings = {meeting.cash_count_id for meeting in recent_meetings(rows)}
    counts = [count for count in rows(CASH_COUNTS) if count.id in of_meetings]
    return sorted(counts, key=lambda count: (count.counted_on, count.id), reverse=True)


def _missing(meeting: Any) -> str:
    if meeting.cash_count_id is None:
        return _("cash not counted")
    if not meeting.cash_is_settled:
        return _("cash difference open")
    if meeting.days_to_close > CLOSING_DAYS:
        return _("closed after more than %(days)d days") % {"days": CLOSING_DAYS}
    return ""


METRIC = Metric(
    reads=(
        Reads(
            MEETINGS_HELD,
            {
                "counted": recent(f"CASE WHEN days_to_close <= {CLOSING_DAYS} THEN cash_is_settled ELSE 0 END"),
                "of": recent("1"),
                "meetings": recent("1"),
            },
        ),
    ),
    measure=share_of_recent,
    formula=gettext_lazy(
        "Meetings with the cash counted, no open difference, and closed within 7 days ÷ meetings, over the last four "
        "of 182 days; a correction counts as the first closing. Not measured with fewer than two meetings."
    ),
    sentence=_sentence,
    tables=_tables,
    records=_records,
    page="cash-differences",
    page_name=gettext_lazy("Cash differences"),
)
