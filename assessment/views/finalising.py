"""Making many scores final: choosing groups, looking at what will be made final, and how far it is."""

from __future__ import annotations

import uuid
from collections import Counter
from typing import Any, NamedTuple
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from assessment import instruments, services
from assessment.selectors import finalising as selectors
from assessment.services import SeenScore
from assessment.views.frame import DATE, GROUPS_ON_A_PAGE, NUMBER, Frame
from finance.tables.table import Column, Row, Table
from groups.http import UserRequest
from groups.permissions import Capability, requires

MOST_FINAL_AT_ONCE = 500
"""Scores made final in one request: some seconds of work."""


class LeftOut(NamedTuple):
    """Groups whose score is not made final, and why; of many the first by name, and how many more."""

    why: Promise
    number: int
    shown: list[Any]

    @property
    def more(self) -> int:
        """Groups that are not named."""
        return self.number - len(self.shown)


@requires(Capability.ASSESS)
def final_list(request: UserRequest) -> HttpResponse:
    """List the scores of a month, to choose which are made final."""
    frame = Frame(request, "dashboard")
    scores = selectors.scores_of_month(frame.of_months, frame.filters)
    page = frame.page(scores)
    finals = selectors.finals_of(page, frame.filters.scheme)
    context = {
        "page": page,
        "rows": [(row, frame.stage_name(row.stage), finals.get(row.group)) for row in page],
        "chosen": frame.form.chosen(),
        "month": frame.filters.end,
        "unfinished": selectors.unfinished_runs(request.user),
    }
    return frame.show("assessment/final_list.html", context, lambda: _table(frame, scores))


@requires(Capability.ASSESS)
def final_confirm(request: UserRequest) -> HttpResponse:
    """Show which of the scores chosen will be made final and which are left out, and make them final when confirmed."""
    frame = Frame(request, "dashboard")
    key = _key(request.POST.get("key"))
    if selectors.run_of(request.user, key) is not None:
        return _to_run(key)
    ticked = None if request.GET.get("all") else [int(pk) for pk in request.GET.getlist("group") if _is_id(pk)]
    scores = selectors.scores_of_month(frame.of_months, frame.filters)
    scores = scores if ticked is None else scores.filter(group__in=ticked)
    rows = list(scores)
    ready = [row for row in rows if not row.is_final and not row.is_newer]
    mark = selectors.seen_mark(ready)
    if request.method == "POST" and ready and key is not None:
        if request.POST.get("seen") != mark:
            messages.error(request, _("The scores changed meanwhile. Look at them again, then confirm."))
        else:
            try:
                return _start(frame, ready, key)
            except ValidationError as refused:
                messages.error(request, " ".join(refused.messages))
    stages = Counter(row.stage for row in ready)
    context = {
        "stages": [(rule, stages[rule.stage]) for rule in frame.form.stages if stages[rule.stage]],
        "left_out": _left_out(frame, rows, frame.groups if ticked is None and not frame.filters.stage else None),
        "number": len(ready),
        "page": frame.page(ready),
        "rows": [(row, frame.stage_name(row.stage)) for row in frame.page(ready)],
        "seen": mark,
        "key": uuid.uuid4(),
        "back": reverse("dashboard-final") + frame.query,
    }
    return frame.show("assessment/final_confirm.html", context, lambda: _table(frame, ready))


@requires(Capability.ASSESS)
def final_run(request: UserRequest) -> HttpResponse:
    """Show how far a run of one's own is and what became of each score, and go on with it."""
    key = _key(request.GET.get("key"))
    run = selectors.run_of(request.user, key)
    if run is None:
        return redirect("dashboard-final")
    if request.method == "POST":
        services.final_run_continue(actor=request.user, run=run, most=MOST_FINAL_AT_ONCE)
        return _to_run(key)
    page = Frame(request, "dashboard").page(selectors.run_scores(run, request.user))
    rules = instruments.stages_in_use(request.user.organisation_id).get(run.scheme, [])
    names = {rule.stage: rule.name for rule in rules}
    context = {
        "run": run,
        "progress": selectors.progress(run),
        "page": page,
        "rows": [(score, names.get(score.stage, score.stage)) for score in page],
    }
    return render(request, "assessment/final_run.html", context)


def _start(frame: Frame, ready: list[Any], key: uuid.UUID) -> HttpResponse:
    actor, scheme = frame.request.user, frame.filters.scheme
    seen = [SeenScore(row.group, row.as_of, row.stage, row.rank, row.score) for row in ready]
    run = services.final_run_start(actor=actor, scheme=scheme, scores=seen, key=key)
    services.final_run_continue(actor=actor, run=run, most=MOST_FINAL_AT_ONCE)
    return _to_run(key)


def _left_out(frame: Frame, rows: list[Any], groups: QuerySet[Any] | None) -> list[LeftOut]:
    """Return what is left out of `rows`, by reason; and those of `groups` without a score, where they were chosen."""
    final, newer = [row for row in rows if row.is_final], [row for row in rows if row.is_newer and not row.is_final]
    finals = selectors.finals_of(final[:GROUPS_ON_A_PAGE], frame.filters.scheme)
    of_final = [(row, finals.get(row.group)) for row in final[:GROUPS_ON_A_PAGE]]
    found = [
        LeftOut(gettext_lazy("Final already"), len(final), of_final),
        LeftOut(
            gettext_lazy("Newer records: bring these groups up to date first"),
            len(newer), [(row, None) for row in newer[:GROUPS_ON_A_PAGE]],
        ),
    ]  # fmt: skip
    if groups is not None:
        unscored = selectors.without_score(groups, frame.filters)
        shown = list(unscored[: GROUPS_ON_A_PAGE + 1])
        number = unscored.count() if len(shown) > GROUPS_ON_A_PAGE else len(shown)
        without = [(group, None) for group in shown[:GROUPS_ON_A_PAGE]]
        found.append(LeftOut(gettext_lazy("Not scored in this month"), number, without))
    return [left for left in found if left.number]


def _table(frame: Frame, rows: Any) -> Table:
    columns = [
        Column(_("Code")), Column(_("Group")), Column(_("Village")), Column(_("Stage")), Column(_("Score"), NUMBER),
        Column(_("As on"), DATE), Column(_("Status")),
    ]  # fmt: skip
    cells = (
        Row([
            row.code, row.name, row.village_name, frame.stage_name(row.stage), row.score, row.as_of,
            _("Final") if row.is_final else _("Draft"),
        ])
        for row in rows
    )  # fmt: skip
    title = _("Scores of %(month)s") % {"month": date_format(frame.filters.end, "F Y")}
    return frame.table(title, "nilai-bulan", columns, cells)


def _to_run(key: uuid.UUID | None) -> HttpResponseRedirect:
    return HttpResponseRedirect(f"{reverse('dashboard-final-run')}?{urlencode({'key': key})}")


def _key(text: str | None) -> uuid.UUID | None:
    """Return the key that stands in a request, None for nothing or what is none."""
    try:
        return uuid.UUID(text or "")
    except ValueError:
        return None


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 19
