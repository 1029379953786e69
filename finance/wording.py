"""The words of the health figures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from finance.performance import (
    Collectability,
    Performance,
    UpkClass,
    upk_class_of_cost_coverage,
    upk_class_of_repayment,
    upk_class_of_return,
    upk_class_of_risk,
)

COLLECTABILITY = {
    Collectability.LANCAR: _("1 Current (lancar)"),
    Collectability.PERHATIAN: _("2 Watched (perhatian)"),
    Collectability.KURANG_LANCAR: _("3 Substandard (kurang lancar)"),
    Collectability.DIRAGUKAN: _("4 Doubtful (diragukan)"),
    Collectability.MACET: _("5 Loss (macet)"),
}
AGES = (
    _("On time"),
    _("1–30 days"),
    _("31–60 days"),
    _("61–90 days"),
    _("91–180 days"),
    _("More than 180 days"),
)
"""The rows of the ageing table, in the order of `finance.performance.AGEING_DAYS`."""
UPK_CLASSES = {
    UpkClass.GOOD: _("Good (memuaskan)"),
    UpkClass.MINIMUM: _("Minimum"),
    UpkClass.SUSPEND: _("Suspend (penundaan)"),
}


@dataclass(frozen=True, slots=True)
class UpkStandard:
    """A ratio of the operating standard of UPKs: what it is, how it is counted, and how it is classed."""

    name: Promise
    meaning: Promise
    of: Callable[[Performance], Fraction | None]
    classed: Callable[[Fraction | None], UpkClass | None]


UPK_STANDARD = (
    UpkStandard(
        _("LAR (UPK)"),
        _("Borrowers at least three months late, of the borrowers with a balance"),
        lambda figures: figures.lar,
        upk_class_of_risk,
    ),
    UpkStandard(
        _("PAR (UPK)"),
        _("Balances of loans at least three months late, of all balances"),
        lambda figures: figures.upk_par,
        upk_class_of_risk,
    ),
    UpkStandard(
        _("RR (UPK)"),
        _("Balances less what is late on loans at least three months late, of all balances"),
        lambda figures: figures.upk_repayment_rate,
        upk_class_of_repayment,
    ),
    UpkStandard(
        _("CCR (UPK)"),
        _("Income of this year, of the costs of this year"),
        lambda figures: figures.cost_coverage,
        upk_class_of_cost_coverage,
    ),
    UpkStandard(
        _("ROI (UPK)"),
        _("Surplus of this year brought to twelve months, of the capital"),
        lambda figures: figures.return_on_investment,
        upk_class_of_return,
    ),
)
