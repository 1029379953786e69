"""The page of opening balances, for a group that existed before it used this program."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from finance import selectors, services
from finance.forms.opening import ROWS, OpeningSheet
from finance.ledger.errors import AlreadyPosted, LedgerError, PeriodClosed
from groups.http import GroupRequest
from groups.models import Member
from groups.permissions import Capability, requires


@requires(Capability.RECORD)
@require_http_methods(["GET", "POST"])
def opening(request: GroupRequest) -> HttpResponse:
    """Enter, check and post the opening balances; once they stand, show the way to their entry."""
    group = request.group
    earlier = selectors.opening_of(group)
    if earlier is not None:
        if request.method == "POST":
            messages.info(request, str(AlreadyPosted()))
        return redirect("entry", group.code, earlier.number)
    members = list(Member.objects.filter(group=group, left_on__isnull=True))
    action = request.POST.get("action")
    data = None
    if request.method == "POST":
        data = request.POST.copy()
        if action == "more":
            for prefix in ("loans", "debts"):
                total = data.get(f"{prefix}-TOTAL_FORMS", "")
                data[f"{prefix}-TOTAL_FORMS"] = str(min(ROWS, int(total) + 2)) if total.isdecimal() else "2"
    sheet = OpeningSheet(group, members, data)
    refusal = ""
    if data is not None and sheet.is_right and action == "post":
        try:
            entry = services.opening_record(
                actor=request.user, group=group, opening=sheet.opening, key=sheet.head.cleaned_data["key"]
            )
        except AlreadyPosted as error:
            messages.info(request, str(error))
            return redirect("books", group.code)
        except PeriodClosed as error:
            sheet.head.add_error("on", str(error))
        except LedgerError as error:
            refusal = str(error)
        else:
            messages.success(request, _("The opening balances are in the books."))
            return redirect("entry", group.code, entry.number)
    refused = action == "post"
    return render(
        request,
        "finance/opening.html",
        {
            "sheet": sheet,
            "opening": sheet.opening,
            "checked": data is not None,
            "refusal": refusal,
            "may_open": selectors.may_open(group),
        },
        status=422 if refused else 200,
    )
