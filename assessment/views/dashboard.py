"""The dashboard over many groups."""

from __future__ import annotations

from datetime import timedelta

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from assessment import charts, services, wording
from assessment.forms import DashboardForm
from assessment.selectors import dashboard as selectors
from groups.http import UserRequest
from groups.permissions import Capability, requires

GROUPS_ON_A_PAGE = 25
TREND_DAYS = 335
"""Twelve months with the current one."""


@requires(Capability.ASSESS)
def dashboard(request: UserRequest) -> HttpResponse:
    """Stages of all groups the person may see, their trend, and who needs help most."""
    form = _dashboard_form(request)
    filters = form.filters()
    groups = selectors.dashboard_groups(request.user, filters)
    counts = selectors.stage_counts(groups, filters.scheme)
    since = timezone.localdate() - timedelta(TREND_DAYS)
    months = selectors.trend(groups, filters.scheme, since, stages=len(form.stages))
    paginator = Paginator(selectors.by_need(groups, filters.scheme, filters.stage), GROUPS_ON_A_PAGE)
    # The counts say it already; counting again would be one more statement.
    paginator.count = counts.get(filters.stage, 0) if filters.stage else sum(counts.values())
    page = paginator.get_page(request.GET.get("page"))
    names = {rule.stage: rule.name for rule in form.stages}
    return render(
        request,
        "assessment/dashboard.html",
        {
            "form": form,
            "counts": [(rule, counts.get(rule.stage, 0)) for rule in form.stages],
            "never_assessed": counts.get("NONE", 0),
            "total": sum(counts.values()),
            "months": months,
            "chart": charts.stacked_bars(months, form.stages) if months else None,
            "stages": form.stages,
            "page": page,
            "rows": [(row, names.get(row.stage, row.stage), wording.reasons(row.need)) for row in page],
            "newer": selectors.with_newer_records(groups, filters.scheme).count(),
        },
    )


@requires(Capability.ASSESS)
@require_POST
def dashboard_score(request: UserRequest) -> HttpResponse:
    """Score the groups of the dashboard whose records are newer than their score."""
    filters = _dashboard_form(request).filters()
    groups = selectors.with_newer_records(selectors.dashboard_groups(request.user, filters), filters.scheme)
    count = services.assess_groups(actor=request.user, groups=groups, as_of=timezone.localdate())
    messages.success(request, ngettext("%(count)d group scored.", "%(count)d groups scored.", count) % {"count": count})
    query = request.GET.urlencode()
    return redirect(f"{reverse('dashboard')}?{query}" if query else "dashboard")


def _dashboard_form(request: UserRequest) -> DashboardForm:
    return DashboardForm(request.GET, actor=request.user)
