"""Groups by indicators: the points of the score of each group."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from django.db.models import Case, F, IntegerField, OuterRef, QuerySet, Subquery, TextField, Value, When
from django.db.models.fields.json import KeyTextTransform, KeyTransform
from django.db.models.functions import Cast, Coalesce, NullIf
from django.db.models.lookups import IsNull

from assessment.models import Assessment, Indicator
from assessment.selectors.dashboard import NAMED, Filters, at_stage, with_names
from groups.models import Group


class Cell(NamedTuple):
    """One indicator of one group: the points that count, None for not enough data, and those measured."""

    indicator: Indicator
    points: int | None
    measured: int | None

    @property
    def shade(self) -> int:
        """How much of the weight was earned, from 0 for nothing to 4 for all of it."""
        points = self.points or 0
        if points >= self.indicator.weight:
            return 4
        return 0 if not points else 1 + 3 * points // self.indicator.weight

    @property
    def is_given(self) -> bool:
        """Whether a person gave other points than were measured."""
        return self.points != self.measured


@dataclass(frozen=True, slots=True)
class HeatRow:
    """A group with its score, and a cell for each indicator."""

    code: str
    number: int
    group_prefix: str
    name: str
    village_name: str | None
    status_then: str
    score: int
    as_of: date
    cells: list[Cell]


def heat_groups(groups: QuerySet[Group], filters: Filters, worst_at: str = "") -> Any:
    """Return the scored groups at the stage of the filters, as rows for `heat_row`.

    They go by name, or those with the fewest points at the indicator `worst_at` first, and there those without enough
    data last.
    """
    scored = at_stage(groups, filters).filter(now__rank__isnull=False)
    stored = Assessment.objects.filter(group=OuterRef("pk"), scheme=filters.scheme, as_of=OuterRef("now__as_of"))
    rows = with_names(scored, filters.month).annotate(
        score=F("now__score"),
        as_of=F("now__as_of"),
        points=Subquery(stored.values("indicators")),
    )
    order: list[Any] = [F("name"), F("pk")]
    if worst_at:
        order = [Subquery(stored.values_list(_points_at(worst_at))).asc(nulls_last=True), *order]
    return rows.order_by(*order).values_list(*NAMED, "score", "as_of", "points", named=True)


def _points_at(indicator: str) -> Coalesce:
    """Return the points that count at an indicator: those a person gave, else those measured; NULL without a value."""
    entry = KeyTransform(indicator, "indicators")
    # A JSON null is NULL to PostgreSQL and the text "null" to SQLite.
    value = NullIf(KeyTextTransform("value", entry), Value("null"), output_field=TextField())
    measured = Case(When(IsNull(value, False), then=_points(entry)))
    return Coalesce(_points(KeyTransform("given", entry)), measured)


def heat_row(indicators: Sequence[Indicator], row: Any) -> HeatRow:
    """Return a row of `heat_groups` with a cell for each of `indicators`."""
    cells = [_cell(indicator, row.points.get(indicator.code)) for indicator in indicators]
    of_group = {name: getattr(row, name) for name in NAMED}
    return HeatRow(**of_group, score=row.score, as_of=row.as_of, cells=cells)


def _cell(indicator: Indicator, entry: Mapping[str, Any] | None) -> Cell:
    if entry is None:  # an earlier version had no such indicator
        return Cell(indicator, None, None)
    measured = None if entry["value"] is None else entry["points"]
    given = entry.get("given")
    return Cell(indicator, measured if given is None else given["points"], measured)


def _points(entry: KeyTransform) -> Cast:
    return Cast(KeyTextTransform("points", entry), IntegerField())
