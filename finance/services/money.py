"""Every write to a group's money. Each service is one entry, atomic, under one idempotency key.

All of them take whole rupiah and may raise `PermissionDenied`, and `finance.errors.LedgerError` with a message
for the person at the form: `AlreadyPosted` for a key used before, `InsufficientFunds`, `NotAllowed`.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db import transaction
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from finance import lines
from finance.errors import AlreadyPosted, AlreadyReversed, AlreadySettled, NotAllowed, RuleBroken
from finance.ledger import Books, Line, Posting, open_books, reversal_of
from finance.models import (
    AccountKind,
    CashCount,
    CoverRecovery,
    Entry,
    EntryKind,
    Instalment,
    InventoryWriteDown,
    Loan,
    LoanEvery,
    LoanRequest,
    OutsideLoan,
    OutsidePayment,
)
from finance.schedules import build_schedule, due_date
from finance.selectors.opening import standing_entries
from groups.models import Constitution, Group, Member, PayoffFee, User
from groups.money import rupiah

_OF_MEETING_OR_COUNT = (EntryKind.MEETING, EntryKind.SETTLEMENT)
_OF_SURPLUS = (EntryKind.SURPLUS, EntryKind.SHARE_OUT)
REVERSED_BY_ITSELF = frozenset(EntryKind) - {*_OF_MEETING_OR_COUNT, *_OF_SURPLUS, EntryKind.REVERSAL}
"""The kinds of entry that `entry_reverse` may undo."""


@dataclass(frozen=True, slots=True)
class LoanTerms:
    """A loan as decided: `rate` is a fraction per period, `first_due` the day of the first instalment."""

    member: Member
    principal: int
    periods: int
    rate: Decimal
    method: str
    round_up_to: int
    disbursed_on: date
    first_due: date
    purpose: str = ""
    every: str = LoanEvery.MONTH
    funded_by: OutsideLoan | None = None
    payoff_fee: str = PayoffFee.CHARGED
    fine_late_instalment: int = 0
    fine_first: bool = False
    request: LoanRequest | None = None
    replaces: Loan | None = None


def terms_by_rules(
    rules: Constitution,
    *,
    member: Member,
    principal: int,
    periods: int,
    disbursed_on: date,
    first_due: date | None = None,
    purpose: str = "",
    request: LoanRequest | None = None,
    funded_by: OutsideLoan | None = None,
) -> LoanTerms:
    """Return the terms of a loan by the group's rules; without `first_due` it is a month after paying out."""
    return LoanTerms(
        member=member,
        principal=principal,
        periods=periods,
        rate=rules.loan_rate,
        method=rules.loan_method,
        round_up_to=rules.loan_round_up_to,
        disbursed_on=disbursed_on,
        first_due=first_due or due_date(disbursed_on, 1, "month"),
        purpose=purpose,
        funded_by=funded_by,
        payoff_fee=rules.payoff_fee,
        fine_late_instalment=rules.fine_late_instalment,
        fine_first=rules.fine_first,
        request=request,
    )


@transaction.atomic
def savings_deposit(
    *, actor: User, group: Group, member: Member, kind: AccountKind, amount: int, on: date, key: uuid.UUID
) -> Entry:
    """Take savings of `kind` (POKOK, WAJIB or SUKARELA) from a member in cash."""
    books = _open(actor, group, key, of=member)
    _require_here(member)
    return _post(books, EntryKind.SAVINGS, on, lines.deposit(books, kind, member, amount), key)


@transaction.atomic
def savings_withdraw(*, actor: User, group: Group, member: Member, amount: int, on: date, key: uuid.UUID) -> Entry:
    """Pay voluntary savings out to a member, also one who left; more than the savings is `InsufficientFunds`.

    What the rules say must stay (`sukarela_minimum`) does stay while the member does; else it is `NotAllowed`.
    """
    books = _open(actor, group, key, of=member, everything=True)
    stays = books.group.rules.sukarela_minimum if books.group.rules is not None and member.left_on is None else 0
    saved = books.balance(AccountKind.SUKARELA, member=member)
    if saved - stays < amount <= saved:
        raise NotAllowed(_("By the rules %s must stay.") % rupiah(stays))
    return _post(books, EntryKind.SAVINGS, on, lines.withdrawal(books, member, amount), key)


@transaction.atomic
def loan_disburse(*, actor: User, group: Group, terms: LoanTerms, key: uuid.UUID) -> Loan:
    """Pay a new loan out of the cash box and write down its schedule."""
    books = _open(actor, group, key, of=terms.member)
    _require_here(terms.member)
    if terms.first_due <= terms.disbursed_on:
        raise RuleBroken("first_due", _("The first instalment is due after the day the loan is paid out."))
    (loan,) = loans_open(books, [terms])
    _post(books, EntryKind.LOAN, terms.disbursed_on, lines.disbursement(books, loan), key)
    return loan


@transaction.atomic
def fine_pay(*, actor: User, group: Group, member: Member, amount: int, reason: str, on: date, key: uuid.UUID) -> Entry:
    """Take a fine from a member, with its reason."""
    books = _open(actor, group, key, of=member)
    return _post(books, EntryKind.FINE, on, lines.fine(books, member, amount, reason), key)


@transaction.atomic
def social_contribute(*, actor: User, group: Group, member: Member, amount: int, on: date, key: uuid.UUID) -> Entry:
    """Take a member's contribution to the social fund."""
    books = _open(actor, group, key, of=member)
    return _post(books, EntryKind.SOCIAL, on, lines.social_contribution(books, member, amount), key)


@transaction.atomic
def social_help(
    *, actor: User, group: Group, member: Member, amount: int, reason: str, on: date, key: uuid.UUID
) -> Entry:
    """Help a member from the social fund in cash; more than the fund holds is `InsufficientFunds`."""
    books = _open(actor, group, key, of=member)
    _require_here(member)
    return _post(books, EntryKind.SOCIAL, on, lines.social_help(books, member, amount, reason), key)


@transaction.atomic
def other_money_record(
    *, actor: User, group: Group, kind: lines.OtherMoney, amount: int, memo: str, on: date, key: uuid.UUID
) -> Entry:
    """Record money in or out that belongs to no member: income, expense, grant, social fund, bank."""
    books = _open(actor, group, key)
    return _post(books, EntryKind.OTHER, on, lines.other_money(books, kind, amount, memo), key)


@transaction.atomic
def entry_reverse(*, actor: User, entry: Entry, reason: str, key: uuid.UUID) -> Entry:
    """Undo an entry by its mirror image, dated like it; both stay visible.

    A loan paid out or received in it never happened and is cancelled; one that was repaid from since is
    `NotAllowed`, its payments come first, and so does what was paid back to those who covered arrears. A meeting is
    corrected as a whole, in the minute book, and a settlement stands. A payment of fee alone on a loan that came to its
    end since is `NotAllowed` too: nobody would be asked for that fee any more.
    """
    books = _open(actor, entry.group, key, everything=True)
    if entry.kind == EntryKind.REVERSAL:
        raise NotAllowed(_("A reversal cannot be reversed."))
    if entry.kind in _OF_MEETING_OR_COUNT:
        raise NotAllowed(_("This entry belongs to a meeting or a cash count and cannot be reversed by itself."))
    if entry.kind in _OF_SURPLUS:
        raise NotAllowed(_("A division of the surplus or a share-out is taken back on its own page."))
    if Entry.objects.filter(reverses=entry).exists():
        raise AlreadyReversed
    loans = list(Loan.objects.filter(accounts__debits__entry=entry, accounts__kind=AccountKind.LOAN))
    received = OutsideLoan.objects.filter(accounts__credits__entry=entry)
    paid = OutsidePayment.objects.filter(entry__reversed_by__isnull=True).exclude(entry=entry)
    if any(_repaid(books, loan, entry) for loan in loans) or paid.filter(outside_loan__in=received).exists():
        raise NotAllowed(_("Payments were made on this loan; reverse them first."))
    if entry.kind == EntryKind.OPENING and standing_entries(books.group).exclude(pk=entry.pk).exists():
        raise NotAllowed(_("Money was recorded since. Reverse that first: opening balances come before everything."))
    if CoverRecovery.objects.filter(cover__entry=entry, entry__reversed_by__isnull=True).exists():
        raise NotAllowed(_("Some of this was paid back already; reverse that first."))
    ended = _ended_in(books, entry)
    for loan in ended:
        books.account(AccountKind.LOAN, loan=loan).loan = Loan(pk=loan.pk)  # running again from here on
    if InventoryWriteDown.objects.filter(item__entry=entry, entry__reversed_by__isnull=True).exists():
        raise NotAllowed(_("This thing was written down since; reverse that first."))
    (reversal,) = books.post([reversal_of(entry, books, key=key, memo=reason)])
    Loan.objects.filter(pk__in=[loan.pk for loan in ended]).update(ended_as="", ended_on=None, unpaid_principal=0)
    Loan.objects.filter(pk__in=[loan.pk for loan in loans]).update(cancelled_at=timezone.now())
    OutsideLoan.objects.filter(pk__in=received).update(cancelled_at=timezone.now())
    return reversal


@transaction.atomic
def cash_count_settle(
    *, actor: User, count: CashCount, how: str, on: date, post_difference: bool, key: uuid.UUID
) -> CashCount:
    """Close an open cash difference, with a word on how.

    With `post_difference` the books follow the money: what is missing becomes an expense, what is over other
    income. Without it nothing is posted: the money turned up, or a correction explained it.
    """
    books = open_books(group=count.group, actor=actor)
    count = CashCount.objects.get(pk=count.pk)
    if count.settled_on is not None:
        raise AlreadySettled
    if count.difference == 0:
        raise NotAllowed(_("There is no difference to settle."))
    if on < count.counted_on:
        raise NotAllowed(_("A difference cannot be settled before the day of the count."))
    if post_difference:
        kind = lines.OtherMoney.INCOME if count.difference > 0 else lines.OtherMoney.EXPENSE
        postings = lines.other_money(books, kind, abs(count.difference), how)
        count.settlement = _post(books, EntryKind.SETTLEMENT, on, postings, key)
    count.settled_on = on
    count.settled_by = actor
    count.settled_at = timezone.now()
    count.settled_how = how
    count.save()
    return count


def cash_count_record(
    books: Books,
    *,
    counted: int,
    explanation: str,
    on: date,
    pieces: Mapping[int, int] | None = None,
    key: uuid.UUID | None = None,
) -> CashCount:
    """Write down a count of the cash box beside what the books expect now; `pieces` are its notes and coins."""
    return CashCount.objects.create(
        group=books.group,
        counted_on=on,
        expected=books.balance(AccountKind.CASH),
        counted=counted,
        explanation=explanation,
        pieces={str(worth): number for worth, number in pieces.items()} if pieces is not None else None,
        key=key,
        counted_by=books.actor,
    )


def loans_open(books: Books, terms: Iterable[LoanTerms]) -> list[Loan]:
    """Write loans and their schedules in two statements; the money moves by `lines.disbursement`.

    A loan from outside that is passed on (`funded_by`) must be running on that day, else it is `RuleBroken`.
    """
    terms = list(terms)
    for term in terms:
        _require_running_lender(books, term)
    loans = Loan.objects.bulk_create(
        Loan(
            group=books.group,
            member=term.member,
            number=number,
            principal=term.principal,
            rate=term.rate,
            method=term.method,
            periods=term.periods,
            every=term.every,
            round_up_to=term.round_up_to,
            disbursed_on=term.disbursed_on,
            first_due=term.first_due,
            purpose=term.purpose,
            funded_by=term.funded_by,
            payoff_fee=term.payoff_fee,
            fine_late_instalment=term.fine_late_instalment,
            fine_first=term.fine_first,
            request=term.request,
            replaces=term.replaces,
            recorded_by=books.actor,
        )
        for number, term in enumerate(terms, start=books.last_loan_number + 1)
    )
    books.last_loan_number += len(loans)
    Instalment.objects.bulk_create(instalment for loan in loans for instalment in schedule_of(loan))
    return loans


def _require_running_lender(books: Books, terms: LoanTerms) -> None:
    lender = terms.funded_by
    if lender is None or terms.replaces is not None:  # what takes a loan's place lends no new money
        return
    if lender.group_id != books.group.pk:
        raise NotAllowed(_("This belongs to another group."))
    if lender not in books.running_outside_loans():
        raise RuleBroken("funded_by", _("This loan from outside is not running any more."))
    if terms.disbursed_on < lender.received_on:
        raise RuleBroken(
            "funded_by", _("This loan from outside was received on %s only.") % date_format(lender.received_on)
        )


def schedule_of(loan: Loan) -> list[Instalment]:
    """Return the unsaved instalments of a loan from its terms."""
    return [
        Instalment(
            group_id=loan.group_id,
            loan=loan,
            number=line.number,
            due_on=line.due_on,
            principal=line.principal,
            service_fee=line.service_fee,
        )
        for line in build_schedule(
            principal=loan.principal,
            rate=loan.rate,
            periods=loan.periods,
            method=loan.method,  # type: ignore[arg-type]  # the database allows no other value
            round_up_to=loan.round_up_to,
            first_due=loan.first_due,
            every=loan.every,  # type: ignore[arg-type]
        )
    ]


def _open(
    actor: User,
    group: Group,
    key: uuid.UUID,
    *,
    of: Member | Loan | OutsideLoan | None = None,
    everything: bool = False,
) -> Books:
    """Lock the group and open its books for one action under `key`, on something `of` that group."""
    books = open_books(group=group, actor=actor, everything=everything)
    # Before anything else: the same action sent twice must not be told that the money is gone.
    if Entry.objects.filter(group=group, key=key).exists():
        raise AlreadyPosted
    if of is not None and of.group_id != group.pk:
        raise NotAllowed(_("This belongs to another group."))
    return books


def _require_here(member: Member) -> None:
    if member.left_on is not None:
        raise NotAllowed(_("%(member)s has left the group.") % {"member": member})


def _ended_in(books: Books, entry: Entry) -> list[Loan]:
    """Return the loans that `entry` rescheduled or wrote off; `NotAllowed` if money was recovered since."""
    if entry.kind not in (EntryKind.RESCHEDULE, EntryKind.WRITE_OFF):
        return []
    loans = Loan.objects.filter(accounts__credits__entry=entry, accounts__kind=AccountKind.LOAN).distinct()
    if any(books.balance(AccountKind.RECOVERY, loan=loan) for loan in loans):
        raise NotAllowed(_("Money was recovered on this loan since; reverse that first."))
    return list(loans)


def _repaid(books: Books, loan: Loan, entry: Entry) -> bool:
    """Say whether something beyond `entry`, which paid the loan out or brought it along, moved on the loan."""
    paid: dict[str, int] = {AccountKind.LOAN: 0, AccountKind.SERVICE_FEE: 0}
    credits = entry.transfers.filter(credit_account__loan=loan, credit_account__kind__in=paid)
    for line in credits.select_related("credit_account"):
        paid[line.credit_account.kind] += line.amount
    fee = books.balance(AccountKind.SERVICE_FEE, loan=loan) - paid[AccountKind.SERVICE_FEE]
    return fee > 0 or books.balance(AccountKind.LOAN, loan=loan) < loan.principal - paid[AccountKind.LOAN]


def _post(books: Books, kind: EntryKind, on: date, moved: Sequence[Line], key: uuid.UUID) -> Entry:
    if not moved:
        raise NotAllowed(_("The amount must be more than zero."))
    (entry,) = books.post([Posting(kind=kind, effective_on=on, lines=moved, key=key)])
    return entry
