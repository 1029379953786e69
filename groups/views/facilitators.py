"""Who accompanies a group."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from groups import services
from groups.forms.facilitators import AssignmentForm
from groups.http import GroupRequest
from groups.permissions import Capability, requires


@requires(Capability.CONFIGURE)
def facilitators(request: GroupRequest) -> HttpResponse:
    """Who accompanies the group; assign another facilitator."""
    form = AssignmentForm(request.POST or None, group=request.group)
    if request.method == "POST" and form.is_valid():
        try:
            services.facilitator_assign(
                actor=request.user,
                group=request.group,
                facilitator=form.cleaned_data["facilitator"],
                started_on=form.cleaned_data["started_on"],
            )
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, _("Saved."))
            return redirect("facilitators", request.group.code)
    assignments = request.group.assignments.select_related("facilitator")
    return render(request, "groups/facilitators.html", {"form": form, "assignments": assignments})


@requires(Capability.CONFIGURE)
@require_POST
def facilitator_end(request: GroupRequest, pk: int) -> HttpResponse:
    """End an assignment today."""
    assignment = get_object_or_404(request.group.assignments, pk=pk)
    if assignment.ended_on is None:
        ended_on = max(timezone.localdate(), assignment.started_on)
        services.assignment_end(actor=request.user, assignment=assignment, ended_on=ended_on)
    messages.success(request, _("%(person)s sees this group no more.") % {"person": assignment.facilitator})
    return redirect("facilitators", request.group.code)
