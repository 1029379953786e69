"""How many lines of a book a page shows: some at a time to read, all of them to print."""

from __future__ import annotations

from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.http import HttpRequest

from finance.selectors.lines import RunningLines


def lines_shown(request: HttpRequest, lines: QuerySet[Any] | RunningLines, *, at_a_time: int) -> Page[Any]:
    """Return the page of `lines` that is asked for; all of them, on one page, with `?print=all`."""
    paginator = Paginator(lines, at_a_time)
    if request.GET.get("print") == "all":
        paginator = Paginator(lines, max(1, paginator.count))
    return paginator.get_page(request.GET.get("page"))
