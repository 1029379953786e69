"""Use cases that span apps; each owns the transaction that keeps their records together."""

from __future__ import annotations

import uuid
from datetime import date

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.formats import date_format
from django.utils.translation import gettext as _

import finance.selectors
import finance.services
import groups.services
from finance.models import AccountKind
from groups.models import Member, User
from groups.permissions import Capability, lock_group
from kelompok.selectors import last_record_of


@transaction.atomic
def member_leave(
    *, actor: User, member: Member, left_on: date, key: uuid.UUID, source: AccountKind = AccountKind.CASH
) -> Member:
    """Let a member leave: loans are paid from the savings, the rest is paid out, offices and membership end.

    Whoever left before with money open is settled only. Raises `ValidationError` for a day that cannot be, and what
    `finance.services.member_settle` raises.
    """
    lock_group(actor, Capability.RECORD, member.group)
    check_leaving_day(member, left_on)
    member = groups.services.member_leave(actor=actor, member=member, left_on=left_on)
    if not finance.selectors.money_at_leaving(member, as_of=left_on).is_settled:
        finance.services.member_settle(
            actor=actor, group=member.group, member=member, on=left_on, key=key, source=source
        )
    return member


def check_leaving_day(member: Member, left_on: date) -> None:
    """Raise `ValidationError` at `left_on` where minutes or ledger know the member still after that day."""
    last = last_record_of(member)
    if member.left_on is None and last is not None and left_on < last:
        raise ValidationError({"left_on": _("The records know this member until %s.") % date_format(last)})


@transaction.atomic
def member_leave_undo(
    *, actor: User, member: Member, key: uuid.UUID, reverse: bool = False, reason: str = ""
) -> Member:
    """Take back a leaving recorded by mistake; with `reverse`, for no money was really paid out, its settlement too."""
    lock_group(actor, Capability.RECORD, member.group)
    settlement = finance.selectors.settlement_of(member)
    member = groups.services.member_leave_undo(actor=actor, member=member)
    if settlement is not None and reverse:
        finance.services.entry_reverse(actor=actor, entry=settlement, reason=reason, key=key)
    return member
