"""Fines for late instalments that have no ground any more, since a payment recorded later came in time."""

from __future__ import annotations

from datetime import date

from finance.models import Instalment, Loan, Obligation
from finance.rules.loan_position import LoanPosition, Payment, payment_days, payment_history


def fines_without_ground(loan: Loan) -> list[Obligation]:
    """Return the fines charged on a loan for lateness that a payment on their day would not bring by what is known now.

    Four statements, or one for a loan without such fines.
    """
    charged = Obligation.objects.filter(loan=loan, cancelled_at__isnull=True, waived_on__isnull=True)
    fines = list(charged.select_related("member").order_by("owed_on", "pk"))
    if not fines:
        return []
    schedule = tuple(loan.instalments.order_by("number"))
    paid = payment_history([loan.pk]).get(loan.pk, [])
    days = sorted(payment_days(loan.pk))
    return [fine for fine in fines if _before(loan, schedule, paid, days, fine.owed_on).late_fine(fine.owed_on) is None]


def _before(
    loan: Loan, schedule: tuple[Instalment, ...], paid: list[Payment], days: list[date], on: date
) -> LoanPosition:
    """Return the loan as the payments of the days before `on` left it."""
    earlier = [(fee, principal) for day, fee, principal in paid if day < on]
    return LoanPosition(
        loan=loan,
        instalments=schedule,
        fee_paid=sum(fee for fee, _principal in earlier),
        principal_paid=sum(principal for _fee, principal in earlier),
        last_paid_on=max((day for day in days if day < on), default=None),
    )
