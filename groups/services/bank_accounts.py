"""Bank accounts are opened and closed; who signs for them changes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from groups.ending import require_alive
from groups.membership import outside_membership
from groups.models import BankAccount, BankMandate, BankSigner, Group, Member, User
from groups.permissions import Capability, lock_group
from groups.services.profiles import refuse_changed
from groups.shared.clock import refuse_to_come, today_of

BANK_ACCOUNT = ("bank", "number", "opened_on")
"""The fields of an account that a form sends."""


@transaction.atomic
def bank_account_open(
    *, actor: User, group: Group, account: BankAccount, signatures: int, signers: Sequence[Member] = ()
) -> BankAccount:
    """Record an unsaved account, with who signs for it from the day it was opened; the same key twice is one account.

    Raises `FormUsed` if the key came with other words before, and `ValidationError` as `bank_mandate_change` does.
    """
    group = lock_group(actor, Capability.RECORD, group)
    earlier = BankAccount.objects.filter(group=group, key=account.key).first()
    if earlier is not None:
        refuse_changed(earlier, account, BANK_ACCOUNT)
        return earlier
    if account.opened_on is not None:
        require_alive(group, account.opened_on, field="opened_on")
    account.group = group
    account.recorded_by = actor
    account.full_clean()
    account.save()
    _write_mandate(actor, account, account.opened_on, signatures, signers, field="signers")
    return account


@transaction.atomic
def bank_mandate_change(
    *, actor: User, account: BankAccount, valid_from: date, signatures: int, signers: Sequence[Member] = ()
) -> BankMandate:
    """Write down who signs for an account from a day on; what held before stays readable.

    Raises `ValidationError` for a day on which the account was not open, for signers who were no members on it, and for
    fewer signers than signatures.
    """
    lock_group(actor, Capability.RECORD, account.group)
    account = BankAccount.objects.select_related("group").get(pk=account.pk)
    refuse_to_come(valid_from, today_of(account.group), at="valid_from")
    if not account.opened_on <= valid_from < (account.closed_on or date.max):
        raise ValidationError({"valid_from": _("The account was not open on this date.")})
    return _write_mandate(actor, account, valid_from, signatures, signers, field="signers")


@transaction.atomic
def bank_account_close(*, actor: User, account: BankAccount, closed_on: date) -> BankAccount:
    """Close an account on a day not later than today; a second closing changes nothing."""
    lock_group(actor, Capability.RECORD, account.group)
    account = BankAccount.objects.select_related("group").get(pk=account.pk)
    if account.closed_on is not None:
        return account
    refuse_to_come(closed_on, today_of(account.group), at="closed_on")
    last = account.mandates.first()
    if closed_on < account.opened_on or (last is not None and closed_on < last.valid_from):
        raise ValidationError(
            {"closed_on": _("The account was opened, or other people began to sign, after this date.")}
        )
    account.closed_on = closed_on
    account.save(update_fields=["closed_on"])
    return account


def _write_mandate(
    actor: User, account: BankAccount, valid_from: date, signatures: int, signers: Sequence[Member], *, field: str
) -> BankMandate:
    problems = [message for member in signers if (message := outside_membership(member, valid_from))]
    if any(member.group_id != account.group_id for member in signers):
        problems.append(_("This belongs to another group."))
    if signers and len(signers) < signatures:
        problems.append(_("Fewer people are named than must sign together."))
    if problems:
        raise ValidationError({field: problems})
    mandate = BankMandate(
        group=account.group, account=account, valid_from=valid_from, signatures=signatures, recorded_by=actor
    )
    mandate.full_clean()
    mandate.save()
    BankSigner.objects.bulk_create(
        BankSigner(group=account.group, mandate=mandate, member=member) for member in signers
    )
    return mandate
