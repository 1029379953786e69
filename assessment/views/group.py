"""Pages of the stage of one group."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render

from assessment.charts import group as group_charts
from assessment.metrics import recent_meetings, rows_of
from assessment.models import Assessment, Need
from assessment.selectors import current_score as selectors
from assessment.selectors.certificates import latest_certificate
from assessment.selectors.history import events, revised, stage_names, transitions
from assessment.selectors.signals import look_into
from assessment.views.schemes import schemes
from groups.http import GroupRequest
from groups.models import Group
from groups.permissions import Capability, can, requires
from groups.shared import clock

HISTORY_DAYS = 731
"""The history goes back two years."""


@requires(Capability.READ)
def assessment(request: GroupRequest) -> HttpResponse:
    """The stage of a group today, what it rests on, what is missing, and its history."""
    chosen = schemes(request)
    today = clock.today()
    since = today - timedelta(HISTORY_DAYS)
    scores = selectors.stored_scores(request.group, chosen.chosen, since)
    current = selectors.current_score(request.group, today, chosen.chosen, scores)
    need = current.need if current is not None else Need(0)
    context = {
        "current": current,
        "schemes": chosen,
        "leaves_to_judge": current is not None and any(not row.indicator.metric for row in current.rows),
        "meets_first": Need.NO_MEETING in need,
        **(look_into(request.group, need, today) if can(request.user, Capability.ASSESS) else {}),
        "radar": group_charts.radar(current.areas) if current is not None else None,
        "meetings": recent_meetings(rows_of(request.group, current.as_of)) if current is not None else [],
        "revised": revised(request.group, chosen.chosen, since),
        **_certified(request.group, scores, today),
        **_history(request.group, scores, current, since, today),
    }
    return render(request, "assessment/assessment.html", context)


def _certified(group: Group, scores: list[Assessment], today: date) -> dict[str, Any]:
    """Return the last certificate among the stored `scores`, and whether it is still valid."""
    found = latest_certificate(group, scores)
    return {"certificate": found, "is_certificate_valid": found is not None and found.is_valid(today)}


def _history(
    group: Group, scores: list[Assessment], current: selectors.CurrentScore | None, since: date, today: date
) -> dict[str, Any]:
    """Return what the page shows of the stored `scores`: the last of each month, what moved the stage, and a chart."""
    by_month = list({score.as_of.replace(day=1): score for score in scores}.values())
    rules = current.rules if current is not None else []
    names = {(rule.instrument_id, rule.stage): rule.name for rule in rules}
    names |= stage_names({score.instrument_id for score in by_month} - {instrument for instrument, _stage in names})
    happened = events(group, since, today)
    has_any = by_month or happened
    return {
        "history": [(row, names.get((row.instrument_id, row.stage), row.stage)) for row in by_month],
        "behind": [row for row in by_month if selectors.is_behind(row, current)],
        "transitions": transitions(scores, rules),
        "chart": group_charts.history_line(by_month, rules, happened, since, today) if has_any else None,
    }
