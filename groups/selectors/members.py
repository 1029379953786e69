"""Members of a group."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from django.db.models import Count, Exists, OuterRef, Prefetch, Q, QuerySet

from groups.models import Gender, Group, Member, OfficerTerm, User
from groups.shared.folding import fold


def members_of(group: Group, *, as_of: date) -> QuerySet[Member]:
    """Return everybody who is or was a member, by number, with `offices`, a list of the terms of the day `as_of`."""
    terms = OfficerTerm.objects.effective(as_of)
    return group.members.order_by("number").prefetch_related(Prefetch("terms", terms, to_attr="offices"))


def members_alike(actor: User, member: Member, *, as_of: date) -> QuerySet[Member]:
    """Return who has the name of `member`, who is not yet saved, and the same group, village or phone.

    They are members on the day `as_of` of groups of the same organisation, those of groups that `actor` may see first;
    `is_visible` says which these are: nobody is told of the others where they are.
    """
    near = Q(group=member.group)
    if member.group.village_id is not None:
        near |= Q(group__village=member.group.village_id)
    if member.phone:
        near |= Q(phone=member.phone)
    visible = Group.objects.visible_to(actor).filter(pk=OuterRef("group"))
    of_that_name = Member.objects.filter(
        name_key=fold(member.name), group__organisation=member.group.organisation_id
    ).annotate(is_visible=Exists(visible))
    found = of_that_name.filter(near).effective(as_of).exclude(key=member.key)
    return found.order_by("-is_visible", "pk").select_related("group__organisation")


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
