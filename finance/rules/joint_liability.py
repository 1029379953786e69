"""Joint liability (tanggung renteng) before it is posted: who pays what, and what that does to the books.

The simulator shows a plan and the service posts one, so what was shown is what is posted. Writes nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from django.utils.translation import gettext as _

from finance.ledger.chart import INCOME
from finance.ledger.errors import CoverRefused, NotAllowed
from finance.ledger.reading import Balances, Line
from finance.models import AccountKind, Loan
from finance.rules.lines import repayment
from finance.schedules import arrears_on
from finance.sharing import lay_over
from groups.membership import outside_membership
from groups.models import Member
from groups.shared.money import rupiah


@dataclass(frozen=True, slots=True)
class CoverShare:
    """What one member pays, and the voluntary savings (sukarela) before and after, in rupiah."""

    coverer: Member
    amount: int
    savings: int
    savings_after: int


@dataclass(frozen=True, slots=True)
class CoverPlan:
    """What a cover of arrears does, in rupiah; the amounts without `_after` are those before it.

    `arrears_after` can be more than arrears less amount: the fee of an instalment due on the day itself is paid
    before principal that is late.
    """

    loan: Loan
    on: date
    from_savings: bool
    shares: tuple[CoverShare, ...]
    lines: tuple[Line, ...]
    arrears: int
    arrears_after: int
    outstanding: int
    cash: int

    @property
    def amount(self) -> int:
        """All shares together."""
        return sum(share.amount for share in self.shares)

    @property
    def income(self) -> int:
        """The part that is income, and so surplus, by being paid: the service fee (jasa) and fines."""
        return sum(line.amount for line in self.lines if line.credit.kind in INCOME)

    @property
    def principal(self) -> int:
        """The part that repays principal."""
        return sum(line.amount for line in self.lines if line.credit.kind == AccountKind.LOAN)

    @property
    def outstanding_after(self) -> int:
        """Principal that is still to be repaid."""
        return self.outstanding - self.principal

    @property
    def cash_after(self) -> int:
        """The cash box: savings that pay a loan move no cash."""
        return self.cash if self.from_savings else self.cash + self.amount

    @property
    def fingerprint(self) -> str:
        """A short text that changes with anything a person decides by: what was looked at is what may be posted."""
        shares = [(share.coverer.pk, share.amount, share.savings_after) for share in self.shares]
        decided = (self.loan.pk, self.on, self.from_savings, shares, self.arrears, self.outstanding)
        return hashlib.sha256(repr(decided).encode()).hexdigest()[:16]


def arrears(books: Balances, loan: Loan, *, as_of: date, fee: int = 0, principal: int = 0, fine: int = 0) -> int:
    """Return what is late on a loan on the day `as_of`, in rupiah: instalments, and the fines charged for them.

    Zero for a loan that is paid off or cancelled. `fee`, `principal` and `fine` count as paid beside what the books
    have.
    """
    balance = books.balance(AccountKind.LOAN, loan=loan)
    if balance == 0:
        return 0
    fee_paid = books.balance(AccountKind.SERVICE_FEE, loan=loan)
    late = arrears_on(
        list(loan.instalments.all()),
        fee_paid=fee_paid + fee,
        principal_paid=loan.principal - balance + principal,
        as_of=as_of,
    ).late
    return late + books.fines.of_loan(loan, as_of) - fine


def plan_cover(books: Balances, loan: Loan, shares: Mapping[Member, int], *, from_savings: bool, on: date) -> CoverPlan:
    """Return how `shares`, rupiah by member, pay the arrears of `loan` on the day `on`.

    The whole goes to the loan by the usual waterfall. Savings may be used up: that voluntary savings must keep
    a minimum is a rule on taking them out, not on answering for one another. Raises `CoverRefused` for more than
    is late, for a share of the borrower, of a stranger or of somebody who was no member on the day, for savings that
    are too small, and where others would pay the loan off before its deposit did what it is kept for.
    """
    late = arrears(books, loan, as_of=on)
    amount = sum(shares.values())
    if late == 0:
        raise CoverRefused(_("Nothing is late on this loan on that day."))
    if amount < 1:
        raise CoverRefused(_("The amount must be more than zero."))
    if amount > late:
        raise CoverRefused(_("Only %(amount)s is late on this loan.") % {"amount": rupiah(late)})
    shared = tuple(
        _share(books, loan, member, share, from_savings=from_savings, on=on)
        for member, share in shares.items()
        if share
    )
    lines = tuple(_lines(books, loan, shared, from_savings, on))
    fee, principal, fine = (
        sum(line.amount for line in lines if line.credit.kind == kind)
        for kind in (AccountKind.SERVICE_FEE, AccountKind.LOAN, AccountKind.LOAN_FINE)
    )
    outstanding, deposit = (books.balance(kind, loan=loan) for kind in (AccountKind.LOAN, AccountKind.DEPOSIT))
    if deposit and principal == outstanding:
        raise CoverRefused(
            _("The deposit of the loan, %(deposit)s, pays first. Record that as a payment, then cover what is left.")
            % {"deposit": rupiah(deposit)}
        )
    return CoverPlan(
        loan=loan,
        on=on,
        from_savings=from_savings,
        shares=shared,
        lines=lines,
        arrears=late,
        arrears_after=arrears(books, loan, as_of=on, fee=fee, principal=principal, fine=fine),
        outstanding=outstanding,
        cash=books.balance(AccountKind.CASH),
    )


def _share(books: Balances, loan: Loan, member: Member, amount: int, *, from_savings: bool, on: date) -> CoverShare:
    if amount < 0:
        raise CoverRefused(_("An amount cannot be negative."), member)
    if member.group_id != loan.group_id:
        raise NotAllowed(_("This belongs to another group."))
    if member.pk == loan.member_id:
        raise CoverRefused(_("The borrower cannot cover the own loan; that is a payment."), member)
    if message := outside_membership(member, on):
        raise CoverRefused(message, member)
    savings = books.balance(AccountKind.SUKARELA, member=member)
    if from_savings and amount > savings:
        raise CoverRefused(
            _("%(member)s has only %(amount)s of voluntary savings.") % {"member": member, "amount": rupiah(savings)},
            member,
        )
    return CoverShare(member, amount, savings, savings - amount if from_savings else savings)


def _lines(books: Balances, loan: Loan, shares: tuple[CoverShare, ...], from_savings: bool, on: date) -> list[Line]:
    """Return the lines of an ordinary payment, each divided among those who pay it."""
    posted = repayment(books, loan, list(loan.instalments.all()), sum(share.amount for share in shares), on)
    paid = [line for line in posted if line.debit.kind == AccountKind.CASH]
    by_member = lay_over({share.coverer: share.amount for share in shares}, [line.amount for line in paid])
    memo = f"Tanggung renteng: {loan.member}"
    lines = []
    for member, amounts in by_member.items():
        savings = books.account(AccountKind.SUKARELA, member=member) if from_savings else None
        for line, amount in zip(paid, amounts, strict=True):
            if amount:
                lines.append(Line(savings or line.debit, line.credit, amount, member, memo))
    # Fee that the borrower paid ahead is nobody's share.
    return [*lines, *(line for line in posted if line not in paid)]
