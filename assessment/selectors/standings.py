"""What the latest snapshots say of some groups, row by row, and what they add up to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from django.db.models import FilteredRelation, Q

from assessment.models import GroupSnapshot


@dataclass(frozen=True, slots=True)
class Standing:
    """The figures of a group on the day of its latest snapshot, in rupiah, and its stage by one scheme.

    `late` is the balance of loans more than 30 days late; `rank` is None before the first score.
    """

    as_of: date
    members: int
    savings: int
    loans: int
    late: int
    rank: int | None
    score: int | None


@dataclass(frozen=True, slots=True)
class StandingTotal:
    """What some groups add up to: how many are at each rank (None: never assessed), and the oldest day of them."""

    groups: int
    members: int
    savings: int
    loans: int
    late: int
    ranks: Counter[int | None]
    as_of: date | None

    @property
    def par(self) -> Fraction | None:
        """Portfolio at risk: balances of loans more than 30 days late / all balances, None without loans."""
        return Fraction(self.late, self.loans) if self.loans else None


def standings(group_ids: Collection[int], *, scheme: str) -> dict[int, Standing]:
    """Return the figures of each of the groups that has a snapshot, in one statement."""
    of_scheme = FilteredRelation("scores", condition=Q(scores__scheme=scheme))
    rows = GroupSnapshot.objects.filter(month=None, group__in=group_ids).annotate(of_scheme=of_scheme)
    columns = ("group", "as_of", "members", "savings", "balance", "risk_30", "of_scheme__rank", "of_scheme__score")
    return {group: Standing(*figures) for group, *figures in rows.order_by().values_list(*columns)}


def add_up(found: Iterable[Standing]) -> StandingTotal:
    """Return what the figures of some groups add up to."""
    rows = list(found)
    return StandingTotal(
        groups=len(rows),
        members=sum(row.members for row in rows),
        savings=sum(row.savings for row in rows),
        loans=sum(row.loans for row in rows),
        late=sum(row.late for row in rows),
        ranks=Counter(row.rank for row in rows),
        as_of=min((row.as_of for row in rows), default=None),
    )
