"""Who holds which office; elections and their corrections."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from groups import selectors, services
from groups.forms.officers import ElectionForm, TermCorrectionForm
from groups.http import GroupRequest
from groups.permissions import Capability, requires


@requires(Capability.READ)
def officers(request: GroupRequest) -> HttpResponse:
    """Who holds which office, and who did before."""
    return render(
        request,
        "groups/officers.html",
        {
            "terms": selectors.officer_terms(request.group),
            "corrections": selectors.term_corrections(request.group),
        },
    )


@requires(Capability.RECORD)
def election(request: GroupRequest) -> HttpResponse:
    """Record the election of one or more officers."""
    form = ElectionForm(request.POST or None, group=request.group)
    if request.method == "POST" and form.is_valid():
        try:
            services.officers_elect(
                actor=request.user,
                group=request.group,
                elected=form.elected(),
                on=form.cleaned_data["started_on"],
            )
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, _("The election is recorded."))
            return redirect("officers", request.group.code)
    return render(
        request,
        "groups/election.html",
        {"form": form, "terms": selectors.officer_terms(request.group).filter(ended_on__isnull=True)},
    )


@requires(Capability.RECORD)
def term_correct(request: GroupRequest, pk: int) -> HttpResponse:
    """Correct the day of an election, or remove an election that never was."""
    terms = selectors.officer_terms(request.group)
    term = terms.filter(pk=pk).first()
    if term is None:
        if any(correction.term_id == pk for correction in selectors.term_corrections(request.group)):
            return redirect("officers", request.group.code)
        raise Http404
    others = [other for other in terms.filter(started_on=term.started_on) if other != term]
    form = TermCorrectionForm(request.POST or None, others=bool(others))
    if request.method == "POST" and form.is_valid():
        found = form.cleaned_data
        what = {"whole_election": found.get("whole_election", False), "reason": found["reason"]}
        try:
            if found["what"] == "day":
                services.term_redate(actor=request.user, term=term, started_on=found["started_on"], **what)
            else:
                services.term_remove(actor=request.user, term=term, **what)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, _("The election is corrected."))
            return redirect("officers", request.group.code)
    return render(request, "groups/term_correct.html", {"form": form, "term": term, "others": others})
