"""Who holds which office; elections and their corrections."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from groups import selectors, services
from groups.forms.officers import ElectionForm, TermCorrectionForm
from groups.http import GroupRequest
from groups.models import OfficerTerm
from groups.permissions import Capability, requires
from groups.shared.submit import posted, submit


@requires(Capability.READ)
def officers(request: GroupRequest) -> HttpResponse:
    """Who holds which office, and who did before."""
    group, today = request.group, timezone.localdate()
    context = {
        "terms": selectors.terms_on(group, list(selectors.officer_terms(group)), as_of=today),
        "notices": selectors.leadership_notices(group, as_of=today),
        "corrections": selectors.term_corrections(group),
    }
    return render(request, "groups/officers.html", context)


@requires(Capability.RECORD)
def election(request: GroupRequest) -> HttpResponse:
    """Record the election of one or more officers."""
    form = ElectionForm(posted(request), group=request.group)
    terms = selectors.officer_terms(request.group).effective(timezone.localdate())
    return submit(
        request,
        form,
        lambda data: services.officers_elect(
            actor=request.user, group=request.group, elected=form.elected(), on=data["started_on"]
        ),
        done=_("The election is recorded."),
        then=lambda _terms: redirect("officers", request.group.code),
    ) or render(request, "groups/election.html", {"form": form, "terms": terms})


@requires(Capability.RECORD)
def term_correct(request: GroupRequest, pk: int) -> HttpResponse:
    """Correct the day of an election, or remove an election that never was."""
    terms = selectors.officer_terms(request.group)
    term = terms.filter(pk=pk).first()
    if term is None:
        if any(correction.term_id == pk for correction in selectors.term_corrections(request.group)):
            return redirect("officers", request.group.code)
        raise Http404
    others = terms.filter(started_on=term.started_on).exclude(pk=pk)
    form = TermCorrectionForm(posted(request), others=bool(others))
    return submit(
        request,
        form,
        lambda data: _correct(request, term, **data),
        done=_("The election is corrected."),
        then=lambda _none: redirect("officers", request.group.code),
    ) or render(request, "groups/term_correct.html", {"form": form, "term": term, "others": others})


def _correct(
    request: GroupRequest,
    term: OfficerTerm,
    *,
    what: str,
    started_on: date,
    reason: str,
    whole_election: bool = False,
) -> None:
    correction: dict[str, Any] = {"whole_election": whole_election, "reason": reason}
    if what == "day":
        services.term_redate(actor=request.user, term=term, started_on=started_on, **correction)
    else:
        services.term_remove(actor=request.user, term=term, **correction)
