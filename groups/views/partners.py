"""Partners of an organisation: the list, one of them, and its profile."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from groups import selectors, services
from groups.forms.partners import PartnerEditForm, PartnerForm, PartnerSearchForm
from groups.http import UserRequest
from groups.models import Partner
from groups.permissions import Capability, requires
from groups.shared.submit import posted, submit

PARTNERS_ON_A_PAGE = 25
ACTIVITIES_SHOWN = 25


@requires(Capability.READ)
def partner_list(request: UserRequest) -> HttpResponse:
    """The partners the person may see, searched and filtered."""
    form = PartnerSearchForm(request.GET)
    partners = selectors.partners_find(request.user, **form.asked()) if form.is_valid() else Partner.objects.none()
    context = {
        "form": form,
        "page": Paginator(partners, PARTNERS_ON_A_PAGE).get_page(request.GET.get("page")),
        "is_filtered": bool(form.errors) or any(form.cleaned_data.values()),
    }
    return render(request, "groups/partner_list.html", context)


@requires(Capability.RECORD)
def partner_create(request: UserRequest) -> HttpResponse:
    """Record a partner."""
    form = PartnerForm(posted(request))
    return submit(
        request,
        form,
        lambda _data: services.partner_create(actor=request.user, partner=form.instance),
        done=_("The partner is recorded."),
        then=lambda partner: redirect("partner", partner.pk),
    ) or render(request, "groups/partner_form.html", {"form": form, "title": _("Record a partner")})


@requires(Capability.READ)
def partner(request: UserRequest, pk: int) -> HttpResponse:
    """One partner: whom to ask for, and what the groups agreed and did with it."""
    visible = Partner.objects.visible_to(request.user).select_related("region__parent__parent__parent", "recorded_by")
    partner = get_object_or_404(visible, pk=pk)
    activities = selectors.activities_with(request.user, partner)
    context = {
        "partner": partner,
        "agreements": selectors.agreements_with(request.user, partner),
        "page": Paginator(activities, ACTIVITIES_SHOWN).get_page(request.GET.get("page")),
    }
    return render(request, "groups/partner.html", context)


@requires(Capability.RECORD)
def partner_edit(request: UserRequest, pk: int) -> HttpResponse:
    """Change the profile of a partner."""
    visible = Partner.objects.visible_to(request.user).select_related("region__parent__parent__parent")
    partner = get_object_or_404(visible, pk=pk)
    form = PartnerEditForm(posted(request), instance=partner)
    return submit(
        request,
        form,
        lambda data: services.partner_update(actor=request.user, partner=form.instance, seen=data["seen"]),
        done=_("Saved."),
        then=lambda _partner: redirect("partner", pk),
    ) or render(request, "groups/partner_form.html", {"form": form, "title": _("Change a partner"), "pk": pk})
