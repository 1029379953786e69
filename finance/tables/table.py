"""A book or report as a table: its columns, its rows, and both as a page and a print show them.

The modules beside this one make the tables, `finance.tables.files` writes them as files, and the template
`finance/_table.html` as pages. Money is whole rupiah and a day is a date in all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from fractions import Fraction
from functools import cached_property, lru_cache
from typing import Any, NamedTuple

from django.utils.formats import date_format
from django.utils.translation import get_language

from groups.shared.money import rupiah
from groups.templatetags.kelompok import percent

Value = str | int | date | Fraction | None


class Tag(NamedTuple):
    """A short remark in a cell of a page, coloured by one of Bootstrap's names, which may lead somewhere."""

    text: str
    colour: str = "secondary"
    url: str = ""


class Person(NamedTuple):
    """Whom a line is about: a name and the page of its owner."""

    name: str
    url: str


@dataclass(frozen=True, slots=True)
class DetailedCell:
    """A cell that says more on a page than its value, which alone stands in files.

    `url` is where the value leads. After it come the `person` behind a colon, `note` in small letters and the `tags`;
    `below` has a line of its own. An amount that is late stands out.
    """

    value: Value
    url: str = ""
    person: Person | None = None
    note: str = ""
    tags: Sequence[Tag] = ()
    below: str = ""
    is_late: bool = False


Cell = Value | DetailedCell


class ColumnKind(StrEnum):
    """What a column holds, and so how it is written and aligned."""

    TEXT = "text"
    MONEY = "money"
    NUMBER = "number"
    DATE = "date"
    PERCENT = "percent"


class Only(StrEnum):
    """Where alone a column is shown; another column says the same elsewhere, or nobody needs it there."""

    WIDE = "wide"
    """Everywhere but on a phone."""
    PHONE = "phone"
    PAPER = "paper"
    FILES = "files"


_ALIGNED = {ColumnKind.MONEY: "money", ColumnKind.NUMBER: "number", ColumnKind.PERCENT: "number"}
_WIDE = "d-none d-md-table-cell d-print-table-cell"
_SHOWN_ONLY = {
    Only.WIDE: _WIDE,
    Only.PHONE: "d-md-none d-print-none",
    Only.PAPER: "signature d-none d-print-table-cell",
}


@dataclass(frozen=True)
class Column:
    """A column; on a narrow screen one that is not `on_phone` stands below the first text, or the whole, of its row.

    There an amount has its name before it, and a text or a day that would not say what it is (`is_named`).
    """

    label: str
    kind: ColumnKind = ColumnKind.TEXT
    on_phone: bool = True
    is_named: bool = False
    only: Only | None = None

    @cached_property
    def css(self) -> str:
        """The classes of its cells."""
        align = "text-nowrap" if self.kind == ColumnKind.DATE and self.on_phone else _ALIGNED.get(self.kind, "")
        where = _SHOWN_ONLY[self.only] if self.only is not None else "" if self.on_phone else _WIDE
        return f"{align} {where}".strip()

    @property
    def is_folded(self) -> bool:
        """Whether a narrow screen shows it below another."""
        return not self.on_phone and self.only is None

    @cached_property
    def name_when_folded(self) -> str:
        """What stands before its cells below another."""
        says_itself = self.kind in (ColumnKind.TEXT, ColumnKind.DATE) and not self.is_named
        return "" if says_itself else self.label


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


class PageCell(NamedTuple):
    """A cell as a page shows it; `label` stands before one that is folded."""

    text: str
    css: str
    url: str
    label: str
    is_header: bool
    detail: DetailedCell | None


class PageRow(NamedTuple):
    """A row as a page shows it; of what is folded one cell stands `below` the header, more in a row of their own."""

    cells: list[PageCell]
    below: PageCell | None
    folded: list[PageCell]
    stands_out: bool


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
        """The column whose text heads its row and leads to its `url`: one that a phone shows too."""
        return next(
            column
            for column in self.columns
            if column.on_phone and column.only is None and column.kind == ColumnKind.TEXT
        )

    @property
    def page_columns(self) -> list[Column]:
        """The columns of pages and prints."""
        return [column for column in self.columns if column.only != Only.FILES]

    @property
    def phone_columns(self) -> list[Column]:
        """The columns that a narrow screen has room for."""
        return [column for column in self.columns if column.on_phone and column.only in (None, Only.PHONE)]

    @property
    def is_dense(self) -> bool:
        """Whether so many columns need smaller letters on paper."""
        return sum(column.only != Only.PHONE for column in self.page_columns) > MOST_IN_LARGE_LETTERS

    def page_rows(self) -> Iterator[PageRow]:
        """Yield the rows as a page shows them."""
        linked = self.linked
        places = [(place, column) for place, column in enumerate(self.columns) if column.only != Only.FILES]
        for row in self.rows:
            urls = row.urls or {}
            cells, folded = [], []
            for place, column in places:
                is_header = column is linked
                cell = _page_cell(row.cells[place], column, row.url if is_header else urls.get(place, ""), is_header)
                cells.append(cell)
                if column.is_folded and _says_something(row.cells[place], column):
                    folded.append(cell)
            below = folded[0] if len(folded) == 1 else None
            yield PageRow(cells, below, [] if below else folded, row.is_total or row.is_heading)


MOST_IN_LARGE_LETTERS = 6
"""Columns of a table on paper."""


def _page_cell(cell: Cell, column: Column, url: str, is_header: bool) -> PageCell:
    detail = cell if isinstance(cell, DetailedCell) else None
    value = cell.value if isinstance(cell, DetailedCell) else cell
    css = f"linked {column.css}".strip() if is_header else column.css
    if detail is not None:
        url = detail.url or url
        css = f"{css} late" if detail.is_late else css
    return PageCell(shown(value, column.kind), css, url, column.name_when_folded, is_header, detail)


def plain(cell: Cell) -> Value:
    """Return the value of a cell."""
    return cell.value if isinstance(cell, DetailedCell) else cell


def _says_something(cell: Cell, column: Column) -> bool:
    value = plain(cell)
    return value not in (None, "") and (value != 0 or column.kind == ColumnKind.PERCENT)


def shown(value: Value, kind: ColumnKind) -> str:
    """Return a value as people read it."""
    if value is None and kind != ColumnKind.PERCENT:
        return ""
    write = _SHOWN.get(kind)
    return str(value) if write is None else write(value)


@lru_cache(maxsize=1000)
def _short_day(day: date, _language: str | None) -> str:
    """Return a day in the language of the reader; a book has many lines of one day."""
    return date_format(day, "SHORT_DATE_FORMAT")


_SHOWN: dict[str, Callable[[Any], str]] = {
    ColumnKind.MONEY: rupiah,
    ColumnKind.DATE: lambda day: _short_day(day, get_language()),
    ColumnKind.PERCENT: percent,
}
