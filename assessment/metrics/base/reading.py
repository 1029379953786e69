"""Reading what metrics add up, for many groups and any day: one statement for each relation."""

from __future__ import annotations

from collections import defaultdict, namedtuple
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any, NamedTuple

from assessment.metrics.base.metric import WINDOW_DAYS, Evidence, Facts, Reads, Rows, all_metrics
from groups.models import Group
from groups.shared.sql import Relation, as_day, read_relations

Records = Mapping[str, Facts]
"""The facts of one group, by what they were read for: the name of a metric, mostly."""


class Statement(NamedTuple):
    """A SELECT that adds up a relation by group; `places` are the columns after the group, by reader and fact."""

    relation: Relation
    sql: str
    places: dict[tuple[str, str], int]


def statements(wanted: Mapping[str, Iterable[Reads]]) -> list[Statement]:
    """Return what has to be run for all of `wanted`: one statement for each relation, equal sums only once."""
    sums: dict[str, list[str]] = {}
    places: dict[str, dict[tuple[str, str], int]] = {}
    relations: dict[str, Relation] = {}
    for reader, reads in wanted.items():
        for read in reads:
            name = read.relation.name
            relations[name] = read.relation
            of_relation = sums.setdefault(name, [])
            for fact, sql in read.sums.items():
                if sql not in of_relation:
                    of_relation.append(sql)
                places.setdefault(name, {})[reader, fact] = of_relation.index(sql)
    return [
        Statement(
            relation,
            f"SELECT group_id, {', '.join(sums[name])} FROM {name} GROUP BY group_id",  # noqa: S608 - no input
            places[name],
        )
        for name, relation in relations.items()
    ]


def read_facts(
    group_ids: Sequence[int], as_of: date, wanted: Mapping[str, Iterable[Reads]]
) -> dict[int, dict[str, Facts]]:
    """Return by group what each of `wanted` reads, zeros where there are no rows; one statement for each relation."""
    facts: dict[int, dict[str, Facts]] = {group_id: {reader: {} for reader in wanted} for group_id in group_ids}
    for relation, sql, places in statements(wanted):
        found = {row[0]: row[1:] for row in read_relations(sql, [relation], group_ids, parameters(as_of))}
        nothing = (0,) * len(places)
        for group_id, of_group in facts.items():
            row = [_number(value) for value in found.get(group_id, nothing)]
            for (reader, fact), place in places.items():
                of_group[reader][fact] = row[place]
    return facts


def rows_of_groups(group_ids: Sequence[int], as_of: date) -> Callable[[int], Rows]:
    """Return the rows of each group as of a day; a relation is read once for all groups, when it is asked for."""
    read: dict[str, dict[int, list[Any]]] = {}

    def of_relation(relation: Relation) -> dict[int, list[Any]]:
        if relation.name not in read:
            read[relation.name] = _read_rows(relation, group_ids, as_of)
        return read[relation.name]

    return lambda group_id: lambda relation: of_relation(relation).get(group_id, [])


def evidence(metric: str, group: Group, as_of: date) -> Evidence:
    """Return the records behind a metric of a group as of a day."""
    found = all_metrics()[metric]
    return Evidence(found.tables(group, as_of), found.records(rows_of(group, as_of)))


def rows_of(group: Group, as_of: date) -> Rows:
    """Return the rows of one group as of a day."""
    return rows_of_groups([group.pk], as_of)(group.pk)


def read_rows(relation: Relation, group: Group, as_of: date) -> list[Any]:
    """Return the rows of a relation for one group."""
    return rows_of(group, as_of)(relation)


def _read_rows(relation: Relation, group_ids: Sequence[int], as_of: date) -> dict[int, list[Any]]:
    """Return by group the rows of a relation, with a field for each column, in one statement."""
    sql = f"SELECT {', '.join(relation.columns)} FROM {relation.name}"  # noqa: S608 - no input
    row_type = namedtuple(relation.name, relation.columns)  # type: ignore[misc]
    days = [column.endswith("_on") for column in relation.columns]
    rows: dict[int, list[Any]] = defaultdict(list)
    for row in read_relations(sql, [relation], group_ids, parameters(as_of)):
        found: Any = row_type(
            *(as_day(cell) if is_day and cell else cell for cell, is_day in zip(row, days, strict=True))
        )
        rows[found.group_id].append(found)
    return rows


def parameters(as_of: date) -> dict[str, date]:
    """Return the parameters of the relations that metrics read."""
    return {"as_of": as_of, "since": as_of - timedelta(WINDOW_DAYS)}


def _number(value: Any) -> Any:
    """Sums come as decimals from PostgreSQL, and as nothing where there was nothing to add."""
    return value if isinstance(value, str) else int(value or 0)
