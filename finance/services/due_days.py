"""A meeting takes place on another day: what falls due at it moves along."""

from __future__ import annotations

from datetime import date

from django.db import transaction
from django.db.models import F

from finance.models import Account, AccountKind, Instalment
from groups.models import Group, LoanDue, User
from groups.permissions import Capability, lock_group
from groups.selectors import meeting_calendar


@transaction.atomic
def due_days_move(*, actor: User, group: Group, planned_on: date, moved_to: date | None) -> int:
    """Let the instalments of running loans that fall due at the meeting of `planned_on` fall due on `moved_to`.

    Without `moved_to` the meeting does not take place, and they fall due at the next one. Those with a fixed day keep
    it; the meeting up to which they can be paid in time moves. Call it when the move is written, for the calendar of
    the group is read. Returns how many instalments moved.
    """
    group = lock_group(actor, Capability.RECORD, group)
    calendar = meeting_calendar(group)
    accounts = Account.objects.filter(group=group, kind=AccountKind.LOAN, debits_posted__gt=F("credits_posted"))
    to_pay = Instalment.objects.filter(loan__in=accounts.values("loan"), late_after=planned_on)
    on_fixed_day = list(to_pay.exclude(loan__due_at=LoanDue.MEETING, due_on=planned_on))
    day = moved_to or calendar.next_after(planned_on)
    assert day is not None, "a meeting that was planned has a calendar"
    moved = to_pay.exclude(pk__in=[line.pk for line in on_fixed_day]).update(due_on=day, late_after=day)
    for line in on_fixed_day:
        line.late_after = calendar.on_or_after(line.due_on) or line.due_on
        line.save(update_fields=["late_after"])
    return moved + len(on_fixed_day)
