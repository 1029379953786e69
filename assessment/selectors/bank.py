"""Groups that are ready for a bank, and what a lender should know of one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import F, QuerySet

from assessment.models import StageRule
from assessment.selectors.dashboard import VILLAGE_NAME, Filters, at_stage
from finance.performance import Performance
from finance.selectors import performance
from groups.identity import mask
from groups.models import FacilitatorAssignment, Group, OfficerTerm
from groups.selectors import effective_assignments, officer_terms
from meetings.models import Meeting, MeetingStatus

LAST_MEETINGS = 6


def bankable(groups: QuerySet[Group], filters: Filters, rules: Sequence[StageRule]) -> QuerySet[Group, Any]:
    """Return the groups that stand at a stage which can be linked to a lender, the best first, as rows.

    They are of pk, code, name, village_name, and of their newest score stage, rank, score, measured_rank,
    measured_score, as_of and need.
    """
    ready = [rule.stage for rule in rules if rule.is_bankable]
    return (
        at_stage(groups, filters)
        .annotate(
            village_name=VILLAGE_NAME,
            stage=F("now__stage"),
            rank=F("now__rank"),
            score=F("now__score"),
            measured_rank=F("now__measured_rank"),
            measured_score=F("now__measured_score"),
            as_of=F("now__as_of"),
            need=F("now__need"),
        )
        .filter(stage__in=ready)
        .order_by("-score", "name", "pk")
        .values_list(
            "pk",
            "code",
            "name",
            "village_name",
            "stage",
            "rank",
            "score",
            "measured_rank",
            "measured_score",
            "as_of",
            "need",
            named=True,
        )
    )


@dataclass(frozen=True, slots=True)
class Profile:
    """What a lender should know of a group besides its stage and its balances."""

    group: Group
    on: date
    members: int
    women: int
    officers: list[tuple[OfficerTerm, str]]
    facilitators: list[FacilitatorAssignment]
    loans: Performance
    meetings: list[Meeting]


def profile(group: Group, on: date) -> Profile:
    """Return the group as a lender reads it; of each officer with a phone number the last four digits."""
    own = Group.objects.filter(pk=group.pk)
    genders = list(group.members.effective(on).values_list("gender", flat=True))
    held = Meeting.objects.filter(group=group, status=MeetingStatus.CLOSED, held_on__lte=on)
    return Profile(
        group=own.select_related("village__parent__parent__parent", "rules", "organisation").get(),
        on=on,
        members=len(genders),
        women=genders.count("P"),
        officers=[(term, mask(term.member.phone)) for term in officer_terms(group).effective(on)],
        facilitators=list(effective_assignments(group, as_of=on)),
        loans=performance(own, as_of=on),
        meetings=list(held.order_by("-held_on", "-number")[:LAST_MEETINGS]),
    )
