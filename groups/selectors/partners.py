"""Partners of an organisation, searched, and what a group's page offers to choose from."""

from __future__ import annotations

from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from groups.models import Group, Partner, PartnerActivity, PartnershipAgreement, User
from groups.shared.folding import fold


def partners_find(actor: User, *, words: str = "", kind: str = "") -> QuerySet[Partner]:
    """Return the partners `actor` may see, with their place; empty filters filter nothing.

    `words` is looked for in the name and the name of the place. `group_count` is how many of the groups that `actor`
    may see have an activity or an agreement with each.
    """
    partners = Partner.objects.visible_to(actor)
    if words:
        key = fold(words)
        named = partners.filter(name_key__contains=key) | partners.filter(region__name_key__contains=key)
        partners = named if key else partners.none()
    if kind:
        partners = partners.filter(kind=kind)
    visible = Group.objects.visible_to(actor).order_by().values("pk")
    acted = PartnerActivity.objects.valid().filter(partner=OuterRef("pk"), group__in=visible).order_by()
    counted = acted.values("partner").annotate(count=Count("group", distinct=True)).values("count")
    return partners.select_related("region__parent__parent__parent").annotate(
        group_count=Coalesce(Subquery(counted), 0)
    )


def partners_to_choose(group: Group) -> QuerySet[Partner]:
    """Return the partners of the group's organisation, by name."""
    return Partner.objects.filter(organisation=group.organisation_id).order_by("name", "pk")


def agreements_with(actor: User, partner: Partner) -> QuerySet[PartnershipAgreement]:
    """Return the agreements of the groups `actor` may see with a partner, the latest first, with their groups."""
    visible = Group.objects.visible_to(actor).order_by().values("pk")
    agreements = PartnershipAgreement.objects.valid().filter(partner=partner, group__in=visible)
    return agreements.select_related("group__organisation", "partnership").order_by("-starts_on", "-pk")


def activities_with(actor: User, partner: Partner) -> QuerySet[PartnerActivity]:
    """Return the activities of the groups `actor` may see with a partner, the latest first, with their groups."""
    visible = Group.objects.visible_to(actor).order_by().values("pk")
    activities = PartnerActivity.objects.valid().filter(partner=partner, group__in=visible)
    return activities.select_related("group__organisation").order_by("-held_on", "-pk")
