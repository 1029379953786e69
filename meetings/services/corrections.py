"""Correcting a closed meeting: a new version beside the old one, and a reversal where money changes."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from django.db import transaction
from django.utils.translation import gettext as _

from finance.ledger.errors import InsufficientFunds, NotAllowed
from finance.ledger.fines import Charge, cancel_charges, open_fines, write_charges
from finance.models import AccountKind, CashCount, Entry, Loan, Obligation, Transfer, Waiver
from finance.services import cash_count_take_back, loans_open
from groups.shared.clock import now
from meetings.changes import changes
from meetings.errors import CountSettled, LoanDueBefore, LoanInUse, LoanPaidBefore, NothingChanged
from meetings.minutes import Minutes
from meetings.models import AgendaItem, Meeting, MeetingStatus
from meetings.services.closing import meeting_posting, next_of_day, record_count, require_another, require_minimum
from meetings.services.minute_book import write_version
from meetings.sheet.context import SheetContext


def meeting_correct(
    *,
    context: SheetContext,
    minutes: Minutes,
    reason: str,
    key: uuid.UUID,
    content: str = "",
    another_than: Collection[int] = (),
) -> Meeting:
    """Replace a closed meeting by a new version: the old entry is reversed, a new one posted, both stay.

    Takes a `context` from `open_correction` for the day of the minutes, inside the same transaction; `content` marks
    what the form said. When no money changes, the ledger is left alone and the new version keeps the entry.
    `another_than` are the numbers of meetings on a new day that this is another than. Raises `NothingChanged`,
    `DayTaken`, `SavingsMustStay`, `LoanDueBefore`, `LoanPaidBefore`, `LoanInUse` for a cancelled loan with later
    instalments, `CountSettled` for another count of cash whose difference was settled, and `InsufficientFunds` where
    the correction would take back money that was spent since.
    """
    assert transaction.get_connection().in_atomic_block, "the context's lock ends with its transaction"
    assert minutes.held_on == context.held_on, "the sheet is of its date"
    books, old, original = context.open_books, context.meeting, context.original
    assert old is not None and original is not None, "open_correction found the meeting"
    if not changes(original, minutes) and not minutes.cancelled_loans:
        raise NothingChanged
    has_moved = minutes.held_on != original.held_on
    if has_moved:
        require_another(context, another_than)
    require_minimum(context, minutes)
    new = Meeting(
        group=context.group,
        number=old.number,
        version=old.version + 1,
        corrects=old,
        reason=reason,
        recorded_by=books.actor,
        entry=old.entry,
        of_day=next_of_day(context) if has_moved else old.of_day,
    )
    loans = loans_open(books, minutes.new_loans) if minutes.new_loans else []
    settled = _settled_count(old, minutes)
    if old.cash_count is not None and settled is None:
        cash_count_take_back(books, old.cash_count)
    fines = _fines(context, minutes)
    _require_no_waiver(context, minutes)
    if has_moved or minutes.money != original.money or (fines.differ and (minutes.fines_paid or original.fines_paid)):
        new.entry = _post_again(context, minutes, loans, fines, reason=reason, key=key)
    elif fines.new:
        write_charges(fines.new, group=context.group, actor=books.actor, on=minutes.held_on)
    cancel_charges(fines.gone)
    _cancel(minutes.cancelled_loans)
    if has_moved:
        _move_loans(minutes.kept_loans, minutes.held_on)
    new.cash_count = settled or record_count(context, minutes, place=None if has_moved else _place(old, new))
    Meeting.objects.filter(pk=old.pk).update(status=MeetingStatus.CORRECTED)
    return write_version(new, minutes, loans, actor=books.actor, key=key, content=content, done=_done(old))


@dataclass(frozen=True, slots=True)
class _Fines:
    """What a correction does to the fines set at the meeting: those that are set now only, and those no more."""

    new: list[Charge]
    gone: list[Obligation]

    @property
    def differ(self) -> bool:
        return bool(self.new or self.gone)


def _fines(context: SheetContext, minutes: Minutes) -> _Fines:
    """Hold the fines of the corrected minutes against those that were charged; what stays follows day and words."""
    charged = list(context.charged)
    new = []
    for charge in minutes.charges(context.next_number):
        loan = charge.loan.pk if charge.loan else None
        wanted = (charge.member.pk, charge.kind, charge.amount, loan)
        same = next((o for o in charged if (o.member_id, o.kind, o.amount, o.loan_id) == wanted), None)
        if same is None:
            new.append(charge)
            continue
        charged.remove(same)
        if (same.owed_on, same.memo) != (minutes.held_on, charge.memo):
            same.owed_on, same.memo = minutes.held_on, charge.memo
            same.save(update_fields=["owed_on", "memo"])
    return _Fines(new, charged)


def _require_no_waiver(context: SheetContext, minutes: Minutes) -> None:
    """Refuse that more was paid of a fine set at the meeting that was let go since: the waiver is taken back first."""
    assert context.original is not None, "a correction has what it corrects"
    before = {row.member.pk: row.fine for row in context.original.members}
    more = {
        row.member.pk
        for row in minutes.members
        if row.fine > before.get(row.member.pk, 0) and row.fine > context.fines_owed(row.member)
    }
    paid = [fine.pk for fine in context.charged if fine.member_id in more]
    waivers = Waiver.objects.filter(obligation__in=paid, ended_on__isnull=True).select_related("member")
    if paid and (waiver := waivers.first()) is not None:
        raise NotAllowed(
            _("The fine of %(member)s was let go. Take that back first, then record that it was paid.")
            % {"member": waiver.member}
        )


def _post_again(
    context: SheetContext, minutes: Minutes, loans: list[Loan], fines: _Fines, *, reason: str, key: uuid.UUID
) -> Entry | None:
    """Post what the meeting moves now, together with what was undone; return its entry, None without money."""
    books = context.open_books
    lines = minutes.lines(books, loans)
    # Until here the fines were those without the meeting's own; what it pays may be those that stay.
    if context.charged:
        books.fines = open_fines(context.group, undone=books.left_out).without([fine.pk for fine in fines.gone])
    try:
        if lines:
            (entry,) = books.post([meeting_posting(context, lines, key=key, memo=reason, charges=fines.new)])
            return entry
        if fines.new:
            write_charges(fines.new, group=context.group, actor=books.actor, on=minutes.held_on)
        if context.meeting is not None and context.meeting.entry is not None:
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


def _settled_count(old: Meeting, minutes: Minutes) -> CashCount | None:
    """Return the count of a meeting if its difference was settled: then it stays, and the next one has what changed."""
    count = old.cash_count
    if count is None or count.settled_on is None:
        return None
    if minutes.cash is None or (minutes.cash.counted, minutes.held_on) != (count.counted, count.counted_on):
        raise CountSettled
    return count


def _place(old: Meeting, new: Meeting) -> int | None:
    """Return the voucher number after which cash was counted at the meeting: it stays, whenever it is corrected."""
    if old.cash_count is not None:
        return old.cash_count.place
    return new.entry.place_in_day if new.entry is not None else None


def _done(old: Meeting) -> dict[tuple[str, str], AgendaItem]:
    """Return the decisions already carried out, by title and decision, so that a correction keeps them."""
    return {(item.title, item.decision): item for item in old.agenda.filter(done_on__isnull=False)}
