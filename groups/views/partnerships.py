"""Partnerships of a group: the five steps, agreements to print, papers and activities."""

from __future__ import annotations

from typing import Any

from django.core.paginator import Paginator
from django.forms import BaseForm
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from groups import selectors, services
from groups.forms.partnerships import (
    STEP_FORMS,
    ActivityForm,
    AgreementForm,
    ClosePartnershipForm,
    DocumentForm,
    EndAgreementForm,
    PartnershipForm,
    WithdrawForm,
)
from groups.http import GroupRequest
from groups.models import (
    OfficerRole,
    PartnerActivity,
    Partnership,
    PartnershipAgreement,
    PartnershipDocument,
    StepNumber,
)
from groups.permissions import Capability, requires
from groups.shared.submit import posted, submit

ACTIVITIES_ON_A_PAGE = 25


@requires(Capability.READ)
def partnerships(request: GroupRequest) -> HttpResponse:
    """The partnerships of a group with how far each is, and the activities with others."""
    activities = Paginator(selectors.partner_activities(request.group), ACTIVITIES_ON_A_PAGE)
    context = {
        "partnerships": selectors.partnerships_on(request.group, as_of=timezone.localdate()),
        "page": activities.get_page(request.GET.get("page")),
    }
    return render(request, "groups/partnerships.html", context)


@requires(Capability.RECORD)
def partnership_create(request: GroupRequest) -> HttpResponse:
    """Begin to look for a partner."""
    form = PartnershipForm(posted(request), group=request.group)
    return submit(
        request,
        form,
        lambda _data: services.partnership_begin(actor=request.user, group=request.group, partnership=form.instance),
        done=_("Recorded. Now go through the five steps."),
        then=lambda partnership: redirect("partnership", request.group.code, partnership.pk),
    ) or _form_page(request, form, _("Begin a partnership"))


@requires(Capability.READ)
def partnership(request: GroupRequest, pk: int) -> HttpResponse:
    """One partnership: its five steps as a list of tasks, agreements, papers and activities."""
    partnership = get_object_or_404(request.group.partnerships, pk=pk)
    context = {
        "found": selectors.partnership_on(partnership, as_of=timezone.localdate()),
        "today": timezone.localdate(),
        "documents": partnership.documents.select_related("recorded_by", "withdrawn_by"),
        "withdrawn": partnership.agreements.filter(withdrawn_at__isnull=False).select_related(
            "partner", "withdrawn_by"
        ),
        "activities": selectors.partner_activities(request.group).filter(partnership=partnership),
    }
    return render(request, "groups/partnership.html", context)


@requires(Capability.RECORD)
def partnership_step(request: GroupRequest, pk: int, number: int) -> HttpResponse:
    """Record that a step is done, or plan it for a day."""
    partnership = get_object_or_404(request.group.partnerships, pk=pk)
    if number not in StepNumber.values:
        raise Http404
    step = StepNumber(number)
    form = STEP_FORMS[step](posted(request), partnership=partnership, number=step)
    return submit(
        request,
        form,
        lambda _data: services.partnership_step(
            actor=request.user, partnership=partnership, step=form.instance, **form.details
        ),
        done=_("Saved."),
        then=lambda _step: redirect("partnership", request.group.code, pk),
    ) or _form_page(request, form, _("Step %(number)d: %(name)s") % {"number": number, "name": step.label}, partnership)


@requires(Capability.RECORD)
def partnership_close(request: GroupRequest, pk: int) -> HttpResponse:
    """Close a partnership."""
    partnership = get_object_or_404(request.group.partnerships, pk=pk)
    form = ClosePartnershipForm(posted(request))
    return submit(
        request,
        form,
        lambda data: services.partnership_close(
            actor=request.user, partnership=partnership, closed_on=data["on"], why=data["why"]
        ),
        done=_("Saved."),
        then=lambda _partnership: redirect("partnership", request.group.code, pk),
    ) or _form_page(request, form, _("Close a partnership"), partnership)


@requires(Capability.RECORD)
def agreement_create(request: GroupRequest, pk: int) -> HttpResponse:
    """Record what was agreed in writing, the fifth step."""
    partnership = get_object_or_404(request.group.partnerships, pk=pk)
    form = AgreementForm(posted(request), partnership=partnership)
    return submit(
        request,
        form,
        lambda _data: services.agreement_sign(actor=request.user, partnership=partnership, agreement=form.instance),
        done=_("The agreement is recorded. Print it and let both sides sign."),
        then=lambda agreement: redirect("agreement", request.group.code, agreement.pk),
    ) or _form_page(request, form, _("Write the agreement"), partnership)


@requires(Capability.READ)
def agreement(request: GroupRequest, pk: int) -> HttpResponse:
    """An agreement (naskah perjanjian kemitraan), to print and to sign by both sides."""
    agreements = request.group.partnership_agreements.select_related(
        "partner__region__parent__parent__parent", "partnership", "recorded_by", "ended_by", "withdrawn_by"
    )
    agreement = get_object_or_404(agreements, pk=pk)
    terms = selectors.officer_terms(request.group).effective(agreement.agreed_on)
    context = {
        "agreement": agreement,
        "is_in_force": agreement.is_in_force(timezone.localdate()),
        "ends_soon": agreement.ends_soon(timezone.localdate()),
        "chair": terms.filter(role=OfficerRole.KETUA).first(),
        "village": request.group.village,
    }
    return render(request, "groups/agreement.html", context)


@requires(Capability.RECORD)
def agreement_end(request: GroupRequest, pk: int) -> HttpResponse:
    """End an agreement before its last day."""
    agreement = get_object_or_404(request.group.partnership_agreements.select_related("partnership"), pk=pk)
    form = EndAgreementForm(posted(request))
    return submit(
        request,
        form,
        lambda data: services.agreement_end(
            actor=request.user, agreement=agreement, ended_on=data["on"], why=data["why"]
        ),
        done=_("Saved."),
        then=lambda _agreement: redirect("agreement", request.group.code, pk),
    ) or _form_page(request, form, _("End an agreement early"), agreement.partnership)


@requires(Capability.RECORD)
def agreement_withdraw(request: GroupRequest, pk: int) -> HttpResponse:
    """Take back an agreement that was recorded by mistake."""
    agreements = request.group.partnership_agreements.select_related("partnership")
    return _withdraw(request, get_object_or_404(agreements, pk=pk), _("Withdraw an agreement"))


@requires(Capability.RECORD)
def partnership_document(request: GroupRequest, pk: int) -> HttpResponse:
    """Record a paper of a partnership."""
    partnership = get_object_or_404(request.group.partnerships, pk=pk)
    form = DocumentForm(posted(request), partnership=partnership)
    return submit(
        request,
        form,
        lambda _data: services.partnership_document_add(
            actor=request.user, partnership=partnership, document=form.instance
        ),
        done=_("Saved."),
        then=lambda _document: redirect("partnership", request.group.code, pk),
    ) or _form_page(request, form, _("Record a document"), partnership)


@requires(Capability.RECORD)
def document_withdraw(request: GroupRequest, pk: int) -> HttpResponse:
    """Take back a paper that was recorded by mistake."""
    documents = PartnershipDocument.objects.filter(group=request.group).select_related("partnership")
    return _withdraw(request, get_object_or_404(documents, pk=pk), _("Withdraw a document"))


@requires(Capability.RECORD)
def activity_record(request: GroupRequest) -> HttpResponse:
    """Record an activity with somebody outside; `partnership` in the address chooses it beforehand."""
    asked = request.GET.get("partnership", "")
    chosen = request.group.partnerships.filter(pk=int(asked)).first() if _is_number(asked) else None
    initial = {"partnership": chosen, "partner": selectors.partner_of(chosen)} if chosen is not None else {}
    form = ActivityForm(posted(request), group=request.group, initial=initial)
    return submit(
        request,
        form,
        lambda _data: services.partner_activity_record(actor=request.user, group=request.group, activity=form.instance),
        done=_("The activity is recorded."),
        then=lambda activity: _to_partnership(request, activity.partnership),
    ) or _form_page(request, form, _("Record an activity"), chosen)


@requires(Capability.RECORD)
def activity_withdraw(request: GroupRequest, pk: int) -> HttpResponse:
    """Take back an activity that was recorded by mistake."""
    activities = PartnerActivity.objects.filter(group=request.group).select_related("partnership")
    return _withdraw(request, get_object_or_404(activities, pk=pk), _("Withdraw an activity"))


def _withdraw(
    request: GroupRequest, record: PartnershipAgreement | PartnershipDocument | PartnerActivity, title: str
) -> HttpResponse:
    form = WithdrawForm(posted(request))
    return submit(
        request,
        form,
        lambda data: services.partnership_record_withdraw(actor=request.user, record=record, why=data["why"]),
        done=_("It is withdrawn."),
        then=lambda _none: _to_partnership(request, record.partnership),
    ) or _form_page(request, form, title, record.partnership, about=str(record))


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 16


def _to_partnership(request: GroupRequest, partnership: Partnership | None) -> HttpResponse:
    code = request.group.code
    return redirect("partnerships", code) if partnership is None else redirect("partnership", code, partnership.pk)


def _form_page(
    request: GroupRequest, form: BaseForm, title: str, partnership: Partnership | None = None, **context: Any
) -> HttpResponse:
    """Return the page of a form about a partnership, or about none yet."""
    context |= {"form": form, "title": title, "partnership": partnership}
    return render(request, "groups/partnership_form.html", context)
