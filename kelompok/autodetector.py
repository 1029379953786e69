"""Migrations with the constraints and indexes of a new model inside its creation.

Django writes them as operations of their own, and each of those builds the state of all models anew: they took nine
tenths of the time of `migrate`. Its optimizer takes one into the creation of the model where nothing stands between,
so each is brought as near as its fields allow.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.migrations import AddConstraint, AddIndex, CreateModel
from django.db.migrations.autodetector import MigrationAutodetector
from django.db.migrations.operations.base import Operation
from django.db.migrations.optimizer import MigrationOptimizer
from django.db.models import F


class Autodetector(MigrationAutodetector):
    """Brings constraints and indexes to their model once it has its fields, and optimizes again."""

    def _optimize_migrations(self) -> None:
        super()._optimize_migrations()  # type: ignore[misc]  # the stubs lack it
        for app, migrations in self.migrations.items():  # type: ignore[attr-defined]  # the stubs lack it
            for migration in migrations:
                operations = beside_their_model(migration.operations)
                migration.operations = MigrationOptimizer().optimize(operations, app)


def beside_their_model(operations: Iterable[Operation]) -> list[Operation]:
    """Return `operations` with each `AddIndex` and `AddConstraint` right after what makes its model or its fields."""
    ordered: list[Operation] = []
    for operation in operations:
        place = len(ordered)
        if isinstance(operation, AddIndex | AddConstraint):
            option = operation.index if isinstance(operation, AddIndex) else operation.constraint
            fields = fields_of(option)
            needed = [at for at, one in enumerate(ordered, 1) if _makes(one, operation.model_name_lower, fields)]
            place = needed[-1] if needed else place
        ordered.insert(place, operation)
    return ordered


def fields_of(option: Any) -> set[str]:
    """Return the names of the fields that an index or a constraint uses."""
    names = {name.lstrip("-") for name in (*getattr(option, "fields", ()), *getattr(option, "include", ()))}
    if (condition := getattr(option, "condition", None)) is not None:
        names |= condition.referenced_base_fields
    for expression in getattr(option, "expressions", ()):
        names |= {part.name for part in expression.flatten() if isinstance(part, F)}  # type: ignore[attr-defined]
    return names


def _makes(operation: Operation, model: str, fields: set[str]) -> bool:
    """Say whether an operation creates the model, or is about one of its `fields`."""
    if isinstance(operation, CreateModel):
        return operation.name_lower == model
    return getattr(operation, "model_name_lower", "") == model and getattr(operation, "name", "") in fields
