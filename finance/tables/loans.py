"""The books of loans: the loan book and the loan card, of loans to members and of loans from outside."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from finance.models import Entry, Instalment
from finance.schedules import Paid, ScheduledInstalment
from finance.selectors import ExternalCard, ExternalRow, LoanCard, LoanPayment, LoanRow, LoanTotals
from finance.tables.of_group import EntryLinks, numbered, table_of_group
from finance.tables.table import Cell, Column, ColumnKind, DetailedCell, Only, Row, Table, Tag, plain
from groups.models import Group
from groups.shared.money import rupiah

TEXT, MONEY, NUMBER, ID, DATE = (ColumnKind.TEXT, ColumnKind.MONEY, ColumnKind.NUMBER, ColumnKind.ID, ColumnKind.DATE)


def loan_book(
    group: Group, loans: Sequence[LoanRow], totals: LoanTotals, *, as_of: date, shows_all: bool = True
) -> Table:
    """Buku pinjaman: `loans`, which are a page or all, as on a day; `totals` are those of all.

    The status is shown only among all loans (`shows_all`), for otherwise each is running. So is the principal of a loan
    that ended unpaid, rescheduled or written off, which with what is repaid and outstanding makes up the principal: it
    is a column of the files, and stands below the status on pages.
    """
    columns = _loan_columns(_("Borrower"), _("Paid out"), _("Outstanding"), shows_status=shows_all)
    if shows_all:
        columns.insert(_UNPAID, Column(_("Ended unpaid"), MONEY, only=Only.FILES))
    card_url, member_url = numbered("loan", group), numbered("member", group)
    rows = []
    for row in loans:
        number = DetailedCell(row.loan.number, url=f"{card_url(row.loan.number)}?on={as_of}")
        borrower = DetailedCell(str(row.loan.member), url=member_url(row.loan.member_id))
        rows.append(_book_row([number, borrower, row.loan.disbursed_on, *_loan_cells(row)], row.unpaid, shows_all))
    amounts = (totals.principal, totals.principal_paid, totals.fee_paid, totals.outstanding, totals.late)
    count = ngettext("%(number)s loan", "%(number)s loans", totals.count) % {"number": totals.count}
    total: list[Cell] = [None, DetailedCell(_("Total"), note=count), None, *amounts, None, ""]
    rows.append(replace(_book_row(total, totals.unpaid, shows_all), is_total=True))
    return table_of_group(group, _("Loan book (buku pinjaman)"), "buku-pinjaman", columns, rows, until=as_of)


_UNPAID = 5
"""The place of what was rescheduled or written off in the loan book, behind what is repaid."""


def _book_row(cells: list[Cell], unpaid: int, shows_all: bool) -> Row:
    """Return a row of the loan book, with what was rescheduled or written off where all loans are shown."""
    if not shows_all:
        return Row(cells)
    *before, status = cells
    if unpaid:  # pages have no room for another column
        status = DetailedCell(plain(status), below=_("Ended unpaid: %s") % rupiah(unpaid))
    return Row([*before[:_UNPAID], unpaid, *before[_UNPAID:], status])


def external_loans(
    group: Group, loans: Sequence[ExternalRow], *, as_of: date, is_whole: bool = True, shows_all: bool = True
) -> Table:
    """Buku utang: loans from outside as on a day, with their sums if they are the whole book."""
    columns = _loan_columns(_("Lender"), _("Received on"), _("Still owed"), shows_status=shows_all)
    columns.append(Column(_("Next instalment"), DATE, on_phone=False, is_named=True))
    card_url = numbered("external-loan", group)
    rows = []
    for row in loans:
        number = DetailedCell(row.loan.number, url=card_url(row.loan.number))
        rows.append(Row([number, row.loan.lender, row.loan.received_on, *_loan_cells(row), _next_instalment(row)]))
    if is_whole:
        amounts = [
            sum(row.loan.principal for row in loans if row.loan.cancelled_at is None),
            sum(row.principal_paid for row in loans),
            sum(row.fee_paid for row in loans),
            sum(row.outstanding for row in loans),
            sum(row.arrears.late for row in loans),
        ]
        rows.append(Row([None, _("Total"), None, *amounts, None, "", None], is_total=True))
    return table_of_group(group, _("Loans from outside (utang)"), "buku-utang", columns, rows, until=as_of)


def member_loans(group: Group, loans: Iterable[LoanRow], *, as_of: date) -> Table:
    """Return the loans of one member."""
    columns = [
        Column(_("No."), ID),
        Column(_("Status")),
        Column(_("Principal"), MONEY, on_phone=False),
        Column(_("Outstanding"), MONEY),
        Column(_("Arrears"), MONEY),
        Column(_("Next instalment"), DATE, on_phone=False, is_named=True),
    ]
    card_url = numbered("loan", group)
    rows = [
        Row(
            [
                DetailedCell(row.loan.number, url=card_url(row.loan.number)),
                row.status,
                row.loan.principal,
                row.outstanding,
                _late(row),
                _next_instalment(row),
            ]
        )
        for row in loans
    ]
    return table_of_group(group, _("Loans (pinjaman)"), "pinjaman", columns, rows, until=as_of)


def loan_card(group: Group, card: LoanCard, *, as_of: date) -> Table:
    """Kartu pinjaman: the schedule, then the payments."""
    loan = card.row.loan
    columns = _card_columns(has_fines=card.has_fines)
    entries = EntryLinks(group)

    def amounts(*payments: LoanPayment) -> list[Cell]:
        principal = sum(payment.principal for payment in payments)
        fee = sum(payment.service_fee for payment in payments)
        fine = [sum(payment.fine for payment in payments)] if card.has_fines else []
        return [principal, fee, *fine, None, sum(payment.total for payment in payments), None]

    def payments() -> Iterator[Row]:
        for payment in card.payments:
            words = [_("Recovered after writing off")] if payment.recovered else []
            what = _payment_of(payment.entry, entries, " · ".join(filter(None, [*words, payment.memo])))
            day = entries.day(payment.entry.effective_on, payment.entry.number)
            yield Row([day, what, *amounts(payment)])
        yield Row([None, _("Total"), *amounts(*card.payments)], is_total=True)

    begin: list[Cell] = [loan.disbursed_on, _("Loan paid out"), loan.principal]
    rows = _card_rows(len(columns), begin, card.schedule, payments(), card.row, as_of=as_of)
    title = _("Loan card (kartu pinjaman) %(number)s") % {"number": f"{loan.number}: {loan.member}"}
    return table_of_group(group, title, f"kartu-pinjaman-{loan.number}", columns, rows, until=as_of)


def external_card(group: Group, card: ExternalCard, *, as_of: date) -> Table:
    """Kartu utang: the schedule of a loan from outside, then what was paid to the lender."""
    loan = card.row.loan
    columns = _card_columns()
    entries = EntryLinks(group)

    def amounts(principal: int, fee: int) -> list[Cell]:
        return [principal, fee, None, principal + fee, None]

    def payments() -> Iterator[Row]:
        for payment in card.payments:
            day = entries.day(payment.entry.effective_on, payment.entry.number)
            what = _payment_of(payment.entry, entries)
            yield Row([day, what, *amounts(payment.principal, payment.service_fee)])
        # A payment that was taken back has its row, and does not count.
        yield Row([None, _("Total"), *amounts(card.row.principal_paid, card.row.fee_paid)], is_total=True)

    begin: list[Cell] = [loan.received_on, _("Loan received"), loan.principal]
    rows = _card_rows(len(columns), begin, card.schedule, payments(), card.row, as_of=as_of)
    title = _("Loan from outside %(number)s: %(lender)s") % {"number": loan.number, "lender": loan.lender}
    return table_of_group(group, title, f"kartu-utang-{loan.number}", columns, rows, until=as_of)


def passed_on(group: Group, card: ExternalCard, *, as_of: date) -> Table:
    """Return the loans to members that were paid out of a loan from outside."""
    columns = [
        Column(_("Loan"), ID, on_phone=False),
        Column(_("Borrower")),
        Column(_("Principal"), MONEY),
        Column(_("Still out"), MONEY),
    ]
    card_url = numbered("loan", group)
    rows = [
        Row([DetailedCell(loan.number, url=card_url(loan.number)), str(loan.member), loan.principal, loan.outstanding])  # type: ignore[attr-defined]  # loans_on annotates it
        for loan in card.passed_on.loans
    ]
    rows.append(Row([None, _("Total"), card.passed_on.principal, card.passed_on.outstanding], is_total=True))
    return table_of_group(group, _("Passed on to members"), "diteruskan", columns, rows, until=as_of)


def _loan_columns(party: str, since: str, left: str, *, shows_status: bool) -> list[Column]:
    """Return the columns of loans on a day: who the other `party` is, `since` when, and what is `left`."""
    return [
        Column(_("No."), ID, on_phone=False),
        Column(party),
        Column(since, DATE, on_phone=False),
        Column(_("Principal"), MONEY, on_phone=False),
        Column(_("Repaid"), MONEY, only=Only.WIDE),
        Column(_("Fee paid (jasa)"), MONEY, only=Only.WIDE),
        Column(left, MONEY),
        Column(_("Arrears"), MONEY),
        Column(_("Days late"), NUMBER, on_phone=False),
        Column(_("Status"), on_phone=False) if shows_status else Column(_("Status"), only=Only.FILES),
    ]


def _loan_cells(row: LoanRow | ExternalRow) -> list[Cell]:
    """Return the cells from the principal to the status."""
    amounts = (row.loan.principal, row.principal_paid, row.fee_paid, row.outstanding)
    return [*amounts, _late(row), row.arrears.days_late, str(row.status)]


def _late(row: LoanRow | ExternalRow) -> DetailedCell:
    return DetailedCell(row.arrears.late, is_late=row.arrears.late > 0)


def _next_instalment(row: LoanRow | ExternalRow) -> DetailedCell | None:
    due_on = row.arrears.next_due_on
    return DetailedCell(due_on, note=rupiah(row.arrears.next_due)) if due_on is not None else None


def _card_columns(*, has_fines: bool = False) -> list[Column]:
    return [
        Column(_("Date"), DATE, on_phone=False),
        Column(_("What for")),
        Column(_("Principal"), MONEY, only=Only.WIDE),
        Column(_("Fee (jasa)"), MONEY, only=Only.WIDE),
        *([Column(_("Fine paid (denda)"), MONEY, only=Only.WIDE)] if has_fines else []),
        Column(_("Instalment"), MONEY),
        Column(_("Paid"), MONEY),
        Column(_("Principal left"), MONEY, only=Only.WIDE),
    ]


def _days_late(due_on: date, as_of: date) -> Tag:
    days = (as_of - due_on).days
    return Tag(ngettext("late by %(days)d day", "late by %(days)d days", days) % {"days": days}, "danger")


def _payment_of(entry: Entry, entries: EntryLinks, note: str = "") -> DetailedCell:
    return DetailedCell(str(entry.get_kind_display()), note=note, tags=entries.tags_of(entry))


def _card_rows(
    width: int,
    begin: Sequence[Cell],
    schedule: Iterable[tuple[Instalment | ScheduledInstalment, Paid, int]],
    payments: Iterable[Row],
    row: LoanRow | ExternalRow,
    *,
    as_of: date,
) -> Iterator[Row]:
    """Yield how a loan begins, its schedule, its `payments` and their total, each row `width` cells wide."""

    def filled(*cells: Cell, end: Sequence[Cell] = ()) -> list[Cell]:
        return [*cells, *[None] * (width - len(cells) - len(end)), *end]

    yield Row(filled(*begin), is_heading=True)
    for line, paid, left in schedule:
        is_late = paid.total < line.total and row.is_running and line.due_on < as_of
        due_on = DetailedCell(line.due_on, tags=[_days_late(line.due_on, as_of)] if is_late else [])
        what = _("Instalment %(number)d") % {"number": line.number}
        paid_cell = DetailedCell(paid.total, note="✓" if paid.total == line.total else "")
        yield Row(filled(due_on, what, line.principal, line.service_fee, end=[line.total, paid_cell, left]))
    yield Row(filled(None, _("Payments")), is_heading=True)
    yield from payments
