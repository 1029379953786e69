"""A meeting takes place on another day, or a group meets in another rhythm: what falls due moves along."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from django.db import transaction
from django.db.models import F, Q, QuerySet

from finance.models import Account, AccountKind, Instalment, Loan
from finance.rules.due_days import due_days, harvest_days
from groups.models import Group, LoanDue, User
from groups.permissions import Capability, lock_group
from groups.selectors import meeting_calendar
from groups.shared.schedule import MeetingCalendar


@transaction.atomic
def due_days_move(*, actor: User, group: Group, planned_on: date, moved_to: date | None) -> int:
    """Let the instalments of running loans that fall due at the meeting of `planned_on` fall due on `moved_to`.

    Without `moved_to` the meeting does not take place, and they fall due at the next one. Those with a fixed day, the
    day of a harvest too, keep it; the meeting up to which they can be paid in time moves. Call it when the move is
    written, for the calendar of the group is read. Returns how many instalments moved.
    """
    group = lock_group(actor, Capability.RECORD, group)
    calendar = meeting_calendar(group)
    to_pay = Instalment.objects.filter(loan__in=_running(group), late_after=planned_on)
    at_meeting = Q(loan__due_at=LoanDue.MEETING, due_on=planned_on) & ~Q(loan__harvest_on=planned_on)
    on_fixed_day = list(to_pay.exclude(at_meeting))
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
    moved: list[Instalment] = []
    for loan in _running(group).prefetch_related("instalments"):
        lines = list(loan.instalments.all())
        agreed = _agreed_days(loan, lines, calendar)
        for line, day in zip(lines, agreed, strict=True):
            late_after = calendar.on_or_after(day) or day
            if max(line.late_after, late_after) >= since and (line.due_on, line.late_after) != (day, late_after):
                line.due_on, line.late_after = day, late_after
                moved.append(line)
    Instalment.objects.bulk_update(moved, ["due_on", "late_after"], batch_size=500)
    return len(moved)


@transaction.atomic
def due_days_return(*, actor: User, group: Group, planned_on: date) -> int:
    """Let what waits for a later meeting, since that of `planned_on` was called off, fall due at it again.

    Call it when the meeting is in the calendar of the group again. Returns how many instalments moved.
    """
    group = lock_group(actor, Capability.RECORD, group)
    calendar = meeting_calendar(group)
    as_planned = replace(calendar, moves=())
    moved: list[Instalment] = []
    for loan in _running(group).prefetch_related("instalments"):
        lines = list(loan.instalments.all())
        for line, day in zip(lines, _agreed_days(loan, lines, as_planned), strict=True):
            if day <= planned_on < line.due_on:
                line.due_on = line.late_after = _taking_place(calendar, day)
                moved.append(line)
            elif day == line.due_on <= planned_on < line.late_after:
                line.late_after = calendar.on_or_after(day) or day
                moved.append(line)
    Instalment.objects.bulk_update(moved, ["due_on", "late_after"], batch_size=500)
    return len(moved)


def _taking_place(calendar: MeetingCalendar, planned_on: date) -> date:
    """Return when the meeting of a day takes place, or the next one does where it was called off."""
    day = calendar.moved.get(planned_on, planned_on) or calendar.next_after(planned_on)
    assert day is not None, "a meeting that was planned has a calendar"
    return day


def _running(group: Group) -> QuerySet[Loan]:
    """Return the loans of a group that have a balance."""
    accounts = Account.objects.filter(group=group, kind=AccountKind.LOAN, debits_posted__gt=F("credits_posted"))
    return Loan.objects.filter(pk__in=accounts.values("loan"))


def _agreed_days(loan: Loan, lines: list[Instalment], calendar: MeetingCalendar) -> list[date]:
    """Return the days on which the instalments of a loan fall due by a calendar; a harvest stays on its day."""
    first = calendar.on_or_after(loan.first_due)
    if loan.due_at != LoanDue.MEETING or len(lines) != loan.periods or first is None:
        return [line.due_on for line in lines]

    def days(first_due: date | None) -> list[date]:
        if loan.harvest_on is not None:
            return harvest_days(
                calendar, due_at=loan.due_at, months=loan.periods, paid_out_on=loan.disbursed_on,
                harvest_on=loan.harvest_on, first_due=first_due,
            ).due_on  # fmt: skip
        return due_days(
            calendar, due_at=loan.due_at, every=loan.every, periods=loan.periods,  # type: ignore[arg-type]
            paid_out_on=loan.disbursed_on, first_due=first_due,
        ).due_on  # fmt: skip

    found = days(None)
    # Otherwise the first day was chosen, or is another one now.
    return found if found[0] == loan.first_due else days(first)
