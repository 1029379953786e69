"""Cash counts that agreed with the books or whose difference is settled / the last 8 counts of 182 days; a share.

Of a corrected meeting only the new count. Fewer than two counts are not enough data. Source: Panca Sutra 3,
bookkeeping; cash counted at every meeting.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from assessment.metrics.base.metric import LEAST_MEETINGS, Facts, Measured, Metric, Reads, Rows, share
from assessment.metrics.base.reading import rows_of
from assessment.metrics.base.tables import counts_table
from finance.tables.table import Table
from groups.models import Group
from meetings.selectors.relations import VALID_CASH_COUNTS

RECENT_COUNTS = 8
"""Cash differences are looked at over the last eight counts of the window: two months of weekly meetings."""


def _measure(facts: Facts) -> Measured:
    return share(facts["settled"], facts["counts"], facts, is_enough=facts["counts"] >= LEAST_MEETINGS)


def _sentence(facts: Facts) -> str:
    return _("%(settled)d of the last %(counts)d cash counts without an open difference") % facts


def _tables(group: Group, as_of: date) -> list[Table]:
    return [counts_table(group, as_of, _counts(rows_of(group, as_of)))]


def _records(rows: Rows) -> dict[str, list[int]]:
    return {"cash_counts": [count.id for count in _counts(rows)]}


def _counts(rows: Rows) -> list[Any]:
    return sorted(rows(VALID_CASH_COUNTS), key=lambda count: int(count.place))[:RECENT_COUNTS]


METRIC = Metric(
    reads=(
        Reads(
            VALID_CASH_COUNTS,
            {
                "settled": f"SUM(CASE WHEN place <= {RECENT_COUNTS} THEN is_settled ELSE 0 END)",
                "counts": f"SUM(CASE WHEN place <= {RECENT_COUNTS} THEN 1 ELSE 0 END)",
            },
        ),
    ),
    measure=_measure,
    formula=gettext_lazy(
        "Cash counts that agreed or whose difference is settled ÷ the last eight counts of 182 days. Not measured with "
        "fewer than two counts."
    ),
    sentence=_sentence,
    tables=_tables,
    records=_records,
    page="cash-differences",
    page_name=gettext_lazy("Cash differences"),
)
