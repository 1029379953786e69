"""Decisions that are still to be carried out."""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from groups.http import GroupRequest, UserRequest, takes_posts_of
from groups.models import Group
from groups.permissions import Capability, requires
from meetings import selectors, services
from meetings.models import AgendaItem, MeetingStatus

PAGE = 20


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
@takes_posts_of("decision-list")
def decision_done(request: GroupRequest, pk: int) -> HttpResponse:
    """Mark a decision as carried out today, or as open again."""
    item = get_object_or_404(AgendaItem, pk=pk, group=request.group, meeting__status=MeetingStatus.CLOSED)
    on = None if request.POST.get("undo") else timezone.localdate()
    services.decision_done(actor=request.user, group=request.group, item=item, on=on)
    messages.success(request, _("The decision is open again.") if on is None else _("The decision is marked as done."))
    return redirect("decisions") if request.POST.get("all") else redirect("decision-list", request.group.code)
