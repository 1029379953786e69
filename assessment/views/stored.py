"""Pages of stored assessments: one as it was, and the step that makes the draft of a day final."""

from __future__ import annotations

from datetime import date

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from assessment import services
from assessment.forms import AsOfForm
from assessment.selectors.certificates import certificate
from assessment.selectors.current_score import current_score
from assessment.selectors.stored import is_final, shown_before, stored
from assessment.views.schemes import schemes
from finance.selectors import Signer, print_frame, signers
from groups.http import GroupRequest
from groups.permissions import Capability, requires


@requires(Capability.READ)
def assessment_stored(request: GroupRequest, day: date) -> HttpResponse:
    """One assessment as it was stored, to read and to sign."""
    chosen = schemes(request)
    found = stored(request.group, chosen.chosen, day)
    if found is None:
        raise Http404
    assessor = found.assessment.finalised_by
    ketua, *_others = signers(request.group, as_of=timezone.localdate())
    signing = [ketua, Signer(_("Facilitator"), ""), Signer(_("Assessed by"), str(assessor) if assessor else "")]
    context = {"stored": found, "schemes": chosen, "signers": signing}
    return render(request, "assessment/stored.html", context)


@requires(Capability.READ)
def assessment_certificate(request: GroupRequest, day: date) -> HttpResponse:
    """What a final score says of the group, to print and to sign."""
    found = certificate(request.group, schemes(request).chosen, day)
    if found is None:
        raise Http404
    signing = [Signer(found.issuer, str(found.assessment.finalised_by))]
    today = timezone.localdate()
    place = print_frame(request.group, as_of=today).place
    context = {"certificate": found, "signers": signing, "is_valid": found.is_valid(today), "place": place}
    return render(request, "assessment/certificate.html", context)


@requires(Capability.READ)
def assessment_shown(request: GroupRequest, pk: int) -> HttpResponse:
    """What was shown of a past day before a record that came late changed it."""
    found = shown_before(request.group, pk)
    if found is None:
        raise Http404
    revision, shown = found
    return render(request, "assessment/shown.html", {"revision": revision, "stored": shown})


@requires(Capability.ASSESS)
def assessment_finalise(request: GroupRequest) -> HttpResponse:
    """Show the draft of a day, by default today, and keep it for good."""
    chosen = schemes(request)
    form = AsOfForm(request.POST or request.GET, since=request.group.founded_on)
    if request.method == "POST" and form.is_valid() and _made_final(request, form, chosen.chosen):
        messages.success(request, _("This score is final."))
        return redirect(reverse("assessment-stored", args=[request.group.code, form.day]) + chosen.query)
    if form.is_valid():
        form.initial, form.is_bound = {"as_of": form.day, "scheme": chosen.chosen}, False
    final = is_final(request.group, chosen.chosen, form.day)
    context = {
        "form": form,
        "schemes": chosen,
        "final_day": form.day if final else None,
        "current": None if final else current_score(request.group, form.day, chosen.chosen),
    }
    return render(request, "assessment/finalise.html", context)


def _made_final(request: GroupRequest, form: AsOfForm, scheme: str) -> bool:
    """Make the draft that was seen final; False, with the reason at the form, where that is refused."""
    seen = request.POST.get("seen", "")
    try:
        services.assessment_finalise(actor=request.user, group=request.group, as_of=form.day, scheme=scheme, seen=seen)
    except ValidationError as error:
        form.add_error(None, error)
        return False
    return True
