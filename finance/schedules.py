"""Loan schedules and how a payment is divided: pure calculation, whole rupiah, no ORM and no clock.

Sources: revolving-loan rules of PNPM Mandiri Perkotaan (flat fee on the original principal; a payment goes
to the fee first, then to the oldest principal due); annuity formula A = P·r / (1 − (1 + r)^−n).
"""

from __future__ import annotations

import calendar
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_CEILING, ROUND_HALF_UP, Decimal
from typing import Literal, Protocol, TypeVar

Every = Literal["week", "fortnight", "selapan", "month"]
"""Time between instalments; a selapan is 35 days, after which a weekday meets its market day again."""
DAYS_BETWEEN: dict[str, int] = {"week": 7, "fortnight": 14, "selapan": 35}
USUAL_DAYS: dict[str, float] = {**DAYS_BETWEEN, "month": 365.25 / 12}
FIRST_DUE_AFTER: dict[str, int] = {"week": 5, "fortnight": 10, "selapan": 25, "month": 21}
"""How many days after paying out the first instalment is due at a meeting, at the earliest."""


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

    @property
    def late_after(self) -> date:
        """The last day on which it is paid in time: without meetings the day it falls due."""
        return self.due_on


class Due(Protocol):
    """What `allocate_payment` reads of an instalment, computed or stored."""

    @property
    def due_on(self) -> date:
        """The day it falls due."""

    @property
    def principal(self) -> int:
        """Rupiah of principal."""

    @property
    def service_fee(self) -> int:
        """Rupiah of service fee."""


class Timed(Due, Protocol):
    """What `newly_late` reads of an instalment besides."""

    @property
    def late_after(self) -> date:
        """The last day on which it is paid in time."""


def build_schedule(
    *,
    principal: int,
    rate: Decimal,
    periods: int,
    method: Literal["flat", "declining", "annuity"],
    round_up_to: int = 1,
    first_due: date,
    every: Every = "month",
    anchor_day: int | None = None,
    due_days: Sequence[date] | None = None,
) -> list[ScheduledInstalment]:
    """Return the instalments of a loan of `principal` rupiah over `periods` periods.

    They fall due from `first_due` on, one `every` so often; `anchor_day` (1 to 31) is the day of the month to keep
    where `first_due` is a shorter month's end. With `due_days`, the days a group meets on, they fall due on these: one
    for each instalment, or of more those that the rhythm asks for from `first_due` on (`days_at_meetings`).

    `rate` is a fraction per period (0.015 is 1.5 %). Each instalment's total is rounded up to a multiple of
    `round_up_to` rupiah and the last one takes the difference; principals always sum to `principal`, and no
    part is ever negative. With a flat fee the fees too sum to the exact total, rounded to the rupiah.

    A step that is coarse for the loan ends it early: the instalment that pays the rest takes the difference,
    those after it are zero. Principal is never paid off before the fee, so a loan without balance owes nothing.

    Raises `ValueError` for a principal, period count or rounding step below one, a rate outside [0, 1), or fewer
    `due_days` than instalments.
    """
    if principal < 1 or periods < 1 or round_up_to < 1 or not 0 <= rate < 1:
        raise ValueError("a loan needs principal, periods and rounding of at least 1 and a rate from 0 to below 1")
    days = _due_days(first_due, periods, every, anchor_day, due_days)
    balance = principal
    flat_fee_left = _half_up(principal * rate * periods)
    schedule: list[ScheduledInstalment] = []
    for number in range(1, periods + 1):
        last = number == periods
        if method == "flat":
            fee = flat_fee_left if last else min(flat_fee_left, _half_up(principal * rate))
            total = _round_up((principal + principal * rate * periods) / periods, round_up_to)
            if not last and balance <= total - fee:
                fee = min(flat_fee_left, total)
            flat_fee_left -= fee
        elif method == "declining":
            fee = _half_up(balance * rate)
            total = _round_up(Decimal(principal) / periods + fee, round_up_to)
        else:
            fee = _half_up(balance * rate)
            total = _round_up(_annuity(principal, rate, periods), round_up_to)
        part = balance if last else min(balance, max(0, total - fee))
        schedule.append(ScheduledInstalment(number, days[number - 1], part, fee))
        balance -= part
    return schedule


def _due_days(
    first_due: date, periods: int, every: Every, anchor_day: int | None, due_days: Sequence[date] | None
) -> list[date]:
    if due_days is None:
        return [due_date(first_due, step, every, anchor_day) for step in range(periods)]
    if len(due_days) < periods:
        raise ValueError("a loan needs a day to fall due on for each instalment")
    days = list(due_days)
    return days if len(days) == periods else days_at_meetings(days, first_due=first_due, periods=periods, every=every)


def build_harvest_schedule(
    *, principal: int, rate: Decimal, months: int, fee_at_end: bool, fee_days: Sequence[date], harvest_on: date
) -> list[ScheduledInstalment]:
    """Return the instalments of a loan that is repaid once, on `harvest_on` (bayar panen, yarnen).

    The fee is that of the principal for `months` at `rate`, a fraction a month, to the whole rupiah. It falls due with
    the principal where `fee_at_end` says so, else a month's part on each of `fee_days`, of which the last part waits
    for the harvest. Raises `ValueError` as `build_schedule` does, and for fewer `fee_days` than months but one.
    """
    if principal < 1 or months < 1 or not 0 <= rate < 1:
        raise ValueError("a loan needs principal, periods and rounding of at least 1 and a rate from 0 to below 1")
    fee_left = _half_up(principal * rate * months)
    if fee_at_end:
        return [ScheduledInstalment(1, harvest_on, principal, fee_left)]
    if len(fee_days) < months - 1:
        raise ValueError("a loan needs a day to fall due on for each instalment")
    schedule = []
    for number in range(1, months):
        fee = min(fee_left, _half_up(principal * rate))
        schedule.append(ScheduledInstalment(number, min(fee_days[number - 1], harvest_on), 0, fee))
        fee_left -= fee
    return [*schedule, ScheduledInstalment(months, harvest_on, principal, fee_left)]


def part_of(amount: int, fraction: Decimal) -> int:
    """Return a fraction of `amount` rupiah, to the whole rupiah."""
    return _half_up(amount * fraction)


def rate_of_period(rate: Decimal, per: str, every: Every) -> Decimal:
    """Return the fraction of one period of a `rate` said for `per`: a `period`, a `month` or a `year`.

    A year has 12 months, 52 weeks and 26 fortnights. A rate a month is one a selapan too, as groups say it that meet
    every 35 days; of a rate a year a selapan has 35 days of 365.
    """
    if per == "period" or per == every or (per, every) == ("month", "selapan"):
        return rate
    a_year = rate * 12 if per == "month" else rate
    return a_year * 35 / 365 if every == "selapan" else a_year / {"week": 52, "fortnight": 26, "month": 12}[every]


def due_date(first_due: date, steps: int, every: Every, anchor_day: int | None = None) -> date:
    """Return the day `steps` periods after `first_due`; 31 January is followed by 28 February and 31 March.

    `anchor_day` is the day of the month that is kept, where it is not that of `first_due`.
    """
    if every in DAYS_BETWEEN:
        return first_due + timedelta(steps * DAYS_BETWEEN[every])
    years, month = divmod(first_due.month - 1 + steps, 12)
    year = first_due.year + years
    return date(year, month + 1, min(anchor_day or first_due.day, calendar.monthrange(year, month + 1)[1]))


def anchor_of(begun_on: date, first_due: date) -> int:
    """Return the day of the month that a loan begun on `begun_on` keeps, whose first instalment falls due later.

    It is that of the first instalment, but where a short month cut it, that of the beginning: who borrowed on
    30 January and is due on 28 February is due on 30 March.
    """
    is_last = (first_due + timedelta(1)).day == 1
    return max(begun_on.day, first_due.day) if is_last else first_due.day


def days_at_meetings(
    meetings: Sequence[date],
    *,
    periods: int,
    every: Every,
    paid_out_on: date | None = None,
    first_due: date | None = None,
) -> list[date]:
    """Return the days on which the instalments of a loan fall due that is repaid at meetings.

    `meetings` are the agreed meeting days in order, far enough to hold all instalments. The first one falls due at
    `first_due`, or at the first meeting at least `FIRST_DUE_AFTER` days after `paid_out_on`, and the others at each
    meeting after it. Where a group meets more often than instalments fall due, they fall due at the first meeting on or
    after the day of the month (or the week, …) of paying out.

    Raises `ValueError` if the meetings end before the loan.
    """
    if first_due is not None:
        rest = periods - 1
        after = days_at_meetings(meetings, periods=rest, every=every, paid_out_on=first_due) if rest else []
        return [first_due, *after]
    assert paid_out_on is not None, "a loan begins somewhere"
    if days_apart(meetings) < USUAL_DAYS[every] - 1:
        days: list[date] = []
        for step in range(1, periods + 1):
            day = due_date(paid_out_on, step, every)
            days.append(_on_or_after(meetings, max(day, days[-1] + timedelta(1)) if days else day))
        return days
    begin = bisect_left(meetings, paid_out_on + timedelta(FIRST_DUE_AFTER[every]))
    if begin + periods > len(meetings):
        raise ValueError("the meetings end before the loan")
    return list(meetings[begin : begin + periods])


def late_after_days(due_days: Sequence[date], meetings: Sequence[date]) -> list[date]:
    """Return for each day something falls due the first meeting on or after it, the last day to pay it in time.

    Raises `ValueError` if the meetings end before the loan.
    """
    return [_on_or_after(meetings, day) for day in due_days]


def _on_or_after(meetings: Sequence[date], day: date) -> date:
    place = bisect_left(meetings, day)
    if place == len(meetings):
        raise ValueError("the meetings end before the loan")
    return meetings[place]


def days_apart(meetings: Sequence[date]) -> float:
    """Return how many days there are between meetings, on average."""
    if len(meetings) < 2:
        raise ValueError("the meetings end before the loan")
    return (meetings[-1] - meetings[0]).days / (len(meetings) - 1)


@dataclass(frozen=True, slots=True)
class Allocation:
    """How much of a payment goes to the service fee, to the principal and to fines, in rupiah.

    `fee_ahead` of the principal is no money of this payment but fee that was paid for instalments not due yet.
    """

    service_fee: int
    principal: int
    fine: int = 0
    fee_ahead: int = 0

    @property
    def total(self) -> int:
        """The payment."""
        return self.service_fee + self.principal + self.fine - self.fee_ahead


def payoff(
    instalments: Sequence[Due], *, fee_paid: int, principal_paid: int, on: date, fine_due: int = 0, waives_fee: bool
) -> Allocation:
    """Return what pays the loan off on the day `on`: the fees, all the principal left and the fines due.

    With `waives_fee` only fees due by that day are asked for, otherwise those of the remaining periods as well. What
    was paid ahead of fees that are waived then counts as principal, so that paying early never costs more in all.
    """
    fees = sum(i.service_fee for i in instalments if not waives_fee or i.due_on <= on)
    principal = sum(i.principal for i in instalments) - principal_paid
    ahead = min(max(0, fee_paid - fees), principal)
    return Allocation(max(0, fees - fee_paid), principal, fine_due, fee_ahead=ahead)


def allocate_payment(
    instalments: Sequence[Due],
    *,
    fee_paid: int,
    principal_paid: int,
    amount: int,
    on: date,
    fine_due: int = 0,
    fine_first: bool = False,
    waives_fee: bool = False,
    principal_alone: bool = False,
    paid_through: date | None = None,
) -> Allocation:
    """Divide a payment of `amount` rupiah made on the day `on`.

    First to the fee due by then, next to the principal due by then, and what is left to the following
    instalments in order, each fee before its principal. `fee_paid` and `principal_paid` are what earlier
    payments brought. `fine_due` comes before everything with `fine_first`, otherwise after what is due; but the
    last principal is never paid before it, so that a loan without balance owes no fine.

    With `principal_alone` all of it goes to the principal, whatever fee is due; that is asked for as before.

    An amount that is exactly the `payoff` pays the loan off. Raises `ValueError` for more than that, and for principal
    alone that would leave a loan without balance. Where a later payment is recorded already, `paid_through` is the day
    of the last one: before that day the loan did not end, whatever is paid now.
    """
    end = max(on, paid_through or on)
    most = payoff(
        instalments, fee_paid=fee_paid, principal_paid=principal_paid, on=end, fine_due=fine_due, waives_fee=waives_fee
    )
    if amount > most.total:
        raise ValueError("the payment is more than the loan still asks for")
    if amount == most.total:
        return most
    if principal_alone:
        if amount >= most.principal:
            raise ValueError("the last principal is not paid before the fee")
        return Allocation(service_fee=0, principal=amount)
    fee = principal = fine = 0
    due_fee = sum(i.service_fee for i in instalments if i.due_on <= on)
    due_principal = sum(i.principal for i in instalments if i.due_on <= on)
    before_the_last = sum(i.principal for i in instalments) - _last_principal(instalments)
    # Fee, principal and fines that are to be paid by the end of each step.
    targets = [
        (0, 0, fine_due if fine_first else 0),
        (due_fee, min(due_principal, before_the_last), 0),
        (due_fee, min(due_principal, before_the_last), fine_due),
        (due_fee, due_principal, fine_due),
    ]
    for instalment in instalments:
        if instalment.due_on > on:
            due_fee += instalment.service_fee
            due_principal += instalment.principal
            targets.append((due_fee, due_principal, fine_due))
    left = amount
    for fee_target, principal_target, fine_target in targets:
        step = min(left, max(0, fee_target - fee_paid - fee))
        fee, left = fee + step, left - step
        step = min(left, max(0, principal_target - principal_paid - principal))
        principal, left = principal + step, left - step
        step = min(left, max(0, fine_target - fine))
        fine, left = fine + step, left - step
    return Allocation(service_fee=fee, principal=principal, fine=fine)


def _last_principal(instalments: Sequence[Due]) -> int:
    """Return the principal of the instalment that pays the rest; those after it may be zero."""
    return next(i.principal for i in reversed(instalments) if i.principal)


D = TypeVar("D", bound=Due)
T = TypeVar("T", bound=Timed)


def newly_late(instalments: Sequence[T], *, paid: int, since: date | None, on: date) -> list[T]:
    """Return the instalments that a fine for lateness is charged for when a payment is made on the day `on`.

    An instalment is late if it is not paid in full when the day `late_after` is over. Each payment looks at those for
    which it ended since the payment before it, made on the day `since` (None for the first), so that each instalment
    is charged once and one that was paid in time never.

    `paid` are all the rupiah paid on the loan before the new payment: fee, principal and what went to fines. It covers
    the oldest instalments first. So a fine brings no other fine, and who pays earlier is never fined more.
    """
    return [
        instalment
        for instalment in _not_covered(instalments, paid)
        if (since is None or instalment.late_after >= since) and instalment.late_after < on
    ]


def days_late_since(instalments: Sequence[T], *, paid: int, since: date | None, on: date) -> list[tuple[T, int]]:
    """Return the days that a fine by day counts on the day `on`: instalments not paid in full, with how many days each.

    Days count from the day after `late_after`, or after the payment before, made on the day `since`. `paid` counts as
    in `newly_late`.
    """
    found = []
    for instalment in _not_covered(instalments, paid):
        begin = instalment.late_after if since is None else max(instalment.late_after, since)
        if begin < on:
            found.append((instalment, (on - begin).days))
    return found


def _not_covered(instalments: Sequence[T], paid: int) -> Iterator[T]:
    """Yield the instalments that ask for something and are not paid in full with `paid` rupiah in all."""
    asked = 0
    for instalment in instalments:
        total = instalment.service_fee + instalment.principal
        asked += total
        if total and paid < asked:
            yield instalment


def percent_of(amount: int, percent: Decimal) -> int:
    """Return `percent` per cent of `amount` rupiah, rounded half up to whole rupiah."""
    return _half_up(amount * percent / 100)


def paid_in_time(instalments: Sequence[Timed], payments: Sequence[tuple[date, int, int]], *, on: date) -> bool:
    """Say whether a loan that is paid off on the day `on` was never late.

    `payments` are the earlier ones, in any order: the day, the fee and the principal in rupiah. Each instalment whose
    time was over before the day was to be covered by what had been paid by then.
    """
    fee = principal = 0
    for instalment in instalments:
        fee, principal = fee + instalment.service_fee, principal + instalment.principal
        if instalment.late_after >= on:
            continue
        by_then = [(paid_fee, paid) for day, paid_fee, paid in payments if day <= instalment.late_after]
        if sum(paid_fee for paid_fee, _paid in by_then) < fee or sum(paid for _fee, paid in by_then) < principal:
            return False
    return True


@dataclass(frozen=True, slots=True)
class Paid:
    """What earlier payments cover of one instalment, in rupiah."""

    service_fee: int
    principal: int

    @property
    def total(self) -> int:
        """Principal and service fee together."""
        return self.service_fee + self.principal


def spread(instalments: Sequence[Due], *, fee_paid: int, principal_paid: int) -> list[Paid]:
    """Divide what was paid on a loan over its instalments, oldest first, fee and principal each by itself."""
    covered = []
    for instalment in instalments:
        fee, principal = min(fee_paid, instalment.service_fee), min(principal_paid, instalment.principal)
        fee_paid, principal_paid = fee_paid - fee, principal_paid - principal
        covered.append(Paid(fee, principal))
    return covered


def card_lines(instalments: Sequence[D], *, fee_paid: int, principal_paid: int) -> list[tuple[D, Paid, int]]:
    """Return the lines of a loan card (kartu pinjaman): each instalment, what of it is paid, and the principal left.

    What is left is the rupiah of principal that the schedule asks for after that instalment (sisa).
    """
    left = sum(instalment.principal for instalment in instalments)
    lines = []
    for instalment, paid in zip(
        instalments, spread(instalments, fee_paid=fee_paid, principal_paid=principal_paid), strict=True
    ):
        left -= instalment.principal
        lines.append((instalment, paid, left))
    return lines


@dataclass(frozen=True, slots=True)
class Arrears:
    """What a schedule asks for on the day `as_of` and was not paid, in rupiah.

    `late_principal` and `late_fee` are what fell due before the day: an instalment is late from the day after.
    `late_since` is the day the oldest of them fell due, None for a loan on time. `due_principal` and `due_fee`
    count what falls due on the day itself as well, `fee_left` all the fee to the end. `next_due_on` and `next_due` are
    the next instalment from that day on with something left to pay.
    """

    as_of: date
    due_principal: int
    due_fee: int
    late_principal: int
    late_fee: int
    late_since: date | None
    instalments_late: int
    fee_left: int
    next_due_on: date | None
    next_due: int

    @property
    def due(self) -> int:
        """Principal and service fee due up to the day, that day included."""
        return self.due_principal + self.due_fee

    @property
    def late(self) -> int:
        """Principal and service fee that fell due before the day: the arrears."""
        return self.late_principal + self.late_fee

    @property
    def days_late(self) -> int:
        """Days since the oldest unpaid instalment fell due, 0 for a loan on time."""
        return (self.as_of - self.late_since).days if self.late_since is not None else 0


def arrears_on(instalments: Sequence[Due], *, fee_paid: int, principal_paid: int, as_of: date) -> Arrears:
    """Return what a loan with these payments asks for on the day `as_of`.

    Counts fee and principal each by itself, as `allocate_payment` does. `finance.selectors.loan_positions` says the
    same in SQL.
    """
    left = [
        (instalment.due_on, instalment.principal - paid.principal, instalment.service_fee - paid.service_fee)
        for instalment, paid in zip(
            instalments, spread(instalments, fee_paid=fee_paid, principal_paid=principal_paid), strict=True
        )
    ]
    late = [due_on for due_on, principal, fee in left if due_on < as_of and principal + fee]
    coming = [(due_on, principal + fee) for due_on, principal, fee in left if due_on >= as_of and principal + fee]
    next_due_on, next_due = min(coming) if coming else (None, 0)
    return Arrears(
        as_of=as_of,
        due_principal=sum(principal for due_on, principal, _fee in left if due_on <= as_of),
        due_fee=sum(fee for due_on, _principal, fee in left if due_on <= as_of),
        late_principal=sum(principal for due_on, principal, _fee in left if due_on < as_of),
        late_fee=sum(fee for due_on, _principal, fee in left if due_on < as_of),
        late_since=min(late, default=None),
        instalments_late=len(late),
        fee_left=sum(fee for _due_on, _principal, fee in left),
        next_due_on=next_due_on,
        next_due=next_due,
    )


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
