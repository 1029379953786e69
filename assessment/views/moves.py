"""Who moved from where to where between two months, and the groups behind each number."""

from __future__ import annotations

from collections import Counter
from functools import cached_property
from itertools import product
from operator import attrgetter
from typing import Any

from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from assessment.charts.moves import flow
from assessment.selectors import moves as selectors
from assessment.selectors.moves import WAYS, Place, Way, way_of
from assessment.views.frame import DATE, NUMBER, Frame, ReadColumn, group_columns
from finance.tables.table import Column, Row, Table
from groups.http import UserRequest
from groups.models import GroupStatus
from groups.permissions import Capability, requires

WAY_NAMES = {
    Way.UP: gettext_lazy("Rose"),
    Way.DOWN: gettext_lazy("Fell back"),
    Way.SAME: gettext_lazy("Stayed"),
    Way.OTHER: gettext_lazy("New, not assessed, dormant or dissolved"),
}


class MovesFrame(Frame):
    """The dashboard of moves: dissolved groups belong to it, and it is of all stages, between which groups move."""

    def __init__(self, request: UserRequest) -> None:
        super().__init__(request, "dashboard-moves", with_stage=False)

    @cached_property
    def groups(self) -> Any:
        """The groups within the filters, dissolved ones too."""
        return self.with_dissolved

    @cached_property
    def before(self) -> list[tuple[int, str]]:
        """Where groups can come from, the highest stage first."""
        return [*self._stages, (Place.NONE, _("Not assessed")), *self._inactive, (Place.NEW, _("New"))]

    @cached_property
    def after(self) -> list[tuple[int, str]]:
        """Where groups can get to, the highest stage first."""
        return [*self._stages, (Place.NONE, _("Not assessed")), *self._inactive]

    @property
    def _inactive(self) -> list[tuple[int, str]]:
        return [(Place.DORMANT, _("Dormant")), (Place.DISSOLVED, _("Dissolved"))]

    @property
    def _stages(self) -> list[tuple[int, str]]:
        return [(rule.rank, rule.name) for rule in reversed(self.form.stages)]


@requires(Capability.ASSESS)
def moves(request: UserRequest) -> HttpResponse:
    """Count who moved from where to where."""
    frame = MovesFrame(request)
    counts = selectors.moves(frame.of_months, frame.filters, stages=len(frame.form.stages))
    context = {
        "total": counts.total(),
        "chart": flow(counts, frame.before, frame.after) if counts else None,
        "rows": _rows(frame, counts),
        "sums": [_total(counts, became=place) for place, _label in frame.after],
        "ways": _by_way(counts),
        "listed": _pairs(frame, counts),
        "moved_url": reverse("dashboard-moved"),
    }
    return frame.show("assessment/moves.html", context, lambda: _matrix(frame, counts))


@requires(Capability.ASSESS)
def moved(request: UserRequest) -> HttpResponse:
    """List the groups that went one way; an address without one leads back to all ways."""
    frame = MovesFrame(request)
    asked = {name: request.GET[name] for name in ("way", "was", "became") if name in request.GET}
    try:
        title, which, of_status = _asked(frame, asked)
    except (ValueError, KeyError):
        return redirect(frame.address())
    groups = selectors.moved(frame.of_months, frame.filters, which, stages=len(frame.form.stages))
    page, before, after = frame.page(groups), dict(frame.before), dict(frame.after)
    rows = [(row, before[row.was], after[row.became], _cause(row)) for row in page]
    context = {"asked": asked, "title": title, "page": page, "rows": rows, "of_status": of_status}
    return frame.show("assessment/moved.html", context, lambda: _list(frame, groups))


def _asked(frame: MovesFrame, asked: dict[str, str]) -> tuple[str, Q, bool]:
    """Return what the groups asked for are called, which they are, and whether their status tells something.

    `ValueError` and `KeyError` say that an address asks for no way.
    """
    if "way" in asked:
        way = Way(asked["way"])
        return str(WAY_NAMES[way]), WAYS[way], way == Way.OTHER
    was, became = int(asked["was"]), int(asked["became"])
    title = f"{dict(frame.before)[was]} → {dict(frame.after)[became]}"
    return title, Q(was=was, became=became), not {was, became}.isdisjoint((Place.DORMANT, Place.DISSOLVED))


def _rows(frame: MovesFrame, counts: selectors.Moves) -> list[tuple[str, list[tuple[int, int]], int, int]]:
    """Return for each place groups came from its name, how many got to each other place, all of them, and the place."""
    return [
        (label, [(place, counts[was, place]) for place, _label in frame.after], _total(counts, was=was), was)
        for was, label in frame.before
    ]


def _by_way(counts: selectors.Moves) -> list[tuple[Way, Promise, int]]:
    by_way = Counter[Way]()
    for (was, became), count in counts.items():
        by_way[way_of(was, became)] += count
    return [(way, name, by_way[way]) for way, name in WAY_NAMES.items()]


def _pairs(frame: MovesFrame, counts: selectors.Moves) -> list[tuple[tuple[str, str], tuple[int, int], int]]:
    """Return each move that was made: the names of both places, the places, and how many groups made it."""
    return [
        ((left, right), (was, became), counts[was, became])
        for (was, left), (became, right) in product(frame.before, frame.after)
        if counts[was, became]
    ]


def _cause(row: Any) -> str:
    """Return the newest change of status in words, empty where none was written down."""
    if row.to_status is None:
        return ""
    since = _("%(status)s since %(day)s") % {
        "status": GroupStatus(row.to_status).label, "day": date_format(row.changed_on, "SHORT_DATE_FORMAT")
    }  # fmt: skip
    return f"{since}: {row.reason}" if row.reason else since


def _total(counts: selectors.Moves, *, was: int | None = None, became: int | None = None) -> int:
    return sum(count for pair, count in counts.items() if pair[0] == was or pair[1] == became)


def _matrix(frame: MovesFrame, counts: selectors.Moves) -> Table:
    places = [Column(label, NUMBER) for _place, label in frame.after]
    columns = [Column(_("Came from")), *places, Column(_("All"), NUMBER)]
    rows = [
        Row([label, *(count for _place, count in cells), sum_]) for label, cells, sum_, _was in _rows(frame, counts)
    ]
    sums = [_total(counts, became=place) for place, _label in frame.after]
    rows.append(Row([_("All"), *sums, counts.total()], is_total=True))
    return frame.table(_("Moves between stages"), "perpindahan", columns, rows)


def _list(frame: MovesFrame, groups: Any) -> Table:
    before, after = dict(frame.before), dict(frame.after)
    columns: list[ReadColumn] = [
        *group_columns(frame),
        (Column(_("Came from")), lambda row: before[row.was]),
        (Column(_("Went to")), lambda row: after[row.became]),
        (Column(_("Score"), NUMBER), attrgetter("score")),
        (Column(_("As on"), DATE), attrgetter("as_of")),
        (Column(_("Change of status")), _cause),
    ]
    return frame.table_of(_("Moves between stages"), "perpindahan-kelompok", columns, groups)
