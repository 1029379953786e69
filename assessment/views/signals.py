"""The dashboard of signals: what is worth a question, in how many groups, and in which."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.http import HttpResponse
from django.utils.translation import gettext as _

from assessment.charts.bars import Line, bars, of_whole
from assessment.models import Review
from assessment.selectors import signals as selectors
from assessment.selectors.dashboard import at_stage
from assessment.selectors.reviews import running_reviews
from assessment.signals import all_signals
from assessment.views.frame import DATE, NUMBER, Frame, group_columns
from assessment.views.reviews import is_only_open
from finance.tables.table import Cell, Column, Row, Table
from groups.http import UserRequest
from groups.permissions import Capability, requires


@requires(Capability.ASSESS)
def signals(request: UserRequest) -> HttpResponse:
    """Signals beside the score: how many groups have each, the groups, and facilitators whose groups score alike."""
    frame = Frame(request, "dashboard-signals")
    signal, only_open = frame.choice("signal", all_signals()), is_only_open(request)
    groups, reviews = at_stage(frame.groups, frame.filters), running_reviews(frame.groups, frame.day)
    overview = selectors.overview(groups, reviews, frame.filters.month, frame.day, signal, only_open=only_open)
    page = frame.page(overview.groups, overview.number)

    def shown(rows: Iterable[Any]) -> list[selectors.GroupSignals]:
        return selectors.shown(rows, reviews, frame.day, only_open=only_open)

    context = {
        "signal": signal,
        "only_open": only_open,
        "question": all_signals().get(signal),
        "page": page,
        "rows": shown(page),
        "total": overview.number,
        # Of one stage, scores are alike anyway.
        "alike": selectors.alike_facilitators(frame.groups, frame.day, frame.filters),
        "limits": {"groups": selectors.FACILITATOR_GROUPS, "points": selectors.ALIKE_POINTS},
        **_counts(frame, overview, only_open=only_open),
    }
    return frame.show("assessment/signals.html", context, lambda: _table(frame, shown(overview.groups)))


def _counts(frame: Frame, overview: selectors.Overview, *, only_open: bool) -> dict[str, Any]:
    """Return how many groups have each signal, as numbers that lead to them and as a chart."""
    kept = {"open": "1"} if only_open else {}
    counts = []
    for name, count in overview.counts.items():
        looked = overview.reviewed[name]
        shown = count - looked if only_open else count
        counts.append((all_signals()[name], shown, looked, frame.address(signal=name, **kept)))
    lines = [
        Line(str(signal.label), of_whole(count, overview.of_all), [count], whole=overview.of_all)
        for signal, count, *_rest in counts
    ]
    chart = (
        bars(_("Groups with each signal"), lines, [(2, "")])
        if any(count for _signal, count, *_rest in counts)
        else None
    )
    return {"counts": counts, "chart": chart}


def _table(frame: Frame, groups: Sequence[selectors.GroupSignals]) -> Table:
    of_group = group_columns(frame)
    columns = [
        *(column for column, _read in of_group),
        Column(_("Signal")),
        Column(_("What was seen")),
        Column(_("Records"), NUMBER),
        Column(_("Looked into by")),
        Column(_("Looked into on"), DATE),
        Column(_("What was found")),
        Column(_("Look again on"), DATE),
    ]
    rows = (
        Row([
            *(read(group) for _column, read in of_group), str(signal.question.label), signal.words,
            signal.found.counted, *_review_cells(signal.review),
        ])
        for group in groups
        for signal in group.signals
    )  # fmt: skip
    return frame.table(_("To look into"), "tanda", columns, rows)


def _review_cells(review: Review | None) -> list[Cell]:
    if review is None:
        return ["", None, "", None]
    return [str(review.recorded_by), review.looked_on, review.note, review.look_again_on]
