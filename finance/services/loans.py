"""How loans end that are not repaid as agreed: rescheduled, written off, recovered. Each step is one entry."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db import transaction
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from finance.ledger.errors import NotAllowed, RuleBroken
from finance.ledger.posting import Books, Posting
from finance.ledger.reading import Line
from finance.models import AccountKind, Entry, EntryKind, Loan, LoanEnd
from finance.rules import lines
from finance.rules.limits import too_long
from finance.rules.loan_position import LoanPosition, payments_of
from finance.services.payouts import LoanTerms, loans_open, repaid_as
from finance.services.posting import open_for_entry, post_entry
from finance.services.repayments import running_position
from groups.models import Constitution, Group, LoanKind, PayoffFee, User
from groups.selectors import rules_in_force
from groups.shared.money import rupiah


@dataclass(frozen=True, slots=True)
class NewSchedule:
    """How a rescheduled loan is to be repaid; `rate` is a fraction, said for what the loan's was.

    Without a `kind` it is repaid as before; after a harvest on `harvest_on`, with the fee of so many `periods`. The
    other terms stay.
    """

    periods: int
    rate: Decimal
    first_due: date | None
    kind: LoanKind | None = None
    harvest_on: date | None = None


@transaction.atomic
def loan_reschedule(
    *,
    actor: User,
    group: Group,
    loan: Loan,
    schedule: NewSchedule,
    add_fee: bool,
    reason: str,
    on: date,
    key: uuid.UUID,
) -> Loan:
    """Close a loan and open one over its balance with a new schedule; no cash moves, the old terms stay readable.

    With `add_fee` the fee due and not paid becomes part of the new principal, otherwise it is let go. Fee that was paid
    for later instalments counts as principal; where it leaves nothing to repay, it is `NotAllowed`. Fines not paid stay
    owed by the member. Returns the new loan. Longer than the rules allow is `RuleBroken` at `periods`.
    """
    books = open_for_entry(actor, group, key, of=loan)
    running = running_position(books, loan)
    _require_since(running, on)
    kind = _kind_allowed(books, loan, schedule, on)
    rest = running.rest(on)
    balance, fee = rest.principal - rest.fee_ahead, rest.service_fee if add_fee else 0
    if not balance:
        raise NotAllowed(_("The fee paid ahead covers what is left of this loan: nothing is left to reschedule."))
    (new,) = loans_open(books, [_terms_after(loan, schedule, kind, balance + fee, on)])
    moved = lines.reschedule(books, loan, new, fee=fee, fee_ahead=rest.fee_ahead)
    _end(books, EntryKind.RESCHEDULE, moved, loan, LoanEnd.RESCHEDULED, balance, reason=reason, on=on, key=key)
    return new


@transaction.atomic
def loan_write_off(*, actor: User, group: Group, loan: Loan, reason: str, on: date, key: uuid.UUID) -> Entry:
    """Give a loan up: what its deposit does not pay becomes a loss. What comes in later is `loan_recover`."""
    books = open_for_entry(actor, group, key, of=loan)
    _require_since(running_position(books, loan), on)
    if books.balance(AccountKind.DEPOSIT, loan=loan) >= books.balance(AccountKind.LOAN, loan=loan):
        raise NotAllowed(
            _("The deposit of the loan covers what is left. Let it pay the loan off; what is over goes back.")
        )
    if used := lines.deposit_used(books, loan):
        books.post([Posting(EntryKind.REPAYMENT, on, used, uuid.uuid5(key, "deposit"), memo=reason)])
    unpaid = books.balance(AccountKind.LOAN, loan=loan)
    moved = lines.write_off(books, loan)
    return _end(books, EntryKind.WRITE_OFF, moved, loan, LoanEnd.WRITTEN_OFF, unpaid, reason=reason, on=on, key=key)


@transaction.atomic
def loan_recover(*, actor: User, group: Group, loan: Loan, amount: int, on: date, key: uuid.UUID) -> Entry:
    """Take money on a loan that was written off, never more than was written off."""
    books = open_for_entry(actor, group, key, of=loan, everything=True)
    loan = Loan.objects.select_related("member").get(pk=loan.pk)
    if loan.ended_as != LoanEnd.WRITTEN_OFF:
        raise NotAllowed(_("This loan was not written off."))
    if loan.ended_on is not None and on < loan.ended_on:
        raise RuleBroken("on", _("The loan was written off on %s.") % date_format(loan.ended_on))
    left = loan.unpaid_principal - books.balance(AccountKind.RECOVERY, loan=loan)
    if amount > left:
        raise NotAllowed(_("Only %s of what was written off is still open.") % rupiah(left))
    return post_entry(books, EntryKind.RECOVERY, on, lines.recovery(books, loan, amount), key)


def _kind_allowed(books: Books, loan: Loan, schedule: NewSchedule, on: date) -> LoanKind:
    """Return how the loan is repaid by its new schedule; `RuleBroken` at the field that the rules of the day refuse."""
    if schedule.first_due is not None and schedule.first_due <= on:
        raise RuleBroken("first_due", _("The first instalment is due after the day the loan is rescheduled."))
    rules = rules_in_force(books.group, as_of=on) or Constitution()
    kind = schedule.kind or loan.kind
    if kind.is_harvest != (schedule.harvest_on is not None):
        raise RuleBroken("harvest_on", _("Say when the principal is due, after the harvest."))
    if message := too_long(rules, periods=schedule.periods, every=kind.every):
        raise RuleBroken("periods", message)
    return kind


def _terms_after(loan: Loan, schedule: NewSchedule, kind: LoanKind, principal: int, on: date) -> LoanTerms:
    """Return the terms of the loan that takes the place of `loan` on the day `on`: the new schedule, else as before."""
    return LoanTerms(
        member=loan.member,
        principal=principal,
        periods=schedule.periods,
        rate=schedule.rate,
        method=loan.method,
        round_up_to=loan.round_up_to,
        disbursed_on=on,
        first_due=schedule.first_due,
        purpose=loan.purpose,
        every=kind.every,
        rate_per=loan.rate_per,
        repayment=repaid_as(kind),
        harvest_on=schedule.harvest_on,
        due_at=loan.due_at,
        funded_by=loan.funded_by,
        payoff_fee=PayoffFee.CHARGED if kind == LoanKind.HARVEST_END else loan.payoff_fee,
        fine_late_by=loan.fine_late_by,
        fine_late_instalment=loan.fine_late_instalment,
        fine_late_percent=loan.fine_late_percent,
        fine_first=loan.fine_first,
        principal_alone=loan.principal_alone,
        deposit_each=loan.deposit_each,
        replaces=loan,
    )


def _require_since(running: LoanPosition, on: date) -> None:
    """Refuse a day before the last payment, of the borrower or of others who covered it."""
    paid = payments_of(running.loan.pk).values_list("entry__effective_on", flat=True).first()
    last = paid or running.loan.disbursed_on
    if on < last:
        raise RuleBroken("on", _("The loan was last paid on or paid out on %s.") % date_format(last))


def _end(
    books: Books,
    kind: EntryKind,
    moved: list[Line],
    loan: Loan,
    ended: LoanEnd,
    unpaid: int,
    *,
    reason: str,
    on: date,
    key: uuid.UUID,
) -> Entry:
    """Post how a loan ended and write it on the loan, with the `unpaid` principal in rupiah."""
    (entry,) = books.post([Posting(kind, on, moved, key, memo=reason)])
    Loan.objects.filter(pk=loan.pk).update(ended_as=ended, ended_on=on, unpaid_principal=unpaid)
    return entry
