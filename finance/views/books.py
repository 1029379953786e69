"""Pages of a group's books, each also as a spreadsheet and as CSV."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import F
from django.http import Http404, HttpResponse
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
from finance.views.printing import respond_with_book
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
    context = {
        "form": form,
        "kind": kind,
        "book": book,
        "page": page,
        "table": tables.cash_book(group, book, kind, page, ticks=ticks),
        "month_before": month_of(month_of(start)[0] - timedelta(days=1)),
        "month_after": month_of(month_of(end)[1] + timedelta(days=1)),
        "is_unused": not book.accounts,
    }
    return respond_with_book(request, "finance/cash_book.html", context, lambda: tables.cash_book(group, book, kind))


@requires(Capability.READ)
def savings_book(request: GroupRequest) -> HttpResponse:
    """The savings of each member by kind as at a day, by default today; what moved, for a period."""
    form = BalancesForm(request.GET)
    start, end = form.days(timezone.localdate())
    form.fill(start=start, end=end)
    book = selectors.savings_book(request.group, start=start, end=end)
    table = tables.savings_book(request.group, book)
    context = {"form": form, "book": book, "table": table}
    return respond_with_book(request, "finance/savings_book.html", context, lambda: table)


@requires(Capability.READ)
def loan_book(request: GroupRequest) -> HttpResponse:
    """The running loans, or all of them, as they stand on a day, by default today."""
    group, form = request.group, LoansForm(request.GET)
    as_of, shows_all = form.day(timezone.localdate()), form.shows_all
    form.fill(on=as_of, show="all" if shows_all else "")
    loans = selectors.loans_on(group, as_of=as_of, only_running=not shows_all)
    totals = selectors.loan_totals(group, as_of=as_of, only_running=not shows_all)
    page = lines_shown(request, loans, at_a_time=LINES_ON_A_PAGE)
    rows = selectors.loan_rows(page.object_list, as_of=as_of)
    context = {
        "form": form,
        "shows_all": shows_all,
        "page": page,
        "rows": rows,
        "totals": totals,
        "table": tables.loan_book(group, rows, totals, as_of=as_of, shows_all=shows_all),
    }
    return respond_with_book(
        request,
        "finance/loan_book.html",
        context,
        lambda: tables.loan_book(group, selectors.loan_rows(loans, as_of=as_of), totals, as_of=as_of),
    )


@requires(Capability.READ)
def loan(request: GroupRequest, number: int) -> HttpResponse:
    """The card of one loan as on a day, by default today: its terms, its schedule and what was paid."""
    form, today = DayForm(request.GET), timezone.localdate()
    as_of = form.day(today)
    card = selectors.loan_card(request.group, number, as_of=as_of)
    if card is None and as_of != today:
        form.add_error("on", _("The loan was not paid out yet on this day."))
        as_of, card = today, selectors.loan_card(request.group, number, as_of=today)
    if card is None:
        raise Http404
    form.fill(on=as_of)
    table = tables.loan_card(request.group, card, as_of=as_of)
    context = {
        "form": form,
        "card": card,
        "steps": [step for step in selectors.loan_steps(card) if step.on <= as_of],
        "covers": selectors.covers_on(card.row.loan, as_of=as_of),
        "on": as_of,
        "is_today": as_of >= today,
        "groundless": fines_without_ground(card.row.loan) if as_of >= today and card.fines else [],
        "runs_today": card.row.is_running if as_of >= today else _runs(card),
        "table": table,
    }
    return respond_with_book(request, "finance/loan.html", context, lambda: table)


def _runs(card: LoanCard) -> bool:
    """Say whether a loan runs today, of whatever day its card is."""
    accounts = card.row.loan.accounts.filter(kind=AccountKind.LOAN)
    return accounts.filter(debits_posted__gt=F("credits_posted")).exists()


@requires(Capability.READ)
def member(request: GroupRequest, pk: int) -> HttpResponse:
    """A member's profile and passbook, of all time or of a period."""
    group = request.group
    owner = get_object_or_404(Member, group=group, pk=pk)
    # The same group that the access check read, so that it is not read again.
    owner.group = group
    form, today = BalancesForm(request.GET), timezone.localdate()
    start, end = form.days(today)
    form.fill(start=start, end=end)
    book = selectors.passbook(owner, start=start, end=end)
    page = lines_shown(request, book.lines, at_a_time=LINES_ON_A_PAGE)
    context = {
        "form": form,
        "member": owner,
        "claims": selectors.claims_of(owner) if end >= today else None,
        "owing": selectors.owed(group, as_of=min(end, today)).get(owner.pk),
        "book": book,
        "is_today": end >= today,
        "page": page,
        "loans": tables.member_loans(group, book.loans, as_of=end),
        "table": tables.passbook(group, owner, book, page),
    }
    return respond_with_book(request, "finance/member.html", context, lambda: tables.passbook(group, owner, book))
