"""A payment that is recorded late, corrected or taken back: later ones are divided anew, and no money moves with it."""

from __future__ import annotations

import uuid
from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from finance import selectors, services
from finance.ledger.errors import NotAllowed
from finance.ledger.verify import mismatches
from finance.models import Account, Entry, EntryKind
from groups.models import Group
from tests.factories import cover, facilitator_of, lend, make_group, make_member, make_members, repay, reverse, save
from tests.finance.pages import get, signed_in
from tests.meetings.pages import post_correction, post_sheet, sign_in

MARCH, APRIL, MAY = date(2025, 3, 4), date(2025, 4, 4), date(2025, 5, 4)
INSTALMENT = 118_000
"""Rupiah of each instalment: 18.000 of it are the fee."""


@pytest.fixture
def loan(db):
    member = make_member(make_group(rules={"wajib": 0}), "Siti Aminah")
    save(member, 9_000_000)
    yield lend(member)
    assert list(mismatches()) == []


def meet(loan, on, amount=INSTALMENT):
    response = post_sheet(sign_in(loan.group), loan.group, held_on=on, **{f"l{loan.pk}_paid": str(amount)})
    assert response.status_code == 302, response.context["sheet"].errors


def paid(loan, as_of):
    """The fee and the principal paid by the end of a day."""
    (row,) = selectors.loan_rows(selectors.loans_on(loan.group, as_of=as_of), as_of=as_of)
    return row.fee_paid, row.principal_paid


def standing(loan):
    """The reallocations that stand, each as its day, its memo, and its lines."""
    entries = Entry.objects.filter(group=loan.group, kind=EntryKind.REALLOCATION, reversed_by=None)
    return [
        (
            entry.effective_on,
            entry.memo,
            list(entry.transfers.values_list("debit_account__kind", "credit_account__kind", "amount")),
        )
        for entry in entries.order_by("effective_on")
    ]


@pytest.fixture
def late(loan):
    """The meeting of April was recorded before that of March."""
    meet(loan, APRIL)
    assert (paid(loan, APRIL), standing(loan)) == ((36_000, 82_000), [])
    meet(loan, MARCH)
    return loan


def test_the_late_payment_is_divided_as_on_its_day_and_the_later_one_anew(late):
    march = Entry.objects.get(kind=EntryKind.MEETING, effective_on=MARCH)
    assert dict(march.transfers.values_list("credit_account__kind", "amount")) == {
        "SERVICE_FEE": 18_000, "LOAN": 100_000,
    }  # fmt: skip
    assert standing(late) == [
        (
            APRIL,
            "Rp\xa018.000 pindah dari jasa ke pokok. Pembayaran tanggal 4 Maret 2025 baru dicatat belakangan.",
            [("SERVICE_FEE", "LOAN", 18_000)],
        )
    ]
    assert (paid(late, MARCH), paid(late, APRIL)) == ((18_000, 100_000), (36_000, 200_000))


def test_payments_in_time_and_those_of_other_loans_change_nothing(loan):
    other = lend(loan.member)
    meet(loan, MARCH)
    meet(other, APRIL)
    repay(loan, INSTALMENT, on=APRIL)
    assert standing(loan) == []


def test_once_divided_anew_a_payment_in_order_changes_nothing_more(loan):
    meet(loan, APRIL, 300_000)
    meet(loan, APRIL - date.resolution, 36_000)
    assert [lines for _day, _memo, lines in standing(loan)] == [[("SERVICE_FEE", "LOAN", 18_000)]]
    meet(loan, MAY)
    assert len(standing(loan)) == 1


def test_it_goes_where_what_brought_it_is_corrected_or_taken_back(late):
    march = late.group.meetings.get(held_on=MARCH)
    fields = {f"l{late.pk}_paid": "18000", "held_on": MARCH, "extra": {"version": "1"}}
    assert post_correction(sign_in(late.group), late.group, march.number, **fields).status_code == 302
    assert (paid(late, MARCH), paid(late, APRIL)) == ((18_000, 0), (36_000, 100_000))
    assert [lines for _day, _memo, lines in standing(late)] == [[("SERVICE_FEE", "LOAN", 18_000)]]
    fields = {f"l{late.pk}_paid": "0", "held_on": MARCH, "extra": {"version": "2"}}
    assert post_correction(sign_in(late.group), late.group, march.number, **fields).status_code == 302
    assert (paid(late, MARCH), paid(late, APRIL)) == ((0, 0), (36_000, 82_000))
    assert standing(late) == []
    undone = Entry.objects.get(reverses__kind=EntryKind.REALLOCATION)
    assert (undone.effective_on, undone.memo) == (
        APRIL,
        "Rp\xa018.000 pindah dari pokok ke jasa. Pembayaran tanggal 4 Maret 2025 dibatalkan.",
    )


def test_taking_back_a_payment_divides_those_after_it_anew(loan):
    first = repay(loan, INSTALMENT, on=MARCH)
    meet(loan, APRIL)
    reverse(first)
    assert standing(loan) == [
        (
            APRIL,
            "Rp\xa018.000 from the principal to the fee. A payment of 4 March 2025 was taken back.",
            [("LOAN", "SERVICE_FEE", 18_000)],
        )
    ]
    assert paid(loan, APRIL) == (36_000, 82_000)


def test_a_payment_before_others_takes_it_back_with_them(loan):
    early, _later = repay(loan, INSTALMENT, on=MARCH), repay(loan, INSTALMENT, on=APRIL)
    reverse(early)
    assert len(standing(loan)) == 1
    repay(loan, INSTALMENT, on=MARCH)
    assert standing(loan) == []
    assert paid(loan, APRIL) == (36_000, 200_000)


def test_what_others_covered_is_divided_anew_too(loan):
    other = make_member(loan.group)
    save(other, 500_000)
    cover(loan, {other: 100_000}, on=APRIL + 2 * date.resolution)
    assert paid(loan, MAY) == (36_000, 64_000)
    meet(loan, MARCH)
    assert paid(loan, MARCH) == (18_000, 100_000)
    assert paid(loan, MAY) == (36_000, 182_000)
    cover(loan, {other: 10_000}, on=MARCH + date.resolution * 32)
    assert paid(loan, MAY) == (36_000, 192_000)


def test_a_late_payment_of_fee_and_principal_keeps_one_line_for_each(loan):
    meet(loan, APRIL, 10_000)
    meet(loan, MARCH)
    entry = Entry.objects.get(group=loan.group, effective_on=MARCH, transfers__credit_account__kind="LOAN")
    lines = entry.transfers.values_list("debit_account__kind", "credit_account__kind", "amount").order_by("pk")
    assert list(lines) == [("CASH", "SERVICE_FEE", 18_000), ("CASH", "LOAN", 100_000)]
    assert paid(loan, APRIL) == (28_000, 100_000)


def test_two_payments_of_one_day_are_divided_anew_in_their_order(loan):
    repay(loan, 30_000, on=APRIL)
    repay(loan, 60_000, on=APRIL)
    meet(loan, MAY)
    assert [paid(loan, APRIL), paid(loan, MAY)] == [(36_000, 54_000), (54_000, 154_000)]
    repay(loan, 10_000, on=MARCH)
    assert [paid(loan, MARCH), paid(loan, APRIL), paid(loan, MAY)] == [(10_000, 0), (36_000, 64_000), (54_000, 164_000)]


def test_a_payment_on_the_principal_alone_stays_one(db):
    member = make_member(make_group(rules={"wajib": 0}))
    save(member, 9_000_000)
    loan = lend(member, principal_alone=True)
    services.loan_repay(
        actor=facilitator_of(loan.group), group=loan.group, loan=loan, amount=50_000, on=APRIL, key=uuid.uuid4(),
        principal_alone=True,
    )  # fmt: skip
    meet(loan, MARCH, 10_000)
    assert (paid(loan, MARCH), paid(loan, APRIL)) == ((10_000, 0), (10_000, 50_000))
    assert standing(loan) == []


def test_a_payment_after_the_fee_was_paid_ahead_is_none_on_the_principal_alone(db):
    member = make_member(make_group(rules={"wajib": 0}))
    save(member, 9_000_000)
    loan = lend(member, principal_alone=True)
    meet(loan, MAY, 2 * INSTALMENT)
    meet(loan, MAY + date.resolution, 50_000)
    meet(loan, MARCH, 100_000)
    assert paid(loan, MARCH) == (18_000, 82_000)
    assert paid(loan, MAY) == (54_000, 282_000)


def test_what_changes_in_a_closed_period_counts_on_the_first_open_day(loan):
    repay(loan, INSTALMENT, on=MARCH)
    payment = repay(loan, INSTALMENT, on=APRIL)
    meet(loan, MAY)
    services.period_close(
        actor=facilitator_of(loan.group), group=loan.group, through=APRIL + 10 * date.resolution, key=uuid.uuid4()
    )
    loan.group.refresh_from_db()
    reverse(payment)
    assert paid(loan, APRIL) == (36_000, 200_000)
    assert paid(loan, MAY) == (54_000, 182_000)
    assert [day for day, _memo, _lines in standing(loan)] == [MAY]


def test_a_loan_is_not_paid_off_by_a_payment_before_its_last_one(db):
    """In March 53,000 would have paid it off, but for the 150,000 of April: by then the second fee was due."""
    member = make_member(make_group(rules={"wajib": 0}))
    save(member, 9_000_000)
    loan = lend(member, 200_000, 2, payoff_fee="WAIVED")
    meet(loan, APRIL, 150_000)
    (row,) = selectors.loan_rows(selectors.loans_on(loan.group, as_of=APRIL), as_of=APRIL)
    meet(loan, MARCH, 53_000)
    assert Account.objects.get(loan=loan, kind="LOAN").balance == 3_000
    assert (paid(loan, MARCH), paid(loan, APRIL)) == ((3_000, 50_000), (6_000, 197_000))
    assert list(mismatches()) == []
    assert row.outstanding > 0


def test_nobody_takes_it_back_by_itself(late):
    (entry,) = Entry.objects.filter(kind=EntryKind.REALLOCATION)
    with pytest.raises(NotAllowed, match="follows from other payments"):
        reverse(entry)
    page = get(late.group, "entry", entry.number).content.decode()
    assert "Payment divided anew" in page
    assert "Pembayaran tanggal 4 Maret 2025 baru dicatat belakangan." in page
    assert "/reverse/" not in page
    client = signed_in(facilitator_of(late.group))
    sent = client.post(f"/g/{late.group.code}/books/entries/{entry.number}/reverse/", {"reason": "x"})
    assert sent.status_code in (404, 422)


def test_loan_card_and_passbook_show_it_and_the_cash_book_does_not(late):
    card = selectors.loan_card(late.group, late.number, as_of=MAY)
    assert [(made.service_fee, made.principal, made.total) for made in card.payments] == [
        (18_000, 100_000, 118_000), (36_000, 82_000, 118_000), (-18_000, 18_000, 0),
    ]  # fmt: skip
    assert "Payment divided anew" in get(late.group, "loan", late.number).content.decode()
    book = selectors.passbook(late.member, end=MAY)
    line = next(line for line in book.lines if line.entry_kind == EntryKind.REALLOCATION)
    assert (line.what, line.money_in, line.money_out) == (
        "Service fee (jasa) of a loan → Principal (angsuran pokok)", 0, 0,
    )  # fmt: skip
    cash = selectors.ledger(
        late.group, list(Account.objects.filter(group=late.group, kind="CASH")), start=MARCH, end=MAY
    )
    assert {line.entry_kind for line in cash.lines} == {EntryKind.MEETING}
    assert (cash.total_in, cash.total_out) == (2 * INSTALMENT, 0)


def test_the_fee_is_income_of_the_month_it_was_due_in(late):
    def income(month):
        report = selectors.income_statement(late.group, start=date(2025, month, 1), end=date(2025, month, 30))
        return report.total_income

    assert (income(3), income(4)) == (18_000, 18_000)


def closed_with(group: Group, on: date, loans) -> int:
    """How many statements it takes to close a meeting at which an instalment is paid on each of `loans`."""
    client = sign_in(group)
    fields = {f"l{loan.pk}_paid": str(INSTALMENT) for loan in loans}
    with CaptureQueriesContext(connection) as queries:
        assert post_sheet(client, group, held_on=on, **fields).status_code == 302
    return len(queries)


def test_a_late_meeting_takes_as_many_statements_for_many_loans_as_for_one(db):
    taken = []
    for members in (1, 6):
        group = make_group(rules={"wajib": 0})
        people = make_members(group, members)
        save(people[0], 9_000_000)
        loans = [lend(member) for member in people]
        in_time = closed_with(group, APRIL, loans)
        late = closed_with(group, MARCH, loans)
        assert Entry.objects.filter(group=group, kind=EntryKind.REALLOCATION).count() == members
        taken.append((in_time, late))
    assert taken[0] == taken[1]
