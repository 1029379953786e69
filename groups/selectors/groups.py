"""Groups somebody may see, searched and filtered."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from django.db.models import (
    Count,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
)
from django.db.models.functions import Coalesce

from groups.models import (
    FacilitatorAssignment,
    Group,
    GroupStatus,
    GroupStatusChange,
    Member,
    User,
)
from groups.selectors.calendars import with_rhythms


def groups_find(actor: User, *, as_of: date, words: str = "", kind: str = "", status: str = "") -> QuerySet[Group]:
    """Return the groups `actor` may see, with `member_count` and `rhythms_agreed` of the day `as_of`, and regions.

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
        Member.objects.effective(as_of)
        .filter(group=OuterRef("pk"))
        .order_by()
        .values("group")
        .annotate(count=Count("pk"))
        .values("count")
    )
    return (
        with_rhythms(groups, as_of=as_of)
        .select_related("village__parent__parent")
        .annotate(member_count=Coalesce(Subquery(counts, output_field=IntegerField()), 0))
    )


def groups_within(
    actor: User,
    *,
    as_of: date,
    organisation: int | None = None,
    region: str = "",
    facilitator: int | None = None,
    kind: str = "",
    with_dissolved: bool = False,
) -> QuerySet[Group]:
    """Return the groups `actor` may see: of an organisation, of a region, with a facilitator, of a kind.

    The facilitator accompanies them on the day `as_of`. Dissolved groups are left out without `with_dissolved`.
    """
    groups = Group.objects.visible_to(actor)
    if not with_dissolved:
        groups = groups.exclude(status=GroupStatus.DISSOLVED)
    if organisation is not None:
        groups = groups.filter(organisation=organisation)
    if region:
        groups = groups.filter(Q(village=region) | Q(village__code__startswith=f"{region}."))
    if facilitator is not None:
        assigned = FacilitatorAssignment.objects.effective(as_of).filter(facilitator=facilitator)
        groups = groups.filter(pk__in=assigned.values("group_id"))
    if kind:
        groups = groups.filter(kind=kind)
    return groups


def status_of(group: Group, *, as_of: date) -> GroupStatus:
    """Return the status that `group` had on the day `as_of`."""
    earlier = group.status_changes.filter(changed_on__lte=as_of).first()
    if earlier is not None:
        return GroupStatus(earlier.to_status)
    later = group.status_changes.last()
    return GroupStatus(later.from_status if later is not None else group.status)


def statuses_on(group_ids: Collection[int], as_of: date) -> dict[int, str]:
    """Return the status of each group at the end of a day, in one statement.

    Before its first written change a group counts as active: nobody knows since when a status holds that was never
    written down.
    """
    known = GroupStatusChange.objects.filter(group__in=group_ids, changed_on__lte=as_of).order_by("changed_on", "pk")
    return dict.fromkeys(group_ids, GroupStatus.ACTIVE.value) | dict(known.values_list("group", "to_status"))
