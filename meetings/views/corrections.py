"""Correcting a closed meeting: first what would change, then the correction itself."""

from __future__ import annotations

import uuid
from datetime import date

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from finance.ledger.errors import LedgerError
from groups.http import GroupRequest
from groups.permissions import Capability, requires
from meetings import services
from meetings.changes import changes
from meetings.errors import MeetingChanged, MeetingError, NoSuchMeeting
from meetings.models import Meeting, MeetingStatus
from meetings.sheet.context import open_correction, read_correction
from meetings.sheet.form import Sheet
from meetings.views.rendering import MORE_ROWS, add_rows, read_uuid, render_sheet, to_meeting


@requires(Capability.RECORD)
@require_http_methods(["GET", "POST"])
def meeting_correct(request: GroupRequest, number: int) -> HttpResponse:
    """The sheet of a closed meeting, to correct it."""
    key, today = read_uuid(request.POST.get("key")) or uuid.uuid4(), timezone.localdate()
    try:
        if request.method == "POST":
            return _correct(request, number, key=key, today=today)
        context = read_correction(group=request.group, as_of=today, number=number)
    except NoSuchMeeting as error:
        raise Http404 from error
    return render_sheet(request, Sheet(context, today=today), key=key)


def _correct(request: GroupRequest, number: int, *, key: uuid.UUID, today: date) -> HttpResponse:
    replay = Meeting.objects.filter(group=request.group, key=key).exclude(status=MeetingStatus.DRAFT).first()
    if replay is not None:
        return to_meeting(replay)
    is_preview = request.POST.get("action") != "correct"
    with transaction.atomic():
        context = open_correction(actor=request.user, group=request.group, number=number)
        if request.POST.get("action") in MORE_ROWS:
            return add_rows(request, context, key=key, today=today)
        sheet = Sheet(context, request.POST, today=today)
        try:
            meeting = _write(sheet, version=request.POST.get("version"), key=key, is_preview=is_preview)
        except (MeetingError, LedgerError) as error:
            sheet.refuse(error)
            meeting = None
    if meeting is None or sheet.minutes is None or context.original is None:
        return render_sheet(request, sheet, key=key, status=422)
    if is_preview:
        changed = changes(context.original, sheet.minutes)
        return render_sheet(request, sheet, key=key, changes=changed, previewed=True)
    messages.success(request, _("The meeting was corrected. Both versions stay readable."))
    return to_meeting(meeting)


def _write(sheet: Sheet, *, version: str | None, key: uuid.UUID, is_preview: bool) -> Meeting | None:
    """Write the correction; a preview does it all and takes it back, so it promises nothing that is refused later."""
    old = sheet.context.meeting
    assert old is not None, "open_correction found the meeting"
    if str(old.version) != version:
        raise MeetingChanged(_("This meeting was corrected meanwhile. Open the correction again."))
    if sheet.minutes is None:
        return None
    with transaction.atomic():
        meeting = services.meeting_correct(
            context=sheet.context, minutes=sheet.minutes, reason=sheet.reason.cleaned_data["reason"], key=key
        )
        transaction.set_rollback(is_preview)
    return meeting
