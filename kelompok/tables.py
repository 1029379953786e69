"""Lists that draw on several apps as tables: a page, a print, XLSX and CSV of each."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from django.utils.translation import gettext as _

from finance.tables.of_group import as_on
from finance.tables.table import Column, ColumnKind, Row, Table
from groups.models import MentoringStage, User
from kelompok.selectors.workload import Workload, together

NUMBER = ColumnKind.NUMBER


def workload_table(actor: User, rows: Sequence[Workload], *, as_of: date) -> Table:
    """Return what each facilitator has to do, the columns as `Workload` says, and of all of them."""
    columns = [
        Column(_("Facilitator")),
        Column(_("Groups accompanied"), NUMBER),
        Column(_("Visits in three months"), NUMBER, on_phone=False, is_named=True),
        Column(_("Groups visited"), NUMBER, on_phone=False, is_named=True),
        Column(_("Visit overdue"), NUMBER),
        Column(_("Dependent"), NUMBER, on_phone=False, is_named=True),
        *(Column(str(stage.label), NUMBER, on_phone=False, is_named=True) for stage in MentoringStage),
        Column(_("No phase"), NUMBER, on_phone=False, is_named=True),
    ]
    lines = [Row([str(work.facilitator), *_numbers(work)]) for work in rows]
    if rows:
        lines.append(Row([_("Total"), *_numbers(together(rows))], is_total=True))
    return Table(
        title=_("Work of the facilitators"),
        name="beban-kerja-pendamping",
        number="",
        owner=str(actor.organisation or ""),
        period=as_on(as_of),
        until=as_of,
        columns=columns,
        rows=lines,
    )


def _numbers(work: Workload) -> list[int]:
    phases = [work.phases[stage.value] for stage in MentoringStage] + [work.phases[""]]
    return [work.groups, work.visits, work.visited, work.not_visited, work.dependent, *phases]
