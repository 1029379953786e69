"""A loan through its life: repaid, rescheduled, written off, recovered. Each step is one entry under its key."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db import transaction
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from finance.ledger.errors import NotAllowed, RuleBroken
from finance.ledger.fines import Charge
from finance.ledger.posting import Books, Posting
from finance.ledger.reading import Line
from finance.models import AccountKind, Entry, EntryKind, Loan, LoanEnd
from finance.rules import lines
from finance.rules.limits import too_long
from finance.rules.loan_position import LateFine, LoanPosition, loan_position
from finance.services.payouts import LoanTerms, loans_open, repaid_as
from finance.services.posting import open_for_entry, post_entry
from groups.models import Constitution, Group, LoanKind, PayoffFee, User
from groups.selectors import rules_in_force
from groups.shared.money import rupiah


@transaction.atomic
def loan_repay(
    *,
    actor: User,
    group: Group,
    loan: Loan,
    amount: int,
    on: date,
    key: uuid.UUID,
    waive_fine: str = "",
    rest_to_savings: bool = False,
    principal_alone: bool = False,
) -> Entry:
    """Take a payment on a loan; exactly what pays it off that day pays it off.

    A day before the loan was paid out is `RuleBroken` at `on`, for every payment there is.

    Instalments that became late since the last payment bring the fine of the loan's terms, unless `waive_fine`
    says why not. More than the loan asks for is `NotAllowed`, or goes to the borrower's voluntary savings. With
    `principal_alone`, where the loan's terms allow it, the fee stays due; all the principal at once is `NotAllowed`.
    """
    books = open_for_entry(actor, group, key, of=loan)
    running = _running(books, loan)
    fine = running.late_fine(on)
    most = running.payoff(on, fine=fine.amount if fine and not waive_fine else 0).total
    rest = max(0, amount - most)
    if rest and not rest_to_savings:
        raise NotAllowed(
            _("The loan is paid off with %(most)s; %(rest)s is too much.")
            % {"most": rupiah(most), "rest": rupiah(rest)}
        )
    if amount < 1:
        raise NotAllowed(_("The amount must be more than zero."))
    if principal_alone and (refused := running.refuses_principal_alone(amount)):
        raise NotAllowed(refused)
    moved, charges = _payment(books, running, amount - rest, on, fine, waive_fine, principal_alone=principal_alone)
    if rest:
        moved += lines.overpaid(books, loan, rest)
    return post_entry(books, EntryKind.REPAYMENT, on, moved, key, charges)


@transaction.atomic
def loan_pay_off(*, actor: User, group: Group, loan: Loan, on: date, key: uuid.UUID, waive_fine: str = "") -> Entry:
    """Take what pays a loan off on the day `on`: by its terms with the fee of the remaining periods or without."""
    books = open_for_entry(actor, group, key, of=loan)
    running = _running(books, loan)
    fine = running.late_fine(on)
    most = running.payoff(on, fine=fine.amount if fine and not waive_fine else 0).total
    moved, charges = _payment(books, running, most, on, fine, waive_fine)
    return post_entry(books, EntryKind.REPAYMENT, on, moved, key, charges)


def _payment(
    books: Books,
    running: LoanPosition,
    amount: int,
    on: date,
    fine: LateFine | None,
    waive_fine: str,
    *,
    principal_alone: bool = False,
) -> tuple[list[Line], list[Charge]]:
    """Return the lines of a payment, and the fine it brings; one that is waived is none, and the lines say why."""
    charged = fine if fine is not None and not waive_fine else None
    moved = lines.repayment(
        books,
        running.loan,
        running.instalments,
        amount,
        on,
        fine=charged.amount if charged else 0,
        memo=waive_fine if fine is not None else "",
        principal_alone=principal_alone,
        rebate=running.rebate(on),
    )
    return moved, [charged.charge(running.loan)] if charged else []


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

    With `add_fee` the fee due and not paid becomes part of the new principal, otherwise it is let go. Fines not
    paid stay owed by the member. Returns the new loan. Longer than the rules allow is `RuleBroken` at `periods`.
    """
    books = open_for_entry(actor, group, key, of=loan)
    running = _running(books, loan)
    _require_since(running, on)
    if schedule.first_due is not None and schedule.first_due <= on:
        raise RuleBroken("first_due", _("The first instalment is due after the day the loan is rescheduled."))
    rules = rules_in_force(books.group, as_of=on) or Constitution()
    kind = schedule.kind or loan.kind
    if kind.is_harvest != (schedule.harvest_on is not None):
        raise RuleBroken("harvest_on", _("Say when the principal is due, after the harvest."))
    if message := too_long(rules, periods=schedule.periods, every=kind.every):
        raise RuleBroken("periods", message)
    balance = books.balance(AccountKind.LOAN, loan=loan)
    fee = running.arrears_on(on).due_fee if add_fee else 0
    terms = LoanTerms(
        member=loan.member,
        principal=balance + fee,
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
        replaces=loan,
    )
    (new,) = loans_open(books, [terms])
    moved = lines.reschedule(books, loan, new, fee=fee)
    _end(books, EntryKind.RESCHEDULE, moved, loan, LoanEnd.RESCHEDULED, reason=reason, on=on, key=key)
    return new


@transaction.atomic
def loan_write_off(*, actor: User, group: Group, loan: Loan, reason: str, on: date, key: uuid.UUID) -> Entry:
    """Give a loan up: what its deposit does not pay becomes a loss. What comes in later is `loan_recover`."""
    books = open_for_entry(actor, group, key, of=loan)
    _require_since(_running(books, loan), on)
    if books.balance(AccountKind.DEPOSIT, loan=loan) >= books.balance(AccountKind.LOAN, loan=loan):
        raise NotAllowed(
            _("The deposit of the loan covers what is left. Take that as a payment; the deposit is back then.")
        )
    if used := lines.deposit_used(books, loan):
        books.post([Posting(EntryKind.REPAYMENT, on, used, uuid.uuid5(key, "deposit"), memo=reason)])
    moved = lines.write_off(books, loan)
    return _end(books, EntryKind.WRITE_OFF, moved, loan, LoanEnd.WRITTEN_OFF, reason=reason, on=on, key=key)


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


def _running(books: Books, loan: Loan) -> LoanPosition:
    """Return the loan as the books have it; `NotAllowed` for one that is closed."""
    if loan.cancelled_at is not None or books.balance(AccountKind.LOAN, loan=loan) == 0:
        raise NotAllowed(_("This loan is closed."))
    return loan_position(books, loan)


def _require_since(running: LoanPosition, on: date) -> None:
    last = running.last_paid_on or running.loan.disbursed_on
    if on < last:
        raise RuleBroken("on", _("The loan was last paid on or paid out on %s.") % date_format(last))


def _end(
    books: Books,
    kind: EntryKind,
    moved: list[Line],
    loan: Loan,
    ended: LoanEnd,
    *,
    reason: str,
    on: date,
    key: uuid.UUID,
) -> Entry:
    """Post how a loan ended and write it on the loan."""
    unpaid = books.balance(AccountKind.LOAN, loan=loan)
    (entry,) = books.post([Posting(kind, on, moved, key, memo=reason)])
    Loan.objects.filter(pk=loan.pk).update(ended_as=ended, ended_on=on, unpaid_principal=unpaid)
    return entry
