"""A group is formed: the six steps, its founding meeting, and one that fell asleep is revived."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from groups import selectors, services
from groups.forms.formation import FoundingForm, NoteForm, ReviveForm, WithdrawForm
from groups.http import GroupRequest, takes_posts_of
from groups.models import WRITTEN_STEPS, FormationNote, FormationStep, GroupStatus
from groups.permissions import Capability, requires
from groups.shared.submit import posted, submit


@requires(Capability.READ)
def formation(request: GroupRequest) -> HttpResponse:
    """The six steps of forming the group, what is left, and its founding."""
    group = request.group
    states = selectors.formation_of([group], as_of=timezone.localdate())[group.pk]
    context = {
        "states": states,
        "left": sum(not state.is_done for state in states),
        "founding": selectors.founding_of(group),
    }
    return render(request, "groups/formation.html", context)


@requires(Capability.RECORD)
def formation_step(request: GroupRequest, step: str) -> HttpResponse:
    """Write what was done for one step."""
    group = request.group
    if step.upper() not in WRITTEN_STEPS:
        raise Http404
    asked = FormationStep(step.upper())
    form = NoteForm(posted(request), instance=FormationNote(group=group, step=asked))
    response = submit(
        request,
        form,
        lambda _data: services.formation_note_record(actor=request.user, group=group, note=form.instance),
        done=_("Saved."),
        then=lambda _note: redirect("formation", group.code),
    )
    states = selectors.formation_of([group], as_of=timezone.localdate())[group.pk]
    context = {
        "form": form,
        "state": next(state for state in states if state.step == asked),
        "near": selectors.groups_near(request.user, group) if asked == FormationStep.NEARBY else None,
        "names": selectors.names_near(request.user, group) if asked == FormationStep.NAME else None,
    }
    return response or render(request, "groups/formation_step.html", context)


@requires(Capability.RECORD)
def formation_note_withdraw(request: GroupRequest, pk: int) -> HttpResponse:
    """Withdraw a note recorded by mistake."""
    note = get_object_or_404(request.group.formation_notes, pk=pk)
    form = WithdrawForm(posted(request))
    return submit(
        request,
        form,
        lambda data: services.formation_note_withdraw(actor=request.user, note=note, **data),
        done=_("Withdrawn."),
        then=lambda _note: redirect("formation", request.group.code),
    ) or render(request, "groups/formation_form.html", {"form": form, "title": _("Withdraw: %s") % note})


@requires(Capability.RECORD)
def founding_record(request: GroupRequest) -> HttpResponse:
    """Record the founding meeting."""
    form = FoundingForm(posted(request), group=request.group)
    return submit(
        request,
        form,
        lambda _data: services.founding_record(actor=request.user, group=request.group, founding=form.instance),
        done=_("The founding is recorded. Print it and let it be signed."),
        then=lambda _founding: redirect("founding", request.group.code),
    ) or render(request, "groups/formation_form.html", {"form": form, "title": _("Record the founding meeting")})


@requires(Capability.RECORD)
def founding_withdraw(request: GroupRequest) -> HttpResponse:
    """Withdraw a founding recorded by mistake."""
    founding = selectors.founding_of(request.group)
    if founding is None:
        return redirect("formation", request.group.code)
    form = WithdrawForm(posted(request))
    return submit(
        request,
        form,
        lambda data: services.founding_withdraw(actor=request.user, founding=founding, **data),
        done=_("Withdrawn."),
        then=lambda _founding: redirect("formation", request.group.code),
    ) or render(request, "groups/formation_form.html", {"form": form, "title": _("Withdraw the founding")})


@requires(Capability.RECORD)
@takes_posts_of("formation")
def group_found(request: GroupRequest) -> HttpResponse:
    """Let a group of which all is done be active from the day of its founding."""
    try:
        services.group_found(actor=request.user, group=request.group)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return redirect("formation", request.group.code)
    messages.success(request, _("%(group)s is founded and active.") % {"group": request.group})
    return redirect("group", request.group.code)


@requires(Capability.RECORD)
def group_revive(request: GroupRequest) -> HttpResponse:
    """Let a group that fell asleep be active again."""
    if request.group.status != GroupStatus.DORMANT:
        return redirect("group", request.group.code)
    form = ReviveForm(posted(request))
    return submit(
        request,
        form,
        lambda data: services.group_revive(
            actor=request.user, group=request.group, on=data["status_on"], reason=data["status_reason"]
        ),
        done=_("The group is active again."),
        then=lambda _change: redirect("group", request.group.code),
    ) or render(request, "groups/formation_form.html", {"form": form, "title": _("Revive the group")})
