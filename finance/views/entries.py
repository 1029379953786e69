"""Pages of one ledger entry: its lines, and taking it back."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from finance import selectors, services
from finance.forms.surplus import ReasonForm
from finance.models import Entry
from finance.views.printing import frame_of
from finance.views.submit import submit_once
from groups.http import GroupRequest
from groups.permissions import Capability, requires
from groups.shared.submit import posted


@requires(Capability.READ)
def entry(request: GroupRequest, number: int) -> HttpResponse:
    """One entry of the ledger with its lines."""
    shown = _found(request, number)
    context = {
        "entry": shown,
        "lines": selectors.entry_lines(shown),
        "print_frame": frame_of(request),
        "may_reverse": not hasattr(shown, "reversed_by") and shown.kind in services.REVERSED_BY_ITSELF,
    }
    return render(request, "finance/entry.html", context)


@requires(Capability.RECORD)
@require_http_methods(["GET", "POST"])
def entry_reverse(request: GroupRequest, number: int) -> HttpResponse:
    """Take back an entry that was recorded wrongly, with a reason."""
    reversed_entry = _found(request, number)
    form = ReasonForm(posted(request))
    answer = submit_once(
        request,
        form,
        lambda data: services.entry_reverse(actor=request.user, entry=reversed_entry, **data),
        then=lambda _entry: redirect("entry", request.group.code, number),
        done=_("The entry is reversed; both stay in the books."),
    )
    context = {"form": form, "entry": reversed_entry, "lines": selectors.entry_lines(reversed_entry)}
    return answer or render(request, "finance/entry_reverse.html", context, status=422 if form.errors else 200)


def _found(request: GroupRequest, number: int) -> Entry:
    entries = Entry.objects.select_related("recorded_by", "reverses", "reversed_by")
    entry = get_object_or_404(entries, group=request.group, number=number)
    entry.group = request.group  # as the access check read it
    return entry
