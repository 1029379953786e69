"""Tables of evidence: records with what each contributes, and their sums in the last row."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from typing import Any

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from assessment.metrics.base.metric import RECENT_MEETINGS, Rows
from finance.tables.table import Cell, Column, ColumnKind, Row, Table
from groups.models import Group
from meetings.selectors import numbers_by_date
from meetings.selectors.relations import MEETINGS_HELD

TEXT, MONEY, NUMBER, DATE = ColumnKind.TEXT, ColumnKind.MONEY, ColumnKind.NUMBER, ColumnKind.DATE


def evidence_table(group: Group, as_of: date, title: str, columns: Sequence[Column], rows: Sequence[Row]) -> Table:
    """Return a table of evidence."""
    return Table(
        title=title,
        name="bukti",
        number=group.number_shown,
        owner=group.name,
        period=_("As on %(day)s") % {"day": date_format(as_of)},
        until=as_of,
        columns=columns,
        rows=rows,
    )


def total_row(label: str, columns: Sequence[Column], rows: Sequence[Row]) -> Row:
    """Return the last row: the sums of the columns of numbers and amounts."""
    sums: list[Cell] = [
        sum(row.cells[place] for row in rows)  # type: ignore[misc]
        if column.kind in (MONEY, NUMBER)
        else None
        if column.kind == DATE
        else ""
        for place, column in enumerate(columns)
    ]
    return Row([label, *sums[1:]], is_total=True)


def meetings_held(rows: Rows) -> list[Any]:
    """Return the meetings of the window as `MEETINGS_HELD` has them, the newest first."""
    return sorted(rows(MEETINGS_HELD), key=lambda meeting: int(meeting.place))


def recent_meetings(rows: Rows) -> list[Any]:
    """Return the last four of them."""
    return meetings_held(rows)[:RECENT_MEETINGS]


def records_of_meetings(rows: Rows) -> dict[str, list[int]]:
    """Return the meetings of the window as records."""
    return numbers_of(meetings_held(rows))


def records_of_recent(rows: Rows) -> dict[str, list[int]]:
    """Return the last four meetings as records."""
    return numbers_of(recent_meetings(rows))


def meetings_table(
    group: Group,
    as_of: date,
    meetings: Sequence[Any],
    columns: Sequence[Column],
    cells: Callable[[Any], list[Cell]],
) -> Table:
    """Return the meetings with what each contributes."""
    columns = [Column(_("Meeting")), Column(_("Date"), DATE, on_phone=False), *columns]
    numbers = numbers_by_date(meeting.id for meeting in meetings)
    rows = [
        Row(
            [_("Meeting %d") % numbers[meeting.id], meeting.held_on, *cells(meeting)],
            meeting_url(group, meeting.number),
        )
        for meeting in meetings
    ]
    rows.append(total_row(_("Total"), columns, rows))
    return evidence_table(group, as_of, _("Meetings"), columns, rows)


def numbers_of(meetings: Iterable[Any]) -> dict[str, list[int]]:
    """Return the numbers of the meetings, as a final score keeps them."""
    return {"meetings": sorted(meeting.number for meeting in meetings)}


def counts_table(group: Group, as_of: date, counts: Sequence[Any]) -> Table:
    """Return cash counts, and which of them have no open difference."""
    columns = [
        Column(pgettext("one that was made", "Cash count")), Column(_("Date"), DATE, on_phone=False),
        Column(_("Expected"), MONEY, on_phone=False),
        Column(_("Counted"), MONEY), Column(_("Without an open difference"), NUMBER),
    ]  # fmt: skip
    url = reverse("cash-differences", args=[group.code])
    rows = [
        Row([count.explanation or _("agrees"), count.counted_on, count.expected, count.counted, count.is_settled], url)
        for count in counts
    ]
    settled = sum(count.is_settled for count in counts)
    rows.append(Row([_("%(count)d in all") % {"count": len(counts)}, None, None, None, settled], is_total=True))
    return evidence_table(group, as_of, _("Cash counts"), columns, rows)


def meeting_url(group: Group, number: int) -> str:
    """Return the page of a meeting."""
    return reverse("meeting", args=[group.code, number])


def loan_url(group: Group, number: int) -> str:
    """Return the page of a loan."""
    return reverse("loan", args=[group.code, number])


def member_url(group: Group, member_id: int) -> str:
    """Return the page of a member."""
    return reverse("member", args=[group.code, member_id])
