"""The rules of a group and their versions."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from groups import services
from groups.forms.constitution import ConstitutionForm
from groups.forms.fields import change_data
from groups.http import GroupRequest
from groups.permissions import Capability, requires
from groups.shared.submit import posted, submit


@requires(Capability.READ)
def constitution(request: GroupRequest) -> HttpResponse:
    """The rules in force and every earlier version."""
    versions = request.group.constitutions.select_related("recorded_by").order_by("-agreed_on", "-version")
    return render(request, "groups/constitution.html", {"versions": versions})


@requires(Capability.RECORD)
def constitution_adopt(request: GroupRequest) -> HttpResponse:
    """Adopt new rules, beginning from those in force."""
    form = ConstitutionForm(posted(request), group=request.group)
    response = submit(
        request,
        form,
        lambda _data: services.constitution_adopt(actor=request.user, group=request.group, constitution=form.instance),
        done=_("The new rules are in force."),
        then=lambda _rules: redirect("constitution", request.group.code),
    )
    if form.has_error("version"):
        # Whoever has read the message may save over the version that came in between.
        change_data(form, "version", str(form.next_version))
    return response or render(request, "groups/constitution_form.html", {"form": form})
