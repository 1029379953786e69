"""Pages of the minute book: the sheet, the minutes, corrections and decisions."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from finance.ledger.errors import LedgerError
from finance.selectors import cover_entries, late_loans, signers
from groups.http import GroupRequest, UserRequest
from groups.models import Group
from groups.permissions import Capability, requires
from meetings import selectors, services
from meetings.errors import MeetingChanged, MeetingError, NoSuchAction, NoSuchMeeting
from meetings.minutes import changes
from meetings.models import AgendaItem, Meeting, MeetingStatus
from meetings.sheet.context import open_correction, open_sheet, read_correction, read_sheet
from meetings.sheet.form import Sheet
from meetings.sheet.parts import ROWS

PAGE = 20
MORE_ROWS = {f"more-{prefix}": prefix for prefix in ("agenda", "loans", "other")}
"""The buttons that ask for empty rows without JavaScript, and the rows they ask for."""


@requires(Capability.READ)
@require_GET
def meeting_list(request: GroupRequest) -> HttpResponse:
    """The minute book: date, agenda, discussed, decisions; ready to print."""
    meetings = selectors.minute_book(request.group)
    page = Paginator(selectors.with_agenda(meetings), PAGE).get_page(request.GET.get("page"))
    return render(request, "meetings/meeting_list.html", {"group": request.group, "page": page})


@requires(Capability.RECORD)
@require_http_methods(["GET", "POST"])
def meeting_new(request: GroupRequest) -> HttpResponse:
    """The sheet of a new meeting."""
    return _sheet_page(request, None)


@requires(Capability.RECORD)
@require_http_methods(["GET", "POST"])
def meeting_edit(request: GroupRequest, number: int) -> HttpResponse:
    """The sheet of a draft."""
    meeting = _found(request, number)
    if meeting.status != MeetingStatus.DRAFT and request.method == "GET":
        return _to_meeting(meeting)
    return _sheet_page(request, number)


@requires(Capability.READ)
@require_GET
def meeting_detail(request: GroupRequest, number: int, version: int | None = None) -> HttpResponse:
    """The minutes of one meeting, to read, print and sign."""
    meeting = _found(request, number, version)
    if meeting.status == MeetingStatus.DRAFT:
        return redirect("meeting-edit", request.group.code, number)
    assert meeting.held_on is not None, "a closed meeting has a date"
    money = selectors.money(meeting)
    return render(
        request,
        "meetings/meeting_detail.html",
        {
            "group": request.group,
            "meeting": meeting,
            "rows": selectors.member_rows(meeting, money),
            "columns": selectors.MONEY_COLUMNS,
            "agenda": meeting.agenda.select_related("responsible"),
            "money": money,
            "covered": cover_entries(request.group, meeting.held_on),
            "late": late_loans(request.group, meeting.held_on) if meeting.status == MeetingStatus.CLOSED else [],
            "versions": selectors.versions(meeting),
            "signers": signers(request.group),
        },
    )


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


@requires(Capability.RECORD)
@require_http_methods(["GET", "POST"])
def meeting_correct(request: GroupRequest, number: int) -> HttpResponse:
    """The sheet of a closed meeting: first what would change, then the correction itself."""
    group, actor = request.group, request.user
    key = _uuid(request.POST.get("key")) or uuid.uuid4()
    try:
        if request.method == "GET":
            return _render_sheet(request, Sheet(read_correction(actor=actor, group=group, number=number)), key=key)
        replay = Meeting.objects.filter(group=group, key=key).exclude(status=MeetingStatus.DRAFT).first()
        if replay is not None:
            return _to_meeting(replay)
        with transaction.atomic():
            context = open_correction(actor=actor, group=group, number=number)
            sheet = Sheet(context, request.POST)
            if request.POST.get("action") in MORE_ROWS:
                return _more_rows(request, context, key=key)
            try:
                if context.meeting is not None and str(context.meeting.version) != request.POST.get("version"):
                    raise MeetingChanged(_("This meeting was corrected meanwhile. Open the correction again."))
                if sheet.minutes is not None and context.original is not None:
                    is_preview = request.POST.get("action") != "correct"
                    with transaction.atomic():
                        meeting = services.meeting_correct(
                            actor=actor,
                            group=group,
                            number=number,
                            minutes=sheet.minutes,
                            reason=sheet.reason.cleaned_data["reason"],
                            key=key,
                            context=context,
                        )
                        # A preview does it all and takes it back, so it promises nothing that is refused later.
                        transaction.set_rollback(is_preview)
                    if is_preview:
                        found = changes(context.original, sheet.minutes)
                        return _render_sheet(request, sheet, key=key, changes=found, previewed=True)
                    messages.success(request, _("The meeting was corrected. Both versions stay readable."))
                    return _to_meeting(meeting)
            except (MeetingError, LedgerError) as error:
                sheet.refuse(error)
        return _render_sheet(request, sheet, key=key, status=422)
    except NoSuchMeeting as error:
        raise Http404 from error


@requires(Capability.READ)
@require_GET
def decisions(request: UserRequest) -> HttpResponse:
    """Decisions still to be carried out in all groups the person may see."""
    found = selectors.decisions_open(Group.objects.visible_to(request.user))
    page = Paginator(found, PAGE).get_page(request.GET.get("page"))
    return render(request, "meetings/decisions.html", {"page": page, "today": timezone.localdate()})


@requires(Capability.READ)
@require_GET
def decision_list(request: GroupRequest) -> HttpResponse:
    """Decisions still to be carried out."""
    page = Paginator(selectors.decisions_open([request.group]), PAGE).get_page(request.GET.get("page"))
    context = {"group": request.group, "page": page, "today": timezone.localdate()}
    return render(request, "meetings/decision_list.html", context)


@requires(Capability.RECORD)
@require_POST
def decision_done(request: GroupRequest, pk: int) -> HttpResponse:
    """Mark a decision as carried out today, or as open again."""
    item = get_object_or_404(AgendaItem, pk=pk, group=request.group, meeting__status=MeetingStatus.CLOSED)
    on = None if request.POST.get("undo") else timezone.localdate()
    services.decision_done(actor=request.user, group=request.group, item=item, on=on)
    messages.success(request, _("The decision is open again.") if on is None else _("The decision is marked as done."))
    return redirect("decisions") if request.POST.get("all") else redirect("decision-list", request.group.code)


def _sheet_page(request: GroupRequest, number: int | None) -> HttpResponse:
    """Show, save or close a sheet; `number` is that of a draft."""
    group, actor = request.group, request.user
    try:
        if request.method == "GET":
            context = read_sheet(actor=actor, group=group, number=number)
            draft = context.meeting.draft if context.meeting is not None else None
            sheet = Sheet(context, draft)
            if draft is not None:
                sheet.forget_errors()
            base = str(context.meeting.key) if context.meeting is not None else ""
            return _render_sheet(request, sheet, key=uuid.uuid4(), base=base)
        key = _uuid(request.POST.get("key")) or uuid.uuid4()
        action = request.POST.get("action")
        if action == "close":
            return _close(request, number, key)
        if action in MORE_ROWS or action == "present":
            return _more_rows(request, read_sheet(actor=actor, group=group, number=number), key=key)
        if action == "draft":
            return _save_draft(request, number, key)
        sheet = Sheet(read_sheet(actor=actor, group=group, number=number), request.POST)
        sheet.forget_errors()
        sheet.refuse(NoSuchAction())
        return _render_sheet(request, sheet, key=key, status=422)
    except NoSuchMeeting as error:
        raise Http404 from error


def _close(request: GroupRequest, number: int | None, key: uuid.UUID) -> HttpResponse:
    sheet: Sheet | None = None
    try:
        with transaction.atomic():
            context = open_sheet(actor=request.user, group=request.group, key=key, number=number)
            if (
                context.meeting is not None
                and context.meeting.status == MeetingStatus.CLOSED
                and context.meeting.key == key
            ):
                return _to_meeting(context.meeting)
            sheet = Sheet(context, request.POST)
            base = _uuid(request.POST.get("base"))
            services.meeting_at(context, key=key, base=base)
            if sheet.minutes is not None:
                meeting = services.meeting_close(context=context, minutes=sheet.minutes, key=key, base=base)
                messages.success(request, _("The meeting is closed and its money is in the books."))
                return _to_meeting(meeting)
    except (MeetingError, LedgerError) as error:
        if sheet is None:
            raise
        sheet.refuse(error)
        if isinstance(error, MeetingChanged) and sheet.context.meeting is not None:
            # The conflict is on the page now, so the next submit may overrule it knowingly.
            return _render_sheet(request, sheet, key=key, base=str(sheet.context.meeting.key), status=422)
    return _render_sheet(request, sheet, key=key, status=422)


def _save_draft(request: GroupRequest, number: int | None, key: uuid.UUID) -> HttpResponse:
    draft = {name: value for name, value in request.POST.items() if name not in _NOT_DRAFT}
    try:
        meeting = services.draft_save(
            actor=request.user,
            group=request.group,
            key=key,
            draft=draft,
            number=number,
            base=_uuid(request.POST.get("base")),
        )
    except MeetingChanged as error:
        sheet = Sheet(read_sheet(actor=request.user, group=request.group, number=number), request.POST)
        sheet.forget_errors()
        sheet.refuse(error)
        # The conflict is on the page now, so the next submit may overrule it knowingly.
        base = str(sheet.context.meeting.key) if sheet.context.meeting is not None else ""
        return _render_sheet(request, sheet, key=key, base=base, status=409)
    messages.success(request, _("The draft is saved. Nothing is in the books until you close the meeting."))
    return redirect("meeting-edit", request.group.code, meeting.number)


_NOT_DRAFT = frozenset({"csrfmiddlewaretoken", "key", "base", "action"})


def _more_rows(request: GroupRequest, context: Any, *, key: uuid.UUID) -> HttpResponse:
    """Answer the buttons that work without JavaScript: more empty rows, everybody else present."""
    data = request.POST.copy()
    if request.POST.get("action") == "present":
        for member in context.members:
            data.setdefault(f"m{member.pk}-attendance", "PRESENT")
    else:
        name = f"{MORE_ROWS[request.POST['action']]}-TOTAL_FORMS"
        total = data.get(name, "")
        data[name] = str(min(ROWS, int(total) + 2)) if total.isdecimal() else "2"
    sheet = Sheet(context, data)
    sheet.forget_errors()
    return _render_sheet(request, sheet, key=key)


def _render_sheet(
    request: GroupRequest, sheet: Sheet, *, key: uuid.UUID, status: int = 200, **context: Any
) -> HttpResponse:
    meeting = sheet.context.meeting
    return render(
        request,
        "meetings/sheet.html",
        {
            "group": request.group,
            "sheet": sheet,
            "meeting": meeting,
            "key": key,
            "base": request.POST.get("base", ""),
            **context,
        },
        status=status,
    )


def _found(request: GroupRequest, number: int, version: int | None = None) -> Meeting:
    meeting = selectors.meeting_version(request.group, number, version)
    if meeting is None:
        raise Http404
    return meeting


def _to_meeting(meeting: Meeting) -> HttpResponse:
    return redirect("meeting", meeting.group.code, meeting.number)


def _uuid(text: str | None) -> uuid.UUID | None:
    try:
        return uuid.UUID(text or "")
    except ValueError:
        return None
