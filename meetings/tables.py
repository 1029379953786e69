"""Lists of this app as tables: a page, a print, XLSX and CSV of each."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from django.utils.translation import gettext as _

from finance.tables.of_group import numbered, table_of_group
from finance.tables.table import Column, ColumnKind, Only, Row, Table
from groups.models import Group
from meetings.models import Visit


def guest_book_table(group: Group, visits: Iterable[Visit], *, as_of: date) -> Table:
    """Buku tamu: who came to the group, from where, what for, and what they said; with room to sign on paper."""
    columns = [
        Column(_("Date"), ColumnKind.DATE),
        Column(_("Name")),
        Column(_("Office"), on_phone=False),
        Column(_("What for"), on_phone=False),
        Column(_("Met"), on_phone=False, is_named=True),
        Column(_("Message"), on_phone=False),
        Column(_("Signature"), only=Only.PAPER),
    ]
    url = numbered("visit", group)
    rows = [
        Row(
            [visit.visited_on, visit.who, _office(group, visit), _purpose(visit), visit.met, visit.advice, ""],
            url=url(visit.pk),
        )
        for visit in visits
    ]
    return table_of_group(group, _("Guest book (buku tamu)"), "buku-tamu", columns, rows, until=as_of)


def _office(group: Group, visit: Visit) -> str:
    if visit.visitor is None:
        return visit.visitor_office
    return f"{visit.get_role_display()}, {group.organisation}"


def _purpose(visit: Visit) -> str:
    return ": ".join(filter(None, (visit.get_task_display(), visit.purpose)))
