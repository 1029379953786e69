"""Decisions carried out / decisions that were to be carried out in the last 182 days; a share.

Counts the decisions of closed meetings with a day by when; fewer than two are not enough data. Source: the minute
book's column decisions, and the guide's duty of a chair to see that what was agreed is done.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from assessment.metrics.base.metric import Facts, Measured, Metric, Reads, Rows, share
from assessment.metrics.base.reading import rows_of
from assessment.metrics.base.tables import DATE, NUMBER, evidence_table, meeting_url
from finance.tables.table import Column, Row, Table
from groups.models import Group
from meetings.selectors.relations import DECISIONS_DUE

LEAST_DECISIONS = 2
"""With fewer decisions due in the window there is not enough data."""


def _measure(facts: Facts) -> Measured:
    return share(facts["done"], facts["due"], facts, is_enough=facts["due"] >= LEAST_DECISIONS)


def _sentence(facts: Facts) -> str:
    return _("%(done)d of %(due)d decisions due in 182 days carried out") % facts


def _tables(group: Group, as_of: date) -> list[Table]:
    due = _due(rows_of(group, as_of))
    columns = [
        Column(_("Decision")),
        Column(_("By when"), DATE, on_phone=False, is_named=True),
        Column(_("Done on"), DATE, on_phone=False, is_named=True),
        Column(_("Done"), NUMBER),
    ]
    rows = [
        Row([item.decision, item.due_on, item.done_on, int(item.done_on is not None)], meeting_url(group, item.meeting))
        for item in due
    ]
    done = sum(item.done_on is not None for item in due)
    rows.append(Row([_("%(count)d in all") % {"count": len(due)}, None, None, done], is_total=True))
    return [evidence_table(group, as_of, _("Decisions"), columns, rows)]


def _records(rows: Rows) -> dict[str, list[int]]:
    return {"decisions": [item.id for item in _due(rows)]}


def _due(rows: Rows) -> list[Any]:
    return sorted(rows(DECISIONS_DUE), key=lambda item: (item.due_on, item.id))


METRIC = Metric(
    reads=(Reads(DECISIONS_DUE, {"done": "COUNT(done_on)", "due": "COUNT(*)"}),),
    measure=_measure,
    formula=gettext_lazy(
        "Decisions carried out ÷ decisions to be carried out in the last 182 days. Not measured with fewer than two."
    ),
    sentence=_sentence,
    tables=_tables,
    records=_records,
    page="decision-list",
    page_name=gettext_lazy("Decisions"),
)
