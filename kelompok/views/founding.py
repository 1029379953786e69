"""The record of a founding (berita acara pendirian), to print and to sign."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import redirect, render

import finance.selectors
import groups.selectors
from groups.http import GroupRequest
from groups.models import Member
from groups.permissions import Capability, requires


@requires(Capability.READ)
def founding(request: GroupRequest) -> HttpResponse:
    """Where and when the group was founded, its members and officers of that day; the way to record it without one."""
    group = request.group
    founding = groups.selectors.founding_of(group)
    if founding is None:
        return redirect("formation", group.code)
    context = {
        "founding": founding,
        "members": Member.objects.filter(group=group).effective(founding.held_on).order_by("number"),
        "terms": groups.selectors.officer_terms(group).effective(founding.held_on),
        "print_frame": finance.selectors.print_frame(group, as_of=founding.held_on),
    }
    return render(request, "groups/founding.html", context)
