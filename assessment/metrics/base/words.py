"""Measured values in words."""

from __future__ import annotations

import math

from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from assessment.metrics.base.metric import NO_DATA, Facts, all_metrics

MINUTES = _("Minute book")


def sentence(metric: str, value: float | None, facts: Facts) -> str:
    """Return a measured value in words: "present 87%, last 4 meetings"."""
    return str(NO_DATA) if value is None else all_metrics()[metric].sentence(facts)


def value_text(metric: str, value: float | None) -> str:
    """Return a value or a threshold of a metric, "" for what is judged: a share as percent, else the number."""
    if value is None:
        return str(NO_DATA)
    found = all_metrics().get(metric)
    if found is not None and found.is_share:
        # Rounded down, as in the sentences; the small amount undoes 0.29 * 100 = 28.999…
        return f"{math.floor(value * 100 + 1e-9)}%"
    return f"{value:g}"


def page_url(metric: str, code: str) -> str:
    """Return the page of the group with the records that the metric counts."""
    return reverse(all_metrics()[metric].page, args=[code])


def percent(part: int, of: int) -> int:
    """Whole percent, rounded down: 89.6 % is not yet 90 %."""
    return part * 100 // of if of else 0


def last_meetings(facts: Facts) -> str:
    """Return "last 4 meetings" with the number there were."""
    return ngettext("last meeting", "last %(count)d meetings", facts["meetings"]) % {"count": facts["meetings"]}
