"""The lists that members sign: their parts of a divided surplus, and what each gets in a share-out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from django.utils.translation import gettext as _

from finance.selectors import DivisionSheet, ShareOutRow
from finance.tables.of_group import numbered, table_of_group
from finance.tables.table import Column, ColumnKind, DetailedCell, Only, Row, Table, Tag
from groups.models import Group

MONEY, ID = ColumnKind.MONEY, ColumnKind.ID


def division_list(group: Group, sheet: DivisionSheet, *, start: date, end: date) -> Table:
    """Daftar pembagian SHU: what each member gets of the surplus of a period, and by what."""
    columns = [
        Column(_("No."), ID),
        Column(_("Member")),
        Column(_("Savings counted"), MONEY, only=Only.WIDE),
        Column(_("Borrowing counted"), MONEY, only=Only.WIDE),
        Column(_("By savings"), MONEY, on_phone=False),
        Column(_("By borrowing"), MONEY, on_phone=False),
        Column(_("Total"), MONEY),
        Column(_("Signature"), only=Only.PAPER),
    ]
    member_url = numbered("member", group)
    rows = [
        Row(
            [
                *(part.member.number, part.member.name, part.savings_base, part.borrowing_base),
                *(part.by_savings, part.by_borrowing, part.total, number),
            ],
            url=member_url(part.member.pk),
        )
        for number, part in enumerate(sheet.members, start=1)
    ]
    total = [sheet.by_savings, sheet.by_borrowing, sheet.to_members, None]
    rows.append(Row([None, _("Total"), None, None, *total], is_total=True))
    title = _("Division of the surplus (pembagian SHU)")
    return table_of_group(group, title, "pembagian-shu", columns, rows, start=start, until=end)


def share_out_list(group: Group, shared: Sequence[ShareOutRow], *, on: date) -> Table:
    """Daftar pembagian akhir siklus: what each member gets when everything is returned."""
    columns = [
        Column(_("No."), ID),
        Column(_("Member")),
        Column(_("Savings"), MONEY, on_phone=False),
        Column(_("Surplus"), MONEY, on_phone=False),
        Column(_("Funds"), MONEY, on_phone=False),
        Column(_("Total"), MONEY),
        Column(_("Signature"), only=Only.PAPER),
    ]
    member_url, left = numbered("member", group), Tag(_("left"))
    rows = []
    for number, row in enumerate(shared, start=1):
        tags = [left] if row.member.left_on is not None else []
        name = DetailedCell(str(row.member), url=member_url(row.member.pk), tags=tags)
        rows.append(Row([row.member.number, name, row.savings, row.surplus, row.funds, row.total, number]))
    total = sum(row.total for row in shared)
    rows.append(Row([None, _("Total"), None, None, None, total, None], is_total=True))
    return table_of_group(group, _("Share-out at the end of a cycle"), "pembagian-akhir", columns, rows, until=on)
