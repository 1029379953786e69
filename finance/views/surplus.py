"""Pages of the surplus (SHU): what it is, how it is divided, and the list to sign."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from finance import selectors, services, tables
from finance.forms.surplus import DecisionForm, ReasonForm, SurplusPeriodForm, SurplusPostForm
from finance.ledger.errors import InsufficientFunds
from finance.models import DivisionStatus, SurplusDivision
from finance.selectors import DivisionSheet, PeriodSurplus
from finance.views.charts import PartsChart, parts_chart
from finance.views.printing import frame_of, respond_with_book
from finance.views.submit import submit_once
from groups.http import GroupRequest
from groups.permissions import Capability, requires
from groups.selectors import rules_in_force
from groups.shared.submit import posted


@requires(Capability.READ)
def surplus(request: GroupRequest) -> HttpResponse:
    """Every line of the surplus of a period, by default the one to divide next; the projection; past divisions."""
    today = timezone.localdate()
    divided = selectors.divided_through(request.group)
    following = selectors.next_period(request.group, after=divided, as_of=today)
    form = SurplusPeriodForm(request.GET, following=following)
    start, end = form.period
    if form.is_valid():
        form = SurplusPeriodForm(initial={"start": start, "end": end}, following=following)
    context = {
        "form": form,
        "surplus": selectors.period_surplus(request.group, start=start, end=end),
        "is_divided": divided is not None and start <= divided,
        "is_over": end <= today,
        "projection": selectors.surplus_projection(request.group, after=divided, today=today),
        "divisions": selectors.surplus_divisions(request.group),
        "print_frame": frame_of(request),
    }
    return render(request, "finance/surplus.html", context)


@requires(Capability.RECORD)
def surplus_divide(request: GroupRequest) -> HttpResponse:
    """The division of a period's surplus as it would be; sending the form writes down the members' decision."""
    divided = selectors.divided_through(request.group)
    following = selectors.next_period(request.group, after=divided, as_of=timezone.localdate())
    period = SurplusPeriodForm(request.GET, following=following)
    start, end = period.period
    amounts = selectors.period_surplus(request.group, start=start, end=end)
    form = DecisionForm(posted(request), group=request.group, end=end, initial={"seen": amounts.divisible})
    return _decide(request, form, start, end) or _previewed(request, form, amounts)


def _decide(request: GroupRequest, form: DecisionForm, start: date, end: date) -> HttpResponse | None:
    def decided(division: SurplusDivision | None) -> HttpResponse:
        recorded = SurplusDivision.objects.filter(group=request.group)
        division = division or recorded.get(key=form.cleaned_data["key"])
        return redirect("surplus-division", request.group.code, division.pk)

    return submit_once(
        request,
        form,
        lambda data: services.surplus_decide(actor=request.user, group=request.group, start=start, end=end, **data),
        then=decided,
        done=_("The decision is written down. Nothing is posted yet."),
    )


def _previewed(request: GroupRequest, form: DecisionForm, amounts: PeriodSurplus) -> HttpResponse:
    """Show how the surplus would be divided, by the rules of the day of the decision if there are any."""
    form.ask_again(amounts.divisible)
    start, end = amounts.start, amounts.end
    rules = rules_in_force(request.group, as_of=form.day)
    context: dict[str, Any] = {"form": form, "surplus": amounts, "is_over": end <= timezone.localdate()}
    if rules is not None and amounts.divisible:
        form.show_rules(rules.version)
        sheet = selectors.division_preview(request.group, rules, surplus=amounts.divisible, start=start, end=end)
        context |= _shown(request, sheet, start, end)
    return render(request, "finance/surplus_divide.html", context)


@requires(Capability.READ)
def surplus_division(request: GroupRequest, pk: int) -> HttpResponse:
    """One division as it was decided, and the list to sign."""
    division = _division(request, pk)
    shown = _shown(request, selectors.division_sheet(division), division.period_start, division.period_end)
    context = {"division": division, **shown}
    return respond_with_book(request, "finance/surplus_division.html", context, lambda: shown["table"])


@requires(Capability.RECORD)
def surplus_post(request: GroupRequest, pk: int) -> HttpResponse:
    """Post a division that was decided; a form sent twice posts it once."""
    division = _division(request, pk)
    if division.status != DivisionStatus.DECIDED:
        messages.info(request, division.status.label)
        return redirect("surplus-division", request.group.code, pk)
    form = SurplusPostForm(posted(request), division=division)
    answer = submit_once(
        request,
        form,
        lambda data: services.surplus_post(actor=request.user, division=division, **data),
        then=lambda _division: redirect("surplus-division", request.group.code, pk),
        done=_("The division is posted. Print the list and let the members sign."),
        at={InsufficientFunds: "paid_to"},
    )
    context = {"form": form, "division": division, "sheet": selectors.division_sheet(division)}
    return answer or render(request, "finance/surplus_post.html", context)


@requires(Capability.RECORD)
def surplus_withdraw(request: GroupRequest, pk: int) -> HttpResponse:
    """Take a division back with a reason; one that was posted is reversed."""
    division = _division(request, pk)
    if division.status == DivisionStatus.WITHDRAWN:
        messages.info(request, division.status.label)
        return redirect("surplus-division", request.group.code, pk)
    form = ReasonForm(posted(request))
    answer = submit_once(
        request,
        form,
        lambda data: services.surplus_withdraw(actor=request.user, division=division, **data),
        then=lambda _division: redirect("surplus-division", request.group.code, pk),
        done=_("The division is withdrawn. The period can be divided anew."),
    )
    return answer or render(request, "finance/surplus_withdraw.html", {"form": form, "division": division})


def _division(request: GroupRequest, pk: int) -> SurplusDivision:
    divisions = SurplusDivision.objects.select_related(
        "entry__reversed_by", "entry__reverses", "rules", "recorded_by", "withdrawn_by"
    )
    return get_object_or_404(divisions, group=request.group, pk=pk)


def _shown(request: GroupRequest, sheet: DivisionSheet, start: date, end: date) -> dict[str, Any]:
    """Return what both pages show of the division of a period: the sheet, its list and its chart."""
    table = tables.division_list(request.group, sheet, start=start, end=end)
    return {"sheet": sheet, "table": table, "chart": _chart(sheet)}


def _chart(sheet: DivisionSheet) -> PartsChart:
    members = [(_("Members by savings"), sheet.by_savings), (_("Members by borrowing"), sheet.by_borrowing)]
    purposes = [(label, amount) for label, _percent, amount in sheet.purpose_lines]
    return parts_chart([*members, *purposes, (_("Rounding, to the reserve"), sheet.rounding)])
