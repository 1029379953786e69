"""Which snapshots a page adds up, and how far they are behind the records."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from django.db.models import (
    BigIntegerField,
    Count,
    DateField,
    Exists,
    ExpressionWrapper,
    FilteredRelation,
    Min,
    OuterRef,
    Q,
    QuerySet,
    Sum,
)
from django.db.models.functions import Cast, Coalesce, TruncMonth

from assessment.models import GroupSnapshot
from groups.models import FacilitatorAssignment, Group, GroupStatus, GroupStatusChange, User, in_regions


@dataclass(frozen=True, slots=True)
class Summary:
    """How many people are in some groups by their snapshots of a month or the latest, and how far those are behind.

    `as_of` is the day of the oldest, None where there is none; `changed` are the groups that are `behind`, also those
    without any snapshot; `dormant` and `forming` those that were dormant or being formed on that day.
    """

    as_of: date | None
    changed: int
    dormant: int
    forming: int
    members: int
    women: int

    @property
    def women_share(self) -> Fraction | None:
        """Women / members, None without members."""
        return Fraction(self.women, self.members) if self.members else None


def summary(groups: QuerySet[Group], month: date | None) -> Summary:
    """Return what the snapshots of `groups` of a month, or the latest, say together, in one statement.

    Of those dissolved by then only `changed` counts: a snapshot may not know yet that its group was dissolved.
    """
    dissolved = Q(status=GroupStatus.DISSOLVED) if month is None else Q(shown__status=GroupStatus.DISSOLVED)
    people = {name: total(f"shown__{name}", ~dissolved) for name in ("members", "women")}
    of_status = {
        status.lower(): Count("pk", filter=Q(shown__status=status) & ~dissolved)
        for status in (GroupStatus.DORMANT, GroupStatus.FORMING)
    }
    of_all = with_snapshot(groups, month).order_by()
    changed = Count("changed", filter=_unknown_in(month))
    return Summary(
        **of_all.aggregate(as_of=Min("shown__as_of", filter=~dissolved), changed=changed, **of_status, **people)
    )


def behind(groups: QuerySet[Group], month: date | None) -> QuerySet[Group]:
    """Return those of `groups` with records that count for a month, or up to now, and that its snapshot does not know.

    What was recorded only of later days changes nothing of the month.
    """
    return groups.filter(_unknown_in(month), changed__isnull=False)


def _unknown_in(month: date | None) -> Q:
    return Q() if month is None else Q(changed__changed_from__lte=month_end(month))


def has_figures(actor: User, month: date) -> bool:
    """Say whether there are snapshots of a month, of any group that `actor` may see; one statement."""
    return GroupSnapshot.objects.filter(month=month, group__in=Group.objects.visible_to(actor).values("pk")).exists()


def total(column: str, which: Q | None = None) -> Coalesce:
    """Return the sum of a column, of all rows or of those that `which` says; 0 of no rows."""
    return Coalesce(Sum(column, filter=which), 0, output_field=BigIntegerField())


def with_snapshot(groups: QuerySet[Group], month: date | None) -> Any:
    """Join to each group as `shown` its snapshot of a month, or the latest, if it has one."""
    return groups.annotate(shown=FilteredRelation("snapshots", condition=shown_at(month, "snapshots__")))


def shown_at(month: date | None, path: str = "") -> Q:
    """Return the condition that a snapshot is the one of a month, or the latest."""
    return Q(**{f"{path}month__isnull": True}) if month is None else in_months(month, month, path)


def of_months(groups: QuerySet[Group], start: date, end: date) -> Any:
    """Return the snapshots of the months from `start` to `end`, first days both, each with its `of_month`.

    Groups that had been dissolved by then are left out.
    """
    snapshots = GroupSnapshot.objects.filter(in_months(start, end), alive(), group__in=groups.order_by())
    return snapshots.annotate(of_month=month_of())


def alive(path: str = "") -> Q:
    """Return the condition that the group of a snapshot was not dissolved by the end of the snapshot's month.

    `path` leads to the snapshot. The latest one may be from before the group was dissolved: the records say so.
    """
    of_end, as_of = (ExpressionWrapper(OuterRef(f"{path}{name}"), DateField()) for name in ("month", "as_of"))
    dissolved = GroupStatusChange.objects.filter(
        group=OuterRef(f"{path}group"), group__status=GroupStatus.DISSOLVED, to_status=GroupStatus.DISSOLVED
    )
    since = dissolved.annotate(of_end=of_end, changed_in=TruncMonth("changed_on")).filter(
        of_end__isnull=True, changed_in__lte=TruncMonth(as_of)
    )
    return ~Q(**{f"{path}status": GroupStatus.DISSOLVED}) & ~Q(Exists(since))


def placed(*, region: str = "", kind: str = "", facilitator: int | None = None, path: str = "") -> Q:
    """Return the condition that a snapshot is of a group in a region, of a kind, with a facilitator; each of its day.

    `path` leads to the snapshot. An empty value narrows nothing.
    """
    found = Q()
    if region:
        found &= in_regions([region], f"{path}village")
    if kind:
        found &= Q(**{f"{path}kind": kind})
    if facilitator is not None:
        day = OuterRef(f"{path}as_of")
        assigned = FacilitatorAssignment.objects.filter(
            Q(ended_on__isnull=True) | Q(ended_on__gt=day),
            group=OuterRef(f"{path}group"),
            facilitator=facilitator,
            started_on__lte=day,
        )
        found &= Q(Exists(assigned))
    return found


def in_months(start: date, end: date, path: str = "") -> Q:
    """Return the condition that a snapshot is of a month from `start` to `end`: of its end, or the latest in it."""
    days = {f"{path}as_of__gte": start, f"{path}as_of__lt": next_month(end)}
    return Q(**{f"{path}month__range": (start, end)}) | Q(**{f"{path}month__isnull": True}, **days)


def month_of(path: str = "") -> Coalesce:
    """Return the month of a snapshot, that of its day for the latest."""
    # PostgreSQL makes a time of a day that it cuts.
    of_day = Cast(TruncMonth(f"{path}as_of"), DateField())
    return Coalesce(f"{path}month", of_day, output_field=DateField())


def next_month(month: date) -> date:
    """Return the first day of the month after that of a day."""
    return (month.replace(day=1) + timedelta(31)).replace(day=1)


def month_end(month: date) -> date:
    """Return the last day of a month."""
    return next_month(month) - timedelta(1)
