"""What happened to a loan and to the requests for loans, each step with its day and who recorded it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import NamedTuple

from django.db.models import OuterRef, QuerySet, Subquery
from django.utils.timezone import localdate
from django.utils.translation import gettext as _

from finance.models import Entry, EntryKind, Loan, LoanRequest, RequestStatus
from finance.selectors.loans import LoanCard
from groups.models import Group, User
from groups.shared.money import rupiah


class LoanStep(NamedTuple):
    """One step in the life of a loan: the day, what was done, by whom, why, and its entry if it posted one."""

    on: date
    what: str
    by: User | None
    why: str = ""
    entry: Entry | None = None


def loan_requests(group: Group, *, waiting: bool) -> QuerySet[LoanRequest]:
    """Return the requests of `group` that wait for a decision or the money, or the others; the newest first.

    Each carries `loan_number` of the loan it was paid out as.
    """
    of_group = LoanRequest.objects.filter(group=group)
    running = of_group.running()
    requests = running if waiting else of_group.exclude(pk__in=running.values("pk"))
    paid = Loan.objects.filter(request=OuterRef("pk"), cancelled_at__isnull=True).values("number")
    return requests.annotate(loan_number=Subquery(paid[:1])).select_related(
        "member", "recorded_by", "decided_by", "cancelled_by"
    )


def loan_steps(card: LoanCard) -> list[LoanStep]:
    """Return the life of the loan on `card`, step by step, without its payments."""
    return [*_asked(card.row.loan), *_lived(card)]


def _asked(loan: Loan) -> Iterator[LoanStep]:
    request = loan.request
    if request is None:
        return
    yield LoanStep(request.asked_on, _("Asked for %s") % rupiah(request.amount), request.recorded_by, request.purpose)
    if request.status == RequestStatus.ASKED:
        yield LoanStep(loan.disbursed_on, _("Approved in a meeting"), loan.recorded_by)
    elif request.decided_on is not None:
        what = _("Approved in a meeting") if request.decided_in_meeting else _("Approved")
        yield LoanStep(request.decided_on, what, request.decided_by, request.note)


def _lived(card: LoanCard) -> Iterator[LoanStep]:
    loan = card.row.loan
    for number, entry in enumerate(card.entries):
        if number == 0:
            what = _("Paid out")
            if entry.kind == EntryKind.OPENING:
                what = _("Taken over with the opening balances")
            elif loan.replaces is not None:
                what = _("Opened in place of loan %d") % loan.replaces.number
            yield LoanStep(entry.effective_on, what, entry.recorded_by, entry.memo, entry)
            continue
        undone = entry.reverses.kind if entry.reverses is not None else None
        if entry.kind in _STEPS:
            yield LoanStep(entry.effective_on, str(EntryKind(entry.kind).label), entry.recorded_by, entry.memo, entry)
        elif undone in _STEPS:
            what = _("Taken back: %s") % EntryKind(undone).label
            yield LoanStep(entry.effective_on, what, entry.recorded_by, entry.memo, entry)
    if loan.cancelled_at is not None:
        yield LoanStep(localdate(loan.cancelled_at), _("Cancelled: it was never paid out"), None)


_STEPS = (EntryKind.RESCHEDULE, EntryKind.WRITE_OFF, EntryKind.RECOVERY)
"""Entries that are steps of a loan's life besides paying out and repaying."""
