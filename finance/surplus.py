"""Dividing the surplus of a year (SHU, sisa hasil usaha): pure calculation, whole rupiah, no ORM and no clock.

By the rules of the group's constitution: percentages for members by savings, members by borrowing, and for
whatever else the members agreed (reserve, officers, social fund).
"""

from __future__ import annotations

import calendar
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Generic, TypeVar

BY_SAVINGS = "savings"
BY_BORROWING = "borrowing"

Id = TypeVar("Id", bound=Hashable)


@dataclass(frozen=True, slots=True)
class MemberShare:
    """One member's part of the surplus in rupiah, rounded down."""

    by_savings: int
    by_borrowing: int

    @property
    def total(self) -> int:
        """Both parts together."""
        return self.by_savings + self.by_borrowing


@dataclass(frozen=True, slots=True)
class SurplusDivision(Generic[Id]):
    """What becomes of a surplus, in rupiah: members, purposes and rounding add up to it.

    `purposes` are those beside savings and borrowing. `rounding` is what rounding down left over, and with it
    the members' part that nobody has a claim to because all bases are zero; the members decide about it.
    """

    members: dict[Id, MemberShare]
    purposes: dict[str, int]
    rounding: int


def divide_surplus(
    *, surplus: int, shares: Mapping[str, Decimal], savings: Mapping[Id, int], borrowing: Mapping[Id, int]
) -> SurplusDivision[Id]:
    """Divide `surplus` rupiah by `shares`, percentages by purpose that sum to 100.

    `shares["savings"]` goes to members in proportion to `savings`, `shares["borrowing"]` in proportion to
    `borrowing` (loans, or the fee they brought), both in rupiah by member; each other purpose gets its
    percentage. Every amount is rounded down once, from the exact fraction.

    Raises `ValueError` for a negative surplus, share or base, and for shares that do not sum to 100.
    """
    bases = (*savings.values(), *borrowing.values())
    if surplus < 0 or any(base < 0 for base in bases) or any(share < 0 for share in shares.values()):
        raise ValueError("surplus, shares and bases cannot be negative")
    if sum(map(Fraction, shares.values())) != 100:
        raise ValueError("the shares must sum to 100 percent")
    parts = {purpose: surplus * Fraction(share) / 100 for purpose, share in shares.items()}
    by_savings = _divide(parts.pop(BY_SAVINGS, Fraction(0)), savings)
    by_borrowing = _divide(parts.pop(BY_BORROWING, Fraction(0)), borrowing)
    members = {
        member: MemberShare(by_savings.get(member, 0), by_borrowing.get(member, 0))
        for member in dict.fromkeys([*savings, *borrowing])
    }
    purposes = {purpose: int(part) for purpose, part in parts.items()}
    divided = sum(share.total for share in members.values()) + sum(purposes.values())
    return SurplusDivision(members, purposes, surplus - divided)


def _divide(part: Fraction, bases: Mapping[Id, int]) -> dict[Id, int]:
    whole = sum(bases.values())
    return {member: int(part * base / whole) if whole else 0 for member, base in bases.items()}


def apportion(amount: int, bases: Mapping[Id, int]) -> dict[Id, int]:
    """Divide `amount` rupiah whole, in proportion to `bases`, equally where all of them are zero.

    Each part is rounded down; the rupiah left over go one each to those who lost most by that, the first of them
    first (largest remainder). Raises `ValueError` for a negative amount or base, and for an amount without anybody.
    """
    if amount < 0 or any(base < 0 for base in bases.values()):
        raise ValueError("amount and bases cannot be negative")
    if amount and not bases:
        raise ValueError("nobody to divide it among")
    if not any(bases.values()):
        bases = dict.fromkeys(bases, 1)
    whole = sum(bases.values())
    parts = {who: amount * base // whole for who, base in bases.items()}
    lost = sorted(bases, key=lambda who: -(amount * bases[who] % whole))
    for who in lost[: amount - sum(parts.values())]:
        parts[who] += 1
    return parts


def month_ends(start: date, end: date) -> list[date]:
    """Return the last day of each calendar month from `start` to `end`; of the last month, `end` itself."""
    months = range(start.year * 12 + start.month - 1, end.year * 12 + end.month)
    days = [
        date(year, month + 1, calendar.monthrange(year, month + 1)[1])
        for year, month in (divmod(m, 12) for m in months)
    ]
    return [*days[:-1], end]
