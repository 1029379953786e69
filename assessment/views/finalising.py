"""Making many scores final: choosing groups, looking at what will be made final, and how far it is."""

from __future__ import annotations

import uuid
from collections import Counter
from operator import attrgetter
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
from django.utils.translation import gettext_lazy, ngettext

from assessment import instruments, services
from assessment.models import FinalRun, StageRule
from assessment.selectors import finalising as selectors
from assessment.services import SeenScore
from assessment.views.frame import DATE, GROUPS_ON_A_PAGE, NUMBER, Frame, ReadColumn, group_columns
from finance.tables.table import Column, Table
from groups.http import UserRequest
from groups.permissions import Capability, requires
from groups.shared.ticks import MOST_TICKED, kept, read_ticked

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
    page, ticked = frame.page(scores), read_ticked(request.GET, "group")
    finals = selectors.finals_of(page, frame.filters.scheme)
    elsewhere = [pk for pk in ticked if pk not in {row.group for row in page}]
    if len(elsewhere) > MOST_TICKED:
        problem = _("At most %(count)d ticks are kept. To make more scores final choose them with the filters.")
        messages.warning(request, problem % {"count": MOST_TICKED})
    context = {
        "page": page,
        "rows": [(row, frame.stage_name(row.stage), finals.get(row.group), row.group in ticked) for row in page],
        "elsewhere": kept(elsewhere, MOST_TICKED),
        "number_elsewhere": min(len(elsewhere), MOST_TICKED),
        "chosen": frame.form.chosen(),
        "month": frame.filters.end,
        "number_open": scores.filter(is_final=False, is_newer=False).count(),
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
    ticked = None if request.GET.get("all") else read_ticked(request.GET, "group")
    chosen = selectors.chosen_scores(frame.of_months, frame.filters, ticked)
    if request.method == "POST" and chosen.ready and key is not None:
        started = _confirmed(frame, chosen, key)
        if started is not None:
            return started
    page = frame.page(chosen.ready)
    context = {
        "stages": _at_stages(frame, chosen.ready),
        "left_out": _left_out(frame, chosen.rows, frame.groups if ticked is None and not frame.filters.stage else None),
        "number": len(chosen.ready),
        "is_nothing_ticked": ticked == [],
        "page": page,
        "rows": [(row, frame.stage_name(row.stage)) for row in page],
        "seen": chosen.mark,
        "key": uuid.uuid4(),
        "back": frame.address("dashboard-final", **({"ticked": kept(ticked, MOST_TICKED)} if ticked else {})),
    }
    return frame.show("assessment/final_confirm.html", context, lambda: _table(frame, chosen.ready))


@requires(Capability.ASSESS)
def final_run(request: UserRequest) -> HttpResponse:
    """Show how far a run of one's own is and what became of each score, and go on with it."""
    key = _key(request.GET.get("key"))
    run = selectors.run_of(request.user, key)
    if run is None:
        return redirect("dashboard-final")
    if request.method == "POST":
        return _go_on(request, run)
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


def _confirmed(frame: Frame, chosen: selectors.ChosenScores, key: uuid.UUID) -> HttpResponse | None:
    """Begin to make the scores final that the person saw; None, with a message, where that cannot be."""
    request = frame.request
    if request.POST.get("seen") != chosen.mark:
        messages.error(request, _("The scores changed meanwhile. Look at them again, then confirm."))
        return None
    seen = [
        SeenScore(row.group, row.as_of, row.stage, row.rank, row.score, chosen.points.get(row.group, ""))
        for row in chosen.ready
    ]
    try:
        run = services.final_run_start(actor=request.user, scheme=frame.filters.scheme, scores=seen, key=key)
    except ValidationError as refused:
        messages.error(request, " ".join(refused.messages))
        return None
    return _go_on(request, run)


def _at_stages(frame: Frame, ready: list[Any]) -> list[tuple[StageRule, int]]:
    """Return the stages that the scores are at, with how many are."""
    counts = Counter(row.stage for row in ready)
    return [(rule, counts[rule.stage]) for rule in frame.form.stages if counts[rule.stage]]


def _go_on(request: UserRequest, run: FinalRun) -> HttpResponse:
    """Make scores of a run final, as many as one request has the time for, and say how many it looked at."""
    count = services.final_run_continue(actor=request.user, run=run, most=MOST_FINAL_AT_ONCE)
    done = ngettext("%(count)d score done: see below.", "%(count)d scores done: see below.", count)
    messages.success(request, done % {"count": count})
    return _to_run(run.key)


def _left_out(frame: Frame, rows: list[Any], groups: QuerySet[Any] | None) -> list[LeftOut]:
    """Return what is left out of `rows`, by reason; and those of `groups` without a score, where they were chosen."""
    final, newer = [row for row in rows if row.is_final], [row for row in rows if row.is_newer and not row.is_final]
    finals = selectors.finals_of(final[:GROUPS_ON_A_PAGE], frame.filters.scheme)
    of_final = [(row, finals.get(row.group)) for row in final[:GROUPS_ON_A_PAGE]]
    found = [
        LeftOut(gettext_lazy("Final already"), len(final), of_final),
        LeftOut(
            gettext_lazy("There are newer records. Check the scores that need to be updated"),
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
    columns: list[ReadColumn] = [
        *group_columns(frame, key="group", with_status=False),
        (Column(_("Stage")), lambda row: frame.stage_name(row.stage)),
        (Column(_("Score"), NUMBER), attrgetter("score")),
        (Column(_("As on"), DATE), attrgetter("as_of")),
        (Column(_("Status")), lambda row: _("Final") if row.is_final else _("Provisional")),
    ]
    title = _("Scores of %(month)s") % {"month": date_format(frame.filters.end, "F Y")}
    return frame.table_of(title, "nilai-bulan", columns, rows)


def _to_run(key: uuid.UUID | None) -> HttpResponseRedirect:
    return HttpResponseRedirect(f"{reverse('dashboard-final-run')}?{urlencode({'key': key})}")


def _key(text: str | None) -> uuid.UUID | None:
    """Return the key that stands in a request, None for nothing or what is none."""
    try:
        return uuid.UUID(text or "")
    except ValueError:
        return None
