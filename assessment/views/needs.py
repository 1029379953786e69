"""The dashboard of groups that need help now: how many for each reason, and which with whom."""

from __future__ import annotations

from operator import attrgetter
from typing import Any

from django.http import HttpResponse
from django.utils.translation import gettext as _

from assessment import wording
from assessment.charts.bars import Line, bars
from assessment.models import Need
from assessment.selectors import dashboard as selectors
from assessment.selectors.needs import NeedCounts, facilitators_of, need_counts
from assessment.views.frame import DATE, MONEY, NUMBER, Frame, ReadColumn, group_columns
from finance.tables.table import Column, Table
from groups.http import UserRequest
from groups.permissions import Capability, requires


@requires(Capability.ASSESS)
def needs(request: UserRequest) -> HttpResponse:
    """Count the reasons, and list the groups that need help, for one reason or any."""
    frame = Frame(request, "dashboard-needs")
    reason = Need.__members__.get(request.GET.get("reason", ""))
    counts = need_counts(frame.groups, frame.filters)
    groups = selectors.by_need(frame.groups, frame.filters, reason or ~Need(0))
    page = frame.page(groups, counts.in_need if reason is None else counts.by_reason[reason])
    with_whom = facilitators_of([row.pk for row in page], frame.today)
    rows = [(row, frame.stage_name(row.stage), wording.reasons(row.need), with_whom.get(row.pk, "")) for row in page]
    label = wording.NEED_LABELS[reason] if reason is not None else ""
    context = {"reason": reason, "label": label, "page": page, "rows": rows, **_reasons(frame, counts)}
    return frame.show("assessment/needs.html", context, lambda: _table(frame, groups))


def _reasons(frame: Frame, counts: NeedCounts) -> dict[str, Any]:
    """Return how many groups have each reason, as numbers that lead to them and as a chart."""
    reasons = [
        (reason, wording.NEED_LABELS[reason], count, frame.address(reason=reason.name))
        for reason, count in counts.by_reason.items()
    ]
    lines = [Line(str(label), str(count), address, [count]) for _reason, label, count, address in reasons]
    chart = bars(_("Groups that need help, by reason"), lines, [(2, "")]) if counts.in_need else None
    return {"counts": counts, "reasons": reasons, "chart": chart}


def _table(frame: Frame, groups: Any) -> Table:
    with_whom = facilitators_of(frame.groups.order_by(), frame.today)
    columns: list[ReadColumn] = [
        *group_columns(),
        (Column(_("Facilitator")), lambda row: with_whom.get(row.pk, "")),
        (Column(_("Reasons")), lambda row: wording.reasons_text(row.need)),
        (Column(_("Stage")), lambda row: frame.stage_name(row.stage)),
        (Column(_("Score"), NUMBER), attrgetter("score")),
        (Column(_("Arrears"), MONEY), attrgetter("arrears")),
        (Column(_("As on"), DATE), attrgetter("as_of")),
    ]
    return frame.table_of(_("Needs help"), "perlu-bantuan", columns, groups)
