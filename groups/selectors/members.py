"""Members of a group."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from datetime import date

from django.db.models import Count, Exists, FilteredRelation, OuterRef, Prefetch, Q, QuerySet

from groups.models import Gender, Group, Member, OfficerTerm, User
from groups.models.dated import effective_between
from groups.shared.folding import fold


def members_of(group: Group, *, as_of: date) -> QuerySet[Member]:
    """Return everybody who is or was a member, by number, with `offices`, a list of the terms of the day `as_of`."""
    terms = OfficerTerm.objects.effective(as_of)
    return group.members.order_by("number").prefetch_related(Prefetch("terms", terms, to_attr="offices"))


def members_and_offices(group: Group, *, as_of: date) -> tuple[int, set[str]]:
    """Return how many members a group had on a day and which offices they held, in one statement."""
    held = FilteredRelation("terms", condition=effective_between("terms__started_on", "terms__ended_on", as_of))
    rows = Member.objects.filter(group=group).effective(as_of).annotate(term=held).order_by()
    found = list(rows.values_list("pk", "term__role"))
    return len({pk for pk, _role in found}), {role for _pk, role in found if role is not None}


def members_alike(actor: User, asked: Sequence[Member], *, as_of: date) -> dict[uuid.UUID, Member]:
    """Return who may be the same person as each of `asked`, by its key; they are of one group and not yet saved.

    Alike is who has the same name and the same group, village or phone, and is a member on the day `as_of` of a group
    of the same organisation; one of a group that `actor` may see goes first. `is_visible` says which these are: nobody
    is told of the others where they are. One statement.
    """
    if not asked:
        return {}
    group, phones = asked[0].group, {member.phone for member in asked} - {""}
    near = Q(group=group) | Q(phone__in=phones)
    if group.village_id is not None:
        near |= Q(group__village=group.village_id)
    of_those_names = Member.objects.filter(
        near, name_key__in={fold(member.name) for member in asked}, group__organisation=group.organisation_id
    ).effective(as_of)
    visible = Group.objects.visible_to(actor).filter(pk=OuterRef("group"))
    found = of_those_names.exclude(key__in=[member.key for member in asked]).annotate(is_visible=Exists(visible))
    rows = list(found.order_by("-is_visible", "pk").select_related("group__organisation"))
    alike = {member.key: next((row for row in rows if _is_alike(row, member)), None) for member in asked}
    return {key: row for key, row in alike.items() if row is not None}


def _is_alike(row: Member, asked: Member) -> bool:
    """Say whether a row of the name of one of several asked for is near that one too."""
    group = asked.group
    is_near = row.group_id == group.pk or (group.village_id and row.group.village_id == group.village_id)
    return row.name_key == fold(asked.name) and bool(is_near or (asked.phone and row.phone == asked.phone))


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
