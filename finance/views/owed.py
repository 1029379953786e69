"""What members owe besides loans: all of a group as a list to print, one member's to set and to let go."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from finance import selectors, services
from finance.forms.owed import FineForm, TakeBackForm, WaiveForm
from finance.ledger.errors import LedgerError
from finance.models import Waiver
from finance.views.submit import submit_once
from groups.http import GroupRequest
from groups.models import Member
from groups.permissions import Capability, requires
from groups.shared.submit import posted


@requires(Capability.RECORD)
@require_http_methods(["GET", "POST"])
def member_owed(request: GroupRequest, pk: int) -> HttpResponse:
    """What a member owes today, thing by thing; one of them is let go with a reason."""
    member = _member(request, pk)
    owing = selectors.owed(request.group, as_of=timezone.localdate()).get(member.pk)
    lines = owing.lines if owing is not None else []
    form = WaiveForm(posted(request), group=request.group, lines=lines)
    answer = submit_once(
        request,
        form,
        lambda data: _waive(request, member, data),
        then=lambda _done: redirect("member", request.group.code, member.pk),
        done=_("It is let go; nobody asks for it any more."),
        at={LedgerError: "what"},
    )
    waivers = member.waivers.select_related("obligation").order_by("-waived_on", "-pk")
    context = {"form": form, "member": member, "lines": lines, "owing": owing, "waivers": waivers}
    return answer or render(request, "finance/member_owed.html", context, status=422 if form.errors else 200)


@requires(Capability.RECORD)
@require_http_methods(["GET", "POST"])
def fine_charge(request: GroupRequest, pk: int) -> HttpResponse:
    """Set a fine that a member owes and pays later."""
    member = _member(request, pk)
    form = FineForm(posted(request), group=request.group)
    answer = submit_once(
        request,
        form,
        lambda data: services.fine_charge(actor=request.user, group=request.group, member=member, **data),
        then=lambda _fine: redirect("member", request.group.code, member.pk),
        done=_("The fine is owed from now on."),
        at={LedgerError: "amount"},
    )
    context = {"form": form, "member": member}
    return answer or render(request, "finance/fine_charge.html", context, status=422 if form.errors else 200)


@requires(Capability.RECORD)
@require_http_methods(["GET", "POST"])
def waiver_take_back(request: GroupRequest, pk: int) -> HttpResponse:
    """Let what a member was let off be owed again."""
    waiver = get_object_or_404(Waiver.objects.select_related("member", "obligation"), group=request.group, pk=pk)
    form = TakeBackForm(posted(request), group=request.group)
    answer = submit_once(
        request,
        form,
        lambda data: services.waiver_take_back(
            actor=request.user, group=request.group, waiver=waiver.pk, reason=data["reason"], on=data["on"]
        ),
        then=lambda _done: redirect("member-owed", request.group.code, waiver.member.pk),
        done=_("It is owed again from that day on."),
        at={LedgerError: "on"},
    )
    context = {"form": form, "waiver": waiver}
    return answer or render(request, "finance/waiver_take_back.html", context, status=422 if form.errors else 200)


def _member(request: GroupRequest, pk: int) -> Member:
    member = get_object_or_404(Member, group=request.group, pk=pk)
    # The same group that the access check read, so that it is not read again.
    member.group = request.group
    return member


def _waive(request: GroupRequest, member: Member, data: dict[str, Any]) -> Waiver:
    what = data.pop("what")
    how: dict[str, Any] = {"actor": request.user, "group": request.group, **data}
    if what.startswith("fine-"):
        return services.fine_waive(fine=int(what.removeprefix("fine-")), **how)
    return services.savings_waive(member=member, kind=what, **how)
