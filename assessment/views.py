"""Pages of the stage of one group, and the dashboard over many."""

from __future__ import annotations

from datetime import timedelta

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from assessment import charts, instruments, selectors, services, wording
from assessment.forms import DashboardForm, JudgeForm
from groups.http import GroupRequest, UserRequest
from groups.permissions import Capability, requires

GROUPS_ON_A_PAGE = 25
TREND_DAYS = 335
"""Twelve months with the current one."""


@requires(Capability.READ)
def assessment(request: GroupRequest) -> HttpResponse:
    """The stage of a group today, what it rests on, what is missing, and its history."""
    standing = selectors.standing(request.group)
    stored = selectors.history(request.group, standing.instrument.code) if standing is not None else []
    names = {rule.stage: rule.name for rule in standing.rules} if standing is not None else {}
    return render(
        request,
        "assessment/assessment.html",
        {
            "standing": standing,
            "meetings": selectors.counted_meetings(request.group, standing.as_of) if standing is not None else [],
            "history": [(row, names.get(row.stage, row.stage)) for row in reversed(stored)],
            "chart": charts.score_line(stored, standing.rules) if standing is not None and stored else None,
        },
    )


@requires(Capability.ASSESS)
def judge(request: GroupRequest) -> HttpResponse:
    """Judge an indicator that no record measures."""
    indicators = selectors.judgeable(instruments.in_force(request.group.organisation_id))
    form = JudgeForm(request.POST or None, indicators=indicators, since=request.group.founded_on)
    if request.method == "POST" and form.is_valid():
        try:
            services.judge(actor=request.user, group=request.group, **form.cleaned_data)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, _("The judgement is recorded."))
            return redirect("assessment", request.group.code)
    return render(request, "assessment/judge.html", {"form": form, "indicators": indicators})


@requires(Capability.ASSESS)
@require_POST
def assessment_finalise(request: GroupRequest) -> HttpResponse:
    """Keep today's score for good."""
    try:
        services.assessment_finalise(actor=request.user, group=request.group, as_of=timezone.localdate())
    except ValidationError as error:
        messages.error(request, error.messages[0])
    else:
        messages.success(request, _("Today's score is final."))
    return redirect("assessment", request.group.code)


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
