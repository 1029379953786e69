"""1 - PAR 30: balances of loans with no instalment more than 30 days late / balances of all running loans; a share.

In rupiah. No running loan is not enough data. Loans written off have no balance any more: they count in
`repayment_rate`. Source: PAR as microfinance counts it everywhere; UPK standard of 2013 (good up to 10 %).
"""

from __future__ import annotations

from datetime import date
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from assessment.metrics.base.metric import Facts, Measured, Metric, Reads, Rows, share
from assessment.metrics.base.reading import rows_of
from assessment.metrics.base.tables import MONEY, NUMBER, evidence_table, loan_url
from finance.selectors.loan_positions import LOAN_POSITIONS
from finance.tables.table import Column, Row, Table
from groups.models import Group
from groups.selectors.relations import MEMBERSHIPS
from groups.shared.money import rupiah

LATE_DAYS = 30
"""A loan is at risk with an instalment more than so many days late (PAR 30)."""


def _measure(facts: Facts) -> Measured:
    return share(facts["balance"] - facts["late"], facts["balance"], facts, is_enough=True)


def _sentence(facts: Facts) -> str:
    return _("%(late)s of %(balance)s lent is more than 30 days late") % {
        "late": rupiah(facts["late"]),
        "balance": rupiah(facts["balance"]),
    }


def _tables(group: Group, as_of: date) -> list[Table]:
    of_group = rows_of(group, as_of)
    running = _running(of_group)
    names = {member.id: member.name for member in of_group(MEMBERSHIPS)}
    columns = [
        Column(_("Loan")), Column(_("Member"), on_phone=False), Column(_("Days late"), NUMBER, on_phone=False),
        Column(_("Balance"), MONEY), Column(_("More than 30 days late"), MONEY, on_phone=False),
    ]  # fmt: skip
    balances = [int(loan.balance) for loan in running]
    late = [int(loan.balance) if loan.days_late > LATE_DAYS else 0 for loan in running]
    rows = [
        Row(
            [_("Loan %d") % loan.number, names[loan.member_id], int(loan.days_late), balance, at_risk],
            loan_url(group, loan.number),
        )
        for loan, balance, at_risk in zip(running, balances, late, strict=True)
    ]
    rows.append(Row([_("Total"), "", None, sum(balances), sum(late)], is_total=True))
    return [evidence_table(group, as_of, _("Running loans"), columns, rows)]


def _records(rows: Rows) -> dict[str, list[int]]:
    return {"loans": [loan.number for loan in _running(rows)]}


def _running(rows: Rows) -> list[Any]:
    return sorted((loan for loan in rows(LOAN_POSITIONS) if loan.balance > 0), key=lambda loan: int(loan.number))


METRIC = Metric(
    reads=(
        Reads(
            LOAN_POSITIONS,
            {
                "late": f"SUM(CASE WHEN days_late > {LATE_DAYS} THEN balance ELSE 0 END)",
                "balance": "SUM(balance)",
            },
        ),
    ),
    measure=_measure,
    formula=gettext_lazy(
        "1 − PAR 30: balances of loans with nothing more than 30 days late ÷ all balances. Not measured without a "
        "running loan."
    ),
    sentence=_sentence,
    tables=_tables,
    records=_records,
    page="health",
    page_name=gettext_lazy("Health of the loans"),
)
