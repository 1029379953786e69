"""The rules of a group and their versions; new ones are adopted in `kelompok`, for arrears follow from them."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render

from groups.http import GroupRequest
from groups.permissions import Capability, requires
from groups.selectors import versions_with_changes


@requires(Capability.READ)
def constitution(request: GroupRequest) -> HttpResponse:
    """The rules in force and every earlier version, each with what it changed."""
    return render(request, "groups/constitution.html", {"versions": versions_with_changes(request.group)})
