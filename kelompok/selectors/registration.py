"""What a group needs from its registration to its first meeting, and what of it is missing."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date
from functools import partial

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

import finance.selectors
import groups.selectors
from groups.ending import dissolution_of
from groups.models import Group, OfficerRole
from kelompok.selectors import last_meeting


@dataclass(frozen=True, slots=True)
class Step:
    """A step of the registration; `note` says what is there or missing, `url` leads to its page, "" before a group."""

    name: str
    label: str
    is_done: bool = False
    note: str = ""
    url: str = ""
    is_optional: bool = False
    is_next: bool = False


def registration_steps(group: Group, *, as_of: date, has_met: bool | None = None) -> list[Step]:
    """Return the steps of a group from its profile to its first meeting, none once that is closed or the group ended.

    `has_met` says whether a meeting is closed, where that was read already.

    The next steps are the first one missing and, before the first meeting, the opening balances, which only a group
    with money needs.
    """
    if (last_meeting(group, as_of=date.max) is not None if has_met is None else has_met) or dissolution_of(group):
        return []
    count, held = groups.selectors.members_and_offices(group, as_of=as_of)
    steps = [_profile(group), _members(group, count), _officers(group, held), _rules(group), _opening(group)]
    missing = next((step for step in steps if not step.is_done and not step.is_optional), None)
    meeting = Step("meeting", _("First meeting"), url=reverse("meeting-new", args=[group.code]))
    next_names = {missing.name} if missing is not None else {"opening", "meeting"}
    return [_marked(step, step.name in next_names and not step.is_done) for step in (*steps, meeting)]


def steps_to_come() -> list[Step]:
    """Return the steps of a group that is about to be registered."""
    labels = {
        "profile": _("Profile"), "members": _("Members"), "officers": _("Officers"), "rules": _("Rules"),
        "opening": _("Opening balances"), "meeting": _("First meeting"),
    }  # fmt: skip
    return [Step(name, label, is_optional=name == "opening") for name, label in labels.items()]


def registration_context(request: HttpRequest) -> dict[str, Callable[[], list[Step]]]:
    """Template variable `registration`: the steps, read only by the pages that show them."""
    group = getattr(request, "group", None)
    if group is None:
        return {"registration": steps_to_come}
    return {"registration": partial(registration_steps, group, as_of=timezone.localdate())}


def _marked(step: Step, is_next: bool) -> Step:
    return Step(step.name, step.label, step.is_done, step.note, step.url, step.is_optional, is_next)


def _profile(group: Group) -> Step:
    note = "" if group.village_id and group.place else _("Village or meeting place is not written down.")
    return Step("profile", _("Profile"), is_done=True, note=note, url=reverse("group-edit", args=[group.code]))


def _members(group: Group, count: int) -> Step:
    note = ngettext("%d member", "%d members", count) % count
    url = reverse("members-create", args=[group.code])
    return Step("members", _("Members"), is_done=count > 0, note=note, url=url)


def _officers(group: Group, held: Collection[str]) -> Step:
    missing = [str(role.label) for role in OfficerRole if role.value not in held]
    note = _("Nobody yet: %s") % ", ".join(missing) if missing else ""
    return Step("officers", _("Officers"), is_done=not missing, note=note, url=reverse("election", args=[group.code]))


def _rules(group: Group) -> Step:
    url = reverse("constitution-adopt", args=[group.code])
    return Step("rules", _("Rules"), is_done=group.has_rules, url=url)


def _opening(group: Group) -> Step:
    is_done = finance.selectors.opening_of(group) is not None
    note = "" if is_done else _("Only if the group has money, savings or loans already.")
    url = reverse("opening", args=[group.code])
    return Step("opening", _("Opening balances"), is_done, note, url, is_optional=not is_done)
