"""Taking payments on a loan: one at a time, or one that comes before others, which are undone and posted again."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from django.db import transaction
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from finance.ledger.errors import NotAllowed, RuleBroken
from finance.ledger.posting import Books, Posting, open_books
from finance.ledger.reading import Line, read_books
from finance.models import AccountKind, Entry, EntryKind, Loan
from finance.rules import lines
from finance.rules.loan_position import LateFine, LoanPosition, loan_position, payment_days, position_in
from finance.selectors.loans import payments_after, reallocations_after
from finance.services.posting import open_for_entry
from groups.models import Group, User
from groups.shared.money import rupiah


@dataclass(frozen=True, slots=True)
class Taken:
    """A payment as somebody brought it: all of it in `amount` rupiah, or None for what pays the loan off.

    `put_by` came beside it, to the deposit for joint liability. With `deposit_pays` what there is of that deposit pays
    first.
    """

    amount: int | None
    on: date
    waive_fine: str = ""
    rest_to_savings: bool = False
    principal_alone: bool = False
    memo: str = ""
    put_by: int = 0
    deposit_pays: bool = False


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
    put_by: int = 0,
    deposit_pays: bool = False,
) -> Entry:
    """Take a payment on a loan; exactly what pays it off that day pays it off.

    A day before the loan was paid out is `RuleBroken` at `on`, for every payment there is. Payments of later days are
    undone and posted again after it, in their order. Where one of them is not by itself, but of a meeting or what
    others covered, all stay, and `finance.rules.reallocation` divides them anew. Too much in all is `NotAllowed`.

    Instalments that became late since the last payment bring the fine of the loan's terms, unless `waive_fine`
    says why not. More than the loan asks for is `NotAllowed`, or goes to the borrower's voluntary savings. With
    `principal_alone`, where the loan's terms allow it, the fee stays due; all the principal at once is `NotAllowed`.
    `put_by` rupiah come beside it to the deposit for joint liability, where the terms have one: else `RuleBroken`.
    With `deposit_pays` the deposit pays what it can of `amount`, and cash the rest: for what is late, or where it pays
    the loan off, else `RuleBroken`.
    """
    if amount < 1:
        raise NotAllowed(_("The amount must be more than zero."))
    if put_by and not loan.deposit_each:
        raise RuleBroken("put_by", _("By the terms of this loan no deposit comes with the instalments."))
    taken = Taken(amount, on, waive_fine, rest_to_savings, principal_alone, put_by=put_by, deposit_pays=deposit_pays)
    return _take(actor, group, loan, taken, key)


@transaction.atomic
def loan_pay_off(
    *,
    actor: User,
    group: Group,
    loan: Loan,
    on: date,
    key: uuid.UUID,
    waive_fine: str = "",
    deposit_pays: bool = False,
) -> Entry:
    """Take what pays a loan off on the day `on`: by its terms with the fee of the remaining periods or without.

    With `deposit_pays` its deposit for joint liability pays what it can of it, and cash the rest.
    """
    return _take(actor, group, loan, Taken(None, on, waive_fine, deposit_pays=deposit_pays), key)


def running_position(books: Books, loan: Loan, *, without: Sequence[int] = ()) -> LoanPosition:
    """Return the loan as the books have it; `NotAllowed` for one that is closed."""
    if loan.cancelled_at is not None or books.balance(AccountKind.LOAN, loan=loan) == 0:
        raise NotAllowed(_("This loan is closed."))
    return loan_position(books, loan, without=without)


def _take(actor: User, group: Group, loan: Loan, taken: Taken, key: uuid.UUID) -> Entry:
    books = open_for_entry(actor, group, key, of=loan)
    later = list(payments_after(loan, taken.on))
    if not later:
        (entry,) = books.post(_postings(books, running_position(books, loan), [taken], key))
        return entry
    books = open_books(actor=actor, group=group, everything=True)
    again = [brought for entry in later if (brought := _as_brought(loan, entry)) is not None]
    if len(again) < len(later):
        return _take_among_others(books, loan, taken, later[-1], key)
    gone = [*later, *reallocations_after(loan, taken.on)]
    for entry in sorted(gone, key=lambda entry: entry.number, reverse=True):
        books.undo(entry)
    position = running_position(books, loan, without=[entry.pk for entry in gone])
    memo = _("A payment of %s was recorded later.") % date_format(taken.on)
    first, *others = books.post(_postings(books, position, [taken, *again], key), undone_for=memo)
    assert len(others) == len(later), "each payment is posted again"
    return first


def _take_among_others(books: Books, loan: Loan, taken: Taken, last: Entry, key: uuid.UUID) -> Entry:
    """Take a payment while later ones stay, the last of which is `last`, as a meeting that is recorded late does.

    It is fined by how the loan stood on its day, and brings no more than the loan asks for now.
    """
    if books.balance(AccountKind.LOAN, loan=loan) == 0:
        raise NotAllowed(
            _("The loan was paid off on %s. Correct or undo that first, then record this.")
            % date_format(last.effective_on)
        )
    if taken.amount is None:
        raise NotAllowed(
            _("The loan did not end on this day: it was paid on %s as well. Enter how much was paid.")
            % date_format(last.effective_on)
        )
    then = read_books(books.group, taken.on, everything=True)
    last_paid_on = payment_days(loan.pk).filter(entry__effective_on__lte=taken.on).first()
    now = running_position(books, loan)
    fine = position_in(then, loan, now.instalments, last_paid_on=last_paid_on).late_fine(taken.on)
    posting, _charged = _posting(books, now, taken, 0, fine, is_again=False)
    (entry,) = books.post([replace(posting, key=key)])
    return entry


def _as_brought(loan: Loan, entry: Entry) -> Taken | None:
    """Return a payment that was posted as it was brought, None for one that is none of the borrower's money alone."""
    if entry.kind != EntryKind.REPAYMENT:
        return None
    paid, rest, put_by, waived, is_alone = 0, 0, 0, "", False
    for line in entry.transfers.select_related("debit_account", "credit_account").order_by("pk"):
        if line.debit_account.kind == AccountKind.DEPOSIT and line.credit_account.loan_id == loan.pk:
            return None
        if line.debit_account.kind != AccountKind.CASH:
            continue
        if line.credit_account.kind == AccountKind.DEPOSIT:
            put_by += line.amount
        elif line.credit_account.loan_id == loan.pk:
            paid, waived = paid + line.amount, line.memo
            is_alone = is_alone or line.principal_alone
        else:
            rest += line.amount
    return Taken(
        amount=paid + rest,
        on=entry.effective_on,
        waive_fine=waived,
        rest_to_savings=rest > 0,
        principal_alone=is_alone,
        memo=entry.memo,
        put_by=put_by,
    )


def _postings(books: Books, position: LoanPosition, taken: Sequence[Taken], key: uuid.UUID) -> list[Posting]:
    """Return what `taken` posts one after the other; the books are as before when it returns."""
    postings: list[Posting] = []
    fines = 0  # charged on the way less those paid, for the books learn of them when they are posted
    for number, payment in enumerate(taken):
        posting, charged = _posting(
            books, position, payment, fines, position.late_fine(payment.on), is_again=number > 0
        )
        posting = replace(posting, key=uuid.uuid5(key, f"again {number}") if number else key)
        postings.append(posting)
        fines += charged - sum(line.amount for line in posting.lines if line.credit.kind == AccountKind.LOAN_FINE)
        for line in posting.lines:
            line.apply()
        brought = [
            sum(line.amount for line in posting.lines if line.credit.kind == kind and line.credit.loan == position.loan)
            for kind in (AccountKind.SERVICE_FEE, AccountKind.LOAN)
        ]
        position = position_in(
            books,
            position.loan,
            position.instalments,
            last_paid_on=payment.on,
            payments=[*position.payments, (payment.on, brought[0], brought[1])],
        )
    for posting in reversed(postings):
        for line in reversed(posting.lines):
            line.take_back()
    return postings


def _posting(
    books: Books, position: LoanPosition, payment: Taken, fines: int, fine: LateFine | None, *, is_again: bool
) -> tuple[Posting, int]:
    """Return what one payment posts, and the fine it brings in rupiah, `fine` unless that is waived.

    `fines` are owed beside those of the books.
    """
    charged = fine if fine is not None and not payment.waive_fine else None
    new = fines + (charged.amount if charged else 0)
    is_open = books.balance(AccountKind.LOAN, loan=position.loan) > 0
    most = position.payoff(payment.on, fine=new).total if is_open else 0
    amount = most if payment.amount is None else payment.amount
    rest = max(0, amount - most)
    if rest and not payment.rest_to_savings:
        _refuse_too_much(payment, most, rest, is_again=is_again)
    if payment.principal_alone and (refused := position.refuses_principal_alone(amount)):
        raise NotAllowed(refused)
    if payment.deposit_pays:
        _require_deposit(position, payment, amount - rest, new, ends=amount >= most)
    moved: list[Line] = []
    if amount > rest:
        moved += lines.repayment(
            books,
            position.loan,
            position.instalments,
            amount - rest,
            payment.on,
            fine=new,
            memo=payment.waive_fine if fine is not None else "",
            principal_alone=payment.principal_alone,
            rebate=position.rebate(payment.on),
            put_by=payment.put_by,
            deposit_pays=payment.deposit_pays,
            paid_through=position.paid_through,
        )
    if rest:
        moved += lines.overpaid(books, position.loan, rest if amount > rest else rest + payment.put_by)
    if not moved:
        raise NotAllowed(_("The amount must be more than zero."))
    charges = [charged.charge(position.loan)] if charged else []
    posting = Posting(EntryKind.REPAYMENT, payment.on, moved, uuid.UUID(int=0), payment.memo, charges=charges)
    return posting, charged.amount if charged else 0


def _require_deposit(position: LoanPosition, payment: Taken, amount: int, fine: int, *, ends: bool) -> None:
    """Refuse to let the deposit pay where there is none, and what is neither late nor the end of the loan."""
    if not position.deposit:
        raise RuleBroken("deposit_pays", _("The group keeps no deposit for this loan."))
    late = position.arrears_on(payment.on).late + position.fines_on(payment.on) + fine
    if not ends and amount > late:
        raise RuleBroken(
            "deposit_pays",
            _("The deposit pays what is late, %s, or a payment that pays the loan off.") % rupiah(late),
        )


def _refuse_too_much(payment: Taken, most: int, rest: int, *, is_again: bool) -> None:
    if is_again:
        raise NotAllowed(
            _("The loan would be paid off before %(day)s: %(rest)s paid then would be too much. Undo that first.")
            % {"day": date_format(payment.on), "rest": rupiah(rest)}
        )
    raise NotAllowed(
        _("The loan is paid off with %(most)s; %(rest)s is too much.") % {"most": rupiah(most), "rest": rupiah(rest)}
    )
