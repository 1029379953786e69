"""The minute book of a group, and the minutes of one meeting."""

from __future__ import annotations

from typing import Any

from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET

from finance.selectors import cover_entries, late_loans, signers
from finance.selectors.late_fines import paid_in_time_after_all
from groups.http import GroupRequest
from groups.models import Group
from groups.permissions import Capability, requires
from meetings import selectors
from meetings.models import Meeting, MeetingStatus

PAGE = 20


@requires(Capability.READ)
@require_GET
def meeting_list(request: GroupRequest) -> HttpResponse:
    """The minute book: date, agenda, discussed, decisions; ready to print."""
    meetings = selectors.minute_book(request.group)
    page = Paginator(selectors.with_agenda(meetings), PAGE).get_page(request.GET.get("page"))
    return render(request, "meetings/meeting_list.html", {"group": request.group, "page": page})


@requires(Capability.READ)
@require_GET
def meeting_detail(request: GroupRequest, number: int, version: int | None = None) -> HttpResponse:
    """The minutes of one meeting, to read, print and sign."""
    meeting = _found(request, number, version)
    if meeting.status == MeetingStatus.DRAFT:
        return redirect("meeting-edit", request.group.code, number)
    return render(request, "meetings/meeting_detail.html", {"group": request.group, **_shown(request.group, meeting)})


def _shown(group: Group, meeting: Meeting) -> dict[str, Any]:
    """Return what the minutes of a meeting show."""
    assert meeting.held_on is not None, "a closed meeting has a date"
    meeting.group = group  # as the access check read it
    money = selectors.money(meeting)
    return {
        "meeting": meeting,
        "rows": selectors.member_rows(meeting, money),
        "columns": selectors.MONEY_COLUMNS,
        "agenda": meeting.agenda.select_related("responsible"),
        "money": money,
        "covered": cover_entries(group, meeting.held_on),
        "versions": selectors.versions(meeting),
        "signers": signers(group, as_of=meeting.held_on),
        **_after(group, meeting),
    }


def _after(group: Group, meeting: Meeting) -> dict[str, Any]:
    """Return what there is to do after a meeting that was not corrected; what comes next only after the latest."""
    if meeting.status != MeetingStatus.CLOSED or meeting.held_on is None:
        return {"late": [], "groundless": [], "next": None}
    late, entry = late_loans(group, meeting.held_on), meeting.entry_id
    groundless = paid_in_time_after_all(group, entry=entry, since=meeting.held_on) if entry else []
    return {"late": late, "groundless": groundless, "next": selectors.next_steps(meeting, late)}


def _found(request: GroupRequest, number: int, version: int | None = None) -> Meeting:
    meeting = selectors.meeting_version(request.group, number, version)
    if meeting is None:
        raise Http404
    return meeting
