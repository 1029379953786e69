"""What a member who leaves has saved and owes, and on which days the books know somebody."""

from __future__ import annotations

from datetime import date

from django.db.models import Max, Min, QuerySet

from finance.ledger.reading import read_books
from finance.models import CashCount, Entry, EntryKind, Loan, LoanRequest, Obligation
from finance.rules.leaving import Leaving, leaving_of
from finance.selectors.covers import open_covers
from groups.models import Group, Member
from groups.records import RecordedDays, spanning


def money_at_leaving(member: Member, *, as_of: date) -> Leaving:
    """Return what would be settled with `member` on the day `as_of`, of all that is recorded by now."""
    books = read_books(member.group, date.max, everything=True)
    return leaving_of(books, member, as_of, open_covers(member.group, debtor=member, as_of=as_of))


def settlement_of(member: Member) -> Entry | None:
    """Return the entry that settled a member who left, None if there is none or it was reversed."""
    entries = Entry.objects.filter(
        group=member.group_id, kind=EntryKind.LEAVING, transfers__member=member, reversed_by__isnull=True
    )
    return entries.filter(effective_on__gte=member.left_on).select_related("group").order_by("-pk").first()


def days_of_member(member: Member) -> RecordedDays:
    """Return the first and the last day on which money of the member moved, a fine was set, or a loan was asked for.

    What was taken back does not count, nor a fine on a loan, which may come after the membership.
    """
    moved = _standing().filter(transfers__member=member).aggregate(first=Min("effective_on"), last=Max("effective_on"))
    loans = Loan.objects.filter(member=member, cancelled_at__isnull=True)
    lent = loans.aggregate(first=Min("disbursed_on"), last=Max("disbursed_on"))
    asked = LoanRequest.objects.filter(member=member).aggregate(first=Min("asked_on"), last=Max("asked_on"))
    fines = Obligation.objects.filter(member=member, loan__isnull=True, cancelled_at__isnull=True)
    fined = fines.aggregate(first=Min("owed_on"), last=Max("owed_on"))
    return spanning(RecordedDays(**days) for days in (moved, lent, asked, fined))


def days_of_group(group: Group) -> RecordedDays:
    """Return the first and the last day for which something stands in the group's books."""
    days = _standing().filter(group=group).aggregate(first=Min("effective_on"), last=Max("effective_on"))
    counts = CashCount.objects.filter(group=group).aggregate(first=Min("counted_on"), last=Max("counted_on"))
    lent = Loan.objects.filter(group=group, cancelled_at__isnull=True).aggregate(first=Min("disbursed_on"))
    return spanning([RecordedDays(**days), RecordedDays(**counts), RecordedDays(**lent)])


def _standing() -> QuerySet[Entry]:
    return Entry.objects.filter(reverses__isnull=True, reversed_by__isnull=True)
