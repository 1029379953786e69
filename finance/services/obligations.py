"""What members owe besides loans: fines that are charged outside meetings, and what is waived. Whole rupiah."""

from __future__ import annotations

import uuid
from datetime import date

from django.db import transaction
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from finance.ledger.errors import AlreadyDone, AlreadyPosted, NotAllowed, NotAMember, RuleBroken
from finance.ledger.fines import cancel_charges, open_fines
from finance.models import AccountKind, Loan, Obligation, ObligationKind, Waiver
from finance.selectors.late_fines import fines_without_ground
from finance.selectors.owed import owed
from groups.ending import after_the_end
from groups.membership import outside_membership
from groups.models import Group, Member, User
from groups.permissions import Capability, lock_group
from groups.shared.clock import now


@transaction.atomic
def fine_charge(
    *, actor: User, group: Group, member: Member, amount: int, reason: str, on: date, key: uuid.UUID
) -> Obligation:
    """Set a fine that a member owes from the day `on`; no money moves. `AlreadyPosted` for a key used before."""
    group = lock_group(actor, Capability.RECORD, group)
    if Obligation.objects.filter(group=group, key=key).exists():
        raise AlreadyPosted
    if member.group_id != group.pk:
        raise NotAllowed(_("This belongs to another group."))
    if amount < 1:
        raise NotAllowed(_("The amount must be more than zero."))
    if message := after_the_end(group, on):
        raise RuleBroken("on", message)
    stored = group.members.get(pk=member.pk)  # the caller's may have been read before somebody else's leaving
    if outside_membership(stored, on, leaving_day=True):
        raise NotAMember(stored, on, leaving_day=True)
    return Obligation.objects.create(
        group=group,
        member=member,
        kind=ObligationKind.OTHER,
        amount=amount,
        owed_on=on,
        memo=reason,
        key=key,
        recorded_by=actor,
    )


@transaction.atomic
def late_fines_take_back(*, actor: User, group: Group, loan: Loan) -> int:
    """Take the fines for lateness on a loan back that have no ground any more; return their rupiah.

    `AlreadyDone` where every fine has its ground, `NotAllowed` for one that was paid since.
    """
    group = lock_group(actor, Capability.RECORD, group)
    if loan.group_id != group.pk:
        raise NotAllowed(_("This belongs to another group."))
    fines = fines_without_ground(loan)
    if not fines:
        raise AlreadyDone(_("No fine of this loan has lost its ground."))
    cancel_charges(fines)
    return sum(fine.amount for fine in fines)


@transaction.atomic
def fine_waive(*, actor: User, group: Group, fine: int, reason: str, on: date, key: uuid.UUID) -> Waiver:
    """Let go what is not paid of the fine with the id `fine` from the day `on`, with a reason.

    `AlreadyPosted` for a key used before, `AlreadyDone` for one that is waived, `NotAllowed` where nothing is owed of
    it any more or a part was let go before, `RuleBroken` at `on` for a day before it was owed.
    """
    group = lock_group(actor, Capability.RECORD, group)
    if Waiver.objects.filter(group=group, key=key).exists():
        raise AlreadyPosted
    found = Obligation.objects.get(pk=fine, group=group)
    is_waived = found.waivers.filter(ended_on__isnull=True).exists()
    open_fine = next((open_fine for open_fine in open_fines(group).fines if open_fine.pk == found.pk), None)
    if is_waived and open_fine is not None:  # a payment was undone since
        raise NotAllowed(_("A part of this fine was let go before. Take that back first, then let go of all of it."))
    if is_waived:
        raise AlreadyDone(_("This fine is waived already."))
    if open_fine is None:
        raise NotAllowed(_("Nothing is owed of this fine any more."))
    if on < open_fine.owed_on:
        raise RuleBroken("on", _("The fine is owed since %s.") % date_format(open_fine.owed_on))
    return Waiver.objects.create(
        group=group,
        member=found.member,
        kind=AccountKind.FINE,
        obligation=found,
        amount=open_fine.left,
        waived_on=on,
        why=reason,
        key=key,
        recorded_by=actor,
    )


@transaction.atomic
def savings_waive(
    *, actor: User, group: Group, member: Member, kind: str, reason: str, on: date, key: uuid.UUID
) -> Waiver:
    """Let go the pokok or wajib that a member owes on the day `on`, with a reason; no money moves.

    `AlreadyPosted` for a key used before, `NotAllowed` where nothing of the kind is owed on that day.
    """
    group = lock_group(actor, Capability.RECORD, group)
    if Waiver.objects.filter(group=group, key=key).exists():
        raise AlreadyPosted
    owing = owed(group, as_of=on).get(member.pk)
    if owing is None or not (amount := owing.pokok if kind == AccountKind.POKOK else owing.wajib):
        raise RuleBroken("on", _("Nothing of this is owed on that day."))
    return Waiver.objects.create(
        group=group, member=member, kind=kind, amount=amount, waived_on=on, why=reason, key=key, recorded_by=actor
    )


@transaction.atomic
def waiver_take_back(*, actor: User, group: Group, waiver: int, reason: str, on: date) -> Waiver:
    """Let what was waived be owed again from the day `on`; before it, it was waived. `waiver` is an id.

    `AlreadyDone` for a waiver that was taken back, `NotAllowed` for a fine that was cancelled, `RuleBroken` at `on` for
    a day before the waiver or after the end of the group.
    """
    group = lock_group(actor, Capability.RECORD, group)
    found = Waiver.objects.select_related("obligation").get(pk=waiver, group=group)
    if found.ended_on is not None:
        raise AlreadyDone(_("This was taken back already; it is owed again."))
    if found.obligation is not None and found.obligation.cancelled_at is not None:
        raise NotAllowed(_("This fine was cancelled, as if it had never been."))
    if on < found.waived_on:
        raise RuleBroken("on", _("It was let go on %s.") % date_format(found.waived_on))
    if message := after_the_end(group, on):
        raise RuleBroken("on", message)
    found.ended_on, found.ended_why, found.ended_by, found.ended_at = on, reason, actor, now()
    found.save(update_fields=["ended_on", "ended_why", "ended_by", "ended_at"])
    return found
