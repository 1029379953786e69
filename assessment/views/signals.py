"""The dashboard of signals: what is worth a question, in how many groups, and in which."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.http import HttpResponse
from django.utils.translation import gettext as _

from assessment.charts.bars import Line, bars
from assessment.selectors import signals as selectors
from assessment.selectors.dashboard import at_stage
from assessment.signals import all_signals
from assessment.signals.terms_expired import TERM_YEARS
from assessment.views.frame import NUMBER, Frame
from finance.tables.table import Column, Row, Table
from groups.http import UserRequest
from groups.permissions import Capability, requires


@requires(Capability.ASSESS)
def signals(request: UserRequest) -> HttpResponse:
    """Signals beside the score: how many groups have each, the groups, and facilitators whose groups score alike."""
    frame = Frame(request, "dashboard-signals")
    asked = request.GET.get("signal", "")
    signal = asked if asked in all_signals() else ""
    overview = selectors.overview(at_stage(frame.groups, frame.filters), signal)
    page = frame.page(overview.groups, overview.number)
    context = {
        "signal": signal,
        "question": all_signals().get(signal),
        "page": page,
        "rows": selectors.shown(page),
        "total": overview.number,
        # Of one stage, scores are alike anyway.
        "alike": selectors.alike_facilitators(frame.groups, frame.today, frame.filters.scheme),
        "limits": {"groups": selectors.FACILITATOR_GROUPS, "points": selectors.ALIKE_POINTS, "years": TERM_YEARS},
        **_counts(frame, overview.counts),
    }
    return frame.show("assessment/signals.html", context, lambda: _table(frame, selectors.shown(overview.groups)))


def _counts(frame: Frame, by_signal: Mapping[str, int]) -> dict[str, Any]:
    """Return how many groups have each signal, as numbers that lead to them and as a chart."""
    counts = [(all_signals()[name], count, frame.address(signal=name)) for name, count in by_signal.items()]
    lines = [Line(str(signal.label), str(count), address, [count]) for signal, count, address in counts]
    chart = bars(_("Groups with each signal"), lines, [(2, "")]) if any(by_signal.values()) else None
    return {"counts": counts, "chart": chart}


def _table(frame: Frame, groups: Sequence[selectors.GroupSignals]) -> Table:
    columns = [
        Column(_("Code")),
        Column(_("Group")),
        Column(_("Village")),
        Column(_("Signal")),
        Column(_("What was seen")),
        Column(_("Records"), NUMBER),
    ]
    rows = (
        Row([group.code, group.name, group.village, str(signal.question.label), signal.words, signal.found.counted])
        for group in groups
        for signal in group.signals
    )
    return frame.table(_("To look into"), "tanda", columns, rows)
