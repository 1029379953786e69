"""A group is dissolved: its books are settled first, or the case stays open for staff."""

from __future__ import annotations

import uuid
from datetime import date

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

import groups.services
from finance.selectors import LeftToSettle, left_to_settle
from groups.models import Dissolution, Group, GroupStatus, User
from groups.permissions import Capability, lock_group
from groups.shared.clock import now, today_of
from groups.shared.money import rupiah


@transaction.atomic
def group_dissolve(
    *,
    actor: User,
    group: Group,
    on: date,
    place: str,
    present: str,
    reason: str,
    division: str,
    key: uuid.UUID,
    unsettled_why: str = "",
) -> Dissolution:
    """Dissolve a group on a day, after which nothing is recorded of it; the same `key` twice is one dissolution.

    Where the books hold money, savings or loans, `unsettled_why` says why, and an open case stays; else it is
    `ValidationError` at that field, as is a day before what books and minutes hold at `on`.
    """
    group = lock_group(actor, Capability.RECORD, group)
    sent = Dissolution.objects.filter(group=group, key=key).first()
    if sent is not None:
        return sent
    if Dissolution.objects.effective().filter(group=group).exists():
        raise ValidationError(_("The group was dissolved already."))
    left = left_to_settle([group.pk]).get(group.pk, LeftToSettle())
    if not left.is_settled and not unsettled_why.strip():
        parts = ", ".join(f"{label} {rupiah(amount)}" for label, amount in left.parts)
        message = _("The books are not settled: %s. Settle them first, or say why that is not possible.")
        raise ValidationError({"unsettled_why": message % parts})
    try:
        change = groups.services.group_status_change(
            actor=actor, group=group, status=GroupStatus.DISSOLVED, on=on, reason=reason
        )
    except ValidationError as error:
        raise ValidationError(_at_day(error)) from error
    assert change is not None, "it was not dissolved on that day"
    return Dissolution.objects.create(
        group=group,
        change=change,
        ended_on=on,
        place=place,
        present=present,
        reason=change.reason,
        division=division,
        unsettled_why="" if left.is_settled else unsettled_why.strip(),
        key=key,
        recorded_by=actor,
    )


@transaction.atomic
def dissolution_take_back(*, actor: User, dissolution: Dissolution, reason: str) -> Dissolution:
    """Take a dissolution back that was recorded by mistake: from its day on the group is as it was before.

    What was shown stays readable: the change of status that takes it back is another one of the same day.
    """
    group = lock_group(actor, Capability.RECORD, dissolution.group)
    dissolution = Dissolution.objects.select_related("change").get(pk=dissolution.pk)
    if dissolution.taken_back_at is not None:
        return dissolution
    dissolution.taken_back_why, dissolution.taken_back_at, dissolution.taken_back_by = reason, now(), actor
    dissolution.save(update_fields=["taken_back_why", "taken_back_at", "taken_back_by"])
    groups.services.group_status_change(
        actor=actor,
        group=group,
        status=GroupStatus(dissolution.change.from_status),
        on=dissolution.ended_on,
        reason=reason,
    )
    return dissolution


@transaction.atomic
def dissolution_close_case(*, actor: User, dissolution: Dissolution, how: str) -> Dissolution:
    """Close the case of a group that was dissolved with open books, with a word on what became of it; for staff."""
    lock_group(actor, Capability.CONFIGURE, dissolution.group)
    dissolution = Dissolution.objects.get(pk=dissolution.pk)
    if not dissolution.is_open_case:
        return dissolution
    dissolution.case_closed_on, dissolution.case_closed_how = today_of(dissolution.group), how
    dissolution.case_closed_at, dissolution.case_closed_by = now(), actor
    dissolution.save(update_fields=["case_closed_on", "case_closed_how", "case_closed_at", "case_closed_by"])
    return dissolution


def _at_day(error: ValidationError) -> dict[str, list[str]]:
    """Name the fields of the form that dissolves as it names them."""
    names = {"status_on": "on", "status_reason": "reason"}
    return {names.get(field, field): messages for field, messages in error.message_dict.items()}
