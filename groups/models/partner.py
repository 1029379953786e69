"""Parties outside a group that it works with: offices, lenders, buyers, suppliers and others an organisation knows."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from groups.identity import mask, validate_phone
from groups.models.group import Group
from groups.models.organisation import Organisation, Role, User
from groups.models.region import Region, in_regions
from groups.shared.clock import now
from groups.shared.folding import FoldedField, FoldedModel

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser


class PartnerKind(models.TextChoices):
    """What a partner is. Source: the partnership guide (DUDI, cooperatives) and the guide for self-help groups."""

    COMPANY = "COMPANY", _("Company")
    COOPERATIVE = "COOPERATIVE", _("Cooperative")
    LENDER = "LENDER", _("Bank or microfinance institution")
    GOVERNMENT = "GOVERNMENT", _("Government office")
    NGO = "NGO", _("NGO")
    BUYER = "BUYER", _("Buyer")
    SUPPLIER = "SUPPLIER", _("Supplier")
    EXTENSION = "EXTENSION", _("Extension service")


class PartnerQuerySet(models.QuerySet["Partner"]):
    """Partners, and those somebody may see."""

    def visible_to(self, actor: User | AnonymousUser) -> Self:
        """Return the partners of the actor's organisation; an officer sees those that the own group works with.

        Staff limited to regions see partners there, partners without a place, and those of groups they may see.
        """
        if not isinstance(actor, User) or not actor.is_active:
            return self.none()
        if actor.is_superuser:
            return self
        own = self.filter(organisation_id=actor.organisation_id)
        if actor.role != Role.OFFICER and not actor.regions:
            return own
        groups = Group.objects.visible_to(actor).order_by().values("pk")
        of_groups = Q(pk__in=own.filter(activities__group__in=groups).values("pk")) | Q(
            pk__in=own.filter(agreements__group__in=groups).values("pk")
        )
        if actor.role == Role.OFFICER:
            return own.filter(of_groups)
        return own.filter(of_groups | Q(region__isnull=True) | in_regions(actor.regions, "region"))


class Partner(FoldedModel):
    """Somebody outside, as the organisation knows them: whom to ask for, and what is looked for in them."""

    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, related_name="partners", verbose_name=_("organisation")
    )
    name = models.CharField(_("name"), max_length=120)
    name_key = FoldedField(of=("name",))
    kind = models.CharField(_("kind"), max_length=11, choices=PartnerKind)
    region = models.ForeignKey(
        Region, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("village or regency")
    )
    criteria = models.TextField(
        _("what is looked for in this partner"),
        blank=True,
        max_length=1000,
        help_text=_("For example: buys every week, pays in cash, fetches the goods."),
    )
    contact_person = models.CharField(_("contact person"), max_length=120, blank=True)
    phone = models.CharField(_("phone"), max_length=15, blank=True, validators=[validate_phone])
    # The key of the form that recorded the partner: the same form sent twice is one partner.
    key = models.UUIDField(_("idempotency key"), default=uuid.uuid4, unique=True, editable=False)
    recorded_at = models.DateTimeField(_("recorded at"), default=now, editable=False)
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("recorded by")
    )

    objects = PartnerQuerySet.as_manager()

    class Meta:
        verbose_name = _("partner")
        verbose_name_plural = _("partners")
        ordering = ["name", "pk"]
        constraints = [
            models.CheckConstraint(name="partner_named", condition=~Q(name="")),
            models.CheckConstraint(name="partner_kind", condition=Q(kind__in=PartnerKind.values)),
        ]
        indexes = [models.Index(fields=["organisation", "name_key"], name="partner_org_name_key")]

    def __str__(self) -> str:
        return self.name

    @property
    def phone_masked(self) -> str:
        """The phone number with all but its last digits hidden."""
        return mask(self.phone)
