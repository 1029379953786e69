"""The page that tries out what would bring a group to its next stage."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render

from assessment.forms import WhatIfForm
from assessment.selectors.current_score import current_score
from assessment.selectors.what_if import what_if
from assessment.views.schemes import schemes
from groups.http import GroupRequest
from groups.permissions import Capability, requires
from groups.shared.clock import today


@requires(Capability.READ)
def assessment_what_if(request: GroupRequest) -> HttpResponse:
    """Show the stage that a set of changes would give; nothing is stored."""
    chosen = schemes(request)
    found = current_score(request.group, today(), scheme=chosen.chosen)
    form = WhatIfForm(request.GET, rows=found.rows if found is not None else [])
    changes = form.changes()
    context = {
        "form": form,
        "current": found,
        "schemes": chosen,
        "what_if": what_if(found, changes) if found is not None and changes else None,
    }
    return render(request, "assessment/what_if.html", context)
