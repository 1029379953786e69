"""The loan card page."""

from datetime import date

import pytest

from finance import selectors, tables
from finance.models import Entry
from groups.models import Role
from tests.factories import lend, make_group, make_member, make_user, repay, reverse, save
from tests.finance.pages import get, statements

pytestmark = pytest.mark.django_db


@pytest.fixture
def loan():
    member = make_member(make_group(), "Siti Aminah")
    save(member, 9_000_000)
    return lend(member, principal=5_000_000, periods=24, purpose="modal warung")


def test_the_schedule_of_a_new_loan(loan):
    content = get(loan.group, "loan", loan.number).content.decode()
    assert content.count("Rp\xa0284.000") >= 23
    assert "Rp\xa0268.000" in content
    assert "1,5 % a month" in content
    assert "Nothing has been paid yet." in content
    assert "modal warung" in content


def test_payments_and_what_they_cover(loan):
    repay(loan, 284_000)
    repay(loan, 100_000, on=date(2025, 4, 4))
    response = get(loan.group, "loan", loan.number)
    assert [payment.total for payment in response.context["card"].payments] == [284_000, 100_000]
    assert response.content.decode().count("✓") == 1


def test_as_at_a_past_day_only_what_had_happened_counts(loan):
    repay(loan, 284_000)
    repay(loan, 284_000, on=date(2025, 4, 4))
    response = get(loan.group, "loan", loan.number, on="2025-03-10")
    card = response.context["card"]
    assert ([payment.total for payment in card.payments], card.row.arrears.days_late) == ([284_000], 0)
    assert all(step.on <= date(2025, 3, 10) for step in response.context["steps"])
    assert "/pay/" not in response.content.decode()


def test_a_day_before_the_loan_is_told_at_the_field(loan):
    response = get(loan.group, "loan", loan.number, on="2025-02-03")
    assert response.context["form"].errors == {"on": ["The loan was not paid out yet on this day."]}
    assert response.context["card"].row.outstanding == 5_000_000


def test_a_payment_taken_back_is_marked(loan):
    entry = repay(loan, 284_000)
    reverse(entry)
    assert f"Reversal of entry {entry.number}" in get(loan.group, "loan", loan.number).content.decode()


def card_rows(loan):
    card = selectors.loan_card(loan.group, loan.number, as_of=date(2025, 6, 1))
    return list(tables.loan_card(loan.group, card, as_of=date(2025, 6, 1)).rows)


def payments_of(loan):
    """The rows of the payments of a loan's card, and the last row, which is their total."""
    rows = card_rows(loan)
    begin = next(place for place, row in enumerate(rows) if row.cells[1] == "Payments")
    return rows[begin + 1 : -1], rows[-1]


@pytest.mark.parametrize("fine", [0, 5_000])
def test_each_column_of_the_payments_adds_up_to_its_total(fine):
    member = make_member(make_group())
    save(member, 9_000_000)
    loan = lend(member, principal=1_000_000, periods=10, fine_late_instalment=fine)
    repay(loan, 130_000, on=date(2025, 4, 1))
    repay(loan, 130_000, on=date(2025, 5, 1))
    reverse(repay(loan, 90_000, on=date(2025, 5, 2)))
    payments, total = payments_of(loan)
    assert total.cells[1] == "Total"
    assert total.is_total
    assert len(total.cells) == (8 if fine else 7)
    for place, cell in enumerate(total.cells[2:], start=2):
        cells = [row.cells[place] for row in payments]
        assert cell == (sum(cells) if cells[0] is not None else None)
    assert total.cells[-2] == 260_000 == sum(amount or 0 for amount in total.cells[2:-2])


def test_a_fine_stands_with_the_payment_and_not_in_the_schedule(loan):
    assert "Fine paid (denda)" not in get(loan.group, "loan", loan.number).content.decode()
    loan = lend(loan.member, principal=100_000, fine_late_instalment=5_000)
    repay(loan, 100_000, on=date(2025, 4, 1))
    assert "Fine paid (denda)" in get(loan.group, "loan", loan.number).content.decode()
    assert [row.cells[4] for row in card_rows(loan)[1:13]] == [None] * 12
    assert sum(row.cells[4] for row in payments_of(loan)[0]) > 0


def test_a_cancelled_loan_is_not_late(loan):
    reverse(Entry.objects.get(kind="LOAN"))
    response = get(loan.group, "loan", loan.number)
    assert b"cancelled" in response.content
    assert b"late" not in response.content


def test_a_loan_that_is_not_there(loan):
    assert get(loan.group, "loan", 99).status_code == 404


def test_a_loan_of_another_group(loan):
    assert get(make_group(), "loan", loan.number).status_code == 404


def test_another_organisation_finds_nothing(loan):
    assert get(loan.group, "loan", loan.number, user=make_user(Role.ADMIN)).status_code == 404


def test_statements_do_not_grow_with_the_payments(loan):
    few = statements(loan.group, "loan", loan.number)
    for _ in range(5):
        reverse(repay(loan, 100_000))
        repay(loan, 50_000)
    assert statements(loan.group, "loan", loan.number) == few <= 10
