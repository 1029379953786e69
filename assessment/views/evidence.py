"""The page with the records behind one indicator, and each of its tables as a file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from assessment.forms import AsOfForm
from assessment.metrics import all_metrics
from assessment.models import Indicator
from assessment.selectors.current_score import current_score, version_of_day
from assessment.views.schemes import schemes
from finance.tables import respond
from finance.tables.table import Table
from groups.http import GroupRequest
from groups.permissions import Capability, requires


@requires(Capability.READ)
def evidence(request: GroupRequest, indicator: str) -> HttpResponse:
    """The very meetings, loans and entries that an indicator counts as of a day, by default today.

    Of a day that is over they are those of the instrument of that day.

    A file is of the table that `?table=` numbers, of the first without one.
    """
    chosen = schemes(request)
    form = AsOfForm(request.GET, since=request.group.founded_on)
    is_over = form.day < timezone.localdate()
    version = version_of_day(request.group, form.day, chosen.chosen) if is_over else None
    found = current_score(request.group, form.day, chosen.chosen, instrument=version)
    row = found.row(indicator) if found is not None else None
    if found is None or row is None or not row.indicator.metric:
        raise Http404
    if form.is_valid():
        form.initial, form.is_bound = {"as_of": form.day, "scheme": request.GET.get("scheme", "")}, False
    tables = all_metrics()[row.indicator.metric].tables(request.group, found.as_of)
    context = {"form": form, "row": row, "current": found, "schemes": chosen, "tables": tables}
    # An indicator without records has no file: its page says so.
    asked = _table(request, row.indicator, tables) if tables else None
    if asked is None:
        return render(request, "assessment/evidence.html", context)
    return respond(request, "assessment/evidence.html", context, lambda: asked)


def _table(request: GroupRequest, indicator: Indicator, tables: Sequence[Table]) -> Table:
    """Return the table asked for, named as a file on its own: by the indicator, and its place among several."""
    try:
        place = max(1, min(len(tables), int(request.GET.get("table", ""))))
    except ValueError:
        place = 1
    table = tables[place - 1]
    name = f"bukti-{indicator.code}" if len(tables) == 1 else f"bukti-{indicator.code}-{place}"
    return replace(table, title=f"{indicator.name}: {table.title}", name=name)
