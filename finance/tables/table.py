"""A book or report as a table, and the ways it leaves the program: rows of a page, a spreadsheet, CSV.

`finance.tables.books` makes the tables. Money is whole rupiah and dates are dates in every format; no cell of text
is ever read as a formula.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from fractions import Fraction
from functools import cached_property, lru_cache
from io import BytesIO
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.formats import date_format
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

from groups.shared.money import rupiah
from groups.templatetags.kelompok import percent

Cell = str | int | date | Fraction | None


class ColumnKind(StrEnum):
    """What a column holds, and so how it is written and aligned."""

    TEXT = "text"
    MONEY = "money"
    NUMBER = "number"
    DATE = "date"
    PERCENT = "percent"


_XLSX_FORMATS = {
    # Indonesian rupiah, whatever language the spreadsheet speaks.
    ColumnKind.MONEY: "[$Rp-421] #,##0;-[$Rp-421] #,##0",
    ColumnKind.NUMBER: "0",
    ColumnKind.DATE: "dd/mm/yyyy",
    ColumnKind.PERCENT: "0.0%",
}
_XLSX_WIDTHS = {ColumnKind.TEXT: 34, ColumnKind.MONEY: 18, ColumnKind.DATE: 12}
_DECIMALS = 4
"""Of a fraction in a file: 0.1234 is 12.34 %."""


@dataclass(frozen=True)
class Column:
    """A column; on a narrow screen one that is not `on_phone` stands below the first text, or the whole, of its row.

    There an amount has its name before it, and a text or a day that would not say what it is (`is_named`).
    """

    label: str
    kind: ColumnKind = ColumnKind.TEXT
    on_phone: bool = True
    is_named: bool = False

    @cached_property
    def css(self) -> str:
        """The classes of its cells."""
        align = {"money": "money", "number": "number", "percent": "number", "date": "text-nowrap"}
        hidden = "" if self.on_phone else "d-none d-md-table-cell d-print-table-cell"
        return f"{align.get(self.kind, '')} {hidden}".strip()

    @cached_property
    def name(self) -> str:
        """The label as HTML."""
        return escape(self.label)

    def folded(self, cell: Cell, text: str) -> str:
        """Return a cell whose HTML is `text` as it stands below another, nothing for an empty one."""
        if cell in (None, "") or (cell == 0 and self.kind != ColumnKind.PERCENT):
            return ""
        if self.kind in (ColumnKind.TEXT, ColumnKind.DATE) and not self.is_named:
            return text
        return f'{self.name} <span class="text-nowrap">{text}</span>'


MOST_FOLDED = 1
"""More cells than this that a narrow screen has no columns for stand in a row of their own."""


@dataclass(frozen=True, slots=True)
class Row:
    """A row: a cell for each column; `url` is where its first text leads, a heading or a total stands out.

    `urls` are where other cells lead, by their places.
    """

    cells: Sequence[Cell]
    url: str = ""
    is_total: bool = False
    is_heading: bool = False
    urls: Mapping[int, str] | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """A book or report: whose it is, what it is called, of which period, and its rows.

    `name` is that of its files, without the group's code and the day, which come around it.
    """

    title: str
    name: str
    code: str
    owner: str
    period: str
    until: date
    columns: Sequence[Column]
    rows: Iterable[Row] = field(default_factory=list)

    @property
    def file_name(self) -> str:
        """The name of a file without its ending: `MELATI-neraca-2026-11-21`."""
        return "-".join(filter(None, (self.code, self.name, self.until.isoformat())))

    @property
    def linked(self) -> Column:
        """The column whose text leads to the `url` of its row: one that a phone shows too."""
        return next(column for column in self.columns if column.on_phone and column.kind == ColumnKind.TEXT)

    def body(self) -> SafeString:
        """Return the rows for a page: in Python, since a template takes several times as long for many cells."""
        linked = self.linked
        return mark_safe("\n".join(_html(row, self.columns, linked) for row in self.rows))  # noqa: S308 - escaped


def _html(row: Row, columns: Sequence[Column], linked: Column) -> str:
    texts: list[str] = [escape(shown(cell, column.kind)) for column, cell in zip(columns, row.cells, strict=True)]
    for place, url in (row.urls or {}).items():
        texts[place] = f'<a href="{escape(url)}">{texts[place]}</a>'
    # The cells that a narrow screen has no columns for.
    hidden = [
        column.folded(cell, text)
        for column, cell, text in zip(columns, row.cells, texts, strict=True)
        if not column.on_phone
    ]
    below = " · ".join(folded := list(filter(None, hidden)))
    cells: list[str] = []
    for column, text in zip(columns, texts, strict=True):
        if column is not linked:
            cells.append(f'<td class="{column.css}">{text}</td>')
            continue
        words = f'<a href="{escape(row.url)}">{text}</a>' if row.url else text
        if 0 < len(folded) <= MOST_FOLDED:
            words += f'<div class="folded">{below}</div>'
        cells.append(f'<td class="linked {column.css}">{words}</td>')
    stands_out = ' class="fw-bold"' if row.is_total or row.is_heading else ""
    written = f"<tr{stands_out}>{''.join(cells)}</tr>"
    if len(folded) > MOST_FOLDED:
        width = sum(column.on_phone for column in columns)
        written += f'<tr class="folded"><td colspan="{width}">{below}</td></tr>'
    return written


def respond(request: HttpRequest, template: str, context: dict[str, Any], table: Callable[[], Table]) -> HttpResponse:
    """Answer with the file that `?format=xlsx` or `?format=csv` asks for, else with the page."""
    write = _WRITERS.get(request.GET.get("format", ""))
    return render(request, template, context) if write is None else write(table())


def shown(cell: Cell, kind: ColumnKind) -> str:
    """Return a cell as people read it."""
    if cell is None and kind != ColumnKind.PERCENT:
        return ""
    write = _SHOWN.get(kind)
    return str(cell) if write is None else write(cell)


def safe_text(text: str) -> str:
    """Keep a spreadsheet from reading text as a formula."""
    return f"'{text}" if text.lstrip()[:1] in ("=", "+", "-", "@") or text[:1] in ("\t", "\r", "\n") else text


def to_csv(table: Table) -> HttpResponse:
    """Return the table as CSV: names of columns and rows, amounts in whole rupiah, days as ISO dates."""
    response = _file(table, "csv", "text/csv; charset=utf-8")
    response.write("\ufeff")  # or Excel would not read it as UTF-8
    writer = csv.writer(response)
    writer.writerow([safe_text(str(column.label)) for column in table.columns])
    for row in table.rows:
        writer.writerow([_csv_cell(cell) for cell in row.cells])
    return response


def to_xlsx(table: Table) -> HttpResponse:
    """Return the table as a spreadsheet with its title above it: numbers as numbers, days as days."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet(re.sub(r"[\[\]:*?/\\]", " ", table.title)[:31])
    for number, column in enumerate(table.columns, start=1):
        sheet.column_dimensions[get_column_letter(number)].width = _XLSX_WIDTHS.get(column.kind, 12)
    sheet.freeze_panes = "A5"

    def cell(value: Cell, kind: ColumnKind, *, bold: bool) -> Any:
        written = WriteOnlyCell(sheet, value=_xlsx_value(value))  # type: ignore[arg-type]  # a date is fine
        if isinstance(value, str):
            written.data_type = "s"  # or a name like "=1+1" would be a formula
        elif value is not None:
            written.number_format = _XLSX_FORMATS.get(kind, "General")
        if bold:
            written.font = Font(bold=True)
        return written

    for text in (table.title, table.owner, table.period):
        sheet.append([cell(text, ColumnKind.TEXT, bold=text == table.title)])
    sheet.append([cell(str(column.label), ColumnKind.TEXT, bold=True) for column in table.columns])
    for row in table.rows:
        bold = row.is_total or row.is_heading
        sheet.append(
            [cell(value, column.kind, bold=bold) for column, value in zip(table.columns, row.cells, strict=True)]
        )
    out = BytesIO()
    book.save(out)
    response = _file(table, "xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")
    response.write(out.getvalue())
    return response


@lru_cache(maxsize=1000)
def _short_day(day: date, _language: str | None) -> str:
    """Return a day in the language of the reader; a book has many lines of one day."""
    return date_format(day, "SHORT_DATE_FORMAT")


_SHOWN: dict[str, Callable[[Any], str]] = {
    ColumnKind.MONEY: rupiah,
    ColumnKind.DATE: lambda day: _short_day(day, get_language()),
    ColumnKind.PERCENT: percent,
}
_WRITERS: dict[str, Callable[[Table], HttpResponse]] = {"csv": to_csv, "xlsx": to_xlsx}


def _file(table: Table, ending: str, content_type: str) -> HttpResponse:
    name = f"{table.file_name}.{ending}"
    return HttpResponse(content_type=content_type, headers={"Content-Disposition": f'attachment; filename="{name}"'})


def _xlsx_value(cell: Cell) -> str | int | float | date | None:
    if isinstance(cell, str):
        return ILLEGAL_CHARACTERS_RE.sub("", cell)
    return round(float(cell), _DECIMALS) if isinstance(cell, Fraction) else cell


def _csv_cell(cell: Cell) -> str | int:
    if cell is None:
        return ""
    if isinstance(cell, int):
        return cell
    if isinstance(cell, Fraction):
        return str(round(float(cell), _DECIMALS))
    return cell.isoformat() if isinstance(cell, date) else safe_text(cell)
