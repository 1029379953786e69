"""Adopting new rules of a group, and what they change about the wajib that members missed."""

from __future__ import annotations

from collections.abc import Iterator

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from groups.forms.constitution import ConstitutionForm
from groups.forms.fields import change_data
from groups.http import GroupRequest
from groups.permissions import Capability, requires
from groups.shared.money import rupiah
from groups.shared.submit import posted, submit
from kelompok import services


@requires(Capability.RECORD)
def constitution_adopt(request: GroupRequest) -> HttpResponse:
    """Adopt new rules, beginning from those in force."""
    form = ConstitutionForm(posted(request), group=request.group)
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
