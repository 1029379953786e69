"""Pages of a group's books."""

from __future__ import annotations

from datetime import timedelta

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import prefetch_related_objects
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from finance import selectors, services, sheets
from finance.errors import AlreadyPosted, AlreadySettled, LedgerError, PeriodClosed
from finance.forms.books import PeriodForm, SettleForm, month_of
from finance.models import AccountKind, CashCount, Entry
from finance.tables import respond
from groups.http import GroupRequest
from groups.models import Member
from groups.permissions import Capability, requires

CASH_LINES_ON_A_PAGE = 150
"""A month of a group of 30 members fits, so that its book prints whole."""
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
    page = Paginator(book.lines, CASH_LINES_ON_A_PAGE).get_page(request.GET.get("page"))
    if kind == AccountKind.BANK:
        prefetch_related_objects(list(page), "bank_tick")
    return respond(
        request,
        "finance/cash_book.html",
        {
            "form": form,
            "kind": kind,
            "book": book,
            "page": page,
            "month_before": month_of(month_of(start)[0] - timedelta(days=1)),
            "month_after": month_of(month_of(end)[1] + timedelta(days=1)),
            "is_unused": not book.accounts,
            "signers": selectors.signers(request.group),
        },
        lambda: sheets.cash_book(request.group, book, kind),
    )


@requires(Capability.READ)
def savings_book(request: GroupRequest) -> HttpResponse:
    """The savings of each member by kind."""
    book, today = selectors.savings_book(request.group), timezone.localdate()
    return respond(
        request,
        "finance/savings_book.html",
        {"book": book, "signers": selectors.signers(request.group), "today": today},
        lambda: sheets.savings_book(request.group, book, on=today),
    )


@requires(Capability.READ)
def loan_book(request: GroupRequest) -> HttpResponse:
    """The running loans, or all of them, as they stand today."""
    today = timezone.localdate()
    shows_all = request.GET.get("show") == "all"
    loans = selectors.loans_on(request.group, on=today, only_running=not shows_all)
    page = Paginator(loans, LINES_ON_A_PAGE).get_page(request.GET.get("page"))
    return respond(
        request,
        "finance/loan_book.html",
        {
            "shows_all": shows_all,
            "page": page,
            "rows": selectors.loan_rows(page.object_list, on=today),
            "totals": selectors.loan_totals(loans, on=today),
            "signers": selectors.signers(request.group),
            "today": today,
        },
        lambda: sheets.loan_book(request.group, selectors.loan_rows(loans, on=today), on=today),
    )


@requires(Capability.READ)
def loan(request: GroupRequest, number: int) -> HttpResponse:
    """The card of one loan: its terms, its schedule and what was paid."""
    today = timezone.localdate()
    card = selectors.loan_card(request.group, number, on=today)
    if card is None:
        raise Http404
    return respond(
        request,
        "finance/loan.html",
        {
            "card": card,
            "steps": selectors.loan_steps(card),
            "covers": selectors.covers_on(card.row.loan),
            "percent": (card.row.loan.rate * 100).normalize(),
            "today": today,
            "signers": selectors.signers(request.group),
        },
        lambda: sheets.loan_card(request.group, card, on=today),
    )


@requires(Capability.READ)
def member(request: GroupRequest, pk: int) -> HttpResponse:
    """A member's profile and passbook."""
    found = get_object_or_404(Member, group=request.group, pk=pk)
    # The same group that the access check read, so that it is not read again.
    found.group = request.group
    today = timezone.localdate()
    book = selectors.passbook(found, on=today)
    paginator = Paginator(book.lines, LINES_ON_A_PAGE)
    paginator.count = book.count
    return respond(
        request,
        "finance/member.html",
        {
            "member": found,
            "claims": selectors.claims_of(found),
            "book": book,
            "page": paginator.get_page(request.GET.get("page")),
            "signers": selectors.signers(request.group),
        },
        lambda: sheets.passbook(request.group, found, book, on=today),
    )


@requires(Capability.READ)
def entry(request: GroupRequest, number: int) -> HttpResponse:
    """One entry of the ledger with its lines."""
    entries = Entry.objects.select_related("recorded_by", "reverses", "reversed_by")
    found = get_object_or_404(entries, group=request.group, number=number)
    return render(request, "finance/entry.html", {"entry": found, "lines": selectors.entry_lines(found)})


@requires(Capability.READ)
def cash_differences(request: GroupRequest) -> HttpResponse:
    """Counts of the cash box that differ from the books: the open ones, then those settled."""
    settled = selectors.cash_differences(request.group, is_open=False)
    return render(
        request,
        "finance/cash_differences.html",
        {
            "open": selectors.cash_differences(request.group, is_open=True),
            "page": Paginator(settled, LINES_ON_A_PAGE).get_page(request.GET.get("page")),
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
