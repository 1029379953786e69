"""Pages of the reports over all accounts of a group: each also as a spreadsheet and as CSV."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.forms import Form
from django.http import HttpResponse
from django.urls import path
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from finance import selectors, tables
from finance.forms.reports import DayForm, LedgerForm, SpanForm, TrialBalanceForm, ledger_options
from finance.models import Account, AccountKind
from finance.tables.table import Table
from finance.views.paging import lines_shown
from finance.views.printing import respond_with_book
from groups.http import GroupRequest
from groups.permissions import Capability, requires

LINES_ON_A_PAGE = 50


@dataclass(frozen=True, slots=True)
class Report:
    """A report: the name and the end of its address, its view, and what the page of all books says about it."""

    name: str
    path: str
    view: Callable[..., HttpResponse]
    title: Promise
    about: Promise


@requires(Capability.READ)
def general_ledger(request: GroupRequest) -> HttpResponse:
    """Any account or kind of account for any period, by default the cash box in the year so far."""
    group = request.group
    accounts = selectors.accounts_of(group)
    form = LedgerForm(request.GET, options=ledger_options(accounts))
    chosen = [account for account in accounts if form.choice in (account.kind, account.code)]
    start, end = form.span(timezone.localdate())
    form.fill(account=form.choice)
    book = selectors.ledger(group, chosen, start=start, end=end)
    page = lines_shown(request, book.lines, at_a_time=LINES_ON_A_PAGE)
    name = _account_name(form.choice, chosen)
    context = {"form": form, "table": tables.general_ledger(group, book, name, page), "page": page}
    return respond_with_book(
        request, "finance/general_ledger.html", context, lambda: tables.general_ledger(group, book, name)
    )


def _account_name(choice: str, chosen: list[Account]) -> str:
    """Return the code and name of the one account chosen, or what the kind is called."""
    return f"{choice} {selectors.account_name(chosen[0])}" if choice[0].isdigit() else str(AccountKind(choice).label)


@requires(Capability.READ)
def trial_balance(request: GroupRequest) -> HttpResponse:
    """Every account as at a day, by default today, or with what moved in a period."""
    form = TrialBalanceForm(request.GET)
    start, end = form.days(timezone.localdate())
    by_account = bool(form.cleaned_data.get("accounts"))
    form.fill(accounts=by_account)
    balance = selectors.trial_balance(request.group, start=start, end=end, by_account=by_account)
    return _report(request, form, tables.trial_balance(request.group, balance), "finance/trial_balance.html", balance)


@requires(Capability.READ)
def balance_sheet(request: GroupRequest) -> HttpResponse:
    """What the group has, owes and owns at the end of a day, by default today."""
    form = DayForm(request.GET)
    as_of = form.day(timezone.localdate())
    sheet = selectors.balance_sheet(request.group, as_of=as_of)
    return _report(request, form, tables.balance_sheet(request.group, sheet))


@requires(Capability.READ)
def income_statement(request: GroupRequest) -> HttpResponse:
    """Income, expenses and surplus of a period, by default the year so far."""
    form = SpanForm(request.GET)
    start, end = form.span(timezone.localdate())
    statement = selectors.income_statement(request.group, start=start, end=end)
    return _report(request, form, tables.income_statement(request.group, statement))


@requires(Capability.READ)
def owed(request: GroupRequest) -> HttpResponse:
    """Who owes fines, wajib and pokok at the end of a day, by default today."""
    form = DayForm(request.GET)
    as_of = form.day(timezone.localdate())
    rows = selectors.owed_rows(request.group, as_of=as_of)
    return _report(request, form, tables.owed(request.group, rows, as_of=as_of))


def _report(
    request: GroupRequest,
    form: Form,
    table: Table,
    template: str = "finance/report.html",
    balance: selectors.TrialBalance | None = None,
) -> HttpResponse:
    """Answer with a report that stands on one page, or with its file."""
    context = {"form": form, "table": table, "balance": balance}
    return respond_with_book(request, template, context, lambda: table)


REPORTS = (
    Report(
        "balance-sheet",
        "balance-sheet/",
        balance_sheet,
        _("Balance sheet (neraca)"),
        _("What the group has, owes and owns on a day"),
    ),
    Report(
        "income-statement",
        "income/",
        income_statement,
        _("Income statement (laporan hasil usaha)"),
        _("Income, expenses and the surplus of a period"),
    ),
    Report(
        "trial-balance",
        "trial-balance/",
        trial_balance,
        _("Trial balance (neraca saldo)"),
        _("The balance of every account"),
    ),
    Report(
        "general-ledger",
        "ledger/",
        general_ledger,
        _("General ledger (buku besar)"),
        _("Every line of any one account"),
    ),
    Report(
        "owed",
        "owed/",
        owed,
        _("Owed by members (tunggakan anggota)"),
        _("Fines, wajib and pokok that members still owe on a day"),
    ),
)
"""In the order of the page of all books; a new report is a table, a view and its line here."""

urlpatterns = [path(f"g/<str:code>/books/{report.path}", report.view, name=report.name) for report in REPORTS]
