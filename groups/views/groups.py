"""The list of groups; a group is registered and its profile changed."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from groups import selectors, services
from groups.forms.groups import GroupEditForm, GroupSearchForm
from groups.forms.rhythms import GroupRegisterForm
from groups.http import GroupRequest, UserRequest
from groups.models import Group, GroupStatus
from groups.permissions import Capability, requires
from groups.shared.submit import posted, submit

GROUPS_ON_A_PAGE = 25


@requires(Capability.READ)
def group_list(request: UserRequest) -> HttpResponse:
    """All groups the person may see, searched and filtered."""
    form = GroupSearchForm(request.GET)
    if form.is_valid():
        groups = selectors.groups_find(request.user, as_of=timezone.localdate(), **form.asked())
    else:  # what was asked for does not exist, and other groups were not asked for
        groups = Group.objects.none()
    page = Paginator(groups, GROUPS_ON_A_PAGE).get_page(request.GET.get("page"))
    forming = [group for group in page if group.status == GroupStatus.FORMING]
    left = selectors.steps_left(forming, as_of=timezone.localdate()) if forming else {}
    for group in forming:
        group.steps_left = left[group.pk]  # type: ignore[attr-defined]  # for the page
    is_filtered = bool(form.errors) or any(form.cleaned_data.values())
    return render(request, "groups/group_list.html", {"form": form, "page": page, "is_filtered": is_filtered})


@requires(Capability.RECORD)
def group_create(request: UserRequest) -> HttpResponse:
    """Register a new group."""
    form = GroupRegisterForm(posted(request), actor=request.user)
    return submit(
        request,
        form,
        lambda _data: services.group_register(actor=request.user, group=form.instance, rhythm=form.rhythm),
        done=_registered,
        then=lambda group: redirect("formation" if group.status == GroupStatus.FORMING else "group", group.code),
    ) or render(request, "groups/group_form.html", {"form": form})


def _registered(group: Group) -> str:
    """Return what is said of a group that was registered: what comes first on the page that is shown then."""
    if group.status == GroupStatus.FORMING:
        return _("%(group)s is registered. Now begin with the first step.") % {"group": group}
    return _("%(group)s is registered. Now add its members.") % {"group": group}


@requires(Capability.RECORD)
def group_edit(request: GroupRequest) -> HttpResponse:
    """Change the profile of a group."""
    # A copy of the row, so that the page's header keeps the stored name while the form is wrong.
    group = Group.objects.select_related("village__parent__parent__parent").get(pk=request.group.pk)
    form = GroupEditForm(posted(request), instance=group)
    return submit(
        request,
        form,
        lambda _data: services.group_update(actor=request.user, group=group, **form.update),
        done=_("Saved."),
        then=lambda _group: redirect("group", request.group.code),
    ) or render(request, "groups/group_form.html", {"form": form})
