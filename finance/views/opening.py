"""The page of opening balances, for a group that existed before it used this program."""

from __future__ import annotations

from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from finance import selectors, services
from finance.forms.opening import ROWS, OpeningSheet
from finance.models import EntryKind
from finance.views.submit import submit_once, was_sent
from groups.forms import more_rows
from groups.http import GroupRequest
from groups.models import Group, Member
from groups.permissions import Capability, requires
from groups.shared.submit import posted


@requires(Capability.RECORD)
@require_http_methods(["GET", "POST"])
def opening(request: GroupRequest) -> HttpResponse:
    """Enter, check and post the opening balances; once they stand, show the way to their entry."""
    group = request.group
    earlier = selectors.first_to_count(group)
    if earlier is not None and earlier.kind == EntryKind.OPENING and request.method == "GET":
        return redirect("entry", group.code, earlier.number)
    data, action = posted(request), request.POST.get("action")
    if data is not None and action == "more":
        data = more_rows(more_rows(data, "loans", most=ROWS), "debts", most=ROWS)
    sheet = OpeningSheet(group, _members(group, data), data)
    posts = action == "post" and (sheet.is_right or was_sent(request, sheet.head))
    context = {
        "sheet": sheet, "opening": sheet.opening, "checked": data is not None, "may_open": earlier is None,
    }  # fmt: skip
    status = 422 if action == "post" else 200
    return (_post(request, sheet) if posts else None) or render(request, "finance/opening.html", context, status=status)


def _post(request: GroupRequest, sheet: OpeningSheet) -> HttpResponse | None:
    group = request.group
    return submit_once(
        request,
        sheet.head,
        lambda head: services.opening_record(actor=request.user, group=group, opening=sheet.opening, key=head["key"]),
        then=lambda entry: redirect("entry", group.code, entry.number) if entry else redirect("books", group.code),
        done=_("The opening balances are in the books."),
    )


def _members(group: Group, data: QueryDict | None) -> list[Member]:
    """Return who is a member today or was one on the day of the cut-off, who may have left since."""
    today = timezone.localdate()
    try:
        cut_off = parse_date(data.get("on", "") if data is not None else "") or today
    except ValueError:
        cut_off = today
    return list(group.members.effective(today) | group.members.effective(cut_off))
