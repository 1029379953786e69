"""The page of the health of a group's loans, and what that of many groups shows alike."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from django.http import HttpResponse
from django.utils import timezone
from django.utils.functional import Promise

from finance import selectors, tables
from finance.forms.reports import DayForm
from finance.performance import (
    Performance,
    Slice,
)
from finance.views.printing import respond_with_book
from finance.wording import AGES, COLLECTABILITY, UPK_CLASSES, UPK_STANDARD, UpkStandard
from groups.http import GroupRequest
from groups.models import Group
from groups.permissions import Capability, requires

BAR_WIDTH = 200
"""Of all that is outstanding in the ageing chart, in the units of its viewBox."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A ratio of the operating standard of UPKs: what it is, how it is counted, and its class."""

    name: str | Promise
    meaning: str | Promise
    value: Fraction | None
    css: str
    class_label: str | Promise


@dataclass(frozen=True, slots=True)
class Age:
    """A row of the ageing table with the length of its bar."""

    label: str | Promise
    part: Slice
    width: int
    y: int


@requires(Capability.READ)
def health(request: GroupRequest) -> HttpResponse:
    """How the group's loans are repaid: ageing, collectability, and the figures of a UPK, as on a day."""
    form = DayForm(request.GET)
    as_of = form.day(timezone.localdate())
    form.fill(on=as_of)
    own = Group.objects.filter(pk=request.group.pk)
    table = tables.loan_ageing(request.group, selectors.loan_arrears(own, as_of=as_of), as_of=as_of)
    figures = figures_shown(selectors.performance(own, as_of=as_of))
    context = {
        "form": form,
        "on": as_of,
        "table": table,
        **figures,
    }
    return respond_with_book(request, "finance/health.html", context, lambda: table)


def figures_shown(figures: Performance) -> dict[str, object]:
    """Return what `finance/_health.html` shows of the figures of one group or of many."""
    return {
        "figures": figures,
        "ages": _ages(figures),
        "collectability": list(zip(COLLECTABILITY.values(), figures.by_collectability(), strict=True)),
        "upk": [_figure(standard, standard.of(figures)) for standard in UPK_STANDARD],
    }


def _figure(standard: UpkStandard, value: Fraction | None) -> Figure:
    upk_class = standard.classed(value)
    if upk_class is None:
        return Figure(standard.name, standard.meaning, value, "", "")
    return Figure(standard.name, standard.meaning, value, f"upk-{upk_class}", UPK_CLASSES[upk_class])


def _ages(figures: Performance) -> list[Age]:
    parts = figures.ageing()
    whole = sum(part.balance for part in parts) or 1
    return [
        Age(label, part, part.balance * BAR_WIDTH // whole, 26 * number)
        for number, (label, part) in enumerate(zip(AGES, parts, strict=True))
    ]
