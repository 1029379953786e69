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

from django.template.loader import render_to_string
from django.utils.formats import date_format, number_format
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

    @property
    def says_more(self) -> bool:
        """Whether there is more than a value and where it leads."""
        return bool(self.person or self.note or self.tags or self.below)


Cell = Value | DetailedCell


class ColumnKind(StrEnum):
    """What a column holds, and so how it is written and aligned."""

    TEXT = "text"
    MONEY = "money"
    NUMBER = "number"
    """A count or score."""
    ID = "id"
    """A number that names something: without separators."""
    DATE = "date"
    MONTH = "month"
    """A month, given as its first day."""
    PERCENT = "percent"


class Only(StrEnum):
    """Where alone a column is shown; another column says the same elsewhere, or nobody needs it there."""

    WIDE = "wide"
    """Everywhere but on a phone."""
    PHONE = "phone"
    PAPER = "paper"
    FILES = "files"


PERCENT = ColumnKind.PERCENT
_ALIGNED = {
    ColumnKind.MONEY: "money",
    ColumnKind.NUMBER: "number",
    ColumnKind.ID: "number",
    ColumnKind.PERCENT: "number",
}
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

    @cached_property
    def header_css(self) -> str:
        """The classes of its cells where they head their rows."""
        return f"linked {self.css}".strip()

    @cached_property
    def is_folded(self) -> bool:
        """Whether a narrow screen shows it below another."""
        return not self.on_phone and self.only is None

    @cached_property
    def name_when_folded(self) -> str:
        """What stands before its cells below another."""
        says_itself = self.kind in (ColumnKind.TEXT, ColumnKind.DATE, ColumnKind.MONTH) and not self.is_named
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


class More(NamedTuple):
    """What a cell of a page has besides its text."""

    is_header: bool
    url: str
    detail: DetailedCell | None = None


class PageCell(NamedTuple):
    """A cell as a page shows it, plain without `more`."""

    css: str
    text: str
    more: More | None


class FoldedCell(NamedTuple):
    """A cell that a narrow screen shows below another, with its `label` before it, and a `separator` before that."""

    separator: str
    label: str
    text: str
    more: More | None


class PageRow(NamedTuple):
    """A row as a page shows it; of what is folded one cell stands `below` the header, more in a row of their own."""

    stands_out: bool
    cells: list[PageCell]
    below: FoldedCell | None
    folded: list[FoldedCell]


@dataclass(frozen=True, slots=True)
class Table:
    """A book or report: whose it is, what it is called, of which period, and its rows.

    `name` is that of its files, without the group's number and the day, which come around it. A file of a table that
    `is_list` can be filtered by its columns.
    """

    title: str
    name: str
    number: str
    owner: str
    period: str
    until: date
    columns: Sequence[Column]
    rows: Iterable[Row] = field(default_factory=list)
    is_list: bool = False

    @property
    def file_name(self) -> str:
        """The name of a file without its ending: `KSM-0042-neraca-2026-11-21`."""
        return "-".join(filter(None, (self.number, self.name, self.until.isoformat())))

    @property
    def linked(self) -> Column:
        """The column whose text or month heads its row and leads to its `url`: one that a phone shows too."""
        return next(
            column
            for column in self.columns
            if column.on_phone and column.only is None and column.kind in (ColumnKind.TEXT, ColumnKind.MONTH)
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

    def body(self) -> str:
        """Return the rows as HTML."""
        return render_to_string("finance/rows.html", {"table": self}, using="jinja2")

    def page_rows(self) -> Iterator[PageRow]:
        """Yield the rows as a page shows them."""
        linked = self.linked
        columns = [(place, column) for place, column in enumerate(self.columns) if column.only != Only.FILES]
        for row in self.rows:
            cells: list[PageCell] = []
            folded: list[FoldedCell] = []
            for place, column in columns:
                cell = _page_cell(row, place, column, is_header=column is linked)
                cells.append(cell)
                if column.is_folded and cell.text and (plain(row.cells[place]) != 0 or column.kind == PERCENT):
                    separator = " · " if folded else ""
                    folded.append(FoldedCell(separator, column.name_when_folded, cell.text, cell.more))
            below = folded[0] if len(folded) == 1 else None
            yield PageRow(row.is_total or row.is_heading, cells, below, [] if below else folded)


def _page_cell(row: Row, place: int, column: Column, *, is_header: bool) -> PageCell:
    cell = row.cells[place]
    url = row.url if is_header else row.urls.get(place, "") if row.urls else ""
    css = column.header_css if is_header else column.css
    if isinstance(cell, DetailedCell):
        more = More(is_header, cell.url or url, cell if cell.says_more else None)
        return PageCell(f"{css} late" if cell.is_late else css, shown(cell.value, column.kind), more)
    return PageCell(css, shown(cell, column.kind), More(is_header, url) if is_header or url else None)


MOST_IN_LARGE_LETTERS = 6
"""Columns of a table on paper."""


def plain(cell: Cell) -> Value:
    """Return the value of a cell."""
    return cell.value if isinstance(cell, DetailedCell) else cell


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
    ColumnKind.NUMBER: number_format,
    ColumnKind.DATE: lambda day: _short_day(day, get_language()),
    ColumnKind.MONTH: lambda month: date_format(month, "F Y"),
    ColumnKind.PERCENT: percent,
}
