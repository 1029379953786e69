"""The rules of a group and their versions."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from groups import services
from groups.forms.constitution import ConstitutionForm
from groups.http import GroupRequest
from groups.models import Constitution
from groups.permissions import Capability, requires


@requires(Capability.READ)
def constitution(request: GroupRequest) -> HttpResponse:
    """The rules in force and every earlier version."""
    versions = request.group.constitutions.select_related("recorded_by")
    return render(request, "groups/constitution.html", {"versions": versions})


@requires(Capability.RECORD)
def constitution_adopt(request: GroupRequest) -> HttpResponse:
    """Adopt new rules, beginning from those in force."""
    latest = Constitution.objects.filter(group=request.group).first()
    start = {name: getattr(latest, name) for name in services.RULES if name != "agreed_on"} if latest else {}
    next_version = latest.version + 1 if latest else 1
    form = ConstitutionForm(
        request.POST or None, instance=Constitution(group=request.group), initial={**start, "version": next_version}
    )
    if request.method == "POST" and form.is_valid():
        try:
            services.constitution_adopt(actor=request.user, group=request.group, constitution=form.instance)
        except ValidationError as error:
            form.add_error(None, error)
            # Whoever has read the message may save over the version that came in between.
            form.data = {**form.data.dict(), "version": str(next_version)}  # type: ignore[attr-defined]
        else:
            messages.success(request, _("The new rules are in force."))
            return redirect("constitution", request.group.code)
    return render(request, "groups/constitution_form.html", {"form": form})
