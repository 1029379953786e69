"""Members are registered, one or many at a time, and the profile of one is changed."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from groups import services
from groups.forms import more_rows
from groups.forms.members import ROWS_ADDED, ROWS_PREFIX, EditMemberForm, MembersPage, NewMemberForm
from groups.http import GroupRequest
from groups.models import Member
from groups.permissions import Capability, requires
from groups.services import MOST_AT_ONCE
from groups.shared.submit import posted, submit


@requires(Capability.RECORD)
def member_create(request: GroupRequest) -> HttpResponse:
    """Register a member; the next one can follow at once."""
    form = NewMemberForm(posted(request), instance=Member(group=request.group), actor=request.user)
    next_page = "member-create" if "another" in request.POST else "group"
    return submit(
        request,
        form,
        lambda _data: services.member_register(actor=request.user, group=request.group, member=form.instance),
        done=lambda member: _("%(member)s is member number %(number)d.") % {"member": member, "number": member.number},
        then=lambda _member: redirect(next_page, request.group.code),
    ) or render(request, "groups/member_form.html", {"form": form})


@requires(Capability.RECORD)
def members_create(request: GroupRequest) -> HttpResponse:
    """Register many members on one page."""
    data = posted(request)
    adds = data is not None and data.get("action") == "more"
    if data is not None and adds:
        data = more_rows(data, ROWS_PREFIX, most=MOST_AT_ONCE, by=ROWS_ADDED)
    page = MembersPage(request.group, request.user, data)
    if adds:
        page.forget_errors()
    response = None if adds or not page.is_right else _register(request, page)
    return response or render(request, "groups/members_form.html", {"page": page})


def _register(request: GroupRequest, page: MembersPage) -> HttpResponse | None:
    return submit(
        request,
        page.head,
        lambda data: services.members_register(
            actor=request.user, group=request.group, members=page.members, form_key=data["key"]
        ),
        done=lambda members: (
            ngettext("%(count)d member is registered.", "%(count)d members are registered.", len(members))
            % {"count": len(members)}
        ),
        then=lambda _members: redirect("group", request.group.code),
    )


@requires(Capability.RECORD)
def member_edit(request: GroupRequest, pk: int) -> HttpResponse:
    """Change the profile of a member."""
    member = get_object_or_404(request.group.members, pk=pk)
    stored_name = str(member)
    form = EditMemberForm(posted(request), instance=member)
    return submit(
        request,
        form,
        lambda data: services.member_update(actor=request.user, member=member, seen=data["seen"]),
        done=_("Saved."),
        then=lambda _member: redirect("group", request.group.code),
    ) or render(request, "groups/member_form.html", {"form": form, "member": member, "name": stored_name})
