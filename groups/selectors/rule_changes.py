"""What changed in the rules of a group from one version to the next, as people read it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import models
from django.utils.formats import number_format
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from groups.models import Constitution, Group
from groups.models.constitution import in_percent
from groups.shared.money import rupiah

_OF_THE_AGREEMENT = {"agreed_in_meeting", "votes_for", "votes_against", "votes_abstained"}
"""How a version was agreed, which is no rule."""


@dataclass(frozen=True, slots=True)
class RuleChange:
    """A rule that is another than before."""

    label: str
    before: str
    after: str


def rule_changes(before: Constitution, after: Constitution) -> list[RuleChange]:
    """Return the rules in which two versions differ, in the order of the rules."""
    fields = [field for field in Constitution.rule_fields() if field.name not in _OF_THE_AGREEMENT]
    return [
        RuleChange(capfirst(str(field.verbose_name)), _shown(before, field), _shown(after, field))
        for field in fields
        if getattr(before, field.name) != getattr(after, field.name)
    ]


def versions_with_changes(group: Group) -> list[tuple[Constitution, list[RuleChange]]]:
    """Return the versions of the rules of a group, the newest first, each with what it changed in the one before.

    The rules that a group was registered with nobody agreed, so what comes first changes nothing.
    """
    versions = list(group.constitutions.select_related("recorded_by").order_by("-agreed_on", "-version"))
    pairs = zip(versions, [*versions[1:], None], strict=True)
    return [
        (rules, [] if before is None or before.is_empty else rule_changes(before, rules)) for rules, before in pairs
    ]


def _shown(rules: Constitution, field: models.Field[Any, Any]) -> str:
    value = getattr(rules, field.name)
    if field.name == "loan_kinds":
        return "; ".join(str(kind.label) for kind in rules.kinds_of_loan)
    if field.name == "loan_ladder":
        return ", ".join(rupiah(step) for step in rules.loan_ladder_steps) or "–"
    if field.choices:
        return str(getattr(rules, f"get_{field.name}_display")())
    match field:
        case models.BooleanField():
            return _("yes") if value else _("no")
        case models.DecimalField():
            is_fraction = field.max_digits == 7
            return f"{number_format(in_percent(value if is_fraction else value / 100))} %"
        case models.PositiveBigIntegerField():
            return rupiah(value)
    return rupiah(value) if field.name == "loan_round_up_to" else str(value) or "–"
