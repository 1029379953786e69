"""System checks of the database: `manage.py check --database default`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core.checks import CheckMessage, Tags, Warning, register

from groups.shared.integrity import faulty_rules


@register(Tags.database)
def check_rules(databases: Sequence[str] | None = None, **_kwargs: Any) -> list[CheckMessage]:
    """Name what is wrong with each database; no error, for `migrate` runs this check too and puts triggers back."""
    return [
        Warning(
            f"In the database {using} the rule {rule} {fault}.",
            hint="`manage.py install_triggers` puts triggers back; a constraint comes back from a backup.",
            id="kelompok.W001",
        )
        for using in databases or ()
        for rule, fault in faulty_rules(using)
    ]
