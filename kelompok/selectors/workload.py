"""How much each facilitator has to do: groups, visits of the last months, what is overdue, phases."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
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
    """The groups that somebody accompanies on a day, the visits of the last three months, and what is overdue.

    Groups are kept by their ids, so that those of several people can be added up: `by_phase` are those in each phase,
    under "" those in none; `without_visit` those whose agreed visit is overdue, `not_alone` those that stay dependent.
    """

    facilitator: User | None = None
    visits: int = 0
    accompanied: set[int] = field(default_factory=set)
    seen: set[int] = field(default_factory=set)
    without_visit: set[int] = field(default_factory=set)
    not_alone: set[int] = field(default_factory=set)
    by_phase: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))

    @property
    def groups(self) -> int:
        """How many groups are accompanied."""
        return len(self.accompanied)

    @property
    def visited(self) -> int:
        """How many groups were visited."""
        return len(self.seen)

    @property
    def not_visited(self) -> int:
        """Of how many groups the agreed visit is overdue."""
        return len(self.without_visit)

    @property
    def dependent(self) -> int:
        """How many groups stay dependent."""
        return len(self.not_alone)

    @property
    def phases(self) -> Counter[str]:
        """How many groups are in each phase."""
        return Counter({phase: len(groups) for phase, groups in self.by_phase.items()})


def together(works: Iterable[Workload]) -> Workload:
    """Return the work of several people as one: a group that two of them accompany counts once."""
    total = Workload()
    for work in works:
        total.visits += work.visits
        total.accompanied |= work.accompanied
        total.seen |= work.seen
        total.without_visit |= work.without_visit
        total.not_alone |= work.not_alone
        for phase, found in work.by_phase.items():
            total.by_phase[phase] |= found
    return total


def workloads(actor: User, *, as_of: date) -> list[Workload]:
    """Return the work of each facilitator in the groups that `actor` may see, by name; five statements.

    Groups that were dissolved are nobody's work any more.
    """
    alive = Group.objects.visible_to(actor).exclude(status=GroupStatus.DISSOLVED)
    running = FacilitatorAssignment.objects.effective(as_of).filter(group__in=alive.order_by().values("pk"))
    phases = groups.selectors.mentoring_of(alive, as_of=as_of)
    last = meetings.selectors.last_visited_on(alive, as_of=as_of)
    made = Visit.objects.valid().filter(group__in=alive, visited_on__gt=as_of - MONTHS, visited_on__lte=as_of)
    visits = list(made.order_by().values_list("visitor", "group").annotate(count=Count("pk")))
    found: dict[int, Workload] = {}
    for assignment in running.select_related("facilitator").order_by("facilitator__first_name", "facilitator"):
        work = found.setdefault(assignment.facilitator_id, Workload(assignment.facilitator))
        _add(work, assignment.group_id, phases.get(assignment.group_id), last.get(assignment.group_id), as_of)
    for visitor, group, count in visits:
        if visitor in found:
            found[visitor].visits += count
            found[visitor].seen.add(group)
    return list(found.values())


def _add(
    work: Workload, group: int, mentoring: groups.selectors.Mentoring | None, last: date | None, as_of: date
) -> None:
    work.accompanied.add(group)
    if mentoring is None:
        work.by_phase[""].add(group)
        return
    work.by_phase[MentoringStage(mentoring.agreed.phase).value].add(group)
    due_on = mentoring.visit_due_on(last)
    if due_on is not None and due_on < as_of:
        work.without_visit.add(group)
    if mentoring.dependent_why and not mentoring.is_ended:
        work.not_alone.add(group)
