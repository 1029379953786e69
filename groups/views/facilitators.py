"""Who accompanies a group."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from groups import services
from groups.forms.facilitators import AssignmentForm
from groups.http import GroupRequest, takes_posts_of
from groups.permissions import Capability, requires
from groups.shared.clock import today
from groups.shared.submit import posted, submit


@requires(Capability.CONFIGURE)
def facilitators(request: GroupRequest) -> HttpResponse:
    """Who accompanies the group; assign another facilitator."""
    form = AssignmentForm(posted(request), group=request.group)
    assignments = request.group.assignments.select_related("facilitator")
    return submit(
        request,
        form,
        lambda data: services.facilitator_assign(actor=request.user, group=request.group, **data),
        done=_("Saved."),
        then=lambda _assignment: redirect("facilitators", request.group.code),
    ) or render(request, "groups/facilitators.html", {"form": form, "assignments": assignments, "today": today()})


@requires(Capability.CONFIGURE)
@takes_posts_of("facilitators")
def facilitator_end(request: GroupRequest, pk: int) -> HttpResponse:
    """End an assignment today."""
    assignment = get_object_or_404(request.group.assignments, pk=pk)
    ended_on = max(today(), assignment.started_on)
    services.assignment_end(actor=request.user, assignment=assignment, ended_on=ended_on)
    messages.success(request, _("%(person)s no longer sees this group.") % {"person": assignment.facilitator})
    return redirect("facilitators", request.group.code)
