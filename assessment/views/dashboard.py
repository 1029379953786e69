"""The first dashboard: how many groups stand at each stage, today and over the months, and all of them by need."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from operator import attrgetter
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from assessment import services, wording
from assessment.charts import trend as charts
from assessment.forms import first_month
from assessment.selectors import dashboard as selectors
from assessment.selectors.snapshots import behind, has_figures
from assessment.views.frame import DATE, MONTH, NUMBER, PERCENT, TABS, Frame, ReadColumn, group_columns
from finance.tables.table import Cell, Column, Row, Table
from groups.http import UserRequest, takes_posts_of
from groups.models.group import EARLIEST_FOUNDING
from groups.permissions import Capability, requires
from groups.templatetags.kelompok import group_number

MOST_AT_ONCE = 1000
"""Groups brought up to date in one request: some seconds of work."""


class StagesFrame(Frame):
    """The dashboard of stages: it counts all of them, and only its list of groups is of the stage chosen."""

    by_stage = False


@requires(Capability.ASSESS)
def dashboard(request: UserRequest) -> HttpResponse:
    """Stages of all groups the person may see, their trend, and who needs help most."""
    frame = StagesFrame(request, "dashboard")
    stage, table = frame.filters.stage, frame.choice("table", ("months",))
    counts = selectors.stage_counts(frame.groups, frame.filters)
    months = selectors.trend(frame.of_months, frame.filters, stages=len(frame.form.stages))
    groups = selectors.by_need(frame.groups, frame.filters)
    page = frame.page(groups, counts.given[stage] if stage else counts.total)
    return frame.show(
        "assessment/dashboard.html",
        {
            "counts": [(rule, counts.given[rule.stage], counts.measured[rule.rank]) for rule in frame.form.stages],
            "earlier": _earlier(frame, counts),
            "never_assessed": counts.given["NONE"],
            "total": counts.total,
            "months": months,
            "chart": charts.stacked_bars(months, frame.form.stages) if months else None,
            "page": page,
            "listed_stage": frame.form.stage_words,
            "rows": [(row, frame.stage_name(row.stage), wording.reasons(row.need)) for row in page],
        },
        lambda: _months(frame, months) if table else _groups(frame, groups),
    )


@requires(Capability.ASSESS)
def dashboard_month(request: UserRequest) -> HttpResponse:
    """List the groups behind a number of the trend; an address that names no such month or stage leads back.

    So does one of a month without figures.
    """
    frame = Frame(request, "dashboard", with_stage=False)
    asked = {name: request.GET.get(name, "") for name in ("month", "rank")}
    try:
        month, rank = date.fromisoformat(f"{asked['month']}-01"), int(asked["rank"])
        rule = next(rule for rule in frame.form.stages if rule.rank == rank)
    except (ValueError, StopIteration):
        return redirect(frame.address())
    is_written = month >= first_month() or has_figures(request.user, month)
    if not EARLIEST_FOUNDING <= month <= frame.today or not is_written:
        return redirect(frame.address())
    is_last = rule == frame.form.stages[-1]
    groups = selectors.scored_in(frame.of_months, frame.filters, month, rank, is_last=is_last)
    page = frame.page(groups)
    title = f"{rule.name}, {date_format(month, 'F Y')}"
    return frame.show(
        "assessment/listed.html",
        {"asked": asked, "title": title, "back": _("All months"), "page": page, "table": _scored(frame, title, page)},
        lambda: _scored(frame, title, groups),
    )


@requires(Capability.ASSESS)
@takes_posts_of("dashboard")
def dashboard_score(request: UserRequest) -> HttpResponse:
    """Bring the groups of a dashboard that are behind up to date, as many as one request has the time for.

    It comes back to the very page, its list included, and to the dashboard where the address of it is not ours.
    """
    asked = request.POST.get("tab", "")
    frame = Frame(request, asked if asked in {tab.route for tab in TABS} else "dashboard")
    changed = behind(frame.with_dissolved, frame.filters.month)
    count = services.snapshots_write(actor=request.user, groups=changed, as_of=frame.today, most=MOST_AT_ONCE)
    done = ngettext("%(count)d group brought up to date.", "%(count)d groups brought up to date.", count)
    messages.success(request, done % {"count": count})
    if remaining := changed.count():
        left = ngettext("%(count)d group is left to do.", "%(count)d groups are left to do.", remaining)
        messages.info(request, left % {"count": remaining})
    back = request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(back, {request.get_host()}, require_https=request.is_secure()):
        back = frame.address()
    return HttpResponseRedirect(back)


def _earlier(frame: Frame, counts: selectors.StageCounts) -> list[tuple[str, int]]:
    """Return the stages that an earlier version alone had, by name, with how many groups stood there."""
    known = {rule.stage for rule in frame.form.stages} | {"NONE"}
    return [(frame.stage_name(stage), count) for stage, count in sorted(counts.given.items()) if stage not in known]


def _months(frame: Frame, months: Sequence[selectors.TrendMonth]) -> Table:
    names = [Column(rule.name, NUMBER) for rule in frame.form.stages]
    columns = [Column(_("Month"), MONTH), *names, Column(_("All"), NUMBER), *_people_columns()]
    rows = [Row([month.month, *month.counts, month.total, *_people_cells(month.people)]) for month in months]
    return frame.table(_("Stages over the months"), "tahap-per-bulan", columns, rows)


def _people_columns() -> list[Column]:
    return [Column(_("Members"), NUMBER), Column(_("Women"), NUMBER), Column(_("Share of women"), PERCENT)]


def _people_cells(people: selectors.People | None) -> list[Cell]:
    return [None, None, None] if people is None else [people.members, people.women, people.share]


def _scored(frame: Frame, title: str, groups: Any) -> Table:
    columns = [
        Column(_("Group")),
        Column(_("Group number"), on_phone=False),
        Column(_("Village"), on_phone=False),
        Column(_("Score"), NUMBER),
        Column(_("As on"), DATE),
    ]
    scheme = f"?{urlencode({'scheme': frame.filters.scheme})}"
    rows = (
        Row(
            [row.name, group_number(row), row.village_name, row.score, row.as_of],
            reverse("assessment-stored", args=[row.code, row.as_of]) + scheme,
        )
        for row in groups
    )
    return frame.table(title, "tahap-bulan", columns, rows)


def _groups(frame: Frame, groups: Any) -> Table:
    people = selectors.people_by_group(frame.groups, frame.filters)
    columns: list[ReadColumn] = [
        *group_columns(frame),
        (Column(_("Stage")), lambda row: frame.stage_name(row.stage)),
        (Column(_("Score"), NUMBER), attrgetter("score")),
        (Column(_("Measured"), NUMBER), attrgetter("measured_score")),
        (Column(_("As on"), DATE), attrgetter("as_of")),
        (Column(_("Reasons")), lambda row: wording.reasons_text(row.need)),
        *(
            (column, lambda row, place=place: _people_cells(people.get(row.pk))[place])
            for place, column in enumerate(_people_columns())
        ),
    ]
    table = frame.table_of(_("Stages"), "tahap", columns, groups)
    return replace(table, period=" · ".join([frame.period, *filter(None, [frame.form.stage_words])]))
