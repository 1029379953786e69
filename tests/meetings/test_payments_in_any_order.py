"""Payments on a loan recorded in any order, wrongly at first or taken back, are divided on every day as in order."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from random import Random

import pytest
from django.db import transaction

from finance import services
from finance.ledger.verify import mismatches
from finance.models import Account, Entry, EntryKind, Instalment, Loan
from finance.selectors import loan_card, loan_rows, loans_on
from meetings.minutes import MemberRow, Minutes, Repayment
from meetings.models import Meeting, MeetingStatus
from meetings.services import meeting_close, meeting_correct
from meetings.sheet.context import open_correction, open_sheet
from tests.factories import facilitator_of, lend, make_group, make_member, reverse, save

pytestmark = pytest.mark.django_db

BEGIN, DAYS = date(2025, 2, 4), 120


@dataclass(frozen=True)
class Brought:
    """So many rupiah on a day; `wrong` is what was written down first where that was corrected, 0 for taken back."""

    on: date
    amount: int
    at_meeting: bool
    principal_alone: bool = False
    wrong: int | None = None


def terms_of(chance: Random) -> dict[str, object]:
    every = chance.choice(("week", "month"))
    return {
        "principal": chance.randrange(200_000, 1_200_000),
        "periods": chance.randrange(2, 9),
        "method": chance.choice(("flat", "declining", "annuity")),
        "every": every,
        "first_due": BEGIN + timedelta(7 if every == "week" else 28),
        "payoff_fee": chance.choice(("CHARGED", "WAIVED")),
        "principal_alone": chance.random() < 0.5,
    }


def make(terms: dict[str, object]) -> Loan:
    member = make_member(make_group(), "Siti Aminah")
    save(member, 9_000_000)
    return lend(member, **terms)


def payments(chance: Random, loan: Loan) -> list[Brought]:
    """What is brought on some days, less than the principal in all, or exactly what pays the loan off."""
    days = sorted(chance.sample(range(1, DAYS), chance.randrange(2, 7)))
    last = BEGIN + timedelta(days[-1])
    asked = loan.principal + sum(
        line.service_fee
        for line in Instalment.objects.filter(loan=loan)
        if loan.payoff_fee == "CHARGED" or line.due_on <= last
    )
    pays_off = not loan.principal_alone and chance.random() < 0.5
    left = asked if pays_off else loan.principal * 3 // 4
    brought = []
    for place, day in enumerate(days):
        is_last = place == len(days) - 1
        amount = left if is_last and pays_off else chance.randrange(1, max(2, left // 2))
        left -= amount
        alone, at_meeting = loan.principal_alone and chance.random() < 0.4, chance.random() < 0.6
        wrong = chance.randrange(1, 10_000) if at_meeting and not pays_off and chance.random() < 0.4 else None
        brought.append(Brought(BEGIN + timedelta(day), amount, at_meeting, alone, wrong))
    if not pays_off and chance.random() < 0.6:
        free = [day for day in range(1, DAYS) if day not in days]
        brought.append(Brought(BEGIN + timedelta(chance.choice(free)), 0, False, wrong=loan.principal // 5))
    return brought


def record(loan: Loan, brought: Brought, amount: int) -> None:
    """Record it on the loan's page or at a meeting."""
    if amount and brought.at_meeting:
        meet(loan, brought, amount)
    elif amount:
        services.loan_repay(
            actor=facilitator_of(loan.group), group=loan.group, loan=loan, amount=amount, on=brought.on,
            key=uuid.uuid4(), principal_alone=brought.principal_alone,
        )  # fmt: skip


@transaction.atomic
def meet(loan: Loan, brought: Brought, amount: int) -> None:
    context = open_sheet(actor=facilitator_of(loan.group), group=loan.group, held_on=brought.on, key=uuid.uuid4())
    (on_sheet,) = context.loans
    paid = Repayment(
        on_sheet.loan, on_sheet.instalments, amount, principal_alone=brought.principal_alone,
        paid_through=on_sheet.now.paid_through,
    )  # fmt: skip
    member = on_sheet.loan.member
    row = MemberRow(member, "PRESENT", repayments=(paid,))
    minutes = Minutes(held_on=brought.on, place="", leader=member, note_taker=member, members=(row,))
    meeting_close(context=context, minutes=minutes, key=uuid.uuid4())


@transaction.atomic
def put_right(loan: Loan, brought: Brought) -> None:
    """Take back what was written down wrongly, or correct its meeting to what was brought."""
    meeting = Meeting.objects.filter(group=loan.group, held_on=brought.on, status=MeetingStatus.CLOSED).first()
    if meeting is None:
        reverse(Entry.objects.get(group=loan.group, effective_on=brought.on, reversed_by=None, kind="REPAYMENT"))
        return
    context = open_correction(actor=facilitator_of(loan.group), group=loan.group, number=meeting.number)
    (row,) = context.original.members
    repayments = tuple(replace(paid, amount=brought.amount) for paid in row.repayments if brought.amount)
    minutes = replace(context.original, members=(replace(row, repayments=repayments),))
    meeting_correct(context=context, minutes=minutes, reason="salah tulis", key=uuid.uuid4())


def paid_by_day(loan: Loan, days: Iterable[date]) -> list[tuple[object, ...]]:
    """What was paid on the loan and what is due, fee and principal apart, at the end of the `days`."""
    found = []
    for day in days:
        (row,) = loan_rows(loans_on(loan.group, as_of=day), as_of=day)
        card = loan_card(loan.group, loan.number, as_of=day)
        assert (sum(made.service_fee for made in card.payments), sum(made.principal for made in card.payments)) == (
            row.fee_paid, row.principal_paid,
        )  # fmt: skip
        found.append((day, row.fee_paid, row.principal_paid, row.arrears))
    return found


def reallocations(loan: Loan) -> list[Entry]:
    """Those that stand."""
    return list(Entry.objects.filter(group=loan.group, kind=EntryKind.REALLOCATION, reversed_by=None))


@pytest.mark.parametrize("seed", range(16))
def test_payments_in_any_order_are_divided_as_in_order(seed):
    chance = Random(seed)
    terms = terms_of(chance)
    late, in_order = make(terms), make(terms)
    brought = payments(chance, late)
    for payment in sorted(brought, key=lambda payment: payment.on):
        record(in_order, payment, payment.amount)
    steps = [(payment, payment.amount if payment.wrong is None else payment.wrong) for payment in brought]
    chance.shuffle(steps)
    for payment in brought:
        if payment.wrong is not None:
            place = next(place for place, (other, _amount) in enumerate(steps) if other is payment)
            steps.insert(chance.randrange(place + 1, len(steps) + 1), (payment, -1))
    for payment, amount in steps:
        if amount < 0:
            put_right(late, payment)
        else:
            record(late, payment, amount)
    days = sorted({payment.on for payment in brought})
    assert paid_by_day(late, days) == paid_by_day(in_order, days)
    assert reallocations(in_order) == []
    divided_on = [entry.effective_on for entry in reallocations(late)]
    assert len(divided_on) == len(set(divided_on))
    assert {*divided_on} <= {*days}
    assert list(mismatches()) == []
    cash = [Account.objects.get(group=loan.group, kind="CASH").balance for loan in (late, in_order)]
    assert cash[0] == cash[1]
