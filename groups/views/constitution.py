"""The rules of a group and their versions; new ones are adopted in `kelompok`, for arrears follow from them."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render

from groups.http import GroupRequest
from groups.permissions import Capability, requires


@requires(Capability.READ)
def constitution(request: GroupRequest) -> HttpResponse:
    """The rules in force and every earlier version."""
    versions = request.group.constitutions.select_related("recorded_by").order_by("-agreed_on", "-version")
    return render(request, "groups/constitution.html", {"versions": versions})
