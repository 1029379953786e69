"""Pages of federations: their groups with what they add up to, meetings, contacts and contributions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.core.paginator import Paginator
from django.forms import BaseForm
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

import groups.services
from groups import selectors
from groups.forms.federations import (
    ContributionForm,
    ContributionPaymentForm,
    FederationContactForm,
    FederationEditForm,
    FederationForm,
    FederationMeetingForm,
    FederationOfficerForm,
    JoinForm,
    LeaveFederationForm,
)
from groups.forms.partnerships import WithdrawForm
from groups.http import UserRequest
from groups.models import (
    Federation,
    FederationContact,
    FederationMeeting,
    FederationMembership,
    FederationOfficer,
    FederationPayment,
    Group,
    Member,
    OfficerRole,
    Partner,
)
from groups.permissions import Capability, requires
from groups.shared.submit import posted, submit
from kelompok.selectors.federations import federation_figures
from kelompok.services.federations import contribution_pay, contribution_take_back

FEDERATIONS_ON_A_PAGE, RECORDS_ON_A_PAGE = 25, 20


@requires(Capability.READ)
def federation_list(request: UserRequest) -> HttpResponse:
    """The federations that concern the person."""
    found = selectors.federations_find(request.user, as_of=timezone.localdate())
    page = Paginator(found, FEDERATIONS_ON_A_PAGE).get_page(request.GET.get("page"))
    return render(request, "groups/federation_list.html", {"page": page})


@requires(Capability.CONFIGURE)
def federation_create(request: UserRequest) -> HttpResponse:
    """Record a federation."""
    form = FederationForm(posted(request))
    return submit(
        request,
        form,
        lambda _data: groups.services.federation_create(actor=request.user, federation=form.instance),
        done=_("The federation is recorded. Now let its groups join."),
        then=lambda federation: redirect("federation", federation.pk),
    ) or _form_page(request, form, _("Record a federation"))


@requires(Capability.READ)
def federation(request: UserRequest, pk: int) -> HttpResponse:
    """One federation: its groups with what they add up to, officers, contributions and the last meetings."""
    federation = _federation(request, pk)
    today = timezone.localdate()
    officers = selectors.federation_officers(federation)
    context = {
        "federation": federation,
        "figures": federation_figures(request.user, federation, as_of=today),
        "officers": sorted((officer for officer in officers if officer.ended_on is None), key=_by_office),
        "former_officers": [officer for officer in officers if officer.ended_on is not None],
        "last_meeting": selectors.federation_meetings(federation).filter(withdrawn_at=None).first(),
        "today": today,
    }
    return render(request, "groups/federation.html", context)


def _by_office(officer: FederationOfficer) -> int:
    return OfficerRole.values.index(officer.role)


@requires(Capability.CONFIGURE)
def federation_edit(request: UserRequest, pk: int) -> HttpResponse:
    """Change the profile of a federation."""
    federation = _federation(request, pk)
    form = FederationEditForm(posted(request), instance=federation)
    return submit(
        request,
        form,
        lambda data: groups.services.federation_update(actor=request.user, federation=form.instance, seen=data["seen"]),
        done=_("Saved."),
        then=lambda _federation: redirect("federation", pk),
    ) or _form_page(request, form, _("Change a federation"), _federation(request, pk))


@requires(Capability.CONFIGURE)
def federation_join(request: UserRequest, pk: int) -> HttpResponse:
    """Let a group join."""
    federation = _federation(request, pk)
    free = selectors.groups_that_may_join(federation, as_of=timezone.localdate())
    seen = Group.objects.visible_to(request.user).order_by().values("pk")
    form = JoinForm(posted(request), groups=free.filter(pk__in=seen))
    return _record(
        request,
        form,
        lambda data: groups.services.federation_join(
            actor=request.user, federation=federation, group=data["group"], membership=form.instance
        ),
        federation,
        title=_("A group joins"),
    )


@requires(Capability.CONFIGURE)
def federation_leave(request: UserRequest, pk: int) -> HttpResponse:
    """Let a group leave."""
    seen = Group.objects.visible_to(request.user).order_by().values("pk")
    memberships = FederationMembership.objects.filter(group__in=seen).select_related("group", "federation")
    membership = get_object_or_404(memberships, pk=pk)
    form = LeaveFederationForm(posted(request))
    return _record(
        request,
        form,
        lambda data: groups.services.federation_leave(
            actor=request.user, membership=membership, ended_on=data["on"], why=data["why"]
        ),
        _federation(request, membership.federation_id),
        title=_("%s leaves") % membership.group,
    )


@requires(Capability.CONFIGURE)
def federation_elect(request: UserRequest, pk: int) -> HttpResponse:
    """Record who takes an office."""
    federation = _federation(request, pk)
    seen = Group.objects.visible_to(request.user).order_by().values("pk")
    belonging = federation.memberships.filter(ended_on__isnull=True, group__in=seen).values("group")
    members = Member.objects.filter(group__in=belonging, left_on__isnull=True).select_related("group")
    form = FederationOfficerForm(posted(request), members=members.order_by("group__name", "group", "number"))
    return _record(
        request,
        form,
        lambda _data: groups.services.federation_elect(
            actor=request.user, federation=federation, officer=form.instance
        ),
        federation,
        title=_("Record an officer of the federation"),
    )


@requires(Capability.READ)
def federation_meetings(request: UserRequest, pk: int) -> HttpResponse:
    """The minute book of a federation, and what it did with partners."""
    federation = _federation(request, pk)
    meetings = Paginator(selectors.federation_meetings(federation), RECORDS_ON_A_PAGE)
    context = {
        "federation": federation,
        "page": meetings.get_page(request.GET.get("page")),
        "contacts": selectors.federation_contacts(federation)[:RECORDS_ON_A_PAGE],
    }
    return render(request, "groups/federation_meetings.html", context)


@requires(Capability.RECORD)
def federation_meeting_record(request: UserRequest, pk: int) -> HttpResponse:
    """Record a meeting of a federation."""
    federation = _federation(request, pk)
    belonged = Group.objects.filter(federation_memberships__federation=federation).distinct().order_by("name", "pk")
    form = FederationMeetingForm(posted(request), groups=belonged)
    return _record(
        request,
        form,
        lambda data: groups.services.federation_meeting_record(
            actor=request.user, federation=federation, meeting=form.instance, present=list(data["present"])
        ),
        federation,
        title=_("Record a meeting of the federation"),
        then="federation-meetings",
    )


@requires(Capability.RECORD)
def federation_contact_record(request: UserRequest, pk: int) -> HttpResponse:
    """Record what a federation did with a partner."""
    federation = _federation(request, pk)
    form = FederationContactForm(
        posted(request), partners=Partner.objects.filter(organisation=federation.organisation_id)
    )
    return _record(
        request,
        form,
        lambda _data: groups.services.federation_contact_record(
            actor=request.user, federation=federation, contact=form.instance
        ),
        federation,
        title=_("Record a contact of the federation"),
        then="federation-meetings",
    )


@requires(Capability.RECORD)
def federation_meeting_withdraw(request: UserRequest, pk: int) -> HttpResponse:
    """Take back a meeting that was recorded by mistake."""
    return _withdraw(request, get_object_or_404(FederationMeeting, pk=pk), _("Withdraw a meeting"))


@requires(Capability.RECORD)
def federation_contact_withdraw(request: UserRequest, pk: int) -> HttpResponse:
    """Take back a contact that was recorded by mistake."""
    return _withdraw(request, get_object_or_404(FederationContact, pk=pk), _("Withdraw a contact"))


def _withdraw(request: UserRequest, record: FederationMeeting | FederationContact, title: str) -> HttpResponse:
    federation = _federation(request, record.federation_id)
    form = WithdrawForm(posted(request))
    return _record(
        request,
        form,
        lambda data: groups.services.federation_record_withdraw(actor=request.user, record=record, why=data["why"]),
        federation,
        title=title,
        then="federation-meetings",
    )


@requires(Capability.READ)
def federation_contributions(request: UserRequest, pk: int) -> HttpResponse:
    """What each group is to contribute (iuran) and what it paid; of the groups that the person may see."""
    federation = _federation(request, pk)
    today = timezone.localdate()
    visible = Group.objects.visible_to(request.user).order_by().values("pk")
    memberships = list(selectors.memberships_of(federation).filter(group__in=visible))
    due = selectors.contributions_of(federation, memberships, as_of=today)
    by_group = {membership.group_id: membership.group for membership in memberships}
    payments = selectors.federation_payments(federation).filter(group__in=visible)
    context = {
        "federation": federation,
        "agreed": federation.contributions.select_related("recorded_by"),
        "rows": [(group, due[pk]) for pk, group in by_group.items() if pk in due],
        "page": Paginator(payments, RECORDS_ON_A_PAGE).get_page(request.GET.get("page")),
        "today": today,
    }
    return render(request, "groups/federation_contributions.html", context)


@requires(Capability.CONFIGURE)
def contribution_agree(request: UserRequest, pk: int) -> HttpResponse:
    """Record what each group is to contribute from a day on."""
    federation = _federation(request, pk)
    form = ContributionForm(posted(request))
    return _record(
        request,
        form,
        lambda _data: groups.services.contribution_agree(
            actor=request.user, federation=federation, contribution=form.instance
        ),
        federation,
        title=_("Agree a contribution"),
        then="federation-contributions",
    )


@requires(Capability.RECORD)
def contribution_payment(request: UserRequest, pk: int) -> HttpResponse:
    """Record what a group paid, and write it into the group's books."""
    federation = _federation(request, pk)
    visible = Group.objects.visible_to(request.user)
    belonged = visible.filter(federation_memberships__federation=federation).distinct()
    form = ContributionPaymentForm(posted(request), groups=belonged)
    return _record(
        request,
        form,
        lambda data: contribution_pay(
            actor=request.user,
            federation=federation,
            group=data["group"],
            payment=form.instance,
            in_books=data["in_books"],
            entry_number=data["entry_number"],
        ),
        federation,
        title=_("Record a contribution paid"),
        then="federation-contributions",
    )


@requires(Capability.RECORD)
def contribution_withdraw(request: UserRequest, pk: int) -> HttpResponse:
    """Take back a payment that was recorded by mistake, with the entry that was made with it."""
    visible = Group.objects.visible_to(request.user).order_by().values("pk")
    payments = FederationPayment.objects.filter(group__in=visible).select_related("group", "federation")
    payment = get_object_or_404(payments, pk=pk)
    form = WithdrawForm(posted(request))
    return _record(
        request,
        form,
        lambda data: contribution_take_back(actor=request.user, payment=payment, why=data["why"]),
        _federation(request, payment.federation_id),
        title=_("Withdraw a contribution paid"),
        then="federation-contributions",
    )


def _federation(request: UserRequest, pk: int) -> Federation:
    visible = Federation.objects.visible_to(request.user).select_related(
        "region__parent__parent__parent", "organisation", "recorded_by"
    )
    return get_object_or_404(visible, pk=pk)


def _record(
    request: UserRequest,
    form: BaseForm,
    service: Callable[[dict[str, Any]], Any],
    federation: Federation,
    *,
    title: str,
    then: str = "federation",
) -> HttpResponse:
    """Take a form about a federation to a service, and go on to its page named `then`."""
    return submit(
        request, form, service, done=_("Saved."), then=lambda _result: redirect(then, federation.pk)
    ) or _form_page(request, form, title, federation)


def _form_page(request: UserRequest, form: BaseForm, title: str, federation: Federation | None = None) -> HttpResponse:
    """Return the page of a form about a federation, or about none yet."""
    return render(request, "groups/federation_form.html", {"form": form, "title": title, "federation": federation})
