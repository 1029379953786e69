"""Every write to the minute book. Closing posts everything or nothing, under one idempotency key."""

from __future__ import annotations

import uuid
from datetime import date
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _

from finance.ledger.errors import InsufficientFunds
from finance.ledger.posting import Line, Posting, reversal_of
from finance.models import AccountKind, CashCount, Entry, EntryKind, Loan, Transfer
from finance.services import cash_count_record, loans_open
from groups.models import Group, User
from groups.permissions import Capability, lock_group
from groups.shared.clock import now, today
from meetings.errors import (
    DayTaken,
    LoanDueBefore,
    LoanInUse,
    LoanPaidBefore,
    MeetingChanged,
    NoSuchMeeting,
    NothingChanged,
    SavingsMustStay,
)
from meetings.minutes import Minutes, changes
from meetings.models import AgendaItem, Attendance, Meeting, MeetingStatus
from meetings.sheet.context import SheetContext, open_correction, open_sheet


@transaction.atomic
def draft_save(
    *,
    actor: User,
    group: Group,
    key: uuid.UUID,
    draft: dict[str, Any],
    number: int | None = None,
    base: uuid.UUID | None = None,
) -> Meeting:
    """Keep a sheet as it was typed; nothing of it is checked or posted.

    `base` is the key of the draft the form was opened from: if somebody else saved or closed the meeting since
    then, `MeetingChanged` says so and nothing is written. The same `key` twice is one save.
    """
    context = open_sheet(actor=actor, group=group, key=key, number=number)
    meeting = meeting_at(context, key=key, base=base)
    meeting.key = key
    meeting.draft = draft
    meeting.held_on = _draft_day(draft)
    meeting.saved_by = actor
    meeting.save()
    return meeting


@transaction.atomic
def draft_discard(*, actor: User, group: Group, number: int) -> None:
    """Throw a draft away; it posted nothing, so nothing else changes. A closed meeting is `NoSuchMeeting`."""
    group = lock_group(actor, Capability.RECORD, group)
    deleted, _by_model = Meeting.objects.filter(group=group, number=number, status=MeetingStatus.DRAFT).delete()
    if not deleted:
        raise NoSuchMeeting


def meeting_close(*, context: SheetContext, minutes: Minutes, key: uuid.UUID, base: uuid.UUID | None = None) -> Meeting:
    """Write the meeting, its attendance and agenda, and post its money, all or nothing.

    Takes a `context` from `open_sheet`, inside the same transaction. Raises `MeetingChanged` as `draft_save` does,
    `DayTaken` if the group has a closed meeting on that day, `SavingsMustStay` for a withdrawal that the rules forbid,
    and the errors of `finance.ledger.errors`.
    """
    assert transaction.get_connection().in_atomic_block, "the context's lock ends with its transaction"
    meeting = meeting_at(context, key=key, base=base)
    _require_minimum(context, minutes)
    loans = loans_open(context.books, minutes.new_loans) if minutes.new_loans else []
    lines = minutes.lines(context.books, loans)
    if lines:
        (meeting.entry,) = context.books.post([_posting(minutes.held_on, lines, key=key)])
    if minutes.cash is not None:
        meeting.cash_count = cash_count_record(
            context.books, counted=minutes.cash.counted, explanation=minutes.cash.explanation, on=minutes.held_on
        )
    return _write(meeting, minutes, actor=context.books.actor, key=key)


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
    _require_minimum(context, minutes)
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
    loans = loans_open(context.books, minutes.new_loans) if minutes.new_loans else []
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
    return _write(new, minutes, actor=actor, key=key, done=_done(old))


@transaction.atomic
def decision_done(*, actor: User, group: Group, item: AgendaItem, on: date | None) -> AgendaItem:
    """Mark a decision as carried out on a day, or as open again with None."""
    group = lock_group(actor, Capability.RECORD, group)
    item = AgendaItem.objects.get(pk=item.pk, group=group)
    item.done_on = on
    item.done_by = actor if on else None
    item.save(update_fields=["done_on", "done_by"])
    return item


def meeting_at(context: SheetContext, *, key: uuid.UUID, base: uuid.UUID | None) -> Meeting:
    """Return the draft at the context, or a new meeting; refuse with `MeetingChanged` one somebody else has changed."""
    meeting = context.meeting
    if meeting is None:
        actor = context.books.actor
        return Meeting(group=context.group, number=context.next_number, key=key, recorded_by=actor, saved_by=actor)
    if meeting.status == MeetingStatus.CLOSED:
        raise MeetingChanged(_("This meeting was closed meanwhile by %(who)s.") % {"who": meeting.saved_by})
    if meeting.key not in (key, base):
        raise MeetingChanged(
            _("%(who)s changed this draft meanwhile. Your entries are below; send them again to replace the others.")
            % {"who": meeting.saved_by}
        )
    return meeting


def _require_minimum(context: SheetContext, minutes: Minutes) -> None:
    for row in minutes.members:
        if context.leaves_too_little(row.member, brought=row.saved, taken=row.sukarela_out):
            raise SavingsMustStay(row.member, context.rules.sukarela_minimum)


def _posting(on: date, lines: list[Line], *, key: uuid.UUID, memo: str = "") -> Posting:
    return Posting(kind=EntryKind.MEETING, effective_on=on, lines=lines, key=key, memo=memo)


def _moves(context: SheetContext, lines: list[Line]) -> bool:
    """Say whether `lines` differ from those the meeting has posted."""
    old = [(t.debit_account_id, t.credit_account_id, t.amount, t.member_id, t.memo) for t in context.original_lines]
    new = [(x.debit.pk, x.credit.pk, x.amount, x.member.pk if x.member else None, x.memo) for x in lines]
    return sorted(map(str, old)) != sorted(map(str, new))


def _post_again(
    context: SheetContext, minutes: Minutes, lines: list[Line], old: Entry | None, *, reason: str, key: uuid.UUID
) -> Entry | None:
    postings = []
    if old is not None:
        postings.append(reversal_of(old, context.books, key=uuid.uuid5(key, "reversal"), memo=reason))
    if lines:
        postings.append(_posting(context.books.open_day(minutes.held_on), lines, key=key, memo=reason))
    if not postings:
        return None
    try:
        entries = context.books.post(postings)
    except InsufficientFunds as error:
        if error.account.kind == AccountKind.LOAN and minutes.cancelled_loans:
            raise LoanInUse from error
        raise
    return entries[-1] if lines else None


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


def _write(
    meeting: Meeting,
    minutes: Minutes,
    *,
    actor: User,
    key: uuid.UUID,
    done: dict[tuple[str, str], AgendaItem] | None = None,
) -> Meeting:
    meeting.status = MeetingStatus.CLOSED
    meeting.key = key
    meeting.draft = None
    meeting.held_on = minutes.held_on
    meeting.place = minutes.place
    meeting.leader = minutes.leader
    meeting.note_taker = minutes.note_taker
    meeting.saved_by = actor
    meeting.closed_at = now()
    for name, count in minutes.tallies().items():
        setattr(meeting, name, count)
    try:
        meeting.save()
    except IntegrityError as error:
        if "meeting_day_once" in str(error) or "meetings_meeting.held_on" in str(error):
            raise DayTaken from error
        raise
    Attendance.objects.bulk_create(
        Attendance(group=meeting.group, meeting=meeting, member=row.member, status=row.attendance, waiver=row.waiver)
        for row in minutes.members
    )
    AgendaItem.objects.bulk_create(_agenda(meeting, minutes, done or {}))
    return meeting


def _agenda(meeting: Meeting, minutes: Minutes, done: dict[tuple[str, str], AgendaItem]) -> list[AgendaItem]:
    items = []
    for number, row in enumerate(minutes.agenda, start=1):
        carried_out = done.get((row.title, row.decision))
        items.append(
            AgendaItem(
                group=meeting.group,
                meeting=meeting,
                number=number,
                title=row.title,
                discussion=row.discussion,
                decision=row.decision,
                responsible=row.responsible,
                due_on=row.due_on,
                is_critical=row.is_critical,
                done_on=carried_out.done_on if carried_out else None,
                done_by_id=carried_out.done_by_id if carried_out else None,
            )
        )
    return items


def _draft_day(draft: dict[str, Any]) -> date | None:
    """Return the day typed on the sheet if it is one, so that lists can show when a draft was meant to be."""
    try:
        return parse_date(str(draft.get("held_on", "")))
    except ValueError:
        return None
