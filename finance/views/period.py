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
from finance.ledger.errors import AlreadyPosted, LedgerError
from finance.views.paging import lines_shown
from groups.http import GroupRequest
from groups.permissions import Capability, can, requires

PERIODS_ON_A_PAGE = 24


@requires(Capability.READ)
@require_http_methods(["GET"])
def periods(request: GroupRequest) -> HttpResponse:
    """The closed periods, and for who records the form that closes the next one."""
    return _page(request, PeriodCloseForm(group=request.group))


@requires(Capability.RECORD)
@require_http_methods(["POST"])
def period_close(request: GroupRequest) -> HttpResponse:
    """Close a period; the same form sent twice closes it once."""
    form = PeriodCloseForm(request.POST, group=request.group)
    if form.is_valid():
        through = form.cleaned_data["through"]
        try:
            services.period_close(
                actor=request.user, group=request.group, through=through, key=form.cleaned_data["key"]
            )
        except AlreadyPosted as error:
            messages.info(request, str(error))
        except LedgerError as error:
            form.add_error("through", str(error))
        else:
            messages.success(request, _("The books are closed through %s.") % date_format(through))
        if not form.errors:
            return redirect("periods", request.group.code)
    elif "key" in form.cleaned_data and selectors.closings(request.group).filter(key=form.cleaned_data["key"]).exists():
        messages.info(request, str(AlreadyPosted()))
        return redirect("periods", request.group.code)
    return _page(request, form, status=422)


def _page(request: GroupRequest, form: PeriodCloseForm, status: int = 200) -> HttpResponse:
    closings = selectors.closings(request.group)
    context = {
        "form": form if can(request.user, Capability.RECORD) else None,
        "page": lines_shown(request, closings, at_a_time=PERIODS_ON_A_PAGE),
        "differences": selectors.cash_differences(request.group, is_open=True),
    }
    return render(request, "finance/periods.html", context, status=status)
