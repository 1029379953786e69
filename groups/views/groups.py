"""The list of groups; a group is registered and its profile changed."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from groups import selectors, services
from groups.forms.fields import renew_key
from groups.forms.groups import GroupEditForm, GroupForm, GroupSearchForm
from groups.http import GroupRequest, UserRequest
from groups.models import Group
from groups.permissions import Capability, requires

GROUPS_ON_A_PAGE = 25


@requires(Capability.READ)
def group_list(request: UserRequest) -> HttpResponse:
    """All groups the person may see, searched and filtered."""
    form = GroupSearchForm(request.GET)
    form.is_valid()
    groups = selectors.groups_find(
        request.user,
        words=form.cleaned_data.get("q", ""),
        kind=form.cleaned_data.get("kind", ""),
        status=form.cleaned_data.get("status", ""),
    )
    page = Paginator(groups, GROUPS_ON_A_PAGE).get_page(request.GET.get("page"))
    is_filtered = any(form.cleaned_data.values())
    return render(request, "groups/group_list.html", {"form": form, "page": page, "is_filtered": is_filtered})


@requires(Capability.RECORD)
def group_create(request: UserRequest) -> HttpResponse:
    """Register a new group."""
    form = GroupForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        group = form.save(commit=False)
        group.key = form.cleaned_data["key"]
        try:
            group = services.group_register(actor=request.user, group=group)
        except services.FormUsed as error:
            form.add_error(None, error)
            renew_key(form)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, _("%(group)s is registered. Now add its members.") % {"group": group})
            return redirect("group", group.code)
    return render(request, "groups/group_form.html", {"form": form})


@requires(Capability.RECORD)
def group_edit(request: GroupRequest) -> HttpResponse:
    """Change the profile of a group."""
    # A copy of the row, so that the page's header keeps the stored name while the form is wrong.
    form = GroupEditForm(request.POST or None, instance=_with_village(request.group))
    if request.method == "POST" and form.is_valid():
        try:
            services.group_update(
                actor=request.user,
                group=form.instance,
                status_on=form.cleaned_data["status_on"],
                status_reason=form.cleaned_data["status_reason"],
            )
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, _("Saved."))
            return redirect("group", request.group.code)
    return render(request, "groups/group_form.html", {"form": form})


def _with_village(group: Group) -> Group:
    return Group.objects.select_related("village__parent__parent__parent").get(pk=group.pk)
