"""The dashboard of groups that need help now: how many for each reason, and which with whom."""

from __future__ import annotations

from collections.abc import Mapping
from operator import attrgetter
from typing import Any, NamedTuple

from django.core.paginator import Page
from django.http import HttpResponse
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from assessment import wording
from assessment.charts.bars import Line, bars, of_whole
from assessment.models import Need, Review
from assessment.selectors import dashboard as selectors
from assessment.selectors.needs import ANY, NeedCounts, facilitators_of, need_counts
from assessment.selectors.reviews import Reviews, reviewed_needs, running_reviews
from assessment.views.frame import DATE, MONEY, NUMBER, Frame, ReadColumn, group_columns
from assessment.views.reviews import is_only_open
from finance.tables.table import Column, Table
from groups.http import UserRequest
from groups.permissions import Capability, requires


class NeedRow(NamedTuple):
    """A group that needs help: why, what of it was looked into, and who accompanies it; `group` is its row."""

    group: Any
    stage: str
    reasons: list[Promise]
    reviewed: list[tuple[Promise, Review]]
    meets_first: bool
    with_whom: str


@requires(Capability.ASSESS)
def needs(request: UserRequest) -> HttpResponse:
    """Count the reasons, and list the groups that need help, for one reason or any."""
    frame = Frame(request, "dashboard-needs")
    reason, only_open = Need.__members__.get(frame.choice("reason", Need.__members__)), is_only_open(request)
    reviews = running_reviews(frame.groups, frame.day)
    counts = need_counts(frame.groups, frame.filters, reviews)
    groups = selectors.by_need(frame.groups, frame.filters, reason or ANY)
    number = counts.in_need if reason is None else counts.by_reason[reason]
    if only_open:
        closed = counts.closed(reason or ANY)
        groups, number = groups.exclude(pk__in=closed), number - len(closed)
    page = frame.page(groups, number)
    context = {
        "reason": reason,
        "only_open": only_open,
        "label": wording.NEED_LABELS[reason] if reason is not None else "",
        "page": page,
        "rows": _rows(frame, page, reviews, only_open=only_open),
        **_reasons(frame, counts, only_open=only_open),
    }
    return frame.show("assessment/needs.html", context, lambda: _table(frame, groups, reviews))


def _rows(frame: Frame, page: Page[Any], reviews: Reviews, *, only_open: bool) -> list[NeedRow]:
    with_whom = facilitators_of([row.pk for row in page], frame.day)
    rows = []
    for row in page:
        of_group = reviews.get(row.pk, {})
        looked = Need(row.need) & reviewed_needs(of_group)
        reviewed = [(label, of_group[str(need.name)]) for need, label in wording.NEED_LABELS.items() if need in looked]
        rows.append(
            NeedRow(
                row, frame.stage_name(row.stage), wording.reasons(row.need & ~looked), [] if only_open else reviewed,
                Need.NO_MEETING in Need(row.need), with_whom.get(row.pk, ""),
            )
        )  # fmt: skip
    return rows


def _reasons(frame: Frame, counts: NeedCounts, *, only_open: bool) -> dict[str, Any]:
    """Return how many groups have each reason, as numbers that lead to them and as a chart."""
    kept = {"open": "1"} if only_open else {}
    reasons = []
    for reason, count in counts.by_reason.items():
        looked = counts.looked_into(reason)
        shown = count - looked if only_open else count
        address = frame.address(reason=reason.name, **kept)
        reasons.append((reason, wording.NEED_LABELS[reason], shown, looked, address))
    lines = [
        Line(str(label), of_whole(count, counts.groups), [count], whole=counts.groups)
        for _reason, label, count, *_rest in reasons
    ]
    in_need = counts.in_need - (len(counts.closed()) if only_open else 0)
    chart = bars(_("Groups that need help, by reason"), lines, [(2, "")]) if in_need else None
    return {"counts": counts, "in_need": in_need, "reasons": reasons, "chart": chart}


def _table(frame: Frame, groups: Any, reviews: Reviews) -> Table:
    columns: list[ReadColumn] = [
        *group_columns(frame),
        (Column(_("Reasons")), lambda row: wording.reasons_text(row.need)),
        (Column(_("Stage")), lambda row: frame.stage_name(row.stage)),
        (Column(_("Score"), NUMBER), attrgetter("score")),
        (Column(_("Arrears"), MONEY), attrgetter("arrears")),
        (Column(_("As on"), DATE), attrgetter("as_of")),
        (Column(_("Looked into")), lambda row: _reviews_text(row, reviews.get(row.pk, {}))),
    ]
    return frame.table_of(_("Needs help"), "perlu-bantuan", columns, groups)


def _reviews_text(row: Any, reviews: Mapping[str, Review]) -> str:
    """Return what was found of each reason that was looked into, by whom and when, and when to look again."""
    looked = Need(row.need) & reviewed_needs(reviews)
    return " · ".join(
        _("%(what)s: %(note)s (%(who)s, %(on)s; look again on %(again)s)")
        % {
            "what": label, "note": found.note, "who": found.recorded_by, "on": date_format(found.looked_on),
            "again": date_format(found.look_again_on),
        }
        for need, label in wording.NEED_LABELS.items()
        if need in looked
        for found in [reviews[str(need.name)]]
    )  # fmt: skip
