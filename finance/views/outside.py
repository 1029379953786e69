"""Pages of loans from outside: the list, a card, receive one, repay one."""

from __future__ import annotations

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from finance import selectors, services, sheets
from finance.errors import InsufficientFunds, NotAllowed
from finance.forms.outside import ReceiveForm, RepayForm
from finance.forms.reports import DayForm, LoansForm
from finance.models import OutsideLoan
from finance.tables import respond
from finance.views.paging import lines_shown
from finance.views.steps import take_step
from groups.http import GroupRequest
from groups.permissions import Capability, requires

LOANS_ON_A_PAGE = 50


@requires(Capability.READ)
def outside_loans(request: GroupRequest) -> HttpResponse:
    """The running loans from outside, or all of them, as they stand on a day, by default today."""
    form = LoansForm(request.GET)
    on, shows_all = form.day(timezone.localdate()), form.shows_all
    if form.is_valid():
        form = LoansForm(initial={"on": on, "show": "all" if shows_all else ""})
    loans = selectors.outside_loans_on(request.group, on=on, only_running=not shows_all)
    page = lines_shown(request, loans, at_a_time=LOANS_ON_A_PAGE)
    return respond(
        request,
        "finance/outside_loans.html",
        {
            "form": form,
            "shows_all": shows_all,
            "page": page,
            "rows": selectors.outside_rows(page.object_list, on=on),
            "paper": selectors.paper(request.group),
            "on": on,
        },
        lambda: sheets.outside_loans(request.group, selectors.outside_rows(loans, on=on), on=on),
    )


@requires(Capability.READ)
def outside_loan(request: GroupRequest, number: int) -> HttpResponse:
    """The card of one loan from outside as on a day: terms, schedule, payments, and what of it is out to members."""
    form, today = DayForm(request.GET), timezone.localdate()
    on = form.day(today)
    card = selectors.outside_card(request.group, number, on=on)
    if card is None and on != today:
        form.add_error("on", _("The loan was not received yet on this day."))
        on, card = today, selectors.outside_card(request.group, number, on=today)
    if card is None:
        raise Http404
    if form.is_valid():
        form = DayForm(initial={"on": on})
    return respond(
        request,
        "finance/outside_loan.html",
        {
            "form": form,
            "card": card,
            "percent": (card.row.loan.rate * 100).normalize(),
            "on": on,
            "is_today": on >= today,
            "paper": selectors.paper(request.group),
        },
        lambda: sheets.outside_card(request.group, card, on=on),
    )


@requires(Capability.RECORD)
def outside_loan_receive(request: GroupRequest) -> HttpResponse:
    """Record a loan received from a lender; a form sent twice records it once."""
    form = ReceiveForm(request.POST if request.method == "POST" else None, group=request.group)

    def received(loan: OutsideLoan | None) -> HttpResponse:
        loan = loan or OutsideLoan.objects.get(group=request.group, key=form.cleaned_data["key"])
        return redirect("outside-loan", request.group.code, loan.number)

    taken = take_step(
        request,
        form,
        lambda data: services.outside_loan_receive(
            actor=request.user, group=request.group, terms=form.terms, into=form.into_kind, key=data["key"]
        ),
        then=received,
        done=_("The loan is recorded."),
    )
    return taken or render(request, "finance/outside_loan_receive.html", {"form": form})


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
    taken = take_step(
        request,
        form,
        lambda data: services.outside_loan_repay(
            actor=request.user,
            group=request.group,
            loan=row.loan,
            amount=data["amount"],
            source=form.source_kind,
            on=data["on"],
            key=data["key"],
        ),
        then=lambda _payment: redirect("outside-loan", request.group.code, number),
        done=_("The payment is recorded."),
        at={InsufficientFunds: "source", NotAllowed: "amount"},
    )
    return taken or render(request, "finance/outside_loan_repay.html", {"form": form, "row": row})


def _card(request: GroupRequest, number: int) -> selectors.OutsideCard:
    card = selectors.outside_card(request.group, number, on=timezone.localdate())
    if card is None:
        raise Http404
    return card
