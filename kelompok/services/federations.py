"""Contributions to a federation that the books of the group have too."""

from __future__ import annotations

import uuid

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

import finance.services
import groups.services
from finance.ledger.errors import LedgerError
from finance.models import Entry
from finance.rules.lines import OtherMoney
from groups.models import Federation, FederationPayment, Group, User


@transaction.atomic
def contribution_pay(
    *,
    actor: User,
    federation: Federation,
    group: Group,
    payment: FederationPayment,
    in_books: bool,
    entry_number: int | None = None,
) -> FederationPayment:
    """Record an unsaved payment; with `in_books` the group's ledger gets the expense, from the cash box.

    Else `entry_number` names the entry that has it already, None for none. Raises `ValidationError` for a number that
    the group does not have, and what the ledger refuses.
    """
    if in_books and not FederationPayment.objects.filter(group=group, key=payment.key).exists():
        try:
            entry = finance.services.other_money_record(
                actor=actor, group=group, kind=OtherMoney.EXPENSE, amount=payment.amount,
                memo=_("Contribution to %s") % federation, on=payment.paid_on, key=payment.key,
            )  # fmt: skip
        except LedgerError as error:
            raise ValidationError({"amount": str(error)}) from error
        entry_number = entry.number
    elif entry_number is not None and not Entry.objects.filter(group=group, number=entry_number).exists():
        raise ValidationError({"entry_number": _("The group has no entry with this number.")})
    payment.entry_number = entry_number
    return groups.services.federation_payment_record(actor=actor, federation=federation, group=group, payment=payment)


@transaction.atomic
def contribution_take_back(*, actor: User, payment: FederationPayment, why: str) -> None:
    """Withdraw a payment, and reverse its entry where it was made with it; the number of another entry stays alone."""
    entry = Entry.objects.filter(group=payment.group, key=payment.key, reversed_by=None).first()
    groups.services.federation_record_withdraw(actor=actor, record=payment, why=why)
    if entry is not None:
        try:
            finance.services.entry_reverse(actor=actor, entry=entry, reason=why, key=uuid.uuid4())
        except LedgerError as error:
            raise ValidationError({"why": str(error)}) from error
