"""Groups somebody may see, searched and filtered."""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import date
from typing import Any

from django.db.models import (
    Case,
    Count,
    Exists,
    F,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Coalesce

from groups.models import (
    EarlierPlace,
    FacilitatorAssignment,
    Founding,
    Group,
    GroupStatus,
    GroupStatusChange,
    Member,
    User,
    in_regions,
)
from groups.selectors.calendars import with_rhythms
from groups.shared.folding import fold


def groups_find(actor: User, *, as_of: date, words: str = "", kind: str = "", status: str = "") -> QuerySet[Group]:
    """Return the groups `actor` may see, with `member_count` and `rhythms_agreed` of the day `as_of`, and regions.

    `founding_day` is that of the founding meeting, where one is recorded, else the day the group began.
    `words` is looked for in name, code, number and village; empty filters filter nothing.
    """
    groups = Group.objects.visible_to(actor)
    if words:
        groups = groups.filter(_named(words))
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
    foundings = Founding.objects.valid().filter(group=OuterRef("pk"))
    return (
        with_rhythms(groups, as_of=as_of)
        .select_related("organisation", "village__parent__parent")
        .annotate(
            member_count=Coalesce(Subquery(counts, output_field=IntegerField()), 0),
            founding_day=Coalesce(Subquery(foundings.values("held_on")), F("founded_on")),
        )
    )


_NUMBER = re.compile(r"([a-z][a-z0-9]*?)?0*([1-9][0-9]{0,8})")
"""A number of a group as `fold` leaves it, with or without the prefix: `ksm0042`, `42`."""


def _named(words: str) -> Q:
    """Return the condition that a group is what `words` say; case, spaces and apostrophes do not matter."""
    key = fold(words)
    if not key:
        return Q(pk__in=[])
    condition = (
        Q(name_key__contains=key)
        | Q(code__in={key.upper(), words.strip().upper()})
        | Q(village__name_key__contains=key)
    )
    if number := _NUMBER.fullmatch(key):
        own = Q(number=number[2])
        condition |= own & Q(organisation__group_prefix=number[1].upper()) if number[1] else own
    return condition


def groups_alike(actor: User, group: Group) -> QuerySet[Group]:
    """Return the groups of the organisation that have the name and the village of `group`, which is not yet saved.

    Those that `actor` may see come first; `is_visible` says which these are: nobody is told the others' numbers.
    """
    same = Group.objects.filter(organisation=group.organisation_id, name_key=fold(group.name), village=group.village_id)
    visible = Exists(Group.objects.visible_to(actor).filter(pk=OuterRef("pk")))
    alike = same.exclude(key=group.key).annotate(is_visible=visible)
    return alike.order_by("-is_visible", "pk").select_related("organisation")


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
        groups = groups.filter(in_regions([region]))
    if facilitator is not None:
        assigned = FacilitatorAssignment.objects.effective(as_of).filter(facilitator=facilitator)
        groups = groups.filter(pk__in=assigned.values("group_id"))
    if kind:
        groups = groups.filter(kind=kind)
    return groups


def status_of(group: Group, *, as_of: date) -> GroupStatus:
    """Return the status that `group` had at the end of the day `as_of`."""
    return GroupStatus(statuses_on([group.pk], as_of)[group.pk])


def statuses_on(group_ids: Collection[int], as_of: date) -> dict[int, str]:
    """Return the status of each group at the end of a day, in one statement.

    Before its first change a group has the status it changed from. One that never changed is being formed or active
    from the beginning; nobody knows since when another status holds that was never written down.
    """
    return dict(_with_status(Group.objects.filter(pk__in=group_ids), as_of).order_by().values_list("pk", "on_day"))


def groups_alive(*, as_of: date) -> QuerySet[Group]:
    """Return the groups that were founded and not dissolved at the end of the day `as_of`."""
    founded = Group.objects.filter(founded_on__lte=as_of)
    return founded.filter(pk__in=_with_status(founded, as_of).exclude(on_day=GroupStatus.DISSOLVED).values("pk"))


def _with_status(groups: QuerySet[Group], as_of: date) -> Any:
    """Annotate each group with its status `on_day`."""
    changes = GroupStatusChange.objects.filter(group=OuterRef("pk"))
    by_then = changes.filter(changed_on__lte=as_of).order_by("-changed_on", "-pk").values("to_status")[:1]
    before_all = changes.order_by("changed_on", "pk").values("from_status")[:1]
    from_the_beginning = Case(When(status=GroupStatus.FORMING, then="status"), default=Value(GroupStatus.ACTIVE.value))
    status = Coalesce(Subquery(by_then), Subquery(before_all), from_the_beginning)
    return groups.annotate(on_day=status)


def places_on(ids: Collection[int], as_of: date) -> dict[int, tuple[str, str | None]]:
    """Return the kind and the village on a day of the groups that had others then, by their ids."""
    later = EarlierPlace.objects.filter(group__in=ids, until__gt=as_of).order_by("-until", "-pk")
    return {group: (kind, village) for group, kind, village in later.values_list("group", "kind", "village")}
