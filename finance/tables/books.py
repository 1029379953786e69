"""Each book and report of a group as a table, in the layout that groups and UPKs know.

A table is made in the reader's language; the names of files are Indonesian, as the books are called in the field.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from finance.models import AccountKind, Entry, Instalment
from finance.performance import Performance
from finance.schedules import Paid, ScheduledInstalment
from finance.selectors import (
    BalanceSheet,
    BookLine,
    ExternalCard,
    ExternalRow,
    IncomeStatement,
    Ledger,
    LoanArrears,
    LoanCard,
    LoanRow,
    Passbook,
    ReportLine,
    SavingsBook,
    TrialBalance,
    account_name,
)
from finance.tables.rows import numbered
from finance.tables.table import Cell, Column, ColumnKind, Row, Table
from finance.wording import COLLECTABILITY
from groups.models import Group, Member

TEXT, MONEY, NUMBER, DATE, PERCENT = ColumnKind


def cash_book(group: Group, book: Ledger, kind: AccountKind) -> Table:
    """Buku kas or buku bank: every line of the period with the balance after it."""
    is_cash = kind == AccountKind.CASH
    columns = [
        Column(_("Date"), DATE),
        Column(_("Voucher"), NUMBER),
        Column(_("What for")),
        Column(_("Member")),
        Column(_("Note")),
        Column(_("In"), MONEY),
        Column(_("Out"), MONEY),
        Column(_("Balance"), MONEY),
    ]

    def rows() -> Iterator[Row]:
        yield Row([book.start, None, _("Opening balance"), "", "", None, None, book.opening], is_heading=True)
        for line in book.lines:
            amounts = [line.money_in or None, line.money_out or None, line.running]
            yield Row([line.on, line.number, line.what, line.member or "", line.memo, *amounts])
        total = [book.end, None, _("Total, and closing balance"), "", "", book.total_in, book.total_out, book.closing]
        yield Row(total, is_total=True)

    return _table(
        group,
        _("Cash book (buku kas)") if is_cash else _("Bank book (buku bank)"),
        "buku-kas" if is_cash else "buku-bank",
        columns,
        rows(),
        start=book.start,
        until=book.end,
    )


def savings_book(group: Group, book: SavingsBook) -> Table:
    """Buku simpanan: members by kind of savings as at a day, or what moved in a period that has a start."""
    if book.start is not None:
        return savings_movements(group, book)
    columns = [Column(_("No."), NUMBER), Column(_("Member"))]
    columns += [Column(label, MONEY) for label in (_("Pokok"), _("Wajib"), _("Sukarela"), _("Total"))]
    rows = [
        Row([row.member.number, row.member.name, row.pokok, row.wajib, row.sukarela, row.total]) for row in book.rows
    ]
    rows.append(Row([None, _("Total"), book.pokok, book.wajib, book.sukarela, book.total], is_total=True))
    return _table(group, _("Savings book (buku simpanan)"), "buku-simpanan", columns, rows, until=book.end)


def savings_movements(group: Group, book: SavingsBook) -> Table:
    """Buku simpanan of a period: opening, in, out and closing of each member and kind."""
    columns = [
        Column(_("No."), NUMBER, on_phone=False),
        Column(_("Member")),
        Column(_("Kind"), on_phone=False),
        Column(_("Opening"), MONEY, on_phone=False),
        Column(_("In"), MONEY),
        Column(_("Out"), MONEY),
        Column(_("Closing"), MONEY),
    ]
    member_url = numbered("member", group)
    rows = [
        Row(
            [
                moved.member.number,
                moved.member.name,
                moved.kind_label,
                *(moved.opening, moved.money_in or None, moved.money_out or None, moved.closing),
            ],
            url=member_url(moved.member.pk),
        )
        for moved in book.movements
    ]
    total = [book.moved(column) for column in ("opening", "money_in", "money_out", "closing")]
    rows.append(Row([None, _("Total"), "", *total], is_total=True))
    title = _("Savings book (buku simpanan)")
    return _table(group, title, "buku-simpanan", columns, rows, start=book.start, until=book.end)


def loan_book(group: Group, loans: Sequence[LoanRow], *, on: date) -> Table:
    """Buku pinjaman: loans as they stand on a day."""
    columns = _standing_columns(_("Borrower"), _("Paid out"), _("Outstanding"))
    rows = [_standing_row(row, row.loan.member.name, row.loan.disbursed_on) for row in loans]
    return _table(
        group, _("Loan book (buku pinjaman)"), "buku-pinjaman", columns, [*rows, _standing_total(loans)], until=on
    )


def loan_card(group: Group, card: LoanCard, *, on: date) -> Table:
    """Kartu pinjaman: the schedule, then the payments."""
    loan = card.row.loan
    payments = [(payment.entry, payment.principal, payment.service_fee, payment.total) for payment in card.payments]
    rows = [
        Row([loan.disbursed_on, _("Loan paid out"), loan.principal, None, None, None, None], is_heading=True),
        *_card_rows(card.schedule, payments, card.row),
    ]
    title = _("Loan card (kartu pinjaman) %(number)s") % {"number": f"{loan.number}: {loan.member}"}
    return _table(group, title, f"kartu-pinjaman-{loan.number}", _card_columns(), rows, until=on)


def external_loans(group: Group, loans: Sequence[ExternalRow], *, on: date) -> Table:
    """Buku hutang: loans from outside as they stand on a day."""
    columns = _standing_columns(_("Lender"), _("Received on"), _("Still owed"))
    rows = [_standing_row(row, row.loan.lender, row.loan.received_on) for row in loans]
    return _table(
        group, _("Loans from outside (hutang)"), "buku-hutang", columns, [*rows, _standing_total(loans)], until=on
    )


def external_card(group: Group, card: ExternalCard, *, on: date) -> Table:
    """Kartu hutang: the schedule of a loan from outside, then what was paid to the lender."""
    loan = card.row.loan
    payments = [(payment.entry, payment.principal, payment.service_fee, payment.total) for payment in card.payments]
    rows = [
        Row([loan.received_on, _("Loan received"), loan.principal, None, None, None, None], is_heading=True),
        *_card_rows(card.schedule, payments, card.row),
    ]
    title = _("Loan from outside %(number)s: %(lender)s") % {"number": loan.number, "lender": loan.lender}
    return _table(group, title, f"kartu-hutang-{loan.number}", _card_columns(), rows, until=on)


def passbook(group: Group, member: Member, book: Passbook) -> Table:
    """Buku anggota: every line of the ledger that is the member's, newest first, between the savings at both ends."""
    columns = [
        Column(_("Date"), DATE),
        Column(_("Voucher"), NUMBER),
        Column(_("What for")),
        Column(_("Note")),
        Column(_("Paid"), MONEY),
        Column(_("Received"), MONEY),
        Column(_("Savings after"), MONEY),
    ]

    def rows() -> Iterator[Row]:
        yield Row([book.end, None, _("Closing balance"), "", None, None, book.savings.total], is_total=True)
        for line in book.lines:
            amounts = [line.money_in or None, line.money_out or None, line.running]
            yield Row([line.on, line.number, line.what, line.memo, *amounts])
        yield Row([book.start, None, _("Opening balance"), "", None, None, book.opening.total], is_heading=True)

    title = _("Passbook (buku anggota)") + f" {member.name}"
    name = f"buku-anggota-{member.number}"
    return _table(group, title, name, columns, rows(), start=book.start, until=book.end)


def ledger(group: Group, book: Ledger, name: str, lines: Iterable[BookLine], *, opens: bool, closes: bool) -> Table:
    """Buku besar of an account or a kind; `lines` are a page or all, `opens` and `closes` say which ends to write."""
    is_debit = not book.accounts or book.accounts[0].normal_side == "D"
    columns = [
        Column(_("Date"), DATE, on_phone=False),
        Column(_("Voucher"), NUMBER, on_phone=False),
        Column(_("Other account")),
        Column(_("Note"), on_phone=False),
        Column(_("Debit"), MONEY, on_phone=False),
        Column(_("Credit"), MONEY, on_phone=False),
        Column(_("Balance"), MONEY),
    ]

    entry_url = numbered("entry", group)

    def sides(money_in: int, money_out: int) -> list[int | None]:
        debit, credit = (money_in, money_out) if is_debit else (money_out, money_in)
        return [debit or None, credit or None]

    def rows() -> Iterator[Row]:
        if opens:
            yield Row([book.start, None, _("Opening balance"), "", None, None, book.opening], is_heading=True)
        for line in lines:
            # The other account of a line that went in on the debit side is its credit account, and the reverse.
            on_credit = bool(line.money_in) == is_debit
            code, kind = (line.credit_code, line.credit_kind) if on_credit else (line.debit_code, line.debit_kind)
            yield Row(
                [
                    line.on,
                    line.number,
                    f"{code} {AccountKind(kind).label}",
                    " ".join(filter(None, (line.member, line.memo))),
                    *sides(line.money_in, line.money_out),
                    line.running,
                ],
                url=entry_url(line.number),
            )
        if closes:
            total = [book.end, None, _("Total, and closing balance"), "", *sides(book.total_in, book.total_out)]
            yield Row([*total, book.closing], is_total=True)

    code = (
        book.accounts[0].code
        if len(book.accounts) == 1
        else (book.accounts[0].code.split(".")[0] if book.accounts else "")
    )
    return _table(
        group,
        _("General ledger (buku besar): %(account)s") % {"account": name},
        f"buku-besar-{code}".rstrip("-"),
        columns,
        rows(),
        start=book.start,
        until=book.end,
    )


def trial_balance(group: Group, balance: TrialBalance) -> Table:
    """Neraca saldo: as at a day two columns; for a period also the opening balances and what moved."""
    columns = [Column(_("Code"), on_phone=False), Column(_("Account"))]
    shown = ["closing_debit", "closing_credit"]
    labels = [_("Debit"), _("Credit")]
    if balance.start is not None:
        shown = ["opening_debit", "opening_credit", "debits", "credits", *shown]
        labels = [
            _("Opening debit"),
            _("Opening credit"),
            _("Moved debit"),
            _("Moved credit"),
            _("Closing debit"),
            _("Closing credit"),
        ]
    columns += [Column(label, MONEY, on_phone=balance.start is None) for label in labels]

    def link(code: str, kind: str) -> str:
        span = f"&end={balance.end}" + (f"&start={balance.start}" if balance.start else "")
        return reverse("general-ledger", args=[group.code]) + f"?account={code if '.' in code else kind}{span}"

    rows = [
        Row(
            [
                line.code,
                account_name(line.account) if line.account is not None else str(AccountKind(line.kind).label),
                *(getattr(line, name) or None for name in shown),
            ],
            url=link(line.code, line.kind),
        )
        for line in balance.lines
    ]
    rows.append(Row(["", _("Total"), *(balance.total(name) for name in shown)], is_total=True))
    return _table(
        group,
        _("Trial balance (neraca saldo)"),
        "neraca-saldo",
        columns,
        rows,
        start=balance.start,
        until=balance.end,
    )


def balance_sheet(group: Group, sheet: BalanceSheet) -> Table:
    """Neraca: assets, then liabilities and equity with the surplus not yet divided."""
    rows = [Row(["", _("ASSETS (AKTIVA)"), None], is_heading=True)]
    rows += _report_rows(group, sheet.assets, sheet.as_of)
    rows.append(Row(["", _("Total assets"), sheet.total_assets], is_total=True))
    rows.append(Row(["", _("LIABILITIES (KEWAJIBAN)"), None], is_heading=True))
    rows += _report_rows(group, sheet.liabilities, sheet.as_of)
    rows.append(Row(["", _("Total liabilities"), sheet.total_liabilities], is_total=True))
    rows.append(Row(["", _("EQUITY (MODAL)"), None], is_heading=True))
    rows += _report_rows(group, sheet.equity, sheet.as_of)
    rows.append(Row(["", _("Surplus of earlier years not yet divided"), sheet.surplus_before]))
    rows.append(Row(["", _("Surplus of this year (SHU tahun berjalan)"), sheet.surplus_year]))
    rows.append(Row(["", _("Total equity"), sheet.total_equity], is_total=True))
    rows.append(Row(["", _("Total liabilities and equity (PASIVA)"), sheet.total_sources], is_total=True))
    columns = [Column(_("Code")), Column(_("Account")), Column(_("Amount"), MONEY)]
    return _table(group, _("Balance sheet (neraca)"), "neraca", columns, rows, until=sheet.as_of)


def income_statement(group: Group, statement: IncomeStatement) -> Table:
    """Laporan hasil usaha: income, expenses and the surplus, of the period and of the year so far."""
    columns = [
        Column(_("Code")),
        Column(_("Account")),
        Column(_("This period"), MONEY),
        Column(_("Year so far"), MONEY, on_phone=False),
    ]

    def lines(found: Iterable[ReportLine]) -> list[Row]:
        return [
            Row(
                [line.code, str(AccountKind(line.kind).label), line.amount, line.year],
                url=reverse("general-ledger", args=[group.code])
                + f"?account={line.kind}&start={statement.start}&end={statement.end}",
            )
            for line in found
        ]

    rows = [
        Row(["", _("INCOME (PENDAPATAN)"), None, None], is_heading=True),
        *lines(statement.income),
        Row(["", _("Total income"), statement.total_income, statement.year_income], is_total=True),
        Row(["", _("EXPENSES (BIAYA)"), None, None], is_heading=True),
        *lines(statement.expenses),
        Row(["", _("Total expenses"), statement.total_expenses, statement.year_expenses], is_total=True),
        Row(["", _("Surplus (sisa hasil usaha)"), statement.surplus, statement.year_surplus], is_total=True),
    ]
    title = _("Income statement (laporan hasil usaha)")
    return _table(group, title, "laporan-hasil-usaha", columns, rows, start=statement.start, until=statement.end)


def loan_ageing(group: Group, loans: Sequence[LoanArrears], *, on: date) -> Table:
    """Umur tunggakan: the running loans, those late the longest first."""
    columns = [
        Column(_("No."), NUMBER, on_phone=False),
        Column(_("Borrower")),
        Column(_("Outstanding"), MONEY),
        Column(_("Late principal"), MONEY, on_phone=False),
        Column(_("Late fee (jasa)"), MONEY, on_phone=False),
        Column(_("Arrears"), MONEY),
        Column(_("Instalments late"), NUMBER, on_phone=False),
        Column(_("Days late"), NUMBER, on_phone=False),
        Column(_("Collectability"), on_phone=False),
    ]
    rows = [
        Row(
            [
                loan.number,
                loan.member,
                loan.balance,
                loan.late_principal,
                loan.late_fee,
                loan.late,
                loan.instalments_late,
                loan.days_late,
                str(COLLECTABILITY[loan.collectability]),
            ],
            url=f"{reverse('loan', args=[group.code, loan.number])}?on={on}",
        )
        for loan in loans
    ]
    total = [sum(getattr(loan, name) for loan in loans) for name in ("balance", "late_principal", "late_fee", "late")]
    rows.append(Row([None, _("Total"), *total, None, None, ""], is_total=True))
    return _table(group, _("Loan ageing (umur tunggakan)"), "umur-tunggakan", columns, rows, until=on)


def portfolio(groups: Iterable[tuple[Group, Performance]], total: Performance, *, owner: str, on: date) -> Table:
    """The loans of many groups, a line for each."""
    columns = [
        Column(_("Group")),
        Column(_("Running loans"), NUMBER, on_phone=False),
        Column(_("Outstanding"), MONEY),
        Column(_("Arrears"), MONEY, on_phone=False),
        Column(_("PAR 30"), PERCENT),
        Column(_("PAR 90"), PERCENT, on_phone=False),
        Column(_("LAR"), PERCENT, on_phone=False),
        Column(_("Repayment rate"), PERCENT, on_phone=False),
        Column(_("CCR"), PERCENT, on_phone=False),
        Column(_("ROI"), PERCENT, on_phone=False),
    ]

    def row(name: str, found: Performance, *, url: str = "", is_total: bool = False) -> Row:
        cells: list[Cell] = [
            name,
            found.loans,
            found.balance,
            found.late,
            found.par_30,
            found.par_90,
            found.lar,
            found.repayment_rate,
            found.cost_coverage,
            found.return_on_investment,
        ]
        return Row(cells, url=url, is_total=is_total)

    rows = [
        row(f"{group.name} ({group.code})", found, url=reverse("health", args=[group.code])) for group, found in groups
    ]
    rows.append(row(_("Total"), total, is_total=True))
    return Table(
        title=_("Portfolio (pinjaman semua kelompok)"),
        name="portofolio",
        code="",
        owner=owner,
        period=_as_on(on),
        until=on,
        columns=columns,
        rows=rows,
    )


def _report_rows(group: Group, lines: Iterable[ReportLine], on: date) -> list[Row]:
    url = reverse("general-ledger", args=[group.code])
    return [
        Row([line.code, str(AccountKind(line.kind).label), line.amount], url=f"{url}?account={line.kind}&end={on}")
        for line in lines
    ]


def _table(
    group: Group,
    title: str,
    name: str,
    columns: Sequence[Column],
    rows: Iterable[Row],
    *,
    start: date | None = None,
    until: date,
) -> Table:
    return Table(
        title=title,
        name=name,
        code=group.code,
        owner=f"{group.name} ({group.code})",
        period=_as_on(until) if start is None else _span(start, until),
        until=until,
        columns=columns,
        rows=rows,
    )


def _as_on(day: date) -> str:
    return _("As on %(day)s") % {"day": date_format(day)}


def _span(start: date, end: date) -> str:
    return _("%(start)s to %(end)s") % {"start": date_format(start), "end": date_format(end)}


def _standing_columns(party: str, since: str, left: str) -> list[Column]:
    """Return the columns of loans as they stand: who the other `party` is, `since` when, and what is `left`."""
    return [
        Column(_("No."), NUMBER),
        Column(party),
        Column(since, DATE),
        Column(_("Principal"), MONEY),
        Column(_("Repaid"), MONEY),
        Column(_("Fee paid (jasa)"), MONEY),
        Column(left, MONEY),
        Column(_("Arrears"), MONEY),
        Column(_("Days late"), NUMBER),
        Column(_("Status")),
    ]


def _standing_row(row: LoanRow | ExternalRow, party: str, since: date) -> Row:
    amounts = [row.loan.principal, row.principal_paid, row.fee_paid, row.outstanding, row.standing.late]
    return Row([row.loan.number, party, since, *amounts, row.days_late, str(row.status)])


def _standing_total(loans: Sequence[LoanRow] | Sequence[ExternalRow]) -> Row:
    """Return the sums over loans; the principal of one that was cancelled was never out."""
    sums = [
        sum(row.loan.principal for row in loans if row.loan.cancelled_at is None),
        sum(row.principal_paid for row in loans),
        sum(row.fee_paid for row in loans),
        sum(row.outstanding for row in loans),
        sum(row.standing.late for row in loans),
    ]
    return Row([None, _("Total"), None, *sums, None, ""], is_total=True)


def _card_columns() -> list[Column]:
    return [
        Column(_("Date"), DATE),
        Column(_("What for")),
        Column(_("Principal"), MONEY),
        Column(_("Fee (jasa)"), MONEY),
        Column(_("Instalment"), MONEY),
        Column(_("Paid"), MONEY),
        Column(_("Principal left"), MONEY),
    ]


def _card_rows(
    schedule: Iterable[tuple[Instalment | ScheduledInstalment, Paid, int]],
    payments: Iterable[tuple[Entry, int, int, int]],
    standing: LoanRow | ExternalRow,
) -> Iterator[Row]:
    """Yield the schedule of a loan, its payments (entry, principal, fee, all of it), and what is repaid."""
    for line, paid, left in schedule:
        what = _("Instalment %(number)d") % {"number": line.number}
        yield Row([line.due_on, what, line.principal, line.service_fee, line.total, paid.total, left])
    yield Row([None, _("Payments"), None, None, None, None, None], is_heading=True)
    for entry, principal, service_fee, total in payments:
        yield Row([entry.effective_on, str(entry.get_kind_display()), principal, service_fee, None, total, None])
    repaid, fee = standing.principal_paid, standing.fee_paid
    yield Row([None, _("Repaid"), repaid, fee, None, repaid + fee, None], is_total=True)
