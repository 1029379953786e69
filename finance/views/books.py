"""Pages of a group's books."""

from __future__ import annotations

from datetime import timedelta

from django.contrib import messages
from django.db.models import F
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from finance import selectors, services
from finance.forms.books import PeriodForm, SettleForm, month_of
from finance.forms.reports import BalancesForm, DayForm, LoansForm
from finance.ledger.errors import AlreadyPosted, AlreadySettled, LedgerError, PeriodClosed
from finance.models import AccountKind, CashCount, Loan
from finance.tables import books as sheets
from finance.tables.rows import book_rows
from finance.tables.table import respond
from finance.views.paging import lines_shown
from groups.http import GroupRequest
from groups.models import Member
from groups.permissions import Capability, requires

LINES_ON_A_PAGE = 50


@requires(Capability.READ)
def books(request: GroupRequest) -> HttpResponse:
    """The balances of the group and the way to each book."""
    return render(
        request,
        "finance/books.html",
        {
            "summary": selectors.group_summary(request.group),
            "differences": selectors.cash_differences(request.group, is_open=True),
            "may_open": selectors.may_open(request.group),
        },
    )


@requires(Capability.READ)
def cash_book(request: GroupRequest) -> HttpResponse:
    """The cash box or the bank for a period, by default the latest month in which money moved."""
    form = PeriodForm(request.GET)
    is_right, kind = form.is_valid(), form.kind
    latest = None if form.is_whole else selectors.latest_movement(request.group, kind=kind)
    start, end = form.period(latest or timezone.localdate())
    if is_right:
        form = PeriodForm(initial={"book": kind, "start": start, "end": end})
    book = selectors.cash_book(request.group, start=start, end=end, kind=kind)
    page = lines_shown(request, book.lines, at_a_time=LINES_ON_A_PAGE)
    ticks = selectors.statement_days(page) if kind == AccountKind.BANK else {}
    return respond(
        request,
        "finance/cash_book.html",
        {
            "form": form,
            "kind": kind,
            "book": book,
            "page": page,
            "lines": book_rows(request.group, page, names_members=True, ticks=ticks),
            "month_before": month_of(month_of(start)[0] - timedelta(days=1)),
            "month_after": month_of(month_of(end)[1] + timedelta(days=1)),
            "is_unused": not book.accounts,
            "paper": selectors.paper(request.group),
        },
        lambda: sheets.cash_book(request.group, book, kind),
    )


@requires(Capability.READ)
def savings_book(request: GroupRequest) -> HttpResponse:
    """The savings of each member by kind as at a day, by default today; what moved, for a period."""
    form = BalancesForm(request.GET)
    start, end = form.days(timezone.localdate())
    if form.is_valid():
        form = BalancesForm(initial={"start": start, "end": end})
    book = selectors.savings_book(request.group, start=start, end=end)
    return respond(
        request,
        "finance/savings_book.html",
        {
            "form": form,
            "book": book,
            "table": sheets.savings_movements(request.group, book) if book.start else None,
            "paper": selectors.paper(request.group),
        },
        lambda: sheets.savings_book(request.group, book),
    )


@requires(Capability.READ)
def loan_book(request: GroupRequest) -> HttpResponse:
    """The running loans, or all of them, as they stand on a day, by default today."""
    form = LoansForm(request.GET)
    on, shows_all = form.day(timezone.localdate()), form.shows_all
    if form.is_valid():
        form = LoansForm(initial={"on": on, "show": "all" if shows_all else ""})
    loans = selectors.loans_on(request.group, as_of=on, only_running=not shows_all)
    page = lines_shown(request, loans, at_a_time=LINES_ON_A_PAGE)
    return respond(
        request,
        "finance/loan_book.html",
        {
            "form": form,
            "shows_all": shows_all,
            "page": page,
            "rows": selectors.loan_rows(page.object_list, as_of=on),
            "totals": selectors.loan_totals(loans, as_of=on),
            "paper": selectors.paper(request.group),
            "on": on,
        },
        lambda: sheets.loan_book(request.group, selectors.loan_rows(loans, as_of=on), on=on),
    )


@requires(Capability.READ)
def loan(request: GroupRequest, number: int) -> HttpResponse:
    """The card of one loan as on a day, by default today: its terms, its schedule and what was paid."""
    form, today = DayForm(request.GET), timezone.localdate()
    on = form.day(today)
    card = selectors.loan_card(request.group, number, as_of=on)
    if card is None and on != today:
        form.add_error("on", _("The loan was not paid out yet on this day."))
        on, card = today, selectors.loan_card(request.group, number, as_of=today)
    if card is None:
        raise Http404
    if form.is_valid():
        form = DayForm(initial={"on": on})
    return respond(
        request,
        "finance/loan.html",
        {
            "form": form,
            "card": card,
            "steps": [step for step in selectors.loan_steps(card) if step.on <= on],
            "covers": [cover for cover in selectors.covers_on(card.row.loan) if cover.entry.effective_on <= on],
            "percent": (card.row.loan.rate * 100).normalize(),
            "on": on,
            "is_today": on >= today,
            "runs_today": card.row.is_running if on >= today else _runs(card.row.loan),
            "paper": selectors.paper(request.group),
        },
        lambda: sheets.loan_card(request.group, card, on=on),
    )


def _runs(loan: Loan) -> bool:
    """Say whether a loan runs today, of whatever day its card is."""
    accounts = loan.accounts.filter(kind=AccountKind.LOAN)
    return accounts.filter(debits_posted__gt=F("credits_posted")).exists()


@requires(Capability.READ)
def member(request: GroupRequest, pk: int) -> HttpResponse:
    """A member's profile and passbook, of all time or of a period."""
    found = get_object_or_404(Member, group=request.group, pk=pk)
    # The same group that the access check read, so that it is not read again.
    found.group = request.group
    form, today = BalancesForm(request.GET), timezone.localdate()
    start, end = form.days(today)
    if form.is_valid():
        form = BalancesForm(initial={"start": start, "end": end})
    book = selectors.passbook(found, start=start, end=end)
    page = lines_shown(request, book.lines, at_a_time=LINES_ON_A_PAGE)
    return respond(
        request,
        "finance/member.html",
        {
            "form": form,
            "member": found,
            "claims": selectors.claims_of(found) if end >= today else None,
            "book": book,
            "is_today": end >= today,
            "page": page,
            "lines": book_rows(request.group, page, names_members=False),
            "paper": selectors.paper(request.group),
        },
        lambda: sheets.passbook(request.group, found, book),
    )


@requires(Capability.READ)
def cash_differences(request: GroupRequest) -> HttpResponse:
    """Counts of the cash box that differ from the books: the open ones, then those settled."""
    settled = selectors.cash_differences(request.group, is_open=False)
    return render(
        request,
        "finance/cash_differences.html",
        {
            "open": selectors.cash_differences(request.group, is_open=True),
            "page": lines_shown(request, settled, at_a_time=LINES_ON_A_PAGE),
        },
    )


@requires(Capability.RECORD)
def cash_difference_settle(request: GroupRequest, pk: int) -> HttpResponse:
    """Settle an open difference; a form sent twice settles it once."""
    count = get_object_or_404(CashCount.objects.differing().select_related("counted_by"), group=request.group, pk=pk)
    form = SettleForm(request.POST or None, count=count)
    if count.settled_on is not None:
        messages.info(request, str(AlreadySettled()))
        return redirect("cash-differences", request.group.code)
    if request.method == "POST" and form.is_valid():
        try:
            services.cash_count_settle(actor=request.user, count=count, **form.cleaned_data)
        except (AlreadySettled, AlreadyPosted) as error:
            messages.info(request, str(error))
            return redirect("cash-differences", request.group.code)
        except LedgerError as error:
            form.add_error("on" if isinstance(error, PeriodClosed) else "post_difference", str(error))
        else:
            messages.success(request, _("The difference is settled."))
            return redirect("cash-differences", request.group.code)
    return render(request, "finance/cash_difference_settle.html", {"form": form, "count": count})
