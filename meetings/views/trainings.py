"""Trainings: recorded with who took part, their attendance lists, and those of all groups."""

from __future__ import annotations

from functools import partial

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from finance import tables
from finance.forms.reports import DayForm, SpanForm
from finance.views.paging import lines_shown
from finance.views.printing import respond_with_book
from groups.http import GroupRequest, UserRequest
from groups.models import Group
from groups.permissions import Capability, requires
from groups.shared.clock import today_of
from groups.shared.submit import posted, submit
from meetings import selectors, services
from meetings.forms.trainings import TrainingForm
from meetings.forms.visits import WithdrawForm
from meetings.models import Visit
from meetings.tables import attendance_table, trainings_table

LINES_ON_A_PAGE = 50
GUEST_LINES = 5
"""Lines for guests on an attendance list that is not filled in yet."""


@requires(Capability.ASSESS)
@require_GET
def training_list(request: UserRequest) -> HttpResponse:
    """The trainings of all groups in a period, with the members and women they reached."""
    form, today = SpanForm(request.GET), timezone.localdate()
    start, end = form.span(today)
    groups = Group.objects.visible_to(request.user).order_by()
    held = selectors.trainings_held(groups, start=start, end=end)
    reached = selectors.reached_by(held)
    rows = selectors.with_counts(held).select_related("group")
    page = lines_shown(request, rows, at_a_time=LINES_ON_A_PAGE)
    table = partial(trainings_table, request.user, reached=reached, start=start, end=end)
    context = {"form": form, "reached": reached, "page": page, "table": table(page.object_list, page=page)}
    return tables.respond(request, "meetings/training_list.html", context, lambda: table(rows))


@requires(Capability.READ)
@require_GET
def training(request: GroupRequest, pk: int) -> HttpResponse:
    """One training with who took part: its attendance list is printed and signed."""
    found = get_object_or_404(request.group.trainings.select_related("visit", "recorded_by", "withdrawn_by"), pk=pk)
    took_part = [one.member for one in found.participants.select_related("member")]
    table = attendance_table(request.group, took_part, on=found.held_on, guests=found.guests)
    women = sum(member.gender == "P" for member in took_part)
    context = {"training": found, "table": table, "count": len(took_part), "women": women, "tab": "visits"}
    return respond_with_book(request, "meetings/training.html", context, lambda: table)


@requires(Capability.READ)
@require_GET
def attendance_list(request: GroupRequest) -> HttpResponse:
    """The attendance list of a training to come, with the members of a day, to print and to sign."""
    form, today = DayForm(request.GET), today_of(request.group)
    on = form.day(today)
    members = list(request.group.members.effective(on).order_by("number"))
    table = attendance_table(request.group, members, on=on, guests=GUEST_LINES)
    return respond_with_book(
        request, "meetings/training_attendance.html", {"form": form, "table": table, "tab": "visits"}, lambda: table
    )


@requires(Capability.MENTOR)
def training_record(request: GroupRequest) -> HttpResponse:
    """Record a training, of the visit that the address names or held elsewhere."""
    form = TrainingForm(posted(request), group=request.group, actor=request.user, visit=_visit(request))
    return submit(
        request,
        form,
        lambda data: services.training_record(
            actor=request.user, group=request.group, training=form.instance, members=list(data["members"])
        ),
        done=_("The training is recorded."),
        then=lambda made: redirect("training", request.group.code, made.pk),
    ) or render(request, "meetings/training_form.html", {"form": form, "visit": form.instance.visit})


def _visit(request: GroupRequest) -> Visit | None:
    asked = request.GET.get("visit", "")
    if not asked:
        return None
    pk = int(asked) if asked.isascii() and asked.isdecimal() and len(asked) < 16 else 0
    return get_object_or_404(request.group.visits.valid().select_related("visitor"), pk=pk)


@requires(Capability.MENTOR)
def training_withdraw(request: GroupRequest, pk: int) -> HttpResponse:
    """Take back a training recorded by mistake."""
    found = get_object_or_404(request.group.trainings, pk=pk)
    form = WithdrawForm(posted(request))
    return submit(
        request,
        form,
        lambda data: services.training_withdraw(actor=request.user, training=found, **data),
        done=_("The training is withdrawn."),
        then=lambda _training: redirect("visits", request.group.code),
    ) or render(request, "meetings/training_withdraw.html", {"form": form, "training": found})
