"""Paid towards what fell due / what fell due before the day, in rupiah over all loans; a share.

A payment ahead on one loan does not hide the arrears of another. An instalment due on the day itself does not count
yet. A loan written off stays due and unpaid. Before the first one there is not enough data. Source: repayment rate, and
the UPK standard of 2013 (good from 90 %).
"""

from __future__ import annotations

from datetime import date
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from assessment.metrics.base.metric import Facts, Measured, Metric, Reads, Rows, share
from assessment.metrics.base.reading import rows_of
from assessment.metrics.base.tables import MONEY, evidence_table, loan_url, total_row
from assessment.metrics.base.words import percent
from finance.selectors.loan_positions import LOAN_POSITIONS
from finance.tables.table import Column, Row, Table
from groups.models import Group
from groups.shared.money import rupiah


def _measure(facts: Facts) -> Measured:
    return share(facts["paid"], facts["due"], facts, is_enough=True)


def _sentence(facts: Facts) -> str:
    words = _("%(percent)d%% paid: %(paid)s of %(due)s due") % {
        "percent": percent(facts["paid"], facts["due"]),
        "paid": rupiah(facts["paid"]),
        "due": rupiah(facts["due"]),
    }
    # Scores stored before write-offs were counted apart do not have the number.
    written_off = facts.get("written_off", 0)
    if late := facts["late"] - written_off:
        words += " · " + ngettext("%(count)d loan late", "%(count)d loans late", late) % {"count": late}
    if written_off:
        gone = ngettext("%(count)d loan written off", "%(count)d loans written off", written_off)
        words += " · " + gone % {"count": written_off}
    return words


def _tables(group: Group, as_of: date) -> list[Table]:
    loans = _due(rows_of(group, as_of))
    columns = [
        Column(_("Loan")), Column(_("Due"), MONEY, on_phone=False), Column(_("Paid"), MONEY, on_phone=False),
        Column(_("Arrears"), MONEY),
    ]  # fmt: skip
    rows = [
        Row([_name(loan), due, paid, due - paid], loan_url(group, loan.number))
        for loan in loans
        for due, paid in [(int(loan.fell_due), int(loan.fell_due_paid))]
    ]
    rows.append(total_row(_("Total"), columns, rows))
    return [evidence_table(group, as_of, _("Loans"), columns, rows)]


def _name(loan: Any) -> str:
    """Return what a loan is called; one that was written off is still due here, and in no list of arrears."""
    is_written_off = loan.balance == 0 and loan.fell_due_paid < loan.fell_due
    return (_("Loan %d (written off)") if is_written_off else _("Loan %d")) % int(loan.number)


def _records(rows: Rows) -> dict[str, list[int]]:
    return {"loans": [loan.number for loan in _due(rows)]}


def _due(rows: Rows) -> list[Any]:
    return sorted((loan for loan in rows(LOAN_POSITIONS) if loan.fell_due > 0), key=lambda loan: int(loan.number))


METRIC = Metric(
    reads=(
        Reads(
            LOAN_POSITIONS,
            {
                "paid": "SUM(fell_due_paid)",
                "due": "SUM(fell_due)",
                "loans": "SUM(CASE WHEN fell_due > 0 THEN 1 ELSE 0 END)",
                "late": "SUM(CASE WHEN fell_due_paid < fell_due THEN 1 ELSE 0 END)",
                "written_off": "SUM(CASE WHEN fell_due_paid < fell_due AND balance = 0 THEN 1 ELSE 0 END)",
            },
        ),
    ),
    measure=_measure,
    formula=gettext_lazy(
        "Paid towards what was due ÷ due before the day, over all loans; a payment ahead does not hide another's "
        "arrears. Not measured before the first instalment was due."
    ),
    sentence=_sentence,
    tables=_tables,
    records=_records,
    page="loan-book",
    page_name=gettext_lazy("Loan book"),
)
