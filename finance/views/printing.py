"""The page of a book, which is also printed and signed, and its files."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any, TypeVar

from django.http import Http404, HttpResponse
from django.utils import timezone

from finance import selectors, tables
from finance.forms.reports import DayForm
from finance.tables.table import Table
from groups.http import GroupRequest

T = TypeVar("T")


def respond_with_book(
    request: GroupRequest, template: str, context: dict[str, Any], table: Callable[[], Table]
) -> HttpResponse:
    """Answer as `tables.respond`; on paper the page has a head, and at its end those who sign today."""
    return tables.respond(request, template, {**context, "print_frame": frame_of(request)}, table)


def card_asked_for(form: DayForm, read: Callable[[date], T | None], *, too_early: str) -> tuple[date, T]:
    """Return the card of a loan on the day asked for, or of today with the word `too_early`, and the day; 404 for none.

    `read` gives the card of a day, None where there was no loan yet.
    """
    today = timezone.localdate()
    as_of = form.day(today)
    card = read(as_of)
    if card is None and as_of != today:
        form.refuse(too_early)
        as_of, card = today, read(today)
    if card is None:
        raise Http404
    return as_of, card


def frame_of(request: GroupRequest) -> selectors.PrintFrame:
    """Return what stands around a page of the group that is printed today."""
    return selectors.print_frame(request.group, as_of=timezone.localdate())
