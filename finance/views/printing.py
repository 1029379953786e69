"""The page of a book, which is also printed and signed, and its files."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpResponse
from django.utils import timezone

from finance import selectors, tables
from finance.tables.table import Table
from groups.http import GroupRequest


def respond_with_book(
    request: GroupRequest, template: str, context: dict[str, Any], table: Callable[[], Table]
) -> HttpResponse:
    """Answer as `tables.respond`; on paper the page has a head, and at its end those who sign today."""
    return tables.respond(request, template, {**context, "print_frame": frame_of(request)}, table)


def frame_of(request: GroupRequest) -> selectors.PrintFrame:
    """Return what stands around a page of the group that is printed today."""
    return selectors.print_frame(request.group, as_of=timezone.localdate())
