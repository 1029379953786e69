"""Meetings with an agenda item and a decision / meetings, over the last four of 182 days; a share.

Fewer than two meetings are not enough data. Source: Kotaku indicator 3; the minute book's columns agenda and decisions.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from assessment.metrics.base.metric import Facts, Metric, Reads, recent, share_of_recent
from assessment.metrics.base.reading import rows_of
from assessment.metrics.base.tables import NUMBER, meetings_table, recent_meetings, records_of_recent
from assessment.metrics.base.words import MINUTES, last_meetings
from finance.tables.table import Column, Table
from groups.models import Group
from meetings.selectors.relations import MEETINGS_HELD


def _sentence(facts: Facts) -> str:
    return _("agenda and decision in %(counted)d of the %(meetings)s") % {**facts, "meetings": last_meetings(facts)}


def _tables(group: Group, as_of: date) -> list[Table]:
    recent = recent_meetings(rows_of(group, as_of))
    columns = [Column(_("What is missing"), on_phone=False), Column(_("Agenda and decision"), NUMBER)]
    table = meetings_table(group, as_of, recent, columns, lambda m: [_missing(m), int(not _missing(m))])
    return [table]


def _missing(meeting: Any) -> str:
    if not meeting.agenda_count:
        return _("no agenda item")
    return "" if meeting.decision_count else _("no decision")


METRIC = Metric(
    reads=(
        Reads(
            MEETINGS_HELD,
            {
                "counted": recent("CASE WHEN agenda_count > 0 AND decision_count > 0 THEN 1 ELSE 0 END"),
                "of": recent("1"),
                "meetings": recent("1"),
            },
        ),
    ),
    measure=share_of_recent,
    formula=gettext_lazy(
        "Meetings with an agenda item and a decision ÷ meetings, over the last four of 182 days. "
        "Not measured with fewer than two meetings."
    ),
    sentence=_sentence,
    tables=_tables,
    records=records_of_recent,
    page="meeting-list",
    page_name=MINUTES,
)
