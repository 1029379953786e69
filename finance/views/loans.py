"""Pages of a running loan: pay, reschedule, write off, recover; each is a form that is sent once."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from finance import services
from finance.forms.loans import LoanRecoverForm, PayForm, RescheduleForm, WriteOffForm
from finance.ledger.errors import LedgerError, NotAllowed
from finance.ledger.reading import read_books
from finance.models import Entry, Loan, LoanEnd
from finance.rules.loan_position import LoanPosition, loan_position
from finance.selectors.loans import late_fines, payments_after
from finance.services import obligations
from finance.views.submit import submit_once
from groups.http import GroupRequest, takes_posts_of
from groups.models import Constitution
from groups.permissions import Capability, requires
from groups.selectors import rules_in_force
from groups.shared.money import rupiah
from groups.shared.submit import posted


@requires(Capability.RECORD)
def loan_pay(request: GroupRequest, number: int) -> HttpResponse:
    """Take a payment outside a meeting: an amount, or all that pays the loan off."""
    running = _running(request, number)
    form = PayForm(posted(request), running=running)
    fines = late_fines(running.loan)
    taken = submit_once(
        request,
        form,
        lambda data: _pay(request, running.loan, data),
        then=lambda entry: _paid(request, running.loan, entry, fines),
        done=_("The payment is in the books."),
        at={NotAllowed: "amount"} if form["how"].value() != PayForm.PAYOFF else None,
    )
    return taken or _page(request, form, running, _("Payment on a loan"), _("Record the payment"))


def _pay(request: GroupRequest, loan: Loan, data: dict[str, Any]) -> Entry:
    """Record what the form says: an amount, or the payoff."""
    common = {
        "actor": request.user,
        "group": request.group,
        "loan": loan,
        "on": data["on"],
        "key": data["key"],
        "waive_fine": data.get("waive_fine", ""),
        "deposit_pays": data.get("deposit_pays", False),
    }
    if data["how"] == PayForm.PAYOFF:
        return services.loan_pay_off(**common)
    return services.loan_repay(
        **common,
        amount=data["amount"],
        rest_to_savings=data["rest_to_savings"],
        principal_alone=data["how"] == PayForm.PRINCIPAL,
        put_by=data.get("put_by") or 0,
    )


def _paid(request: GroupRequest, loan: Loan, entry: Entry | None, fines: int) -> HttpResponse:
    """Say what a payment before others changed, and show the loan."""
    later = [paid.number > entry.number for paid in payments_after(loan, entry.effective_on)] if entry else []
    again = sum(later)
    if later and not again:
        messages.info(request, _("Later payments stay; what of them is fee and principal follows this one."))
    if again:
        messages.info(
            request,
            ngettext(
                "%(count)d later payment was undone and posted again.",
                "%(count)d later payments were undone and posted again.",
                again,
            )
            % {"count": again},
        )
    gone = fines - late_fines(loan)
    if gone > 0:
        messages.info(request, _("Fines for lateness of %s lost their ground and are taken back.") % rupiah(gone))
    return _to_card(request, loan)


@requires(Capability.RECORD)
@takes_posts_of("loan-book")
def late_fines_take_back(request: GroupRequest, number: int) -> HttpResponse:
    """Take the fines back that lost their ground with a payment recorded later."""
    loan = get_object_or_404(Loan, group=request.group, number=number)
    try:
        gone = obligations.late_fines_take_back(actor=request.user, group=request.group, loan=loan)
    except LedgerError as error:
        messages.info(request, str(error))
    else:
        messages.success(request, _("Fines for lateness of %s are taken back.") % rupiah(gone))
    return _to_card(request, loan)


@requires(Capability.RECORD)
def loan_reschedule(request: GroupRequest, number: int) -> HttpResponse:
    """Give what is left of a loan a new schedule, as a new loan."""
    running = _running(request, number)
    rules = rules_in_force(request.group, as_of=timezone.localdate()) or Constitution()
    form = RescheduleForm(posted(request), running=running, rules=rules)
    taken = submit_once(
        request,
        form,
        lambda data: services.loan_reschedule(
            actor=request.user,
            group=request.group,
            loan=running.loan,
            schedule=form.schedule,
            add_fee=data["add_fee"],
            reason=data["reason"],
            on=data["on"],
            key=data["key"],
        ),
        then=lambda new: _to_card(request, new or running.loan),
        done=_("The loan is rescheduled; this is the loan that takes its place."),
    )
    title = _("Extend or reschedule a loan") if running.loan.harvest_on else _("Reschedule a loan")
    return taken or _page(request, form, running, title, _("Reschedule"))


@requires(Capability.RECORD)
def loan_write_off(request: GroupRequest, number: int) -> HttpResponse:
    """Give a loan up."""
    running = _running(request, number)
    form = WriteOffForm(posted(request), running=running)
    taken = submit_once(
        request,
        form,
        lambda data: services.loan_write_off(actor=request.user, group=request.group, loan=running.loan, **data),
        then=lambda _entry: _to_card(request, running.loan),
        done=_("The loan is written off. Money that comes in later can still be recorded."),
    )
    return taken or _page(request, form, running, _("Write a loan off"), _("Write off"))


@requires(Capability.RECORD)
def loan_recover(request: GroupRequest, number: int) -> HttpResponse:
    """Take money on a loan that was written off."""
    running = _running(request, number)
    loan = running.loan
    form = LoanRecoverForm(posted(request), loan=loan)
    taken = submit_once(
        request,
        form,
        lambda data: services.loan_recover(actor=request.user, group=request.group, loan=loan, **data),
        then=lambda _entry: _to_card(request, loan),
        done=_("The money is in the books."),
        at={LedgerError: "amount"},
    )
    if request.method == "GET" and loan.ended_as != LoanEnd.WRITTEN_OFF:
        messages.info(request, _("This loan was not written off."))
        return _to_card(request, loan)
    return taken or _page(request, form, running, _("Recover a loan that was written off"), _("Record the money"))


def _running(request: GroupRequest, number: int) -> LoanPosition:
    """Return the group's loan `number` as it is now, 404 if there is none."""
    loan = get_object_or_404(Loan.objects.select_related("member"), group=request.group, number=number)
    return loan_position(read_books(request.group, timezone.localdate(), everything=True), loan)


def _page(request: GroupRequest, form: forms.Form, running: LoanPosition, title: str, action: str) -> HttpResponse:
    """Show a form with the facts it is about; a closed loan has only its recovery to show."""
    today = timezone.localdate()
    loan = running.loan
    balance = 0 if loan.cancelled_at is not None else loan.principal - running.principal_paid
    is_open = balance > 0 or isinstance(form, LoanRecoverForm)
    if request.method == "GET" and not is_open:
        messages.info(request, _("This loan is closed."))
        return _to_card(request, loan)
    fine = running.late_fine(today)
    context: dict[str, Any] = {
        "form": form,
        "loan": loan,
        "title": title,
        "action": action,
        "balance": balance,
        "fine": fine,
        "fine_due": running.fine_due,
        "due": running.due(today),
        "fee_ahead": running.rest(today).fee_ahead if isinstance(form, RescheduleForm) else 0,
        "fee_due": running.arrears_on(today).due_fee,
        "payoff": running.payoff(today, fine=fine.amount if fine else 0).total,
        "fee_let_go": running.fee_let_go(today) if isinstance(form, PayForm) else 0,
        "deposit": min(running.deposit, balance) if isinstance(form, WriteOffForm) else 0,
        "loss": max(0, balance - running.deposit),
    }
    return render(request, "finance/loan_step.html", context)


def _to_card(request: GroupRequest, loan: Loan) -> HttpResponse:
    return redirect("loan", request.group.code, loan.number)
