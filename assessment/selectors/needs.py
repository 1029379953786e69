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
from assessment.selectors.reviews import Reviews, reviewed_needs
from groups.models import FacilitatorAssignment, Group

ANY = ~Need(0)
"""Any reason."""


@dataclass(frozen=True, slots=True)
class NeedCounts:
    """How many groups there are, and how many of them need help for each reason, the most urgent first.

    `reviewed` are the groups of which something was looked into, with all their reasons and those looked into.
    """

    groups: int
    in_need: int
    by_reason: dict[Need, int]
    reviewed: dict[int, tuple[Need, Need]]

    def closed(self, reason: Need = ANY) -> list[int]:
        """Return the groups that need help for `reason`, or any of several, each of which was looked into."""
        return [
            group for group, (need, looked) in self.reviewed.items() if need & reason and not need & reason & ~looked
        ]

    def looked_into(self, reason: Need) -> int:
        """Return of how many groups a reason was looked into."""
        return sum(reason in need & looked for need, looked in self.reviewed.values())


def need_counts(groups: QuerySet[Group], filters: Filters, reviews: Reviews) -> NeedCounts:
    """Return how many groups at the stage of the filters need help, by their latest score.

    `reviews` are those of these groups that count. In one statement, and one more where there are reviews.
    """
    joined = at_stage(groups, filters).order_by()
    need = Coalesce("now__need", Need.NEVER_ASSESSED.value)
    found = {Need(value): count for value, count in joined.values_list(need).annotate(count=Count("pk"))}
    of_reviewed = joined.filter(pk__in=list(reviews)).values_list("pk", need) if reviews else ()
    return NeedCounts(
        groups=sum(found.values()),
        in_need=sum(count for need, count in found.items() if need),
        by_reason={reason: sum(count for need, count in found.items() if reason in need) for reason in reversed(Need)},
        reviewed={group: (Need(value), reviewed_needs(reviews[group])) for group, value in of_reviewed},
    )


def facilitators_of(groups: Iterable[int] | QuerySet[Group], as_of: date) -> dict[int, str]:
    """Return by group the names of those who accompany it on a day, in one statement."""
    running = FacilitatorAssignment.objects.effective(as_of).filter(group__in=groups)
    names: dict[int, list[str]] = defaultdict(list)
    for assignment in running.select_related("facilitator").order_by("started_on", "pk"):
        names[assignment.group_id].append(str(assignment.facilitator))
    return {group: ", ".join(found) for group, found in names.items()}
