"""The dashboard of signals: what is worth a question, in how many groups, and in which."""

from __future__ import annotations

from collections.abc import Sequence

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
    groups = at_stage(frame.groups, frame.filters)
    found = selectors.overview(groups, signal)
    page = frame.page(found.groups, found.number)
    counts = [(all_signals()[name], count, frame.address(signal=name)) for name, count in found.counts.items()]
    lines = [Line(str(known.label), str(count), address, [count]) for known, count, address in counts]
    return frame.show(
        "assessment/signals.html",
        {
            "signal": signal,
            "question": all_signals().get(signal),
            "counts": counts,
            "chart": bars(_("Groups with each signal"), lines, [(2, "")]) if any(found.counts.values()) else None,
            "page": page,
            "rows": selectors.shown(page),
            "total": found.number,
            # Of one stage, scores are alike anyway.
            "alike": selectors.alike_facilitators(frame.groups, frame.today, frame.filters.scheme),
            "limits": {"groups": selectors.FACILITATOR_GROUPS, "points": selectors.ALIKE_POINTS, "years": TERM_YEARS},
        },
        lambda: _table(frame, selectors.shown(found.groups)),
    )


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
