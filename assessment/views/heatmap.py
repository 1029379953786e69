"""The heat map: groups by indicators, so that what many groups lack stands out."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from assessment.selectors.heatmap import Assessed, Cell, HeatRow, assessed, heat_groups, heat_row
from assessment.views.frame import NUMBER, Frame, group_columns
from finance.tables.table import Column, Row, Table
from groups.http import UserRequest
from groups.permissions import Capability, requires


@requires(Capability.ASSESS)
def heatmap(request: UserRequest) -> HttpResponse:
    """Show the points of each group at each indicator; `?sort=attendance` puts those worst at it first."""
    frame = Frame(request, "dashboard-heatmap")
    of_month = assessed(frame.groups, frame.filters, frame.assessors)
    sort = of_month.columns.get(_sort(frame, of_month))
    groups = heat_groups(frame.groups, frame.filters, sort.indicator.code if sort is not None else "")
    page = frame.page(groups)
    return frame.show(
        "assessment/heatmap.html",
        {
            "columns": [(column, frame.address(sort=code)) for code, column in of_month.columns.items()],
            "versions": list(of_month.versions.values()),
            "sort": sort,
            "by_name": frame.address(),
            "page": page,
            "rows": [(row, _cells(frame, row)) for row in (heat_row(of_month, found) for found in page)],
        },
        lambda: _table(frame, of_month, groups),
    )


def _sort(frame: Frame, of_month: Assessed) -> str:
    """Return the code of the indicator to sort by, "" for none; one that nobody was assessed by is refused."""
    name = of_month.unused.get(frame.request.GET.get("sort", ""))
    if name is None:
        return frame.choice("sort", of_month.columns)
    problem = _("No group shown was assessed by “%(indicator)s”. Choose another indicator.")
    frame.form.refuse(problem % {"indicator": name})
    return ""


def _cells(frame: Frame, row: HeatRow) -> list[tuple[Cell, str]]:
    """Return each cell with where it leads: to the records behind its points, a judged one to the group's stage.

    Points by a version that scores no more lead to the score as it was stored: its records would be counted anew.
    """
    scheme = urlencode({"scheme": frame.filters.scheme})
    if row.instrument not in (rule.instrument for rule in frame.form.stages[:1]):
        stored = reverse("assessment-stored", args=[row.code, row.as_of])
        return [(cell, f"{stored}?{scheme}") for cell in row.cells]
    asked = f"{urlencode({'as_of': row.as_of})}&{scheme}"
    stage = reverse("assessment", args=[row.code])
    before, after = reverse("assessment-evidence", args=[row.code, "-"]).rsplit("-", 1)
    return [
        (cell, (f"{before}{cell.indicator.code}{after}" if cell.indicator.metric else stage) + f"?{asked}")
        for cell in row.cells
    ]


def _table(frame: Frame, of_month: Assessed, groups: Any) -> Table:
    """Return the points; where the groups were assessed by several versions each row says by which."""
    named = [Column(f"{of.indicator.name} / {_weights(of.weights)}", NUMBER) for of in of_month.columns.values()]
    of_group = group_columns(frame)
    by_version = [Column(_("Instrument"))] if len(of_month.versions) > 1 else []
    columns = [
        *(column for column, _read in of_group),
        *by_version,
        *named,
        Column(_("Score"), NUMBER),
        Column(_("Points given by a person")),
    ]
    rows = (heat_row(of_month, row) for row in groups)
    return frame.table(
        _("Points by indicator"),
        "indikator",
        columns,
        (
            Row([
                *(read(row) for _column, read in of_group), *(str(row.instrument) for _column in by_version),
                *(cell.points for cell in row.cells), row.score, _given(row),
            ])
            for row in rows
        ),
    )  # fmt: skip


def _given(row: HeatRow) -> str:
    """Return the indicators at which a person gave the points of a group, for the file, which has no marks."""
    return ", ".join(cell.indicator.name for cell in row.cells if cell.is_given)


def _weights(weights: tuple[int, ...]) -> str:
    return ", ".join(str(weight) for weight in weights)
