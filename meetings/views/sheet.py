"""Recording a meeting: the sheet of a new one or of a draft, saved or closed."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from finance.ledger.errors import LedgerError
from groups.http import GroupRequest
from groups.permissions import Capability, requires
from meetings import services
from meetings.errors import MeetingChanged, MeetingError, NoSuchAction, NoSuchMeeting
from meetings.models import AttendanceStatus, MeetingStatus
from meetings.selectors import meeting_version
from meetings.sheet.context import open_sheet, read_sheet
from meetings.sheet.form import Sheet
from meetings.views.rendering import MORE_ROWS, add_rows, read_uuid, render_sheet, render_unchecked, to_meeting

NOT_TYPED = frozenset({"csrfmiddlewaretoken", "key", "base", "action"})
"""Fields of the form that a draft does not keep."""


@requires(Capability.RECORD)
@require_http_methods(["GET", "POST"])
def meeting_new(request: GroupRequest) -> HttpResponse:
    """The sheet of a new meeting."""
    return _sheet_page(request, None)


@requires(Capability.RECORD)
@require_http_methods(["GET", "POST"])
def meeting_edit(request: GroupRequest, number: int) -> HttpResponse:
    """The sheet of a draft."""
    meeting = meeting_version(request.group, number)
    if meeting is not None and meeting.status != MeetingStatus.DRAFT and request.method == "GET":
        return to_meeting(meeting)
    return _sheet_page(request, number)


@requires(Capability.RECORD)
@require_POST
def draft_discard(request: GroupRequest, number: int) -> HttpResponse:
    """Throw a draft away."""
    try:
        services.draft_discard(actor=request.user, group=request.group, number=number)
    except NoSuchMeeting as error:
        raise Http404 from error
    messages.success(request, _("The draft was discarded."))
    return redirect("meeting-list", request.group.code)


def _sheet_page(request: GroupRequest, number: int | None) -> HttpResponse:
    """Show, save or close a sheet; `number` is that of a draft."""
    key = read_uuid(request.POST.get("key")) or uuid.uuid4()
    action, today = request.POST.get("action"), timezone.localdate()
    try:
        if request.method == "GET":
            return _show(request, number, key)
        if action == "close":
            return _close(request, number, key)
        if action == "draft":
            return _save_draft(request, number, key)
        context = read_sheet(group=request.group, as_of=today, number=number)
    except NoSuchMeeting as error:
        raise Http404 from error
    if action in MORE_ROWS:
        return add_rows(request, context, key=key, today=today)
    if action == "present":
        present = {f"m{member.pk}-attendance": AttendanceStatus.PRESENT.value for member in context.members}
        return render_unchecked(request, Sheet(context, {**present, **request.POST.dict()}, today=today), key=key)
    sheet = Sheet(context, request.POST, today=today)
    sheet.forget_errors()
    sheet.refuse(NoSuchAction())
    return render_sheet(request, sheet, key=key, status=422)


def _show(request: GroupRequest, number: int | None, key: uuid.UUID) -> HttpResponse:
    today = timezone.localdate()
    context = read_sheet(group=request.group, as_of=today, number=number)
    if context.meeting is None:
        return render_sheet(request, Sheet(context, today=today), key=key)
    sheet = Sheet(context, context.meeting.draft, today=today)
    sheet.forget_errors()
    return render_sheet(request, sheet, key=key, base=str(context.meeting.key))


def _close(request: GroupRequest, number: int | None, key: uuid.UUID) -> HttpResponse:
    sheet: Sheet | None = None
    try:
        with transaction.atomic():
            context = open_sheet(actor=request.user, group=request.group, key=key, number=number)
            found = context.meeting
            if found is not None and found.status == MeetingStatus.CLOSED and found.key == key:
                return to_meeting(found)
            sheet = Sheet(context, request.POST, today=timezone.localdate())
            base = read_uuid(request.POST.get("base"))
            services.meeting_to_save(context, key=key, base=base)
            if sheet.minutes is not None:
                meeting = services.meeting_close(context=context, minutes=sheet.minutes, key=key, base=base)
                messages.success(request, _("The meeting is closed and its money is in the books."))
                return to_meeting(meeting)
    except (MeetingError, LedgerError) as error:
        if sheet is None:
            raise
        sheet.refuse(error)
        if isinstance(error, MeetingChanged):
            return _render_conflict(request, sheet, key=key, status=422)
    return render_sheet(request, sheet, key=key, status=422)


def _save_draft(request: GroupRequest, number: int | None, key: uuid.UUID) -> HttpResponse:
    try:
        meeting = services.draft_save(
            actor=request.user,
            group=request.group,
            key=key,
            draft={name: value for name, value in request.POST.items() if name not in NOT_TYPED},
            number=number,
            base=read_uuid(request.POST.get("base")),
        )
    except MeetingChanged as error:
        today = timezone.localdate()
        sheet = Sheet(read_sheet(group=request.group, as_of=today, number=number), request.POST, today=today)
        sheet.forget_errors()
        sheet.refuse(error)
        return _render_conflict(request, sheet, key=key, status=409)
    messages.success(request, _("The draft is saved. Nothing is in the books until you close the meeting."))
    return redirect("meeting-edit", request.group.code, meeting.number)


def _render_conflict(request: GroupRequest, sheet: Sheet, *, key: uuid.UUID, status: int) -> HttpResponse:
    """Show what somebody else changed meanwhile; the next submit may overrule it knowingly."""
    base = str(sheet.context.meeting.key) if sheet.context.meeting is not None else ""
    return render_sheet(request, sheet, key=key, base=base, status=status)
