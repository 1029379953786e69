"""How well loans are repaid and money is used: pure calculation, whole rupiah, no ORM and no clock.

Sources: the operating standard of revolving loans of PNPM Mandiri Perkotaan (POB Pinjaman Bergulir, 2013) for LAR,
PAR, CCR, ROI, RR, their three classes and the five collectabilities; OJK regulation 40/POJK.03/2019 for the days
that part collectability 3, 4 and 5; PAR over 30, 60 and 90 days as microfinance counts it everywhere.
"""

from __future__ import annotations

import calendar
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from enum import IntEnum, StrEnum
from fractions import Fraction


class Collectability(IntEnum):
    """Kolektibilitas of a running loan, by the months since its oldest unpaid instalment fell due.

    1 LANCAR: nothing is late. 2 PERHATIAN: late for less than 3 months. 3 KURANG_LANCAR: from 3 months to less
    than 4. 4 DIRAGUKAN: from 4 months to less than 6. 5 MACET: 6 months and more.

    The standard of 2013 counts a loan as at risk from 3 months, so 3 begins there and "at risk" is 3 to 5; above
    that the bounds are the 90, 120 and 180 days of OJK in months, because groups and UPKs count by months.
    """

    LANCAR = 1
    PERHATIAN = 2
    KURANG_LANCAR = 3
    DIRAGUKAN = 4
    MACET = 5


COLLECTABILITY_MONTHS = {
    Collectability.KURANG_LANCAR: 3,
    Collectability.DIRAGUKAN: 4,
    Collectability.MACET: 6,
}
"""The months in arrears from which a loan has at least this collectability."""
AT_RISK = Collectability.KURANG_LANCAR
"""From here on a loan counts in LAR, PAR and RR of a UPK: three months late and more."""
AGEING_DAYS = (0, 30, 60, 90, 180)
"""More days late than this: the ageing table has a row below the first bound and one above each."""


class UpkClass(StrEnum):
    """What the operating standard says of a figure: good (memuaskan), minimum, or suspend new loans (penundaan)."""

    GOOD = "GOOD"
    MINIMUM = "MINIMUM"
    SUSPEND = "SUSPEND"


def months_so_far(day: date) -> Fraction:
    """Return the months of the year up to the end of a day, the one that runs by its days: 10.5 on 15 November."""
    return day.month - 1 + Fraction(day.day, calendar.monthrange(day.year, day.month)[1])


def months_before(day: date, months: int) -> date:
    """Return the same day `months` earlier, the last of the month where there is no such day."""
    years, month = divmod(day.month - 1 - months, 12)
    year = day.year + years
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def collectability(late_since: date | None, as_of: date) -> Collectability:
    """Return the collectability at `as_of` of a loan whose oldest unpaid instalment fell due on `late_since`."""
    if late_since is None:
        return Collectability.LANCAR
    reached = [level for level, bound in collectability_bounds(as_of).items() if late_since <= bound]
    return max(reached, default=Collectability.PERHATIAN)


def collectability_bounds(as_of: date) -> dict[Collectability, date]:
    """Return for 3, 4 and 5 the day on or before which the oldest unpaid instalment must have fallen due."""
    return {level: months_before(as_of, months) for level, months in COLLECTABILITY_MONTHS.items()}


def ageing_bounds(as_of: date) -> list[date]:
    """Return for each of `AGEING_DAYS` the day before which the oldest unpaid instalment must have fallen due."""
    return [as_of - timedelta(days) for days in AGEING_DAYS]


@dataclass(frozen=True, slots=True)
class Slice:
    """The running loans of one age and collectability, in rupiah.

    `age` counts the bounds of `AGEING_DAYS` that are passed, 0 for loans on time; it or `collectability` is 0 in a
    slice that takes all of them together. A borrower of several loans is
    counted once, with the one that is late the longest.
    """

    age: int
    collectability: int
    loans: int
    borrowers: int
    balance: int
    late_principal: int
    late_fee: int

    @property
    def late(self) -> int:
        """Principal and service fee that are late."""
        return self.late_principal + self.late_fee


@dataclass(frozen=True, slots=True)
class Performance:
    """The health of the loans and the money of one group, or of many together, on a day. Ratios are fractions of 1.

    `due` is what fell due by the day on all loans ever, `paid` what of it was paid. `income`, `costs` and `capital`
    are of the books, the first two since 1 January; `months` are the months of the year so far. A ratio is None
    where there is nothing to divide by.
    """

    slices: tuple[Slice, ...] = ()
    due: int = 0
    paid: int = 0
    income: int = 0
    costs: int = 0
    capital: int = 0
    months: Fraction | int = 12

    @property
    def loans(self) -> int:
        """Running loans."""
        return sum(part.loans for part in self.slices)

    @property
    def borrowers(self) -> int:
        """Members with a balance."""
        return sum(part.borrowers for part in self.slices)

    @property
    def balance(self) -> int:
        """The portfolio: principal outstanding on running loans."""
        return sum(part.balance for part in self.slices)

    @property
    def late(self) -> int:
        """Principal and service fee that are late."""
        return sum(part.late for part in self.slices)

    @property
    def loans_late(self) -> int:
        """Running loans with an instalment that is late."""
        return sum(part.loans for part in self.slices if part.age)

    @property
    def at_risk_balance(self) -> int:
        """Balances of the loans at least three months late."""
        return sum(part.balance for part in self._at_risk())

    @property
    def repayment_rate(self) -> Fraction | None:
        """Paid / due up to the day."""
        return _ratio(self.paid, self.due)

    def balance_later_than(self, days: int) -> int:
        """Balances of the loans with an instalment more than `days` days late, one of `AGEING_DAYS`."""
        age = AGEING_DAYS.index(days)
        return sum(part.balance for part in self.slices if part.age > age)

    def par(self, days: int) -> Fraction | None:
        """Balances of the loans with an instalment more than `days` days late / all balances.

        Not the arrears themselves over the portfolio: that is an arrears rate, and far lower.
        """
        return _ratio(self.balance_later_than(days), self.balance)

    @property
    def par_30(self) -> Fraction | None:
        """Portfolio at risk over 30 days."""
        return self.par(30)

    @property
    def par_60(self) -> Fraction | None:
        """Portfolio at risk over 60 days."""
        return self.par(60)

    @property
    def par_90(self) -> Fraction | None:
        """Portfolio at risk over 90 days."""
        return self.par(90)

    @property
    def lar(self) -> Fraction | None:
        """Loans at risk: borrowers at least three months late / borrowers with a balance."""
        return _ratio(sum(part.borrowers for part in self._at_risk()), self.borrowers)

    @property
    def upk_par(self) -> Fraction | None:
        """Balances of the loans at least three months late / the portfolio."""
        return _ratio(self.at_risk_balance, self.balance)

    @property
    def upk_repayment_rate(self) -> Fraction | None:
        """(Portfolio − principal late on the loans at least three months late) / portfolio."""
        return _ratio(self.balance - sum(part.late_principal for part in self._at_risk()), self.balance)

    @property
    def cost_coverage(self) -> Fraction | None:
        """CCR: income / costs since 1 January."""
        return _ratio(self.income, self.costs)

    @property
    def surplus(self) -> int:
        """Income less costs since 1 January."""
        return self.income - self.costs

    @property
    def return_on_investment(self) -> Fraction | None:
        """ROI: surplus since 1 January × 12 / months so far (`months_so_far`) / capital (opening, grants, reserve)."""
        return _ratio(self.surplus * 12, self.capital * self.months)

    def ageing(self) -> list[Slice]:
        """Return a slice for each row of the ageing table, also for those without loans."""
        rows = range(len(AGEING_DAYS) + 1)
        return [_sum_of(age, 0, (part for part in self.slices if part.age == age)) for age in rows]

    def by_collectability(self) -> list[Slice]:
        """Return a slice for each collectability from 1 to 5, also for those without loans."""
        return [
            _sum_of(0, level, (part for part in self.slices if part.collectability == level))
            for level in Collectability
        ]

    def _at_risk(self) -> Iterable[Slice]:
        return (part for part in self.slices if part.collectability >= AT_RISK)


def together(figures: Iterable[Performance], *, months: Fraction | int) -> Performance:
    """Return the figures of many groups as one; `months` are those of the year so far, the same for all."""
    added = list(figures)
    parts: dict[tuple[int, int], list[Slice]] = {}
    for part in (part for figure in added for part in figure.slices):
        parts.setdefault((part.age, part.collectability), []).append(part)
    return Performance(
        slices=tuple(_sum_of(age, level, parts[age, level]) for age, level in sorted(parts)),
        due=sum(figure.due for figure in added),
        paid=sum(figure.paid for figure in added),
        income=sum(figure.income for figure in added),
        costs=sum(figure.costs for figure in added),
        capital=sum(figure.capital for figure in added),
        months=months,
    )


def upk_class_of_risk(share: Fraction | None) -> UpkClass | None:
    """Class LAR and PAR: up to 10 % good, up to 20 % minimum, above that suspend."""
    return None if share is None else _class(-share, Fraction(-10, 100), Fraction(-20, 100))


def upk_class_of_cost_coverage(ratio: Fraction | None) -> UpkClass | None:
    """Class CCR: from 125 % good, from 100 % minimum, below that suspend."""
    return None if ratio is None else _class(ratio, Fraction(125, 100), Fraction(1))


def upk_class_of_return(ratio: Fraction | None) -> UpkClass | None:
    """Class ROI: from 10 % good, from 0 % minimum, below that suspend."""
    return None if ratio is None else _class(ratio, Fraction(10, 100), Fraction(0))


def upk_class_of_repayment(ratio: Fraction | None) -> UpkClass | None:
    """Class RR: from 90 % good, from 80 % minimum, below that suspend."""
    return None if ratio is None else _class(ratio, Fraction(90, 100), Fraction(80, 100))


def _class(value: Fraction, good: Fraction, minimum: Fraction) -> UpkClass:
    if value >= good:
        return UpkClass.GOOD
    return UpkClass.MINIMUM if value >= minimum else UpkClass.SUSPEND


def _ratio(part: int, whole: Fraction | int) -> Fraction | None:
    return Fraction(part, whole) if whole > 0 else None


def _sum_of(age: int, level: int, parts: Iterable[Slice]) -> Slice:
    added = list(parts)
    return Slice(
        age=age,
        collectability=level,
        loans=sum(part.loans for part in added),
        borrowers=sum(part.borrowers for part in added),
        balance=sum(part.balance for part in added),
        late_principal=sum(part.late_principal for part in added),
        late_fee=sum(part.late_fee for part in added),
    )
