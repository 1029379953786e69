"""The portfolio of many groups: their snapshots of a day added up, by region and by month, and each of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any, NamedTuple

from django.db.models import Count, F, FloatField, Max, Min, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Cast, NullIf

from assessment.models import CLASS_COLUMNS, GroupSnapshot, SnapshotAgeing
from assessment.selectors.comparison import regions_below
from assessment.selectors.dashboard import Filters
from assessment.selectors.snapshots import of_months, total
from finance.performance import Performance, Slice, UpkClass, months_so_far, together
from groups.models import Group

SUMS = ("savings", "due", "paid", "income", "costs", "capital")
_SLICE_SUMS = ("loans", "borrowers", "balance", "late_principal", "late_fee")


@dataclass(frozen=True, slots=True)
class Figures:
    """The figures of some groups together, the oldest as of the day `as_of`.

    `classes` are how many groups are good, minimum and to suspend by each ratio of a UPK.
    """

    as_of: date
    groups: int
    savings: int
    loans: Performance
    classes: tuple[tuple[int, ...], ...]


def together_of(figures: Iterable[Figures], as_of: date) -> Figures:
    """Return the figures of groups that are counted once as one; `as_of` is the day of no groups at all."""
    found = list(figures)
    as_of = min((part.as_of for part in found), default=as_of)
    return Figures(
        as_of=as_of,
        groups=sum(part.groups for part in found),
        savings=sum(part.savings for part in found),
        loans=together((part.loans for part in found), months=months_so_far(as_of)),
        classes=tuple(
            tuple(sum(part.classes[column][place] for part in found) for place in range(len(UpkClass)))
            for column in range(len(CLASS_COLUMNS))
        ),
    )


def by_region(snapshots: QuerySet[GroupSnapshot], region: str) -> dict[str, Figures]:
    """Return the figures of `snapshots` of one day by the region just below `region`, in two statements."""
    parts = regions_below(region)
    sums = {f"{name}_sum": total(name) for name in SUMS}
    counts = {
        f"{column}_{upk_class.lower()}": Count("pk", filter=Q(**{column: upk_class}))
        for column in CLASS_COLUMNS
        for upk_class in UpkClass
    }
    joined: Any = snapshots.order_by().annotate(**parts(""))
    slices = _slices_by(snapshots, parts("snapshot__"))
    found: dict[str, Figures] = {}
    for part, first, last, count, savings, *rest in joined.values_list("part").annotate(
        first=Min("as_of"), last=Max("as_of"), count=Count("pk"), **sums, **counts
    ):
        money = dict(zip(SUMS[1:], map(int, rest), strict=False))
        classes = rest[len(money) :]
        loans = Performance(tuple(slices.get(part, ())), **money, months=months_so_far(last))
        of_class = tuple(tuple(classes[at : at + len(UpkClass)]) for at in range(0, len(classes), len(UpkClass)))
        found[part] = Figures(first, count, int(savings), loans, of_class)
    return found


def listed(snapshots: QuerySet[GroupSnapshot]) -> QuerySet[GroupSnapshot]:
    """Return the snapshots with their groups and loans by age, those most at risk first.

    Those with as much at risk go by PAR 30, then by arrears, then by name.
    """
    of_group = ("code", "number", "name", "organisation__group_prefix")
    shown = ("as_of", "village_id", *SUMS, *(f"group__{name}" for name in of_group))
    with_loans = snapshots.select_related("group__organisation").only(*shown).prefetch_related("ageing")
    par_30 = Cast("risk_30", FloatField()) / NullIf("balance", 0)
    late = SnapshotAgeing.objects.filter(snapshot=OuterRef("pk")).order_by().values("snapshot")
    arrears = Subquery(late.annotate(late=Sum(F("late_principal") + F("late_fee"))).values("late"))
    return with_loans.order_by(
        "-at_risk", par_30.desc(nulls_last=True), arrears.desc(nulls_last=True), "group__name", "group"
    )


class Month(NamedTuple):
    """The portfolio of the groups there were at the end of a month, or on the newest day in it; rupiah."""

    month: date
    groups: int
    savings: int
    balance: int
    risk_30: int

    @property
    def par_30(self) -> Fraction | None:
        """Balances of loans more than 30 days late / all balances."""
        return Fraction(self.risk_30, self.balance) if self.balance > 0 else None


def by_month(groups: QuerySet[Group], filters: Filters) -> list[Month]:
    """Return the months of the filters, each of the groups within them at its end, in one statement."""
    of_period = of_months(groups, filters.start, filters.end).filter(filters.placed())
    rows = of_period.order_by("of_month").values_list("of_month")
    sums = {f"{name}_sum": total(name) for name in ("savings", "balance", "risk_30")}
    return [Month(month, count, *map(int, amounts)) for month, count, *amounts in rows.annotate(Count("pk"), **sums)]


def _slices_by(snapshots: QuerySet[GroupSnapshot], parts: dict[str, Any]) -> dict[str, list[Slice]]:
    joined: Any = SnapshotAgeing.objects.filter(snapshot__in=snapshots.order_by()).annotate(**parts)
    rows = joined.order_by("part", "age", "collectability").values_list("part", "age", "collectability")
    found: dict[str, list[Slice]] = {}
    for part, *numbers in rows.annotate(**{f"{name}_sum": total(name) for name in _SLICE_SUMS}):
        found.setdefault(part, []).append(Slice(*map(int, numbers)))
    return found
