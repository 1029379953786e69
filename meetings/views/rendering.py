"""What recording and correcting a meeting share: the page of the sheet, and its buttons for more rows."""

from __future__ import annotations

import uuid
from datetime import date
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render

from groups.forms import more_rows
from groups.http import GroupRequest
from meetings.models import Meeting
from meetings.sheet.context import SheetContext
from meetings.sheet.form import Sheet
from meetings.sheet.parts import ROWS

MORE_ROWS = {f"more-{prefix}": prefix for prefix in ("agenda", "loans", "other")}
"""The buttons that ask for empty rows without JavaScript, and the rows they ask for."""


def render_sheet(
    request: GroupRequest, sheet: Sheet, *, key: uuid.UUID, status: int = 200, **context: Any
) -> HttpResponse:
    """Answer with the page of a sheet; `key` is that of the next submit."""
    page = {
        "group": request.group,
        "sheet": sheet,
        "meeting": sheet.context.meeting,
        "key": key,
        "base": request.POST.get("base", ""),
        **context,
    }
    return render(request, "meetings/sheet.html", page, status=status)


def add_rows(request: GroupRequest, context: SheetContext, *, key: uuid.UUID, today: date) -> HttpResponse:
    """Answer the buttons that ask for more empty rows."""
    data = more_rows(request.POST, MORE_ROWS[request.POST["action"]], most=ROWS)
    return render_unchecked(request, Sheet(context, data, today=today), key=key)


def render_unchecked(request: GroupRequest, sheet: Sheet, *, key: uuid.UUID) -> HttpResponse:
    """Answer with what was typed, without complaints."""
    sheet.forget_errors()
    return render_sheet(request, sheet, key=key)


def to_meeting(meeting: Meeting) -> HttpResponse:
    """Lead to the minutes of a meeting."""
    return redirect("meeting", meeting.group.code, meeting.number)


def read_uuid(text: str | None) -> uuid.UUID | None:
    """Return the UUID in `text`, None for anything else."""
    try:
        return uuid.UUID(text or "")
    except ValueError:
        return None
