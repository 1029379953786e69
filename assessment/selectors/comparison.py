"""Regions or facilitators side by side: stages, scores, needs, savings and loans of their groups."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

from django.db.models import F, QuerySet
from django.utils import timezone

from assessment.selectors.dashboard import with_latest
from finance.performance import Performance, together
from finance.selectors.arrears import loans_by_group, savings_by_group
from groups.models import FacilitatorAssignment, Group, Region, User

CODE_LENGTHS = (2, 5, 8, 13)
"""Characters of a Kemendagri code by level: 35, 35.19, 35.19.05, 35.19.05.2003."""


class GroupRow(NamedTuple):
    """One group with its newest score; rank and score are None before the first."""

    pk: int
    village: str | None
    rank: int | None
    score: int | None
    need: int | None


@dataclass(frozen=True, slots=True)
class Compared:
    """The groups of one region or of one facilitator together; `key` is empty for those without any.

    `stages` counts groups by rank, `needing` those whose newest score gives a reason to help; savings and balances are
    today's, in rupiah.
    """

    key: str
    name: str
    groups: int
    stages: tuple[int, ...]
    never_assessed: int
    score_sum: int
    needing: int
    savings: int
    loans: Performance

    @property
    def mean_score(self) -> Fraction | None:
        """The mean of the newest scores, None where no group has one."""
        assessed = self.groups - self.never_assessed
        return Fraction(self.score_sum, assessed) if assessed else None


@dataclass(frozen=True, slots=True)
class Comparison:
    """The rows, by name with those without a region or facilitator last, and all groups together."""

    rows: list[Compared]
    total: Compared


def by_region(groups: QuerySet[Group], scheme: str, region: str, *, stages: int) -> Comparison:
    """Compare the regions just below `region`, or the provinces, in four statements."""
    figures = _Figures(groups, scheme, stages)
    keyed = [(inside(region, row.village), row) for row in figures.rows]
    return figures.compare(keyed, region_names(key for key, _row in keyed))


def by_facilitator(groups: QuerySet[Group], scheme: str, *, stages: int) -> Comparison:
    """Compare the facilitators who accompany `groups` today, in five statements.

    A group with two of them counts with each, and once in the total.
    """
    figures = _Figures(groups, scheme, stages)
    running = FacilitatorAssignment.objects.running_on(timezone.localdate()).filter(group__in=groups.order_by())
    of_group: dict[int, set[int]] = {}
    for group, person in running.order_by().values_list("group_id", "facilitator_id"):
        of_group.setdefault(group, set()).add(person)
    people = User.objects.in_bulk({person for found in of_group.values() for person in found})
    keyed = [(str(person), row) for row in figures.rows for person in of_group.get(row.pk, ())]
    keyed += [("", row) for row in figures.rows if row.pk not in of_group]
    return figures.compare(keyed, {str(pk): str(person) for pk, person in people.items()})


def inside(region: str, village: str | None) -> str:
    """Return the region just below `region` that holds a village, the village itself at the end; empty without one."""
    length = next((length for length in CODE_LENGTHS if length > len(region)), CODE_LENGTHS[-1])
    return (village or "")[:length]


def region_names(codes: Iterable[str]) -> dict[str, str]:
    """Return the names of regions by code, in one statement."""
    return dict(Region.objects.filter(code__in=set(codes)).values_list("code", "name"))


class _Figures:
    """What is known of each group, read in three statements, to be added up by whatever key."""

    def __init__(self, groups: QuerySet[Group], scheme: str, stages: int) -> None:
        scored = with_latest(groups, scheme).order_by()
        columns = scored.values_list("pk", "village_id", F("now__rank"), F("now__score"), F("now__need"))
        self.rows = [GroupRow(*row) for row in columns]
        today = timezone.localdate()
        self._savings = savings_by_group(groups, on=today)
        self._loans = loans_by_group(groups, on=today)
        self._stages = stages

    def compare(self, keyed: Iterable[tuple[str, GroupRow]], names: dict[str, str]) -> Comparison:
        """Add the groups up by key."""
        found: dict[str, list[GroupRow]] = {}
        for key, row in keyed:
            found.setdefault(key, []).append(row)
        rows = [self._together(key, names.get(key, ""), of_key) for key, of_key in found.items()]
        rows.sort(key=lambda row: (not row.name, row.name, row.key))
        return Comparison(rows, self._together("", "", self.rows))

    def _together(self, key: str, name: str, rows: list[GroupRow]) -> Compared:
        # An earlier version of the instrument may have had more stages.
        ranks = Counter(min(row.rank, self._stages - 1) for row in rows if row.rank is not None)
        return Compared(
            key=key,
            name=name,
            groups=len(rows),
            stages=tuple(ranks[rank] for rank in range(self._stages)),
            never_assessed=sum(row.rank is None for row in rows),
            score_sum=sum(row.score or 0 for row in rows),
            needing=sum(bool(row.need) for row in rows),
            savings=sum(self._savings.get(row.pk, 0) for row in rows),
            loans=together((self._loans[row.pk] for row in rows if row.pk in self._loans), months=12),
        )
