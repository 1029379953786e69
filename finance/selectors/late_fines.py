"""Fines for late instalments that have no ground any more, since a payment recorded later came in time."""

from __future__ import annotations

from datetime import date
from typing import Any

from finance.models import Instalment, Loan, Obligation, Transfer
from finance.rules.loan_position import LoanPosition, Payment, payment_days, payment_history
from finance.schedules import allocate_payment, payoff
from groups.models import Group, PayoffFee


def fines_without_ground(loan: Loan) -> list[Obligation]:
    """Return the fines charged on a loan for lateness that a payment on their day would not bring by what is known now.

    Four statements, or one for a loan without such fines.
    """
    charged = Obligation.objects.filter(loan=loan).asked_for()
    fines = list(charged.select_related("member").order_by("owed_on", "pk"))
    if not fines:
        return []
    schedule = tuple(loan.instalments.order_by("number"))
    paid = payment_history([loan.pk]).get(loan.pk, [])
    days = sorted(payment_days(loan.pk))
    return [fine for fine in fines if _before(loan, schedule, paid, days, fine.owed_on).late_fine(fine.owed_on) is None]


def paid_in_time_after_all(group: Group, *, entry: int, since: date) -> list[Loan]:
    """Return the loans that the entry with this id paid on, with fines charged after `since` that lost their ground."""
    charged = Obligation.objects.filter(group=group, loan__isnull=False, owed_on__gt=since).asked_for()
    paid = Transfer.objects.filter(entry=entry, credit_account__loan__isnull=False).values("credit_account__loan")
    loans = Loan.objects.filter(pk__in=charged.values("loan")).filter(pk__in=paid).select_related("member")
    return [loan for loan in loans.order_by("number") if fines_without_ground(loan)]


def _before(
    loan: Loan, schedule: tuple[Instalment, ...], paid: list[Payment], days: list[date], on: date
) -> LoanPosition:
    """Return the loan as the payments of the days before `on` would have left it, recorded in the order of their days.

    The ledger divides a payment by what is recorded when it comes: one that comes late may all have gone to the
    principal, because later ones had paid the fee.
    """
    fee_paid = principal_paid = 0
    for day, fee, principal in sorted(payment for payment in paid if payment[0] < on):
        state: dict[str, Any] = {"fee_paid": fee_paid, "principal_paid": principal_paid, "on": day}
        most = payoff(schedule, waives_fee=loan.payoff_fee == PayoffFee.WAIVED, **state)
        part = allocate_payment(
            schedule,
            amount=min(fee + principal, most.total),
            waives_fee=loan.payoff_fee == PayoffFee.WAIVED,
            principal_alone=loan.principal_alone and not fee and principal < most.principal,
            **state,
        )
        fee_paid, principal_paid = fee_paid + part.service_fee - part.fee_ahead, principal_paid + part.principal
    return LoanPosition(
        loan=loan,
        instalments=schedule,
        fee_paid=fee_paid,
        principal_paid=principal_paid,
        last_paid_on=max((day for day in days if day < on), default=None),
    )
