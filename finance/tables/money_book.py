"""The books whose every line is money in or out: cash book, bank book and passbook."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date

from django.core.paginator import Page
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from finance.models import AccountKind
from finance.selectors import BookLine, Ledger, Passbook
from finance.tables.of_group import EntryLinks, begins, ends, numbered, table_of_group
from finance.tables.table import Cell, Column, ColumnKind, DetailedCell, Only, Person, Row, Table, Tag
from groups.models import Group, Member
from groups.shared.money import rupiah


def cash_book(
    group: Group,
    book: Ledger,
    kind: AccountKind,
    page: Page[BookLine] | None = None,
    *,
    ticks: Mapping[int, date] | None = None,
) -> Table:
    """Buku kas or buku bank: a page of its lines, or all, with the balance after each.

    `ticks` are the days of bank statements by the transfer's id.
    """
    is_cash = kind == AccountKind.CASH
    columns = _columns(_("In"), _("Out"), both=_("In or out"), after=_("Balance"), names_members=True)
    line_cells = _line_cells(group, names_members=True, ticks=ticks or {})

    def rows() -> Iterator[Row]:
        if begins(page):
            yield Row(_end_cells(book.start, _("Opening balance"), book.opening), is_heading=True)
        for line in book.lines if page is None else page:
            yield Row(line_cells(line))
        if ends(page):
            what = _("Total, and closing balance")
            yield Row(_end_cells(book.end, what, book.closing, came=book.total_in, went=book.total_out), is_total=True)

    return table_of_group(
        group,
        _("Cash book (buku kas)") if is_cash else _("Bank book (buku bank)"),
        "buku-kas" if is_cash else "buku-bank",
        columns,
        rows(),
        start=book.start,
        until=book.end,
    )


def passbook(
    group: Group,
    member: Member,
    book: Passbook,
    page: Page[BookLine] | None = None,
) -> Table:
    """Buku anggota: a page of the lines of the ledger that are the member's, or all, between the savings at both ends.

    The newest line comes first, so the book begins with the closing balance.
    """
    columns = _columns(
        _("Paid"), _("Received"), both=_("Paid or received"), after=_("Savings after"), names_members=False
    )
    line_cells = _line_cells(group, names_members=False)

    def rows() -> Iterator[Row]:
        if begins(page):
            cells = _end_cells(book.end, _("Closing balance"), book.savings.total, names_members=False)
            yield Row(cells, is_total=True)
        for line in book.lines if page is None else page:
            yield Row(line_cells(line))
        if ends(page):
            cells = _end_cells(book.start, _("Opening balance"), book.opening.total, names_members=False)
            yield Row(cells, is_heading=True)

    title = _("Passbook (buku anggota)") + f" {member}"
    name = f"buku-anggota-{member.number}"
    return table_of_group(group, title, name, columns, rows(), start=book.start, until=book.end)


def _columns(money_in: str, money_out: str, *, both: str, after: str, names_members: bool) -> list[Column]:
    """Return the columns; a phone has one for `both` the money in and out, and files have what pages say in one."""
    member = [Column(_("Member"), only=Only.FILES)] if names_members else []
    return [
        Column(_("Date"), ColumnKind.DATE, on_phone=False),
        Column(_("Voucher"), ColumnKind.ID, only=Only.FILES),
        Column(_("What for")),
        *member,
        Column(_("Note"), only=Only.FILES),
        Column(both, ColumnKind.MONEY, only=Only.PHONE),
        Column(money_in, ColumnKind.MONEY, only=Only.WIDE),
        Column(money_out, ColumnKind.MONEY, only=Only.WIDE),
        Column(after, ColumnKind.MONEY),
    ]


def _line_cells(
    group: Group, *, names_members: bool, ticks: Mapping[int, date] | None = None
) -> Callable[[BookLine], list[Cell]]:
    """Return what gives the cells of a line; see `_columns`."""
    entries, member_url = EntryLinks(group), numbered("member", group)
    on_statement = _("✓ statement %(day)s")

    def cells(line: BookLine) -> list[Cell]:
        tags = entries.tags(reverses=line.reverses, reversed_by=line.reversed_by)
        if ticks and line.pk in ticks:
            tags.append(Tag(on_statement % {"day": date_format(ticks[line.pk], "SHORT_DATE_FORMAT")}, "light"))
        person = None
        if names_members and line.member is not None and line.member_id is not None:
            person = Person(line.member, member_url(line.member_id))
        return [
            entries.day(line.on, line.number),
            line.number,
            DetailedCell(line.what, person=person, tags=tags, below=line.memo),
            *([line.member or ""] if names_members else []),
            line.memo,
            line.money_in or -line.money_out or None,
            line.money_in or None,
            line.money_out or None,
            line.running,
        ]

    return cells


def _end_cells(
    on: date | None,
    what: str,
    balance: int,
    *,
    came: int | None = None,
    went: int | None = None,
    names_members: bool = True,
) -> list[Cell]:
    """Return the cells of the line before the first or after the last; with what `came` and `went` in all."""
    both = DetailedCell(came, below=rupiah(-went)) if went is not None else None
    return [on, None, what, *([""] if names_members else []), "", both, came, went, balance]
