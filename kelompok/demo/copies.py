"""Copies groups in SQL: thousands of groups from a few dozen that were recorded through the services.

Every row of a group names its group, so the models themselves say what belongs to it: `Group`, and each model with a
foreign key `group`. A copy takes the rows as they are, with all keys of one table moved by the same
number, so that what pointed at a row of the template points at the copy of that row.
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from django.apps import apps
from django.core.management.color import no_style
from django.db import connection, models, transaction
from django.db.models import Max, Min

from groups.models import ChangedGroup, Group, User
from groups.shared.folding import fold

_OWN = {"code": "code", "name": "name", "name_key": "name_key", "village_id": "village", "key": "key"}
"""Columns of a group that a copy has of its own, and where they stand in the table of copies."""
_NEXT_NUMBER = (
    f"(SELECT MAX(g.number) FROM {Group._meta.db_table} g WHERE g.organisation_id = r.organisation_id)"  # noqa: S608
    " + ROW_NUMBER() OVER (PARTITION BY r.organisation_id ORDER BY c.code)"
)
BATCH = 200
"""Copies made in one transaction, so that memory stays flat at any size."""


@dataclass(frozen=True, slots=True)
class GroupCopy:
    """What a copy of the group with the id `template` has of its own; `facilitator` takes the place of the `former`.

    `former` and `facilitator` are ids of users, `village` is the code of a region.
    """

    template: int
    code: str
    name: str
    village: str | None
    former: int
    facilitator: int
    key: uuid.UUID


@dataclass(frozen=True, slots=True)
class _Keys:
    """The keys of one table: those of the first round of copies are `base` above the templates', of each next `width`.

    A round copies each template at most once, so that no two copies get the same key.
    """

    base: int
    width: int

    def moved(self, column: str) -> str:
        """Return the SQL of what a key in `column` is in a copy."""
        return f"r.{column} + {self.base} + {self.width} * c.round"


def copy_groups(copies: Iterable[GroupCopy]) -> Iterator[int]:
    """Copy groups with everything recorded of them, batch by batch; yield how many each batch made.

    Nothing worked out from the templates' records (scores, figures of dashboards) may be there yet, and what their
    records keep as JSON must name no primary key: a template has no draft. Triggers and constraints are in force.
    """
    copies = iter(copies)
    while batch := list(islice(copies, BATCH)):
        with transaction.atomic():
            _copy_batch(batch)
        yield len(batch)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")  # or the planner takes the tables for empty until the database looks by itself


def _copy_batch(batch: Sequence[GroupCopy]) -> None:
    models_of_groups = _models_of_groups()
    templates = {copy.template for copy in batch}
    keys = {model: moved for model in models_of_groups if (moved := _keys(model, templates)) is not None}
    with connection.cursor() as cursor:
        _write_copies(cursor, batch)
        for model in keys:
            cursor.execute(_copy_sql(model, keys))
        cursor.execute("DROP TABLE demo_copy")
        # PostgreSQL must not hand the keys out again.
        for statement in connection.ops.sequence_reset_sql(no_style(), list(keys)):
            cursor.execute(statement)


def _models_of_groups() -> list[type[models.Model]]:
    """Return `Group` and the models whose rows are of one group, each after those its rows cannot be without."""
    waiting = [model for model in apps.get_models() if model is Group or _names_group(model)]
    waiting.remove(ChangedGroup)  # triggers mark a copy as changed, as they do any group
    ordered: list[type[models.Model]] = []
    while waiting:
        ready = [model for model in waiting if not _needed(model) & set(waiting)]
        ordered += ready
        waiting = [model for model in waiting if model not in ready]
    return ordered


def _names_group(model: type[models.Model]) -> bool:
    return any(field.name == "group" and field.related_model is Group for field in model._meta.concrete_fields)


def _needed(model: type[models.Model]) -> set[Any]:
    """Return the models a row must point at; what it may point at can come later in the same transaction."""
    return {field.related_model for field in model._meta.concrete_fields if field.is_relation and not field.null}


def _keys(model: type[models.Model], templates: Collection[int]) -> _Keys | None:
    """Return how keys are moved, None where the templates have no rows."""
    rows = model._default_manager.all()
    chosen = rows.filter(**{"pk__in" if model is Group else "group__in": templates})
    range_of_keys = chosen.aggregate(first=Min("pk"), last=Max("pk"))
    if range_of_keys["first"] is None:
        return None
    top = rows.aggregate(top=Max("pk"))["top"]
    return _Keys(base=top - range_of_keys["first"] + 1, width=range_of_keys["last"] - range_of_keys["first"] + 1)


def _write_copies(cursor: Any, batch: Sequence[GroupCopy]) -> None:
    """Write the copies into a table of their own, each with its round: how often its template came before."""
    key = Group._meta.get_field("key")
    cursor.execute(
        "CREATE TEMPORARY TABLE demo_copy (template bigint, round bigint, code text, name text, name_key text, "
        f"village text, former bigint, facilitator bigint, key {key.db_type(connection)})"
    )
    rounds: Counter[int] = Counter()
    rows = []
    for copy in batch:
        rows.append((
            copy.template, rounds[copy.template], copy.code, copy.name, fold(copy.name), copy.village, copy.former,
            copy.facilitator, key.get_db_prep_value(copy.key, connection),
        ))  # fmt: skip
        rounds[copy.template] += 1
    cursor.executemany("INSERT INTO demo_copy VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)", rows)


def _copy_sql(model: type[models.Model], keys: dict[type[models.Model], _Keys]) -> str:
    fields = [field for field in model._meta.concrete_fields if not field.generated]
    columns = ", ".join(connection.ops.quote_name(str(field.column)) for field in fields)
    values = ", ".join(_value(field, keys) for field in fields)
    table, group = model._meta.db_table, "id" if model is Group else "group_id"
    rows = f"SELECT {values} FROM {table} r JOIN demo_copy c ON c.template = r.{group}"  # noqa: S608 - names of models
    return f"INSERT INTO {table} ({columns}) {rows}"


def _value(field: Any, keys: dict[type[models.Model], _Keys]) -> str:
    """Return the SQL of a column of a copy."""
    column = connection.ops.quote_name(field.column)
    if field.model is Group and field.column in _OWN:
        return f"c.{_OWN[field.column]}"
    if field.model is Group and field.name == "number":
        return _NEXT_NUMBER
    if field.primary_key:
        return keys[field.model].moved(column)
    if field.related_model in keys:
        return keys[field.related_model].moved(column)
    if field.related_model is User:
        return f"CASE WHEN r.{column} = c.former THEN c.facilitator ELSE r.{column} END"
    return f"r.{column}"
