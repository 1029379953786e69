"""Loans by how late they are: of one group the ageing of its arrears, of many groups their portfolio."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from django.urls import reverse
from django.utils.translation import gettext as _

from finance.performance import Performance
from finance.selectors import LoanArrears
from finance.tables.of_group import as_on, table_of_group
from finance.tables.table import Cell, Column, ColumnKind, DetailedCell, Only, Row, Table
from finance.wording import COLLECTABILITY
from groups.models import Group

MONEY, NUMBER, PERCENT = ColumnKind.MONEY, ColumnKind.NUMBER, ColumnKind.PERCENT


def loan_ageing(group: Group, loans: Sequence[LoanArrears], *, as_of: date) -> Table:
    """Umur tunggakan: the running loans, those late the longest first."""
    columns = [
        Column(_("No."), ColumnKind.ID, on_phone=False),
        Column(_("Borrower")),
        Column(_("Outstanding"), MONEY),
        Column(_("Late principal"), MONEY, on_phone=False),
        Column(_("Late fee (jasa)"), MONEY, on_phone=False),
        Column(_("Arrears"), MONEY),
        Column(_("Instalments late"), NUMBER, on_phone=False),
        Column(_("Days late"), NUMBER, on_phone=False),
        Column(_("Collectability"), on_phone=False),
    ]
    rows = [
        Row(
            [
                loan.number,
                loan.member,
                loan.balance,
                loan.late_principal,
                loan.late_fee,
                loan.late,
                loan.instalments_late,
                loan.days_late,
                str(COLLECTABILITY[loan.collectability]),
            ],
            url=f"{reverse('loan', args=[group.code, loan.number])}?on={as_of}",
        )
        for loan in loans
    ]
    total = [sum(getattr(loan, name) for loan in loans) for name in ("balance", "late_principal", "late_fee", "late")]
    rows.append(Row([None, _("Total"), *total, None, None, ""], is_total=True))
    return table_of_group(group, _("Loan ageing (umur tunggakan)"), "umur-tunggakan", columns, rows, until=as_of)


def portfolio(
    groups: Iterable[tuple[Group, tuple[str, str], Performance]], total: Performance, *, owner: str, as_of: date
) -> Table:
    """The loans of many groups, a line for each: the group, its regency and facilitator for files, and its loans."""
    columns = [
        Column(_("Group")),
        Column(_("Group number"), only=Only.FILES),
        Column(_("Running loans"), NUMBER, on_phone=False),
        Column(_("Outstanding"), MONEY),
        Column(_("Arrears"), MONEY, on_phone=False),
        Column(_("PAR 30 (CGAP)"), PERCENT, on_phone=False),
        Column(_("PAR 90 (CGAP)"), PERCENT, on_phone=False),
        Column(_("LAR (UPK)"), PERCENT, on_phone=False),
        Column(_("Repayment rate"), PERCENT, on_phone=False),
        Column(_("CCR (UPK)"), PERCENT, on_phone=False),
        Column(_("ROI (UPK)"), PERCENT, on_phone=False),
        Column(_("Regency or city"), only=Only.FILES),
        Column(_("Facilitator"), only=Only.FILES),
    ]

    def row(
        name: Cell, number: str, figures: Performance, place: tuple[str, str], *, url: str = "", is_total: bool = False
    ) -> Row:
        cells: list[Cell] = [
            name,
            number,
            figures.loans,
            figures.balance,
            figures.late,
            figures.par_30,
            figures.par_90,
            figures.lar,
            figures.repayment_rate,
            figures.cost_coverage,
            figures.return_on_investment,
            *place,
        ]
        return Row(cells, url=url, is_total=is_total)

    rows = [
        row(
            DetailedCell(group.name, note=group.number_shown), group.number_shown, figures, place,
            url=reverse("health", args=[group.code]) + f"?on={as_of}",
        )
        for group, place, figures in groups
    ]  # fmt: skip
    rows.append(row(_("Total"), "", total, ("", ""), is_total=True))
    return Table(
        title=_("Portfolio (pinjaman semua kelompok)"),
        name="portofolio",
        number="",
        owner=owner,
        period=as_on(as_of),
        until=as_of,
        columns=columns,
        rows=rows,
        is_list=True,
    )
