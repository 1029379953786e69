"""Federations: groups join and leave, officers change, meetings, contacts and contributions are recorded."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TypeVar

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from groups.ending import require_alive
from groups.membership import outside_membership
from groups.models import (
    Federation,
    FederationAttendance,
    FederationContact,
    FederationContribution,
    FederationMeeting,
    FederationMembership,
    FederationOfficer,
    FederationPayment,
    Group,
    User,
)
from groups.permissions import Capability, lock_group, require
from groups.services.profiles import refuse_changed
from groups.shared.clock import refuse_to_come, today
from groups.shared.seen import refuse_unseen

FEDERATION_PROFILE = ("name", "founded_on", "region", "purpose")
FEDERATION_MEETING = ("held_on", "place", "agenda", "decisions")
FEDERATION_CONTACT = ("partner_id", "held_on", "what", "result")
CONTRIBUTION = ("agreed_from", "amount", "every")
FEDERATION_PAYMENT = ("group_id", "paid_on", "amount")
"""The fields of each record that a form sends."""

Record = TypeVar("Record", FederationMeeting, FederationContact, FederationContribution)


def lock_federation(actor: User, capability: Capability, federation: Federation) -> Federation:
    """Check that `actor` has the capability and may see the federation, and lock it until the transaction ends."""
    require(actor, capability)
    visible = Federation.objects.visible_to(actor).order_by().values("pk")
    locked = Federation.objects.select_for_update(no_key=True).filter(pk=federation.pk, pk__in=visible).first()
    if locked is None:
        raise PermissionDenied(f"{actor.pk} may not see federation {federation.pk}")
    return locked


@transaction.atomic
def federation_create(*, actor: User, federation: Federation) -> Federation:
    """Record an unsaved federation in the actor's organisation; the same `federation.key` twice is one.

    Raises `FormUsed` if the key came with other words before.
    """
    require(actor, Capability.CONFIGURE)
    if actor.organisation is None:
        raise ValidationError(_("You belong to no organisation, so there is nowhere to record the federation."))
    # One person's submits queue up here: there is no federation yet to lock.
    User.objects.select_for_update(no_key=True).get(pk=actor.pk)
    earlier = Federation.objects.filter(key=federation.key, recorded_by=actor).first()
    if earlier is not None:
        refuse_changed(earlier, federation, FEDERATION_PROFILE)
        return earlier
    federation.organisation, federation.recorded_by = actor.organisation, actor
    refuse_to_come(federation.founded_on, today(), at="founded_on")
    federation.full_clean()
    federation.save()
    return federation


@transaction.atomic
def federation_update(*, actor: User, federation: Federation, seen: str = "") -> Federation:
    """Save the changed profile of a federation, which the audit log keeps.

    Raises `ValidationError` for a founding after what is recorded, and `ChangedMeanwhile` where another state is stored
    than the one that was `seen`.
    """
    stored = lock_federation(actor, Capability.CONFIGURE, federation)
    refuse_unseen(actor, stored, federation, FEDERATION_PROFILE, seen=seen)
    refuse_to_come(federation.founded_on, today(), at="founded_on")
    first = stored.memberships.order_by("started_on").first()
    if first is not None and federation.founded_on > first.started_on:
        raise ValidationError({"founded_on": _("A group joined before this date.")})
    federation.full_clean(exclude={field.name for field in Federation._meta.fields} - set(FEDERATION_PROFILE))
    federation.save(update_fields=list(FEDERATION_PROFILE))
    return federation


@transaction.atomic
def federation_join(
    *, actor: User, federation: Federation, group: Group, membership: FederationMembership
) -> FederationMembership:
    """Let a group join from the day of the unsaved `membership` on; the same key twice is one.

    Raises `ValidationError` for a group of another organisation or that belongs to a federation on the day or later,
    and for a day before the group or the federation or to come.
    """
    federation = lock_federation(actor, Capability.CONFIGURE, federation)
    group = lock_group(actor, Capability.CONFIGURE, group)
    earlier = FederationMembership.objects.filter(group=group, key=membership.key).first()
    if earlier is not None:
        refuse_changed(earlier, membership, ("started_on",))
        return earlier
    on = membership.started_on
    if group.organisation_id != federation.organisation_id:
        raise ValidationError({"group": _("This group belongs to another organisation.")})
    refuse_to_come(on, today(), at="started_on")
    if on < max(group.founded_on, federation.founded_on):
        raise ValidationError({"started_on": _("The group or the federation did not exist yet on this date.")})
    require_alive(group, on, field="started_on")
    last = group.federation_memberships.order_by("-started_on").first()
    if last is not None and (last.ended_on is None or last.ended_on > on):
        message = _("%(group)s belongs to %(federation)s then.")
        raise ValidationError({"group": message % {"group": group, "federation": last.federation}})
    membership.federation, membership.group, membership.recorded_by = federation, group, actor
    membership.full_clean()
    membership.save()
    return membership


@transaction.atomic
def federation_leave(
    *, actor: User, membership: FederationMembership, ended_on: date, why: str
) -> FederationMembership:
    """Let a group leave on a day; its offices in the federation end then. A second leaving changes nothing.

    Raises `ValidationError` for a day to come, before it joined, or before a meeting it was at.
    """
    lock_federation(actor, Capability.CONFIGURE, membership.federation)
    group = lock_group(actor, Capability.CONFIGURE, membership.group)
    membership = FederationMembership.objects.select_related("federation").get(pk=membership.pk)
    if membership.ended_on is not None:
        return membership
    refuse_to_come(ended_on, today(), at="ended_on")
    if ended_on < membership.started_on:
        raise ValidationError({"ended_on": _("The group joined after this date.")})
    attended = FederationAttendance.objects.filter(group=group, meeting__federation=membership.federation)
    last = attended.filter(meeting__withdrawn_at__isnull=True).order_by("-meeting__held_on").first()
    if last is not None and ended_on < last.meeting.held_on:
        message = _("The group was at the meeting of %s.") % date_format(last.meeting.held_on)
        raise ValidationError({"ended_on": message})
    offices = FederationOfficer.objects.filter(federation=membership.federation, group=group, ended_on__isnull=True)
    if offices.filter(started_on__gt=ended_on).exists():
        raise ValidationError({"ended_on": _("A member of the group took an office after this date.")})
    membership.ended_on, membership.ended_why = ended_on, why
    membership.save(update_fields=["ended_on", "ended_why"])
    offices.update(ended_on=ended_on)
    return membership


@transaction.atomic
def federation_elect(*, actor: User, federation: Federation, officer: FederationOfficer) -> FederationOfficer:
    """Put the member of an unsaved term into an office of the federation; the earlier term of the office ends then.

    Raises `ValidationError` for somebody whose group does not belong on the day, who is no member of it, or who holds
    another office, for a day to come and for one before the running term.
    """
    federation = lock_federation(actor, Capability.CONFIGURE, federation)
    member, on = officer.member, officer.started_on
    earlier = FederationOfficer.objects.filter(group=member.group_id, key=officer.key).first()
    if earlier is not None:
        refuse_changed(earlier, officer, ("member_id", "role", "started_on"))
        return earlier
    refuse_to_come(on, today(), at="started_on")
    if not federation.memberships.effective(on).filter(group=member.group_id).exists():
        raise ValidationError({"member": _("The group of this member does not belong to the federation on this date.")})
    if message := outside_membership(member, on):
        raise ValidationError({"member": message})
    running = {term.role: term for term in federation.officers.filter(ended_on__isnull=True)}
    if any(term.member_id == member.pk for term in running.values()):
        raise ValidationError({"member": _("This member holds an office of the federation already.")})
    before = running.get(officer.role)
    if before is not None:
        if on < before.started_on:
            raise ValidationError({"started_on": _("The office was taken by somebody after this date.")})
        before.ended_on = on
        before.save(update_fields=["ended_on"])
    officer.federation, officer.group, officer.recorded_by = federation, member.group, actor
    officer.full_clean()
    officer.save()
    return officer


@transaction.atomic
def federation_meeting_record(
    *, actor: User, federation: Federation, meeting: FederationMeeting, present: Sequence[Group]
) -> FederationMeeting:
    """Record an unsaved meeting with the groups that were there; the same key twice is one.

    Raises `ValidationError` for a day to come or before the federation, and for groups that did not belong on it.
    """
    federation = lock_federation(actor, Capability.RECORD, federation)
    if earlier := _sent_before(federation, meeting, FEDERATION_MEETING):
        return earlier
    _require_day(federation, meeting.held_on)
    belonging = set(federation.memberships.effective(meeting.held_on).values_list("group", flat=True))
    strangers = [str(group) for group in present if group.pk not in belonging]
    if strangers:
        message = _("Did not belong to the federation on this date: %s.") % ", ".join(strangers)
        raise ValidationError({"present": message})
    meeting = _save(actor, federation, meeting)
    FederationAttendance.objects.bulk_create(FederationAttendance(group=group, meeting=meeting) for group in present)
    return meeting


@transaction.atomic
def federation_contact_record(*, actor: User, federation: Federation, contact: FederationContact) -> FederationContact:
    """Record an unsaved contact with a partner of the organisation; the same key twice is one."""
    federation = lock_federation(actor, Capability.RECORD, federation)
    if earlier := _sent_before(federation, contact, FEDERATION_CONTACT):
        return earlier
    _require_day(federation, contact.held_on)
    if contact.partner.organisation_id != federation.organisation_id:
        raise ValidationError({"partner": _("This partner belongs to another organisation.")})
    return _save(actor, federation, contact)


@transaction.atomic
def contribution_agree(
    *, actor: User, federation: Federation, contribution: FederationContribution
) -> FederationContribution:
    """Record what each group is to contribute from a day on; the same key twice is one.

    The day may be to come. Raises `ValidationError` for one before the federation or before what was agreed last.
    """
    federation = lock_federation(actor, Capability.CONFIGURE, federation)
    if earlier := _sent_before(federation, contribution, CONTRIBUTION):
        return earlier
    last = federation.contributions.order_by("-agreed_from").first()
    if contribution.agreed_from < federation.founded_on:
        raise ValidationError({"agreed_from": _("The federation did not exist yet on this date.")})
    if last is not None and contribution.agreed_from <= last.agreed_from:
        message = _("A contribution was agreed from %s on already.") % date_format(last.agreed_from)
        raise ValidationError({"agreed_from": message})
    return _save(actor, federation, contribution)


@transaction.atomic
def federation_payment_record(
    *, actor: User, federation: Federation, group: Group, payment: FederationPayment
) -> FederationPayment:
    """Record what a group paid to its federation, with the number of the entry in its books; the same key twice is one.

    Raises `ValidationError` for a day to come or on which the group did not belong yet.
    """
    federation = lock_federation(actor, Capability.RECORD, federation)
    group = lock_group(actor, Capability.RECORD, group)
    payment.group = group
    earlier = FederationPayment.objects.filter(group=group, key=payment.key).first()
    if earlier is not None:
        refuse_changed(earlier, payment, FEDERATION_PAYMENT)
        return earlier
    refuse_to_come(payment.paid_on, today(), at="paid_on")
    if not federation.memberships.filter(group=group, started_on__lte=payment.paid_on).exists():
        raise ValidationError({"paid_on": _("The group did not belong to the federation yet on this date.")})
    require_alive(group, payment.paid_on, field="paid_on")
    payment.federation, payment.recorded_by = federation, actor
    payment.full_clean()
    payment.save()
    return payment


@transaction.atomic
def federation_record_withdraw(
    *, actor: User, record: FederationMeeting | FederationContact | FederationPayment, why: str
) -> None:
    """Take back a meeting, a contact or a payment recorded by mistake; it stays readable. Twice is once."""
    lock_federation(actor, Capability.RECORD, record.federation)
    record.refresh_from_db()
    record.withdraw(actor, why)


def _sent_before(federation: Federation, record: Record, fields: Sequence[str]) -> Record | None:
    """Return what the same form made before; raise `FormUsed` if it says something else now."""
    earlier = type(record)._default_manager.filter(federation=federation, key=record.key).first()
    if earlier is not None:
        refuse_changed(earlier, record, fields)
    return earlier


def _save(actor: User, federation: Federation, record: Record) -> Record:
    record.federation, record.recorded_by = federation, actor
    record.full_clean()
    record.save()
    return record


def _require_day(federation: Federation, on: date) -> None:
    refuse_to_come(on, today(), at="held_on")
    if on < federation.founded_on:
        raise ValidationError({"held_on": _("The federation did not exist yet on this date.")})
