"""Pages that hold the books against the money: the cash count, and the bank's statement."""

from __future__ import annotations

from collections.abc import Collection
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from finance import selectors, services
from finance.forms.books import SettleForm
from finance.forms.cash import CountForm, StatementForm
from finance.ledger.errors import AlreadySettled, LedgerError
from finance.ledger.reading import read_books
from finance.models import AccountKind, CashCount
from finance.views.paging import lines_shown
from finance.views.submit import submit_once
from groups.http import GroupRequest, takes_posts_of
from groups.models import Group
from groups.permissions import Capability, requires
from groups.shared.submit import posted
from groups.shared.ticks import MOST_TICKED, kept, read_ticked

LINES_ON_A_PAGE = 100
DIFFERENCES_ON_A_PAGE = 50
LATEST_COUNTS = 5


@requires(Capability.RECORD)
@require_http_methods(["GET", "POST"])
def cash_count(request: GroupRequest) -> HttpResponse:
    """Count the cash box by notes and coins; `check` only adds up."""
    form = CountForm(posted(request), group=request.group)
    counts = request.POST.get("action") == "count"
    form.is_valid()
    answer = _take(request, form) if counts else None
    context = {"form": form, "counts": selectors.cash_counts(request.group)[:LATEST_COUNTS]}
    if form.is_bound:
        context |= _held_against(request.group, form)
    return answer or render(request, "finance/cash_count.html", context, status=422 if counts or form.errors else 200)


def _take(request: GroupRequest, form: CountForm) -> HttpResponse | None:
    counted = ("explanation", "on", "key")
    return submit_once(
        request,
        form,
        lambda data: services.cash_count_take(
            actor=request.user, group=request.group, pieces=form.pieces, **{name: data[name] for name in counted}
        ),
        then=lambda count: _counted(request, count),
        at={LedgerError: "explanation"},
    )


def _counted(request: GroupRequest, count: CashCount | None) -> HttpResponse:
    if count is not None and count.difference:
        messages.warning(request, _("The count is recorded; its difference is open until it is settled."))
    elif count is not None:
        messages.success(request, _("The count is recorded; it agrees with the books."))
    return redirect("cash-differences", request.group.code)


def _held_against(group: Group, form: CountForm) -> dict[str, int]:
    """Return what a count is held against on its day: the books, and the differences that are open; rupiah."""
    on = form.cleaned_data.get("on") or timezone.localdate()
    books = read_books(group, on)
    in_books, expected = books.balance(AccountKind.CASH), selectors.expected_cash(books, on=on)
    return {
        "in_books": in_books,
        "still_open": expected - in_books,
        "expected": expected,
        "difference": form.counted - expected,
    }


@requires(Capability.READ)
def cash_differences(request: GroupRequest) -> HttpResponse:
    """Counts of the cash box that differ from the books: the open ones, then those settled."""
    settled = selectors.cash_differences(request.group, is_open=False)
    return render(
        request,
        "finance/cash_differences.html",
        {
            "open": selectors.cash_differences(request.group, is_open=True),
            "page": lines_shown(request, settled, at_a_time=DIFFERENCES_ON_A_PAGE),
        },
    )


@requires(Capability.RECORD)
def cash_difference_settle(request: GroupRequest, pk: int) -> HttpResponse:
    """Settle an open difference; a form sent twice settles it once."""
    count = get_object_or_404(CashCount.objects.differing().select_related("counted_by"), group=request.group, pk=pk)
    if count.settled_on is not None:
        messages.info(request, str(AlreadySettled()))
        return redirect("cash-differences", request.group.code)
    form = SettleForm(posted(request), count=count)
    answer = submit_once(
        request,
        form,
        lambda data: services.cash_count_settle(actor=request.user, count=count, **data),
        then=lambda _count: redirect("cash-differences", request.group.code),
        done=_("The difference is settled."),
        at={LedgerError: "post_difference"},
    )
    return answer or render(request, "finance/cash_difference_settle.html", {"form": form, "count": count})


@requires(Capability.READ)
@require_http_methods(["GET"])
def bank_statement(request: GroupRequest) -> HttpResponse:
    """The lines of the bank book that nobody has seen on a statement yet."""
    day = request.GET.get("statement_on")
    form = StatementForm(initial={"statement_on": day} if day else None)
    return _statement(request, form, read_ticked(request.GET, "lines"))


@requires(Capability.RECORD)
@takes_posts_of("bank-statement")
def bank_tick(request: GroupRequest) -> HttpResponse:
    """Tick off the lines that stand on a statement; a form sent twice ticks them once.

    With `page`, from the buttons to other pages, nothing is ticked off: the ticks go along to that page.
    """
    if "page" in request.POST:
        return _to_page(request)
    form = StatementForm(request.POST)
    if form.is_valid():
        data = form.cleaned_data
        try:
            number = services.bank_tick(
                actor=request.user, group=request.group, transfers=data["lines"], statement_on=data["statement_on"]
            )
        except LedgerError as error:
            form.add_error("statement_on", str(error))
        else:
            messages.success(request, ngettext("%d line is ticked off.", "%d lines are ticked off.", number) % number)
            return redirect("bank-statement", request.group.code)
    return _statement(request, form, form.cleaned_data.get("lines", ()))


def _to_page(request: GroupRequest) -> HttpResponse:
    """Lead to another page of the lines, with the day of the statement and what is ticked so far."""
    ticked = read_ticked(request.POST, "lines")
    if len(ticked) > MOST_TICKED:
        problem = _("At most %(count)d ticks are kept from page to page. Tick off those first.")
        messages.warning(request, problem % {"count": MOST_TICKED})
    along = {
        "page": request.POST["page"],
        "statement_on": request.POST.get("statement_on", ""),
        "ticked": kept(ticked, MOST_TICKED),
    }
    address = reverse("bank-statement", args=[request.group.code])
    return redirect(f"{address}?{urlencode({name: value for name, value in along.items() if value})}")


def _statement(request: GroupRequest, form: StatementForm, ticked: Collection[int]) -> HttpResponse:
    check = selectors.bank_check(request.group)
    page = lines_shown(request, check.lines, at_a_time=LINES_ON_A_PAGE)
    here = {line.pk for line in page}
    context = {
        "check": check,
        "page": page,
        "form": form,
        "chosen": ticked,
        "elsewhere": [pk for pk in ticked if pk not in here],
    }
    return render(request, "finance/bank_statement.html", context, status=422 if form.is_bound else 200)
