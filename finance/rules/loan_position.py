"""A loan as it stands in the middle of one step: what is left out is what the same step reverses. Whole rupiah."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date

from django.db.models import Exists, F, Max, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from finance.ledger.fines import Charge, OpenFine
from finance.ledger.reading import Balances
from finance.models import AccountKind, Entry, EntryKind, Instalment, Loan, ObligationKind, Transfer
from finance.rules.reallocation import payments_made
from finance.schedules import (
    Allocation,
    Arrears,
    arrears_on,
    days_late_since,
    newly_late,
    paid_in_time,
    part_of,
    payoff,
    percent_of,
)
from groups.models import LateFineBy, PayoffFee


@dataclass(frozen=True, slots=True)
class LateFine:
    """A fine for instalments that were not paid in time, in rupiah, and which they are."""

    amount: int
    memo: str

    def charge(self, loan: Loan, *, meeting: int | None = None) -> Charge:
        """Return the fine as the borrower of `loan` owes it."""
        return Charge(loan.member, ObligationKind.LATE_INSTALMENT, self.amount, self.memo, loan, meeting)


Payment = tuple[date, int, int]
"""The day of a payment, and the fee and the principal it brought, in rupiah."""


@dataclass(frozen=True)
class LoanPosition:
    """A loan with its schedule and what was paid; `last_paid_on` is the day of the payment before this step.

    `fines` are those owed on it, and `fine_paid` rupiah went to fines. `payments` are the earlier ones, each with its
    day, fee and principal; read where punctual payment is rewarded. `deposit` are the rupiah that the group keeps for
    it. `paid_through` is the day of the last payment in `fee_paid` and `principal_paid`, where it may be after the day
    that is asked about: before it the loan does not end.
    """

    loan: Loan
    instalments: tuple[Instalment, ...]
    fee_paid: int
    principal_paid: int
    fines: tuple[OpenFine, ...] = ()
    fine_paid: int = 0
    last_paid_on: date | None = None
    payments: tuple[Payment, ...] = ()
    deposit: int = 0
    paid_through: date | None = None

    @property
    def fine_due(self) -> int:
        """All the fines owed on the loan, in rupiah."""
        return sum(fine.left for fine in self.fines)

    def fines_on(self, on: date) -> int:
        """Return the fines that a payment on the day `on` can pay: those that were owed then, in rupiah."""
        return sum(fine.left for fine in self.fines if fine.was_owed(on))

    def rebate(self, on: date) -> int:
        """Return what is given back for punctual payment (IPTW) if the loan is paid off on the day `on`, in rupiah.

        A part of all the fee paid by then, where no instalment was late.
        """
        if not self.loan.rebate_rate or not paid_in_time(self.instalments, self.payments, on=on):
            return 0
        parts = self.payoff(on)
        return part_of(self.fee_paid + parts.service_fee - parts.fee_ahead, self.loan.rebate_rate)

    def late_fine(self, on: date) -> LateFine | None:
        """Return the fine that a payment on the day `on` brings by the loan's terms.

        By instalment, an amount or per cent of it, each is fined once; by day, each day since it was late or since the
        payment before. Whether one was paid in time is judged by all that was paid on the loan, also of fines.
        """
        if not self.loan.fines_lateness:
            return None
        paid = self.fee_paid + self.principal_paid + self.fine_paid
        each = self.loan.fine_late_instalment
        if self.loan.fine_late_by == LateFineBy.DAY:
            days = days_late_since(self.instalments, paid=paid, since=self.last_paid_on, on=on)
            late, amount = [instalment for instalment, _days in days], each * sum(count for _line, count in days)
        else:
            late = newly_late(self.instalments, paid=paid, since=self.last_paid_on, on=on)
            amount = each * len(late)
            if self.loan.fine_late_by == LateFineBy.PERCENT:
                amount = sum(percent_of(instalment.total, self.loan.fine_late_percent) for instalment in late)
        if not amount:
            return None
        first, last = late[0].number, late[-1].number
        numbers = f"{first}" if first == last else f"{first}–{last}"
        return LateFine(amount, _("Late: instalment %s") % numbers)

    def payoff(self, on: date, *, fine: int = 0) -> Allocation:
        """Return what pays the loan off on the day `on`, with a new `fine`; after later payments, on their last day."""
        return payoff(
            self.instalments,
            fee_paid=self.fee_paid,
            principal_paid=self.principal_paid,
            on=max(on, self.paid_through or on),
            fine_due=self.fines_on(on) + fine,
            waives_fee=self.loan.payoff_fee == PayoffFee.WAIVED,
        )

    def fee_let_go(self, on: date) -> int:
        """Return the fee of instalments to come that paying the loan off on the day `on` spares, in rupiah."""
        parts = self.payoff(on)
        paid = self.fee_paid + parts.service_fee - parts.fee_ahead
        return sum(instalment.service_fee for instalment in self.instalments) - paid

    def rest(self, on: date) -> Allocation:
        """Return what a new schedule takes over on the day `on`: it pays the loan off, without the fee to come."""
        return payoff(
            self.instalments, fee_paid=self.fee_paid, principal_paid=self.principal_paid, on=on, waives_fee=True
        )

    def refuses_principal_alone(self, amount: int) -> str:
        """Return why `amount` rupiah cannot be paid on the principal alone, "" if it can."""
        if not self.loan.principal_alone:
            return _("By the terms of this loan no payment goes to the principal alone.")
        if amount >= self.loan.principal - self.principal_paid:
            return _("On the principal alone less than all of it is paid; to end the loan, pay it off.")
        return ""

    def arrears_on(self, as_of: date) -> Arrears:
        """Return what the loan asks for on the day `as_of`, without fines."""
        return arrears_on(self.instalments, fee_paid=self.fee_paid, principal_paid=self.principal_paid, as_of=as_of)

    def deposit_asked(self, as_of: date) -> int:
        """Return the deposit to ask for beside what is due at `as_of`, in rupiah; none where that pays the loan off."""
        if not self.loan.deposit_each:
            return 0
        due = self.arrears_on(as_of).due
        is_last = due >= self.payoff(as_of).total - self.fines_on(as_of)
        return 0 if is_last else part_of(due, self.loan.deposit_each)

    def due(self, as_of: date) -> int:
        """Return what a payment at `as_of` should bring: all due by then, and fines, the new one too; rupiah."""
        fine = self.late_fine(as_of)
        return self.arrears_on(as_of).due + self.fines_on(as_of) + (fine.amount if fine else 0)


def loan_position(books: Balances, loan: Loan, *, without: Collection[int] = ()) -> LoanPosition:
    """Return `loan` as `books` have it, in three statements, or four.

    `without` are ids of entries that the books have undone, whose days do not count.
    """
    instalments = Instalment.objects.filter(loan=loan).order_by("number")
    payments = payment_history([loan.pk], without=without).get(loan.pk, []) if loan.rebate_rate else []
    day = F("entry__effective_on")
    days = payments_of(loan.pk).exclude(entry__in=without).order_by()
    last = days.aggregate(on=Max(day), by_borrower=Max(day, filter=~Q(entry__kind=EntryKind.COVER)))
    return position_in(
        books, loan, instalments, last_paid_on=last["by_borrower"], payments=payments, paid_through=last["on"]
    )


def position_in(
    books: Balances,
    loan: Loan,
    instalments: Iterable[Instalment],
    *,
    last_paid_on: date | None,
    payments: Iterable[Payment] = (),
    paid_through: date | None = None,
) -> LoanPosition:
    """Return `loan` as `books` have it, with its schedule, the days of its last payments, and its earlier ones."""
    return LoanPosition(
        loan=loan,
        instalments=tuple(instalments),
        fee_paid=books.balance(AccountKind.SERVICE_FEE, loan=loan),
        principal_paid=loan.principal - books.balance(AccountKind.LOAN, loan=loan),
        fines=books.fines.fines_of_loan(loan),
        fine_paid=books.balance(AccountKind.LOAN_FINE, loan=loan),
        last_paid_on=last_paid_on,
        payments=tuple(payments),
        deposit=books.balance(AccountKind.DEPOSIT, loan=loan),
        paid_through=paid_through,
    )


def payment_history(loans: Collection[int], *, without: Collection[int] = ()) -> dict[int, list[Payment]]:
    """Return the payments that stand on `loans`, by the loan's id, in one statement, without those of some entries.

    What others covered is there as well: by then it was paid. What was divided anew counts on its day.
    """
    made = payments_made(loans, without=without)
    return {loan: [(paid.on, paid.fee, paid.principal) for paid in payments] for loan, payments in made.items()}


def payments_of(loan: int | OuterRef) -> QuerySet[Transfer]:
    """Return the lines that paid on a loan and stand, the latest first: the borrower's, and what others covered."""
    lines = Transfer.objects.filter(
        credit_account__loan=loan,
        credit_account__kind__in=(AccountKind.LOAN, AccountKind.SERVICE_FEE, AccountKind.LOAN_FINE),
        entry__reverses__isnull=True,
    ).exclude(Exists(Entry.objects.filter(reverses=OuterRef("entry"))))
    return lines.exclude(entry__kind=EntryKind.REALLOCATION).order_by("-entry__effective_on", "-entry_id")


def payment_days(loan: int | OuterRef) -> QuerySet[Transfer, date]:
    """Return the days of the borrower's payments on a loan that stand, the latest first.

    What others covered is left out: no fine is charged with it, so the next payment still looks at those days.
    """
    return payments_of(loan).exclude(entry__kind=EntryKind.COVER).values_list("entry__effective_on", flat=True)


def paid_by_day(loan: int) -> QuerySet[Transfer, tuple[date, int]]:
    """Return all that was paid on a loan and stands, fee, principal and fines: days with rupiah, the latest first.

    What others covered is there as well. What only moves between fee and principal of the loan is not.
    """
    moved = Q(debit_account__loan=loan, debit_account__kind__in=(AccountKind.SERVICE_FEE, AccountKind.LOAN))
    return payments_of(loan).exclude(moved).values_list("entry__effective_on", "amount")
