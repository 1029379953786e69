"""0 if no critical matter (perkara kritis) was raised in the last 182 days, 1 if one was, 2 if one was decided,
3 if two or more were decided.

Counted, not as a share: raising one more matter must never cost points. Fewer than two meetings are not enough data.
Source: Kotaku indicator 10.
"""

from __future__ import annotations

from datetime import date

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from assessment.metrics.base.metric import LEAST_MEETINGS, Facts, Measured, Metric, Reads
from assessment.metrics.base.reading import rows_of
from assessment.metrics.base.tables import NUMBER, meetings_held, meetings_table, records_of_meetings
from assessment.metrics.base.words import MINUTES
from finance.tables.table import Column, Table
from groups.models import Group
from meetings.models import AgendaItem
from meetings.selectors.relations import MEETINGS_HELD


def _measure(facts: Facts) -> Measured:
    if facts["meetings"] < LEAST_MEETINGS:
        return Measured(None, facts)
    return Measured(float(min(1, facts["raised"]) + min(2, facts["decided"])), facts)


def _sentence(facts: Facts) -> str:
    return _("%(raised)d raised, %(decided)d decided in 182 days") % facts


def _tables(group: Group, as_of: date) -> list[Table]:
    held = meetings_held(rows_of(group, as_of))
    raised = [meeting for meeting in held if meeting.critical_count]
    titles: dict[int, list[str]] = {}
    items = AgendaItem.objects.filter(group=group, is_critical=True, meeting__in=[meeting.id for meeting in raised])
    for meeting, title in items.values_list("meeting", "title"):
        titles.setdefault(meeting, []).append(title)
    columns = [
        Column(_("Critical matters"), on_phone=False), Column(_("Raised"), NUMBER), Column(_("Decided"), NUMBER)
    ]  # fmt: skip
    table = meetings_table(
        group, as_of, raised, columns,
        lambda m: ["; ".join(titles.get(m.id, [])), m.critical_count, m.critical_decided_count],
    )  # fmt: skip
    return [table]


METRIC = Metric(
    reads=(
        Reads(
            MEETINGS_HELD,
            {"decided": "SUM(critical_decided_count)", "raised": "SUM(critical_count)", "meetings": "COUNT(*)"},
        ),
    ),
    measure=_measure,
    formula=gettext_lazy(
        "0 if no critical matter was raised in 182 days, 1 if one was, 2 if one was decided, 3 if two or more were. "
        "Not measured with fewer than two meetings."
    ),
    sentence=_sentence,
    tables=_tables,
    records=records_of_meetings,
    page="meeting-list",
    page_name=MINUTES,
    most=3,
    is_share=False,
)
