"""Correcting a closed meeting: first what would change, then the correction itself."""

from __future__ import annotations

import uuid
from datetime import date

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from finance.selectors import group_summary
from groups.http import GroupRequest
from groups.permissions import Capability, requires
from groups.shared.money import rupiah
from meetings import services
from meetings.changes import Change, changes
from meetings.errors import AlreadyRecorded, MeetingChanged, NoSuchMeeting
from meetings.models import Meeting, MeetingStatus
from meetings.sheet.context import SheetContext, open_correction, read_correction
from meetings.sheet.day import typed_day
from meetings.sheet.form import Sheet
from meetings.sheet.resent import content_of_sheet
from meetings.views.answers import SheetStatus, taken
from meetings.views.rendering import (
    MORE_ROWS,
    add_rows,
    read_uuid,
    record,
    render_sheet,
    render_unchecked,
    show_day,
)


@requires(Capability.RECORD)
@require_http_methods(["GET", "POST"])
def meeting_correct(request: GroupRequest, number: int) -> HttpResponse:
    """The sheet of a closed meeting, to correct it."""
    key = read_uuid(request.POST.get("key")) or uuid.uuid4()
    action = request.POST.get("action")
    try:
        if request.method == "POST" and action not in (*MORE_ROWS, "open", "day"):
            return _correct(request, number, key=key, is_preview=action != "correct")
        return _opened(request, number, action, key)
    except NoSuchMeeting as error:
        raise Http404 from error


def _opened(request: GroupRequest, number: int, action: str | None, key: uuid.UUID) -> HttpResponse:
    """Show the meeting as it is recorded, or with what was typed."""
    context = read_correction(group=request.group, number=number, held_on=_day(request))
    if action in MORE_ROWS:
        return add_rows(request, context, key=key)
    if action == "day":
        return show_day(request, Sheet(context, request.POST, today=timezone.localdate()), key=key)
    sheet = Sheet(context, request.POST if action == "open" else None, today=timezone.localdate())
    if action == "open":
        sheet.follow()
    return render_unchecked(request, sheet, key=key)


def _correct(request: GroupRequest, number: int, *, key: uuid.UUID, is_preview: bool) -> HttpResponse:
    """Correct the meeting, or show what the correction would change."""
    return record(
        request,
        lambda: _open(request, number, key),
        lambda sheet: _written(request, sheet, key),
        lambda sheet, meeting: _shown(request, sheet, key) if is_preview else _corrected(request, meeting),
        key=key,
        is_trial=is_preview,
    )


def _open(request: GroupRequest, number: int, key: uuid.UUID) -> SheetContext:
    replay = Meeting.objects.filter(group=request.group, key=key).exclude(status=MeetingStatus.DRAFT).first()
    if replay is not None:
        raise AlreadyRecorded(replay, actor=request.user)
    return open_correction(actor=request.user, group=request.group, number=number, held_on=_day(request))


def _written(request: GroupRequest, sheet: Sheet, key: uuid.UUID) -> Meeting | None:
    old = sheet.context.meeting
    assert old is not None, "open_correction found the meeting"
    if str(old.version) != request.POST.get("version"):
        raise MeetingChanged(_("This meeting was corrected meanwhile. Open the correction again."))
    if sheet.minutes is None:
        return None
    return services.meeting_correct(
        context=sheet.context,
        minutes=sheet.minutes,
        reason=sheet.reason.cleaned_data["reason"],
        key=key,
        content=content_of_sheet(request.POST),
        another_than=sheet.another_than,
    )


def _day(request: GroupRequest) -> date | None:
    """Return the day that was typed, None for that of the meeting."""
    return typed_day(request.POST, group=request.group, today=timezone.localdate())


def _shown(request: GroupRequest, sheet: Sheet, key: uuid.UUID) -> HttpResponse:
    assert sheet.context.original is not None and sheet.minutes is not None, "the preview was written"
    changed = changes(sheet.context.original, sheet.minutes)
    cash = group_summary(request.group).cash
    moved = sheet.minutes.cash_moved() - sheet.context.original.cash_moved()
    of_cash = Change(_("Cash box in the books today"), rupiah(cash), rupiah(cash + moved))
    return render_sheet(
        request, sheet, key=key, changes=changed, of_cash=of_cash, previewed=True, warnings=sheet.warnings
    )


def _corrected(request: GroupRequest, meeting: Meeting) -> HttpResponse:
    messages.success(request, _("The meeting was corrected. Both versions stay readable."))
    return taken(request, SheetStatus.CLOSED, meeting)
