"""What is withheld when a loan is paid out, and what comes back at its end: provision, deposit, punctual payment."""

import shutil
import subprocess
import uuid
from datetime import date
from decimal import Decimal

import pytest
from django.core.management import call_command
from django.db import IntegrityError, transaction
from django.urls import reverse as url

from finance import selectors, services
from finance.ledger.errors import CoverRefused, InsufficientFunds, NotAllowed, RuleBroken
from finance.ledger.reading import read_books
from finance.ledger.verify import mismatches
from finance.models import Account, Loan
from finance.rules.loan_position import loan_position
from finance.schedules import build_schedule, paid_in_time
from groups.models import PayoffFee
from meetings.models import Meeting
from meetings.selectors.money import money
from tests.factories import count_cash, cover, facilitator_of, lend, make_group, make_member, repay, reverse, save
from tests.finance.pages import get
from tests.meetings.pages import errors, post_correction, post_sheet, sign_in
from tests.meetings.sheets import sheet_data

DAY = date.resolution
RULES = {
    "wajib": 0, "loan_provision": Decimal("0.02"), "loan_deposit": Decimal("0.05"), "loan_rebate": Decimal("0.1"),
}  # fmt: skip
HELD_ON = date(2025, 2, 4)


@pytest.fixture
def member(db):
    """A member of a group that withholds 2 % and 5 %, and gives a tenth of the fee back; 9.000.000 are in the box."""
    member = make_member(make_group(rules=RULES), "Siti Aminah")
    save(member, 9_000_000)
    yield member
    assert list(mismatches()) == []


def borrow(member, principal=1_000_000, periods=2, **terms):
    """A loan of 1.000.000 by the rules: 20.000 and 50.000 are withheld."""
    by_rules = services.terms_by_rules(
        member.group.rules, member=member, principal=principal, periods=periods, disbursed_on=HELD_ON, **terms
    )
    return services.loan_disburse(
        actor=facilitator_of(member.group), group=member.group, terms=by_rules, key=uuid.uuid4()
    )


def balances(group, *kinds):
    return [sum(a.balance for a in Account.objects.filter(group=group, kind=kind)) for kind in kinds]


def pay_off(loan, on, **how):
    return services.loan_pay_off(
        actor=facilitator_of(loan.group), group=loan.group, loan=Loan.objects.get(pk=loan.pk), on=on,
        key=uuid.uuid4(), **how,
    )  # fmt: skip


ENDS = ("CASH", "LOAN", "PROVISION", "DEPOSIT", "SUKARELA", "REBATE")


def test_provision_and_deposit_are_withheld_when_a_loan_is_paid_out(member):
    loan = borrow(member)
    assert (loan.provision, loan.deposit, loan.cash_paid_out) == (20_000, 50_000, 930_000)
    assert balances(member.group, *ENDS) == [8_070_000, 1_000_000, 20_000, 50_000, 9_000_000, 0]
    codes = dict(Account.objects.filter(loan=loan).values_list("kind", "code"))
    assert (codes["DEPOSIT"], codes["PROVISION"]) == ("21020.1", "41011.1")
    statement = selectors.income_statement(member.group, start=HELD_ON, end=HELD_ON)
    assert statement.surplus == 20_000


def test_what_is_withheld_is_worked_out_to_the_whole_rupiah(member):
    loan = borrow(member, 333_333)
    assert (loan.provision, loan.deposit) == (6_667, 16_667)


def test_rules_without_it_withhold_nothing(db):
    member = make_member(make_group())
    save(member, 2_000_000)
    loan = borrow(member)
    assert (loan.provision, loan.deposit, loan.rebate_rate) == (0, 0, 0)
    assert not Account.objects.filter(kind__in=("PROVISION", "DEPOSIT")).exists()


def test_who_was_never_late_gets_the_deposit_and_a_part_of_the_fee_at_the_end(member):
    loan = borrow(member)
    first, second = loan.instalments.all()
    repay(loan, first.total, on=first.due_on)
    assert balances(member.group, "DEPOSIT", "REBATE") == [50_000, 0]
    repay(loan, second.total, on=second.due_on)
    # The fee was 30.000 in all.
    assert balances(member.group, *ENDS[1:]) == [0, 20_000, 0, 9_053_000, 3_000]
    page = get(member.group, "loan", loan.number).content.decode()
    assert "Given back for punctual payment" in page


def test_who_was_late_once_gets_the_deposit_only(member):
    loan = borrow(member)
    first, second = loan.instalments.all()
    repay(loan, first.total, on=first.late_after + DAY)
    repay(loan, second.total, on=second.due_on)
    assert balances(member.group, "DEPOSIT", "SUKARELA", "REBATE") == [0, 9_050_000, 0]


def test_who_pays_off_late_gets_nothing_back_of_the_fee(member):
    loan = borrow(member)
    first, second = loan.instalments.all()
    repay(loan, first.total, on=first.due_on)
    pay_off(loan, second.late_after + DAY)
    assert balances(member.group, "LOAN", "SUKARELA", "REBATE") == [0, 9_050_000, 0]


def test_paying_off_early_is_punctual(member):
    loan = borrow(member)
    entry = pay_off(loan, HELD_ON + DAY)
    assert balances(member.group, "DEPOSIT", "SUKARELA", "REBATE") == [0, 9_053_000, 3_000]
    reverse(entry)
    assert balances(member.group, *ENDS) == [8_070_000, 1_000_000, 20_000, 50_000, 9_000_000, 0]


def test_a_payout_that_is_taken_back_takes_back_what_was_withheld(member):
    loan = borrow(member)
    reverse(loan.accounts.get(kind="DEPOSIT").credits.get().entry)
    assert balances(member.group, *ENDS) == [9_000_000, 0, 0, 0, 9_000_000, 0]
    loan.refresh_from_db()
    assert loan.cancelled_at is not None


def test_a_payoff_is_not_taken_back_where_the_deposit_was_spent(member):
    loan = borrow(member)
    save(make_member(member.group), 5_000_000)
    entry = pay_off(loan, HELD_ON + DAY)
    services.savings_withdraw(
        actor=facilitator_of(member.group), group=member.group, member=member, amount=9_053_000, on=HELD_ON + DAY,
        key=uuid.uuid4(),
    )  # fmt: skip
    with pytest.raises(InsufficientFunds, match="Voluntary savings"):
        reverse(entry)


def test_a_rescheduled_loan_keeps_its_deposit(member):
    loan = borrow(member)
    new = services.loan_reschedule(
        actor=facilitator_of(loan.group), group=loan.group, loan=loan, on=date(2025, 5, 6), add_fee=False,
        reason="panen gagal", key=uuid.uuid4(),
        schedule=services.NewSchedule(periods=2, rate=Decimal("0.01"), first_due=date(2025, 6, 3)),
    )  # fmt: skip
    assert Account.objects.get(kind="DEPOSIT", loan=new).balance == 50_000
    pay_off(new, date(2025, 6, 3))
    assert balances(member.group, "LOAN", "DEPOSIT", "SUKARELA") == [0, 0, 9_050_000]


def test_the_deposit_pays_before_a_loan_is_written_off(member):
    loan = borrow(member)
    write_off = {
        "actor": facilitator_of(loan.group), "group": loan.group, "loan": loan, "on": date(2025, 6, 1),
        "reason": "pindah", "key": uuid.uuid4(),
    }  # fmt: skip
    services.loan_write_off(**write_off)
    loan.refresh_from_db()
    assert loan.unpaid_principal == 950_000
    assert balances(member.group, "LOAN", "DEPOSIT", "LOAN_LOSS") == [0, 0, 950_000]


def test_a_loan_whose_deposit_covers_it_is_not_written_off(member):
    loan = borrow(member)
    repay(loan, 980_000, on=date(2025, 3, 4))
    with pytest.raises(NotAllowed, match="deposit of the loan covers"):
        services.loan_write_off(
            actor=facilitator_of(loan.group), group=loan.group, loan=loan, on=date(2025, 6, 1), reason="pindah",
            key=uuid.uuid4(),
        )  # fmt: skip


def test_who_leaves_gets_the_deposit_as_savings(member):
    borrow(member, 100_000, 1)
    leaving = selectors.money_at_leaving(member, as_of=date(2025, 3, 4))
    assert (leaving.deposits, leaving.saved, leaving.owed) == (5_000, 9_005_000, 101_500)
    member.left_on = date(2025, 3, 4)
    member.save()
    save(make_member(member.group), 200_000)
    services.member_settle(
        actor=facilitator_of(member.group), group=member.group, member=member, on=date(2025, 3, 4), key=uuid.uuid4()
    )
    assert Account.objects.get(kind="SUKARELA", member=member).balance == 0
    assert balances(member.group, "DEPOSIT", "LOAN") == [0, 0]


def test_who_has_left_gets_the_deposit_in_cash_and_no_reward(member):
    loan = borrow(member, 100_000, 1)
    member.left_on = date(2025, 3, 4)
    member.save()
    cash = balances(member.group, "CASH")[0]
    pay_off(loan, date(2025, 3, 4) + DAY)
    assert balances(member.group, "CASH", "DEPOSIT", "REBATE") == [cash + 101_500 - 5_000, 0, 0]


def test_opening_loans_bring_nothing_of_it(member):
    loan = lend(member)
    assert (loan.provision, loan.deposit, loan.rebate_rate) == (0, 0, 0)


@pytest.mark.parametrize("wrong", [{"provision": 1_200_000}, {"deposit": 1_200_000}, {"rebate_rate": Decimal("1.1")}])
def test_the_database_refuses_to_withhold_all(member, wrong):
    loan = lend(member)
    copy = Loan.objects.get(pk=loan.pk)
    copy.pk, copy.number = None, 99
    for name, value in wrong.items():
        setattr(copy, name, value)
    with pytest.raises(IntegrityError, match=r"loan_withheld|loan_rebate"), transaction.atomic():
        copy.save(force_insert=True)


def test_punctual_is_every_instalment_by_its_day():
    lines = build_schedule(
        principal=300_000, rate=Decimal("0.01"), periods=3, method="flat", first_due=date(2025, 3, 4)
    )
    first, second = lines[0].due_on, lines[1].due_on
    full = (3_000, 100_000)
    assert paid_in_time(lines, [(first, *full), (second, *full)], on=lines[2].due_on)
    assert paid_in_time(lines, [(second, *full), (first, *full)], on=lines[2].due_on)
    assert not paid_in_time(lines, [(first + DAY, *full), (second, *full)], on=lines[2].due_on)
    assert not paid_in_time(lines, [(first, 2_999, 100_000), (second, *full)], on=lines[2].due_on)
    assert not paid_in_time(lines, [(first, *full), (second, *full)], on=lines[2].due_on + DAY)
    assert paid_in_time(lines, [], on=first)


# The deposit pays


def used(loan):
    """What the deposit paid on a loan, and the lines of its card."""
    card = selectors.loan_card(loan.group, loan.number, as_of=date(2026, 1, 1))
    return card.deposit_used, [(line.service_fee, line.principal) for line in card.payments]


def test_the_deposit_pays_the_end_of_a_loan_and_cash_the_rest(member):
    loan = borrow(member)
    first, second = loan.instalments.all()
    repay(loan, first.total, on=first.due_on)
    cash = balances(member.group, "CASH")[0]
    pay_off(loan, second.due_on, deposit_pays=True)
    assert balances(member.group, "CASH") == [cash + second.total - 50_000]
    assert balances(member.group, *ENDS[1:]) == [0, 20_000, 0, 9_003_000, 3_000]
    assert used(loan) == (50_000, [(15_000, 500_000), (15_000, 500_000)])
    page = get(member.group, "loan", loan.number).content.decode()
    assert "Rp\xa050.000 of it paid on the loan" in page
    assert "given back</dd>" not in page


def test_what_the_deposit_need_not_pay_goes_back(member):
    loan = borrow(member)
    pay(loan, 1_000_000, date(2025, 3, 4))
    left = loan_position(read_books(member.group, date(2025, 3, 4)), loan).payoff(date(2025, 3, 4)).total
    cash = balances(member.group, "CASH")[0]
    pay_off(loan, date(2025, 3, 4), deposit_pays=True)
    assert left < 50_000
    assert balances(member.group, "CASH", "DEPOSIT", "SUKARELA") == [cash, 0, 9_000_000 + 50_000 - left + 3_000]


def test_the_deposit_of_who_left_pays_and_the_rest_is_in_cash(member):
    loan = borrow(member, 100_000, 1)
    member.left_on = date(2025, 3, 4)
    member.save()
    cash = balances(member.group, "CASH")[0]
    pay_off(loan, date(2025, 3, 4) + DAY, deposit_pays=True)
    assert balances(member.group, "CASH", "DEPOSIT", "LOAN") == [cash + 101_500 - 5_000, 0, 0]


def test_the_deposit_pays_what_is_late_and_the_loan_goes_on(member):
    loan = borrow(member)
    first, second = loan.instalments.all()
    cash = balances(member.group, "CASH")[0]
    pay(loan, 30_000, first.due_on + DAY, deposit_pays=True)
    assert balances(member.group, "CASH", "DEPOSIT", "LOAN") == [cash, 20_000, 985_000]
    page = get(member.group, "loan", loan.number).content.decode()
    assert "Rp\xa020.000, back when the loan has ended; Rp\xa030.000 of it paid on the loan" in page
    pay_off(loan, second.due_on)
    assert balances(member.group, "DEPOSIT", "SUKARELA") == [0, 9_020_000]


def test_the_deposit_pays_nothing_that_is_not_late(member):
    loan = borrow(member)
    first = loan.instalments.first()
    with pytest.raises(RuleBroken, match="pays what is late"):
        pay(loan, first.total, first.due_on, deposit_pays=True)
    with pytest.raises(RuleBroken, match="pays what is late"):
        pay(loan, first.total + 1, first.due_on + DAY, deposit_pays=True)


def test_a_deposit_that_is_not_there_pays_nothing(member):
    loan = lend(member)
    with pytest.raises(RuleBroken, match="no deposit") as refused:
        pay_off(loan, date(2025, 3, 4), deposit_pays=True)
    assert refused.value.field == "deposit_pays"


def test_a_payment_of_the_deposit_is_taken_back_with_it(member):
    loan = borrow(member)
    reverse(pay_off(loan, HELD_ON + DAY, deposit_pays=True))
    assert balances(member.group, *ENDS) == [8_070_000, 1_000_000, 20_000, 50_000, 9_000_000, 0]
    assert used(loan)[0] == 0


def test_no_payment_comes_before_one_of_the_deposit(member):
    loan = borrow(member)
    first, second = loan.instalments.all()
    pay_off(loan, second.due_on, deposit_pays=True)
    with pytest.raises(NotAllowed, match="The loan was paid off on"):
        repay(loan, first.total, on=first.due_on)


def test_what_the_deposit_paid_before_writing_off_is_on_the_card(member):
    loan = borrow(member)
    services.loan_write_off(
        actor=facilitator_of(loan.group), group=loan.group, loan=loan, on=date(2025, 6, 1), reason="pindah",
        key=uuid.uuid4(),
    )  # fmt: skip
    assert used(loan) == (50_000, [(0, 50_000)])


def test_others_do_not_pay_a_loan_off_before_its_deposit_pays(member):
    other = make_member(member.group)
    save(other, 2_000_000)
    loan = borrow(member)
    whole = sum(line.total for line in loan.instalments.all())
    with pytest.raises(CoverRefused, match="pays first"):
        cover(loan, {other: whole}, on=date(2025, 6, 1))
    page = get(member.group, "loan-cover", loan.number).content.decode()
    assert url("loan-pay", args=[loan.group.code, loan.number]) in page
    pay(loan, 50_000, date(2025, 6, 1), deposit_pays=True)
    cover(loan, {other: whole - 50_000}, on=date(2025, 6, 1))
    assert balances(member.group, "LOAN", "DEPOSIT") == [0, 0]
    assert Account.objects.get(kind="SUKARELA", member=member).balance == 9_000_000


def test_others_cover_a_part_while_the_deposit_stays(member):
    other = make_member(member.group)
    save(other, 2_000_000)
    loan = borrow(member)
    cover(loan, {other: 100_000}, on=date(2025, 6, 1))
    assert balances(member.group, "DEPOSIT") == [50_000]


def test_the_page_of_a_payment_lets_the_deposit_pay(member):
    loan = borrow(member)
    browser = sign_in(member.group)
    browser.cookies["django_language"] = "en"
    page = url("loan-pay", args=[member.group.code, loan.number])
    assert "Rp\xa050.000, pays first" in browser.get(page).content.decode()
    assert "The deposit can pay" in get(member.group, "loan", loan.number).content.decode()
    data = {"key": uuid.uuid4(), "on": HELD_ON, "how": "amount", "amount": "100.000", "deposit_pays": "on"}
    assert list(browser.post(page, data).context["form"].errors) == ["deposit_pays"]
    assert browser.post(page, {**data, "how": "payoff"}).status_code == 302
    assert balances(member.group, "LOAN", "DEPOSIT") == [0, 0]


def test_the_page_of_a_loan_without_a_deposit_says_nothing_of_it(member):
    loan = lend(member)
    form = get(member.group, "loan-pay", loan.number).context["form"]
    assert "deposit_pays" not in form.fields
    assert "The deposit can pay" not in get(member.group, "loan", loan.number).content.decode()


# With each instalment


@pytest.fixture
def saver(db):
    """A member of a group in which a tenth of each instalment is put by."""
    rules = {"wajib": 0, "loan_deposit_each": Decimal("0.1"), "principal_alone": True}
    member = make_member(make_group(rules=rules), "Siti Aminah")
    save(member, 9_000_000)
    yield member
    assert list(mismatches()) == []


def pay(loan, amount, on, **how):
    return services.loan_repay(
        actor=facilitator_of(loan.group), group=loan.group, loan=loan, amount=amount, on=on,
        **{"key": uuid.uuid4(), **how},
    )  # fmt: skip


def test_a_part_of_each_instalment_is_put_by_and_goes_back_at_the_end(saver):
    loan = borrow(saver)
    first, second = loan.instalments.all()
    position = loan_position(read_books(saver.group, first.due_on), loan)
    assert (loan.deposit, position.deposit_asked(first.due_on)) == (0, first.total // 10)
    pay(loan, first.total, first.due_on, put_by=50_000)
    assert balances(saver.group, "DEPOSIT", "SUKARELA") == [50_000, 9_000_000]
    assert "Rp\xa050.000" in get(saver.group, "loan", loan.number).content.decode()
    assert loan_position(read_books(saver.group, second.due_on), loan).deposit_asked(second.due_on) == 0
    pay(loan, second.total, second.due_on, put_by=1_000)
    assert balances(saver.group, "LOAN", "DEPOSIT", "SUKARELA") == [0, 0, 9_051_000]


def test_no_deposit_is_asked_at_the_end_where_the_fee_to_come_is_waived(saver):
    loan = borrow(saver)
    loan.payoff_fee = PayoffFee.WAIVED
    first, second = loan.instalments.all()
    position = loan_position(read_books(saver.group, second.due_on), loan)
    assert position.deposit_asked(first.due_on) == first.total // 10
    assert position.deposit_asked(second.due_on) == 0


def test_what_is_put_by_comes_along_when_an_earlier_payment_is_recorded_later(saver):
    loan = borrow(saver, periods=4)
    first, second, *_rest = loan.instalments.all()
    pay(loan, second.total, second.due_on, put_by=20_000)
    pay(loan, first.total, first.due_on, put_by=10_000)
    assert balances(saver.group, "DEPOSIT") == [30_000]
    new = services.loan_reschedule(
        actor=facilitator_of(loan.group), group=loan.group, loan=loan, on=second.due_on, add_fee=False,
        reason="panen gagal", key=uuid.uuid4(),
        schedule=services.NewSchedule(periods=2, rate=Decimal("0.01"), first_due=date(2025, 6, 3)),
    )  # fmt: skip
    assert (new.deposit_each, Account.objects.get(kind="DEPOSIT", loan=new).balance) == (Decimal("0.1"), 30_000)


def test_terms_without_it_take_no_deposit(member):
    with pytest.raises(RuleBroken, match="no deposit comes"):
        pay(borrow(member), 10_000, date(2025, 3, 4), put_by=1_000)


def test_the_page_of_a_payment_asks_for_it(saver, member):
    loan = borrow(saver)
    first = loan.instalments.first()
    browser = sign_in(saver.group)
    page = url("loan-pay", args=[saver.group.code, loan.number])
    data = {"key": uuid.uuid4(), "on": first.due_on, "how": "amount", "amount": first.total, "put_by": "25.000"}
    assert browser.post(page, data).status_code == 302
    assert balances(saver.group, "DEPOSIT") == [25_000]
    without = url("loan-pay", args=[member.group.code, borrow(member).number])
    assert "put_by" not in sign_in(member.group).get(without).context["form"].fields


def test_the_sheet_asks_for_it_and_a_correction_follows(saver):
    loan = borrow(saver)
    first = loan.instalments.first()
    browser = sign_in(saver.group)
    browser.cookies["django_language"] = "en"
    data = {"held_on": first.due_on, f"l{loan.pk}_paid": first.total}
    day = browser.post(
        f"/g/{saver.group.code}/meetings/new/", {**sheet_data(saver.group, held_on=first.due_on), "action": "day"}
    )
    (form,) = day.context["sheet"].repayments
    assert form.initial["put_by"] == first.total // 10
    wrong = post_sheet(browser, saver.group, **(data | {f"l{loan.pk}_paid": ""}), **{f"l{loan.pk}_put_by": "5000"})
    assert "comes with an instalment" in errors(wrong)[f"l{loan.pk}-put_by"][0]
    sent = {**data, f"l{loan.pk}_put_by": "51.000"}
    counted = balances(saver.group, "CASH")[0] + first.total + 51_000
    assert post_sheet(browser, saver.group, **sent, counted=counted).status_code == 302
    assert balances(saver.group, "DEPOSIT") == [51_000]
    page = browser.get(f"/g/{saver.group.code}/meetings/1/correct/").context["sheet"]
    assert (page.expected_cash, page.repayments[0].initial["put_by"]) == (counted, 51_000)
    changed = sent | {f"l{loan.pk}_put_by": "40.000"}
    preview = post_correction(browser, saver.group, **changed, extra={"action": "preview"})
    assert "deposit for joint liability, loan 1" in preview.content.decode()
    assert post_correction(browser, saver.group, **changed).status_code == 302
    assert balances(saver.group, "DEPOSIT") == [40_000]
    assert browser.get(f"/g/{saver.group.code}/meetings/1/").status_code == 200


# On the sheet


@pytest.fixture
def client(member):
    client = sign_in(member.group)
    client.cookies["django_language"] = "en"
    return client


def test_the_sheet_pays_out_less_what_is_withheld(client, member):
    row = {"loans_0_member": member.pk, "loans_0_principal": "1000000", "loans_0_periods": "2"}
    wrong = errors(post_sheet(client, member.group, held_on=HELD_ON, counted="8000000", **row))
    assert "Rp\xa08.070.000" in wrong["explanation"][0]
    assert post_sheet(client, member.group, held_on=HELD_ON, counted="8070000", **row).status_code == 302
    assert balances(member.group, *ENDS[:4]) == [8_070_000, 1_000_000, 20_000, 50_000]
    page = client.get(f"/g/{member.group.code}/meetings/1/correct/")
    assert 'data-lent="930000"' in page.content.decode()
    assert page.context["sheet"].expected_cash == 8_070_000
    assert post_correction(client, member.group, held_on=HELD_ON, place="Rumah ketua").status_code == 302


def test_what_goes_out_is_what_is_handed_over_before_closing_and_in_the_minutes(client, member):
    row = {"loans_0_member": member.pk, "loans_0_principal": "1000000", "loans_0_periods": "2"}
    client = sign_in(member.group)
    summary = post_sheet(client, member.group, action="check", held_on=HELD_ON, **row).context["summary"]
    assert (summary.total_out, summary.cash_before - summary.cash_after) == (930_000, 930_000)
    post_sheet(client, member.group, held_on=HELD_ON, **row)
    moved = money(Meeting.objects.get())
    assert (moved.cash_out, [of_member.taken for of_member in moved.members]) == (930_000, [930_000])


def test_a_payment_that_ends_a_loan_on_the_sheet_brings_both_back(client, member):
    loan = borrow(member)
    first, second = loan.instalments.all()
    post_sheet(client, member.group, held_on=first.due_on, **{f"l{loan.pk}_paid": first.total})
    fields = {f"l{loan.pk}_paid": second.total}
    assert post_sheet(client, member.group, held_on=second.due_on, **fields).status_code == 302
    assert balances(member.group, "LOAN", "DEPOSIT", "SUKARELA", "REBATE") == [0, 0, 9_053_000, 3_000]
    response = post_correction(client, member.group, number=2, held_on=second.due_on, **fields)
    assert "Nothing was changed" in response.content.decode()
    fields = {f"l{loan.pk}_paid": first.total - 1}
    assert post_correction(client, member.group, number=1, held_on=first.due_on, **fields).status_code == 302


@pytest.fixture
def last(db):
    """A loan with only its last instalment to pay, of a borrower without voluntary savings."""
    group = make_group(rules={"wajib": 0, "loan_deposit": Decimal("0.05"), "sukarela_minimum": 10_000})
    save(make_member(group), 2_000_000)
    loan = borrow(make_member(group, "Siti Aminah"))
    repay(loan, loan.instalments.first().total, on=loan.instalments.first().due_on)
    yield loan
    assert list(mismatches()) == []


def take_out(loan, amount, **fields):
    """A meeting at which the last instalment is paid and savings are taken out."""
    second = loan.instalments.last()
    client = sign_in(loan.group)
    client.cookies["django_language"] = "en"
    row = {f"l{loan.pk}_paid": second.total, f"m{loan.member.number}_sukarela_out": amount, **fields}
    return post_sheet(client, loan.group, held_on=second.due_on, **row)


def test_the_deposit_is_taken_out_at_the_meeting_that_ends_the_loan(last):
    cash = balances(last.group, "CASH")[0]
    assert take_out(last, 40_000).status_code == 302
    assert balances(last.group, "CASH", "DEPOSIT", "LOAN") == [cash + last.instalments.last().total - 40_000, 0, 0]
    assert Account.objects.get(kind="SUKARELA", member=last.member).balance == 10_000
    fields = {f"l{last.pk}_paid": last.instalments.last().total, f"m{last.member.number}_sukarela_out": 30_000}
    corrected = post_correction(sign_in(last.group), last.group, held_on=last.instalments.last().due_on, **fields)
    assert corrected.status_code == 302
    assert Account.objects.get(kind="SUKARELA", member=last.member).balance == 20_000


def test_too_much_with_a_deposit_beside_it_is_told(saver):
    loan = borrow(saver)
    fields = {f"l{loan.pk}_paid": 2_000_000, f"l{loan.pk}_put_by": "5000"}
    client = sign_in(saver.group)
    client.cookies["django_language"] = "en"
    wrong = errors(post_sheet(client, saver.group, held_on=date(2025, 3, 4), **fields))
    assert "is too much" in wrong[f"l{loan.pk}-paid"][0]


@pytest.mark.parametrize(("amount", "why"), [(40_001, "By the rules"), (50_001, "The savings are only Rp\xa050.000")])
def test_more_than_the_deposit_is_not_taken_out(last, amount, why):
    assert why in errors(take_out(last, amount))[f"m{last.member_id}-sukarela_out"][0]


def test_the_deposit_of_a_loan_that_goes_on_is_not_taken_out(last):
    wrong = take_out(last, 40_000, **{f"l{last.pk}_paid": 100_000})
    assert "The savings are only Rp\xa00" in errors(wrong)[f"m{last.member_id}-sukarela_out"][0]


def test_the_row_says_what_becomes_of_the_deposit(client, member):
    borrow(member)
    page = client.get(f"/g/{member.group.code}/meetings/new/").content.decode()
    assert "puts the deposit of Rp\xa050.000 to the voluntary savings" in page


def test_the_new_row_says_what_is_withheld(client, member):
    page = client.get(f"/g/{member.group.code}/meetings/new/").content.decode()
    assert "7 % is withheld" in page
    assert 'data-cash="-0.930000"' in page


@pytest.mark.skipif(shutil.which("hledger") is None, reason="hledger is not here")
def test_hledger_agrees(member, tmp_path):
    loan = borrow(member)
    pay_off(loan, HELD_ON + DAY)
    count_cash(member.group, 9_000_000)
    journal = tmp_path / "books.journal"
    with journal.open("w") as out:
        call_command("export_ledger", group=member.group.code, format="hledger", stdout=out)
    found = subprocess.run(
        ["hledger", "-f", str(journal), "--strict", "balance", "-N", "-O", "csv"], capture_output=True, text=True,
        check=True,
    )  # fmt: skip
    assert found.stdout
