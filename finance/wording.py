"""The words of the health figures."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from finance.performance import Collectability, UpkClass

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
