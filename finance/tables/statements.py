"""The two statements of a year: balance sheet and income statement."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from django.urls import reverse
from django.utils.translation import gettext as _

from finance.models import AccountKind
from finance.selectors import BalanceSheet, IncomeStatement, ReportLine
from finance.tables.of_group import table_of_group
from finance.tables.table import Column, ColumnKind, Row, Table
from groups.models import Group

MONEY = ColumnKind.MONEY


def balance_sheet(group: Group, sheet: BalanceSheet) -> Table:
    """Neraca: assets, then liabilities and equity with the surplus not yet divided."""
    rows = [Row(["", _("ASSETS"), None], is_heading=True)]
    rows += _report_rows(group, sheet.assets, sheet.as_of)
    rows.append(Row(["", _("Total assets"), sheet.total_assets], is_total=True))
    rows.append(Row(["", _("LIABILITIES (KEWAJIBAN)"), None], is_heading=True))
    rows += _report_rows(group, sheet.liabilities, sheet.as_of)
    rows.append(Row(["", _("Total liabilities"), sheet.total_liabilities], is_total=True))
    rows.append(Row(["", _("EQUITY (MODAL)"), None], is_heading=True))
    rows += _report_rows(group, sheet.equity, sheet.as_of)
    rows.append(Row(["", _("Surplus of earlier years not yet divided"), sheet.surplus_before]))
    rows.append(Row(["", _("Surplus of this year (SHU tahun berjalan)"), sheet.surplus_year]))
    rows.append(Row(["", _("Total equity"), sheet.total_equity], is_total=True))
    rows.append(Row(["", _("Total liabilities and equity"), sheet.total_sources], is_total=True))
    columns = [Column(_("Code")), Column(_("Account")), Column(_("Amount"), MONEY)]
    return table_of_group(group, _("Balance sheet (neraca)"), "neraca", columns, rows, until=sheet.as_of)


def income_statement(group: Group, statement: IncomeStatement) -> Table:
    """Laporan hasil usaha: income, expenses and the surplus, of the period and of the year so far."""
    columns = [
        Column(_("Code")),
        Column(_("Account")),
        Column(_("This period"), MONEY),
        Column(_("Year so far"), MONEY, on_phone=False),
    ]

    def lines(reported: Iterable[ReportLine]) -> list[Row]:
        return [
            Row(
                [line.code, str(AccountKind(line.kind).label), line.amount, line.year],
                url=reverse("general-ledger", args=[group.code])
                + f"?account={line.kind}&start={statement.start}&end={statement.end}",
            )
            for line in reported
        ]

    rows = [
        Row(["", _("INCOME (PENDAPATAN)"), None, None], is_heading=True),
        *lines(statement.income),
        Row(["", _("Total income"), statement.total_income, statement.year_income], is_total=True),
        Row(["", _("EXPENSES (BIAYA)"), None, None], is_heading=True),
        *lines(statement.expenses),
        Row(["", _("Total expenses"), statement.total_expenses, statement.year_expenses], is_total=True),
        Row(["", _("Surplus (sisa hasil usaha)"), statement.surplus, statement.year_surplus], is_total=True),
    ]
    title = _("Income statement (laporan hasil usaha)")
    return table_of_group(
        group, title, "laporan-hasil-usaha", columns, rows, start=statement.start, until=statement.end
    )


def _report_rows(group: Group, lines: Iterable[ReportLine], as_of: date) -> list[Row]:
    url = reverse("general-ledger", args=[group.code])
    return [
        Row([line.code, str(AccountKind(line.kind).label), line.amount], url=f"{url}?account={line.kind}&end={as_of}")
        for line in lines
    ]
