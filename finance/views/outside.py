"""Pages of loans from outside: the list, a card, receive one, repay one."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from finance import selectors, services
from finance.errors import AlreadyPosted, InsufficientFunds, LedgerError, PeriodClosed
from finance.forms.outside import ReceiveForm, RepayForm
from finance.models import Entry, OutsideLoan
from groups.http import GroupRequest
from groups.permissions import Capability, requires

LOANS_ON_A_PAGE = 50


@requires(Capability.READ)
def outside_loans(request: GroupRequest) -> HttpResponse:
    """The running loans from outside, or all of them, as they stand today."""
    today = timezone.localdate()
    shows_all = request.GET.get("show") == "all"
    loans = selectors.outside_loans_on(request.group, on=today, only_running=not shows_all)
    page = Paginator(loans, LOANS_ON_A_PAGE).get_page(request.GET.get("page"))
    return render(
        request,
        "finance/outside_loans.html",
        {
            "shows_all": shows_all,
            "page": page,
            "rows": selectors.outside_rows(page.object_list, on=today),
            "signers": selectors.signers(request.group),
            "today": today,
        },
    )


@requires(Capability.READ)
def outside_loan(request: GroupRequest, number: int) -> HttpResponse:
    """The card of one loan from outside: terms, schedule, payments, and how much of it is out to members."""
    today = timezone.localdate()
    card = _card(request, number)
    return render(
        request,
        "finance/outside_loan.html",
        {
            "card": card,
            "percent": (card.row.loan.rate * 100).normalize(),
            "today": today,
            "signers": selectors.signers(request.group),
        },
    )


@requires(Capability.RECORD)
def outside_loan_receive(request: GroupRequest) -> HttpResponse:
    """Record a loan received from a lender; a form sent twice records it once."""
    form = ReceiveForm(request.POST if request.method == "POST" else None, group=request.group)
    is_right = form.is_valid()
    posted = OutsideLoan.objects.filter(group=request.group, key=_key(form)).first() if _key(form) else None
    if posted is not None:
        return _already(request, posted)
    if is_right:
        try:
            loan = services.outside_loan_receive(
                actor=request.user,
                group=request.group,
                terms=form.terms,
                into=form.into_kind,
                key=form.cleaned_data["key"],
            )
        except AlreadyPosted as error:
            messages.info(request, str(error))
            return redirect("outside-loans", request.group.code)
        except LedgerError as error:
            form.add_error("received_on" if isinstance(error, PeriodClosed) else None, str(error))
        else:
            messages.success(request, _("The loan is recorded."))
            return redirect("outside-loan", request.group.code, loan.number)
    return render(request, "finance/outside_loan_receive.html", {"form": form})


@requires(Capability.RECORD)
def outside_loan_repay(request: GroupRequest, number: int) -> HttpResponse:
    """Pay a lender; a form sent twice pays once."""
    row = _card(request, number).row
    # The same group that the access check read, so that it is not read again.
    row.loan.group = request.group
    form = RepayForm(
        request.POST if request.method == "POST" else None,
        loan=row.loan,
        asked=row.asked,
        initial={"amount": row.due_now or row.standing.next_due},
    )
    is_right = form.is_valid()
    if _key(form) and Entry.objects.filter(group=request.group, key=_key(form)).exists():
        return _already(request, row.loan)
    if is_right:
        try:
            services.outside_loan_repay(
                actor=request.user,
                group=request.group,
                loan=row.loan,
                amount=form.cleaned_data["amount"],
                source=form.source_kind,
                on=form.cleaned_data["on"],
                key=form.cleaned_data["key"],
            )
        except AlreadyPosted:
            return _already(request, row.loan)
        except InsufficientFunds as error:
            form.add_error("source", str(error))
        except LedgerError as error:
            form.add_error("on" if isinstance(error, PeriodClosed) else "amount", str(error))
        else:
            messages.success(request, _("The payment is recorded."))
            return redirect("outside-loan", request.group.code, number)
    return render(request, "finance/outside_loan_repay.html", {"form": form, "row": row})


def _card(request: GroupRequest, number: int) -> selectors.OutsideCard:
    card = selectors.outside_card(request.group, number, on=timezone.localdate())
    if card is None:
        raise Http404
    return card


def _key(form: forms.Form) -> Any:
    return form.cleaned_data.get("key") if form.is_bound else None


def _already(request: GroupRequest, loan: OutsideLoan) -> HttpResponse:
    messages.info(request, str(AlreadyPosted()))
    return redirect("outside-loan", request.group.code, loan.number)
