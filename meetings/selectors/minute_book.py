"""The meetings of a group, and the versions of one."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVar

from django.db.models import Case, Count, F, FilteredRelation, Max, Min, OuterRef, Q, QuerySet, Subquery, When
from django.db.models.functions import Coalesce

from groups.models import Group, Member, User
from groups.records import RecordedDays
from meetings.models import Meeting, MeetingStatus


def minute_book(group: Group) -> QuerySet[Meeting]:
    """Return the group's meetings, drafts first and then the latest, each in its valid version."""
    return (
        numbered(Meeting.objects.filter(group=group))
        .exclude(status=MeetingStatus.CORRECTED)
        .select_related("cash_count", "leader", "note_taker")
        .order_by("-status", "-held_on", "-of_day", "-number")
    )


M = TypeVar("M", bound=QuerySet[Any])


def numbered(meetings: M) -> M:
    """Add `number_by_date`: 1 for a group's first closed meeting by date, and so on, those of one day in its order.

    A version that was corrected has the number of the valid one, a draft none (0).
    """
    of_group = Meeting.objects.filter(group=OuterRef("group"), status=MeetingStatus.CLOSED)
    valid = of_group.filter(number=OuterRef("number"))
    places = {
        f"valid_{name}": Case(When(status=MeetingStatus.CLOSED, then=F(name)), default=Subquery(valid.values(name)[:1]))
        for name in ("held_on", "of_day")
    }
    earlier = of_group.filter(
        Q(held_on__lt=OuterRef("valid_held_on"))
        | Q(held_on=OuterRef("valid_held_on"), of_day__lte=OuterRef("valid_of_day"))
    )
    count = earlier.order_by().values("group").annotate(count=Count("pk")).values("count")
    return meetings.annotate(**places, number_by_date=Coalesce(Subquery(count), 0))


def numbers_by_date(ids: Iterable[int]) -> dict[int, int]:
    """Return the numbers by date of meetings by their ids, in that order; no statement where there are none."""
    numbers = dict.fromkeys(ids, 0)
    if numbers:
        for meeting in numbered(Meeting.objects.filter(pk__in=numbers)).only("pk"):
            numbers[meeting.pk] = meeting.number_by_date  # type: ignore[attr-defined]  # annotated by numbered
    return numbers


def days_held(group: Group, numbers: Collection[int]) -> dict[int, date]:
    """Return the day of each closed meeting of `group` by its number; no statement where none is asked for."""
    if not numbers:
        return {}
    closed = Meeting.objects.filter(group=group, status=MeetingStatus.CLOSED, number__in=numbers)
    return {number: held_on for number, held_on in closed.values_list("number", "held_on") if held_on is not None}


def with_agenda(meetings: QuerySet[Meeting]) -> QuerySet[Meeting]:
    """Add the agenda rows, in one statement for all meetings."""
    return meetings.prefetch_related("agenda__responsible")


def meeting_version(group: Group, number: int, version: int | None = None) -> Meeting | None:
    """Return a meeting in one version, the valid one without `version`; None if there is none."""
    meetings = numbered(Meeting.objects.filter(group=group, number=number)).select_related(
        "leader", "note_taker", "saved_by", "recorded_by", "cash_count", "entry", "corrects", "corrected_by"
    )
    if version is None:
        return meetings.exclude(status=MeetingStatus.CORRECTED).first()
    return meetings.filter(version=version).exclude(status=MeetingStatus.DRAFT).first()


def versions(meeting: Meeting) -> list[Meeting]:
    """Return all versions of a meeting, the newest first, with who wrote them."""
    versions = Meeting.objects.filter(group_id=meeting.group_id, number=meeting.number)
    return list(versions.select_related("saved_by", "entry").order_by("-version"))


def drafts_of(group: Group) -> QuerySet[Meeting]:
    """Return the drafts of a group not closed, the one saved last first."""
    return Meeting.objects.filter(group=group, status=MeetingStatus.DRAFT).order_by("-saved_at")


def last_held_on(groups: QuerySet[Group], *, as_of: date) -> dict[int, date]:
    """Return by group the day of the last meeting that was closed up to the day `as_of`, in one statement."""
    held = Meeting.objects.filter(group__in=groups, status=MeetingStatus.CLOSED, held_on__lte=as_of)
    return dict(held.order_by().values_list("group").annotate(last=Max("held_on")))


def meeting_held_on(group: Group, day: date) -> Meeting | None:
    """Return the first meeting of the group that was closed for the day, None if there is none."""
    return Meeting.objects.filter(group=group, status=MeetingStatus.CLOSED, held_on=day).order_by("of_day").first()


@dataclass(frozen=True, slots=True)
class GroupMet:
    """A group with the day of its last meeting, None before the first, and its drafts not closed."""

    group: Group
    last_held_on: date | None
    drafts: list[Meeting]


def groups_met(actor: User, *, as_of: date) -> list[GroupMet]:
    """Return the groups `actor` may see, with when they last met up to the day `as_of` and their drafts.

    One statement: a row for each draft, and one for each group without any.
    """
    closed = Meeting.objects.filter(group=OuterRef("pk"), status=MeetingStatus.CLOSED, held_on__lte=as_of)
    rows: Any = (
        Group.objects.visible_to(actor)
        .annotate(
            last_held_on=Subquery(closed.order_by("-held_on").values("held_on")[:1]),
            draft=FilteredRelation("meetings", condition=Q(meetings__status=MeetingStatus.DRAFT)),
        )
        .select_related("village", *_DRAFT)
        .order_by("pk", "draft__saved_at")
    )
    found: dict[int, GroupMet] = {}
    for group in rows:
        of_group = found.setdefault(group.pk, GroupMet(group, group.last_held_on, []))
        if getattr(group, "draft", None) is not None:
            of_group.drafts.append(group.draft)
    return list(found.values())


_DRAFT: list[str] = ["draft__saved_by"]
"""What `groups_met` reads along of each draft."""


def days_of_member(member: Member) -> RecordedDays:
    """Return the days of the first and the last meeting whose minutes have the member on their list or led by."""
    closed = Meeting.objects.filter(group=member.group_id, status=MeetingStatus.CLOSED)
    named = closed.filter(Q(attendances__member=member) | Q(leader=member) | Q(note_taker=member))
    return RecordedDays(**named.aggregate(first=Min("held_on"), last=Max("held_on")))


def days_of_group(group: Group) -> RecordedDays:
    """Return the days of the first and the last meeting in the group's minute book."""
    closed = Meeting.objects.filter(group=group, status=MeetingStatus.CLOSED)
    return RecordedDays(**closed.aggregate(first=Min("held_on"), last=Max("held_on")))


def days_of_meetings(group: Group, start: date, end: date) -> list[date]:
    """Return the days from `start` to `end` on which the group held a meeting that is closed."""
    closed = Meeting.objects.filter(group=group, status=MeetingStatus.CLOSED, held_on__range=(start, end))
    return [day for day in closed.order_by("held_on").values_list("held_on", flat=True) if day is not None]
