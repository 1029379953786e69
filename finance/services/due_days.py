"""A meeting takes place on another day, or a group meets in another rhythm: what falls due moves along."""

from __future__ import annotations

from datetime import date

from django.db import transaction
from django.db.models import F

from finance.models import Account, AccountKind, Instalment, Loan
from finance.rules.due_days import due_days
from groups.models import Group, LoanDue, User
from groups.permissions import Capability, lock_group
from groups.selectors import meeting_calendar
from groups.shared.schedule import MeetingCalendar


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


@transaction.atomic
def due_days_follow(*, actor: User, group: Group, since: date) -> int:
    """Let the instalments of running loans follow a rhythm that the group agreed, or took back, from the day `since`.

    Those of loans that are repaid at meetings fall due at the new ones; those with a fixed day keep it, and are paid in
    time up to the first new meeting after it. What was due before stays. Returns how many instalments moved.
    """
    group = lock_group(actor, Capability.RECORD, group)
    calendar = meeting_calendar(group)
    accounts = Account.objects.filter(group=group, kind=AccountKind.LOAN, debits_posted__gt=F("credits_posted"))
    loans = Loan.objects.filter(pk__in=accounts.values("loan")).prefetch_related("instalments")
    moved: list[Instalment] = []
    for loan in loans:
        lines = list(loan.instalments.all())
        agreed = _agreed_days(loan, lines, calendar)
        for line, day in zip(lines, agreed, strict=True):
            late_after = calendar.on_or_after(day) or day
            if max(line.late_after, late_after) >= since and (line.due_on, line.late_after) != (day, late_after):
                line.due_on, line.late_after = day, late_after
                moved.append(line)
    Instalment.objects.bulk_update(moved, ["due_on", "late_after"], batch_size=500)
    return len(moved)


def _agreed_days(loan: Loan, lines: list[Instalment], calendar: MeetingCalendar) -> list[date]:
    """Return the days on which the instalments of a loan fall due by the calendar as it is now."""
    first = calendar.on_or_after(loan.first_due)
    if loan.due_at != LoanDue.MEETING or len(lines) != loan.periods or first is None:
        return [line.due_on for line in lines]
    terms = {"due_at": loan.due_at, "every": loan.every, "periods": loan.periods, "paid_out_on": loan.disbursed_on}
    days = due_days(calendar, **terms).due_on  # type: ignore[arg-type]  # the database allows no other value
    if days[0] != loan.first_due:  # the first day was chosen, or is another one now
        days = due_days(calendar, first_due=first, **terms).due_on  # type: ignore[arg-type]
    return days
