"""The page with the records behind one indicator."""

from __future__ import annotations

from django.http import Http404, HttpResponse
from django.shortcuts import render

from assessment.forms import AsOfForm
from assessment.selectors import evidence as selectors
from assessment.selectors.standing import standing
from assessment.views.schemes import schemes
from groups.http import GroupRequest
from groups.permissions import Capability, requires


@requires(Capability.READ)
def evidence(request: GroupRequest, indicator: str) -> HttpResponse:
    """The very meetings, loans and entries that an indicator counts as of a day, by default today."""
    chosen = schemes(request)
    form = AsOfForm(request.GET, since=request.group.founded_on)
    found = standing(request.group, form.day, chosen.chosen)
    row = found.row(indicator) if found is not None else None
    if found is None or row is None or not row.indicator.metric:
        raise Http404
    if form.is_valid():
        form.initial, form.is_bound = {"as_of": form.day, "scheme": request.GET.get("scheme", "")}, False
    return render(
        request,
        "assessment/evidence.html",
        {
            "form": form,
            "row": row,
            "standing": found,
            "schemes": chosen,
            "tables": selectors.evidence(row.indicator.metric, request.group, found.as_of).tables,
        },
    )
