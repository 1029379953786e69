"""Loans on the meeting sheet: requests paid out, limits by the rules, fines for lateness, payoff."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from finance.ledger.fines import open_fines
from finance.ledger.verify import mismatches
from finance.models import Account, Loan, LoanRequest, Obligation, Transfer
from finance.selectors import passed_on
from meetings.models import Meeting
from tests.factories import (
    ask,
    borrow_external,
    facilitator_of,
    lend,
    make_group,
    make_member,
    make_members,
    repay,
    repay_external,
    save,
)
from tests.finance.test_loan_request_services import approve, refuse
from tests.meetings.pages import balance, errors, post_correction, post_sheet, sign_in
from tests.meetings.sheets import HELD_ON, sheet_data

pytestmark = pytest.mark.django_db


@pytest.fixture
def group():
    rules = {"loan_ceiling": 1_000_000, "fine_late_instalment": 2_500, "payoff_fee": "WAIVED"}
    group = make_group(rhythm={"every": "WEEK", "weekday": 1}, rules=rules)
    make_members(group, 3)
    save(group.members.first(), 5_000_000)
    return group


@pytest.fixture
def client(group):
    client = sign_in(group)
    client.cookies["django_language"] = "en"
    return client


@pytest.fixture(autouse=True)
def books_are_sound(db):
    yield
    assert list(mismatches()) == []


def test_a_request_chosen_on_the_sheet_is_approved_and_paid_out_by_closing(client, group):
    request = ask(group.members.last())
    assert post_sheet(client, group, loans_0_request=request.pk).status_code == 302
    loan = Loan.objects.get()
    assert (loan.request, loan.member, loan.principal, loan.periods) == (request, request.member, 500_000, 10)
    assert (loan.purpose, loan.fine_late_instalment, loan.payoff_fee) == ("bibit", 2_500, "WAIVED")
    assert not LoanRequest.objects.running().exists()
    page = client.get(f"/g/{group.code}/books/loans/{loan.number}/").content.decode()
    assert "Approved in a meeting" in page


def test_what_is_typed_beside_a_request_counts(client, group):
    request = ask(group.members.last())
    post_sheet(client, group, loans_0_request=request.pk, loans_0_principal="300000", loans_0_periods="5")
    assert (Loan.objects.get().principal, Loan.objects.get().periods) == (300_000, 5)


def test_an_approved_request_brings_what_was_approved(client, group):
    request = approve(ask(group.members.last()))
    post_sheet(client, group, loans_0_request=request.pk)
    assert (Loan.objects.get().principal, Loan.objects.get().periods) == (400_000, 8)


def test_the_sheet_offers_the_running_requests_only(client, group):
    running = ask(group.members.first())
    refuse(ask(group.members.last()))
    sheet = client.get(f"/g/{group.code}/meetings/new/").context["sheet"]
    assert sheet.context.requests == [running]


def test_without_requests_there_is_no_choice(client, group):
    content = client.get(f"/g/{group.code}/meetings/new/").content.decode()
    assert "loans-0-request" not in content


@pytest.mark.parametrize("wrong", ["refused", "stranger", "letters"])
def test_a_request_that_is_not_running_is_refused_at_the_field(client, group, wrong):
    ask(group.members.first())
    values = {
        "refused": lambda: refuse(ask(group.members.last())).pk,
        "stranger": lambda: ask(make_member(make_group())).pk,
        "letters": lambda: "abc",
    }
    response = post_sheet(client, group, loans_0_request=values[wrong]())
    assert "loans-0-request" in errors(response)
    assert not Loan.objects.exists()


def test_a_request_of_somebody_else_than_the_member_chosen(client, group):
    request = ask(group.members.last())
    response = post_sheet(client, group, loans_0_request=request.pk, loans_0_member=group.members.first().pk)
    assert "loans-0-member" in errors(response)


def test_a_request_twice_on_one_sheet(client, group):
    request = ask(group.members.last())
    response = post_sheet(client, group, loans_0_request=request.pk, loans_1_request=request.pk)
    assert "loans-1-request" in errors(response)
    assert not Loan.objects.exists()


def test_a_loan_that_never_was_lets_its_request_wait_again(client, group):
    request = ask(group.members.last())
    post_sheet(client, group, loans_0_request=request.pk)
    loan = Loan.objects.get()
    assert post_correction(client, group, extra={f"k{loan.pk}-cancel": "on"}).status_code == 302
    assert list(LoanRequest.objects.running()) == [request]


def test_the_ceiling_at_the_field(client, group):
    response = post_sheet(
        client, group, loans_0_member=group.members.last().pk, loans_0_principal="1000001", loans_0_periods="25"
    )
    assert "1.000.000" in errors(response)["loans-0-principal"][0]
    assert "24 months" in errors(response)["loans-0-periods"][0]


def test_a_second_loan_on_the_sheet_is_the_next_step_of_the_ladder():
    group = make_group(rules={"loan_ladder": "300000;600000"})
    make_members(group, 2)
    first, second = group.members.order_by("number")
    save(first, 5_000_000)
    lend(second, 100_000)
    client = sign_in(group)
    rows = {
        f"loans_{row}_{name}": value
        for row, member in enumerate((first, first))
        for name, value in {"member": member.pk, "principal": "500000", "periods": "5"}.items()
    }
    found = errors(post_sheet(client, group, **rows))
    assert "loans-0-principal" in found
    assert "loans-1-principal" not in found
    rows |= {"loans_0_member": second.pk, "loans_1_member": second.pk}
    assert post_sheet(client, group, **rows).status_code == 302


def test_times_the_savings():
    group = make_group(rules={"loan_savings_times": 2})
    make_members(group, 2)
    save(group.members.first(), 100_000)
    client = sign_in(group)
    row = {"loans_0_member": group.members.first().pk, "loans_0_periods": "5"}
    assert "loans-0-principal" in errors(post_sheet(client, group, loans_0_principal="200001", **row))
    assert "loans-0-principal" in errors(
        post_sheet(client, group, **{**row, "loans_0_member": group.members.last().pk}, loans_0_principal="1")
    )


# Instalments, fines and payoff


@pytest.fixture
def loan(group):
    """A loan whose first instalment of Rp 118,000 falls due eight days before the meeting."""
    due = HELD_ON - timedelta(8)
    return lend(group.members.last(), first_due=due, fine_late_instalment=2_500, payoff_fee="WAIVED")


def paid(loan, amount, **fields):
    return {f"l{loan.pk}_paid": str(amount), **{f"l{loan.pk}_{name}": value for name, value in fields.items()}}


def test_a_late_instalment_brings_its_fine(client, group, loan):
    assert post_sheet(client, group, **paid(loan, 120_500)).status_code == 302
    assert balance(group, "LOAN_FINE") == 2_500
    assert not open_fines(group).fines
    assert balance(group, "LOAN", loan=loan) == 1_100_000
    page = client.get(f"/g/{group.code}/meetings/1/")
    row = next(row for row in page.context["rows"] if row.member == loan.member)
    assert row.amounts == (10_000, 118_000, 2_500, 0, 0)


def test_a_fine_waived_on_the_sheet(client, group, loan):
    post_sheet(client, group, **paid(loan, 118_000, waived="panen gagal"))
    assert not Obligation.objects.exists()
    assert Transfer.objects.get(credit_account__kind="LOAN", credit_account__loan=loan).memo == "panen gagal"


def test_nobody_is_fined_without_a_payment(client, group, loan):
    post_sheet(client, group)
    assert not Obligation.objects.exists()
    post_sheet(client, group, held_on=HELD_ON + timedelta(7), **paid(loan, 120_500))
    assert balance(group, "LOAN_FINE") == 2_500


def test_the_fine_is_in_what_is_asked_for(client, group):
    loan = lend(
        group.members.last(), first_due=timezone.localdate() - timedelta(8), fine_late_instalment=2_500,
    )  # fmt: skip
    page = client.get(f"/g/{group.code}/meetings/new/")
    form = next(form for form in page.context["sheet"].repayments if form.open_loan.loan == loan)
    assert form["paid"].value() == "120.500"
    assert "Why the fine for lateness is waived" in page.content.decode()


def test_the_payoff_pays_off_and_more_is_refused(client, group, loan):
    response = post_sheet(client, group, **paid(loan, 1_220_501))
    assert "1.220.500" in errors(response)[f"l{loan.pk}-paid"][0]
    post_sheet(client, group, **paid(loan, 1_220_500))
    assert balance(group, "LOAN", loan=loan) == 0
    assert not open_fines(group).fines


def test_a_correction_keeps_the_fine(client, group, loan):
    post_sheet(client, group, **paid(loan, 120_500))
    post_sheet(client, group, held_on=HELD_ON + timedelta(7), **paid(loan, 10_000))
    assert post_correction(client, group, m1_sukarela_in="5000", **paid(loan, 120_500)).status_code == 302
    assert balance(group, "LOAN_FINE") == 2_500
    assert not open_fines(group).fines


def test_a_correction_keeps_the_fine_of_an_instalment_paid_up_since(client, group, loan):
    post_sheet(client, group, **paid(loan, 20_500))
    post_sheet(client, group, held_on=HELD_ON + timedelta(7), **paid(loan, 200_000))
    assert post_correction(client, group, m1_sukarela_in="5000", **paid(loan, 20_500)).status_code == 302
    assert balance(group, "LOAN_FINE") == 2_500


def test_a_payment_of_the_same_day_before_the_meeting_was_fined_already(client, group, loan):
    repay(loan, 20_500, on=HELD_ON)
    post_sheet(client, group, **paid(loan, 10_000))
    assert post_correction(client, group, m1_sukarela_in="5000", **paid(loan, 10_000)).status_code == 302
    assert open_fines(group).of_loan(loan) == 2_500


def test_a_payment_of_the_same_day_after_the_meeting_leaves_its_fine(client, group, loan):
    post_sheet(client, group, **paid(loan, 20_500))
    repay(loan, 10_000, on=HELD_ON)
    for version in (1, 2):
        fields = {"m1_sukarela_in": f"{version}000", **paid(loan, 20_500)}
        assert post_correction(client, group, extra={"version": version}, **fields).status_code == 302
    assert open_fines(group).of_loan(loan) == 2_500


def test_a_correction_waives_the_fine(client, group, loan):
    post_sheet(client, group, **paid(loan, 120_500))
    assert post_correction(client, group, **paid(loan, 120_500, waived="salah tanggal")).status_code == 302
    assert balance(group, "LOAN_FINE") == 0
    assert balance(group, "SERVICE_FEE") == 18_000 + 2_500


def test_a_correction_that_changes_nothing_finds_the_waiver_again(client, group, loan):
    post_sheet(client, group, **paid(loan, 118_000, waived="panen gagal"))
    sheet = client.get(f"/g/{group.code}/meetings/1/correct/").context["sheet"]
    form = next(form for form in sheet.repayments if form.open_loan.loan == loan)
    assert (form["paid"].value(), form["waived"].value()) == ("118.000", "panen gagal")
    response = post_correction(client, group, **paid(loan, 118_000, waived="panen gagal"))
    assert "Nothing was changed" in response.content.decode()


def test_a_correction_with_a_payment_that_was_forgotten_brings_the_fine(client, group, loan):
    post_sheet(client, group)
    assert post_correction(client, group, **paid(loan, 120_500)).status_code == 302
    assert balance(group, "LOAN_FINE") == 2_500


@pytest.mark.parametrize(("members", "meetings"), [(5, 1), (30, 4)])
def test_the_number_of_statements_stays_with_requests_limits_and_fines(members, meetings):
    group = make_group(
        rhythm={"every": "WEEK", "weekday": 1},
        rules={"loan_ladder": "500000;1000000", "loan_savings_times": 9000, "fine_late_instalment": 2_500},
    )
    people = make_members(group, members)
    save(people[0], 50_000_000)
    for member in people:
        save(member, 10_000, kind="WAJIB")
    loans = [lend(member, 120_000, 2, fine_late_instalment=2_500) for member in people[: members // 2]]
    for member in people[1:]:
        ask(member, amount=100_000)
    client = sign_in(group)
    for week in range(meetings):
        held_on = date(2025, 3, 5) + timedelta(7 * week)
        assert post_sheet(client, group, held_on=held_on, **paid(loans[0], 1_000)).status_code == 302
    data = sheet_data(
        group,
        held_on=date(2025, 4, 30),
        agenda_0_title="Lokakarya",
        loans_0_request=LoanRequest.objects.get(member=people[-1]).pk,
        other_0_kind="EXPENSE",
        other_0_amount="5000",
        other_0_memo="Buku",
        counted="0",
        explanation="belum dihitung",
        **{name: value for loan in loans for name, value in paid(loan, 60_000).items()},
    )
    with CaptureQueriesContext(connection) as counted:
        assert post_sheet(client, group, data=data).status_code == 302
    assert len(counted) == 24 - (meetings == 1), "\n".join(query["sql"][:110] for query in counted.captured_queries)
    assert open_fines(group).of_loan(loans[-1]) == 5_000
    assert Meeting.objects.filter(status="CLOSED").count() == meetings + 1
    assert facilitator_of(group) == Meeting.objects.latest("pk").saved_by


# More than the loan asks for


def rest_form(client, loan, path="1/correct/"):
    sheet = client.get(f"/g/{loan.group.code}/meetings/{path}").context["sheet"]
    return next(form for form in sheet.repayments if form.open_loan.loan == loan)


@pytest.fixture
def overpaid(client, group, loan):
    """A meeting that paid the loan off with Rp 79,500 too much, put to voluntary savings."""
    assert post_sheet(client, group, **paid(loan, 1_300_000, rest_to_savings="on")).status_code == 302
    return loan


def test_what_is_too_much_is_told_with_what_to_do(client, group, loan):
    (message,) = errors(post_sheet(client, group, **paid(loan, 1_300_000)))[f"l{loan.pk}-paid"]
    assert "paid off with Rp\xa01.220.500; Rp\xa079.500 is too much" in message
    assert not Meeting.objects.exists()


def test_each_of_two_loans_is_named_where_it_is_asked_about(client, group):
    last_week = timezone.localdate() - timedelta(8)
    loans = [lend(group.members.last(), first_due=last_week, fine_late_instalment=2_500) for _ in range(2)]
    page = client.get(f"/g/{group.code}/meetings/new/").content.decode()
    for loan in loans:
        assert f"Put the rest of the instalment of loan {loan.number} to voluntary savings" in page
        assert f"Why the fine for lateness is waived, loan {loan.number}" in page


def folded_open(response, member):
    return next(form for form in response.context["sheet"].members if form.member == member).seldom_used


def test_the_choice_for_the_rest_is_folded_away_until_it_is_needed(client, group, loan):
    sheet = client.get(f"/g/{group.code}/meetings/new/")
    folded = re.findall(r'<details class="wide">.*?</details>', sheet.content.decode(), re.DOTALL)
    assert f'name="l{loan.pk}-rest_to_savings"' in "".join(folded)
    assert not folded_open(sheet, loan.member)


def test_the_choice_for_the_rest_is_open_where_it_is_missing_or_made(client, group, loan):
    assert folded_open(post_sheet(client, group, **paid(loan, 1_300_000)), loan.member)
    post_sheet(client, group, action="draft", **paid(loan, 1_300_000, rest_to_savings="on"))
    assert folded_open(client.get(f"/g/{group.code}/meetings/1/edit/"), loan.member)


def test_what_is_too_much_goes_to_voluntary_savings_by_choice(client, overpaid):
    assert balance(overpaid.group, "LOAN", loan=overpaid) == 0
    assert balance(overpaid.group, "SUKARELA", member=overpaid.member) == 79_500
    line = Transfer.objects.get(credit_account__kind="SUKARELA", member=overpaid.member)
    assert line.memo == f"Lebih bayar pinjaman {overpaid.number}"
    row = next(
        r for r in client.get(f"/g/{overpaid.group.code}/meetings/1/").context["rows"] if r.member == line.member
    )
    assert row.amounts == (10_000 + 79_500, 1_218_000, 2_500, 0, 0)


def test_the_choice_changes_nothing_where_nothing_is_too_much(client, group, loan):
    post_sheet(client, group, **paid(loan, 120_500, rest_to_savings="on"))
    assert not Account.objects.filter(kind="SUKARELA", member=loan.member).exists()


def test_the_rest_counts_as_cash_that_came_in(client, group, loan):
    cash = balance(group, "CASH")
    expected = cash + 3 * 10_000 + 1_300_000
    response = post_sheet(client, group, counted=expected, **paid(loan, 1_300_000, rest_to_savings="on"))
    assert response.status_code == 302, errors(response)
    assert balance(group, "CASH") == expected


def test_the_rest_can_be_taken_out_on_the_same_sheet(client, group, loan):
    fields = paid(loan, 1_300_000, rest_to_savings="on")
    response = post_sheet(client, group, m3_sukarela_in="500", m3_sukarela_out="80001", **fields)
    assert errors(response) == {f"m{loan.member.pk}-sukarela_out": ["The savings are only Rp\xa080.000."]}
    assert post_sheet(client, group, m3_sukarela_in="500", m3_sukarela_out="80000", **fields).status_code == 302
    assert balance(group, "SUKARELA", member=loan.member) == 0


def test_a_draft_keeps_the_choice(client, group, loan):
    post_sheet(client, group, action="draft", **paid(loan, 1_300_000, rest_to_savings="on"))
    form = rest_form(client, loan, "1/edit/")
    assert (form["paid"].value(), form["rest_to_savings"].value()) == ("1300000", True)


def test_the_choice_is_open_on_a_new_sheet(client, group, loan):
    assert not rest_form(client, loan, "new/")["rest_to_savings"].value()


def test_a_closed_meeting_reads_back_with_its_rest(client, group, overpaid):
    form = rest_form(client, overpaid)
    assert (form["paid"].value(), form["rest_to_savings"].value()) == ("1.300.000", True)
    response = post_correction(client, group, **paid(overpaid, 1_300_000, rest_to_savings="on"))
    assert "Nothing was changed" in response.content.decode()


def test_savings_brought_beside_the_rest_stay_apart(client, group, loan):
    fields = {**paid(loan, 1_300_000, rest_to_savings="on"), "m3_sukarela_in": "25000"}
    post_sheet(client, group, **fields)
    sheet = client.get(f"/g/{group.code}/meetings/1/correct/").context["sheet"]
    assert sheet.members[2]["sukarela_in"].value() == "25.000"
    assert "Nothing was changed" in post_correction(client, group, **fields).content.decode()


def test_the_rests_of_two_loans_stay_apart(client, group, loan):
    other = lend(loan.member, 100_000, 1, payoff_fee="WAIVED", first_due=HELD_ON + timedelta(9))
    fields = {**paid(loan, 1_300_000, rest_to_savings="on"), **paid(other, 100_700, rest_to_savings="on")}
    assert post_sheet(client, group, **fields).status_code == 302
    assert (rest_form(client, loan).recorded.rest, rest_form(client, other).recorded.rest) == (79_500, 700)
    assert "Nothing was changed" in post_correction(client, group, **fields).content.decode()


def test_a_correction_leaves_a_rest_that_was_taken_out_since(client, group, overpaid):
    post_sheet(client, group, held_on=HELD_ON + timedelta(7), m3_sukarela_out="79500")
    fields = {**paid(overpaid, 1_300_000, rest_to_savings="on"), "m1_sukarela_in": "5000"}
    assert post_correction(client, group, **fields).status_code == 302
    response = post_correction(client, group, **paid(overpaid, 1_220_500), extra={"version": "2"})
    assert "was taken out since" in errors(response)[f"m{overpaid.member.pk}-sukarela_in"][0]


def test_a_correction_takes_the_rest_out_of_the_savings(client, group, overpaid):
    response = post_correction(client, group, **paid(overpaid, 1_220_500), extra={"action": "preview"})
    (change,) = response.context["changes"]
    assert (change.before, change.after) == ("Rp\xa079.500", "–")
    post_correction(client, group, **paid(overpaid, 1_220_500))
    assert balance(group, "SUKARELA", member=overpaid.member) == 0
    assert balance(group, "LOAN", loan=overpaid) == 0


# Payment on the principal alone


def test_an_instalment_goes_to_the_principal_alone_where_the_terms_allow_it(client, group):
    loan = lend(group.members.last(), principal_alone=True)
    fields = paid(loan, 300_000, principal_alone="on")
    assert post_sheet(client, group, **fields).status_code == 302
    assert balance(group, "LOAN", loan=loan) == 900_000
    assert not Account.objects.filter(loan=loan, kind="SERVICE_FEE").exists()
    sheet = client.get(f"/g/{group.code}/meetings/1/correct/").context["sheet"]
    assert [form["principal_alone"].value() for form in sheet.repayments] == [True]
    assert "Nothing was changed" in post_correction(client, group, **fields).content.decode()
    response = post_correction(client, group, **paid(loan, 300_000), extra={"action": "preview"})
    (change,) = response.context["changes"]
    assert (change.before, change.after) == ("yes", "–")
    post_correction(client, group, **paid(loan, 300_000))
    assert balance(group, "SERVICE_FEE", loan=loan) == 54_000


def test_all_the_principal_is_not_paid_alone_on_the_sheet(client, group):
    loan = lend(group.members.last(), principal_alone=True)
    response = post_sheet(client, group, **paid(loan, 1_200_000, principal_alone="on"))
    assert "pay it off" in errors(response)[f"l{loan.pk}-principal_alone"][0]
    assert not Meeting.objects.filter(status="CLOSED").exists()


def test_the_sheet_offers_no_payment_on_the_principal_alone_against_the_terms(client, group):
    loan = lend(group.members.last())
    assert "principal_alone" not in client.get(f"/g/{group.code}/meetings/new/").content.decode()
    post_sheet(client, group, **paid(loan, 300_000, principal_alone="on"))
    assert balance(group, "SERVICE_FEE", loan=loan) > 0


# Passing a loan from outside on


def passing(group, **fields):
    row = {"member": group.members.last().pk, "principal": "100000", "periods": "5", **fields}
    return {f"loans_0_{name}": value for name, value in row.items()}


def test_a_loan_passed_on_says_from_whom(client, group):
    lender = borrow_external(group)
    assert post_sheet(client, group, **passing(group, funded_by=lender.pk)).status_code == 302
    loan = Loan.objects.get()
    assert loan.funded_by == lender
    assert passed_on(lender, as_of=HELD_ON).loans == [loan]
    assert f"passed on from {lender}" in client.get(f"/g/{group.code}/meetings/1/").content.decode()


def test_without_a_running_loan_from_outside_there_is_no_choice(client, group):
    lender = borrow_external(group)
    repay_external(lender, 11_000_000)
    assert "funded_by" not in client.get(f"/g/{group.code}/meetings/new/").content.decode()


def test_a_loan_not_passed_on_says_nothing(client, group):
    borrow_external(group)
    post_sheet(client, group, **passing(group))
    assert Loan.objects.get().funded_by is None


@pytest.mark.parametrize("wrong", ["repaid", "stranger", "letters"])
def test_only_a_running_loan_of_the_group_is_passed_on(client, group, wrong):
    borrow_external(group)
    repaid = borrow_external(group, 1_000_000)
    repay_external(repaid, 1_100_000)
    values = {"repaid": repaid.pk, "stranger": borrow_external(make_group()).pk, "letters": "abc"}
    response = post_sheet(client, group, **passing(group, funded_by=values[wrong]))
    assert "loans-0-funded_by" in errors(response)
    assert not Loan.objects.exists()


def test_money_is_not_passed_on_before_it_came(client, group):
    lender = borrow_external(group, received_on=HELD_ON + timedelta(1), first_due=HELD_ON + timedelta(30))
    (message,) = errors(post_sheet(client, group, **passing(group, funded_by=lender.pk)))["loans-0-funded_by"]
    assert message == "This loan from outside was received on 5 March 2025 only."


def test_passing_on_takes_no_statement_more(client, group):
    lender = borrow_external(group)
    lend(group.members.last())
    counts = []
    for week, fields in enumerate(({}, {"funded_by": lender.pk})):
        data = sheet_data(group, held_on=HELD_ON + timedelta(7 * week), **passing(group, **fields))
        with CaptureQueriesContext(connection) as counted:
            assert post_sheet(client, group, data=data).status_code == 302
        counts.append(len(counted))
    assert counts[0] == counts[1] <= 20


def test_a_correction_adds_a_loan_passed_on(client, group):
    lender = borrow_external(group)
    post_sheet(client, group)
    fields = passing(group, funded_by=lender.pk)
    response = post_correction(client, group, extra={"action": "preview"}, **fields)
    assert [change.after for change in response.context["changes"]] == ["Rp\xa0100.000", str(lender)]
    post_correction(client, group, **fields)
    assert Loan.objects.get().funded_by == lender


# Days before a loan


def test_an_instalment_on_a_loan_paid_out_later_is_told(client, group):
    loan = lend(group.members.last(), disbursed_on=HELD_ON + timedelta(1), first_due=HELD_ON + timedelta(30))
    response = post_sheet(client, group, **paid(loan, 10_000))
    assert response.status_code == 422
    (row,) = response.context["sheet"].unplaced
    assert (row.who, row.typed) == (f"Loan 1, {loan.member}", "10000")
    assert post_sheet(client, group).status_code == 302


def test_a_meeting_does_not_move_past_a_payment_on_its_loan(client, group):
    post_sheet(client, group, **passing(group))
    loan = Loan.objects.get()
    post_sheet(client, group, held_on=HELD_ON + timedelta(7), **paid(loan, 1_000))
    response = post_correction(client, group, held_on=HELD_ON + timedelta(8))
    assert errors(response) == {"held_on": ["Somebody paid before that day on a loan paid out at this meeting."]}
    assert post_correction(client, group, held_on=HELD_ON + timedelta(6)).status_code == 302
    loan.refresh_from_db()
    assert loan.disbursed_on == HELD_ON + timedelta(6)
    assert post_correction(client, group, held_on=HELD_ON, extra={"version": "2"}).status_code == 302
