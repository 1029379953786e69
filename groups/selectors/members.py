"""Members of a group."""

from __future__ import annotations

from datetime import date

from django.db.models import Prefetch, QuerySet

from groups.models import Group, Member, OfficerTerm


def members_of(group: Group, *, as_of: date) -> QuerySet[Member]:
    """Return everybody who is or was a member, by number, with `offices`, a list of the terms of the day `as_of`."""
    terms = OfficerTerm.objects.effective(as_of)
    return group.members.order_by("number").prefetch_related(Prefetch("terms", terms, to_attr="offices"))
