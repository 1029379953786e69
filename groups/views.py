"""Pages about groups, their members, officers and rules."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from groups import selectors, services
from groups.forms import (
    AssignmentForm,
    ConstitutionForm,
    ElectionForm,
    GroupEditForm,
    GroupForm,
    GroupSearchForm,
    MemberForm,
    NewMemberForm,
    TermCorrectionForm,
    renew_key,
)
from groups.http import GroupRequest, UserRequest
from groups.models import Constitution, Group, Member
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


@requires(Capability.READ)
def officers(request: GroupRequest) -> HttpResponse:
    """Who holds which office, and who did before."""
    return render(
        request,
        "groups/officers.html",
        {
            "terms": selectors.officer_terms(request.group),
            "corrections": selectors.term_corrections(request.group),
        },
    )


@requires(Capability.RECORD)
def election(request: GroupRequest) -> HttpResponse:
    """Record the election of one or more officers."""
    form = ElectionForm(request.POST or None, group=request.group)
    if request.method == "POST" and form.is_valid():
        try:
            services.officers_elect(
                actor=request.user,
                group=request.group,
                elected=form.elected(),
                on=form.cleaned_data["started_on"],
            )
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, _("The election is recorded."))
            return redirect("officers", request.group.code)
    return render(
        request,
        "groups/election.html",
        {"form": form, "terms": selectors.officer_terms(request.group).filter(ended_on__isnull=True)},
    )


@requires(Capability.RECORD)
def term_correct(request: GroupRequest, pk: int) -> HttpResponse:
    """Correct the day of an election, or remove an election that never was."""
    terms = selectors.officer_terms(request.group)
    term = terms.filter(pk=pk).first()
    if term is None:
        if any(correction.term_id == pk for correction in selectors.term_corrections(request.group)):
            return redirect("officers", request.group.code)
        raise Http404
    others = [other for other in terms.filter(started_on=term.started_on) if other != term]
    form = TermCorrectionForm(request.POST or None, others=bool(others))
    if request.method == "POST" and form.is_valid():
        found = form.cleaned_data
        what = {"whole_election": found.get("whole_election", False), "reason": found["reason"]}
        try:
            if found["what"] == "day":
                services.term_redate(actor=request.user, term=term, started_on=found["started_on"], **what)
            else:
                services.term_remove(actor=request.user, term=term, **what)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, _("The election is corrected."))
            return redirect("officers", request.group.code)
    return render(request, "groups/term_correct.html", {"form": form, "term": term, "others": others})


@requires(Capability.CONFIGURE)
def facilitators(request: GroupRequest) -> HttpResponse:
    """Who accompanies the group; assign another facilitator."""
    form = AssignmentForm(request.POST or None, group=request.group)
    if request.method == "POST" and form.is_valid():
        try:
            services.facilitator_assign(
                actor=request.user,
                group=request.group,
                facilitator=form.cleaned_data["facilitator"],
                started_on=form.cleaned_data["started_on"],
            )
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, _("Saved."))
            return redirect("facilitators", request.group.code)
    assignments = request.group.assignments.select_related("facilitator")
    return render(request, "groups/facilitators.html", {"form": form, "assignments": assignments})


@requires(Capability.CONFIGURE)
@require_POST
def facilitator_end(request: GroupRequest, pk: int) -> HttpResponse:
    """End an assignment today."""
    assignment = get_object_or_404(request.group.assignments, pk=pk)
    if assignment.ended_on is None:
        ended_on = max(timezone.localdate(), assignment.started_on)
        services.assignment_end(actor=request.user, assignment=assignment, ended_on=ended_on)
    messages.success(request, _("%(person)s sees this group no more.") % {"person": assignment.facilitator})
    return redirect("facilitators", request.group.code)


def _with_village(group: Group) -> Group:
    return Group.objects.select_related("village__parent__parent__parent").get(pk=group.pk)
