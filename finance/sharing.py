"""Sharing an amount among members: pure calculation, whole rupiah, no ORM and no clock.

For joint liability (tanggung renteng): all members answer for a member's arrears, by equal or chosen shares.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import TypeVar

Id = TypeVar("Id", bound=Hashable)


def equal_shares(amount: int, sharers: Sequence[Id]) -> dict[Id, int]:
    """Divide `amount` rupiah equally among `sharers`, in their order; the shares sum to the amount.

    What does not divide evenly is paid by the first of them, one rupiah more each; of an amount smaller than
    their number the last pay nothing. Raises `ValueError` for a negative amount, and without sharers or with
    one named twice.
    """
    if amount < 0 or not sharers or len(set(sharers)) != len(sharers):
        raise ValueError("an amount from zero is shared among one or more, each of them once")
    each, over = divmod(amount, len(sharers))
    return {sharer: each + (place < over) for place, sharer in enumerate(sharers)}


def chosen_shares(amount: int, shares: Mapping[Id, int]) -> dict[Id, int]:
    """Return the shares above zero if together they are `amount` rupiah.

    Raises `ValueError` for a negative share, and for shares that do not sum to the amount.
    """
    if any(share < 0 for share in shares.values()) or sum(shares.values()) != amount:
        raise ValueError("shares cannot be negative and must sum to the amount")
    return {sharer: share for sharer, share in shares.items() if share}


def lay_over(shares: Mapping[Id, int], parts: Sequence[int]) -> dict[Id, list[int]]:
    """Say how much of each of `parts` each share pays: the first share pays the first part first, and so on.

    Shares and parts are whole rupiah with the same sum; a row sums to its share, a column to its part.
    Raises `ValueError` for a negative number and for sums that differ.
    """
    if any(number < 0 for number in (*shares.values(), *parts)) or sum(shares.values()) != sum(parts):
        raise ValueError("shares and parts cannot be negative and must have the same sum")
    left = list(parts)
    rows: dict[Id, list[int]] = {}
    for sharer, share in shares.items():
        rows[sharer] = []
        for place, part in enumerate(left):
            paid = min(share, part)
            rows[sharer].append(paid)
            left[place] -= paid
            share -= paid
    return rows
