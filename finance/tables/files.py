"""A table as a file: a spreadsheet with typed cells, or CSV. No cell of text is ever read as a formula."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from datetime import date
from fractions import Fraction
from io import BytesIO
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

from finance.tables.table import Column, ColumnKind, Only, Row, Table, Value, plain

SEPARATORS = {"comma": ",", "semicolon": ";"}
"""Between the values of CSV, by what `?separator=` asks for. Excel that speaks Indonesian expects semicolons."""
XLSX_FORMATS = {
    # Indonesian rupiah, whatever language the spreadsheet speaks.
    ColumnKind.MONEY: "[$Rp-421] #,##0;-[$Rp-421] #,##0",
    ColumnKind.NUMBER: "#,##0",
    ColumnKind.ID: "0",
    ColumnKind.DATE: "dd/mm/yyyy",
    ColumnKind.MONTH: "mmm yyyy",
    ColumnKind.PERCENT: "0.0%",
}
XLSX_WIDTHS = {ColumnKind.TEXT: 34, ColumnKind.MONEY: 18, ColumnKind.DATE: 12}
HEAD_ROW = 4
"""Where the names of columns stand, below title, owner and period."""
DECIMALS = 4
"""Of a fraction in a file: 0.1234 is 12.34 %."""


def respond(request: HttpRequest, template: str, context: dict[str, Any], table: Callable[[], Table]) -> HttpResponse:
    """Answer with the file that `?format=xlsx` or `?format=csv` asks for, else with the page.

    Where the form of the page says that what was asked for is wrong, a file would be of something else: the page
    answers instead, with its message.
    """
    form = context.get("form")
    if form is not None and form.errors and request.GET.get("format") in ("xlsx", "csv"):
        return render(request, template, context, status=400)
    match request.GET.get("format"):
        case "xlsx":
            return to_xlsx(table())
        case "csv":
            return to_csv(table(), separator=request.GET.get("separator", ""))
        case _:
            return render(request, template, context)


def to_csv(table: Table, *, separator: str = "") -> HttpResponse:
    """Return the table as CSV: names of columns and rows, amounts in whole rupiah, days and months as ISO dates.

    `separator` is one of `SEPARATORS`, a comma otherwise.
    """
    response = _file(table, "csv", "text/csv; charset=utf-8")
    response.write("\ufeff")  # or Excel would not read it as UTF-8
    writer = csv.writer(response, delimiter=SEPARATORS.get(separator, ","))
    writer.writerow([safe_text(str(column.label)) for column in _columns(table)])
    for row in table.rows:
        writer.writerow([_csv_value(value) for _column, value in _values(table, row)])
    return response


def to_xlsx(table: Table) -> HttpResponse:
    """Return the table as a spreadsheet with its title above it: numbers as numbers, days as days."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet(re.sub(r"[\[\]:*?/\\]", " ", table.title)[:31])
    for number, column in enumerate(_columns(table), start=1):
        sheet.column_dimensions[get_column_letter(number)].width = XLSX_WIDTHS.get(column.kind, 12)
    sheet.freeze_panes, sheet.print_title_rows = f"A{HEAD_ROW + 1}", f"{HEAD_ROW}:{HEAD_ROW}"
    sheet.page_setup.paperSize, sheet.page_setup.fitToHeight = Worksheet.PAPERSIZE_A4, 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    if table.is_list:
        sheet.page_setup.orientation = Worksheet.ORIENTATION_LANDSCAPE

    def cell(value: Value, kind: ColumnKind, *, bold: bool) -> Any:
        written = WriteOnlyCell(sheet, value=_xlsx_value(value))  # type: ignore[arg-type]  # a date is fine
        if isinstance(value, str):
            written.data_type = "s"  # or a name like "=1+1" would be a formula
        elif value is not None:
            written.number_format = XLSX_FORMATS.get(kind, "General")
        if bold:
            written.font = Font(bold=True)
        return written

    for text in (table.title, table.owner, table.period):
        sheet.append([cell(text, ColumnKind.TEXT, bold=text == table.title)])
    sheet.append([cell(str(column.label), ColumnKind.TEXT, bold=True) for column in _columns(table)])
    last = HEAD_ROW
    for row in table.rows:
        bold = row.is_total or row.is_heading
        last += not row.is_total
        sheet.append([cell(value, column.kind, bold=bold) for column, value in _values(table, row)])
    if table.is_list:
        sheet.auto_filter.ref = f"A{HEAD_ROW}:{get_column_letter(len(_columns(table)))}{last}"
    out = BytesIO()
    book.save(out)
    response = _file(table, "xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")
    response.write(out.getvalue())
    return response


def safe_text(text: str) -> str:
    """Keep a spreadsheet from reading text as a formula."""
    return f"'{text}" if text.lstrip()[:1] in ("=", "+", "-", "@") or text[:1] in ("\t", "\r", "\n") else text


def _columns(table: Table) -> list[Column]:
    return [column for column in table.columns if _is_in_files(column)]


def _values(table: Table, row: Row) -> list[tuple[Column, Value]]:
    pairs = zip(table.columns, row.cells, strict=True)
    return [(column, plain(cell)) for column, cell in pairs if _is_in_files(column)]


def _is_in_files(column: Column) -> bool:
    return column.only not in (Only.PHONE, Only.PAPER)


def _file(table: Table, ending: str, content_type: str) -> HttpResponse:
    name = f"{table.file_name}.{ending}"
    return HttpResponse(content_type=content_type, headers={"Content-Disposition": f'attachment; filename="{name}"'})


def _xlsx_value(value: Value) -> str | int | float | date | None:
    if isinstance(value, str):
        return ILLEGAL_CHARACTERS_RE.sub("", value)
    return round(float(value), DECIMALS) if isinstance(value, Fraction) else value


def _csv_value(value: Value) -> str | int:
    if value is None:
        return ""
    if isinstance(value, int):
        return value
    if isinstance(value, Fraction):
        return str(round(float(value), DECIMALS))
    return value.isoformat() if isinstance(value, date) else safe_text(value)
