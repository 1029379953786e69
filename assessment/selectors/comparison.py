"""Regions or facilitators side by side: stages, scores, needs, savings and loans of their groups."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction
from typing import Any

from django.db.models import Count, F, FilteredRelation, Q, QuerySet, Value
from django.db.models.functions import Coalesce, Substr

from assessment.selectors.dashboard import Filters, with_score
from assessment.selectors.snapshots import total, with_snapshot
from groups.models import Group, GroupStatus, Region
from groups.selectors import people_named

CODE_LENGTHS = (2, 5, 8, 13)
"""Characters of a Kemendagri code by level: 35, 35.19, 35.19.05, 35.19.05.2003."""


@dataclass(frozen=True, slots=True)
class Compared:
    """The groups of one region or of one facilitator together; `key` is empty for those without any.

    `dormant` counts those that were dormant, `stages` groups by rank, `needing` those whose score gives a reason to
    help; `members` of whom `women` are women, `savings`, `balance` of loans and `risk_30`, that of loans more than 30
    days late, are those of the snapshots, in rupiah. All are of the end of the period.
    """

    key: str
    name: str
    groups: int
    dormant: int
    stages: tuple[int, ...]
    never_assessed: int
    score_sum: int
    needing: int
    members: int
    women: int
    savings: int
    balance: int
    risk_30: int

    @property
    def mean_score(self) -> Fraction | None:
        """The mean of the scores, None where no group has one."""
        assessed = self.groups - self.never_assessed
        return Fraction(self.score_sum, assessed) if assessed else None

    @property
    def par_30(self) -> Fraction | None:
        """Balances of loans more than 30 days late / all balances, None without loans."""
        return Fraction(self.risk_30, self.balance) if self.balance > 0 else None


@dataclass(frozen=True, slots=True)
class Comparison:
    """The rows, by name with those without a region or facilitator last, and all groups together."""

    rows: list[Compared]
    total: Compared


PartOf = Callable[[str], dict[str, Any]]
"""What groups are told apart by: annotations, one of them `part`, given the path that leads to a group."""


def by_region(groups: QuerySet[Group], filters: Filters, *, stages: int) -> Comparison:
    """Compare the regions just below that of the filters, or the provinces, in two statements."""
    below = regions_below(filters.region)
    # Where a group was in a month its snapshot knows.
    parts = below if filters.month is None else lambda _path: below("shown__")
    return _compare(groups, filters, parts, stages, region_names, each_once=True)


def by_facilitator(groups: QuerySet[Group], filters: Filters, as_of: date, *, stages: int) -> Comparison:
    """Compare the facilitators who accompany `groups` on a day, in three statements.

    A group with two of them counts with each, and once in the total.
    """
    return _compare(groups, filters, facilitators_on(as_of), stages, _people, each_once=False)


def regions_below(region: str) -> PartOf:
    """Return what tells groups apart by the region just below `region` that holds their village, empty without one."""
    length = next((length for length in CODE_LENGTHS if length > len(region)), CODE_LENGTHS[-1])
    return lambda path: {"part": Coalesce(Substr(f"{path}village_id", 1, length), Value(""))}


def facilitators_on(as_of: date) -> PartOf:
    """Return what tells groups apart by who accompanies them on a day, None for nobody."""

    def of_group(path: str) -> dict[str, Any]:
        running = Q(**{f"{path}assignments__started_on__lte": as_of}) & (
            Q(**{f"{path}assignments__ended_on": None}) | Q(**{f"{path}assignments__ended_on__gt": as_of})
        )
        return {
            "with_whom": FilteredRelation(f"{path}assignments", condition=running),
            "part": F("with_whom__facilitator"),
        }

    return of_group


def region_names(codes: Iterable[str]) -> dict[str, str]:
    """Return the names of regions by code, in one statement."""
    return dict(Region.objects.filter(code__in=set(codes)).values_list("code", "name"))


def _compare(
    groups: QuerySet[Group],
    filters: Filters,
    parts: PartOf,
    stages: int,
    names_of: Callable[[Iterable[str]], Mapping[str, str]],
    *,
    each_once: bool,
) -> Comparison:
    """Compare the parts; with `each_once` a group is of one part only, so that they add up to all groups."""
    found = _compared(groups, filters, parts, stages)
    whole = found if each_once else _compared(groups, filters, _of_all, stages)
    names = names_of({row.key for row in found if row.key})
    rows = [replace(row, name=names.get(row.key, "")) for row in found]
    rows.sort(key=lambda row: (not row.name, row.name, row.key))
    return Comparison(rows, _added(whole, stages))


def _of_all(_path: str) -> dict[str, Any]:
    return {"part": Value("")}


def _added(rows: Sequence[Compared], stages: int) -> Compared:
    numbers = {name: sum(getattr(row, name) for row in rows) for name in (*_COUNTS, *_OF_SNAPSHOT)}
    at_stages = tuple(sum(row.stages[rank] for row in rows) for rank in range(stages))
    return Compared(key="", name="", stages=at_stages, **numbers)


_COUNTS = ("groups", "dormant", "never_assessed", "score_sum", "needing")
_OF_SNAPSHOT = ("members", "women", "savings", "balance", "risk_30")


def _compared(groups: QuerySet[Group], filters: Filters, parts: PartOf, stages: int) -> list[Compared]:
    """Return the groups of each part together, in one statement."""
    last = stages - 1
    # An earlier version of the instrument may have had more stages.
    at_rank = [Q(now__rank=rank) for rank in range(last)] + [Q(now__rank__gte=last)]
    columns = {
        "groups": Count("pk"),
        "dormant": Count("pk", filter=Q(shown__status=GroupStatus.DORMANT)),
        "never_assessed": Count("pk", filter=Q(now__rank=None)),
        "score_sum": total("now__score"),
        "needing": Count("pk", filter=Q(now__need__gt=0)),
        **{name: total(f"shown__{name}") for name in _OF_SNAPSHOT},
        **{f"rank{rank}": Count("pk", filter=condition) for rank, condition in enumerate(at_rank)},
    }
    names = (*_COUNTS, *_OF_SNAPSHOT)
    joined = with_snapshot(with_score(groups, filters), filters.month).order_by().annotate(**parts(""))
    return [
        Compared(
            key=str(part or ""),
            name="",
            stages=tuple(numbers[len(names) :]),
            **dict(zip(names, map(int, numbers), strict=False)),
        )
        for part, *numbers in joined.values_list("part").annotate(**columns)
    ]


def _people(keys: Iterable[str]) -> dict[str, str]:
    return {str(pk): name for pk, name in people_named(map(int, keys)).items()}
