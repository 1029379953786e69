"""Payments on loans in the order of their days, and how each is divided into service fee and principal. Whole rupiah.

A payment is divided by what was paid before it. One that is recorded after later ones, or taken back before them,
changes what they divide by. Every step on the books is completed with what follows from it, for `finance.apps` names
`reallocate` among the completers of `finance.ledger.posting.Books`: what a payment brings is divided as on its day, and
for each later day whose division is no longer right an entry moves the difference between the fee and the principal of
the loan. No money moves with it, and what was paid on a day stays.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from finance.ledger.posting import Books, Posting
from finance.ledger.reading import Line
from finance.models import Account, AccountKind, Entry, EntryKind, Instalment, Loan, Transfer
from finance.schedules import Due, allocate_payment, payoff
from groups.models import PayoffFee
from groups.shared.money import rupiah

PAID = (AccountKind.SERVICE_FEE, AccountKind.LOAN)
"""The accounts of a loan that its payments go to."""
_DIVIDED = (EntryKind.MEETING, EntryKind.REPAYMENT, EntryKind.COVER, EntryKind.LEAVING)
"""The kinds of entry whose payments are divided by what was paid before them."""
_AFTER_ALL = 2**31 - 1


@dataclass(frozen=True, slots=True)
class PaymentMade:
    """What one entry of the kind `kind` paid on a loan, in rupiah, and how it is divided; `place` is that in its day.

    A reallocation pays nothing: what it adds to the fee it takes from the principal, or the reverse. `entry` is the id
    of the entry, 0 for one that is not written yet.
    """

    on: date
    place: int
    entry: int
    kind: str
    fee: int
    principal: int
    principal_alone: bool = False

    @property
    def amount(self) -> int:
        """Everything that was paid."""
        return self.fee + self.principal


def payments_made(
    loans: Collection[int], *, since: date = date.min, without: Collection[int] = ()
) -> dict[int, list[PaymentMade]]:
    """Return what stands paid on `loans` from the day `since` on, by the loan's id, in order; one statement.

    `without` are ids of entries that are left out. What others covered is there as well.
    """
    lines = Transfer.objects.filter(
        credit_account__loan__in=loans,
        credit_account__kind__in=PAID,
        entry__effective_on__gte=since,
        entry__reverses__isnull=True,
        entry__reversed_by__isnull=True,
    ).exclude(entry__in=without)
    found: dict[int, dict[int, PaymentMade]] = defaultdict(dict)
    for line in lines.select_related("entry", "debit_account", "credit_account").order_by("pk"):
        loan, entry = line.credit_account.loan_id, line.entry
        assert loan is not None, "the filter asks for one"
        sofar = found[loan].get(entry.pk) or _nothing(entry.effective_on, entry.place_in_day, entry.pk, entry.kind)
        found[loan][entry.pk] = _with(sofar, line, loan)
    return {loan: sorted(made.values(), key=_order) for loan, made in found.items()}


def in_order(
    loan: Loan,
    instalments: Sequence[Due],
    payments: Sequence[PaymentMade],
    *,
    fee_paid: int = 0,
    principal_paid: int = 0,
) -> list[tuple[int, int]] | None:
    """Return the fee and the principal that each of `payments`, which are in order, brings if it is recorded in order.

    `fee_paid` and `principal_paid` were paid before. None where that cannot be told: one of them is more than the loan
    asks for by then, or of another kind than a payment, as what ends a loan that is not repaid.
    """
    found = []
    waives_fee = loan.payoff_fee == PayoffFee.WAIVED
    for payment in payments:
        parts = (payment.fee, payment.principal)  # of opening balances: so they were brought along
        if payment.kind == EntryKind.REALLOCATION:
            parts = (0, 0)
        elif payment.kind != EntryKind.OPENING:
            state: dict[str, Any] = {"fee_paid": fee_paid, "principal_paid": principal_paid, "on": payment.on}
            most = payoff(instalments, waives_fee=waives_fee, **state)
            if payment.kind not in _DIVIDED or payment.amount > most.total:
                return None
            is_alone = payment.principal_alone and payment.amount < most.principal
            part = allocate_payment(
                instalments, amount=payment.amount, waives_fee=waives_fee, principal_alone=is_alone, **state
            )
            parts = (part.service_fee - part.fee_ahead, part.principal)
        fee_paid, principal_paid = fee_paid + parts[0], principal_paid + parts[1]
        found.append(parts)
    return found


def reallocate(books: Books, postings: Sequence[Posting], key: uuid.UUID) -> tuple[list[Posting], list[Posting]]:
    """Return what is posted with `postings`, before them, and these with each payment divided as on its day.

    What was undone counts as gone. Reallocations that are no longer right are taken back. What a payment of a closed
    period changes counts on the first open day. One statement where something pays on a loan before the last day of
    the books, or a payment is undone; two more where other payments on the loan follow, whatever the number of loans.

    Left as it is: a loan of which `in_order` says nothing, and one that would come to its end otherwise than it did.
    """
    divided, first = list(postings), _first_days(books, postings)
    if not first:
        return [], divided
    undone = [entry.pk for entry, _lines in books.undone]
    stored = payments_made([loan.pk for loan in first], since=min(first.values()), without=undone)
    followed = {
        loan: after
        for loan, day in first.items()
        if (after := [payment for payment in stored.get(loan.pk, ()) if payment.on >= day])
    }
    schedules = _schedules(followed) if followed else {}
    new: list[Posting] = []
    wrong: dict[int, Line] = {}
    for loan, payments in followed.items():
        why = _why(books, loan, first[loan], postings)
        for day, (gone, amount) in sorted(_moves(books, loan, schedules[loan.pk], payments, divided).items()):
            wrong |= {payment.entry: _move(books, loan, -payment.fee, why) for payment in gone}
            if amount:
                line, own_key = _move(books, loan, amount, why), uuid.uuid5(key, f"{loan.pk} {day}")
                new.append(Posting(EntryKind.REALLOCATION, day, [line], own_key, line.memo))
    for entry in Entry.objects.filter(pk__in=wrong).order_by("-pk") if wrong else ():
        books.take_back(entry, [wrong[entry.pk]], memo=wrong[entry.pk].memo)
    return new, divided


def _first_days(books: Books, postings: Sequence[Posting]) -> dict[Loan, date]:
    """Return the loans on which a payment may stand that comes after one of this step, with the day of the first."""
    days = [
        (line.debit.loan, entry.effective_on)
        for entry, lines in books.undone
        for line in lines
        if line.debit.kind in PAID and entry.kind != EntryKind.REALLOCATION
    ]
    days += [
        (line.credit.loan, posting.effective_on)
        for posting in postings
        if books.last_moved_on is not None and posting.effective_on < books.last_moved_on
        for line in posting.lines
        if line.credit.kind in PAID
    ]
    first: dict[Loan, date] = {}
    for loan, day in days:
        if loan is not None:
            first[loan] = min(day, first.get(loan, day))
    return first


def _schedules(loans: Collection[Loan]) -> Mapping[int, list[Instalment]]:
    """Return the instalments of `loans` in order, by the loan's id."""
    found: dict[int, list[Instalment]] = defaultdict(list)
    for instalment in Instalment.objects.filter(loan__in=loans).order_by("number"):
        found[instalment.loan_id].append(instalment)
    return found


def _moves(
    books: Books, loan: Loan, schedule: Sequence[Instalment], stored: Sequence[PaymentMade], postings: list[Posting]
) -> dict[date, tuple[list[PaymentMade], int]]:
    """Return by day the reallocations that go, and the rupiah to move from principal to fee in their place.

    `stored` are the payments from the first day on that this step changes. What `postings` pay on the loan is divided
    in them as on its day.
    """
    brought = {place: made for place, posting in enumerate(postings) if (made := _brought(posting, loan, place))}
    payments = sorted([*stored, *brought.values()], key=_order)
    principal_left = books.balance(AccountKind.LOAN, loan=loan) + sum(payment.principal for payment in stored)
    right = in_order(
        loan,
        schedule,
        payments,
        fee_paid=books.balance(AccountKind.SERVICE_FEE, loan=loan) - sum(payment.fee for payment in stored),
        principal_paid=loan.principal - principal_left,
    )
    if right is None:
        return {}
    left = principal_left - sum(principal for _fee, principal in right)
    if (left > 0) != (principal_left - sum(payment.principal for payment in payments) > 0):
        return {}
    for place, made in brought.items():
        postings[place] = _divided(books, postings[place], loan, right[payments.index(made)][0])
        payments[payments.index(made)] = _brought(postings[place], loan, place) or made
    wanted: dict[date, int] = defaultdict(int)
    there: dict[date, list[PaymentMade]] = defaultdict(list)
    for payment, (fee, _principal) in zip(payments, right, strict=True):
        day = books.open_day(payment.on)
        if payment.kind == EntryKind.REALLOCATION:
            there[day].append(payment)
        else:
            wanted[day] += fee - payment.fee
    return {
        day: (there[day], wanted[day])
        for day in {*wanted, *there}
        if wanted[day] != sum(payment.fee for payment in there[day])
    }


def _brought(posting: Posting, loan: Loan, place: int = 0) -> PaymentMade | None:
    """Return what `posting` pays on `loan`, as the last of its day in the order of `place`; None for nothing."""
    found = None
    for line in posting.lines:
        if _is_payment(line.credit, loan):
            found = _with(found or _nothing(posting.effective_on, _AFTER_ALL, place, posting.kind), line, loan.pk)
    return found


def _divided(books: Books, posting: Posting, loan: Loan, fee: int) -> Posting:
    """Return `posting` with the first `fee` rupiah of what it pays on `loan` as service fee, the rest as principal.

    One that moves fee that was paid ahead stays as it is.
    """
    own = [line for line in posting.lines if _is_payment(line.credit, loan)]
    if fee < 0 or any(_is_payment(line.debit, loan) for line in own):
        return posting
    accounts = [books.account(kind, loan=loan) for kind in PAID]
    lines: list[Line] = []
    for line in posting.lines:
        if line not in own:
            lines.append(line)
            continue
        part = min(fee, line.amount)
        fee -= part
        for account, amount in zip(accounts, (part, line.amount - part), strict=True):
            _add(lines, replace(line, credit=account, amount=amount))
    return replace(posting, lines=lines)


def _add(lines: list[Line], line: Line) -> None:
    """Add `line`, to the last of `lines` where it goes the same way, and nothing for no amount."""
    if lines and replace(lines[-1], amount=0) == replace(line, amount=0):
        line = replace(line, amount=line.amount + lines.pop().amount)
    if line.amount:
        lines.append(line)


def _move(books: Books, loan: Loan, amount: int, why: str) -> Line:
    """Return the line that adds `amount` rupiah to the fee paid and takes it from the principal, or the reverse."""
    fee, principal = (books.account(kind, loan=loan) for kind in PAID)
    debit, credit, what = fee, principal, _("%s from the fee to the principal.")
    if amount > 0:
        debit, credit, what = principal, fee, _("%s from the principal to the fee.")
    return Line(debit, credit, abs(amount), loan.member, f"{what % rupiah(abs(amount))} {why}")


def _why(books: Books, loan: Loan, day: date, postings: Sequence[Posting]) -> str:
    """Say what a reallocation follows from: the payment of the day `day` is new, or was corrected or taken back."""
    is_undone = any(
        entry.effective_on == day and any(_is_payment(line.debit, loan) for line in lines)
        for entry, lines in books.undone
    )
    if not any(posting.effective_on == day and _brought(posting, loan) for posting in postings):
        text = _("A payment of %s was taken back.")
    else:
        text = _("A payment of %s was corrected.") if is_undone else _("A payment of %s was recorded later.")
    return text % date_format(day)


def _is_payment(account: Account, loan: Loan) -> bool:
    """Whether payments on `loan` go to an account."""
    return account.loan_id == loan.pk and account.kind in PAID


def _nothing(on: date, place: int, entry: int, kind: str) -> PaymentMade:
    return PaymentMade(on, place, entry, kind, fee=0, principal=0)


def _with(sofar: PaymentMade, line: Line | Transfer, loan: int) -> PaymentMade:
    """Return a payment with one more line; from another account of the same loan nothing new comes in."""
    debit, credit = _accounts(line)
    sums = {AccountKind.SERVICE_FEE: sofar.fee, AccountKind.LOAN: sofar.principal}
    sums[AccountKind(credit.kind)] += line.amount
    if debit.loan_id == loan and debit.kind in PAID:
        sums[AccountKind(debit.kind)] -= line.amount
    return replace(
        sofar,
        fee=sums[AccountKind.SERVICE_FEE],
        principal=sums[AccountKind.LOAN],
        principal_alone=sofar.principal_alone or line.principal_alone,
    )


def _accounts(line: Line | Transfer) -> tuple[Account, Account]:
    return (line.debit, line.credit) if isinstance(line, Line) else (line.debit_account, line.credit_account)


def _order(payment: PaymentMade) -> tuple[date, int, int]:
    return payment.on, payment.place, payment.entry
