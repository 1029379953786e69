"""Pages of the share-out at the end of a cycle: the plan, the posting, the list to sign."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from finance import selectors, services, tables
from finance.forms.surplus import USUALLY_KEPT, ReasonForm, ShareOutForm, ShareOutOptionsForm
from finance.models import Entry
from finance.views.printing import respond_with_book
from finance.views.submit import submit_once
from groups.http import GroupRequest
from groups.permissions import Capability, requires
from groups.shared.submit import posted


@requires(Capability.READ)
def share_out(request: GroupRequest) -> HttpResponse:
    """Who would get what if everything were returned, and what is missing before it can be."""
    asked = "on" in request.GET
    form = ShareOutOptionsForm(request.GET if asked else None, group=request.group, initial=_usual())
    on, keep = form.chosen
    plan = selectors.share_out_plan(request.group, as_of=on, keep=keep)
    table = tables.share_out_list(request.group, plan.rows, on=on)
    past = selectors.share_outs(request.group)
    context = {"form": form, "plan": plan, "table": table, "keep": sorted(keep), "past": past}
    return render(request, "finance/share_out.html", context)


@requires(Capability.RECORD)
def share_out_post(request: GroupRequest) -> HttpResponse:
    """Post the share-out that was seen; a form sent twice posts it once."""
    form = ShareOutForm(posted(request), group=request.group, initial=_usual(request))
    answer = submit_once(
        request,
        form,
        lambda data: services.share_out_post(actor=request.user, group=request.group, **data),
        then=lambda entry: _posted(request, entry),
        done=_("Everything is returned. Print the list and let the members sign."),
    )
    return answer or _asked(request, form)


def _posted(request: GroupRequest, entry: Entry | None) -> HttpResponse:
    if entry is None:
        return redirect("share-out", request.group.code)
    return redirect("share-out-list", request.group.code, entry.number)


def _asked(request: GroupRequest, form: ShareOutForm) -> HttpResponse:
    """Show what would be returned, and ask whether that is what was seen."""
    on, keep = ShareOutOptionsForm(request.POST or request.GET, group=request.group).chosen
    plan = selectors.share_out_plan(request.group, as_of=on, keep=keep)
    form.initial["seen"] = plan.payout
    form.ask_again(plan.payout)
    table = tables.share_out_list(request.group, plan.rows, on=plan.as_of)
    return render(request, "finance/share_out_post.html", {"form": form, "plan": plan, "table": table})


@requires(Capability.READ)
def share_out_list(request: GroupRequest, number: int) -> HttpResponse:
    """What each member got in a share-out, to sign."""
    entry = get_object_or_404(selectors.share_outs(request.group), number=number)
    rows = selectors.share_out_rows(entry)
    table = tables.share_out_list(request.group, rows, on=entry.effective_on)
    context = {"entry": entry, "rows": rows, "table": table}
    return respond_with_book(request, "finance/share_out_list.html", context, lambda: table)


@requires(Capability.RECORD)
def share_out_reverse(request: GroupRequest, number: int) -> HttpResponse:
    """Undo a share-out that was recorded wrongly."""
    entry: Entry = get_object_or_404(selectors.share_outs(request.group), number=number)
    form = ReasonForm(posted(request))
    answer = submit_once(
        request,
        form,
        lambda data: services.share_out_reverse(actor=request.user, entry=entry, **data),
        then=lambda _entry: redirect("share-out-list", request.group.code, number),
        done=_("The share-out is reversed; the money counts as in the cash box again."),
    )
    return answer or render(request, "finance/share_out_reverse.html", {"form": form, "entry": entry})


def _usual(request: GroupRequest | None = None) -> dict[str, object]:
    """Return what the form begins with: what was chosen on the page before, or today and the grants kept."""
    if request is not None and "on" in request.GET:
        return {"on": request.GET["on"], "keep": request.GET.getlist("keep")}
    return {"on": timezone.localdate(), "keep": sorted(USUALLY_KEPT)}
