"""What a group's year was, for its annual meeting (rapat anggota tahunan). Whole rupiah.

Each figure comes from the selector that the group's own pages use.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction

from django.db.models import Count, Q, QuerySet, Sum

import finance.selectors
import groups.selectors
import meetings.selectors
from finance.models import SurplusDivision
from finance.selectors import DivisionSheet, LoanTotals
from groups.models import Gender, Group, Member, OfficerTerm
from meetings.models import AgendaItem, Training


@dataclass(frozen=True, slots=True)
class MeetingsOfYear:
    """How many meetings were agreed and held, and the part of the members who were there, late ones too."""

    agreed: int
    held: int
    present: Fraction | None


@dataclass(frozen=True, slots=True)
class MembersOfYear:
    """The members at the end of the year, and who came and went in it."""

    everybody: list[Member]
    joined: list[Member]
    left: list[Member]

    @property
    def women(self) -> int:
        """How many of the members are women."""
        return sum(member.gender == Gender.FEMALE for member in self.everybody)


@dataclass(frozen=True, slots=True)
class LoansOfYear:
    """The loans paid out in the year, and all loans at its end."""

    paid_out: int
    amount: int
    at_end: LoanTotals


@dataclass(frozen=True, slots=True)
class AnnualReport:
    """The year of a group from `start` to `end`, which is the day it is looked at while the year runs.

    `letters` are how many were received and sent. `sheet` is how the surplus of the year is divided: as decided in
        `division`, else as the rules would have it; None without rules or surplus.
    """

    start: date
    end: date
    is_over: bool
    officers: list[OfficerTerm]
    meetings: MeetingsOfYear
    members: MembersOfYear
    loans: LoansOfYear
    trainings: QuerySet[Training]
    visits: int
    letters: tuple[int, int]
    decisions: list[AgendaItem]
    division: SurplusDivision | None
    sheet: DivisionSheet | None


def years_of(group: Group, *, as_of: date) -> list[int]:
    """Return the years of which a report can be made, the latest first."""
    return list(range(as_of.year, group.founded_on.year - 1, -1))


def annual_report(group: Group, year: int, *, as_of: date) -> AnnualReport:
    """Return what the year of a group was, as known on the day `as_of`; the statements do not grow with the records."""
    start, last = date(year, 1, 1), date(year, 12, 31)
    end = min(last, as_of)
    division, sheet = _division(group, start, end)
    return AnnualReport(
        start=start,
        end=end,
        is_over=last < as_of,
        officers=list(groups.selectors.officer_terms(group).effective(end)),
        meetings=_meetings(group, start, end, as_of),
        members=_members(group, start, end),
        loans=_loans(group, start, end),
        trainings=meetings.selectors.with_counts(meetings.selectors.trainings_held([group], start=start, end=end)),
        visits=meetings.selectors.visits_made(group, as_of=end).filter(visited_on__gte=start).count(),
        letters=meetings.selectors.letters_counted(group, start=start, end=end),
        decisions=list(meetings.selectors.decisions_made(group, start=start, end=end)),
        division=division,
        sheet=sheet,
    )


def _meetings(group: Group, start: date, end: date, as_of: date) -> MeetingsOfYear:
    agreed = meetings.selectors.agreed_days(group, start=start, end=end, as_of=as_of)
    closed = meetings.selectors.minute_book(group).filter(held_on__range=(start, end)).order_by()
    sums = closed.aggregate(
        held=Count("pk"), members=Sum("member_count"), there=Sum("present_count") + Sum("late_count")
    )
    present = Fraction(sums["there"], sums["members"]) if sums["members"] else None
    return MeetingsOfYear(sum(day.moved_away is None for day in agreed), sums["held"], present)


def _members(group: Group, start: date, end: date) -> MembersOfYear:
    known = Member.objects.filter(Q(left_on=None) | Q(left_on__gte=start), group=group, joined_on__lte=end)
    people = list(known.order_by("number"))
    return MembersOfYear(
        everybody=[member for member in people if member.is_member_on(end)],
        joined=[member for member in people if member.joined_on >= start],
        left=[member for member in people if member.left_on is not None and member.left_on <= end],
    )


def _loans(group: Group, start: date, end: date) -> LoansOfYear:
    new = finance.selectors.loans_on(group, as_of=end).filter(disbursed_on__gte=start)
    sums = new.order_by().aggregate(number=Count("pk"), amount=Sum("principal"))
    at_end = finance.selectors.loan_totals(group, as_of=end, only_running=True)
    return LoansOfYear(sums["number"], sums["amount"] or 0, at_end)


def _division(group: Group, start: date, end: date) -> tuple[SurplusDivision | None, DivisionSheet | None]:
    decided = finance.selectors.surplus_divisions(group).valid().filter(period_end__range=(start, end)).first()
    if decided is not None:
        return decided, finance.selectors.division_sheet(decided)
    divided = finance.selectors.divided_through(group)
    if divided is not None:
        start = max(start, divided + timedelta(1))  # what was shared out, or divided with another year, is gone
    if start > end:
        return None, None
    amounts = finance.selectors.period_surplus(group, start=start, end=end)
    rules = groups.selectors.rules_in_force(group, as_of=end)
    if rules is None or rules.is_empty or amounts.divisible <= 0:
        return None, None
    sheet = finance.selectors.division_preview(group, rules, surplus=amounts.divisible, start=start, end=end)
    return None, sheet
