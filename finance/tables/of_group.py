"""What the tables of one group have in common: whose they are, of which period, and the links and tags of their lines.

A table is made in the reader's language; the names of files are Indonesian, as the books are called in the field.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from typing import Any

from django.core.paginator import Page
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from finance.models import Entry
from finance.tables.table import Column, DetailedCell, Row, Table, Tag
from groups.models import Group


def table_of_group(
    group: Group,
    title: str,
    name: str,
    columns: Sequence[Column],
    rows: Iterable[Row],
    *,
    start: date | None = None,
    until: date,
) -> Table:
    """Return a table of `group` as on `until`, or from `start` to it."""
    return Table(
        title=title,
        name=name,
        number=group.number_shown,
        owner=f"{group.name} ({group.number_shown})",
        period=as_on(until) if start is None else span(start, until),
        until=until,
        columns=columns,
        rows=rows,
    )


def as_on(day: date) -> str:
    """Return the words for a balance at the end of a day."""
    return _("As on %(day)s") % {"day": date_format(day)}


def span(start: date, end: date) -> str:
    """Return the words for a period."""
    return _("%(start)s to %(end)s") % {"start": date_format(start), "end": date_format(end)}


def numbered(name: str, group: Group) -> Callable[[int], str]:
    """Return what gives the address of the page `name` of a number: `reverse` once instead of for each row."""
    before, after = reverse(name, args=[group.code, 0]).rsplit("0", 1)
    return lambda number: f"{before}{number}{after}"


def begins(page: Page[Any] | None) -> bool:
    """Say whether a page of a book begins it; None stands for the whole book."""
    return page is None or not page.has_previous()


def ends(page: Page[Any] | None) -> bool:
    """Say whether a page of a book ends it; None stands for the whole book."""
    return page is None or not page.has_next()


class EntryLinks:
    """The day of a ledger entry as a cell that leads to it, and the tags of one that undoes another or is undone."""

    def __init__(self, group: Group) -> None:
        self._url = numbered("entry", group)
        self._number = _("no. %(number)s")
        self._reversal = _("Reversal of entry %(number)s")
        self._reversed_by = _("Reversed by entry %(number)s")

    def day(self, on: date, number: int) -> DetailedCell:
        """Return the day `on` of the entry `number`."""
        return DetailedCell(on, url=self._url(number), note=self._number % {"number": number})

    def tags(self, *, reverses: int | None, reversed_by: int | None) -> list[Tag]:
        """Return the tags of an entry by the numbers of the one it undoes and of the one that undid it."""
        tags = []
        if reverses is not None:
            tags.append(Tag(self._reversal % {"number": reverses}, url=self._url(reverses)))
        if reversed_by is not None:
            tags.append(Tag(self._reversed_by % {"number": reversed_by}, "warning", self._url(reversed_by)))
        return tags

    def tags_of(self, entry: Entry) -> list[Tag]:
        """Return the tags of an entry that was read with what it reverses and what reversed it."""
        undone = getattr(entry, "reversed_by", None)
        return self.tags(
            reverses=entry.reverses.number if entry.reverses is not None else None,
            reversed_by=undone.number if undone is not None else None,
        )
