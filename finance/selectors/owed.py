"""What members owe besides loans on a day, in a fixed number of statements. Whole rupiah."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from finance.ledger.fines import open_fines
from groups.models import Group


@dataclass(frozen=True, slots=True)
class Owed:
    """What one member owes besides loans, in rupiah: fines, those for late instalments too."""

    fines: int = 0

    @property
    def total(self) -> int:
        """Everything together."""
        return self.fines


def owed(group: Group, *, as_of: date) -> dict[int, Owed]:
    """Return what the members of a group owe at the end of the day `as_of`, by id; who owes nothing is left out."""
    fines: dict[int, int] = {}
    for fine in open_fines(group, as_of=as_of).fines:
        fines[fine.member] = fines.get(fine.member, 0) + fine.left
    return {pk: Owed(fines=amount) for pk, amount in fines.items()}
