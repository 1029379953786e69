"""Pages of the agreed meeting days: the calendar of a group, and moving meetings of one group or of many."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

import finance.selectors
import groups.selectors
import meetings.selectors
from groups.http import GroupRequest, UserRequest, takes_posts_of
from groups.models import Group, MeetingMove
from groups.permissions import Capability, requires
from groups.shared.submit import posted, submit
from kelompok import selectors, services
from kelompok.forms import MoveForm, MovesChosenForm, MovesForm

MONTHS_BACK, MONTHS_SHOWN = 5, 9
"""The calendar begins so many months ago, and shows so many."""
MOVABLE_BACK, MOVABLE_AHEAD = timedelta(days=92), timedelta(days=366)
"""How far from today a meeting may be chosen to be moved."""
MOST_MEETINGS = 200
"""More meetings than these are not moved at once."""


@requires(Capability.READ)
def calendar(request: GroupRequest) -> HttpResponse:
    """The agreed days of some months: which were held, missed or moved, and which come."""
    group, today = request.group, timezone.localdate()
    start = _month(request.GET.get("from", "")) or _months_on(today, -MONTHS_BACK)
    end = _months_on(start, MONTHS_SHOWN) - timedelta(1)
    days = meetings.selectors.agreed_days(group, start=start, end=end, as_of=today)
    context = {
        "group": group,
        "days": days,
        "rhythm": groups.selectors.meeting_rhythm(group, as_of=today),
        "overdue_since": selectors.overdue_since(group, as_of=today),
        "plans": meetings.selectors.planned_visits([group]),
        "today": today,
        "start": start,
        "end": end,
        "before": _months_on(start, -MONTHS_SHOWN),
        "after": _months_on(start, MONTHS_SHOWN),
    }
    return render(request, "groups/calendar.html", context)


@requires(Capability.RECORD)
def meeting_move(request: GroupRequest) -> HttpResponse:
    """Move an agreed meeting of the group; `look` says which instalments move along."""
    group, today = request.group, timezone.localdate()
    days = _movable_days(group, today, request.GET.get("planned_on", ""))
    form = MoveForm(posted(request), days=days, initial=_chosen(request, days, today))
    return submit(
        request,
        form,
        lambda _data: services.meeting_move(actor=request.user, group=group, **form.move),
        done=_("The meeting is moved."),
        then=lambda _move: redirect("calendar", group.code),
    ) or render(request, "groups/meeting_move.html", {"form": form, "due": _due(group, form), "days": days})


def _due(group: Group, form: MoveForm) -> int | None:
    """Return how many instalments move along with the chosen meeting, None where none is chosen."""
    if not form.is_valid():
        return None
    day = form.cleaned_data["planned_on"]
    return finance.selectors.instalments_due(Group.objects.filter(pk=group.pk), day, day).get((group.pk, day), 0)


@requires(Capability.RECORD)
@takes_posts_of("calendar")
def meeting_move_withdraw(request: GroupRequest, pk: int) -> HttpResponse:
    """Take a moved meeting back to its agreed day."""
    move = get_object_or_404(MeetingMove, group=request.group, pk=pk)
    services.meeting_move_withdraw(actor=request.user, move=move)
    day = {"day": date_format(move.planned_on)}
    messages.success(request, _("The meeting is on its agreed day again: %(day)s.") % day)
    if move.moved_to is None:
        messages.info(request, _("Instalments stay due at the meeting after %(day)s, to which they were moved.") % day)
    return redirect("calendar", request.group.code)


@requires(Capability.RECORD)
def meetings_move(request: UserRequest) -> HttpResponse:
    """Move the meetings of several groups at once: first look at them, then move those that are ticked."""
    chosen = MovesChosenForm(request.POST) if request.method == "POST" else None
    if chosen is not None and chosen.is_valid() and _move_chosen(request, chosen):
        return redirect("home")
    form = chosen or MovesForm(request.GET or None)
    context: dict[str, Any] = {"form": MovesForm(form.data) if form.is_bound else form, "chosen": chosen, "found": []}
    if form.is_bound and not form.errors.keys() & MovesForm.base_fields.keys():
        context |= _choice(request, form)
    return render(request, "groups/meetings_move.html", context)


def _choice(request: UserRequest, form: MovesForm) -> dict[str, Any]:
    """Return the meetings to choose from, ticked as they were sent, or all that can be moved."""
    movable = _movable(request, form)
    is_sent = isinstance(form, MovesChosenForm)
    return {
        "chosen": form if is_sent else MovesChosenForm(initial=form.cleaned_data),
        "found": movable[:MOST_MEETINGS],
        "is_cut": len(movable) > MOST_MEETINGS,
        "ticked": request.POST.getlist("chosen") if is_sent else [one.choice for one in movable if not one.problem],
    }


def _movable(request: UserRequest, form: MovesForm) -> list[selectors.MovableMeeting]:
    data = form.cleaned_data
    return selectors.movable_meetings(request.user, start=data["first"], end=data["last"] or data["first"], by=form.by)


def _move_chosen(request: UserRequest, form: MovesChosenForm) -> bool:
    """Move what was ticked and say what became of it; False where nothing was ticked."""
    ticked = set(request.POST.getlist("chosen"))
    moving = [meeting for meeting in _movable(request, form)[:MOST_MEETINGS] if meeting.choice in ticked]
    if not moving:
        form.add_error(None, _("Tick the meetings that are moved."))
        return False
    moved, refused = services.meetings_move(
        actor=request.user,
        planned=[(meeting.group, meeting.planned_on, meeting.moved_to) for meeting in moving],
        reason=form.cleaned_data["reason"],
    )
    if moved:
        count = ngettext("%(count)d meeting is moved.", "%(count)d meetings are moved.", len(moved))
        messages.success(request, count % {"count": len(moved)})
    for one in refused:
        messages.error(request, _("%(group)s: not moved. %(why)s") % {"group": one.group, "why": one.why})
    return True


def _movable_days(group: Group, today: date, asked: str) -> list[date]:
    """Return the agreed days that may be moved, around today and the one that a link asked for."""
    calendar = groups.selectors.meeting_calendar(group)
    day = _day(asked)
    start, end = min(day or today, today) - MOVABLE_BACK, max(day or today, today) + MOVABLE_AHEAD
    return [day for day in calendar.planned(start, end) if day not in calendar.moved]


def _chosen(request: GroupRequest, days: list[date], today: date) -> dict[str, str]:
    day = _day(request.GET.get("planned_on", ""))
    if day not in days:
        day = next((one for one in days if one >= today), None)
    return {} if day is None else {"planned_on": day.isoformat()}


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _month(text: str) -> date | None:
    """Return the first day of the month that a link names (2026-11), None for anything else."""
    day = _day(f"{text}-01")
    return day if day is not None and 1945 <= day.year <= 2200 else None


def _months_on(day: date, months: int) -> date:
    """Return the first day of the month so many months after that of `day`."""
    number = day.year * 12 + day.month - 1 + months
    return date(number // 12, number % 12 + 1, 1)
