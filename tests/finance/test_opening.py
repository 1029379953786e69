"""Opening balances: the page, and the one entry a group that existed before begins with."""

import uuid
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse as url
from django.utils import timezone

from finance import selectors, services
from finance.ledger.errors import AlreadyPosted, NotAllowed, PeriodClosed
from finance.ledger.verify import mismatches
from finance.models import Account, Entry, InventoryItem, Loan
from finance.rules.lines import OtherMoney
from finance.selectors.owed import owed, wajib_asked
from finance.services import LoanTerms, Opening, OpeningLoan, OpeningSavings
from groups.models import Group, Role
from tests.factories import (
    facilitator_of,
    lend,
    make_entry,
    make_group,
    make_member,
    make_members,
    make_user,
    other,
    repay,
    reverse,
    save,
)
from tests.finance.pages import get, signed_in, statements
from tests.finance.test_histories import hledger_balances, our_balances

pytestmark = pytest.mark.django_db

CUT_OFF = date(2025, 12, 31)


@pytest.fixture
def group():
    group = make_group()
    make_members(group, 3)
    return group


def terms(group, **fields):
    return LoanTerms(
        **{
            "member": group.members.first(),
            "principal": 1_200_000,
            "periods": 12,
            "rate": Decimal("0.015"),
            "method": "flat",
            "round_up_to": 1000,
            "disbursed_on": date(2025, 9, 2),
            "first_due": date(2025, 10, 2),
            **fields,
        }
    )


def record(group, key=None, **fields):
    """Members' savings of Rp 900,000, and a loan with Rp 900,000 left, by default."""
    opening = Opening(
        **{
            "on": CUT_OFF,
            "savings": tuple(OpeningSavings(member, pokok=100_000, wajib=200_000) for member in group.members.all()),
            "loans": (OpeningLoan(terms(group), principal_paid=300_000, fee_paid=54_000),),
            **fields,
        }
    )
    return services.opening_record(actor=facilitator_of(group), group=group, opening=opening, key=key or uuid.uuid4())


def balance(group, kind, **owner):
    return Account.objects.get(group=group, kind=kind, **owner).balance


def sheet(group, **fields):
    """The page filled in: Rp 500,000 in the box, one member's savings of Rp 300,000, the rest capital."""
    first = group.members.first()
    return {
        "key": str(uuid.uuid4()), "action": "post", "on": CUT_OFF.isoformat(), "cash": "500.000", "capital": "200.000",
        f"m{first.pk}-pokok": "100.000", f"m{first.pk}-wajib": "200.000",
        "loans-TOTAL_FORMS": "2", "loans-INITIAL_FORMS": "0", "debts-TOTAL_FORMS": "1", "debts-INITIAL_FORMS": "0",
        **{name.replace("__", "-"): value for name, value in fields.items()},
    }  # fmt: skip


def loan_row(group, **fields):
    row = {
        "member": group.members.first().pk, "principal": "1.200.000", "rate": "1.5", "method": "flat",
        "periods": "12", "disbursed_on": "2025-09-02", "first_due": "2025-10-02", "principal_paid": "300.000",
        "fee_paid": "54.000", **fields,
    }  # fmt: skip
    return {f"loans-0-{name}": value for name, value in row.items()}


def send(group, data):
    return signed_in(facilitator_of(group)).post(url("opening", args=[group.code]), data)


def test_loans_stand_as_they_stood_at_the_cut_off(group):
    record(group)
    card = selectors.loan_card(group, 1, as_of=CUT_OFF)
    assert (card.row.outstanding, card.row.principal_paid, card.row.fee_paid) == (900_000, 300_000, 54_000)
    assert card.row.arrears.late == 0
    assert [(payment.service_fee, payment.principal) for payment in card.payments] == [(54_000, 300_000)]
    assert list(mismatches()) == []


def test_a_loan_goes_on_being_repaid(group):
    record(group)
    repay(Loan.objects.get(), 118_000, on=date(2026, 1, 2))
    row = selectors.loan_card(group, 1, as_of=date(2026, 1, 2)).row
    assert (row.fee_paid, row.principal_paid) == (72_000, 400_000)


def test_the_fee_paid_before_is_no_surplus_to_divide(group):
    record(group)
    income = balance(group, "SERVICE_FEE")
    assert income - balance(group, "SURPLUS_DIVIDED") == 0
    assert balance(group, "CAPITAL") == 0
    year = {"start": date(2025, 1, 1), "end": CUT_OFF}
    assert selectors.period_surplus(group, **year).surplus == 0
    statement = selectors.income_statement(group, **year)
    assert {line.amount for line in statement.income} == {0}
    sheet = selectors.balance_sheet(group, as_of=CUT_OFF)
    assert (sheet.surplus_year, sheet.surplus_before) == (0, 0)


def test_the_balance_sheet_has_the_surplus_of_the_income_statement(group):
    record(group)
    other(group, OtherMoney.INCOME, 64_500, on=CUT_OFF)
    for as_of in (CUT_OFF, date(CUT_OFF.year + 1, 12, 31)):
        sheet = selectors.balance_sheet(group, as_of=as_of)
        statement = selectors.income_statement(group, start=as_of.replace(month=1, day=1), end=as_of)
        assert sheet.surplus_year == statement.surplus
        assert sheet.total_assets == sheet.total_sources


def test_the_fee_of_an_opening_that_was_reversed_is_no_loss(group):
    reverse(record(group))
    statement = selectors.income_statement(group, start=date(2025, 1, 1), end=CUT_OFF)
    assert {line.amount for line in statement.income} == {0}


def test_a_debt_row_of_the_page_is_taken(group):
    row = {
        "lender": "UPK", "principal": "1000000", "repaid": "400000", "fee_paid": "40000", "rate": "1",
        "method": "flat", "periods": "10", "received_on": "2025-06-01", "first_due": "2025-07-01",
    }  # fmt: skip
    debt = {f"debts-0-{name}": value for name, value in row.items()}
    assert send(group, {**sheet(group, capital="-400.000"), **debt}).status_code == 302
    assert balance(group, "EXTERNAL_LOAN") == 600_000
    wrong = send(make_group(), {**sheet(group, capital="-400.000"), **debt, "debts-0-repaid": "1000000"})
    assert "repaid" in wrong.context["sheet"].debts.forms[0].errors


def test_everything_arrives_on_its_account(group):
    debt = services.OpeningDebt(
        lender="UPK Dolopo", principal=1_000_000, repaid=400_000, fee_paid=40_000, rate=Decimal("0.01"),
        method="flat", periods=10, received_on=date(2025, 6, 1), first_due=date(2025, 7, 1),
    )  # fmt: skip
    record(
        group, cash=500_000, bank=1_000_000, inventory=300_000, inventory_name="Timbangan", social_fund=150_000,
        reserve=250_000, grants=500_000, capital=300_000, debts=(debt,),
    )  # fmt: skip
    kinds = ("CASH", "BANK", "INVENTORY", "EXTERNAL_LOAN", "SOCIAL_FUND", "RESERVE", "GRANT", "CAPITAL")
    assert [balance(group, kind) for kind in kinds] == [
        500_000, 1_000_000, 300_000, 600_000, 150_000, 250_000, 500_000, 300_000,
    ]  # fmt: skip
    assert InventoryItem.objects.get().name == "Timbangan"
    row = selectors.external_card(group, 1, as_of=CUT_OFF).row
    assert (row.loan.lender, row.principal_paid, row.fee_paid) == ("UPK Dolopo", 400_000, 40_000)
    assert list(mismatches()) == []


def test_losses_of_the_years_before_make_a_negative_capital(group):
    record(group, capital=-200_000, loans=(), cash=700_000)
    assert balance(group, "CAPITAL") == -200_000


@pytest.mark.hledger
def test_hledger_reads_the_same_balances(group):
    record(group, cash=10_000, capital=10_000)
    assert hledger_balances(group) == our_balances(group)


def test_what_does_not_balance_is_refused(group):
    with pytest.raises(NotAllowed, match=r"differ by Rp\s1\.$"):
        record(group, cash=1)
    assert not Entry.objects.exists()
    assert not Loan.objects.exists()


@pytest.mark.parametrize(
    ("fields", "paid"),
    [
        ({"first_due": date(2025, 9, 2)}, {}),
        ({}, {"principal_paid": 1_200_000}),
        ({}, {"fee_paid": 216_001}),
    ],
)
def test_a_loan_that_cannot_be_is_refused(group, fields, paid):
    loan = OpeningLoan(terms(group, **fields), **paid)
    with pytest.raises(NotAllowed):
        record(group, savings=(), loans=(loan,), capital=loan.outstanding)
    assert not Loan.objects.exists()


def test_the_same_key_is_one_opening(group):
    key = uuid.uuid4()
    record(group, key=key)
    with pytest.raises(AlreadyPosted):
        record(group, key=key)
    assert Entry.objects.count() == 1


def test_a_group_with_money_in_the_books_has_no_opening(group):
    save(group.members.first(), 1_000)
    with pytest.raises(NotAllowed):
        record(group)


def test_a_second_opening_is_refused(group):
    record(group)
    with pytest.raises(NotAllowed):
        record(group)


def test_the_database_lets_nothing_stand_before_an_opening(group):
    save(group.members.first(), 1_000)
    with pytest.raises(IntegrityError, match="finance_entry_opening_first"), transaction.atomic():
        make_entry(group, "OPENING", on=CUT_OFF)


def test_a_wrong_opening_is_reversed_and_made_again(group):
    reverse(record(group))
    assert Loan.objects.get().cancelled_at is not None
    record(group)
    assert balance(group, "POKOK", member=group.members.first()) == 100_000
    assert Loan.objects.get(cancelled_at=None).number == 2
    assert list(mismatches()) == []


def test_an_opening_with_money_recorded_since_cannot_be_reversed(group):
    entry = record(group)
    save(group.members.first(), 1_000, on=date(2026, 1, 6))
    with pytest.raises(NotAllowed, match="Money was recorded since"):
        reverse(entry)
    reverse(Entry.objects.get(kind="SAVINGS"))
    reverse(entry)
    assert selectors.may_open(group)


def due_alone(group, **fields):
    """The page with dues of one member and nothing else."""
    first = group.members.first()
    nothing = {"cash": "", "capital": "", f"m{first.pk}-pokok": "", f"m{first.pk}-wajib": ""}
    return {**sheet(group), **nothing, **{f"m{first.pk}-{name}": amount for name, amount in fields.items()}}


@pytest.mark.parametrize(("name", "fine", "wajib"), [("fines_owed", 20_000, 0), ("wajib_owed", 0, 20_000)])
def test_dues_alone_are_opening_balances(name, fine, wajib):
    group = make_group(rules={"missed_wajib": "ASKED"})
    first, *_others = make_members(group, 3)
    response = send(group, due_alone(group, **{name: "20.000"}))
    entry = Entry.objects.get()
    assert response.url == url("entry", args=[group.code, entry.number])
    found = owed(group, as_of=CUT_OFF)[first.pk]
    assert (found.fine, found.wajib) == (fine, wajib)
    assert "No money moved" in get(group, "entry", entry.number).content.decode()
    assert not selectors.may_open(group)
    assert list(mismatches()) == []


def test_the_books_go_on_after_an_opening_of_dues_alone(group):
    first = group.members.first()
    send(group, due_alone(group, fines_owed="20.000"))
    save(first, 1_000, on=date(2026, 1, 6))
    services.fine_pay(
        actor=facilitator_of(group), group=group, member=first, amount=20_000, reason="", on=date(2026, 1, 6),
        key=uuid.uuid4(),
    )  # fmt: skip
    assert list(Entry.objects.order_by("pk").values_list("number", flat=True)) == [1, 2, 3]
    assert first.pk not in owed(group, as_of=date(2026, 1, 6))
    assert list(mismatches()) == []


def test_an_opening_of_dues_alone_is_taken_back_and_made_again(group):
    first = group.members.first()
    send(group, due_alone(group, fines_owed="20.000"))
    reverse(Entry.objects.get())
    assert owed(group, as_of=CUT_OFF) == {}
    assert selectors.may_open(group)
    record(group)
    assert balance(group, "POKOK", member=first) == 100_000
    assert list(mismatches()) == []


@pytest.mark.hledger
def test_hledger_reads_an_opening_of_dues_alone(group):
    send(group, due_alone(group, fines_owed="20.000"))
    assert hledger_balances(group) == our_balances(group)


def test_an_opening_of_nothing_is_refused_with_what_is_missing(group):
    response = send(group, due_alone(group))
    assert response.status_code == 422
    (message,) = response.context["sheet"].head.non_field_errors()
    assert message.startswith("Write down what the group has")
    assert not Entry.objects.exists()


def test_the_page_takes_every_fund(group):
    seldom = {"education_fund": "1.000", "staff_fund": "2.000", "development_fund": "3.000"}
    funds = {"officers_fund": "40.000", "other_fund": "30.000", "reserve": "20.000", "capital": "104.000", **seldom}
    send(group, sheet(group, **funds))
    assert [balance(group, fund.upper()) for fund in funds] == [40_000, 30_000, 20_000, 104_000, 1_000, 2_000, 3_000]
    assert list(mismatches()) == []


@pytest.mark.parametrize("name", ["officers_fund", "education_fund", "staff_fund", "development_fund", "other_fund"])
@pytest.mark.parametrize("amount", ["-1", "x", "9" * 20])
def test_a_fund_that_cannot_be_read_is_told_at_its_field(group, name, amount):
    response = send(group, sheet(group, **{name: amount}))
    assert name in response.context["sheet"].head.errors
    assert not Entry.objects.exists()


def test_an_opening_whose_loan_was_paid_on_cannot_be_reversed(group):
    entry = record(group)
    repay(Loan.objects.get(), 18_000, on=date(2026, 1, 2))
    with pytest.raises(NotAllowed):
        reverse(entry)


def test_members_of_another_group_are_refused(group):
    with pytest.raises(NotAllowed):
        record(group, savings=(OpeningSavings(make_member(make_group()), pokok=900_000),))


def test_the_page_posts_what_was_typed(group):
    response = send(group, sheet(group))
    assert response.url == url("entry", args=[group.code, Entry.objects.get().number])
    assert (balance(group, "CASH"), balance(group, "CAPITAL")) == (500_000, 200_000)


def test_the_page_takes_a_running_loan(group):
    assert send(group, {**sheet(group, capital="1.100.000"), **loan_row(group)}).status_code == 302
    assert selectors.loan_card(group, 1, as_of=CUT_OFF).row.outstanding == 900_000


def test_checking_shows_the_difference_and_writes_nothing(group):
    response = send(group, sheet(group, action="check", capital=""))
    assert response.context["opening"].difference == 200_000
    assert "The group has more than is explained" in response.content.decode()
    assert not Entry.objects.exists()


def test_posting_what_does_not_balance_says_by_how_much(group):
    response = send(group, sheet(group, capital="-50.000"))
    assert response.status_code == 422
    assert "differ by Rp\xa0250.000" in response.content.decode()
    assert 'value="-50.000"' in response.content.decode()
    assert not Entry.objects.exists()


@pytest.mark.parametrize(
    ("fields", "where"),
    [
        ({"on": ""}, "on"),
        ({"on": "2024-12-31"}, "on"),
        ({"on": (timezone.localdate() + timedelta(1)).isoformat()}, "on"),
        ({"cash": "-5"}, "cash"),
        ({"cash": "9" * 20}, "cash"),
        ({"capital": "--5"}, "capital"),
        ({"inventory": "5"}, "inventory_name"),
        ({"key": "x"}, "key"),
    ],
)
def test_a_wrong_field_gets_its_message(group, fields, where):
    response = send(group, sheet(group, **fields))
    assert response.status_code == 422
    assert where in response.context["sheet"].head.errors
    assert not Entry.objects.exists()


@pytest.mark.parametrize(
    ("fields", "where"),
    [
        ({"member": ""}, "member"),
        ({"member": "999999"}, "member"),
        ({"principal": "0"}, "principal"),
        ({"periods": "0"}, "periods"),
        ({"periods": "121"}, "periods"),
        ({"principal_paid": "1200000"}, "principal_paid"),
        ({"fee_paid": "216001"}, "fee_paid"),
        ({"first_due": "2025-09-01"}, "first_due"),
        ({"disbursed_on": "2026-01-01", "first_due": "2026-02-01"}, "disbursed_on"),
    ],
)
def test_a_wrong_loan_gets_its_message(group, fields, where):
    response = send(group, {**sheet(group, capital="1.100.000"), **loan_row(group, **fields)})
    assert response.status_code == 422
    assert where in response.context["sheet"].loans.forms[0].errors
    assert not Loan.objects.exists()


def test_savings_of_who_joined_after_the_cut_off_are_refused(group):
    late = make_member(group, number=9, joined_on=CUT_OFF + timedelta(5))
    response = send(group, sheet(group, **{f"m{late.pk}-wajib": "1000", "capital": "199000"}))
    assert "wajib" in response.context["sheet"].members[-1].errors


def test_a_cut_off_in_a_closed_period_is_refused_at_the_date(group):
    Group.objects.filter(pk=group.pk).update(books_closed_through=CUT_OFF)
    assert "on" in send(group, sheet(group)).context["sheet"].head.errors
    with pytest.raises(PeriodClosed):
        record(Group.objects.get(pk=group.pk))


def test_more_rows(group):
    response = send(group, sheet(group, action="more"))
    assert len(response.context["sheet"].loans.forms) == 4
    assert b'value="500.000"' in response.content


def test_the_same_form_twice_is_one_opening(group):
    data = sheet(group)
    assert send(group, data).status_code == send(group, data).status_code == 302
    assert Entry.objects.count() == 1


def test_other_balances_in_a_form_sent_before_are_told_and_kept(group):
    data = sheet(group)
    send(group, data)
    told = send(group, {**data, "cash": "1"})
    assert told.status_code == 422
    assert told.context["sheet"].head["cash"].value() == "1"
    assert "recorded already" in str(told.context["sheet"].head.non_field_errors())
    assert Entry.objects.count() == 1


def test_staff_may_not_enter_balances(group):
    staff = make_user(Role.STAFF, organisation=group.organisation)
    assert get(group, "opening", user=staff).status_code == 403


def test_the_books_lead_to_it_while_they_are_empty(group):
    assert url("opening", args=[group.code]) in get(group, "books").content.decode()
    save(group.members.first(), 1_000)
    assert url("opening", args=[group.code]) not in get(group, "books").content.decode()
    assert b"opening balances come first" in get(group, "opening").content


def test_statements_do_not_grow_with_the_members(group):
    few = statements(group, "opening")
    for number in range(10, 18):
        make_member(group, number=number)
    assert statements(group, "opening") == few <= 8


# Loans of every kind, and what members owe


@pytest.mark.parametrize(
    ("fields", "last_due"),
    [
        ({"kind": "week", "first_due": "2025-12-09"}, date(2026, 2, 24)),
        ({"kind": "fortnight", "first_due": "2025-12-09"}, date(2026, 5, 12)),
        ({"kind": "selapan", "first_due": "2025-12-09"}, date(2026, 12, 29)),
        ({"kind": "month", "first_due": "2025-12-09"}, date(2026, 11, 9)),
        ({"kind": "harvest_monthly", "first_due": "2025-12-09", "harvest_on": "2026-09-01"}, date(2026, 9, 1)),
        ({"kind": "harvest_end", "first_due": "", "harvest_on": "2026-09-01"}, date(2026, 9, 1)),
    ],
)
def test_the_page_takes_a_running_loan_of_every_kind(fields, last_due):
    group = make_group(rules={"loan_due": "DAY"})
    make_members(group, 1)
    row = loan_row(group, disbursed_on="2025-12-02", principal_paid="", fee_paid="", **fields)
    assert send(group, {**sheet(group, capital="1.400.000"), **row}).status_code == 302
    loan = Loan.objects.get()
    assert (loan.kind, loan.instalments.last().due_on) == (fields["kind"], last_due)
    months = 12 if fields["kind"] not in ("week", "fortnight") else None
    if months:
        assert sum(line.service_fee for line in loan.instalments.all()) == 12 * 18_000
    assert list(mismatches()) == []


@pytest.mark.parametrize(
    ("fields", "where"),
    [
        ({"kind": "harvest_end", "harvest_on": ""}, "harvest_on"),
        ({"kind": "harvest_end", "harvest_on": "2025-09-01"}, "harvest_on"),
        ({"kind": "week", "harvest_on": "2026-09-01"}, "harvest_on"),
        ({"kind": "week", "first_due": ""}, "first_due"),
        ({"kind": "?"}, "kind"),
        ({"deposit": "-1"}, "deposit"),
    ],
)
def test_a_wrong_loan_of_another_kind_gets_its_message(group, fields, where):
    response = send(group, {**sheet(group, capital="1.100.000"), **loan_row(group, **fields)})
    assert where in response.context["sheet"].loans.forms[0].errors
    assert not Loan.objects.exists()


def test_a_rate_a_year_is_asked_for_as_the_rules_say_it():
    group = make_group(rules={"loan_rate": Decimal("0.18"), "loan_rate_per": "year"})
    make_members(group, 1)
    form = get(group, "opening").context["sheet"].loans.forms[0]
    assert "a year" in str(form.fields["rate"].label)
    assert send(group, {**sheet(group, capital="1.100.000"), **loan_row(group, rate="18")}).status_code == 302
    assert {line.service_fee for line in Loan.objects.get().instalments.all()} == {18_000}


def test_a_deposit_comes_along_and_goes_back_at_the_end(group):
    row = loan_row(group, deposit="60.000")
    assert send(group, {**sheet(group, capital="1.040.000"), **row}).status_code == 302
    loan = Loan.objects.get()
    assert balance(group, "DEPOSIT", loan=loan) == 60_000
    services.loan_pay_off(
        actor=facilitator_of(group), group=group, loan=loan, on=date(2026, 1, 6), key=uuid.uuid4()
    )  # fmt: skip
    assert (balance(group, "DEPOSIT", loan=loan), balance(group, "SUKARELA", member=loan.member)) == (0, 60_000)
    assert list(mismatches()) == []


@pytest.fixture
def asking():
    """A group that asks for missed wajib, and for pokok of 150.000."""
    group = make_group(rules={"missed_wajib": "ASKED", "pokok": 150_000})
    make_members(group, 2)
    return group


def owing(group, on):
    first = group.members.first()
    found = selectors.owed(group, as_of=on).get(first.pk)
    return (found.fine, found.wajib, found.pokok) if found else (0, 0, 0)


def test_fines_and_savings_owed_come_along(asking):
    first = asking.members.first()
    owes = {f"m{first.pk}-wajib_owed": "25.000", f"m{first.pk}-fines_owed": "4.000"}
    assert send(asking, {**sheet(asking), **owes}).status_code == 302
    assert owing(asking, CUT_OFF - timedelta(1)) == (0, 0, 150_000)
    assert owing(asking, CUT_OFF) == (4_000, 25_000, 50_000)
    assert owing(asking, date(2026, 1, 6)) == (4_000, 25_000, 50_000)
    assert owing(asking, date(2026, 1, 7)) == (4_000, 35_000, 50_000)
    assert wajib_asked(asking, held_on=date(2026, 1, 6))[first.pk] == (35_000, 25_000)
    save(first, 30_000, "WAJIB", on=date(2026, 1, 6))
    assert owing(asking, date(2026, 1, 7))[1] == 5_000


def test_what_was_owed_goes_with_an_opening_that_is_reversed(asking):
    first = asking.members.first()
    row = OpeningSavings(first, wajib=10_000, wajib_owed=25_000, fines_owed=4_000)
    reverse(record(asking, savings=(row,), loans=(), cash=10_000))
    assert owing(asking, date(2026, 1, 1))[:2] == (0, 0)


def test_missed_wajib_that_the_rules_let_go_is_not_asked_for(group):
    first = group.members.first()
    assert "wajib_owed" not in get(group, "opening").context["sheet"].members[0].fields
    record(group, savings=(OpeningSavings(first, wajib=10_000, wajib_owed=25_000),), loans=(), cash=10_000)
    assert owing(group, CUT_OFF)[1] == 0


def test_what_somebody_owes_who_joined_after_the_cut_off_is_refused(asking):
    late = make_member(asking, number=9, joined_on=CUT_OFF + timedelta(5))
    response = send(asking, {**sheet(asking), f"m{late.pk}-fines_owed": "1000"})
    assert "wajib" in response.context["sheet"].members[-1].errors


def test_the_history_of_a_loan_says_that_it_was_taken_over(group):
    record(group)
    loan = Loan.objects.get()
    (step,) = get(group, "loan", loan.number).context["steps"]
    assert (step.on, step.what) == (CUT_OFF, "Taken over with the opening balances")


def test_the_history_of_a_new_loan_says_that_it_was_paid_out(group):
    member = group.members.first()
    save(member, 5_000_000)
    loan = lend(member)
    assert [step.what for step in get(group, "loan", loan.number).context["steps"]] == ["Paid out"]
