"""Which groups need help now, for which reasons, and who accompanies them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db.models import Count, QuerySet
from django.db.models.functions import Coalesce

from assessment.models import Need
from assessment.selectors.dashboard import Filters, at_stage
from groups.models import FacilitatorAssignment, Group


@dataclass(frozen=True, slots=True)
class NeedCounts:
    """How many groups there are, how many of them need help, and how many for each reason, the most urgent first."""

    groups: int
    in_need: int
    by_reason: dict[Need, int]


def need_counts(groups: QuerySet[Group], filters: Filters) -> NeedCounts:
    """Return how many groups at the stage of the filters need help, by their latest score, in one statement."""
    need = Coalesce("now__need", Need.NEVER_ASSESSED.value)
    rows = at_stage(groups, filters).order_by().values_list(need).annotate(count=Count("pk"))
    found = {Need(value): count for value, count in rows}
    return NeedCounts(
        groups=sum(found.values()),
        in_need=sum(count for need, count in found.items() if need),
        by_reason={reason: sum(count for need, count in found.items() if reason in need) for reason in reversed(Need)},
    )


def facilitators_of(groups: Iterable[int] | QuerySet[Group], as_of: date) -> dict[int, str]:
    """Return by group the names of those who accompany it on a day, in one statement."""
    running = FacilitatorAssignment.objects.effective(as_of).filter(group__in=groups)
    names: dict[int, list[str]] = defaultdict(list)
    for assignment in running.select_related("facilitator").order_by("started_on", "pk"):
        names[assignment.group_id].append(str(assignment.facilitator))
    return {group: ", ".join(found) for group, found in names.items()}
