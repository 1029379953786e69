"""Lists of this app as tables: a page, a print, XLSX and CSV of each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from django.core.paginator import Page
from django.urls import reverse
from django.utils.translation import gettext as _

from finance.tables.of_group import ends, numbered, span, table_of_group
from finance.tables.table import Column, ColumnKind, DetailedCell, Only, Row, Table, Tag
from groups.models import Group, Member, User
from meetings.models import Letter, Visit
from meetings.selectors import Reached


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


def letters_table(group: Group, letters: Iterable[Letter], *, as_of: date) -> Table:
    """Buku agenda surat: the letters of a group, those withdrawn named as such."""
    columns = [
        Column(_("No."), ColumnKind.ID),
        Column(_("Date"), ColumnKind.DATE),
        Column(_("What it is about")),
        Column(_("Direction"), on_phone=False),
        Column(_("From or to"), on_phone=False),
        Column(_("Number of the letter"), on_phone=False, is_named=True),
        Column(_("What was done with it"), on_phone=False),
    ]
    url = numbered("letter", group)
    rows = [
        Row(
            [
                one.place,
                one.dated_on,
                DetailedCell(one.subject, tags=[Tag(_("withdrawn"))] if one.withdrawn_at else ()),
                one.get_direction_display(),
                one.other,
                one.number,
                one.note,
            ],
            url=url(one.pk),
        )
        for one in letters
    ]
    return table_of_group(group, _("Book of letters (buku agenda surat)"), "buku-surat", columns, rows, until=as_of)


def attendance_table(group: Group, members: Sequence[Member], *, on: date, guests: int) -> Table:
    """Daftar hadir: the members who took or will take part in a training, with room to sign, and lines for guests."""
    columns = [
        Column(_("Number"), ColumnKind.ID),
        Column(_("Name")),
        Column(_("Gender"), on_phone=False),
        Column(_("Signature"), only=Only.PAPER),
    ]
    url = numbered("member", group)
    rows = [
        Row([member.number, str(member), member.get_gender_display(), ""], url=url(member.pk)) for member in members
    ]
    rows += [Row([None, _("Guest %(number)d") % {"number": number}, "", ""]) for number in range(1, guests + 1)]
    return table_of_group(group, _("Attendance list (daftar hadir)"), "daftar-hadir", columns, rows, until=on)


def trainings_table(
    actor: User, trainings: Iterable[Any], *, reached: Reached, start: date, end: date, page: Page[Any] | None = None
) -> Table:
    """Trainings of many groups, each with `members` and `women`, and at the end how often somebody took part."""
    number = ColumnKind.NUMBER
    columns = [
        Column(_("Date"), ColumnKind.DATE, on_phone=False),
        Column(_("Group")),
        Column(_("Subject"), on_phone=False),
        Column(_("Trainer"), on_phone=False, is_named=True),
        Column(_("Hours"), number, on_phone=False),
        Column(_("Members"), number),
        Column(_("Women"), number),
        Column(_("Guests"), number, on_phone=False),
    ]
    rows = [
        Row(
            [one.held_on, str(one.group), one.subject, one.taught_by, one.hours, one.members, one.women, one.guests],
            url=reverse("training", args=[one.group.code, one.pk]),
        )
        for one in trainings
    ]
    if rows and ends(page):
        sums = [reached.hours, reached.took_part, reached.women_took_part, reached.guests]
        rows.append(Row([None, _("Total"), "", "", *sums], is_total=True))
    return Table(
        title=_("Trainings"),
        name="pelatihan",
        number="",
        owner=str(actor.organisation or ""),
        period=span(start, end),
        until=end,
        columns=columns,
        rows=rows,
    )


def _office(group: Group, visit: Visit) -> str:
    if visit.visitor is None:
        return visit.visitor_office
    return f"{visit.get_role_display()}, {group.organisation}"


def _purpose(visit: Visit) -> str:
    return ": ".join(filter(None, (visit.get_task_display(), visit.purpose)))
