"""Trainings of groups, and whom they reached."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from django.db.models import Count, Max, Min, Q, QuerySet

from groups.models import Gender, Group, Member
from groups.models.withdrawable import WithdrawableQuerySet
from groups.records import RecordedDays
from meetings.models import Training
from meetings.models.training import TrainingParticipant

_WOMEN = Q(participants__member__gender=Gender.FEMALE)


class Reached(NamedTuple):
    """Whom trainings reached: each member once, and how often somebody took part."""

    trainings: int
    groups: int
    members: int
    women: int
    took_part: int
    women_took_part: int
    guests: int
    hours: int


def trainings_held(
    groups: QuerySet[Group] | list[Group], *, start: date | None = None, end: date
) -> WithdrawableQuerySet[Training]:
    """Return the trainings of `groups` from a day to another, both included, the latest first, without mistakes."""
    held = Training.objects.valid().filter(group__in=groups, held_on__lte=end)
    if start is not None:
        held = held.filter(held_on__gte=start)
    return held.order_by("-held_on", "-pk")


def with_counts(trainings: QuerySet[Training]) -> QuerySet[Training]:
    """Return trainings with `members` and `women`, how many took part."""
    return trainings.annotate(members=Count("participants"), women=Count("participants", filter=_WOMEN))


def trainings_of_member(member: Member, *, as_of: date) -> QuerySet[Training]:
    """Return the trainings in which a member took part up to a day, the latest first."""
    return trainings_held([member.group], end=as_of).filter(participants__member=member)


def reached_by(trainings: QuerySet[Training]) -> Reached:
    """Return whom trainings reached; two statements."""
    held = trainings.order_by().values_list("group", "guests", "hours")
    groups, guests, hours = zip(*held, strict=True) if held else ((), (), ())
    people = TrainingParticipant.objects.filter(training__in=trainings.order_by().values("pk")).order_by()
    of_women = Q(member__gender=Gender.FEMALE)
    counts = people.aggregate(
        members=Count("member", distinct=True),
        women=Count("member", distinct=True, filter=of_women),
        took_part=Count("pk"),
        women_took_part=Count("pk", filter=of_women),
    )
    return Reached(trainings=len(groups), groups=len(set(groups)), guests=sum(guests), hours=sum(hours), **counts)


def days_of_trainings(group: Group) -> RecordedDays:
    """Return the days of the first and the last training of a group."""
    return RecordedDays(
        **Training.objects.valid().filter(group=group).aggregate(first=Min("held_on"), last=Max("held_on"))
    )


def training_days_of_member(member: Member) -> RecordedDays:
    """Return the days of the first and the last training in which a member took part."""
    took_part = Training.objects.valid().filter(group=member.group_id, participants__member=member)
    return RecordedDays(**took_part.aggregate(first=Min("held_on"), last=Max("held_on")))
