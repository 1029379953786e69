"""What the page of a group says of it, beside its people, money and meetings."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Count, FilteredRelation, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce

from groups.models import FederationMembership, Founding, Group
from groups.models.dated import effective_between
from groups.selectors.partnerships import partnerships_open

_ALONG: list[str] = ["founding", "membership__federation"]
"""Relations that `group_profile` narrows to the ones of the day, and reads along."""


@dataclass(frozen=True, slots=True)
class GroupProfile:
    """A group with organisation, rules, place; its founding that counts, its federation, how many partnerships run."""

    group: Group
    founding: Founding | None
    membership: FederationMembership | None
    partnerships: int


def group_profile(group: Group, *, as_of: date) -> GroupProfile:
    """Return a group as its page shows it on a day, in one statement."""
    of_group = partnerships_open(as_of).filter(group=OuterRef("pk")).order_by().values("group")
    belongs = effective_between("federation_memberships__started_on", "federation_memberships__ended_on", as_of)
    relations = {
        "founding": FilteredRelation("foundings", condition=Q(foundings__withdrawn_at__isnull=True)),
        "membership": FilteredRelation("federation_memberships", condition=belongs),
    }
    found: Any = (
        Group.objects.annotate(
            partnerships_of_day=Coalesce(Subquery(of_group.annotate(count=Count("pk")).values("count")), 0), **relations
        )
        .select_related("organisation", "rules", "village__parent__parent__parent", *_ALONG)
        .filter(pk=group.pk)
        .order_by("pk")[0]
    )
    return GroupProfile(
        found, getattr(found, "founding", None), getattr(found, "membership", None), found.partnerships_of_day
    )
