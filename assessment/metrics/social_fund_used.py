"""0 if nothing came into the social fund (dana sosial) in the last 182 days, 1 if something did, 2 if help was paid
out of it as well.

Amounts in rupiah; opening balances came in before. Fewer than two meetings are not enough data. Source: the guide's
social side of a group; the social fund of DreamSave and Kotaku.
"""

from __future__ import annotations

from datetime import date

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from assessment.metrics.base.metric import LEAST_MEETINGS, Facts, Measured, Metric, Reads, Rows
from assessment.metrics.base.reading import rows_of
from assessment.metrics.base.tables import DATE, MONEY, evidence_table, total_row
from finance.selectors.relations import SOCIAL_FUND_MOVES
from finance.tables.table import Column, Row, Table
from groups.models import Group
from groups.shared.money import rupiah
from meetings.selectors.relations import MEETINGS_HELD


def _measure(read: Facts) -> Measured:
    facts = {"received": read["received"], "given": read["given"]}
    if read["held"] < LEAST_MEETINGS:
        return Measured(None, facts)
    value = 0 if facts["received"] <= 0 else 2 if facts["given"] > 0 else 1
    return Measured(float(value), facts)


def _sentence(facts: Facts) -> str:
    return _("social fund: %(received)s received, %(given)s given in 182 days") % {
        "received": rupiah(facts["received"]),
        "given": rupiah(facts["given"]),
    }


def _tables(group: Group, as_of: date) -> list[Table]:
    moves = sorted(rows_of(group, as_of)(SOCIAL_FUND_MOVES), key=lambda move: (move.effective_on, move.entry))
    columns = [
        Column(_("Entry")), Column(_("Date"), DATE, on_phone=False), Column(_("Received"), MONEY),
        Column(_("Given"), MONEY),
    ]  # fmt: skip
    rows = [
        Row(
            [_("Voucher %d") % move.entry, move.effective_on, move.received, move.given],
            reverse("entry", args=[group.code, move.entry]),
        )
        for move in moves
    ]
    rows.append(total_row(_("Total"), columns, rows))
    return [evidence_table(group, as_of, _("Social fund (dana sosial)"), columns, rows)]


def _records(rows: Rows) -> dict[str, list[int]]:
    return {"entries": sorted({move.entry for move in rows(SOCIAL_FUND_MOVES)})}


METRIC = Metric(
    reads=(
        Reads(SOCIAL_FUND_MOVES, {"received": "SUM(received)", "given": "SUM(given)"}),
        Reads(MEETINGS_HELD, {"held": "COUNT(*)"}),
    ),
    measure=_measure,
    formula=gettext_lazy(
        "0 if nothing came into the social fund in 182 days, 1 if something did, 2 if help was paid out as well. "
        "Not measured with fewer than two meetings."
    ),
    sentence=_sentence,
    tables=_tables,
    records=_records,
    page="general-ledger",
    page_name=gettext_lazy("General ledger (buku besar)"),
    most=2,
    is_share=False,
)
