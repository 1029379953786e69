"""The dashboard that compares regions or facilitators; a click on one narrows the filters to it."""

from __future__ import annotations

from collections.abc import Sequence

from django.http import HttpResponse
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from assessment.charts.bars import Line, bars, stage_parts
from assessment.selectors import comparison as selectors
from assessment.selectors.dashboard import at_stage
from assessment.views.frame import MONEY, NUMBER, PERCENT, Frame
from finance.tables.table import Cell, Column, Row, Table
from groups.http import UserRequest
from groups.permissions import Capability, requires

REGION, FACILITATOR = "region", "facilitator"


@requires(Capability.ASSESS)
def comparison(request: UserRequest) -> HttpResponse:
    """Stages, mean score, needs, savings and PAR of regions or facilitators side by side."""
    frame = Frame(request, "dashboard-compare")
    by = frame.choice("by", (REGION, FACILITATOR)) or REGION
    compared = _compared(frame, by)
    page = frame.page(compared.rows)
    lines = [Line(_name(row, by), _groups(row.groups), row.stages, whole=row.groups) for row in page]
    title = _("Groups at each stage, by facilitator") if by == FACILITATOR else _("Groups at each stage, by region")
    context = {
        "by": by,
        "choices": [(REGION, _("By region")), (FACILITATOR, _("By facilitator"))],
        "total": compared.total,
        "chart": bars(title, lines, stage_parts(frame.form.stages)) if lines else None,
        "page": page,
        "table": _table(frame, by, [*page], compared.total),
    }
    return frame.show("assessment/comparison.html", context, lambda: _table(frame, by, compared.rows, compared.total))


def _compared(frame: Frame, by: str) -> selectors.Comparison:
    groups, filters, stages = at_stage(frame.groups, frame.filters), frame.filters, len(frame.form.stages)
    if by == FACILITATOR:
        return selectors.by_facilitator(groups, filters, frame.day, stages=stages)
    return selectors.by_region(groups, filters, stages=stages)


def _table(frame: Frame, by: str, rows: Sequence[selectors.Compared], total: selectors.Compared) -> Table:
    columns = [
        Column(_("Facilitator") if by == FACILITATOR else _("Region")),
        Column(_("Group count"), NUMBER, on_phone=False),
        Column(_("Of them dormant"), NUMBER, on_phone=False),
        *(Column(rule.name, NUMBER, on_phone=False) for rule in frame.form.stages),
        Column(_("Never assessed"), NUMBER, on_phone=False),
        Column(_("Mean score"), NUMBER),
        Column(_("Need help"), NUMBER),
        Column(_("Savings"), MONEY, on_phone=False),
        Column(_("Outstanding"), MONEY, on_phone=False),
        Column(_("PAR 30 (CGAP)"), PERCENT, on_phone=False),
    ]

    def cells(row: selectors.Compared, name: str) -> list[Cell]:
        mean = None if row.mean_score is None else round(row.mean_score)
        known = (*row.stages, row.never_assessed, mean, row.needing)
        return [name, row.groups, row.dormant, *known, row.savings, row.balance, row.par_30]

    listed = [
        Row(cells(row, _name(row, by)), _address(frame, by, row.key), urls=_counted(frame, row, **{by: row.key}))
        if row.key
        else Row(cells(row, _name(row, by)))
        for row in rows
    ]
    listed.append(Row(cells(total, _("All")), urls=_counted(frame, total), is_total=True))
    title = _("Comparison of facilitators") if by == FACILITATOR else _("Comparison of regions")
    return frame.table(title, "banding", columns, listed)


def _name(row: selectors.Compared, by: str) -> str:
    return row.name or (_("Without a facilitator") if by == FACILITATOR else _("Without a village"))


def _address(frame: Frame, by: str, key: str) -> str:
    """Return where a row leads: deeper into the region, or to the groups of the village or of the facilitator."""
    if not key:
        return ""
    if by == FACILITATOR:
        return frame.address(facilitator=key)
    if len(key) < selectors.CODE_LENGTHS[-1]:
        return frame.address(region=key)
    return frame.address("dashboard", region=key)


def _counted(frame: Frame, row: selectors.Compared, **narrowed: str) -> dict[int, str]:
    """Return where the numbers of groups of a row lead, by their places; a zero leads nowhere."""
    stages = [rule.stage for rule in frame.form.stages]
    asked = [
        (row.groups, "dashboard", {}),
        (0, "", {}),  # the dormant ones
        *((count, "dashboard", {"stage": stage}) for count, stage in zip(row.stages, stages, strict=True)),
        (row.never_assessed, "dashboard", {"stage": "NONE"}),
        (0, "", {}),  # the mean score
        (row.needing, "dashboard-needs", {}),
    ]
    return {
        place: frame.address(route, **narrowed, **more)
        for place, (count, route, more) in enumerate(asked, start=1)
        if count
    }


def _groups(count: int) -> str:
    return ngettext("%(count)s group", "%(count)s groups", count) % {"count": number_format(count)}
