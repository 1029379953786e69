"""Recording a meeting: the sheet of a new one or of a draft, saved or closed."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from finance.models import AccountKind
from groups.ending import dissolution_of
from groups.http import GroupRequest, takes_page, takes_posts_of
from groups.permissions import Capability, requires
from groups.selectors import meeting_calendar
from groups.shared.money import rupiah
from meetings import services
from meetings.errors import AlreadyRecorded, MeetingChanged, NoSuchAction, NoSuchMeeting, OtherPerson
from meetings.models import AttendanceStatus, Meeting, MeetingStatus
from meetings.selectors import drafts_of, meeting_version, usual
from meetings.sheet.context import SheetContext, open_sheet, read_sheet
from meetings.sheet.day import day_of
from meetings.sheet.form import Sheet
from meetings.sheet.resent import content_of_sheet
from meetings.summary import Summary, questions
from meetings.views.answers import SheetStatus, address_of, json_answer, taken
from meetings.views.rendering import (
    MORE_ROWS,
    add_rows,
    read_uuid,
    record,
    recorded_before,
    refused,
    render_sheet,
    render_unchecked,
    show_day,
)

NOT_KEPT = frozenset({"csrfmiddlewaretoken", "key", "base", "by", "action"})
"""Fields of the form that a draft does not keep."""


@requires(Capability.MEET)
@require_http_methods(["GET", "POST"])
def meeting_new(request: GroupRequest) -> HttpResponse:
    """The sheet of a new meeting."""
    return _sent(request, None) if request.method == "POST" else _opened(request, None)


@requires(Capability.MEET)
@require_http_methods(["GET", "POST"])
def meeting_edit(request: GroupRequest, number: int) -> HttpResponse:
    """The sheet of a draft."""
    if request.method == "POST":
        return _sent(request, number)
    meeting = meeting_version(request.group, number)
    if meeting is not None and meeting.status != MeetingStatus.DRAFT:
        return redirect(address_of(request, meeting))
    return _opened(request, number, meeting.draft if meeting is not None else None)


@requires(Capability.MEET)
@takes_posts_of("meeting-list")
def draft_discard(request: GroupRequest, number: int) -> HttpResponse:
    """Throw a draft away."""
    try:
        services.draft_discard(actor=request.user, group=request.group, number=number)
    except NoSuchMeeting as error:
        raise Http404 from error
    messages.success(request, _("The draft was discarded."))
    return redirect("meeting-list", request.group.code)


def _opened(request: GroupRequest, number: int | None, draft: Mapping[str, Any] | None = None) -> HttpResponse:
    """Show a draft under the key it has, as typed and the rest as the facts are now, or else an empty sheet.

    That is of the day in the address, and of today where there is none or it cannot be.
    """
    today = timezone.localdate()
    day = _new_day(request, today) if number is None else day_of(draft or {}, group=request.group, today=today)
    try:
        context = read_sheet(group=request.group, held_on=day, number=number)
    except NoSuchMeeting as error:
        raise Http404 from error
    if context.meeting is None:
        sheet = Sheet(context, today=today)
        return render_sheet(request, sheet, key=uuid.uuid4(), drafts=drafts_of(request.group))
    sheet = Sheet(context, draft, today=today)
    sheet.follow()
    sheet.forget_errors(but_day=context.meeting.held_on is None)
    return render_sheet(request, sheet, key=context.meeting.key, base=context.meeting.draft_version)


def _new_day(request: GroupRequest, today: date) -> date:
    """Return the day of a new sheet, which is none after the end of the group; that it has ended is told."""
    day = day_of({"held_on": request.GET.get("held_on", "")}, group=request.group, today=today)
    ended = dissolution_of(request.group)
    if ended is None or not ended.is_over(today):
        return day
    message = _("The group was dissolved on %s. A meeting held by then can still be recorded.")
    messages.warning(request, message % date_format(ended.ended_on))
    return min(day, ended.ended_on)


def _sent(request: GroupRequest, number: int | None) -> HttpResponse:
    """Do what the button of the sheet says; a sheet whose draft was thrown away is kept as a new one."""
    key = read_uuid(request.POST.get("key")) or uuid.uuid4()
    act = ACTIONS.get(request.POST.get("action", ""), _no_action)
    try:
        if act in RECORDING and request.POST.get("by", str(request.user.pk)) != str(request.user.pk):
            return _of_another(request, number, key)
        return act(request, number, key)
    except NoSuchMeeting:
        error = MeetingChanged(_("This draft was thrown away meanwhile. Your entries are below; send them again."))
        return refused(request, _bound(request, _read(request, None)), error, key=key)


def _close(request: GroupRequest, number: int | None, key: uuid.UUID, *, is_check: bool = False) -> HttpResponse:
    """Close the meeting, or sum up what closing would record."""
    return record(
        request,
        lambda: open_sheet(actor=request.user, group=request.group, held_on=_day(request), key=key, number=number),
        lambda sheet: _written(request, sheet, key),
        lambda sheet, meeting: _summed_up(request, sheet, key) if is_check else _closed(request, sheet, meeting),
        key=key,
        is_trial=is_check,
    )


def _check(request: GroupRequest, number: int | None, key: uuid.UUID) -> HttpResponse:
    return _close(request, number, key, is_check=True)


def _summed_up(request: GroupRequest, sheet: Sheet, key: uuid.UUID) -> HttpResponse:
    """Show the meeting in sums, with what is unusual about it, before it is closed."""
    if not takes_page(request):
        return json_answer(request, SheetStatus.CHECKED)
    assert sheet.minutes is not None, "the check was written"
    group, rules = request.group, sheet.context.rules
    summary = Summary(sheet.minutes, sheet.context.cash_before)
    before = usual(group, before=sheet.minutes.held_on)
    asked = [*questions(summary, rules=rules, usual=before, calendar=meeting_calendar(group)), *sheet.warnings]
    sent = {name: value for name, value in request.POST.items() if name not in ("csrfmiddlewaretoken", "action")}
    fields = [*{**sent, "key": key}.items()]  # a template would look up a field `items` of a dict first
    page = {"group": group, "sheet": sheet, "summary": summary, "questions": asked, "fields": fields}
    return render(request, "meetings/check.html", {**page, "address": request.path})


def _closed(request: GroupRequest, sheet: Sheet, meeting: Meeting) -> HttpResponse:
    for warning in sheet.warnings:
        messages.warning(request, warning)
    cash = rupiah(sheet.context.books.balance(AccountKind.CASH))
    said = _("The meeting is closed and its money is in the books. Cash in the books today: %s.")
    messages.success(request, said % cash)
    return taken(request, SheetStatus.CLOSED, meeting)


def _written(request: GroupRequest, sheet: Sheet, key: uuid.UUID) -> Meeting | None:
    """Write the meeting, None if the sheet has mistakes; what was recorded before or changed meanwhile comes first."""
    base, content = request.POST.get("base", ""), content_of_sheet(request.POST)
    services.meeting_to_save(sheet.context, key=key, base=base)
    if sheet.minutes is None:
        return None
    return services.meeting_close(
        context=sheet.context,
        minutes=sheet.minutes,
        key=key,
        base=base,
        content=content,
        another_than=sheet.another_than,
    )


def _save_draft(request: GroupRequest, number: int | None, key: uuid.UUID) -> HttpResponse:
    if not request.POST.get("held_on", "").strip():
        return _without_day(request, _bound(request, _read(request, number, key)), key)
    draft = {name: value for name, value in request.POST.items() if name not in NOT_KEPT}
    base = request.POST.get("base", "")
    try:
        meeting = services.draft_save(
            actor=request.user, group=request.group, key=key, draft=draft, number=number, base=base
        )
    except AlreadyRecorded as error:
        return recorded_before(request, error.meeting, key=key)
    except MeetingChanged as error:
        sheet = _bound(request, _read(request, number, key))
        sheet.forget_errors()
        return refused(request, sheet, error, key=key)
    messages.success(request, _("The draft is saved. Nothing is in the books until you close the meeting."))
    return taken(request, SheetStatus.DRAFT, meeting)


def _without_day(request: GroupRequest, sheet: Sheet, key: uuid.UUID) -> HttpResponse:
    """Refuse a draft without its date, which would go on as one of another day; the rest may be half done."""
    sheet.forget_errors(but_day=True)
    return refused(request, sheet, None, key=key)


def _open(request: GroupRequest, number: int | None, key: uuid.UUID) -> HttpResponse:
    """Show a sheet with what the device kept of it, by the facts as they are now, or what became of it meanwhile."""
    context = _read(request, number, key)
    earlier = context.sent or context.meeting
    if earlier is not None and earlier.status != MeetingStatus.DRAFT:
        return recorded_before(request, earlier, key=key)
    sheet = _bound(request, context)
    sheet.follow()
    return render_unchecked(request, sheet, key=key)


def _show_day(request: GroupRequest, number: int | None, key: uuid.UUID) -> HttpResponse:
    return show_day(request, _bound(request, _read(request, number)), key=key)


def _add_rows(request: GroupRequest, number: int | None, key: uuid.UUID) -> HttpResponse:
    return add_rows(request, _read(request, number), key=key)


def _all_present(request: GroupRequest, number: int | None, key: uuid.UUID) -> HttpResponse:
    context = _read(request, number)
    data = request.POST.dict()
    for name in (f"m{member.pk}-attendance" for member in context.members):
        data[name] = data.get(name) or AttendanceStatus.PRESENT.value
    return render_unchecked(request, Sheet(context, data, today=timezone.localdate()), key=key)


def _of_another(request: GroupRequest, number: int | None, key: uuid.UUID) -> HttpResponse:
    sheet = _bound(request, _read(request, number, key))
    sheet.forget_errors()
    return refused(request, sheet, OtherPerson(), key=key)


def _no_action(request: GroupRequest, number: int | None, key: uuid.UUID) -> HttpResponse:
    sheet = _bound(request, _read(request, number))
    sheet.forget_errors()
    return refused(request, sheet, NoSuchAction(), key=key)


ACTIONS: Mapping[str, Callable[[GroupRequest, int | None, uuid.UUID], HttpResponse]] = {
    "check": _check,
    "close": _close,
    "draft": _save_draft,
    "open": _open,
    "day": _show_day,
    "present": _all_present,
    **dict.fromkeys(MORE_ROWS, _add_rows),
}
"""What each button of the sheet does."""
RECORDING = (_check, _close, _save_draft)
"""What only the person does who filled the sheet in."""


def _read(request: GroupRequest, number: int | None, key: uuid.UUID | None = None) -> SheetContext:
    return read_sheet(group=request.group, held_on=_day(request), number=number, key=key)


def _day(request: GroupRequest) -> date:
    """Return the day of the sheet that was sent."""
    return day_of(request.POST, group=request.group, today=timezone.localdate())


def _bound(request: GroupRequest, context: SheetContext) -> Sheet:
    return Sheet(context, request.POST, today=timezone.localdate())
