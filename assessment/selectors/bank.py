"""Groups that are ready for a bank, and what a lender should know of one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date
from fractions import Fraction
from typing import Any

from django.db.models import F, OuterRef, QuerySet, Subquery

from assessment.models import GroupSnapshot, StageRule
from assessment.selectors.dashboard import NAMED, Filters, at_stage, with_names
from assessment.selectors.snapshots import shown_at
from finance.performance import Performance
from finance.selectors import performance
from groups.identity import mask
from groups.models import FacilitatorAssignment, Group, MeetingRhythm, OfficerTerm
from groups.selectors import AccountOnDay, bank_accounts_on, effective_assignments, meeting_rhythm, officer_terms
from meetings.models import Meeting, MeetingStatus

LAST_MEETINGS = 6


@dataclass(frozen=True, slots=True)
class LoanHealth:
    """How healthy the loans of a group are by its snapshot, in rupiah; see `finance.performance.Performance`."""

    balance: int
    risk_30: int
    due: int
    paid: int

    @property
    def par_30(self) -> Fraction | None:
        """Portfolio at risk over 30 days."""
        return Fraction(self.risk_30, self.balance) if self.balance > 0 else None

    @property
    def repayment_rate(self) -> Fraction | None:
        """Paid / due up to the day."""
        return Fraction(self.paid, self.due) if self.due > 0 else None


def bankable(groups: QuerySet[Group], filters: Filters, rules: Sequence[StageRule]) -> Any:
    """Return the groups that stood at a stage which can be linked to a lender, the best first, as rows.

    They are of `NAMED`, of their score at the end of the period stage, rank, score, measured_rank, measured_score,
    as_of and need, and of their snapshot of that day the fields of `LoanHealth`.
    """
    ready = [rule.stage for rule in rules if rule.is_bankable]
    of_score = {
        name: F(f"now__{name}")
        for name in ("stage", "rank", "score", "measured_rank", "measured_score", "as_of", "need")
    }
    # Looked up for the rows of a page alone, as the name of the village is.
    snapshot = GroupSnapshot.objects.filter(shown_at(filters.month), group=OuterRef("pk"))
    of_loans = {field.name: Subquery(snapshot.values(field.name)) for field in fields(LoanHealth)}
    return (
        with_names(at_stage(groups, filters), filters.month)
        .annotate(**of_score, **of_loans)
        .filter(stage__in=ready)
        .order_by("-score", "name", "pk")
        .values_list(*NAMED, *of_score, *of_loans, named=True)
    )


def loan_health(row: Any) -> LoanHealth:
    """Return the health of the loans of a row of `bankable`."""
    return LoanHealth(*(getattr(row, field.name) for field in fields(LoanHealth)))


@dataclass(frozen=True, slots=True)
class Profile:
    """What a lender should know of a group besides its stage and its balances."""

    group: Group
    rhythm: MeetingRhythm | None
    on: date
    members: int
    women: int
    officers: list[tuple[OfficerTerm, str]]
    facilitators: list[FacilitatorAssignment]
    loans: Performance
    meetings: list[Meeting]
    bank_accounts: list[AccountOnDay]


def profile(group: Group, on: date) -> Profile:
    """Return the group as a lender reads it; of each officer with a phone number the last four digits."""
    own = Group.objects.filter(pk=group.pk)
    genders = list(group.members.effective(on).values_list("gender", flat=True))
    held = Meeting.objects.filter(group=group, status=MeetingStatus.CLOSED, held_on__lte=on)
    return Profile(
        group=own.select_related("village__parent__parent__parent", "rules", "organisation").get(),
        rhythm=meeting_rhythm(group, as_of=on),
        on=on,
        members=len(genders),
        women=genders.count("P"),
        officers=[(term, mask(term.member.phone)) for term in officer_terms(group).effective(on)],
        facilitators=list(effective_assignments(group, as_of=on)),
        loans=performance(own, as_of=on),
        meetings=list(held.order_by("-held_on", "-number")[:LAST_MEETINGS]),
        bank_accounts=bank_accounts_on(group, as_of=on),
    )
