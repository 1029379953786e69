"""Visits to a group: its guest book, planning and recording them, and what is to follow."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from finance.views.paging import lines_shown
from finance.views.printing import frame_of, respond_with_book
from groups.http import GroupRequest, takes_posts_of
from groups.permissions import Capability, requires
from groups.shared.clock import today_of
from groups.shared.submit import posted, submit
from meetings import selectors, services
from meetings.forms.visits import PlanForm, VisitForm, WithdrawForm
from meetings.models import FollowUp, Visit
from meetings.tables import guest_book_table

PAGE, LINES_ON_A_PAGE = 20, 50


@requires(Capability.READ)
@require_GET
def visit_list(request: GroupRequest) -> HttpResponse:
    """What is planned, what is to follow, and the visits that were made."""
    group = request.group
    context = {
        "group": group,
        "today": timezone.localdate(),
        "plans": selectors.planned_visits([group]),
        "follow_ups": selectors.follow_ups_open([group]),
        "trainings": selectors.with_counts(selectors.trainings_held([group], end=today_of(group))),
        "page": Paginator(selectors.visits_of(group), PAGE).get_page(request.GET.get("page")),
    }
    return render(request, "meetings/visit_list.html", context)


@requires(Capability.READ)
@require_GET
def guest_book(request: GroupRequest) -> HttpResponse:
    """The guest book (buku tamu): a page, a print to sign, and files."""
    group, today = request.group, timezone.localdate()
    visits = selectors.visits_made(group, as_of=today)
    page = lines_shown(request, visits, at_a_time=LINES_ON_A_PAGE)
    context = {"page": page, "table": guest_book_table(group, page.object_list, as_of=today), "tab": "visits"}
    whole = partial(guest_book_table, group, visits, as_of=today)
    return respond_with_book(request, "meetings/guest_book.html", context, whole)


@requires(Capability.READ)
@require_GET
def visit(request: GroupRequest, pk: int) -> HttpResponse:
    """One visit, which is also printed and signed."""
    found = get_object_or_404(
        request.group.visits.select_related("visitor", "recorded_by", "withdrawn_by").prefetch_related("follow_ups"),
        pk=pk,
    )
    trainings = selectors.with_counts(found.trainings.valid()) if not found.withdrawn_at else []
    context = {
        "visit": found, "trainings": trainings, "today": timezone.localdate(), "print_frame": frame_of(request),
    }  # fmt: skip
    return render(request, "meetings/visit.html", context)


@requires(Capability.MENTOR)
def visit_plan(request: GroupRequest) -> HttpResponse:
    """Plan a visit."""
    form = PlanForm(posted(request), group=request.group, actor=request.user, initial=_initial(request))
    return submit(
        request,
        form,
        lambda _data: services.visit_plan(actor=request.user, group=request.group, plan=form.instance),
        done=_("The visit is planned."),
        then=lambda _plan: redirect("visits", request.group.code),
    ) or render(request, "meetings/visit_plan.html", {"form": form})


@requires(Capability.MENTOR)
@takes_posts_of("visits")
def visit_plan_withdraw(request: GroupRequest, pk: int) -> HttpResponse:
    """Call a planned visit off."""
    plan = services.visit_plan_withdraw(actor=request.user, plan=get_object_or_404(request.group.planned_visits, pk=pk))
    messages.success(request, _("The visit of %(day)s is called off.") % {"day": date_format(plan.planned_on)})
    return redirect("visits", request.group.code)


@requires(Capability.MENTOR)
def visit_record(request: GroupRequest) -> HttpResponse:
    """Record a visit, the one of a plan or another."""
    form = VisitForm(posted(request), group=request.group, actor=request.user, initial=_initial(request))
    return submit(
        request,
        form,
        lambda _data: services.visit_record(
            actor=request.user, group=request.group, visit=form.instance, follow_ups=form.follow_ups
        ),
        done=_("The visit is recorded."),
        then=lambda made: redirect("visit", request.group.code, made.pk),
    ) or render(request, "meetings/visit_form.html", {"form": form})


def _initial(request: GroupRequest) -> dict[str, Any]:
    """Return what a link says of the plan that is carried out, nothing for another one."""
    asked = request.GET.get("plan", "")
    plan = selectors.planned_visits([request.group]).filter(pk=asked).first() if asked.isdecimal() else None
    if plan is None:
        return {}
    visited_on = min(plan.planned_on, timezone.localdate())
    return {"planned": plan, "visited_on": visited_on, "visitor": plan.visitor, "task": plan.task,
            "purpose": plan.purpose}  # fmt: skip


@requires(Capability.MENTOR)
def visit_withdraw(request: GroupRequest, pk: int) -> HttpResponse:
    """Take back a visit recorded by mistake."""
    found: Visit = get_object_or_404(request.group.visits.select_related("visitor"), pk=pk)
    form = WithdrawForm(posted(request))
    return submit(
        request,
        form,
        lambda data: services.visit_withdraw(actor=request.user, visit=found, **data),
        done=_("The visit is withdrawn."),
        then=lambda _visit: redirect("visits", request.group.code),
    ) or render(request, "meetings/visit_withdraw.html", {"form": form, "visit": found})


@requires(Capability.MENTOR)
@takes_posts_of("visits")
def follow_up_done(request: GroupRequest, pk: int) -> HttpResponse:
    """Mark what was to follow from a visit as done today, or as open again."""
    follow_up = get_object_or_404(FollowUp, pk=pk, group=request.group)
    on = None if request.POST.get("undo") else timezone.localdate()
    services.follow_up_done(actor=request.user, group=request.group, follow_up=follow_up, on=on)
    messages.success(request, _("It is open again.") if on is None else _("It is marked as done."))
    return redirect("visit", request.group.code, follow_up.visit_id)
