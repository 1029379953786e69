"""What members owe besides loans (tunggakan anggota)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from django.utils.translation import gettext as _

from finance.selectors.owed import Owed
from finance.tables.of_group import numbered, table_of_group
from finance.tables.table import Column, ColumnKind, Row, Table
from groups.models import Group, Member


def owed(group: Group, rows: Sequence[tuple[Member, Owed]], *, as_of: date) -> Table:
    """Tunggakan anggota: who owes fines, wajib and pokok on a day, and since when."""
    columns = [
        Column(_("No."), ColumnKind.ID, on_phone=False),
        Column(_("Member")),
        Column(_("Since"), ColumnKind.DATE, on_phone=False),
        Column(_("Fines (denda)"), ColumnKind.MONEY, on_phone=False),
        Column(_("Wajib"), ColumnKind.MONEY, on_phone=False),
        Column(_("Pokok"), ColumnKind.MONEY, on_phone=False),
        Column(_("Total"), ColumnKind.MONEY),
    ]
    member_url = numbered("member", group)
    lines = [
        Row(
            [member.number, str(member), owing.since, owing.fine, owing.wajib, owing.pokok, owing.total],
            url=member_url(member.pk),
        )
        for member, owing in rows
    ]
    total = [sum(getattr(owing, name) for _member, owing in rows) for name in ("fine", "wajib", "pokok", "total")]
    lines.append(Row([None, _("Total"), None, *total], is_total=True))
    title = _("Owed by members (tunggakan anggota)")
    return table_of_group(group, title, "tunggakan-anggota", columns, lines, until=as_of)
