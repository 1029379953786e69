"""How much each facilitator has to do: groups, visits of the last months, what is overdue, phases."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, timedelta

from django.db.models import Count

import groups.selectors
import meetings.selectors
from groups.models import FacilitatorAssignment, Group, GroupStatus, MentoringStage, User
from meetings.models import Visit

MONTHS = timedelta(days=92)
"""Visits of so long are counted."""


@dataclass(slots=True)
class Workload:
    """A facilitator with the groups of the day, the visits of the last three months, and what is overdue.

    `phases` are how many groups are in which phase, under "" those in none; `not_visited` those whose agreed visit is
    overdue, `dependent` those that stay dependent.
    """

    facilitator: User
    groups: int = 0
    visits: int = 0
    visited: int = 0
    not_visited: int = 0
    dependent: int = 0
    phases: Counter[str] = field(default_factory=Counter)


def workloads(actor: User, *, as_of: date) -> list[Workload]:
    """Return the work of each facilitator in the groups that `actor` may see, by name; five statements.

    Groups that were dissolved are nobody's work any more.
    """
    alive = Group.objects.visible_to(actor).exclude(status=GroupStatus.DISSOLVED)
    running = FacilitatorAssignment.objects.effective(as_of).filter(group__in=alive.order_by().values("pk"))
    phases = groups.selectors.mentoring_of(alive, as_of=as_of)
    last = meetings.selectors.last_visited_on(alive, as_of=as_of)
    made = Visit.objects.valid().filter(group__in=alive, visited_on__gt=as_of - MONTHS, visited_on__lte=as_of)
    counts = made.order_by().values_list("visitor").annotate(count=Count("pk"), groups=Count("group", distinct=True))
    visits = {visitor: (count, visited) for visitor, count, visited in counts}
    found: dict[int, Workload] = {}
    for assignment in running.select_related("facilitator").order_by("facilitator__first_name", "facilitator"):
        work = found.setdefault(assignment.facilitator_id, Workload(assignment.facilitator))
        _add(work, phases.get(assignment.group_id), last.get(assignment.group_id), as_of)
    for pk, work in found.items():
        work.visits, work.visited = visits.get(pk, (0, 0))
    return list(found.values())


def _add(work: Workload, mentoring: groups.selectors.Mentoring | None, last: date | None, as_of: date) -> None:
    work.groups += 1
    if mentoring is None:
        work.phases[""] += 1
        return
    work.phases[MentoringStage(mentoring.agreed.phase).value] += 1
    due_on = mentoring.visit_due_on(last)
    work.not_visited += due_on is not None and due_on < as_of
    work.dependent += bool(mentoring.dependent_why) and not mentoring.is_ended
