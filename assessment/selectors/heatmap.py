"""Groups by indicators: the points of the score of each group."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from django.db.models import Case, F, IntegerField, OuterRef, QuerySet, Subquery, TextField, Value, When
from django.db.models.fields.json import KeyTextTransform, KeyTransform
from django.db.models.functions import Cast, Coalesce, NullIf
from django.db.models.lookups import IsNull

from assessment import instruments
from assessment.models import Assessment, Indicator, Instrument
from assessment.selectors.dashboard import NAMED, Filters, at_stage, with_names
from groups.models import Group


class Cell(NamedTuple):
    """One indicator of one group: the points that count, None for not enough data, and those measured.

    `is_given` says that a person gave the points: in the place of measured ones, or where nothing is measured.
    """

    indicator: Indicator
    points: int | None
    measured: int | None
    is_given: bool

    @property
    def shade(self) -> int:
        """How much of the weight was earned, from 0 for nothing to 4 for all of it."""
        points = self.points or 0
        if points >= self.indicator.weight:
            return 4
        return 0 if not points else 1 + 3 * points // self.indicator.weight


@dataclass(frozen=True, slots=True)
class HeatColumn:
    """An indicator as the newest of the versions that have it says it, and what it is worth in any of them."""

    number: int
    indicator: Indicator
    weights: tuple[int, ...]

    def __str__(self) -> str:
        return f"{self.number}. {self.indicator.name}"


@dataclass(frozen=True, slots=True)
class Assessed:
    """By which versions of an instrument groups were assessed, the newest first, and the indicators of all of them.

    `unused` are the names of indicators that only other versions of the scheme have, by code.
    """

    versions: dict[int, Instrument]
    indicators: dict[tuple[int, str], Indicator]
    columns: dict[str, HeatColumn]
    unused: dict[str, str]


@dataclass(frozen=True, slots=True)
class HeatRow:
    """A group with its score, the version of the instrument it was assessed by, and a cell for each column."""

    pk: int
    code: str
    number: int
    group_prefix: str
    name: str
    village_name: str | None
    regency: str | None
    status_then: str
    score: int
    as_of: date
    instrument: Instrument
    cells: list[Cell]


def assessed(groups: QuerySet[Group], filters: Filters, organisation: int | None) -> Assessed:
    """Return by which versions the scored groups at the stage of the filters were assessed for the month shown.

    They are of `organisation`, or of any for None. One statement, and one more where the scheme has several versions.
    Where no group is scored it is the newest version.
    """
    of_scheme = instruments.indicators_of_scheme(organisation, filters.scheme)
    versions = {indicator.instrument_id: indicator.instrument for indicator in of_scheme}
    if len(versions) > 1:
        used = {pk for (pk,) in _scored(groups, filters).order_by().values_list("instrument").distinct()}
        used = used or {*list(versions)[:1]}
        versions = {pk: version for pk, version in versions.items() if pk in used}
    indicators = {(of.instrument_id, of.code): of for of in of_scheme if of.instrument_id in versions}
    by_code: dict[str, list[Indicator]] = {}
    for (_version, code), indicator in indicators.items():
        by_code.setdefault(code, []).append(indicator)
    columns = {
        code: HeatColumn(
            place if len(versions) > 1 else found[0].number,
            found[0],
            tuple(dict.fromkeys(indicator.weight for indicator in found)),
        )
        for place, (code, found) in enumerate(by_code.items(), start=1)
    }
    unused = {indicator.code: indicator.name for indicator in of_scheme if indicator.code not in columns}
    return Assessed(versions, indicators, columns, unused)


def _scored(groups: QuerySet[Group], filters: Filters) -> Any:
    """Return the scored groups at the stage of the filters, each with its `points` and the `instrument` they are by."""
    stored = Assessment.objects.filter(group=OuterRef("pk"), scheme=filters.scheme, as_of=OuterRef("now__as_of"))
    return (
        at_stage(groups, filters)
        .filter(now__rank__isnull=False)
        .annotate(points=Subquery(stored.values("indicators")), instrument=Subquery(stored.values("instrument")))
    )


def heat_groups(groups: QuerySet[Group], filters: Filters, worst_at: str = "") -> Any:
    """Return the scored groups at the stage of the filters, as rows for `heat_row`.

    They go by name, or those with the fewest points at the indicator `worst_at` first, and there those without enough
    data last.
    """
    stored = Assessment.objects.filter(group=OuterRef("pk"), scheme=filters.scheme, as_of=OuterRef("now__as_of"))
    rows = with_names(_scored(groups, filters), filters.month).annotate(score=F("now__score"), as_of=F("now__as_of"))
    order: list[Any] = [F("name"), F("pk")]
    if worst_at:
        order = [Subquery(stored.values_list(_points_at(worst_at))).asc(nulls_last=True), *order]
    return rows.order_by(*order).values_list(*NAMED, "score", "as_of", "points", "instrument", named=True)


def _points_at(indicator: str) -> Coalesce:
    """Return the points that count at an indicator: those a person gave, else those measured; NULL without a value."""
    entry = KeyTransform(indicator, "indicators")
    # A JSON null is NULL to PostgreSQL and the text "null" to SQLite.
    value = NullIf(KeyTextTransform("value", entry), Value("null"), output_field=TextField())
    measured = Case(When(IsNull(value, False), then=_points(entry)))
    return Coalesce(_points(KeyTransform("given", entry)), measured)


def heat_row(assessed: Assessed, row: Any) -> HeatRow:
    """Return a row of `heat_groups` with a cell for each column of `assessed`."""
    cells = [
        _cell(assessed.indicators.get((row.instrument, code), column.indicator), row.points.get(code))
        for code, column in assessed.columns.items()
    ]
    of_group = {name: getattr(row, name) for name in NAMED}
    version = assessed.versions[row.instrument]
    return HeatRow(**of_group, score=row.score, as_of=row.as_of, instrument=version, cells=cells)


def _cell(indicator: Indicator, entry: Mapping[str, Any] | None) -> Cell:
    if entry is None:  # another version alone has the indicator
        return Cell(indicator, None, None, is_given=False)
    kept = None if entry["value"] is None else entry["points"]
    if not indicator.metric:
        return Cell(indicator, kept, None, is_given=kept is not None)
    given = entry.get("given")
    return Cell(indicator, kept if given is None else given["points"], kept, is_given=given is not None)


def _points(entry: KeyTransform) -> Cast:
    return Cast(KeyTextTransform("points", entry), IntegerField())
