"""Loan schedules and how a payment is divided: pure calculation, whole rupiah, no ORM and no clock.

Sources: revolving-loan rules of PNPM Mandiri Perkotaan (flat fee on the original principal; a payment goes
to the fee first, then to the oldest principal due); annuity formula A = P·r / (1 − (1 + r)^−n).
"""

from __future__ import annotations

import calendar
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_CEILING, ROUND_HALF_UP, Decimal
from typing import Literal, Protocol

Every = Literal["week", "fortnight", "month"]


@dataclass(frozen=True, slots=True)
class ScheduledInstalment:
    """One instalment: number from 1, day due, and whole rupiah of principal and service fee."""

    number: int
    due_on: date
    principal: int
    service_fee: int

    @property
    def total(self) -> int:
        """Principal and service fee together, in rupiah."""
        return self.principal + self.service_fee


class Due(Protocol):
    """What `allocate_payment` reads of an instalment, computed or stored."""

    @property
    def due_on(self) -> date: ...
    @property
    def principal(self) -> int: ...
    @property
    def service_fee(self) -> int: ...


def build_schedule(
    *,
    principal: int,
    rate: Decimal,
    periods: int,
    method: Literal["flat", "declining", "annuity"],
    round_up_to: int = 1,
    first_due: date,
    every: Every = "month",
) -> list[ScheduledInstalment]:
    """Return the instalments of a loan of `principal` rupiah over `periods` periods.

    `rate` is a fraction per period (0.015 is 1.5 %). Each instalment's total is rounded up to a multiple of
    `round_up_to` rupiah and the last one takes the difference; principals always sum to `principal`, and no
    part is ever negative. With a flat fee the fees too sum to the exact total, rounded to the rupiah.

    Raises `ValueError` for a principal, period count or rounding step below one, or a rate outside [0, 1).
    """
    if principal < 1 or periods < 1 or round_up_to < 1 or not 0 <= rate < 1:
        raise ValueError("a loan needs principal, periods and rounding of at least 1 and a rate from 0 to below 1")
    balance = principal
    fee_total = _half_up(principal * rate * periods)
    fee_left = fee_total
    schedule: list[ScheduledInstalment] = []
    for number in range(1, periods + 1):
        last = number == periods
        if method == "flat":
            fee = fee_left if last else min(fee_left, _half_up(principal * rate))
            total = _round_up((Decimal(principal) + principal * rate * periods) / periods, round_up_to)
        elif method == "declining":
            fee = _half_up(balance * rate)
            total = _round_up(Decimal(principal) / periods + balance * rate, round_up_to)
        else:
            fee = _half_up(balance * rate)
            total = _round_up(_annuity(principal, rate, periods), round_up_to)
        part = balance if last else min(balance, max(0, total - fee))
        schedule.append(ScheduledInstalment(number, due_date(first_due, number - 1, every), part, fee))
        balance -= part
        fee_left -= fee
    return schedule


def due_date(first_due: date, steps: int, every: Every) -> date:
    """Return the day `steps` periods after `first_due`; 31 January is followed by 28 February and 31 March."""
    if every == "week":
        return first_due + timedelta(weeks=steps)
    if every == "fortnight":
        return first_due + timedelta(weeks=2 * steps)
    years, month = divmod(first_due.month - 1 + steps, 12)
    year = first_due.year + years
    return date(year, month + 1, min(first_due.day, calendar.monthrange(year, month + 1)[1]))


@dataclass(frozen=True, slots=True)
class Allocation:
    """How much of a payment goes to the service fee and how much to the principal, in rupiah."""

    service_fee: int
    principal: int


def allocate_payment(
    instalments: Sequence[Due], *, fee_paid: int, principal_paid: int, amount: int, on: date
) -> Allocation:
    """Divide a payment of `amount` rupiah made on the day `on`.

    First to the fee due by then, next to the principal due by then, and what is left to the following
    instalments in order, each fee before its principal. `fee_paid` and `principal_paid` are what earlier
    payments brought. Raises `ValueError` if `amount` is more than the loan still asks for.
    """
    fee = principal = 0
    due_fee = sum(i.service_fee for i in instalments if i.due_on <= on)
    due_principal = sum(i.principal for i in instalments if i.due_on <= on)
    targets = [(due_fee, due_principal)]
    for instalment in instalments:
        if instalment.due_on > on:
            due_fee += instalment.service_fee
            due_principal += instalment.principal
            targets.append((due_fee, due_principal))
    left = amount
    for fee_target, principal_target in targets:
        step = min(left, max(0, fee_target - fee_paid - fee))
        fee, left = fee + step, left - step
        step = min(left, max(0, principal_target - principal_paid - principal))
        principal, left = principal + step, left - step
    if left:
        raise ValueError("the payment is more than the loan still asks for")
    return Allocation(service_fee=fee, principal=principal)


def _annuity(principal: int, rate: Decimal, periods: int) -> Decimal:
    if rate == 0:
        return Decimal(principal) / periods
    return principal * rate / (1 - (1 + rate) ** -periods)


def _half_up(amount: Decimal) -> int:
    return int(amount.to_integral_value(ROUND_HALF_UP))


def _round_up(amount: Decimal, step: int) -> int:
    # Quantised first: a repeating fraction such as 1/3 must not push an exact amount over the next step.
    exact = amount.quantize(Decimal("0.000001"), ROUND_HALF_UP)
    return int((exact / step).to_integral_value(ROUND_CEILING)) * step
