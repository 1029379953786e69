"""The dashboard of groups that need help now: how many for each reason, and which with whom."""

from __future__ import annotations

from typing import Any

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from assessment import wording
from assessment.charts.bars import Line, bars
from assessment.models import Need
from assessment.selectors import dashboard as selectors
from assessment.selectors.needs import facilitators_of, need_counts
from assessment.views.frame import DATE, GROUPS_ON_A_PAGE, MONEY, NUMBER, Frame
from finance.tables.table import Column, Row, Table
from groups.http import UserRequest
from groups.permissions import Capability, requires


@requires(Capability.ASSESS)
def needs(request: UserRequest) -> HttpResponse:
    """Count the reasons, and list the groups that need help, for one reason or any."""
    frame = Frame(request, "dashboard-needs")
    reason = Need.__members__.get(request.GET.get("reason", ""))
    counts = need_counts(frame.groups, frame.filters)
    groups = selectors.by_need(frame.groups, frame.filters, reason or ~Need(0))
    paginator = Paginator(groups, GROUPS_ON_A_PAGE)
    # The counts say it already; counting again would be one more statement.
    paginator.count = counts.in_need if reason is None else counts.by_reason[reason]
    page = paginator.get_page(request.GET.get("page"))
    reasons = [
        (found, wording.NEED_LABELS[found], count, frame.address(reason=found.name))
        for found, count in counts.by_reason.items()
    ]
    lines = [Line(str(label), str(count), address, [count]) for _reason, label, count, address in reasons]
    with_whom = facilitators_of([row.pk for row in page], timezone.localdate())
    names = frame.stage_names
    return frame.show(
        "assessment/needs.html",
        {
            "counts": counts,
            "reason": reason,
            "reasons": reasons,
            "all_reasons": frame.address(),
            "label": wording.NEED_LABELS[reason] if reason is not None else "",
            "chart": bars(_("Groups that need help, by reason"), lines, [(2, "")]) if counts.in_need else None,
            "page": page,
            "rows": [
                (row, names.get(row.stage, row.stage), wording.reasons(row.need), with_whom.get(row.pk, ""))
                for row in page
            ],
        },
        lambda: _table(frame, groups),
    )


def _table(frame: Frame, groups: Any) -> Table:
    columns = [
        Column(_("Code")),
        Column(_("Group")),
        Column(_("Village")),
        Column(_("Facilitator")),
        Column(_("Reasons")),
        Column(_("Stage")),
        Column(_("Score"), NUMBER),
        Column(_("Arrears"), MONEY),
        Column(_("As on"), DATE),
    ]
    names, with_whom = frame.stage_names, facilitators_of(frame.groups.order_by(), timezone.localdate())
    rows = (
        Row(
            [
                row.code,
                row.name,
                row.village_name,
                with_whom.get(row.pk, ""),
                wording.reasons_text(row.need),
                names.get(row.stage, row.stage),
                row.score,
                row.arrears,
                row.as_of,
            ]
        )
        for row in groups
    )
    return frame.table(_("Needs help"), "perlu-bantuan", columns, rows)
