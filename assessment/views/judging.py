"""Pages on which a person judges what no record measures, or overrides what the records say."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from assessment import instruments, services
from assessment.forms import JudgeForm, OverrideForm
from assessment.models import Judgement
from assessment.selectors import current_score as selectors
from assessment.views.schemes import Schemes, schemes
from groups.http import GroupRequest, takes_posts_of
from groups.permissions import Capability, requires
from groups.shared.clock import today


@requires(Capability.ASSESS)
def judge(request: GroupRequest) -> HttpResponse:
    """Judge an indicator that no record measures."""
    chosen = schemes(request)
    indicators = selectors.judgeable(instruments.in_force(request.group.organisation_id, chosen.chosen))
    form = JudgeForm(request.POST or None, indicators=indicators, since=request.group.founded_on)
    if request.method == "POST" and form.is_valid():
        try:
            services.judge(actor=request.user, group=request.group, **form.cleaned_data)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, _("The judgement is recorded."))
            return _to_stage(request, chosen)
    return render(request, "assessment/judge.html", {"form": form, "indicators": indicators, "schemes": chosen})


@requires(Capability.ASSESS)
def override_give(request: GroupRequest, indicator: str) -> HttpResponse:
    """Give a measured indicator another level, for a time."""
    chosen = schemes(request)
    current = selectors.current_score(request.group, today(), scheme=chosen.chosen)
    row = current.row(indicator) if current is not None else None
    if row is None or not row.indicator.metric:
        raise Http404
    form = OverrideForm(request.POST or None, levels=row.levels, since=request.group.founded_on)
    if request.method == "POST" and form.is_valid():
        try:
            services.override_give(actor=request.user, group=request.group, **form.cleaned_data)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, _("The level is given; the measured value stands beside it."))
            return _to_stage(request, chosen)
    return render(request, "assessment/override.html", {"form": form, "row": row, "schemes": chosen})


@requires(Capability.ASSESS)
@takes_posts_of("assessment")
def override_withdraw(request: GroupRequest, pk: int) -> HttpResponse:
    """Let the measured value count again."""
    overrides = Judgement.objects.filter(group=request.group, until__isnull=False)
    override = get_object_or_404(overrides.select_related("group", "level__indicator__instrument"), pk=pk)
    services.override_withdraw(actor=request.user, override=override, on=timezone.localdate())
    messages.success(request, _("The measured value counts again."))
    return _to_stage(request, schemes(request))


def _to_stage(request: GroupRequest, chosen: Schemes) -> HttpResponseRedirect:
    return redirect(reverse("assessment", args=[request.group.code]) + chosen.query)
