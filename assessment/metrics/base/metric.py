"""What a metric is, and finding them: each module of `assessment.metrics` has one in `METRIC`, by the module's name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import Any, NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

import assessment.metrics
from finance.tables.table import Table
from groups.models import Group
from groups.shared.sql import Relation

WINDOW_DAYS = 182
"""Records count for half a year: older ones say nothing about how a group works now."""
RECENT_MEETINGS = 4
"""Attendance, savings, agenda and books are measured over the last four meetings (DreamSave)."""
LEAST_MEETINGS = 2
"""With fewer meetings in the window there is not enough data."""
CLOSING_DAYS = 7
"""The books of a meeting are in time if it was closed within a week."""

NO_DATA = _("not enough data")

Facts = dict[str, Any]
"""Numbers about one group by name: whole, amounts in rupiah. A text keeps its type."""


@dataclass(frozen=True, slots=True)
class Reads:
    """What is read of a relation: by name, SQL that adds up the rows of one group."""

    relation: Relation
    sums: Mapping[str, str]


class Measured(NamedTuple):
    """The value of a metric, None for "not enough data", and the facts behind it."""

    value: float | None
    facts: Facts


Rows = Callable[[Relation], list[Any]]
"""The rows of one group as of a day, by relation: the very ones that are added up."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """The records behind one measured value: tables that add up to it, and the numbers of the records by kind."""

    tables: list[Table]
    records: dict[str, list[int]]


def no_records(_rows: Rows) -> dict[str, list[int]]:
    """Return no records: the metric counts nothing that has a number."""
    return {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """One thing measured from records; a higher value is always better.

    `measure` turns what `reads` adds up for a group into a value, `formula` says in words how and when there is not
    enough data, `sentence` tells the facts of a value. `tables` show the records of a group as of a day and add up to
    it, `records` gives their numbers by kind, and the page of the group named `page` has all of them. `most` is the
    highest value, None where there is none.
    """

    reads: tuple[Reads, ...]
    measure: Callable[[Facts], Measured]
    formula: Promise
    sentence: Callable[[Facts], str]
    tables: Callable[[Group, date], list[Table]]
    records: Callable[[Rows], dict[str, list[int]]] = no_records
    page: str
    page_name: Promise
    most: int | None = 1
    is_share: bool = True


@cache
def all_metrics() -> Mapping[str, Metric]:
    """Return the metrics by name."""
    names = [module.name for module in iter_modules(assessment.metrics.__path__) if not module.ispkg]
    return {name: import_module(f"assessment.metrics.{name}").METRIC for name in names}


def recent(column: str) -> str:
    """Return SQL that adds up a column over the last four meetings of `MEETINGS_HELD`."""
    return f"SUM(CASE WHEN place <= {RECENT_MEETINGS} THEN {column} ELSE 0 END)"


def share(counted: int, of: int, facts: Facts, *, is_enough: bool) -> Measured:
    """Return `counted` / `of`, at most 1, or "not enough data"."""
    return Measured(min(1.0, counted / of) if is_enough and of > 0 else None, facts)


def share_of_recent(facts: Facts) -> Measured:
    """Return the share `counted` / `of` over the last four meetings, of which there must be two."""
    return share(facts["counted"], facts["of"], facts, is_enough=facts["meetings"] >= LEAST_MEETINGS)
