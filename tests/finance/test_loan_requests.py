"""The pages of requests for loans: the list and a form for each step."""

import uuid
from datetime import date, timedelta

import pytest
from django.urls import reverse as url
from django.utils import timezone

from finance.models import Loan, LoanRequest
from groups.models import Role
from tests.factories import (
    FOUNDED,
    ask,
    borrow_external,
    facilitator_of,
    make_group,
    make_member,
    make_user,
    repay_external,
    save,
)
from tests.finance.pages import get, signed_in, statements
from tests.finance.test_loan_request_services import approve, cancel, pay_out, refuse

pytestmark = pytest.mark.django_db


@pytest.fixture
def member():
    member = make_member(make_group(rules={"loan_ceiling": 600_000}), "Siti Aminah")
    save(member, 3_000_000)
    return member


def send(group, name, *args, user=None, **data):
    address = url(name, args=[group.code, *args])
    return signed_in(user or facilitator_of(group)).post(address, {"key": str(uuid.uuid4()), **data})


def send_request(asker, **data):
    return send(
        asker.group,
        "loan-request-new",
        **{"member": asker.pk, "amount": "500.000", "periods": "10", "purpose": "bibit", "on": "2025-02-04", **data},
    )


def decide(request, **data):
    usual = {"decision": "approve", "amount": "400000", "periods": "8", "on": "2025-02-04", "note": ""}
    return send(request.group, "loan-request-decide", request.pk, **{**usual, **data})


def test_no_requests():
    content = get(make_group(), "loan-requests").content
    assert b"No request waits." in content
    assert b"None has been dealt with." in content


def test_a_request_from_asking_to_the_loan(member):
    assert send_request(member).status_code == 302
    request = LoanRequest.objects.get()
    assert "Decide" in get(member.group, "loan-requests").content.decode()
    assert decide(request, in_meeting="on", note="disetujui sebagian").status_code == 302
    content = get(member.group, "loan-requests").content.decode()
    assert "disetujui sebagian" in content
    assert "in a meeting" in content
    response = send(member.group, "loan-request-pay-out", request.pk, on="2025-02-05", first_due="")
    loan = Loan.objects.get()
    assert response.url == url("loan", args=[member.group.code, loan.number])
    card = get(member.group, "loan", loan.number).content.decode()
    for step in ("Asked for Rp\xa0500.000", "Approved in a meeting", "Paid out"):
        assert step in card
    assert "Loan 1" in get(member.group, "loan-requests").content.decode()


def test_a_refusal(member):
    request = ask(member)
    assert decide(request, decision="refuse", note="masih ada tunggakan").status_code == 302
    assert "masih ada tunggakan" in get(member.group, "loan-requests").content.decode()


def test_a_cancellation(member):
    request = ask(member)
    send(member.group, "loan-request-cancel", request.pk, on="2025-02-04", reason="tidak jadi")
    request.refresh_from_db()
    assert (request.status, request.cancelled_why) == ("CANCELLED", "tidak jadi")


def test_the_same_form_sent_twice_is_one_request(member):
    key = str(uuid.uuid4())
    assert [send_request(member, key=key).status_code for _ in range(2)] == [302, 302]
    assert LoanRequest.objects.count() == 1


def test_the_same_pay_out_sent_twice_is_one_loan(member):
    request, key = approve(ask(member)), str(uuid.uuid4())
    for _ in range(2):
        response = send(member.group, "loan-request-pay-out", request.pk, on="2025-02-05", first_due="", key=key)
        assert response.status_code == 302
    assert Loan.objects.count() == 1


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"amount": "0"}, "amount"),
        ({"amount": "-5"}, "amount"),
        ({"amount": "abc"}, "amount"),
        ({"amount": "1" * 20}, "amount"),
        ({"periods": "0"}, "periods"),
        ({"periods": "1000"}, "periods"),
        ({"on": "9999-12-31"}, "on"),
        ({"on": "2020-01-01"}, "on"),
        ({"member": "0"}, "member"),
        ({"purpose": "x" * 121}, "purpose"),
        ({"key": "x"}, "key"),
    ],
)
def test_a_wrong_request_gets_a_message_and_keeps_what_was_typed(member, wrong, field):
    response = send_request(member, **wrong)
    assert response.status_code == 200
    assert field in response.context["form"].errors
    if field != "purpose":
        assert b"bibit" in response.content
    assert not LoanRequest.objects.exists()


def test_of_another_group_or_after_leaving_nobody_can_ask(member):
    gone = make_member(member.group, "Tuti", left_on=FOUNDED)
    assert "member" in send_request(member, member=make_member(make_group()).pk).context["form"].errors
    form = send_request(member, member=gone.pk).context["form"]
    assert "left the group" in form.errors["on"][0]
    assert "Tuti, left on" in str(form["member"])


def test_a_second_request_is_refused_at_the_member(member):
    ask(member)
    assert "has a request already" in send_request(member).context["form"].errors["member"][0]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"amount": "600001"}, "amount"),
        ({"periods": "25"}, "periods"),
        ({"decision": ""}, "decision"),
        ({"decision": "perhaps"}, "decision"),
        ({"decision": "refuse"}, "note"),
        ({"note": "x" * 201}, "note"),
        ({"on": "2025-01-06"}, "on"),
        ({"on": (timezone.localdate() + timedelta(2)).isoformat()}, "on"),
    ],
)
def test_a_wrong_decision_gets_a_message_at_its_field(member, wrong, field):
    request = ask(member)
    response = decide(request, **wrong)
    assert field in response.context["form"].errors
    request.refresh_from_db()
    assert request.status == "ASKED"


def test_the_decision_form_names_the_limit(member):
    content = get(member.group, "loan-request-decide", ask(member).pk).content.decode()
    assert "By the rules at most Rp\xa0600.000." in content


@pytest.mark.parametrize(("wrong", "field"), [({"on": "2025-02-03"}, "on"), ({"first_due": "2025-02-05"}, "first_due")])
def test_a_wrong_pay_out(member, wrong, field):
    request = approve(ask(member))
    response = send(member.group, "loan-request-pay-out", request.pk, **{"on": "2025-02-05", "first_due": "", **wrong})
    assert field in response.context["form"].errors
    assert not Loan.objects.exists()


def test_money_that_is_not_there(member):
    request = approve(ask(make_member(make_group())))
    response = send(request.group, "loan-request-pay-out", request.pk, on="2025-02-05", first_due="")
    assert "Cash box" in response.context["form"].non_field_errors()[0]


@pytest.mark.parametrize("page", ["loan-request-decide", "loan-request-pay-out", "loan-request-cancel"])
def test_a_request_dealt_with_opens_no_form(member, page):
    request = refuse(ask(member))
    for response in (get(member.group, page, request.pk), send(member.group, page, request.pk)):
        assert response.url == url("loan-requests", args=[member.group.code])


@pytest.mark.parametrize("page", ["loan-request-decide", "loan-request-pay-out", "loan-request-cancel"])
def test_a_request_of_another_group_is_not_found(member, page):
    assert get(make_group(), page, ask(member).pk).status_code == 404


def test_who_may_only_read_sees_the_list_without_buttons(member):
    request = ask(member)
    staff = make_user(Role.STAFF, organisation=member.group.organisation)
    assert f"/{request.pk}/decide/" not in get(member.group, "loan-requests", user=staff).content.decode()
    assert decide(request, user=staff).status_code == 403


def test_statements_do_not_grow_with_the_requests(member):
    pay_out(approve(ask(member)))
    ask(make_member(member.group))
    few = statements(member.group, "loan-requests")
    for _ in range(4):
        cancel(ask(member, on=date(2025, 2, 4)))
        refuse(ask(make_member(member.group)))
        ask(make_member(member.group))
    assert statements(member.group, "loan-requests") == few <= 9


# Passing a loan from outside on


@pytest.fixture
def approved(member):
    return approve(ask(member))


def test_a_request_is_paid_out_of_a_loan_from_outside(member, approved):
    lender = borrow_external(member.group)
    send(member.group, "loan-request-pay-out", approved.pk, on="2025-02-05", first_due="", funded_by=lender.pk)
    loan = Loan.objects.get()
    assert loan.funded_by == lender
    card = get(member.group, "loan", loan.number).content.decode()
    assert url("external-loan", args=[member.group.code, lender.number]) in card


def test_no_choice_without_a_running_loan_from_outside(member, approved):
    lender = borrow_external(member.group)
    assert "funded_by" in get(member.group, "loan-request-pay-out", approved.pk).content.decode()
    repay_external(lender, 11_000_000)
    assert "funded_by" not in get(member.group, "loan-request-pay-out", approved.pk).content.decode()


@pytest.mark.parametrize("wrong", ["repaid", "stranger", "letters"])
def test_only_a_running_loan_of_the_group_is_passed_on(member, approved, wrong):
    borrow_external(member.group)
    repaid = borrow_external(member.group, 1_000_000)
    repay_external(repaid, 1_100_000)
    values = {"repaid": repaid.pk, "stranger": borrow_external(make_group()).pk, "letters": "abc"}
    response = send(
        member.group, "loan-request-pay-out", approved.pk, on="2025-02-05", first_due="", funded_by=values[wrong]
    )
    assert "funded_by" in response.context["form"].errors
    assert not Loan.objects.exists()


def test_money_is_not_passed_on_before_it_came(member, approved):
    lender = borrow_external(member.group, received_on=date(2025, 2, 10))
    response = send(
        member.group, "loan-request-pay-out", approved.pk, on="2025-02-05", first_due="", funded_by=lender.pk
    )
    assert response.context["form"].errors == {
        "funded_by": ["This loan from outside was received on 10 February 2025 only."]
    }
