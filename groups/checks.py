"""System checks of the database: `manage.py check --database default`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core.checks import CheckMessage, Tags, Warning, register

from groups.shared.integrity import missing_rules


@register(Tags.database)
def check_rules(databases: Sequence[str] | None = None, **_kwargs: Any) -> list[CheckMessage]:
    """Name what each database lacks; no error, for `migrate` runs this check too and puts the triggers back."""
    return [
        Warning(
            f"The database {using} lacks the rule {rule}.",
            hint="`manage.py install_triggers` puts triggers back; a constraint comes back from a backup.",
            id="kelompok.W001",
        )
        for using in databases or ()
        for rule in missing_rules(using)
    ]
