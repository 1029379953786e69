"""A member is registered and the profile changed."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from groups import services
from groups.forms.fields import renew_key
from groups.forms.members import MemberForm, NewMemberForm
from groups.http import GroupRequest
from groups.models import Member
from groups.permissions import Capability, requires


@requires(Capability.RECORD)
def member_create(request: GroupRequest) -> HttpResponse:
    """Register a member; the next one can follow at once."""
    form = NewMemberForm(request.POST or None, instance=Member(group=request.group))
    if request.method == "POST" and form.is_valid():
        form.instance.key = form.cleaned_data["key"]
        try:
            member = services.member_register(actor=request.user, group=request.group, member=form.instance)
        except services.FormUsed as error:
            form.add_error(None, error)
            renew_key(form)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(
                request, _("%(member)s is member number %(number)d.") % {"member": member, "number": member.number}
            )
            return redirect("member-create" if "another" in request.POST else "group", request.group.code)
    return render(request, "groups/member_form.html", {"form": form})


@requires(Capability.RECORD)
def member_edit(request: GroupRequest, pk: int) -> HttpResponse:
    """Change the profile of a member."""
    member = get_object_or_404(Member.objects.select_related("group"), group=request.group, pk=pk)
    name = member.name
    form = MemberForm(request.POST or None, instance=member)
    if request.method == "POST" and form.is_valid():
        try:
            services.member_update(actor=request.user, member=form.instance)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, _("Saved."))
            return redirect("group", request.group.code)
    return render(request, "groups/member_form.html", {"form": form, "member": member, "name": name})
