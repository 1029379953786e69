"""Pages of loans from outside: the list, a card, receive one, repay one."""

from __future__ import annotations

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from finance import selectors, services, tables
from finance.forms.external_loans import ReceiveForm, RepayForm
from finance.forms.reports import DayForm, LoansForm
from finance.ledger.errors import InsufficientFunds, NotAllowed
from finance.models import ExternalLoan
from finance.views.paging import lines_shown
from finance.views.printing import card_asked_for, respond_with_book
from finance.views.submit import submit_once
from groups.http import GroupRequest
from groups.permissions import Capability, requires
from groups.shared.submit import posted

LOANS_ON_A_PAGE = 50


@requires(Capability.READ)
def external_loans(request: GroupRequest) -> HttpResponse:
    """The running loans from outside, or all of them, as they stand on a day, by default today."""
    group, form = request.group, LoansForm(request.GET)
    as_of, shows_all = form.asked(timezone.localdate())
    loans = selectors.external_loans_on(group, as_of=as_of, only_running=not shows_all)
    page = lines_shown(request, loans, at_a_time=LOANS_ON_A_PAGE)
    rows = selectors.external_rows(page.object_list, as_of=as_of)
    is_whole = not page.has_other_pages()
    table = tables.external_loans(group, rows, as_of=as_of, is_whole=is_whole, shows_all=shows_all)
    context = {"form": form, "shows_all": shows_all, "page": page, "rows": rows, "table": table}
    return respond_with_book(
        request,
        "finance/external_loans.html",
        context,
        lambda: tables.external_loans(group, selectors.external_rows(loans, as_of=as_of), as_of=as_of),
    )


@requires(Capability.READ)
def external_loan(request: GroupRequest, number: int) -> HttpResponse:
    """The card of one loan from outside as on a day: terms, schedule, payments, and what of it is out to members."""
    group, form = request.group, DayForm(request.GET)
    as_of, card = card_asked_for(
        form,
        lambda day: selectors.external_card(group, number, as_of=day),
        too_early=_("The loan was not received yet on this day."),
    )
    table, passed_on = tables.external_card(group, card, as_of=as_of), tables.passed_on(group, card, as_of=as_of)
    is_today = as_of >= timezone.localdate()
    context = {"form": form, "card": card, "on": as_of, "is_today": is_today, "passed_on": passed_on, "table": table}
    return respond_with_book(request, "finance/external_loan.html", context, lambda: table)


@requires(Capability.RECORD)
def external_loan_receive(request: GroupRequest) -> HttpResponse:
    """Record a loan received from a lender; a form sent twice records it once."""
    form = ReceiveForm(posted(request), group=request.group)

    def received(loan: ExternalLoan | None) -> HttpResponse:
        loan = loan or ExternalLoan.objects.get(group=request.group, key=form.cleaned_data["key"])
        return redirect("external-loan", request.group.code, loan.number)

    taken = submit_once(
        request,
        form,
        lambda data: services.external_loan_receive(
            actor=request.user, group=request.group, terms=form.terms, into=data["into"], key=data["key"]
        ),
        then=received,
        done=_("The loan is recorded."),
    )
    return taken or render(request, "finance/external_loan_receive.html", {"form": form})


@requires(Capability.RECORD)
def external_loan_repay(request: GroupRequest, number: int) -> HttpResponse:
    """Pay a lender; a form sent twice pays once."""
    row = _row(request, number)
    form = RepayForm(posted(request), row=row)
    taken = submit_once(
        request,
        form,
        lambda data: services.external_loan_repay(actor=request.user, group=request.group, loan=row.loan, **data),
        then=lambda _payment: redirect("external-loan", request.group.code, number),
        done=_("The payment is recorded."),
        at={InsufficientFunds: "source", NotAllowed: "amount"},
    )
    return taken or render(request, "finance/external_loan_repay.html", {"form": form, "row": row})


def _row(request: GroupRequest, number: int) -> selectors.ExternalRow:
    card = selectors.external_card(request.group, number, as_of=timezone.localdate())
    if card is None:
        raise Http404
    # The same group that the access check read, so that it is not read again.
    card.row.loan.group = request.group
    return card.row
