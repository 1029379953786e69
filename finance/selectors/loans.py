"""Loans to members as they stand on a day: the loan book and the loan card, in a fixed number of statements.

Amounts are whole rupiah. Dates are effective dates: a correction counts on the day of what it corrects.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from django.db.models import (
    BigIntegerField,
    F,
    OuterRef,
    Prefetch,
    Q,
    QuerySet,
    Subquery,
    Sum,
)
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from finance.ledger.fines import open_fines
from finance.models import AccountKind, Entry, EntryKind, Instalment, Loan, LoanEnd, Obligation, Transfer
from finance.schedules import Arrears, Paid, arrears_on, card_lines
from finance.selectors.loan_positions import sums_of_loans
from groups.models import Group, Member


@dataclass(frozen=True, slots=True)
class LoanRow:
    """A loan as it stands on a day; `outstanding` and the rest count what was paid up to that day."""

    loan: Loan
    outstanding: int
    fee_paid: int
    arrears: Arrears
    unpaid: int = 0

    @property
    def principal_paid(self) -> int:
        """Principal repaid; nothing for a loan that was cancelled, and not what was rescheduled or written off."""
        return 0 if self.loan.cancelled_at is not None else self.loan.principal - self.outstanding - self.unpaid

    @property
    def asked(self) -> int:
        """What the loan still asks for to its end: principal and service fee."""
        return self.outstanding + self.arrears.fee_left if self.is_running else 0

    @property
    def is_running(self) -> bool:
        """Whether something is still to be repaid."""
        return self.outstanding > 0

    @property
    def status(self) -> str:
        """In words: running, paid off, cancelled, rescheduled or written off."""
        if self.unpaid:
            return str(self.loan.get_ended_as_display())
        # A cancelled loan was running as long as its payout was not undone.
        if self.loan.cancelled_at is not None and not self.is_running:
            return _("cancelled")
        return _("running") if self.is_running else _("paid off")


@dataclass(frozen=True, slots=True)
class LoanTotals:
    """Sums over all the loans of a loan book, whatever its page."""

    count: int
    principal: int
    principal_paid: int
    fee_paid: int
    outstanding: int
    late: int

    @property
    def unpaid(self) -> int:
        """Principal that was rescheduled or written off."""
        return self.principal - self.principal_paid - self.outstanding


def _moved(kind: AccountKind, side: str, as_of: date) -> Coalesce:
    """Return what had come to one side of an account of a loan by a day, in rupiah, for a query of loans."""
    own = {f"{side}_account__loan": OuterRef("pk"), f"{side}_account__kind": kind}
    lines = Transfer.objects.filter(**own, entry__effective_on__lte=as_of).order_by()
    total = lines.values(f"{side}_account__kind").annotate(total=Sum("amount")).values("total")
    return Coalesce(Subquery(total), 0, output_field=BigIntegerField())


def loans_on(group: Group, *, as_of: date, only_running: bool = False) -> QuerySet[Loan]:
    """Return the loans paid out by `as_of` with `outstanding` and `fee_paid` as they were that day.

    A loan that came with the opening balances is not there before them: until then the books know nothing of it.
    """

    loans = (
        Loan.objects.filter(group=group, disbursed_on__lte=as_of)
        .annotate(
            paid_out=_moved(AccountKind.LOAN, "debit", as_of),
            outstanding=F("paid_out") - _moved(AccountKind.LOAN, "credit", as_of),
            fee_paid=_moved(AccountKind.SERVICE_FEE, "credit", as_of) - _moved(AccountKind.SERVICE_FEE, "debit", as_of),
        )
        .filter(paid_out__gt=0)
        .select_related("member")
        .prefetch_related(Prefetch("instalments", Instalment.objects.order_by("number")))
    )
    return loans.filter(outstanding__gt=0) if only_running else loans


def loan_rows(loans: Iterable[Loan], *, as_of: date) -> list[LoanRow]:
    """Return `loans`, which come from `loans_on` the same day, with what is due and late."""
    return [_loan_row(loan, as_of=as_of) for loan in loans]


def written_off(member: Member, *, as_of: date) -> list[tuple[Loan, int]]:
    """Return the loans of a member written off by a day, with the principal that had not come in; one statement.

    Rupiah; what came in whole is left out.
    """
    recovered = _moved(AccountKind.RECOVERY, "credit", as_of) - _moved(AccountKind.RECOVERY, "debit", as_of)
    loans = Loan.objects.filter(member=member, ended_as=LoanEnd.WRITTEN_OFF, ended_on__lte=as_of).annotate(
        still_open=F("unpaid_principal") - recovered
    )
    return [(loan, vars(loan)["still_open"]) for loan in loans.filter(still_open__gt=0).order_by("number")]


def loan_totals(group: Group, *, as_of: date, only_running: bool = False) -> LoanTotals:
    """Return the sums over what `loans_on` returns for the same day, in two statements."""
    count = loans_on(group, as_of=as_of, only_running=only_running).count()
    return LoanTotals(count, *sums_of_loans(group, as_of=as_of, only_running=only_running))


def _loan_row(loan: Loan, *, as_of: date) -> LoanRow:
    outstanding, fee_paid = loan.outstanding, loan.fee_paid  # type: ignore[attr-defined]  # loans_on annotates them
    # A loan that was paid off or cancelled asks for nothing.
    asked = loan.instalments.all() if outstanding > 0 else ()
    now = arrears_on(list(asked), fee_paid=fee_paid, principal_paid=loan.principal - outstanding, as_of=as_of)
    ended = loan.ended_on is not None and loan.ended_on <= as_of
    return LoanRow(loan, outstanding, fee_paid, now, loan.unpaid_principal if ended else 0)


_ENTRY = ("entry__reverses", "entry__reversed_by")


class LoanPayment(NamedTuple):
    """One entry that paid on a loan, or took a payment back (then its amounts are negative).

    `recovered` came in after the loan was written off.
    """

    entry: Entry
    service_fee: int = 0
    principal: int = 0
    fine: int = 0
    recovered: int = 0
    memo: str = ""

    @property
    def total(self) -> int:
        """Everything that was paid."""
        return self.service_fee + self.principal + self.fine + self.recovered


@dataclass(frozen=True, slots=True)
class LoanCard:
    """A loan with the lines of its card (`schedules.card_lines`), and its payments, oldest first.

    `fines` were charged for late instalments, `fine_due` of them is neither paid nor waived; `recovered` came in after
    the loan was written off; `deposit` is what the group still keeps for it, `deposit_used` what it paid on the loan,
    `rebate` what was given back for punctual payment, all in rupiah. `entries` are all that touch the loan.
    """

    row: LoanRow
    schedule: list[tuple[Instalment, Paid, int]]
    payments: list[LoanPayment]
    entries: list[Entry]
    fines: int
    fine_due: int
    recovered: int
    deposit: int = 0
    rebate: int = 0
    deposit_used: int = 0

    @property
    def has_fines(self) -> bool:
        """Whether the card needs a column for fines."""
        return any(payment.fine for payment in self.payments)

    @property
    def fee_let_go(self) -> int:
        """The fee of instalments to come that nobody asked for when the loan was paid off early, in rupiah."""
        if self.row.is_running or self.row.unpaid or self.row.loan.cancelled_at is not None:
            return 0
        return max(0, sum(line.service_fee for line, _paid, _left in self.schedule) - self.row.fee_paid)


def loan_card(group: Group, number: int, *, as_of: date) -> LoanCard | None:
    """Return the card of the group's loan `number`, None if there is none."""
    loans = loans_on(group, as_of=as_of).filter(number=number)
    loan = loans.select_related("replaces", "recorded_by", "request__recorded_by", "request__decided_by").first()
    if loan is None:
        return None
    row = _loan_row(loan, as_of=as_of)
    instalments = list(loan.instalments.all())
    payments: dict[int, LoanPayment] = {}
    entries: dict[int, Entry] = {}
    sums, deposit_used = dict.fromkeys(AccountKind, 0), 0
    for line in (
        Transfer.objects.filter(
            Q(debit_account__loan=loan) | Q(credit_account__loan=loan), entry__effective_on__lte=as_of
        )
        .select_related("entry__recorded_by", *_ENTRY, "debit_account", "credit_account")
        .order_by("entry__effective_on", "entry_id", "pk")
    ):
        entries[line.entry_id] = line.entry
        for account, amount in ((line.credit_account, line.amount), (line.debit_account, -line.amount)):
            if account.loan_id == loan.pk:
                sums[AccountKind(account.kind)] += amount
        for column, amount in _payment(line):
            sofar = payments.get(line.entry_id, LoanPayment(line.entry, memo=line.memo))
            payments[line.entry_id] = sofar._replace(**{column: getattr(sofar, column) + amount})
            if AccountKind.DEPOSIT in (line.debit_account.kind, line.credit_account.kind):
                deposit_used += amount
    charged = Obligation.objects.filter(loan=loan, cancelled_at__isnull=True, owed_on__lte=as_of).order_by()
    return LoanCard(
        row,
        card_lines(instalments, fee_paid=row.fee_paid, principal_paid=row.principal_paid),
        list(payments.values()),
        list(entries.values()),
        fines=charged.aggregate(total=Coalesce(Sum("amount"), 0))["total"],
        fine_due=open_fines(group, as_of=as_of).of_loan(loan),
        recovered=sums[AccountKind.RECOVERY],
        deposit=sums[AccountKind.DEPOSIT],
        rebate=-sums[AccountKind.REBATE],
        deposit_used=deposit_used,
    )


def payments_after(loan: Loan, on: date) -> QuerySet[Entry]:
    """Return the entries that paid on a loan after the day `on` and stand, the oldest first."""
    paid = Transfer.objects.filter(
        credit_account__loan=loan, credit_account__kind__in=_PAID, entry__effective_on__gt=on
    )
    standing = Entry.objects.filter(pk__in=paid.values("entry"), reverses__isnull=True, reversed_by__isnull=True)
    return standing.exclude(kind=EntryKind.REALLOCATION).order_by("effective_on", "number")


def reallocations_after(loan: Loan, on: date) -> QuerySet[Entry]:
    """Return the entries that divided payments on a loan after the day `on` anew and stand."""
    lines = Transfer.objects.filter(credit_account__loan=loan, entry__effective_on__gt=on)
    standing = Entry.objects.filter(pk__in=lines.values("entry"), reversed_by__isnull=True)
    return standing.filter(kind=EntryKind.REALLOCATION)


def late_fines(loan: Loan) -> int:
    """Return the fines that were charged on a loan and not taken back, paid or not, in rupiah."""
    charged = Obligation.objects.filter(loan=loan, cancelled_at__isnull=True)
    return sum(charged.values_list("amount", flat=True))


_PAID = (AccountKind.LOAN, AccountKind.SERVICE_FEE, AccountKind.LOAN_FINE)
_PAID_INTO = {
    AccountKind.SERVICE_FEE: "service_fee",
    AccountKind.LOAN: "principal",
    AccountKind.LOAN_FINE: "fine",
    AccountKind.RECOVERY: "recovered",
}


def _payment(line: Transfer) -> Iterator[tuple[str, int]]:
    """Yield what a line of a loan's accounts pays, below zero where it takes a payment back.

    Paying out is none, nor is what moves between loans, or a loss. The deposit of the loan itself pays
    like cash. What moves between fee and principal of the loan itself is less of the one and more of the other.
    """
    debit, credit = line.debit_account, line.credit_account
    is_reversal = line.entry.reverses_id is not None
    account, other, amount = (debit, credit, -line.amount) if is_reversal else (credit, debit, line.amount)
    column = _PAID_INTO.get(AccountKind(account.kind))
    if column is None or other.kind == AccountKind.LOAN_LOSS:
        return
    if other.loan_id is None or (other.kind == AccountKind.DEPOSIT and other.loan_id == account.loan_id):
        yield column, amount
    elif other.kind in (AccountKind.SERVICE_FEE, AccountKind.LOAN) and other.loan_id == account.loan_id:
        yield _PAID_INTO[AccountKind(other.kind)], -amount
        yield column, amount
