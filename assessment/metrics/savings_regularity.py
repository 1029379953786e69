"""Members who paid compulsory savings (simpanan wajib) / members, over the last four meetings of 182 days; a share.

Fewer than two meetings are not enough data. Source: Panca Sutra 2, regular savings.
"""

from __future__ import annotations

from datetime import date

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from assessment.metrics.base.metric import Facts, Metric, Reads, recent, share_of_recent
from assessment.metrics.base.reading import rows_of
from assessment.metrics.base.tables import NUMBER, meetings_table, recent_meetings, records_of_recent
from assessment.metrics.base.words import last_meetings, percent
from finance.tables.table import Column, Table
from groups.models import Group
from meetings.selectors.relations import MEETINGS_HELD


def _sentence(facts: Facts) -> str:
    return _("%(percent)d%% of members saved, %(meetings)s") % {
        "percent": percent(facts["counted"], facts["of"]),
        "meetings": last_meetings(facts),
    }


def _tables(group: Group, as_of: date) -> list[Table]:
    recent = recent_meetings(rows_of(group, as_of))
    columns = [Column(_("Members"), NUMBER), Column(_("Who saved"), NUMBER)]
    table = meetings_table(group, as_of, recent, columns, lambda m: [m.member_count, m.saver_count])
    return [table]


METRIC = Metric(
    reads=(
        Reads(
            MEETINGS_HELD,
            {"counted": recent("saver_count"), "of": recent("member_count"), "meetings": recent("1")},
        ),
    ),
    measure=share_of_recent,
    formula=gettext_lazy(
        "Members who paid simpanan wajib ÷ members, over the last four meetings of 182 days. "
        "Not measured with fewer than two meetings."
    ),
    sentence=_sentence,
    tables=_tables,
    records=records_of_recent,
    page="savings-book",
    page_name=gettext_lazy("Savings book"),
)
