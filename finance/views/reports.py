"""Pages of the reports over all accounts of a group: each also as a spreadsheet and as CSV."""

from __future__ import annotations

from django.http import HttpResponse
from django.utils import timezone

from finance import selectors
from finance.forms.reports import DayForm, LedgerForm, SpanForm, TrialBalanceForm, ledger_options
from finance.models import AccountKind
from finance.tables import books as sheets
from finance.tables.table import respond
from finance.views.paging import lines_shown
from groups.http import GroupRequest
from groups.permissions import Capability, requires

LINES_ON_A_PAGE = 50


@requires(Capability.READ)
def general_ledger(request: GroupRequest) -> HttpResponse:
    """Any account or kind of account for any period, by default the cash box in the year so far."""
    accounts = selectors.accounts_of(request.group)
    options = ledger_options(accounts)
    form = LedgerForm(request.GET, options=options)
    choice = form.choice
    chosen = [account for account in accounts if choice in (account.kind, account.code)]
    start, end = form.span(timezone.localdate())
    if form.is_valid():
        form = LedgerForm(None, options=options, initial={"account": choice, "start": start, "end": end})
    name = f"{choice} {selectors.account_name(chosen[0])}" if choice[0].isdigit() else str(AccountKind(choice).label)
    book = selectors.ledger(request.group, chosen, start=start, end=end)
    page = lines_shown(request, book.lines, at_a_time=LINES_ON_A_PAGE)
    return respond(
        request,
        "finance/general_ledger.html",
        {
            "form": form,
            "table": sheets.ledger(
                request.group, book, name, page, opens=not page.has_previous(), closes=not page.has_next()
            ),
            "page": page,
            "paper": selectors.paper(request.group),
        },
        lambda: sheets.ledger(request.group, book, name, book.lines, opens=True, closes=True),
    )


@requires(Capability.READ)
def trial_balance(request: GroupRequest) -> HttpResponse:
    """Every account as at a day, by default today, or with what moved in a period."""
    form = TrialBalanceForm(request.GET)
    start, end = form.days(timezone.localdate())
    by_account = bool(form.cleaned_data.get("accounts"))
    if form.is_valid():
        form = TrialBalanceForm(initial={"start": start, "end": end, "accounts": by_account})
    balance = selectors.trial_balance(request.group, start=start, end=end, by_account=by_account)
    table = sheets.trial_balance(request.group, balance)
    context = {"form": form, "table": table, "balance": balance, "paper": selectors.paper(request.group)}
    return respond(request, "finance/trial_balance.html", context, lambda: table)


@requires(Capability.READ)
def balance_sheet(request: GroupRequest) -> HttpResponse:
    """What the group has, owes and owns at the end of a day, by default today."""
    form = DayForm(request.GET)
    on = form.day(timezone.localdate())
    if form.is_valid():
        form = DayForm(initial={"on": on})
    table = sheets.balance_sheet(request.group, selectors.balance_sheet(request.group, as_of=on))
    context = {"form": form, "table": table, "paper": selectors.paper(request.group)}
    return respond(request, "finance/report.html", context, lambda: table)


@requires(Capability.READ)
def income_statement(request: GroupRequest) -> HttpResponse:
    """Income, expenses and surplus of a period, by default the year so far."""
    form = SpanForm(request.GET)
    start, end = form.span(timezone.localdate())
    if form.is_valid():
        form = SpanForm(initial={"start": start, "end": end})
    table = sheets.income_statement(request.group, selectors.income_statement(request.group, start=start, end=end))
    context = {"form": form, "table": table, "paper": selectors.paper(request.group)}
    return respond(request, "finance/report.html", context, lambda: table)
