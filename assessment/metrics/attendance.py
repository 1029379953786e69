"""(Present + late) / members over the last four meetings of 182 days; a share.

Members who sent the money with somebody else are shown apart. Fewer than two meetings are not enough data. Source:
DreamSave, attendance over the last four meetings.
"""

from __future__ import annotations

from datetime import date

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from assessment.metrics.base.metric import Facts, Metric, Reads, recent, share_of_recent
from assessment.metrics.base.reading import rows_of
from assessment.metrics.base.tables import NUMBER, meetings_table, recent_meetings, records_of_recent
from assessment.metrics.base.words import MINUTES, last_meetings, percent
from finance.tables.table import Column, Table
from groups.models import Group
from meetings.selectors.relations import MEETINGS_HELD


def _sentence(facts: Facts) -> str:
    words = _("present %(percent)d%%, %(meetings)s") % {
        "percent": percent(facts["counted"], facts["of"]),
        "meetings": last_meetings(facts),
    }
    if facts["represented"]:
        represented = percent(facts["represented"], facts["of"])
        words += " · " + _("represented %(percent)d%%") % {"percent": represented}
    return words


def _tables(group: Group, as_of: date) -> list[Table]:
    recent = recent_meetings(rows_of(group, as_of))
    columns = [Column(label, NUMBER) for label in (_("Members"), _("Present"), _("Represented"))]
    table = meetings_table(
        group, as_of, recent, columns, lambda m: [m.member_count, m.attended_count, m.represented_count]
    )
    return [table]


METRIC = Metric(
    reads=(
        Reads(
            MEETINGS_HELD,
            {
                "counted": recent("attended_count"),
                "of": recent("member_count"),
                "meetings": recent("1"),
                "represented": recent("represented_count"),
            },
        ),
    ),
    measure=share_of_recent,
    formula=gettext_lazy(
        "(Present + late) ÷ members, over the last four meetings of 182 days; represented members are shown "
        "separately. Not measured with fewer than two meetings."
    ),
    sentence=_sentence,
    tables=_tables,
    records=records_of_recent,
    page="meeting-list",
    page_name=MINUTES,
)
