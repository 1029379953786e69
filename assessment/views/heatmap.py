"""The heat map: groups by indicators, so that what many groups lack stands out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from assessment.models import Indicator
from assessment.selectors.heatmap import Cell, HeatRow, heat_groups, heat_row
from assessment.views.frame import NUMBER, Frame, group_columns
from finance.tables.table import Column, Row, Table
from groups.http import UserRequest
from groups.permissions import Capability, requires


@requires(Capability.ASSESS)
def heatmap(request: UserRequest) -> HttpResponse:
    """Show the points of each group at each indicator; `?sort=attendance` puts those worst at it first."""
    frame = Frame(request, "dashboard-heatmap")
    stages = frame.form.stages
    indicators = list(stages[0].instrument.indicators.all()) if stages else []
    codes = {found.code: found for found in indicators}
    sort = codes.get(frame.choice("sort", codes))
    groups = heat_groups(frame.groups, frame.filters, sort.code if sort is not None else "")
    page = frame.page(groups)
    return frame.show(
        "assessment/heatmap.html",
        {
            "indicators": [(found, frame.address(sort=found.code)) for found in indicators],
            "sort": sort,
            "by_name": frame.address(),
            "page": page,
            "rows": [
                (row, _cells(row, frame.filters.scheme)) for row in (heat_row(indicators, found) for found in page)
            ],
        },
        lambda: _table(frame, indicators, groups),
    )


def _cells(row: HeatRow, scheme: str) -> list[tuple[Cell, str]]:
    """Return each cell with where it leads: to the records behind its points, a judged one to the group's stage."""
    asked = urlencode({"as_of": row.as_of, "scheme": scheme})
    stage = reverse("assessment", args=[row.code])
    before, after = reverse("assessment-evidence", args=[row.code, "-"]).rsplit("-", 1)
    return [
        (cell, (f"{before}{cell.indicator.code}{after}" if cell.indicator.metric else stage) + f"?{asked}")
        for cell in row.cells
    ]


def _table(frame: Frame, indicators: Sequence[Indicator], groups: Any) -> Table:
    named = [Column(f"{found.name} / {found.weight}", NUMBER) for found in indicators]
    of_group = group_columns()
    columns = [*(column for column, _read in of_group), *named, Column(_("Score"), NUMBER)]
    rows = (heat_row(indicators, row) for row in groups)
    return frame.table(
        _("Points by indicator"),
        "indikator",
        columns,
        (
            Row([*(read(row) for _column, read in of_group), *(cell.points for cell in row.cells), row.score])
            for row in rows
        ),
    )
