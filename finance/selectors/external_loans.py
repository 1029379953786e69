"""Loans from outside as they stand on a day, in a fixed number of statements. Whole rupiah."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db.models import BigIntegerField, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from finance.models import ExternalLoan, ExternalPayment, Loan, Transfer
from finance.schedules import Arrears, Paid, ScheduledInstalment, arrears_on, card_lines
from finance.selectors.loans import loans_on
from groups.models import Group


@dataclass(frozen=True, slots=True)
class ExternalRow:
    """A loan from outside as it stands on a day; what was paid up to that day counts.

    `due_now` is what keeps the group on time: what is late, and what falls due on the day itself.
    """

    loan: ExternalLoan
    outstanding: int
    fee_paid: int
    arrears: Arrears
    due_now: int

    @property
    def principal_paid(self) -> int:
        """Principal repaid; nothing for a loan that was cancelled."""
        return 0 if self.loan.cancelled_at is not None else self.loan.principal - self.outstanding

    @property
    def is_running(self) -> bool:
        """Whether something is still to be repaid."""
        return self.outstanding > 0

    @property
    def asked(self) -> int:
        """What the lender still asks for to the end: principal and service fee."""
        return self.outstanding + self.arrears.fee_left

    @property
    def status(self) -> str:
        """In words: running, paid off or cancelled."""
        if self.loan.cancelled_at is not None and not self.is_running:
            return _("cancelled")
        return _("running") if self.is_running else _("paid off")


@dataclass(frozen=True, slots=True)
class PassedOn:
    """Loans to members that were paid out of a loan from outside, as they stand on a day."""

    loans: list[Loan]

    @property
    def principal(self) -> int:
        """What was passed on to members in all."""
        return sum(loan.principal for loan in self.loans)

    @property
    def outstanding(self) -> int:
        """What of it is still out to members."""
        return sum(loan.outstanding for loan in self.loans)  # type: ignore[attr-defined]  # loans_on annotates it


@dataclass(frozen=True, slots=True)
class ExternalCard:
    """A loan from outside with the lines of its card, its payments, and where it went."""

    row: ExternalRow
    schedule: list[tuple[ScheduledInstalment, Paid, int]]
    payments: list[ExternalPayment]
    passed_on: PassedOn


def external_fee_paid(loan: ExternalLoan) -> int:
    """Return the service fee paid on `loan` so far; payments that were reversed do not count."""
    paid = ExternalPayment.objects.filter(external_loan=loan, entry__reversed_by__isnull=True)
    return int(paid.aggregate(total=Coalesce(Sum("service_fee"), 0))["total"])


def external_loans_on(group: Group, *, as_of: date, only_running: bool = False) -> QuerySet[ExternalLoan]:
    """Return the loans received by `as_of` with `outstanding` and `fee_paid` as they were that day."""

    def moved(side: str) -> Coalesce:
        own = {f"{side}_account__external_loan": OuterRef("pk")}
        lines = Transfer.objects.filter(**own, entry__effective_on__lte=as_of).order_by()
        total = lines.values(f"{side}_account__external_loan").annotate(total=Sum("amount")).values("total")
        return Coalesce(Subquery(total), 0, output_field=BigIntegerField())

    stood = Q(entry__reversed_by__isnull=True) | Q(entry__reversed_by__effective_on__gt=as_of)
    fees = ExternalPayment.objects.filter(
        stood, external_loan=OuterRef("pk"), entry__effective_on__lte=as_of
    ).order_by()
    fee = fees.values("external_loan").annotate(fees=Sum("service_fee")).values("fees")
    loans = ExternalLoan.objects.filter(group=group, received_on__lte=as_of).annotate(
        outstanding=moved("credit") - moved("debit"),
        fee_paid=Coalesce(Subquery(fee), 0, output_field=BigIntegerField()),
    )
    return loans.filter(outstanding__gt=0) if only_running else loans


def external_rows(loans: Iterable[ExternalLoan], *, as_of: date) -> list[ExternalRow]:
    """Return `loans`, which come from `external_loans_on` the same day, with what is due and late."""
    return [_row(loan, as_of=as_of) for loan in loans]


def external_card(group: Group, number: int, *, as_of: date) -> ExternalCard | None:
    """Return the card of the group's loan from outside `number`, None if there is none."""
    loan = external_loans_on(group, as_of=as_of).filter(number=number).first()
    if loan is None:
        return None
    row = _row(loan, as_of=as_of)
    payments = ExternalPayment.objects.filter(external_loan=loan, entry__effective_on__lte=as_of)
    return ExternalCard(
        row=row,
        schedule=card_lines(loan.schedule(), fee_paid=row.fee_paid, principal_paid=row.principal_paid),
        payments=list(
            payments.select_related("entry__reverses", "entry__reversed_by").order_by("entry__effective_on", "pk")
        ),
        passed_on=passed_on(loan, as_of=as_of),
    )


def passed_on(loan: ExternalLoan, *, as_of: date) -> PassedOn:
    """Return the loans to members that were paid out of `loan`, as they stand on the day `as_of`."""
    return PassedOn(list(loans_on(loan.group, as_of=as_of).filter(funded_by=loan, cancelled_at__isnull=True)))


def _row(loan: ExternalLoan, *, as_of: date) -> ExternalRow:
    outstanding, fee_paid = loan.outstanding, loan.fee_paid  # type: ignore[attr-defined]  # external_loans_on annotates
    schedule = loan.schedule() if outstanding > 0 else []
    now = arrears_on(schedule, fee_paid=fee_paid, principal_paid=loan.principal - outstanding, as_of=as_of)
    today = now.next_due if now.next_due_on == as_of else 0
    return ExternalRow(loan, outstanding, fee_paid, now, now.late + today)
