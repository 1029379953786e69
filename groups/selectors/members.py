"""Members of a group."""

from __future__ import annotations

from django.db.models import (
    Prefetch,
    QuerySet,
)

from groups.models import (
    Group,
    Member,
    OfficerTerm,
)


def members_of(group: Group) -> QuerySet[Member]:
    """Return everybody who is or was a member, by number, with the open office in `offices` (a list)."""
    running = OfficerTerm.objects.filter(ended_on__isnull=True)
    return group.members.order_by("number").prefetch_related(Prefetch("terms", running, to_attr="offices"))


def current_members(group: Group) -> QuerySet[Member]:
    """Return those who are members now, by number."""
    return group.members.filter(left_on__isnull=True).order_by("number")
