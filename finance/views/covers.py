"""Pages of joint liability (tanggung renteng): cover a member's arrears, and pay the others back."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from finance import selectors, services
from finance.covering import arrears
from finance.errors import AlreadyPosted, CoverRefused, LedgerError
from finance.forms.covers import SAVINGS, CoverForm, RecoverForm
from finance.ledger import books_of
from finance.models import Entry, Loan
from groups.http import GroupRequest
from groups.models import Member
from groups.permissions import Capability, requires


@requires(Capability.RECORD)
def loan_cover(request: GroupRequest, number: int) -> HttpResponse:
    """Simulate how members cover the arrears of a loan, then post it; only what was looked at is posted."""
    loan = get_object_or_404(Loan.objects.select_related("member"), group=request.group, number=number)
    books = books_of(request.group, request.user)
    others = Member.objects.filter(group=request.group, left_on__isnull=True).exclude(pk=loan.member_id)
    form = CoverForm(request.POST if request.method == "POST" else None, loan=loan, books=books, members=list(others))
    is_right = form.is_valid()
    if _is_posted(request, form):
        return _already(request, "loan", loan.number)
    plan = form.plan
    wants_post = is_right and request.POST.get("action") == "post"
    if wants_post and plan is not None and form.cleaned_data["seen"] == plan.fingerprint:
        try:
            services.loan_cover(
                actor=request.user,
                group=request.group,
                loan=loan,
                shares=form.shares,
                from_savings=plan.from_savings,
                on=plan.on,
                key=form.cleaned_data["key"],
            )
        except AlreadyPosted:
            return _already(request, "loan", loan.number)
        except CoverRefused as error:
            form.add_error(f"share_{error.member.pk}" if error.member else "amount", str(error))
            plan = None
        except LedgerError as error:
            form.add_error(None, str(error))
            plan = None
        else:
            messages.success(request, _("The arrears are covered."))
            return redirect("loan", request.group.code, loan.number)
    surplus = selectors.group_summary(request.group).surplus
    return render(
        request,
        "finance/loan_cover.html",
        {
            "form": form,
            "loan": loan,
            "arrears": arrears(books, loan, on=timezone.localdate()),
            "plan": plan,
            "has_changed": wants_post and plan is not None,
            "surplus": surplus,
            "surplus_after": surplus + plan.income if plan is not None else surplus,
        },
    )


@requires(Capability.RECORD)
def cover_recover(request: GroupRequest, pk: int) -> HttpResponse:
    """Take from a member what others paid for them, and give it to those others."""
    member = get_object_or_404(Member, group=request.group, pk=pk)
    # The same group that the access check read, so that it is not read again.
    member.group = request.group
    claims = selectors.claims_of(member)
    form = RecoverForm(request.POST if request.method == "POST" else None, group=request.group, claims=claims.owes)
    is_right = form.is_valid()
    if _is_posted(request, form):
        return _already(request, "member", member.pk)
    if is_right:
        try:
            services.cover_recover(
                actor=request.user,
                group=request.group,
                member=member,
                amounts=form.amounts,
                to_savings=form.cleaned_data["to"] == SAVINGS,
                on=form.cleaned_data["on"],
                key=form.cleaned_data["key"],
            )
        except AlreadyPosted:
            return _already(request, "member", member.pk)
        except CoverRefused as error:
            form.add_error(f"back_{error.member.pk}" if error.member else None, str(error))
        except LedgerError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("What was paid back is recorded."))
            return redirect("member", request.group.code, member.pk)
    return render(request, "finance/cover_recover.html", {"form": form, "member": member, "claims": claims})


def _is_posted(request: GroupRequest, form: forms.Form) -> bool:
    """Say whether this very form was posted before, whatever else it says: sent twice it must not complain."""
    key = form.cleaned_data.get("key") if form.is_bound else None
    return key is not None and Entry.objects.filter(group=request.group, key=key).exists()


def _already(request: GroupRequest, page: str, which: Any) -> HttpResponse:
    messages.info(request, str(AlreadyPosted()))
    return redirect(page, request.group.code, which)
