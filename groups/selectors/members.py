"""Members of a group."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from django.db.models import Count, Prefetch, Q, QuerySet

from groups.models import Gender, Group, Member, OfficerTerm


def members_of(group: Group, *, as_of: date) -> QuerySet[Member]:
    """Return everybody who is or was a member, by number, with `offices`, a list of the terms of the day `as_of`."""
    terms = OfficerTerm.objects.effective(as_of)
    return group.members.order_by("number").prefetch_related(Prefetch("terms", terms, to_attr="offices"))


def member_counts(group_ids: Collection[int], as_of: date) -> dict[int, tuple[int, int]]:
    """Return by group how many members it had on a day, and how many of them women, in one statement."""
    counts = (
        Member.objects.filter(Q(left_on__isnull=True) | Q(left_on__gt=as_of), joined_on__lte=as_of)
        .filter(group__in=group_ids)
        .order_by()
        .values_list("group")
        .annotate(count=Count("pk"), women=Count("pk", filter=Q(gender=Gender.FEMALE)))
    )
    return {group: (count, women) for group, count, women in counts}
