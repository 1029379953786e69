"""How many lines of a book a page shows: some at a time to read, all of them to print."""

from __future__ import annotations

from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.http import HttpRequest

from finance.selectors.book_lines import RunningLines

LINES_TO_PRINT = 5_000
"""The most lines of one page on paper, some hundred sheets; whoever needs more takes the spreadsheet."""


class BookPaginator(Paginator):  # type: ignore[type-arg]  # not subscriptable at run time
    """The pages of a book, which knows whether all of it goes on one."""

    @property
    def prints_whole(self) -> bool:
        """Whether the book is short enough for one page."""
        return self.count <= LINES_TO_PRINT


def lines_shown(request: HttpRequest, lines: QuerySet[Any] | RunningLines, *, at_a_time: int) -> Page[Any]:
    """Return the page of `lines` that is asked for; with `?print=all` all on one page, up to `LINES_TO_PRINT`."""
    paginator = BookPaginator(lines, at_a_time)
    if request.GET.get("print") == "all" and paginator.prints_whole:
        paginator = BookPaginator(lines, max(1, paginator.count))
    return paginator.get_page(request.GET.get("page"))
