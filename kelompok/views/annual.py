"""The papers of the annual meeting (rapat anggota tahunan): what the officers report, to print and to sign."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone

import finance.selectors
from finance import tables
from groups.http import GroupRequest
from groups.permissions import Capability, requires
from kelompok.forms import YearForm
from kelompok.selectors.annual import annual_report, years_of

LINES_TO_WRITE = range(1, 9)
"""Of the plan for the year to come, which the meeting agrees."""


@requires(Capability.READ)
def annual_meeting(request: GroupRequest) -> HttpResponse:
    """The officers' report of a year, by default the last one that is over, with its money and what is to be agreed."""
    group, today = request.group, timezone.localdate()
    form = YearForm(request.GET, years=years_of(group, as_of=today))
    report = annual_report(group, form.chosen, as_of=today)
    balance = finance.selectors.balance_sheet(group, as_of=report.end)
    income = finance.selectors.income_statement(group, start=report.start, end=report.end)
    context = {
        "form": form,
        "report": report,
        "balance": tables.balance_sheet(group, balance),
        "income": tables.income_statement(group, income),
        "lines": LINES_TO_WRITE,
        "print_frame": finance.selectors.print_frame(group, as_of=today),
    }
    return render(request, "groups/annual_meeting.html", context)
