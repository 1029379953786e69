"""The savings book (buku simpanan)."""

from __future__ import annotations

from django.utils.translation import gettext as _

from finance.selectors import SavingsBook
from finance.tables.of_group import numbered, table_of_group
from finance.tables.table import Column, ColumnKind, DetailedCell, Row, Table, Tag
from groups.models import Group


def savings_book(group: Group, book: SavingsBook) -> Table:
    """Buku simpanan: members by kind of savings as at a day, or what moved in a period that has a start."""
    if book.start is not None:
        return _movements(group, book)
    columns = [
        Column(_("No."), ColumnKind.ID),
        Column(_("Member")),
        Column(_("Pokok"), ColumnKind.MONEY, on_phone=False),
        Column(_("Wajib"), ColumnKind.MONEY, on_phone=False),
        Column(_("Sukarela"), ColumnKind.MONEY, on_phone=False),
        Column(_("Total"), ColumnKind.MONEY),
    ]
    member_url, left = numbered("member", group), Tag(_("left"))
    rows = []
    for row in book.rows:
        member = row.member
        has_left = member.left_on is not None and member.left_on <= book.end
        name = DetailedCell(str(member), url=member_url(member.pk), tags=[left] if has_left else [])
        rows.append(Row([member.number, name, row.pokok, row.wajib, row.sukarela, row.total]))
    rows.append(Row([None, _("Total"), book.pokok, book.wajib, book.sukarela, book.total], is_total=True))
    return table_of_group(group, _("Savings book (buku simpanan)"), "buku-simpanan", columns, rows, until=book.end)


def _movements(group: Group, book: SavingsBook) -> Table:
    """Return the opening, in, out and closing of each member and kind."""
    columns = [
        Column(_("No."), ColumnKind.ID, on_phone=False),
        Column(_("Member")),
        Column(_("Kind"), on_phone=False),
        Column(_("Opening"), ColumnKind.MONEY, on_phone=False),
        Column(_("In"), ColumnKind.MONEY),
        Column(_("Out"), ColumnKind.MONEY),
        Column(_("Closing"), ColumnKind.MONEY),
    ]
    member_url = numbered("member", group)
    rows = [
        Row(
            [
                moved.member.number,
                str(moved.member),
                moved.kind_label,
                *(moved.opening, moved.money_in or None, moved.money_out or None, moved.closing),
            ],
            url=member_url(moved.member.pk),
        )
        for moved in book.movements
    ]
    total = [book.moved(column) for column in ("opening", "money_in", "money_out", "closing")]
    rows.append(Row([None, _("Total"), "", *total], is_total=True))
    title = _("Savings book (buku simpanan)")
    return table_of_group(group, title, "buku-simpanan", columns, rows, start=book.start, until=book.end)
