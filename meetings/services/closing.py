"""Closing a meeting: it posts everything or nothing, under one idempotency key."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence

from django.db import transaction

from finance.ledger.fines import Charge, write_charges
from finance.ledger.posting import Posting
from finance.ledger.reading import Line
from finance.models import CashCount, EntryKind
from finance.services import cash_count_record, loans_open
from meetings.errors import DayTaken, SavingsMustStay
from meetings.minutes import Minutes
from meetings.models import Meeting
from meetings.selectors import numbers_by_date
from meetings.services.drafts import meeting_to_save
from meetings.services.minute_book import write_version
from meetings.sheet.context import SheetContext


def meeting_close(
    *,
    context: SheetContext,
    minutes: Minutes,
    key: uuid.UUID,
    base: str = "",
    content: str = "",
    another_than: Collection[int] = (),
) -> Meeting:
    """Write the meeting, its attendance and agenda, and post its money, all or nothing.

    Takes a `context` from `open_sheet` for the day of the minutes, inside the same transaction; `content` marks what
    the sheet said. Where the books of that day are closed, the money counts on the first day on which they are not.
    Raises `MeetingChanged` as `draft_save` does, `DayTaken` if the group has a closed meeting on that day whose number
    is not in `another_than`, `SavingsMustStay` for a withdrawal that the rules forbid, and the errors of
    `finance.ledger.errors`.
    """
    assert transaction.get_connection().in_atomic_block, "the context's lock ends with its transaction"
    assert minutes.held_on == context.held_on, "the sheet is of its date"
    meeting = meeting_to_save(context, key=key, base=base)
    require_another(context, another_than)
    require_minimum(context, minutes)
    books = context.open_books
    loans = loans_open(books, minutes.new_loans) if minutes.new_loans else []
    lines = minutes.lines(books, loans)
    charges = minutes.charges(meeting.number)
    if lines:
        (meeting.entry,) = books.post([meeting_posting(context, lines, key=key, charges=charges)])
    elif charges:
        write_charges(charges, group=context.group, actor=books.actor, on=minutes.held_on)
    meeting.cash_count = record_count(context, minutes)
    meeting.of_day = next_of_day(context)
    return write_version(meeting, minutes, loans, actor=books.actor, key=key, content=content)


def require_another(context: SheetContext, another_than: Collection[int]) -> None:
    """Refuse with `DayTaken` a day with a meeting that nobody said this is another than.

    The group is locked: two people who record the same meeting at once do not post it twice.
    """
    if any(meeting.number not in another_than for meeting in context.same_day):
        raise DayTaken(list(numbers_by_date(meeting.pk for meeting in context.same_day).values()))


def next_of_day(context: SheetContext) -> int:
    """Return which meeting of its day this is, by the order of recording: 1 for the first."""
    return max((meeting.of_day for meeting in context.same_day), default=0) + 1


def require_minimum(context: SheetContext, minutes: Minutes) -> None:
    """Refuse with `SavingsMustStay` a withdrawal that leaves less than the rules say must stay."""
    for row in minutes.members:
        if context.leaves_too_little(row.member, brought=row.to_savings, taken=row.sukarela_out):
            raise SavingsMustStay(row.member, context.rules.sukarela_minimum)


def meeting_posting(
    context: SheetContext, lines: list[Line], *, key: uuid.UUID, memo: str = "", charges: Sequence[Charge] = ()
) -> Posting:
    """Return the entry of a meeting that posts `lines` and brings the fines `charges`."""
    return Posting(
        kind=EntryKind.MEETING,
        effective_on=context.posted_on,
        happened_on=context.held_on,
        lines=lines,
        key=key,
        memo=memo,
        charges=charges,
    )


def record_count(context: SheetContext, minutes: Minutes, *, place: int | None = None) -> CashCount | None:
    """Write down the cash that was counted, if it was, beside what was expected after the meeting.

    `place` is its place in the day, without it after all that is recorded.
    """
    if minutes.cash is None:
        return None
    return cash_count_record(
        context.open_books,
        expected=context.cash_before + minutes.cash_moved(),
        counted=minutes.cash.counted,
        explanation=minutes.cash.explanation,
        on=minutes.held_on,
        place=place,
    )
