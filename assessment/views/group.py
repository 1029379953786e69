"""Pages of the stage of one group."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render

from assessment import charts, group_charts
from assessment.selectors import standing as selectors
from assessment.selectors.signals import signals_of
from assessment.views.schemes import schemes
from groups.http import GroupRequest
from groups.permissions import Capability, can, requires


@requires(Capability.READ)
def assessment(request: GroupRequest) -> HttpResponse:
    """The stage of a group today, what it rests on, what is missing, and its history."""
    chosen = schemes(request)
    standing = selectors.standing(request.group, scheme=chosen.chosen)
    stored = selectors.history(request.group, standing.instrument.code) if standing is not None else []
    names = {rule.stage: rule.name for rule in standing.rules} if standing is not None else {}
    return render(
        request,
        "assessment/assessment.html",
        {
            "standing": standing,
            "schemes": chosen,
            "signals": signals_of(request.group) if can(request.user, Capability.ASSESS) else [],
            "radar": group_charts.radar(standing.areas) if standing is not None else None,
            "meetings": selectors.counted_meetings(request.group, standing.as_of) if standing is not None else [],
            "history": [(row, names.get(row.stage, row.stage)) for row in reversed(stored)],
            "chart": charts.score_line(stored, standing.rules) if standing is not None and stored else None,
        },
    )
