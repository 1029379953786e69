"""What the sheet answers: a page, or to programs `{"status", "meeting", "url", "cash", "errors"}`."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse

from finance.selectors import group_summary
from groups.http import GroupRequest, wants_json
from meetings.models import Meeting, MeetingStatus


class SheetStatus(StrEnum):
    """What became of a sheet that was sent."""

    CLOSED = "closed"
    """It is recorded now."""
    KNOWN = "known"
    """It was recorded before, with the same entries."""
    CHECKED = "checked"
    """It can be recorded as it is."""
    DRAFT = "draft"
    """It is kept, and nothing of it is in the books."""
    CHANGED = "changed"
    """Its key recorded other entries before; nothing is recorded now."""
    CONFLICT = "conflict"
    """Somebody else recorded the meeting, or changed its draft, meanwhile; nothing is recorded now."""
    REFUSED = "refused"
    """`errors` say why; nothing is recorded."""


HTTP_STATUS = {SheetStatus.CHANGED: 409, SheetStatus.CONFLICT: 409, SheetStatus.REFUSED: 422}


def json_answer(
    request: GroupRequest,
    status: SheetStatus,
    *,
    meeting: Meeting | None = None,
    errors: Mapping[str, str] | None = None,
) -> JsonResponse:
    """Answer a program: `meeting` is its number, `url` its page, `cash` rupiah in the box by the books now."""
    answer = {
        "status": status.value,
        "meeting": meeting.number if meeting is not None else None,
        "url": address_of(request, meeting) if meeting is not None else None,
        "cash": group_summary(request.group).cash,
        "errors": errors or {},
    }
    return JsonResponse(answer, status=HTTP_STATUS.get(status, 200))


def address_of(request: GroupRequest, meeting: Meeting) -> str:
    """Return where a meeting is read, or its draft written on."""
    page = "meeting-edit" if meeting.status == MeetingStatus.DRAFT else "meeting"
    return reverse(page, args=[request.group.code, meeting.number])


def taken(request: GroupRequest, status: SheetStatus, meeting: Meeting) -> HttpResponse:
    """Answer that a sheet was taken: lead a person to where it is now, tell a program."""
    if wants_json(request):
        return json_answer(request, status, meeting=meeting)
    return redirect(address_of(request, meeting))
