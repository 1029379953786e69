"""Pages of a group's books, each also as a spreadsheet and as CSV."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from django.db.models import F
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _

from finance import selectors, tables
from finance.forms.books import PeriodForm, month_of
from finance.forms.reports import BalancesForm, DayForm, LoansForm
from finance.models import AccountKind
from finance.selectors import LoanCard
from finance.selectors.late_fines import fines_without_ground
from finance.views.paging import lines_shown
from finance.views.printing import card_asked_for, respond_with_book
from finance.views.reports import REPORTS
from groups.http import GroupRequest
from groups.models import Member
from groups.permissions import Capability, requires

LINES_ON_A_PAGE = 50


@requires(Capability.READ)
def books(request: GroupRequest) -> HttpResponse:
    """The balances of the group and the way to each book."""
    context = {
        "summary": selectors.group_summary(request.group),
        "differences": selectors.cash_differences(request.group, is_open=True),
        "may_open": selectors.may_open(request.group),
        "reports": REPORTS,
    }
    return render(request, "finance/books.html", context)


@requires(Capability.READ)
def cash_book(request: GroupRequest) -> HttpResponse:
    """The cash box or the bank for a period, by default the latest month in which money moved."""
    group, form = request.group, PeriodForm(request.GET)
    form.is_valid()
    kind = form.kind
    latest = None if form.is_whole else selectors.latest_movement(group, kind=kind)
    start, end = form.period(latest or timezone.localdate())
    form.fill(book=kind, start=start, end=end)
    book = selectors.cash_book(group, start=start, end=end, kind=kind)
    page = lines_shown(request, book.lines, at_a_time=LINES_ON_A_PAGE)
    ticks = selectors.statement_days(page) if kind == AccountKind.BANK else {}
    table = tables.cash_book(group, book, kind, page, ticks=ticks)
    context = {"form": form, "kind": kind, "book": book, "page": page, "table": table}
    context["month_before"] = month_of(month_of(start)[0] - timedelta(days=1))
    following = month_of(month_of(end)[1] + timedelta(days=1))
    context["month_after"] = following if following[0] <= timezone.localdate() else None
    return respond_with_book(request, "finance/cash_book.html", context, lambda: tables.cash_book(group, book, kind))


@requires(Capability.READ)
def savings_book(request: GroupRequest) -> HttpResponse:
    """The savings of each member by kind as at a day, by default today; what moved, for a period."""
    form = BalancesForm(request.GET)
    start, end = form.days(timezone.localdate())
    book = selectors.savings_book(request.group, start=start, end=end)
    table = tables.savings_book(request.group, book)
    context = {"form": form, "book": book, "table": table}
    return respond_with_book(request, "finance/savings_book.html", context, lambda: table)


@requires(Capability.READ)
def loan_book(request: GroupRequest) -> HttpResponse:
    """The running loans, or all of them, as they stand on a day, by default today."""
    group, form = request.group, LoansForm(request.GET)
    as_of, shows_all = form.asked(timezone.localdate())
    loans = selectors.loans_on(group, as_of=as_of, only_running=not shows_all)
    totals = selectors.loan_totals(group, as_of=as_of, only_running=not shows_all)
    page = lines_shown(request, loans, at_a_time=LINES_ON_A_PAGE)
    rows = selectors.loan_rows(page.object_list, as_of=as_of)
    table = tables.loan_book(group, rows, totals, as_of=as_of, shows_all=shows_all)
    context = {"form": form, "shows_all": shows_all, "page": page, "rows": rows, "totals": totals, "table": table}
    return respond_with_book(
        request,
        "finance/loan_book.html",
        context,
        lambda: tables.loan_book(group, selectors.loan_rows(loans, as_of=as_of), totals, as_of=as_of),
    )


@requires(Capability.READ)
def loan(request: GroupRequest, number: int) -> HttpResponse:
    """The card of one loan as on a day, by default today: its terms, its schedule and what was paid."""
    form = DayForm(request.GET)
    as_of, card = card_asked_for(
        form,
        lambda day: selectors.loan_card(request.group, number, as_of=day),
        too_early=_("The loan was not paid out yet on this day."),
    )
    table = tables.loan_card(request.group, card, as_of=as_of)
    context = {"form": form, "card": card, "on": as_of, "table": table, **_of_card(card, as_of, timezone.localdate())}
    return respond_with_book(request, "finance/loan.html", context, lambda: table)


def _of_card(card: LoanCard, as_of: date, today: date) -> dict[str, Any]:
    """Return what was done with a loan up to a day, and what can be done with it today."""
    is_today = as_of >= today
    return {
        "steps": [step for step in selectors.loan_steps(card) if step.on <= as_of],
        "covers": selectors.covers_on(card.row.loan, as_of=as_of),
        "is_today": is_today,
        "groundless": fines_without_ground(card.row.loan) if is_today and card.fines else [],
        "runs_today": card.row.is_running if is_today else _runs(card),
    }


def _runs(card: LoanCard) -> bool:
    """Say whether a loan runs today, of whatever day its card is."""
    accounts = card.row.loan.accounts.filter(kind=AccountKind.LOAN)
    return accounts.filter(debits_posted__gt=F("credits_posted")).exists()


def member(request: GroupRequest, pk: int, more: Callable[[Member, date], dict[str, Any]]) -> HttpResponse:
    """A member's profile and passbook, of all time or of a period; `more` says what else there is up to a day."""
    group = request.group
    owner = get_object_or_404(Member, group=group, pk=pk)
    # The same group that the access check read, so that it is not read again.
    owner.group = group
    form, today = BalancesForm(request.GET), timezone.localdate()
    start, end = form.days(today)
    book = selectors.passbook(owner, start=start, end=end)
    page = lines_shown(request, book.lines, at_a_time=LINES_ON_A_PAGE)
    context = {"form": form, "member": owner, "book": book, "page": page, **_owed_by(owner, end, today)}
    context |= more(owner, end)
    context["loans"] = tables.member_loans(group, book.loans, as_of=end)
    context["table"] = tables.passbook(group, owner, book, page)
    return respond_with_book(request, "finance/member.html", context, lambda: tables.passbook(group, owner, book))


def _owed_by(owner: Member, as_of: date, today: date) -> dict[str, Any]:
    """Return what a member owes on a day, and only with today's what others paid for the member or are owed."""
    return {
        "is_today": as_of >= today,
        "owing": selectors.owed(owner.group, as_of=min(as_of, today), everybody=[owner]).get(owner.pk),
        "claims": selectors.claims_of(owner) if as_of >= today else None,
    }
