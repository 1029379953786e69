"""Pages of joint liability (tanggung renteng): cover a member's arrears, and pay the others back."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _

from finance import selectors, services
from finance.forms.covers import CoverForm, RecoverForm
from finance.ledger.errors import CoverRefused
from finance.ledger.reading import read_books
from finance.models import Loan
from finance.views.submit import submit_once, was_sent
from groups.http import GroupRequest
from groups.models import Member
from groups.permissions import Capability, requires
from groups.shared.submit import posted


@requires(Capability.RECORD)
def loan_cover(request: GroupRequest, number: int) -> HttpResponse:
    """Simulate how members cover the arrears of a loan, then post it; only what was looked at is posted."""
    loan = get_object_or_404(Loan.objects.select_related("member"), group=request.group, number=number)
    today = timezone.localdate()
    day = _day_typed(request) or today
    others = request.group.members.effective(day).exclude(pk=loan.member_id)
    books = read_books(request.group, today)
    form = CoverForm(posted(request), initial=_day(request), loan=loan, books=books, members=list(others))
    form.is_valid()
    wants_post = request.POST.get("action") == "post"
    taken = _cover(request, loan, form) if (wants_post and form.is_seen) or was_sent(request, form) else None
    return taken or render(request, "finance/loan_cover.html", _simulated(request, loan, form, wants_post=wants_post))


def _cover(request: GroupRequest, loan: Loan, form: CoverForm) -> HttpResponse | None:
    return submit_once(
        request,
        form,
        lambda _data: services.loan_cover(actor=request.user, group=request.group, loan=loan, **form.cover),
        then=lambda _entry: redirect("loan", request.group.code, loan.number),
        done=_("The arrears are covered."),
        at={CoverRefused: "amount"},
    )


def _simulated(request: GroupRequest, loan: Loan, form: CoverForm, *, wants_post: bool) -> dict[str, Any]:
    """Return what the page shows of a cover before it is posted."""
    plan = form.plan if not form.errors else None
    surplus = selectors.group_summary(request.group).surplus
    return {
        "form": form,
        "loan": loan,
        "plan": plan,
        "has_changed": wants_post and plan is not None,
        "surplus": surplus,
        "surplus_after": surplus + plan.income if plan is not None else surplus,
    }


@requires(Capability.RECORD)
def cover_recover(request: GroupRequest, pk: int) -> HttpResponse:
    """Take from a member what others paid for them, and give it to those others."""
    member = get_object_or_404(Member, group=request.group, pk=pk)
    # The same group that the access check read, so that it is not read again.
    member.group = request.group
    claims = selectors.claims_of(member)
    form = RecoverForm(posted(request), group=request.group, claims=claims.owes)
    taken = submit_once(
        request,
        form,
        lambda _data: services.cover_recover(actor=request.user, group=request.group, member=member, **form.paid_back),
        then=lambda _entry: redirect("member", request.group.code, member.pk),
        done=_("What was paid back is recorded."),
    )
    return taken or render(request, "finance/cover_recover.html", {"form": form, "member": member, "claims": claims})


def _day(request: GroupRequest) -> dict[str, date]:
    """Return the day in the address, that of a meeting where the members answered for one another, if it is one."""
    day = _read(request.GET.get("on", ""))
    return {"on": day} if day is not None else {}


def _day_typed(request: GroupRequest) -> date | None:
    """Return the day that the form or the address has, on which the members are those who can take part."""
    return _read(request.POST.get("on", "")) if request.method == "POST" else _read(request.GET.get("on", ""))


def _read(text: str) -> date | None:
    try:
        return parse_date(text)
    except ValueError:
        return None
