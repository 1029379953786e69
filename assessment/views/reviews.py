"""The form on which staff write down that they looked into signals and needs of a group."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _

from assessment import services
from assessment.forms import ReviewForm
from assessment.models import Review
from assessment.selectors.reviews import subjects_of
from groups.http import GroupRequest, takes_posts_of
from groups.permissions import Capability, requires
from groups.shared.clock import today
from groups.shared.submit import posted, submit


def is_only_open(request: HttpRequest) -> bool:
    """Say whether a list is asked for without what was looked into."""
    return request.GET.get("open") == "1"


@requires(Capability.ASSESS)
def review(request: GroupRequest) -> HttpResponse:
    """Write down that something at a group was looked into; saved or not it leads back to where it was opened."""
    subjects = subjects_of(request.group, today())
    form = ReviewForm(posted(request), subjects=subjects, chosen=request.GET.getlist("subject"))
    return submit(
        request,
        form,
        lambda data: services.reviews_record(actor=request.user, group=request.group, **data),
        done=_("It is recorded as looked into."),
        then=lambda _reviews: HttpResponseRedirect(_back(request)),
    ) or render(request, "assessment/review.html", {"form": form, "subjects": subjects, "back": _back(request)})


@requires(Capability.ASSESS)
@takes_posts_of("assessment")
def review_withdraw(request: GroupRequest, pk: int) -> HttpResponse:
    """Take back that something was looked into."""
    found = get_object_or_404(Review.objects.select_related("group"), group=request.group, pk=pk)
    if services.review_withdraw(actor=request.user, review=found):
        messages.success(request, _("It is no longer recorded as looked into."))
    else:
        found.refresh_from_db(fields=["withdrawn_by"])
        by_oneself = found.withdrawn_by_id == request.user.pk
        told = _("You withdrew this already.") if by_oneself else _("Somebody withdrew this already.")
        messages.info(request, told)
    return HttpResponseRedirect(_back(request))


def _back(request: GroupRequest) -> str:
    """Return the address of the list that led here, or of the group's own where that is none of ours."""
    asked = request.GET.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(asked, {request.get_host()}, require_https=request.is_secure())
    own = f"{reverse('assessment', args=[request.group.code])}#look-into"
    return asked if is_ours else own
