"""The dashboard of groups that are ready for a bank, and the page about one of them to hand to the lender."""

from __future__ import annotations

from operator import attrgetter
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _

from assessment import wording
from assessment.selectors import bank as selectors
from assessment.selectors.current_score import current_score
from assessment.selectors.reviews import Reviews, running_reviews
from assessment.selectors.signals import open_signals, open_signals_of
from assessment.views.frame import DATE, MONEY, NUMBER, PERCENT, Frame, ReadColumn, group_columns
from assessment.views.schemes import schemes
from finance.selectors import group_summary, signers
from finance.tables.table import Column, Table
from groups.http import GroupRequest, UserRequest
from groups.permissions import Capability, can, requires
from groups.selectors import founding_of


@requires(Capability.ASSESS)
def bank(request: UserRequest) -> HttpResponse:
    """List the groups at a stage that can be linked to a lender, with the health of their loans."""
    frame = Frame(request, "dashboard-bank")
    groups = selectors.bankable(frame.groups, frame.filters, frame.form.stages)
    page = frame.page(groups)
    reviews = running_reviews(frame.groups, frame.day)
    signals = open_signals([row.pk for row in page], reviews, frame.filters.month, frame.day)
    rows = [
        (
            row,
            frame.stage_name(row.stage),
            wording.reasons(row.need),
            signals.get(row.pk, []),
            selectors.loan_health(row),
        )
        for row in page
    ]
    ready = [rule for rule in frame.form.stages if rule.is_bankable]
    context = {"ready": ready, "page": page, "rows": rows}
    return frame.show("assessment/bank.html", context, lambda: _table(frame, groups, reviews))


@requires(Capability.READ)
def profile(request: GroupRequest) -> HttpResponse:
    """One page of A4 about a group for a lender: who it is, its stage, its money, its meetings."""
    today = timezone.localdate()
    found = current_score(request.group, today, schemes(request).chosen)
    return render(
        request,
        "assessment/profile.html",
        {
            "profile": selectors.profile(request.group, today),
            "founding": founding_of(request.group),
            "current": found,
            "open_signals": open_signals_of(request.group, today) if can(request.user, Capability.ASSESS) else [],
            "is_bankable": found is not None and found.rules[found.result.rank].is_bankable,
            "books": group_summary(request.group),
            "signers": signers(request.group, as_of=today),
        },
    )


def _table(frame: Frame, groups: Any, reviews: Reviews) -> Table:
    signals = open_signals(frame.groups.order_by().values("pk"), reviews, frame.filters.month, frame.day)
    columns: list[ReadColumn] = [
        *group_columns(frame),
        (Column(_("Stage")), lambda row: frame.stage_name(row.stage)),
        (Column(_("Score"), NUMBER), attrgetter("score")),
        (Column(_("Measured"), NUMBER), attrgetter("measured_score")),
        (Column(_("As on"), DATE), attrgetter("as_of")),
        (Column(_("Portfolio"), MONEY), attrgetter("balance")),
        (Column(_("PAR 30 (CGAP)"), PERCENT), lambda row: selectors.loan_health(row).par_30),
        (Column(_("Repayment rate"), PERCENT), lambda row: selectors.loan_health(row).repayment_rate),
        (Column(_("Reasons")), lambda row: wording.reasons_text(row.need)),
        (Column(_("To look into")), lambda row: " · ".join(str(signal.label) for signal in signals.get(row.pk, []))),
    ]
    return frame.table_of(_("Ready for a bank"), "siap-bank", columns, groups)
