"""The page of closed periods."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from finance import selectors, services
from finance.forms.period import PeriodCloseForm
from finance.ledger.errors import LedgerError, PeriodClosed
from finance.models import PeriodClosing
from finance.views.paging import lines_shown
from finance.views.submit import submit_once
from groups.http import GroupRequest, takes_posts_of
from groups.permissions import Capability, can, requires

PERIODS_ON_A_PAGE = 24


@requires(Capability.READ)
@require_http_methods(["GET"])
def periods(request: GroupRequest) -> HttpResponse:
    """The closed periods, and for who records the form that closes the next one."""
    return _page(request, PeriodCloseForm())


@requires(Capability.RECORD)
@takes_posts_of("periods")
def period_close(request: GroupRequest) -> HttpResponse:
    """Close a period; the same form sent twice closes it once."""
    form = PeriodCloseForm(request.POST)

    answer = submit_once(
        request,
        form,
        lambda data: services.period_close(
            actor=request.user, group=request.group, through=data["through"], key=data["key"]
        ),
        then=lambda closing: _closed(request, closing),
        at={LedgerError: "through", PeriodClosed: "through"},
    )
    return answer or _page(request, form, status=422)


def _closed(request: GroupRequest, closing: PeriodClosing | None) -> HttpResponse:
    if closing is not None:
        messages.success(request, _("The books are closed through %s.") % date_format(closing.through))
    return redirect("periods", request.group.code)


def _page(request: GroupRequest, form: PeriodCloseForm, status: int = 200) -> HttpResponse:
    closings = selectors.closings(request.group)
    context = {
        "form": form if can(request.user, Capability.RECORD) else None,
        "page": lines_shown(request, closings, at_a_time=PERIODS_ON_A_PAGE),
        "differences": selectors.cash_differences(request.group, is_open=True),
    }
    return render(request, "finance/periods.html", context, status=status)
