"""Fines for late instalments that have no ground any more, since a payment recorded later came in time."""

from __future__ import annotations

from datetime import date

from finance.models import Instalment, Loan, Obligation, Transfer
from finance.rules.loan_position import LoanPosition, paid_by_day, payment_days
from groups.models import Group


def fines_without_ground(loan: Loan) -> list[Obligation]:
    """Return the fines charged on a loan for lateness that a payment on their day would not bring by what is known now.

    Four statements, or one for a loan without such fines.
    """
    charged = Obligation.objects.filter(loan=loan).asked_for()
    fines = list(charged.select_related("member").order_by("owed_on", "pk"))
    if not fines:
        return []
    schedule = tuple(loan.instalments.order_by("number"))
    paid = list(paid_by_day(loan.pk))
    days = sorted(payment_days(loan.pk))
    return [fine for fine in fines if _before(loan, schedule, paid, days, fine.owed_on).late_fine(fine.owed_on) is None]


def paid_in_time_after_all(group: Group, *, entry: int, since: date) -> list[Loan]:
    """Return the loans that the entry with this id paid on, with fines charged after `since` that lost their ground."""
    charged = Obligation.objects.filter(group=group, loan__isnull=False, owed_on__gt=since).asked_for()
    paid = Transfer.objects.filter(entry=entry, credit_account__loan__isnull=False).values("credit_account__loan")
    loans = Loan.objects.filter(pk__in=charged.values("loan")).filter(pk__in=paid).select_related("member")
    return [loan for loan in loans.order_by("number") if fines_without_ground(loan)]


def _before(
    loan: Loan, schedule: tuple[Instalment, ...], paid: list[tuple[date, int]], days: list[date], on: date
) -> LoanPosition:
    """Return the loan as the payments of the days before `on` would have left it, recorded in the order of their days.

    How the ledger divided them does not matter, for lateness is judged by their sum: all of it stands as fee here.
    """
    return LoanPosition(
        loan=loan,
        instalments=schedule,
        fee_paid=sum(amount for day, amount in paid if day < on),
        principal_paid=0,
        last_paid_on=max((day for day in days if day < on), default=None),
    )
