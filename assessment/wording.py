"""Why a group needs help, in words."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from assessment.models import Need

NEED_LABELS: dict[Need, Promise] = {
    Need.NEVER_ASSESSED: _("Never assessed"),
    Need.NO_MEETING: _("No meeting for 60 days"),
    Need.STAGE_DROPPED: _("Stage dropped"),
    Need.ARREARS: _("Arrears: repayment under 80%"),
    Need.ARREARS_RISING: _("Arrears rising"),
    Need.FALLING_ATTENDANCE: _("Attendance falling"),
    Need.LOW_ATTENDANCE: _("Attendance under 60%"),
}


def reasons(need: int) -> list[Promise]:
    """Return why a group needs help, most urgent first."""
    return [label for flag, label in NEED_LABELS.items() if flag in Need(need)]


def reasons_text(need: int) -> str:
    """Return why a group needs help as one text."""
    return " · ".join(map(str, reasons(need)))
