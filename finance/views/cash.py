"""Pages that hold the books against the money: the cash count, and the bank's statement."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from finance import selectors, services
from finance.forms.books import SettleForm
from finance.forms.cash import CountForm, StatementForm
from finance.ledger.errors import AlreadyPosted, AlreadySettled, LedgerError, PeriodClosed
from finance.models import CashCount
from finance.views.paging import lines_shown
from finance.views.steps import is_done, remember_sent
from groups.http import GroupRequest
from groups.permissions import Capability, requires

LINES_ON_A_PAGE = 100
DIFFERENCES_ON_A_PAGE = 50
LATEST_COUNTS = 5


@requires(Capability.RECORD)
@require_http_methods(["GET", "POST"])
def cash_count(request: GroupRequest) -> HttpResponse:
    """Count the cash box by notes and coins; `check` only adds up."""
    is_post = request.method == "POST"
    form = CountForm(request.POST if is_post else None, group=request.group)
    expected = selectors.group_summary(request.group).cash
    is_right = is_post and form.is_valid()
    counts = request.POST.get("action") == "count"
    if is_right and counts:
        try:
            count = services.cash_count_take(
                actor=request.user,
                group=request.group,
                pieces=form.pieces,
                explanation=form.cleaned_data["explanation"],
                on=form.cleaned_data["on"],
                key=form.cleaned_data["key"],
            )
        except AlreadyPosted:
            if is_done(request, form):
                return redirect("cash-differences", request.group.code)
        except LedgerError as error:
            form.add_error("explanation", str(error))
        else:
            remember_sent(request, form)
            if count.difference:
                messages.warning(request, _("The count is recorded; its difference is open until it is settled."))
            else:
                messages.success(request, _("The count is recorded; it agrees with the books."))
            return redirect("cash-differences", request.group.code)
    context = {
        "form": form,
        "checked": is_post,
        "expected": expected,
        "difference": form.counted - expected if is_post else 0,
        "counts": selectors.cash_counts(request.group)[:LATEST_COUNTS],
    }
    return render(request, "finance/cash_count.html", context, status=422 if counts or form.errors else 200)


@requires(Capability.READ)
def cash_differences(request: GroupRequest) -> HttpResponse:
    """Counts of the cash box that differ from the books: the open ones, then those settled."""
    settled = selectors.cash_differences(request.group, is_open=False)
    return render(
        request,
        "finance/cash_differences.html",
        {
            "open": selectors.cash_differences(request.group, is_open=True),
            "page": lines_shown(request, settled, at_a_time=DIFFERENCES_ON_A_PAGE),
        },
    )


@requires(Capability.RECORD)
def cash_difference_settle(request: GroupRequest, pk: int) -> HttpResponse:
    """Settle an open difference; a form sent twice settles it once."""
    count = get_object_or_404(CashCount.objects.differing().select_related("counted_by"), group=request.group, pk=pk)
    form = SettleForm(request.POST or None, count=count)
    if count.settled_on is not None:
        messages.info(request, str(AlreadySettled()))
        return redirect("cash-differences", request.group.code)
    if request.method == "POST" and form.is_valid():
        try:
            services.cash_count_settle(actor=request.user, count=count, **form.cleaned_data)
        except (AlreadySettled, AlreadyPosted) as error:
            messages.info(request, str(error))
            return redirect("cash-differences", request.group.code)
        except LedgerError as error:
            form.add_error("on" if isinstance(error, PeriodClosed) else "post_difference", str(error))
        else:
            messages.success(request, _("The difference is settled."))
            return redirect("cash-differences", request.group.code)
    return render(request, "finance/cash_difference_settle.html", {"form": form, "count": count})


@requires(Capability.READ)
@require_http_methods(["GET"])
def bank_statement(request: GroupRequest) -> HttpResponse:
    """The lines of the bank book that nobody has seen on a statement yet."""
    return _statement(request)


@requires(Capability.RECORD)
@require_http_methods(["POST"])
def bank_tick(request: GroupRequest) -> HttpResponse:
    """Tick off the lines that stand on a statement; a form sent twice ticks them once."""
    form = StatementForm(request.POST)
    if form.is_valid():
        data = form.cleaned_data
        try:
            number = services.bank_tick(
                actor=request.user, group=request.group, transfers=data["lines"], statement_on=data["statement_on"]
            )
        except LedgerError as error:
            form.add_error("statement_on", str(error))
        else:
            messages.success(request, ngettext("%d line is ticked off.", "%d lines are ticked off.", number) % number)
            return redirect("bank-statement", request.group.code)
    return _statement(request, form)


def _statement(request: GroupRequest, form: StatementForm | None = None) -> HttpResponse:
    check = selectors.bank_check(request.group)
    context = {
        "check": check,
        "page": lines_shown(request, check.lines, at_a_time=LINES_ON_A_PAGE),
        "form": form or StatementForm(),
        "chosen": form.cleaned_data.get("lines", ()) if form is not None else (),
    }
    return render(request, "finance/bank_statement.html", context, status=422 if form is not None else 200)
