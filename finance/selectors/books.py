"""Every read of a group's money that a page or another app needs, in a fixed number of statements.

Amounts are whole rupiah. Dates are effective dates: a correction counts on the day of what it corrects.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple

from django.db.models import (
    BigIntegerField,
    Case,
    Count,
    Exists,
    F,
    OuterRef,
    Prefetch,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
    When,
)
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce, Greatest
from django.utils.translation import gettext as _

from finance.ledger.chart import EXPENSES, INCOME, SAVINGS
from finance.models import Account, AccountKind, CashCount, Entry, Instalment, Loan, Transfer
from finance.schedules import Arrears, Paid, arrears_on, card_lines
from finance.selectors.book_lines import Chosen, RunningLines, amount_if
from finance.selectors.reports import Ledger, Position, ledger, positions
from groups.models import Group, Member, OfficerRole, OfficerTerm

_ENTRY = ("entry__reverses", "entry__reversed_by")


@dataclass(frozen=True, slots=True)
class GroupSummary:
    """What a group has and owes today; `divided` is what was given away of income less expenses since it began.

    `external_loans` is the principal it still owes to lenders.
    """

    cash: int
    bank: int
    pokok: int
    wajib: int
    sukarela: int
    social_fund: int
    grants: int
    reserve: int
    officers_fund: int
    other_fund: int
    income: int
    expenses: int
    divided: int
    loans_outstanding: int
    loans_running: int
    external_loans: int

    @property
    def savings(self) -> int:
        """All savings of all members."""
        return self.pokok + self.wajib + self.sukarela

    @property
    def surplus(self) -> int:
        """Income less expenses, as far as it is not divided."""
        return self.income - self.expenses - self.divided


def group_summary(group: Group) -> GroupSummary:
    """Return the balances of `group` in one statement."""
    rows = (
        Account.objects.filter(group=group)
        .order_by()
        .values("kind")
        .annotate(
            debit=Sum(F("debits_posted") - F("credits_posted")),
            used=Count("pk", filter=Q(debits_posted__gt=F("credits_posted"))),
        )
    )
    found = {row["kind"]: row for row in rows}

    def debit(kind: str) -> int:
        return int(found[kind]["debit"]) if kind in found else 0

    return GroupSummary(
        cash=debit(AccountKind.CASH),
        bank=debit(AccountKind.BANK),
        pokok=-debit(AccountKind.POKOK),
        wajib=-debit(AccountKind.WAJIB),
        sukarela=-debit(AccountKind.SUKARELA),
        social_fund=-debit(AccountKind.SOCIAL_FUND),
        grants=-debit(AccountKind.GRANT),
        reserve=-debit(AccountKind.RESERVE),
        officers_fund=-debit(AccountKind.OFFICERS_FUND),
        other_fund=-debit(AccountKind.OTHER_FUND),
        income=-sum(debit(kind) for kind in INCOME),
        expenses=sum(debit(kind) for kind in EXPENSES),
        divided=debit(AccountKind.SURPLUS_DIVIDED),
        loans_outstanding=debit(AccountKind.LOAN),
        loans_running=found[AccountKind.LOAN]["used"] if AccountKind.LOAN in found else 0,
        external_loans=-debit(AccountKind.EXTERNAL_LOAN),
    )


def cash_book(group: Group, *, start: date, end: date, kind: AccountKind = AccountKind.CASH) -> Ledger:
    """Return the book of the cash box or the bank (`kind` CASH or BANK) for a period, both days included."""
    return ledger(group, list(Account.objects.filter(group=group, kind=kind)), start=start, end=end)


def latest_movement(group: Group, *, kind: AccountKind = AccountKind.CASH) -> date | None:
    """Return the effective date of the latest line of a cash book, None for an empty one."""
    own = Q(debit_account__kind=kind) | Q(credit_account__kind=kind)
    entries = Entry.objects.filter(Exists(Transfer.objects.filter(own, entry=OuterRef("pk"))), group=group)
    return entries.order_by("-effective_on", "-pk").values_list("effective_on", flat=True).first()


@dataclass(frozen=True, slots=True)
class SavingsRow:
    """One member's savings by kind."""

    member: Member
    pokok: int = 0
    wajib: int = 0
    sukarela: int = 0

    @property
    def total(self) -> int:
        """All savings of the member."""
        return self.pokok + self.wajib + self.sukarela


class SavingsMovement(NamedTuple):
    """One member's savings of a kind in a period: what they opened with, and what came and went."""

    member: Member
    kind: str
    opening: int
    money_in: int
    money_out: int

    @property
    def closing(self) -> int:
        """The savings at the end of the period."""
        return self.opening + self.money_in - self.money_out

    @property
    def kind_label(self) -> str:
        """The kind in words."""
        return str(AccountKind(self.kind).label)


@dataclass(frozen=True, slots=True)
class SavingsBook:
    """The savings at the end of `end`: of the members of that day, and of those who had left and still had some.

    `movements` are those since `start`, of every member's kinds with a balance or a movement; none without a start.
    """

    start: date | None
    end: date
    rows: list[SavingsRow]
    movements: list[SavingsMovement]

    @property
    def pokok(self) -> int:
        """Initial savings of all members."""
        return sum(row.pokok for row in self.rows)

    @property
    def wajib(self) -> int:
        """Compulsory savings of all members."""
        return sum(row.wajib for row in self.rows)

    @property
    def sukarela(self) -> int:
        """Voluntary savings of all members."""
        return sum(row.sukarela for row in self.rows)

    @property
    def total(self) -> int:
        """All savings."""
        return sum(row.total for row in self.rows)

    def moved(self, column: str) -> int:
        """Return the sum of a column of the movements."""
        return sum(getattr(movement, column) for movement in self.movements)


def savings_book(group: Group, *, end: date, start: date | None = None) -> SavingsBook:
    """Return members × kinds as at `end`, with what moved from `start` on, in four statements.

    Of a group with closed periods they are six at most.
    """
    days = (end,) if start is None else (start - timedelta(1), end)
    found = {
        (position.account.member_id, position.account.kind): position
        for position in positions(group, *days, kinds=SAVINGS)
    }
    rows: list[SavingsRow] = []
    movements: list[SavingsMovement] = []
    for member in Member.objects.filter(group=group):
        own = {kind: found[member.pk, kind] for kind in SAVINGS if (member.pk, kind) in found}
        row = SavingsRow(member, **{kind.lower(): -position.balance(-1) for kind, position in own.items()})
        if row.total or (member.joined_on <= end and (member.left_on is None or member.left_on > end)):
            rows.append(row)
        if start is not None:
            movements += [_movement(member, kind, position) for kind, position in own.items()]
    used = [movement for movement in movements if movement.opening or movement.money_in or movement.money_out]
    return SavingsBook(start, end, rows, used)


def _movement(member: Member, kind: str, position: Position) -> SavingsMovement:
    debits, credits = position.debits, position.credits
    return SavingsMovement(member, kind, -position.balance(0), credits[1] - credits[0], debits[1] - debits[0])


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


def loans_on(group: Group, *, as_of: date, only_running: bool = False) -> QuerySet[Loan]:
    """Return the loans paid out by `as_of` with `outstanding` and `fee_paid` as they were that day.

    A loan that came with the opening balances is not there before them: until then the books know nothing of it.
    """

    def moved(kind: AccountKind, side: str) -> Coalesce:
        own = {f"{side}_account__loan": OuterRef("pk"), f"{side}_account__kind": kind}
        lines = Transfer.objects.filter(**own, entry__effective_on__lte=as_of).order_by()
        total = lines.values(f"{side}_account__kind").annotate(total=Sum("amount")).values("total")
        return Coalesce(Subquery(total), 0, output_field=BigIntegerField())

    loans = (
        Loan.objects.filter(group=group, disbursed_on__lte=as_of)
        .annotate(
            paid_out=moved(AccountKind.LOAN, "debit"),
            outstanding=F("paid_out") - moved(AccountKind.LOAN, "credit"),
            fee_paid=moved(AccountKind.SERVICE_FEE, "credit") - moved(AccountKind.SERVICE_FEE, "debit"),
        )
        .filter(paid_out__gt=0)
        .select_related("member")
        .prefetch_related(Prefetch("instalments", Instalment.objects.order_by("number")))
    )
    return loans.filter(outstanding__gt=0) if only_running else loans


def loan_rows(loans: Iterable[Loan], *, as_of: date) -> list[LoanRow]:
    """Return `loans`, which come from `loans_on` the same day, with what is due and late."""
    return [_loan_row(loan, as_of=as_of) for loan in loans]


def loan_totals(loans: QuerySet[Loan], *, as_of: date) -> LoanTotals:
    """Return the sums over `loans`, which come from `loans_on` the same day, in one statement."""

    def due(column: str) -> Coalesce:
        past = Instalment.objects.filter(loan=OuterRef("pk"), due_on__lt=as_of).order_by().values("loan")
        return Coalesce(
            Subquery(past.annotate(fell_due=Sum(column)).values("fell_due")), 0, output_field=BigIntegerField()
        )

    late_principal = Greatest(due("principal") - F("principal") + F("outstanding"), Value(0))
    late_fee = Greatest(due("service_fee") - F("fee_paid"), Value(0))
    unpaid = Case(When(ended_on__lte=as_of, then=F("unpaid_principal")), default=Value(0))
    repaid = F("principal") - F("outstanding") - unpaid
    totals = (
        loans.annotate(late=Case(When(outstanding__gt=0, then=late_principal + late_fee), default=Value(0)))
        .order_by()
        .aggregate(
            number_of=Count("pk"),
            total_principal=Coalesce(Sum("principal", filter=Q(cancelled_at__isnull=True)), 0),
            total_repaid=Coalesce(Sum(repaid, filter=Q(cancelled_at__isnull=True)), 0),
            total_fee=Coalesce(Sum("fee_paid"), 0),
            total_outstanding=Coalesce(Sum("outstanding"), 0),
            total_late=Coalesce(Sum("late"), 0),
        )
    )
    return LoanTotals(
        count=totals["number_of"],
        principal=totals["total_principal"],
        principal_paid=totals["total_repaid"],
        fee_paid=totals["total_fee"],
        outstanding=totals["total_outstanding"],
        late=totals["total_late"],
    )


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

    `fines` were charged for late instalments, `fine_due` of them is not paid; `recovered` came in after the loan
    was written off, both in rupiah. `entries` are all that touch the loan.
    """

    row: LoanRow
    schedule: list[tuple[Instalment, Paid, int]]
    payments: list[LoanPayment]
    entries: list[Entry]
    fines: int
    fine_due: int
    recovered: int

    @property
    def has_fines(self) -> bool:
        """Whether the card needs a column for fines."""
        return any(payment.fine for payment in self.payments)


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
    sums = dict.fromkeys(AccountKind, 0)
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
        found = _payment(line)
        if found is not None:
            column, amount = found
            sofar = payments.get(line.entry_id, LoanPayment(line.entry, memo=line.memo))
            payments[line.entry_id] = sofar._replace(**{column: getattr(sofar, column) + amount})
    return LoanCard(
        row,
        card_lines(instalments, fee_paid=row.fee_paid, principal_paid=row.principal_paid),
        list(payments.values()),
        list(entries.values()),
        fines=sums[AccountKind.LOAN_FINE],
        fine_due=-sums[AccountKind.FINE_DUE],
        recovered=sums[AccountKind.RECOVERY],
    )


_PAID_INTO = {
    AccountKind.SERVICE_FEE: "service_fee",
    AccountKind.LOAN: "principal",
    AccountKind.FINE_DUE: "fine",
    AccountKind.RECOVERY: "recovered",
}


def _payment(line: Transfer) -> tuple[str, int] | None:
    """Return what a line of a loan's accounts pays, below zero where it takes a payment back; None if nothing.

    Paying out is none, nor is what moves between loans, a fine that is charged, or a loss.
    """
    debit, credit = line.debit_account, line.credit_account
    is_reversal = line.entry.reverses_id is not None
    account, other, amount = (debit, credit, -line.amount) if is_reversal else (credit, debit, line.amount)
    column = _PAID_INTO.get(AccountKind(account.kind))
    if column is None or other.loan_id is not None or other.kind == AccountKind.LOAN_LOSS:
        return None
    return column, amount


@dataclass(frozen=True, slots=True)
class Passbook:
    """A member's savings from `start`, or from the beginning, to the end of `end`, with all lines that are theirs.

    `opening` and `savings` are those before and after them, `fines` and `social` what was paid in between, `loans`
    those paid out by the end. The lines come newest first, with the money paid as in, the money received as out, and
    the savings after each.
    """

    start: date | None
    end: date
    opening: SavingsRow
    savings: SavingsRow
    fines: int
    social: int
    loans: list[LoanRow]
    lines: RunningLines


_SAVINGS = ", ".join(f"'{kind.value}'" for kind in SAVINGS)


def passbook(member: Member, *, end: date, start: date | None = None) -> Passbook:
    """Return the passbook of `member` in three statements, and one for each page of its lines."""
    own = Transfer.objects.filter(member=member)
    by_end = Q(entry__effective_on__lte=end)
    inside = by_end if start is None else by_end & Q(entry__effective_on__gte=start)
    undoes = Q(entry__reverses__isnull=False)  # help from the fund is no contribution taken back

    def sides(kind: str, when: Q, back: Q = inside) -> Combinable:
        came = Sum("amount", filter=Q(credit_account__kind=kind) & when)
        went = Sum("amount", filter=Q(debit_account__kind=kind) & back)
        return Coalesce(came, 0) - Coalesce(went, 0)

    sums: dict[str, Combinable] = {kind: sides(kind, by_end, by_end) for kind in SAVINGS}
    sums |= {f"{kind}_in": sides(kind, inside) for kind in SAVINGS}
    found = own.aggregate(
        **sums,
        fines=sides(AccountKind.FINE, inside),
        social=sides(AccountKind.SOCIAL_FUND, inside & ~undoes, inside & undoes),
        lines=Count("pk", filter=inside),
    )
    closing = SavingsRow(member, **{kind.lower(): found[kind] for kind in SAVINGS})
    came, went = (f"{side}.kind IN ({_SAVINGS})" for side in ("c", "d"))
    chosen = Chosen(
        where="t.member_id = %(member)s AND e.effective_on BETWEEN %(start)s AND %(end)s",
        money_in=amount_if(f"d.kind = '{AccountKind.CASH.value}'"),
        money_out=amount_if(f"c.kind = '{AccountKind.CASH.value}'"),
        change=f"{amount_if(came)} - {amount_if(went)}",
        values={"member": member.pk, "start": start or date.min, "end": end},
    )
    return Passbook(
        start=start,
        end=end,
        opening=SavingsRow(member, **{kind.lower(): found[kind] - found[f"{kind}_in"] for kind in SAVINGS}),
        savings=closing,
        fines=found["fines"],
        social=found["social"],
        loans=loan_rows(loans_on(member.group, as_of=end).filter(member=member).order_by("-number"), as_of=end),
        lines=RunningLines(chosen, count=found["lines"], begin=closing.total, newest_first=True),
    )


def cash_counts(group: Group) -> QuerySet[CashCount]:
    """Return the counts of the cash box, the latest first, whether they agree with the books or not."""
    return CashCount.objects.filter(group=group).select_related("counted_by").order_by("-counted_on", "-pk")


def cash_differences(group: Group, *, is_open: bool) -> QuerySet[CashCount]:
    """Return the counts of the cash box that differ from the books, newest first: the open or the settled ones."""
    counts = CashCount.objects.differing().filter(group=group, settled_on__isnull=is_open)
    return counts.select_related("counted_by", "settled_by")


def open_differences(groups: QuerySet[Group]) -> QuerySet[CashCount]:
    """Return the counts of the cash boxes of `groups` whose difference nobody has settled, the oldest first."""
    counts = CashCount.objects.differing().filter(group__in=groups, settled_on__isnull=True)
    return counts.select_related("group").order_by("counted_on", "pk")


def entry_lines(entry: Entry) -> QuerySet[Transfer]:
    """Return the lines of an entry with their accounts, in the order they were posted."""
    return entry.transfers.select_related(
        "debit_account__member", "debit_account__loan", "credit_account__member", "credit_account__loan", "member"
    ).order_by("pk")


class Signer(NamedTuple):
    """Who signs a printed book: an office and, if somebody holds it, the name."""

    office: str
    name: str


def signers(group: Group) -> list[Signer]:
    """Return the offices in the order they sign, with the names of their holders."""
    terms = OfficerTerm.objects.filter(group=group, ended_on__isnull=True)
    holders = dict(terms.values_list("role", "member__name"))
    return [Signer(str(role.label), holders.get(role, "")) for role in OfficerRole]


def _loan_row(loan: Loan, *, as_of: date) -> LoanRow:
    outstanding, fee_paid = loan.outstanding, loan.fee_paid  # type: ignore[attr-defined]  # loans_on annotates them
    # A loan that was paid off or cancelled asks for nothing.
    asked = loan.instalments.all() if outstanding > 0 else ()
    now = arrears_on(list(asked), fee_paid=fee_paid, principal_paid=loan.principal - outstanding, as_of=as_of)
    ended = loan.ended_on is not None and loan.ended_on <= as_of
    return LoanRow(loan, outstanding, fee_paid, now, loan.unpaid_principal if ended else 0)
