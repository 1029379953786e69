"""Pages that explain instruments, and compare a draft with what scores today."""

from __future__ import annotations

from typing import Any

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_GET

from assessment import instruments
from assessment.forms import CompareForm
from assessment.metrics import all_metrics, value_text
from assessment.models import Indicator
from assessment.selectors import instruments as selectors
from groups.http import UserRequest
from groups.permissions import Capability, requires
from groups.selectors import groups_within

CHANGES_ON_A_PAGE = 50


@requires(Capability.READ)
@require_GET
def instrument_list(request: UserRequest) -> HttpResponse:
    """The instruments a person may read, with their versions."""
    found = selectors.readable(request.user).select_related("organisation").order_by("code", "-version")
    return render(request, "assessment/instrument_list.html", {"instruments": found})


@requires(Capability.READ)
@require_GET
def instrument(request: UserRequest, pk: int) -> HttpResponse:
    """How one version of an instrument gets from records to a stage, in words."""
    found = get_object_or_404(instruments.with_all_parts().filter(pk__in=selectors.readable(request.user)), pk=pk)
    metrics = [(indicator, all_metrics().get(indicator.metric)) for indicator in found.indicators.all()]
    rows = [(indicator, _levels(indicator), metric.formula if metric else "") for indicator, metric in metrics]
    return render(request, "assessment/instrument.html", {"instrument": found, "rows": rows})


@requires(Capability.CONFIGURE)
@require_GET
def instrument_compare(request: UserRequest, pk: int) -> HttpResponse:
    """How many of the person's groups would change stage if this version scored them instead of another."""
    readable = instruments.with_all_parts().filter(pk__in=selectors.readable(request.user))
    second = get_object_or_404(readable, pk=pk)
    others = list(readable.filter(code=second.code).exclude(pk=pk).select_related("organisation"))
    form = CompareForm(request.GET or None, others=others)
    first = form.chosen()
    compared = [one for one in (first, second) if one is not None]
    problems = [f"{one}: {problem}" for one in compared for problem in instruments.scoring_problems(one)]
    context: dict[str, Any] = {
        "instrument": second,
        "first": first,
        "form": form,
        "problems": problems,
        "comparison": None,
    }
    if first is not None and not problems:
        today = timezone.localdate()
        found = selectors.comparison(groups_within(request.user, as_of=today), first, second, today)
        context["comparison"] = found
        context["page"] = Paginator(found.changes, CHANGES_ON_A_PAGE).get_page(request.GET.get("page"))
    return render(request, "assessment/instrument_compare.html", context)


def _levels(indicator: Indicator) -> list[tuple[str, int]]:
    """Return what each level asks for, and its points."""
    return [
        (level.label or f"≥ {value_text(indicator.metric, float(level.threshold))}", level.points)
        for level in indicator.levels.all()
    ]
