"""The books over all accounts: general ledger and trial balance."""

from __future__ import annotations

from collections.abc import Iterator

from django.core.paginator import Page
from django.urls import reverse
from django.utils.translation import gettext as _

from finance.models import AccountKind
from finance.selectors import BookLine, Ledger, TrialBalance, account_name
from finance.tables.of_group import begins, ends, numbered, table_of_group
from finance.tables.table import Cell, Column, ColumnKind, Row, Table
from groups.models import Group

TEXT, MONEY, NUMBER, ID, DATE = (ColumnKind.TEXT, ColumnKind.MONEY, ColumnKind.NUMBER, ColumnKind.ID, ColumnKind.DATE)


def general_ledger(group: Group, book: Ledger, account: str, page: Page[BookLine] | None = None) -> Table:
    """Buku besar of an account or a kind that is called `account`: a page of it, or all."""
    columns = [
        Column(_("Date"), DATE, on_phone=False),
        Column(_("Voucher"), ID, on_phone=False),
        Column(_("Other account")),
        Column(_("Note"), on_phone=False),
        Column(_("Debit"), MONEY, on_phone=False),
        Column(_("Credit"), MONEY, on_phone=False),
        Column(_("Balance"), MONEY),
    ]
    is_debit = not book.accounts or book.accounts[0].normal_side == "D"
    entry_url = numbered("entry", group)

    def sides(money_in: int, money_out: int) -> list[int | None]:
        debit, credit = (money_in, money_out) if is_debit else (money_out, money_in)
        return [debit or None, credit or None]

    def cells(line: BookLine) -> list[Cell]:
        # The other account of a line that went in on the debit side is its credit account, and the reverse.
        on_credit = bool(line.money_in) == is_debit
        code, kind = (line.credit_code, line.credit_kind) if on_credit else (line.debit_code, line.debit_kind)
        note = " ".join(filter(None, (line.member, line.memo)))
        amounts = sides(line.money_in, line.money_out)
        return [line.on, line.number, f"{code} {AccountKind(kind).label}", note, *amounts, line.running]

    def rows() -> Iterator[Row]:
        if begins(page):
            yield Row([book.start, None, _("Opening balance"), "", None, None, book.opening], is_heading=True)
        for line in book.lines if page is None else page:
            yield Row(cells(line), url=entry_url(line.number))
        if ends(page):
            total = [book.end, None, _("Total, and closing balance"), "", *sides(book.total_in, book.total_out)]
            yield Row([*total, book.closing], is_total=True)

    return table_of_group(
        group,
        _("General ledger (buku besar): %(account)s") % {"account": account},
        f"buku-besar-{_code(book)}".rstrip("-"),
        columns,
        rows(),
        start=book.start,
        until=book.end,
    )


WIDE_AMOUNT = 1_000_000_000
"""Rupiah from which two amounts do not stand side by side on a phone."""


def _code(book: Ledger) -> str:
    """Return the code of the account of a book, of several that of their kind."""
    if not book.accounts:
        return ""
    code = book.accounts[0].code
    return code if len(book.accounts) == 1 else code.split(".")[0]


def trial_balance(group: Group, balance: TrialBalance) -> Table:
    """Neraca saldo: as at a day two columns; for a period also the opening balances and what moved."""
    amounts = {"closing_debit": _("Debit"), "closing_credit": _("Credit")}
    if balance.start is not None:
        amounts = {
            "opening_debit": _("Opening debit"),
            "opening_credit": _("Opening credit"),
            "debits": _("Moved debit"),
            "credits": _("Moved credit"),
            "closing_debit": _("Closing debit"),
            "closing_credit": _("Closing credit"),
        }
    columns = [Column(_("Code"), on_phone=False), Column(_("Account"))]
    fits_phone = balance.start is None and balance.total("closing_debit") < WIDE_AMOUNT
    columns += [Column(label, MONEY, on_phone=fits_phone) for label in amounts.values()]

    def link(code: str, kind: str) -> str:
        span = f"&end={balance.end}" + (f"&start={balance.start}" if balance.start else "")
        return reverse("general-ledger", args=[group.code]) + f"?account={code if '.' in code else kind}{span}"

    rows = [
        Row(
            [
                line.code,
                account_name(line.account) if line.account is not None else str(AccountKind(line.kind).label),
                *(getattr(line, name) or None for name in amounts),
            ],
            url=link(line.code, line.kind),
        )
        for line in balance.lines
    ]
    rows.append(Row(["", _("Total"), *(balance.total(name) for name in amounts)], is_total=True))
    title = _("Trial balance (neraca saldo)")
    return table_of_group(group, title, "neraca-saldo", columns, rows, start=balance.start, until=balance.end)
