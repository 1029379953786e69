"""What recording and correcting a meeting share: the page of the sheet, and what is answered to sheets."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from finance.ledger.errors import LedgerError
from groups.forms import more_rows
from groups.http import GroupRequest, takes_page
from meetings.errors import AlreadyRecorded, MeetingChanged, MeetingError, NoSuchMeeting
from meetings.models import Meeting
from meetings.sheet.context import SheetContext
from meetings.sheet.form import Sheet
from meetings.sheet.parts import ROWS
from meetings.sheet.resent import other_entries
from meetings.views.answers import HTTP_STATUS, SheetStatus, json_answer, taken

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


def add_rows(request: GroupRequest, context: SheetContext, *, key: uuid.UUID) -> HttpResponse:
    """Answer the buttons that ask for more empty rows."""
    data = more_rows(request.POST, MORE_ROWS[request.POST["action"]], most=ROWS)
    return render_unchecked(request, Sheet(context, data, today=timezone.localdate()), key=key)


def show_day(request: GroupRequest, sheet: Sheet, *, key: uuid.UUID) -> HttpResponse:
    """Answer the button that asks for the sheet of the day typed; a day that cannot be is told at its field."""
    sheet.forget_errors(but_day=True)
    return render_sheet(request, sheet, key=key)


def render_unchecked(request: GroupRequest, sheet: Sheet, *, key: uuid.UUID) -> HttpResponse:
    """Answer with what was typed, without complaints."""
    sheet.forget_errors()
    return render_sheet(request, sheet, key=key)


def refused(
    request: GroupRequest, sheet: Sheet, error: MeetingError | LedgerError | None, *, key: uuid.UUID
) -> HttpResponse:
    """Answer that nothing was recorded, and why: `error`, or else what stands at the fields of the sheet.

    Where somebody else changed the draft meanwhile, the next submit overrules it knowingly.
    """
    if error is not None:
        sheet.refuse(error)
    is_conflict = isinstance(error, MeetingError) and error.is_conflict
    status = SheetStatus.CONFLICT if is_conflict else SheetStatus.REFUSED
    if not takes_page(request):
        return json_answer(request, status, meeting=sheet.context.meeting, errors=sheet.errors)
    if not isinstance(error, MeetingChanged):
        return render_sheet(request, sheet, key=key, status=422)
    base = sheet.context.meeting.draft_version if sheet.context.meeting is not None else ""
    return render_sheet(request, sheet, key=key, base=base, status=HTTP_STATUS[SheetStatus.CONFLICT])


def record(
    request: GroupRequest,
    opened: Callable[[], SheetContext],
    written: Callable[[Sheet], Meeting | None],
    done: Callable[[Sheet, Meeting], HttpResponse],
    *,
    key: uuid.UUID,
    is_trial: bool,
) -> HttpResponse:
    """Write the sheet that was sent, and answer with `done`, or with why nothing was recorded.

    `written` gives None for a sheet with mistakes. A trial does it all and takes it back, so that it promises nothing
    that is refused later.
    """
    try:
        with transaction.atomic():
            sheet = Sheet(opened(), request.POST, today=timezone.localdate())
            meeting = written(sheet)
            transaction.set_rollback(is_trial)
    except NoSuchMeeting:
        raise
    except AlreadyRecorded as error:
        return recorded_before(request, error.meeting, key=key)
    except (MeetingError, LedgerError) as error:
        return refused(request, sheet, error, key=key)
    return refused(request, sheet, None, key=key) if meeting is None else done(sheet, meeting)


def recorded_before(request: GroupRequest, sent: Meeting, *, key: uuid.UUID) -> HttpResponse:
    """Answer a sheet whose meeting `sent` was recorded before: nothing is posted, and other entries are offered.

    With the same entries it is no complaint, and leads to the meeting as it is now.
    """
    other = other_entries(group=request.group, sent=sent, data=request.POST, today=timezone.localdate())
    if other is None:
        messages.info(request, _already_recorded(sent))
        return taken(request, SheetStatus.KNOWN, sent)
    status = SheetStatus.CHANGED if sent.key == key else SheetStatus.CONFLICT
    if not takes_page(request):
        return json_answer(request, status, meeting=sent, errors={"__all__": _already_recorded(sent)})
    page = {"group": request.group, "meeting": other.meeting, "resent": other, "sent": sent}
    return render(request, "meetings/sheet_resent.html", page, status=HTTP_STATUS[status])


def _already_recorded(meeting: Meeting) -> str:
    day = date_format(meeting.held_on) if meeting.held_on is not None else ""
    return _("The meeting of %(day)s was recorded already by %(who)s.") % {"day": day, "who": meeting.saved_by}


def read_uuid(text: str | None) -> uuid.UUID | None:
    """Return the UUID in `text`, None for anything else."""
    try:
        return uuid.UUID(text or "")
    except ValueError:
        return None
