"""When a group meets: its rhythms by the day from which each counts."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from groups import selectors
from groups.forms.rhythms import RhythmForm
from groups.http import GroupRequest, takes_posts_of
from groups.models import MeetingRhythm
from groups.permissions import Capability, requires
from groups.services import RHYTHM
from groups.shared.submit import posted, submit
from kelompok import services


@requires(Capability.READ)
def rhythm(request: GroupRequest) -> HttpResponse:
    """The rhythm in force, those before and one to come."""
    in_force = selectors.meeting_rhythm(request.group, as_of=timezone.localdate())
    versions = selectors.rhythm_versions(request.group)
    return render(request, "groups/rhythm.html", {"versions": versions, "in_force": in_force})


@requires(Capability.RECORD)
def rhythm_adopt(request: GroupRequest) -> HttpResponse:
    """Agree another rhythm; `look` shows which days it gives before anything is recorded."""
    group, today = request.group, timezone.localdate()
    in_force = selectors.meeting_rhythm(group, as_of=today)
    initial = {name: getattr(in_force, name) for name in RHYTHM} if in_force is not None else {}
    form = RhythmForm(posted(request), initial={**initial, "agreed_from": today})
    return submit(
        request,
        form,
        lambda _data: services.rhythm_adopt(actor=request.user, group=group, rhythm=form.rhythm),
        done=_("Saved."),
        then=lambda _rhythm: redirect("rhythm", group.code),
    ) or _page(request, form)


def _page(request: GroupRequest, form: RhythmForm) -> HttpResponse:
    days = selectors.days_around(request.group, form.rhythm) if form.is_valid() else None
    return render(request, "groups/rhythm_form.html", {"form": form, "days": days})


@requires(Capability.RECORD)
@takes_posts_of("rhythm")
def rhythm_withdraw(request: GroupRequest, pk: int) -> HttpResponse:
    """Take back a rhythm recorded by mistake."""
    version = get_object_or_404(MeetingRhythm, group=request.group, pk=pk)
    try:
        services.rhythm_withdraw(actor=request.user, rhythm=version)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, _("Taken back: %(rhythm)s.") % {"rhythm": version})
    return redirect("rhythm", request.group.code)
