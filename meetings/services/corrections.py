"""Correcting a closed meeting: a new version beside the old one, and a reversal where money changes."""

from __future__ import annotations

import uuid
from datetime import date

from django.db import transaction

from finance.ledger.errors import InsufficientFunds
from finance.ledger.reading import Line
from finance.models import AccountKind, CashCount, Entry, Loan, Transfer
from finance.services import loans_open
from groups.models import Group, User
from groups.shared.clock import now, today
from meetings.errors import LoanDueBefore, LoanInUse, LoanPaidBefore, NothingChanged
from meetings.minutes import Minutes, changes
from meetings.models import AgendaItem, Meeting, MeetingStatus
from meetings.services.closing import meeting_posting, require_minimum
from meetings.services.minute_book import write_version
from meetings.sheet.context import SheetContext, open_correction


@transaction.atomic
def meeting_correct(
    *,
    actor: User,
    group: Group,
    number: int,
    minutes: Minutes,
    reason: str,
    key: uuid.UUID,
    context: SheetContext | None = None,
) -> Meeting:
    """Replace a closed meeting by a new version: the old entry is reversed, a new one posted, both stay.

    When no money changes, the ledger is left alone and the new version keeps the entry. Raises `NothingChanged`,
    `DayTaken`, `SavingsMustStay`, `LoanDueBefore`, `LoanPaidBefore`, `LoanInUse` for a cancelled loan with later
    instalments, `InsufficientFunds` where the correction would take back money that was spent since, and
    `MeetingChanged` for a version corrected meanwhile.
    """
    context = context or open_correction(actor=actor, group=group, number=number)
    assert context.meeting is not None, "open_correction found the meeting"
    assert context.original is not None, "a correction knows what it corrects"
    if not changes(context.original, minutes) and not minutes.cancelled_loans:
        raise NothingChanged
    require_minimum(context, minutes)
    old = context.meeting
    new = Meeting(
        group=context.group,
        number=old.number,
        version=old.version + 1,
        corrects=old,
        reason=reason,
        recorded_by=actor,
        entry=old.entry,
    )
    loans = loans_open(context.open_books, minutes.new_loans) if minutes.new_loans else []
    lines = minutes.lines(context.books, loans)
    if _moves(context, lines) or minutes.held_on != context.original.held_on:
        new.entry = _post_again(context, minutes, lines, old.entry, reason=reason, key=key)
    _cancel(minutes.cancelled_loans)
    if minutes.held_on != context.original.held_on:
        _move_loans(minutes.kept_loans, minutes.held_on)
    _settle(old.cash_count, actor=actor, reason=reason)
    if minutes.cash is not None:
        new.cash_count = CashCount.objects.create(
            group=context.group,
            counted_on=minutes.held_on,
            expected=context.cash_before + minutes.cash_moved(),
            counted=minutes.cash.counted,
            explanation=minutes.cash.explanation,
            counted_by=actor,
        )
    Meeting.objects.filter(pk=old.pk).update(status=MeetingStatus.CORRECTED)
    return write_version(new, minutes, actor=actor, key=key, done=_done(old))


def _moves(context: SheetContext, lines: list[Line]) -> bool:
    """Say whether `lines` differ from those the meeting has posted."""
    old = [(t.debit_account_id, t.credit_account_id, t.amount, t.member_id, t.memo) for t in context.original_lines]
    new = [(x.debit.pk, x.credit.pk, x.amount, x.member.pk if x.member else None, x.memo) for x in lines]
    return sorted(map(str, old)) != sorted(map(str, new))


def _post_again(
    context: SheetContext, minutes: Minutes, lines: list[Line], old: Entry | None, *, reason: str, key: uuid.UUID
) -> Entry | None:
    books = context.open_books
    try:
        if lines:
            (entry,) = books.post([meeting_posting(books.open_day(minutes.held_on), lines, key=key, memo=reason)])
            return entry
        if old is not None:
            books.post_undone(key=uuid.uuid5(key, "reversal"), memo=reason)
    except InsufficientFunds as error:
        if error.account.kind == AccountKind.LOAN and minutes.cancelled_loans:
            raise LoanInUse from error
        raise
    return None


def _cancel(loans: tuple[Loan, ...]) -> None:
    if loans:
        Loan.objects.filter(pk__in=[loan.pk for loan in loans]).update(cancelled_at=now())


def _move_loans(loans: tuple[Loan, ...], on: date) -> None:
    """Let loans follow the meeting that paid them out to another day."""
    if any(loan.first_due <= on for loan in loans):
        raise LoanDueBefore
    earlier = Transfer.objects.filter(credit_account__loan__in=loans, entry__effective_on__lt=on)
    if earlier.filter(entry__reverses__isnull=True, entry__reversed_by__isnull=True).exists():
        raise LoanPaidBefore
    Loan.objects.filter(pk__in=[loan.pk for loan in loans]).update(disbursed_on=on)


def _settle(count: CashCount | None, *, actor: User, reason: str) -> None:
    """Close the cash difference of the corrected version; the new version brings its own."""
    if count is not None and count.difference and count.settled_on is None:
        count.settled_on = today()
        count.settled_by = actor
        count.settled_at = now()
        count.settled_how = reason
        count.save()


def _done(old: Meeting) -> dict[tuple[str, str], AgendaItem]:
    """Return the decisions already carried out, by title and decision, so that a correction keeps them."""
    return {(item.title, item.decision): item for item in old.agenda.filter(done_on__isnull=False)}
