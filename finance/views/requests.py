"""Pages of requests for loans: the list, and a form for each step."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from finance import selectors, services
from finance.forms.loans import CancelRequestForm, DecideForm, LoanRequestForm, PayOutForm
from finance.ledger.chart import SAVINGS
from finance.ledger.reading import read_books
from finance.models import Loan, LoanRequest, RequestStatus
from finance.rules.limits import largest_loan
from finance.views.paging import lines_shown
from finance.views.submit import submit_once
from groups.http import GroupRequest
from groups.models import Constitution
from groups.permissions import Capability, requires
from groups.selectors import rules_in_force
from groups.shared.submit import posted

REQUESTS_ON_A_PAGE = 50


@requires(Capability.READ)
def loan_requests(request: GroupRequest) -> HttpResponse:
    """The requests that wait for a decision or for the money, then those dealt with."""
    done = selectors.loan_requests(request.group, waiting=False)
    return render(
        request,
        "finance/loan_requests.html",
        {
            "waiting": selectors.loan_requests(request.group, waiting=True),
            "page": lines_shown(request, done, at_a_time=REQUESTS_ON_A_PAGE),
        },
    )


@requires(Capability.RECORD)
def loan_request_new(request: GroupRequest) -> HttpResponse:
    """A member asks for a loan."""
    rules = rules_in_force(request.group, as_of=timezone.localdate()) or Constitution()
    form = LoanRequestForm(posted(request), group=request.group, rules=rules)
    taken = submit_once(
        request,
        form,
        lambda data: services.loan_request(actor=request.user, group=request.group, **data),
        then=lambda _asked: _to_list(request),
        done=_("The request is written down."),
    )
    return taken or _page(request, form, None, _("Ask for a loan"), _("Write the request down"))


@requires(Capability.RECORD)
def loan_request_decide(request: GroupRequest, pk: int) -> HttpResponse:
    """Approve a request, perhaps for less, or refuse it."""
    asked = _found(request, pk)
    if asked.status != RequestStatus.ASKED:
        return _dealt_with(request)
    form = DecideForm(posted(request), request=asked, most=_most(request, asked))
    is_approval = form["decision"].value() == DecideForm.APPROVE
    decide = services.loan_request_approve if is_approval else services.loan_request_refuse
    taken = submit_once(
        request,
        form,
        lambda _data: decide(actor=request.user, group=request.group, request=asked, **form.decided),
        then=lambda _asked: _to_list(request),
        done=_("The request is approved.") if is_approval else _("The request is refused."),
    )
    return taken or _page(request, form, asked, _("Decide on a request"), _("Record the decision"))


@requires(Capability.RECORD)
def loan_request_pay_out(request: GroupRequest, pk: int) -> HttpResponse:
    """Pay an approved request out, outside a meeting."""
    asked = _found(request, pk)
    if asked.status != RequestStatus.APPROVED or asked.loans.filter(cancelled_at__isnull=True).exists():
        return _dealt_with(request)
    lenders = selectors.external_loans_on(request.group, as_of=timezone.localdate(), only_running=True)
    form = PayOutForm(posted(request), earliest=asked.decided_on or asked.asked_on, lenders=lenders)
    taken = submit_once(
        request,
        form,
        lambda data: services.loan_request_pay_out(actor=request.user, group=request.group, request=asked, **data),
        then=lambda loan: redirect("loan", request.group.code, loan.number) if loan else _to_list(request),
        done=_("The loan is paid out."),
    )
    return taken or _page(request, form, asked, _("Pay a loan out"), _("Pay out"))


@requires(Capability.RECORD)
def loan_request_cancel(request: GroupRequest, pk: int) -> HttpResponse:
    """Take a request back."""
    asked = _found(request, pk)
    waits = asked.status in (RequestStatus.ASKED, RequestStatus.APPROVED)
    if not waits or asked.loans.filter(cancelled_at__isnull=True).exists():
        return _dealt_with(request)
    form = CancelRequestForm(posted(request), earliest=asked.decided_on or asked.asked_on)
    taken = submit_once(
        request,
        form,
        lambda data: services.loan_request_cancel(
            actor=request.user, group=request.group, request=asked, on=data["on"], reason=data["reason"]
        ),
        then=lambda _asked: _to_list(request),
        done=_("The request is cancelled."),
    )
    return taken or _page(request, form, asked, _("Cancel a request"), _("Cancel the request"))


def _found(request: GroupRequest, pk: int) -> LoanRequest:
    return get_object_or_404(LoanRequest.objects.select_related("member"), group=request.group, pk=pk)


def _most(request: GroupRequest, asked: LoanRequest) -> int | None:
    """Return the most the rules let the member borrow, None without a limit."""
    today = timezone.localdate()
    books = read_books(request.group, today)
    return largest_loan(
        rules_in_force(request.group, as_of=today) or Constitution(),
        earlier_loans=Loan.objects.lent().filter(member=asked.member).count(),
        savings=sum(books.balance(kind, member=asked.member) for kind in SAVINGS),
    )


def _page(request: GroupRequest, form: forms.Form, asked: LoanRequest | None, title: str, action: str) -> HttpResponse:
    context = {"form": form, "asked": asked, "title": title, "action": action}
    return render(request, "finance/loan_request_step.html", context)


def _dealt_with(request: GroupRequest) -> HttpResponse:
    messages.info(request, _("This request was dealt with already."))
    return _to_list(request)


def _to_list(request: GroupRequest) -> HttpResponse:
    return redirect("loan-requests", request.group.code)
