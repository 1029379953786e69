"""Partners of an organisation are recorded, and change their profile."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from groups.models import Partner, User
from groups.permissions import Capability, require
from groups.services.profiles import refuse_changed
from groups.shared.seen import refuse_unseen

PARTNER_PROFILE = ("name", "kind", "region", "criteria", "contact_person", "phone")
"""The fields of a partner that a form sends."""


@transaction.atomic
def partner_create(*, actor: User, partner: Partner) -> Partner:
    """Record an unsaved partner in the actor's organisation; the same `partner.key` twice is one partner.

    Raises `FormUsed` if the key came with other words before, `ValidationError` for an actor without organisation.
    """
    require(actor, Capability.RECORD)
    if actor.organisation is None:
        raise ValidationError(_("You belong to no organisation, so there is nowhere to record the partner."))
    # One person's submits queue up here: there is no partner yet to lock.
    User.objects.select_for_update(no_key=True).get(pk=actor.pk)
    earlier = Partner.objects.filter(key=partner.key, recorded_by=actor).first()
    if earlier is not None:
        refuse_changed(earlier, partner, PARTNER_PROFILE)
        return earlier
    partner.organisation, partner.recorded_by = actor.organisation, actor
    partner.full_clean()
    partner.save()
    return partner


@transaction.atomic
def partner_update(*, actor: User, partner: Partner, seen: str = "") -> Partner:
    """Save the changed profile of a partner, which the audit log keeps.

    Raises `ChangedMeanwhile` where another state is stored than the one that was `seen`.
    """
    require(actor, Capability.RECORD)
    visible = Partner.objects.visible_to(actor).order_by().values("pk")
    stored = Partner.objects.select_for_update(no_key=True).filter(pk=partner.pk, pk__in=visible).first()
    if stored is None:
        raise PermissionDenied(f"{actor.pk} may not see partner {partner.pk}")
    refuse_unseen(actor, stored, partner, PARTNER_PROFILE, seen=seen)
    partner.full_clean(exclude={field.name for field in Partner._meta.fields} - set(PARTNER_PROFILE))
    partner.save(update_fields=list(PARTNER_PROFILE))
    return partner
