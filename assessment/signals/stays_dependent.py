"""The day agreed for the end of mentoring is past, or a phase lasts half as long again as was agreed when it began.

Source: Bina Swadaya's work in Jakarta had no agreed end of mentoring, so that groups stayed dependent.
"""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from assessment.signals.base.signal import Signal, SignalHit
from groups.selectors.mentoring import MUCH_LONGER
from groups.selectors.relations import MENTORING_NOW


def _sentence(hit: SignalHit) -> str:
    return ngettext(
        "in this phase of mentoring for %(days)d day, longer than agreed",
        "in this phase of mentoring for %(days)d days, longer than agreed",
        hit.counted,
    ) % {"days": hit.counted}


SIGNAL = Signal(
    place=9,
    relations=(MENTORING_NOW,),
    sql=f"""
        SELECT group_id, phase_days AS counted, 0 AS amount, NULL AS records
        FROM mentoring_now
        WHERE mentoring_until < %(as_of)s
            OR {MUCH_LONGER.denominator} * phase_days > {MUCH_LONGER.numerator} * agreed_days""",  # noqa: S608 - no input
    label=_("Stays dependent on mentoring"),
    ask=_("What does the group still lack to go on alone? Agree on the end anew, or end mentoring."),
    sentence=_sentence,
    page="mentoring",
    page_name=_("Phases of mentoring"),
)
