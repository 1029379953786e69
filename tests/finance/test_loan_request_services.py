"""Requests for loans: asked, decided, paid out, cancelled, each step dated and by somebody."""

import uuid
from datetime import date

import pytest
from django.db import IntegrityError, transaction

from finance import services
from finance.ledger.errors import AlreadyPosted, InsufficientFunds, NotAllowed, RuleBroken
from finance.ledger.verify import mismatches
from finance.models import Entry, Loan, LoanRequest
from tests.factories import FOUNDED, ask, facilitator_of, lend, make_group, make_member, reverse, save

pytestmark = pytest.mark.django_db

DECIDED = date(2025, 2, 4)


@pytest.fixture
def member():
    member = make_member(make_group(rules={"loan_ceiling": 1_000_000, "fine_late_instalment": 2_500}))
    save(member, 3_000_000)
    return member


def step(service, request, **arguments):
    group = request.group
    return service(actor=facilitator_of(group), group=group, request=request, **{"on": DECIDED, **arguments})


def approve(request, amount=400_000, periods=8, **fields):
    return step(
        services.loan_request_approve,
        request,
        **{"amount": amount, "periods": periods, "in_meeting": True, "note": "", **fields},
    )


def refuse(request, note="tunggakan lama", **fields):
    return step(services.loan_request_refuse, request, **{"in_meeting": False, "note": note, **fields})


def cancel(request, **fields):
    return step(services.loan_request_cancel, request, **{"reason": "tidak jadi", **fields})


def pay_out(request, **fields):
    return step(services.loan_request_pay_out, request, **{"first_due": None, "key": uuid.uuid4(), **fields})


def test_a_request_is_written_down(member):
    request = ask(member)
    assert (request.status, request.asked_on, request.recorded_by) == ("ASKED", FOUNDED, facilitator_of(member.group))


def test_the_same_form_twice_is_one_request(member):
    arguments = {
        "actor": facilitator_of(member.group), "group": member.group, "member": member, "amount": 5, "periods": 1,
        "purpose": "", "on": FOUNDED, "key": uuid.uuid4(),
    }  # fmt: skip
    assert services.loan_request(**arguments) == services.loan_request(**arguments)


def test_a_member_has_one_running_request(member):
    ask(member)
    with pytest.raises(RuleBroken, match="has a request already") as refused:
        ask(member)
    assert refused.value.field == "member"


@pytest.mark.parametrize("end", [refuse, cancel, lambda request: pay_out(approve(request))])
def test_after_a_request_was_dealt_with_the_member_may_ask_again(member, end):
    end(ask(member))
    assert ask(member, on=DECIDED).status == "ASKED"


def test_who_left_or_joined_later_does_not_ask(member):
    late = make_member(member.group, joined_on=date(2025, 6, 1))
    with pytest.raises(RuleBroken, match="joined on"):
        ask(late)
    member.left_on = DECIDED
    member.save()
    with pytest.raises(NotAllowed, match="left the group"):
        ask(member, on=DECIDED)


def test_an_approval_keeps_what_was_asked_beside_what_was_granted(member):
    request = approve(ask(member))
    assert (request.amount, request.granted, request.periods, request.granted_periods) == (500_000, 400_000, 10, 8)
    assert (request.decided_on, request.decided_by, request.decided_in_meeting) == (
        DECIDED,
        facilitator_of(member.group),
        True,
    )


@pytest.mark.parametrize(("fields", "field"), [({"amount": 1_000_001}, "amount"), ({"periods": 25}, "periods")])
def test_an_approval_keeps_to_the_rules(member, fields, field):
    request = ask(member)
    with pytest.raises(RuleBroken, match="The rules allow at most") as refused:
        approve(request, **fields)
    assert refused.value.field == field
    request.refresh_from_db()
    assert request.status == "ASKED"


def test_the_ladder_counts_earlier_loans_but_not_cancelled_or_rescheduled_ones():
    member = make_member(make_group(rules={"loan_ladder": "500000;1000000"}))
    save(member, 5_000_000)
    loan = lend(member, 100_000)
    reverse(Entry.objects.get(kind="LOAN"))
    request = ask(member)
    with pytest.raises(RuleBroken, match="loan number 1"):
        approve(request, amount=600_000)
    assert Loan.objects.get() == loan
    lend(member, 100_000)
    assert approve(request, amount=600_000).granted == 600_000


def test_savings_limit_the_loan():
    member = make_member(make_group(rules={"loan_savings_times": 2}))
    save(member, 100_000, kind="WAJIB")
    request = ask(member)
    with pytest.raises(RuleBroken, match="2 times the savings"):
        approve(request, amount=200_001)
    approve(request, amount=200_000)


def test_a_loan_is_paid_out_by_the_rules_of_the_day(member):
    request = approve(ask(member))
    loan = pay_out(request)
    assert (loan.request, loan.principal, loan.periods, loan.purpose) == (request, 400_000, 8, "bibit")
    assert (loan.fine_late_instalment, loan.first_due) == (2_500, date(2025, 3, 4))
    assert list(mismatches()) == []


def test_paying_out_twice_pays_once(member):
    request, key = approve(ask(member)), uuid.uuid4()
    pay_out(request, key=key)
    with pytest.raises(AlreadyPosted):
        pay_out(request, key=key)
    with pytest.raises(NotAllowed, match="dealt with already"):
        pay_out(request)
    assert Loan.objects.count() == 1


def test_a_loan_that_was_cancelled_lets_its_request_wait_again(member):
    request = approve(ask(member))
    pay_out(request)
    reverse(Entry.objects.get(kind="LOAN"))
    assert list(LoanRequest.objects.running()) == [request]
    assert pay_out(request).number == 2


def test_only_an_approved_request_is_paid_out(member):
    request = ask(member)
    with pytest.raises(NotAllowed, match="dealt with already"):
        pay_out(request)
    with pytest.raises(NotAllowed, match="dealt with already"):
        pay_out(refuse(request))


def test_rules_that_changed_since_count(member):
    request = approve(ask(member))
    group = member.group
    rules = group.rules
    rules.pk, rules.version, rules.loan_ceiling = None, 2, 300_000
    rules.save()
    group.rules = rules
    group.save()
    with pytest.raises(RuleBroken, match=r"300\.000"):
        pay_out(request)


def test_a_decision_is_final(member):
    request = refuse(ask(member))
    for again in (approve, refuse, cancel):
        with pytest.raises(NotAllowed, match="dealt with already"):
            again(request)


def test_a_paid_out_request_is_not_cancelled(member):
    request = approve(ask(member))
    pay_out(request)
    with pytest.raises(NotAllowed, match="dealt with already"):
        cancel(request)


@pytest.mark.parametrize("late", [approve, refuse, cancel])
def test_no_step_before_the_one_before_it(member, late):
    request = ask(member, on=date(2025, 2, 5))
    with pytest.raises(RuleBroken) as refused:
        late(request)
    assert refused.value.field == "on"


def test_money_that_is_not_there_is_not_lent(member):
    services.savings_withdraw(
        actor=facilitator_of(member.group), group=member.group, member=member, amount=2_900_000, on=DECIDED,
        key=uuid.uuid4(),
    )  # fmt: skip
    request = approve(ask(member))
    with pytest.raises(InsufficientFunds, match="Cash box"):
        pay_out(request)
    assert not Loan.objects.exists()


# The database's own refusals


def refused(rule):
    return pytest.raises(IntegrityError, match=rule)


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"amount": 1}, "finance_loanrequest_no_update"),
        ({"status": "PAID"}, "loan_request_(status|decided)"),
        ({"status": "REFUSED"}, "loan_request_(decided|refused)"),
        ({"status": "CANCELLED"}, "loan_request_cancelled"),
        ({"decided_on": DECIDED}, "loan_request_decided"),
        ({"approved_amount": 5}, "loan_request_approved"),
    ],
)
def test_a_request_in_no_half_state(member, change, rule):
    ask(member)
    with refused(rule), transaction.atomic():
        LoanRequest.objects.update(**change)


def test_a_decision_is_not_changed_below(member):
    refuse(ask(member))
    with refused("finance_loanrequest_no_update"), transaction.atomic():
        LoanRequest.objects.update(note="lain")


def test_a_second_running_request_is_refused_below(member):
    request = ask(member)
    request.pk, request.key = None, uuid.uuid4()
    with refused("finance_loanrequest_one_running"), transaction.atomic():
        request.save()


def loan_with(member, **fields):
    copy = lend(member, 100_000)
    copy.pk, copy.number = None, 9
    for name, value in fields.items():
        setattr(copy, name, value)
    copy.save()


def test_a_loan_belongs_to_the_request_of_its_borrower(member):
    with refused("finance_loan_of_its_request"), transaction.atomic():
        loan_with(member, request=ask(make_member(member.group)))
    with refused("finance_loan_of_its_request"), transaction.atomic():
        loan_with(member, request=refuse(ask(member)))


def test_a_request_is_paid_out_once(member):
    request = approve(ask(member))
    pay_out(request)
    with refused("loan_request_once|finance_loan.request_id"), transaction.atomic():
        loan_with(member, request=request)


def test_a_loan_is_replaced_once_and_by_one_of_the_same_borrower(member):
    old = lend(member, 100_000)
    with refused("finance_loan_of_its_borrower"), transaction.atomic():
        loan_with(make_member(member.group), replaces=old)
    loan_with(member, replaces=old)
    with refused("loan_replaced_once|finance_loan.replaces_id"), transaction.atomic():
        loan_with(member, replaces=old, number=99)


@pytest.mark.parametrize(
    "change", [{"ended_as": "WRITTEN_OFF"}, {"unpaid_principal": 5}, {"ended_as": "LOST", "unpaid_principal": 5}]
)
def test_a_loan_ends_whole(member, change):
    lend(member)
    with refused("loan_end"), transaction.atomic():
        Loan.objects.update(**change)


@pytest.mark.parametrize("change", [{"fine_late_instalment": 1}, {"fine_first": True}, {"payoff_fee": "WAIVED"}])
def test_the_terms_on_fines_and_payoff_stay(member, change):
    lend(member)
    with refused("finance_loan_no_update"), transaction.atomic():
        Loan.objects.update(**change)
