"""The pages of loans from outside: list, card, receive, pay."""

import uuid
from datetime import date

import pytest
from django.urls import reverse as url

from finance.models import Account, ExternalLoan, ExternalPayment
from groups.models import Group, Role
from tests.factories import (
    borrow_external,
    facilitator_of,
    lend,
    make_group,
    make_member,
    make_user,
    repay,
    repay_external,
    reverse,
)
from tests.finance.pages import get, signed_in, statements

pytestmark = pytest.mark.django_db


@pytest.fixture
def loan():
    return borrow_external(make_group(), purpose="modal ternak")


def send(group, name, *args, user=None, **data):
    return signed_in(user or facilitator_of(group)).post(url(name, args=[group.code, *args]), data)


def receive(group, user=None, **data):
    return send(group, "external-loan-receive", user=user, **{
        "key": str(uuid.uuid4()), "lender": "BRI Unit Dolopo", "principal": "5.000.000", "into": "BANK",
        "received_on": "2025-02-04", "rate": "1,5", "method": "flat", "periods": "24", "every": "month",
        "round_up_to": "1.000", "first_due": "2025-03-04", "purpose": "", **data,
    })  # fmt: skip


def pay(loan, user=None, **data):
    return send(loan.group, "external-loan-repay", loan.number, user=user, **{
        "key": str(uuid.uuid4()), "amount": "1.100.000", "source": "CASH", "on": "2025-03-04", **data,
    })  # fmt: skip


def errors(response, field):
    return " ".join(response.context["form"].errors.get(field, []))


def test_no_loans():
    assert b"No loan from outside is running." in get(make_group(), "external-loans").content


def test_the_books_lead_to_the_list(loan):
    assert url("external-loans", args=[loan.group.code]) in get(loan.group, "books").content.decode()


def test_the_list(loan):
    repay_external(loan, 1_100_000)
    content = get(loan.group, "external-loans").content.decode()
    assert "UPK Dolopo" in content
    assert "Rp\xa09.000.000" in content


def test_loans_paid_off_or_cancelled_are_in_the_whole_list_only(loan):
    reverse(loan.group.entries.get())
    assert "UPK Dolopo" not in get(loan.group, "external-loans").content.decode()
    content = get(loan.group, "external-loans", show="all").content.decode()
    assert "UPK Dolopo" in content
    assert "cancelled" in content


def test_who_reads_only_is_not_offered_the_forms(loan):
    staff = make_user(Role.STAFF, organisation=loan.group.organisation)
    assert "/receive/" not in get(loan.group, "external-loans", user=staff).content.decode()
    assert "/pay/" not in get(loan.group, "external-loan", loan.number, user=staff).content.decode()
    assert receive(loan.group, user=staff).status_code == 403
    assert pay(loan, user=staff).status_code == 403


def test_the_card(loan):
    repay_external(loan, 1_100_000)
    repay_external(loan, 300_000, on=date(2025, 4, 4))
    response = get(loan.group, "external-loan", loan.number)
    content = response.content.decode()
    assert [payment.total for payment in response.context["card"].payments] == [1_100_000, 300_000]
    assert content.count("✓") == 1
    assert "modal ternak" in content
    assert "Rp\xa09.600.000 is late" in content
    assert "None of it has been passed on." in content


def test_the_card_shows_what_is_out_to_members(loan):
    passed = lend(make_member(loan.group, "Siti"), principal=4_000_000, periods=10, funded_by=loan)
    repay(passed, 460_000)
    card = get(loan.group, "external-loan", loan.number).context["card"]
    assert (card.passed_on.principal, card.passed_on.outstanding) == (4_000_000, 3_600_000)


def test_a_payment_taken_back_is_marked(loan):
    entry = repay_external(loan, 300_000).entry
    reverse(entry)
    content = get(loan.group, "external-loan", loan.number).content.decode()
    assert f"Reversed by entry {entry.reversed_by.number}" in content
    assert "✓" not in content


def test_list_and_card_as_at_a_past_day(loan):
    repay_external(loan, 1_100_000)
    repay_external(loan, 300_000, on=date(2025, 4, 4))
    (row,) = get(loan.group, "external-loans", on="2025-03-10").context["rows"]
    response = get(loan.group, "external-loan", loan.number, on="2025-03-10")
    assert row.outstanding == response.context["card"].row.outstanding == 9_000_000
    assert [payment.total for payment in response.context["card"].payments] == [1_100_000]
    assert "/pay/" not in response.content.decode()
    assert get(loan.group, "external-loans", on="2025-02-03", show="all").context["rows"] == []


def test_a_card_from_before_the_loan_is_told_at_the_field(loan):
    response = get(loan.group, "external-loan", loan.number, on="2025-02-03")
    assert response.context["form"].errors == {"on": ["The loan was not received yet on this day."]}
    assert response.context["card"].row.outstanding == 10_000_000


@pytest.mark.parametrize("page", ["external-loan", "external-loan-repay"])
def test_a_loan_that_is_not_there(loan, page):
    assert get(loan.group, page, 9).status_code == 404
    assert get(make_group(), page, loan.number).status_code == 404


def test_receiving(loan):
    response = receive(loan.group)
    got = ExternalLoan.objects.get(number=2)
    assert response.url == url("external-loan", args=[loan.group.code, 2])
    assert (got.lender, got.principal, str(got.rate), got.periods) == ("BRI Unit Dolopo", 5_000_000, "0.015000", 24)
    assert Account.objects.get(group=loan.group, kind="BANK").balance == 5_000_000
    schedule = get(loan.group, "external-loan", 2).context["card"].schedule
    assert [schedule[0][0].total, schedule[-1][0].total] == [284_000, 268_000]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("lender", ""), ("principal", "0"), ("principal", "-5"), ("principal", "lima"), ("principal", "9" * 20),
        ("into", "LOAN"), ("received_on", "2099-01-01"), ("received_on", "2024-01-01"), ("rate", "150"),
        ("rate", "-1"), ("method", "x"), ("periods", "0"), ("periods", "241"), ("periods", "1,5"), ("every", "day"),
        ("round_up_to", "0"), ("first_due", "2025-02-04"), ("first_due", ""), ("key", "x"), ("purpose", "x" * 121),
    ],
)  # fmt: skip
def test_bad_input_is_said_at_the_field(loan, field, value):
    response = receive(loan.group, **{field: value})
    assert response.status_code == 200
    assert errors(response, field)
    assert ExternalLoan.objects.count() == 1


def test_the_same_receipt_twice(loan):
    key = str(uuid.uuid4())
    assert [receive(loan.group, key=key).url for _ in range(2)] == [url("external-loan", args=[loan.group.code, 2])] * 2
    assert ExternalLoan.objects.count() == 2


def test_a_receipt_in_a_closed_period(loan):
    Group.objects.filter(pk=loan.group.pk).update(books_closed_through=date(2025, 2, 28))
    assert "closed through" in errors(receive(loan.group), "received_on")
    assert "closed through" in errors(pay(loan, on="2025-02-28"), "on")


def test_the_form_proposes_what_is_due(loan):
    form = get(loan.group, "external-loan-repay", loan.number).context["form"]
    assert form["amount"].value() == "11.000.000"


def test_paying(loan):
    response = pay(loan)
    assert response.url == url("external-loan", args=[loan.group.code, loan.number])
    assert list(ExternalPayment.objects.values_list("service_fee", "principal")) == [(100_000, 1_000_000)]


def test_the_same_payment_twice(loan):
    key = str(uuid.uuid4())
    for _ in range(2):
        assert pay(loan, key=key).status_code == 302
    assert ExternalPayment.objects.count() == 1


def test_the_last_payment_twice_is_no_complaint(loan):
    borrow_external(loan.group)
    key = str(uuid.uuid4())
    for _ in range(2):
        assert pay(loan, amount="11.000.000", key=key).status_code == 302
    assert b"This loan is closed." in get(loan.group, "external-loan-repay", loan.number).content


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("amount", "0"), ("amount", "-1"), ("amount", "x"), ("amount", "11.000.001"), ("amount", "9" * 20),
        ("source", "LOAN"), ("source", "BANK"), ("on", "2099-01-01"), ("on", "2025-02-03"), ("on", "x"), ("key", "x"),
    ],
)  # fmt: skip
def test_a_bad_payment_is_said_at_the_field(loan, field, value):
    assert errors(pay(loan, **{field: value}), field)
    assert ExternalPayment.objects.count() == 0


def test_statements_do_not_grow(loan):
    lend(make_member(loan.group), principal=1_000, funded_by=loan)
    repay_external(loan, 1_000)
    pages = [("external-loans",), ("external-loan", 1), ("external-loan-repay", 1), ("external-loan-receive",)]
    few = [statements(loan.group, *page) for page in pages]
    for _ in range(5):
        borrow_external(loan.group)
        reverse(repay_external(loan, 1_000).entry)
        lend(make_member(loan.group), principal=1_000, funded_by=loan)
    assert [statements(loan.group, *page) for page in pages] == few
    assert max(few) <= 11
