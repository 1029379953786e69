"""All groups of a facilitator go to another one in one step, with the visits that were planned."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Count, F, Q, QuerySet
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

import groups.services
import meetings.services
from groups.models import FacilitatorAssignment, Group, Role, User
from groups.permissions import Capability, lock_group, require
from groups.shared.clock import now, today_of
from meetings.models import FollowUp, Meeting, MeetingStatus, PlannedVisit

MOST_NAMED = 3
MOST_GROUPS = 200
"""More groups than these nobody accompanies; they are handed over in parts."""


@dataclass(frozen=True, slots=True)
class Handed:
    """A group that goes to another facilitator, with what is not finished: drafts, visits planned, follow-ups."""

    group: Group
    drafts: int
    plans: int
    follow_ups: int


def handed_over(actor: User, *, former: User, on: date) -> list[Handed]:
    """Return the groups that `former` would hand over on a day, among those `actor` may see; four statements."""
    own = _running(actor, former, on)
    found = list(Group.objects.filter(pk__in=own.values("group")).select_related("village").order_by("name", "pk"))
    drafts = _counts(Meeting.objects.filter(group__in=found, status=MeetingStatus.DRAFT))
    plans = _counts(PlannedVisit.objects.open().filter(group__in=found, visitor=former, planned_on__gte=on))
    open_ones = FollowUp.objects.filter(group__in=found, done_on__isnull=True, visit__withdrawn_at__isnull=True)
    follow_ups = _counts(open_ones)
    return [
        Handed(group, drafts.get(group.pk, 0), plans.get(group.pk, 0), follow_ups.get(group.pk, 0)) for group in found
    ]


@transaction.atomic
def facilitator_handover(*, actor: User, former: User, successor: User, on: date) -> list[Group]:
    """Hand all groups of `former` that `actor` may see to `successor` from a day on; return them.

    The assignments of `former` end on that day and those of `successor` begin, for a substitute until the same end;
    visits that `former` planned from then on are planned for `successor`. What was recorded stays with the groups.
    Done twice, the second time moves nothing. Raises `ValidationError` for the same person twice, for one who is no
    active facilitator of the organisation, and for more than `MOST_GROUPS` groups.
    """
    require(actor, Capability.CONFIGURE)
    if former == successor:
        raise ValidationError({"successor": _("Choose another person.")})
    if not (successor.is_active and successor.role == Role.FACILITATOR) or (
        successor.organisation_id != former.organisation_id
    ):
        raise ValidationError({"successor": _("Choose a facilitator of the organisation.")})
    running = list(_running(actor, former, on).select_related("group").order_by("group")[: MOST_GROUPS + 1])
    _refuse_before_they_began(running, on)
    if len(running) > MOST_GROUPS:
        raise ValidationError(_("These are more than %d groups: hand some of them over one by one.") % MOST_GROUPS)
    for assignment in running:
        group = lock_group(actor, Capability.CONFIGURE, assignment.group)
        day = max(on, assignment.started_on)
        groups.services.facilitator_assign(
            actor=actor, group=group, facilitator=successor, started_on=day, ended_on=assignment.ended_on
        )
        groups.services.assignment_end(actor=actor, assignment=assignment, ended_on=day)
        _plan_anew(actor, group, former, successor, on)
    return [assignment.group for assignment in running]


def _refuse_before_they_began(running: Sequence[FacilitatorAssignment], on: date) -> None:
    """Refuse a past day on which some of the groups were still with somebody else."""
    later = [one for one in running if on < one.started_on <= today_of(one.group)]
    if later:
        last = max(one.started_on for one in later)
        names = ", ".join(str(one.group) for one in later[:MOST_NAMED])
        message = _("Not all of these groups were there on that day yet: %(groups)s. Choose %(day)s or a later day.")
        raise ValidationError({"on": message % {"groups": names, "day": date_format(last)}})


def _running(actor: User, former: User, on: date) -> QuerySet[FacilitatorAssignment]:
    """Return the assignments that go on after the day and have not ended yet, in groups that `actor` may see."""
    return FacilitatorAssignment.objects.filter(
        Q(ended_on__isnull=True) | Q(ended_on__gt=max(on, timezone.localdate(now()))),
        Q(ended_on__isnull=True) | Q(ended_on__gt=F("started_on")),
        facilitator=former,
        group__in=Group.objects.visible_to(actor).values("pk"),
    )


def _plan_anew(actor: User, group: Group, former: User, successor: User, on: date) -> None:
    since = max(on, today_of(group))
    for plan in PlannedVisit.objects.open().filter(group=group, visitor=former, planned_on__gte=since):
        meetings.services.visit_plan_withdraw(actor=actor, plan=plan)
        again = PlannedVisit(planned_on=plan.planned_on, visitor=successor, task=plan.task, purpose=plan.purpose)
        meetings.services.visit_plan(actor=actor, group=group, plan=again)


def _counts(rows: QuerySet[Meeting] | QuerySet[PlannedVisit] | QuerySet[FollowUp]) -> dict[int, int]:
    return dict(rows.order_by().values_list("group").annotate(count=Count("pk")))
