"""Adopting new rules of a group, and what they change about the wajib that members missed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

import finance.selectors
import meetings.selectors
from groups.forms.constitution import ConstitutionForm
from groups.forms.fields import change_data
from groups.http import GroupRequest
from groups.permissions import Capability, requires
from groups.selectors import versions_with_changes
from groups.shared.money import rupiah
from groups.shared.submit import posted, submit
from kelompok import services


@requires(Capability.RECORD)
def constitution_adopt(request: GroupRequest) -> HttpResponse:
    """Adopt new rules, beginning from those in force; the page of a meeting asks for its own day."""
    form = ConstitutionForm(posted(request), group=request.group, agreed_on=_day(request.GET.get("agreed_on")))
    response = submit(
        request,
        form,
        lambda _data: services.constitution_adopt(actor=request.user, group=request.group, constitution=form.instance),
        done=_("The new rules are in force."),
        then=lambda adopted: _adopted(request, adopted),
    )
    if form.has_error("version"):
        # Whoever has read the message may save over the version that came in between.
        change_data(form, "version", str(form.next_version))
    return response or render(request, "groups/constitution_form.html", {"form": form})


@requires(Capability.READ)
def constitution_version(request: GroupRequest, version: int) -> HttpResponse:
    """One version of the rules as statutes (AD/ART), with what it changed, to print and to sign."""
    found = {rules.version: (rules, changes) for rules, changes in versions_with_changes(request.group)}
    if version not in found:
        raise Http404
    rules, changes = found[version]
    context = {
        "rules": rules,
        "changes": changes,
        "meeting": meetings.selectors.meeting_held_on(request.group, rules.agreed_on),
        "print_frame": finance.selectors.print_frame(request.group, as_of=rules.agreed_on),
    }
    return render(request, "groups/statutes.html", context)


def _day(text: str | None) -> date | None:
    """Return the day of an address such as 2026-11-21, None for nothing or what is none."""
    try:
        return date.fromisoformat(text or "")
    except ValueError:
        return None


def _adopted(request: GroupRequest, adopted: services.RulesAdopted) -> HttpResponse:
    for text in _wajib_changed(adopted):
        messages.warning(request, text)
    return redirect("constitution", request.group.code)


def _wajib_changed(adopted: services.RulesAdopted) -> Iterator[str]:
    """Yield in a sentence each how much more and how much less wajib is in arrears by new rules."""
    more = [amount for amount in adopted.missed_wajib.values() if amount > 0]
    less = [-amount for amount in adopted.missed_wajib.values() if amount < 0]
    if more:
        yield ngettext(
            "By these rules %(count)d member is %(amount)s further behind with compulsory savings (wajib).",
            "By these rules %(count)d members together are %(amount)s further behind with compulsory savings (wajib).",
            len(more),
        ) % {"count": len(more), "amount": rupiah(sum(more))}
    if less:
        yield ngettext(
            "By these rules %(count)d member is %(amount)s less behind with compulsory savings (wajib).",
            "By these rules %(count)d members together are %(amount)s less behind with compulsory savings (wajib).",
            len(less),
        ) % {"count": len(less), "amount": rupiah(sum(less))}
