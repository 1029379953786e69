"""Loans by week, fortnight, selapan and month, harvest loans, and rates said per month or per year."""

import uuid
from datetime import date
from decimal import Decimal
from itertools import pairwise

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse as url
from hypothesis import given
from hypothesis import strategies as st

from finance import selectors, services
from finance.ledger.errors import NotAllowed, RuleBroken
from finance.ledger.verify import mismatches
from finance.models import Account, Loan, LoanRequest, RateSaid, Repayment
from finance.schedules import build_harvest_schedule, rate_of_period
from groups.models import Constitution, LoanDue, LoanKind, PayoffFee, RatePer
from tests.factories import facilitator_of, make_group, make_member, save
from tests.finance.pages import get, signed_in
from tests.meetings.pages import errors, post_correction, post_sheet, sign_in

EVERYTHING = ";".join(LoanKind.values)
HARVEST = date(2026, 7, 20)


@pytest.fixture
def member(db):
    """A member of a group that lends in every way, and meets on first Tuesdays."""
    group = make_group(founded_on=date(2025, 1, 7), rules={"wajib": 0, "loan_kinds": EVERYTHING})
    member = make_member(group, "Siti Aminah")
    save(member, 9_000_000)
    yield member
    assert list(mismatches()) == []


def borrow(member, principal=1_000_000, periods=6, kind=LoanKind.MONTH, harvest_on=None, on=date(2026, 1, 6), **rules):
    terms = services.terms_by_rules(
        Constitution(**{"loan_kinds": EVERYTHING, **rules}), member=member, principal=principal, periods=periods,
        disbursed_on=on, kind=kind, harvest_on=harvest_on,
    )  # fmt: skip
    return services.loan_disburse(actor=facilitator_of(member.group), group=member.group, terms=terms, key=uuid.uuid4())


def lines(loan):
    return [(line.due_on, line.principal, line.service_fee) for line in loan.instalments.all()]


# Rates


@pytest.mark.parametrize(
    ("rate", "per", "every", "fraction"),
    [
        ("0.015", "period", "week", "0.015"),
        ("0.015", "month", "month", "0.015"),
        ("0.015", "month", "selapan", "0.015"),
        ("0.015", "month", "week", "0.0034615384615384615384615384615"),
        ("0.013", "month", "fortnight", "0.006"),
        ("0.24", "year", "month", "0.02"),
        ("0.26", "year", "week", "0.005"),
        ("0.26", "year", "fortnight", "0.01"),
        ("0.365", "year", "selapan", "0.035"),
    ],
)
def test_a_rate_is_said_for_a_month_or_a_year(rate, per, every, fraction):
    assert rate_of_period(Decimal(rate), per, every) == pytest.approx(Decimal(fraction), abs=Decimal("1e-25"))


def test_twenty_two_per_cent_a_year_is_exact(member):
    loan = borrow(
        member, 6_000_000, 12, loan_rate=Decimal("0.22"), loan_rate_per=RatePer.YEAR, loan_method="declining",
        loan_round_up_to=1,
    )  # fmt: skip
    assert [fee for _day, _principal, fee in lines(loan)][:2] == [110_000, 100_833]
    assert (loan.rate, loan.rate_per, loan.rate_percent) == (Decimal("0.22"), RateSaid.YEAR, 22)


def test_rates_keep_six_decimals(member):
    loan = borrow(member, 9_000_000, 1, loan_rate=Decimal("0.012345"), loan_round_up_to=1)
    assert Loan.objects.get(pk=loan.pk).rate == Decimal("0.012345")
    assert lines(loan)[0][2] == 111_105


# Rhythms


@pytest.mark.parametrize(
    ("kind", "days"),
    [
        (LoanKind.WEEK, [date(2026, 1, 13), date(2026, 1, 20)]),
        (LoanKind.FORTNIGHT, [date(2026, 1, 20), date(2026, 2, 3)]),
        (LoanKind.SELAPAN, [date(2026, 2, 10), date(2026, 3, 17)]),
        (LoanKind.MONTH, [date(2026, 2, 10), date(2026, 3, 10)]),
    ],
)
def test_in_a_group_that_meets_each_week(db, kind, days):
    group = make_group(
        founded_on=date(2025, 1, 7), rhythm={"every": "WEEK", "weekday": 1}, rules={"loan_kinds": EVERYTHING}
    )
    member = make_member(group)
    save(member, 9_000_000)
    loan = borrow(member, 1_000_000, 2, kind)
    assert [day for day, _principal, _fee in lines(loan)] == days
    assert (loan.every, loan.kind, loan.due_at) == (kind.value, kind, LoanDue.MEETING)


def test_with_selapanan_the_fee_is_per_selapan(db):
    group = make_group(
        founded_on=date(2025, 1, 7), rhythm={"every": "SELAPAN", "weekday": 6, "pasaran": 0},
        rules={"loan_kinds": "selapan"},
    )  # fmt: skip
    member = make_member(group)
    save(member, 9_000_000)
    loan = borrow(member, 1_000_000, 3, LoanKind.SELAPAN, loan_round_up_to=1)
    days = [day for day, _principal, _fee in lines(loan)]
    assert [(b - a).days for a, b in pairwise(days)] == [35, 35]
    assert {fee for _day, _principal, fee in lines(loan)} == {15_000}


# Harvest loans


def test_a_harvest_loan_with_the_fee_every_month(member):
    loan = borrow(member, 1_000_000, 6, LoanKind.HARVEST_MONTHLY, HARVEST)
    assert lines(loan) == [
        *((day, 0, 15_000) for day in (
            date(2026, 2, 3), date(2026, 3, 3), date(2026, 4, 7), date(2026, 5, 5), date(2026, 6, 2),
        )),
        (HARVEST, 1_000_000, 15_000),
    ]  # fmt: skip
    last = loan.instalments.last()
    assert last.late_after == date(2026, 8, 4)  # the first Tuesday after it
    row = selectors.loan_card(loan.group, loan.number, as_of=date(2026, 8, 30)).row
    assert (row.arrears.late_principal, row.arrears.late_fee) == (1_000_000, 90_000)
    assert selectors.loan_card(loan.group, loan.number, as_of=HARVEST).row.arrears.late_principal == 0


def test_a_harvest_loan_with_the_fee_at_the_end(member):
    loan = borrow(member, 1_000_000, 6, LoanKind.HARVEST_END, HARVEST, payoff_fee=PayoffFee.WAIVED)
    assert lines(loan) == [(HARVEST, 1_000_000, 90_000)]
    assert (loan.first_due, loan.periods, loan.payoff_fee) == (HARVEST, 6, PayoffFee.CHARGED)
    row = selectors.loan_card(loan.group, loan.number, as_of=date(2026, 9, 20)).row
    assert row.arrears.late_since == HARVEST


def test_fees_of_more_months_than_there_are_before_the_harvest_fall_due_with_it(member):
    loan = borrow(member, 1_000_000, 4, LoanKind.HARVEST_MONTHLY, date(2026, 3, 1))
    assert lines(loan) == [
        (date(2026, 2, 3), 0, 15_000), (date(2026, 3, 1), 0, 15_000), (date(2026, 3, 1), 0, 15_000),
        (date(2026, 3, 1), 1_000_000, 15_000),
    ]  # fmt: skip


@given(
    principal=st.integers(1, 50_000_000),
    rate=st.decimals(0, Decimal("0.3"), places=6),
    months=st.integers(1, 24),
    fee_at_end=st.booleans(),
)
def test_the_fee_of_a_harvest_loan_is_exact(principal, rate, months, fee_at_end):
    days = [date(2026, 1, 1)] * months
    found = build_harvest_schedule(
        principal=principal, rate=rate, months=months, fee_at_end=fee_at_end, fee_days=days, harvest_on=HARVEST
    )
    assert sum(line.principal for line in found) == principal == found[-1].principal
    assert sum(line.service_fee for line in found) == int(principal * rate * months + Decimal("0.5"))
    assert all(line.service_fee >= 0 for line in found)
    assert len(found) == (1 if fee_at_end else months)


def test_the_last_part_of_the_fee_needs_no_day_of_its_own():
    terms = {"principal": 1_000_000, "rate": Decimal("0.015"), "months": 3, "fee_at_end": False, "harvest_on": HARVEST}
    two = [date(2026, 2, 3), date(2026, 3, 3)]
    assert [line.due_on for line in build_harvest_schedule(**terms, fee_days=two)] == [*two, HARVEST]
    with pytest.raises(ValueError, match="a day to fall due on for each instalment"):
        build_harvest_schedule(**terms, fee_days=two[:1])


def test_the_harvest_comes_after_the_loan(member):
    with pytest.raises(RuleBroken, match="after the day the loan is paid out"):
        borrow(member, kind=LoanKind.HARVEST_END, harvest_on=date(2026, 1, 6))
    assert not Loan.objects.exists()


def test_the_database_keeps_harvest_and_repayment_together(member):
    loan = borrow(member)
    for wrong in (
        {"harvest_on": HARVEST},
        {"repayment": Repayment.HARVEST_END},
        {"repayment": Repayment.HARVEST_END, "harvest_on": loan.disbursed_on},
    ):
        copy = Loan.objects.get(pk=loan.pk)
        copy.pk, copy.number = None, 99
        for name, value in wrong.items():
            setattr(copy, name, value)
        with pytest.raises(IntegrityError, match="loan_harvest"), transaction.atomic():
            copy.save(force_insert=True)


def test_the_database_keeps_kind_and_harvest_of_a_request_together(member):
    asked = {
        "group": member.group, "member": member, "amount": 500_000, "periods": 6, "asked_on": date(2026, 1, 6),
        "recorded_by": facilitator_of(member.group),
    }  # fmt: skip
    for wrong in (
        {"kind": "harvest_end"},
        {"harvest_on": HARVEST},
        {"kind": "harvest_end", "harvest_on": date(2026, 1, 6)},
    ):
        with pytest.raises(IntegrityError, match="loan_request_kind"), transaction.atomic():
            LoanRequest.objects.create(**asked, **wrong, key=uuid.uuid4())


def reschedule(loan, on, **schedule):
    return services.loan_reschedule(
        actor=facilitator_of(loan.group), group=loan.group, loan=Loan.objects.get(pk=loan.pk), on=on,
        schedule=services.NewSchedule(**{"rate": loan.rate, "first_due": None, **schedule}), add_fee=False,
        reason="puso", key=uuid.uuid4(),
    )  # fmt: skip


def test_an_extension_bears_the_fee_of_the_added_months(member):
    loan = borrow(member, 1_000_000, 6, LoanKind.HARVEST_END, HARVEST)
    pay = {"actor": facilitator_of(loan.group), "group": loan.group, "loan": loan, "key": uuid.uuid4()}
    services.loan_repay(**pay, amount=90_000, on=HARVEST)
    new = reschedule(loan, HARVEST, periods=3, harvest_on=date(2026, 10, 20))
    assert lines(new) == [(date(2026, 10, 20), 1_000_000, 45_000)]
    assert (new.kind, new.replaces_id) == (LoanKind.HARVEST_END, loan.pk)


def test_after_a_failed_harvest_the_rest_is_paid_in_instalments(member):
    loan = borrow(member, 1_000_000, 6, LoanKind.HARVEST_MONTHLY, HARVEST)
    new = reschedule(loan, HARVEST, periods=10, kind=LoanKind.MONTH, first_due=date(2026, 9, 1))
    assert [line[1] for line in lines(new)][:2] == [100_000, 100_000]
    assert (new.kind, new.harvest_on, new.repayment) == (LoanKind.MONTH, None, Repayment.INSTALMENTS)


def test_an_extension_says_when_the_harvest_is(member):
    loan = borrow(member, 1_000_000, 6, LoanKind.HARVEST_END, HARVEST)
    with pytest.raises(RuleBroken, match="after the harvest"):
        reschedule(loan, HARVEST, periods=3)


# On pages


def ask_for(member, **fields):
    data = {
        "key": str(uuid.uuid4()), "member": member.pk, "amount": "1.000.000", "periods": "6", "on": "2026-01-06",
        "purpose": "padi", **fields,
    }  # fmt: skip
    return signed_in(facilitator_of(member.group)).post(url("loan-request-new", args=[member.group.code]), data)


def test_a_request_says_how_the_loan_is_repaid_and_is_paid_out_so(member):
    assert ask_for(member, kind="harvest_end", harvest_on=HARVEST.isoformat()).status_code == 302
    request = LoanRequest.objects.get()
    assert (request.kind, request.harvest_on) == (LoanKind.HARVEST_END, HARVEST)
    assert "After the harvest" in get(member.group, "loan-requests").content.decode()
    decide = {"actor": facilitator_of(member.group), "group": member.group, "request": request}
    services.loan_request_approve(**decide, amount=1_000_000, periods=6, on=date(2026, 1, 6), in_meeting=False)
    loan = services.loan_request_pay_out(**decide, on=date(2026, 1, 6), first_due=None, key=uuid.uuid4())
    assert lines(loan) == [(HARVEST, 1_000_000, 90_000)]
    page = get(member.group, "loan", loan.number).content.decode()
    assert "Months in the fee" in page
    assert "Extend or reschedule" in page


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "harvest_end"},
        {"kind": "harvest_end", "harvest_on": "2026-01-06"},
        {"kind": "", "harvest_on": "2026-07-20"},
    ],
)
def test_a_harvest_loan_and_no_other_says_when_the_harvest_is(member, wrong):
    assert "harvest_on" in ask_for(member, **wrong).context["form"].errors
    assert not LoanRequest.objects.exists()


def test_where_the_rules_have_one_way_nothing_is_asked(db):
    member = make_member(make_group(founded_on=date(2025, 1, 7)))
    form = get(member.group, "loan-request-new").context["form"]
    assert not {"kind", "harvest_on"} & form.fields.keys()
    assert ask_for(member, kind="week").status_code == 302
    assert LoanRequest.objects.get().kind == LoanKind.MONTH


def test_rules_of_the_day_of_paying_out_count(member):
    request = services.loan_request(
        actor=facilitator_of(member.group), group=member.group, member=member, amount=500_000, periods=6, purpose="",
        on=date(2026, 1, 6), key=uuid.uuid4(), kind=LoanKind.WEEK,
    )  # fmt: skip
    decide = {"actor": facilitator_of(member.group), "group": member.group, "request": request}
    services.loan_request_approve(**decide, amount=500_000, periods=6, on=date(2026, 1, 6), in_meeting=False)
    Constitution.objects.create(
        group=member.group, version=2, agreed_on=date(2026, 2, 1), recorded_by=facilitator_of(member.group)
    )
    pay_out = {**decide, "first_due": None}
    with pytest.raises(RuleBroken, match="no loan is repaid like this"):
        services.loan_request_pay_out(**pay_out, on=date(2026, 2, 3), key=uuid.uuid4())
    loan = services.loan_request_pay_out(**pay_out, on=date(2026, 1, 31), key=uuid.uuid4())
    assert loan.every == "week"


def test_the_sheet_lends_for_the_harvest(member):
    client = sign_in(member.group)
    client.cookies["django_language"] = "en"
    row = {
        "loans_0_member": member.pk, "loans_0_principal": "1000000", "loans_0_periods": "6",
        "loans_0_kind": "harvest_monthly",
    }  # fmt: skip
    held_on = date(2026, 1, 6)
    assert "loans-0-harvest_on" in errors(post_sheet(client, member.group, held_on=held_on, **row))
    row["loans_0_harvest_on"] = "2026-01-06"
    assert "loans-0-harvest_on" in errors(post_sheet(client, member.group, held_on=held_on, **row))
    row["loans_0_harvest_on"] = HARVEST.isoformat()
    assert post_sheet(client, member.group, held_on=held_on, **row).status_code == 302
    loan = Loan.objects.get()
    assert (loan.kind, loan.harvest_on, loan.periods) == (LoanKind.HARVEST_MONTHLY, HARVEST, 6)
    assert post_correction(client, member.group, held_on=held_on, place="Rumah ketua").status_code == 302


def test_the_sheet_pays_out_a_request_for_the_harvest(member):
    request = services.loan_request(
        actor=facilitator_of(member.group), group=member.group, member=member, amount=500_000, periods=4, purpose="",
        on=date(2026, 1, 6), key=uuid.uuid4(), kind=LoanKind.HARVEST_END, harvest_on=HARVEST,
    )  # fmt: skip
    client = sign_in(member.group)
    answer = post_sheet(client, member.group, held_on=date(2026, 1, 6), loans_0_request=request.pk)
    assert answer.status_code == 302
    assert lines(Loan.objects.get()) == [(HARVEST, 500_000, 30_000)]


def test_a_loan_is_extended_on_its_page(member):
    loan = borrow(member, 1_000_000, 6, LoanKind.HARVEST_END, HARVEST)
    data = {
        "key": str(uuid.uuid4()), "on": "2026-07-20", "kind": "", "periods": "3", "percent": "1.5",
        "harvest_on": "2026-10-20", "first_due": "", "add_fee": "on", "reason": "panen mundur",
    }  # fmt: skip
    page = url("loan-reschedule", args=[loan.group.code, loan.number])
    client = signed_in(facilitator_of(loan.group))
    assert "Extend" in client.get(page).content.decode()
    assert "harvest_on" in client.post(page, {**data, "harvest_on": ""}).context["form"].errors
    assert client.post(page, data).status_code == 302
    new = Loan.objects.get(replaces=loan)
    assert lines(new) == [(date(2026, 10, 20), 1_090_000, 49_050)]


def test_longer_than_the_rules_allow_counts_by_the_rhythm(member):
    request = services.loan_request(
        actor=facilitator_of(member.group), group=member.group, member=member, amount=500_000, periods=110, purpose="",
        on=date(2026, 1, 6), key=uuid.uuid4(), kind=LoanKind.WEEK,
    )  # fmt: skip
    decide = {"actor": facilitator_of(member.group), "group": member.group, "request": request}
    how = {"on": date(2026, 1, 6), "in_meeting": False, "amount": 500_000}
    with pytest.raises(NotAllowed, match="at most 24 months"):
        services.loan_request_approve(**decide, **how, periods=110)
    services.loan_request_approve(**decide, **how, periods=104)
    assert not Account.objects.filter(kind="LOAN").exists()
